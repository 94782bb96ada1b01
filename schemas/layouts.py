"""Record layouts of the upload files: which columns exist, their type, and when they are mandatory.

The layouts are data (``layouts/<product>.v<version>.csv``); this module reads them. How a cell is judged by its
kind is a rule and lives in ``pipelines.judge``.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from schemas.products import Product

Kind = Literal[
    "code",
    "serial",
    "number2",
    "identifier",
    "text",
    "currency",
    "date",
    "month",
    "amount",
    "days",
    "flag",
    "marks",
]
CURRENT_VERSION = 1


@dataclass(frozen=True)
class LayoutField:
    """One column of an upload.

    ``level`` is the step of the hierarchy on which the value must agree: header → branch (枝番) → shipment
    (船積No.) → settlement (決済No.); ``record`` for flat notices. ``required`` maps a process type (処理種別) to
    the mark of the layout: ``Y``, a condition in words, or empty.
    """

    field: str
    name_ja: str
    level: str
    kind: Kind
    length: str
    required: dict[str, str]
    optional_column: bool

    @property
    def max_length(self) -> int:
        """Longest allowed text in characters (amounts are judged by their own pattern)."""
        return int(self.length.split("-")[-1].split(".")[0]) if self.length[0].isdigit() else len(self.length)


@dataclass(frozen=True, eq=False)
class Layout:
    """All columns of one product in one published version; every version stays readable.

    There is one object of each (:func:`layout_of`), so that what follows from a layout alone can be kept beside it.
    """

    product: Product
    version: int
    fields: tuple[LayoutField, ...]

    @property
    def names(self) -> list[str]:
        """Field names in layout order."""
        return [field.field for field in self.fields]

    @property
    def labels(self) -> dict[str, str]:
        """Field name → Japanese header (``name_ja``)."""
        return {field.field: field.name_ja for field in self.fields}

    def by_kind(self, *kinds: Kind) -> list[LayoutField]:
        """The fields of the given kinds in layout order."""
        return [field for field in self.fields if field.kind in kinds]

    def at_level(self, *levels: str) -> list[str]:
        """Names of the fields on the given levels of the hierarchy."""
        return [field.field for field in self.fields if field.level in levels]

    def mandatory(self, process_type: str) -> list[str]:
        """Names of the fields that are always mandatory for a process type."""
        return [field.field for field in self.fields if field.required[process_type] == "Y"]


IDENTIFYING = (
    *("process_type", "application_year", "application_serial", "notice_year", "notice_serial", "branch_no"),
    *(
        "history_no",
        "agreement_code",
        "policyholder_code",
        "shipment_no",
        "settlement_no",
        "source_branch_no",
    ),
    *("change_date", "change_reason", "shipment_process_type", "settlement_process_type"),
)
"""Fields that say which line a partial record is about and why; all others are what it may change or clear."""

_REQUIRED_COLUMNS = {
    "1": "required_1_new",
    "2": "required_2_change",
    "3": "required_3_correct_confirmed",
    "4": "required_4_correct_unconfirmed",
    "5": "required_5_withdraw",
}


@cache
def layout_of(product: Product, version: int = CURRENT_VERSION) -> Layout:
    """The published layout of a product.

    >>> layout_of(Product.SIMPLIFIED_NOTICE).names[:3]
    ['process_type', 'notice_year', 'notice_serial']
    """
    text = (
        resources.files("schemas").joinpath(f"layouts/{product}.v{version}.csv").read_text(encoding="utf-8")
    )
    fields = tuple(
        LayoutField(
            field=row["field"],
            name_ja=row["name_ja"],
            level=row["level"],
            kind=row["kind"],  # type: ignore[arg-type]
            length=row["length"],
            required={code: row[column] for code, column in _REQUIRED_COLUMNS.items()},
            optional_column=row["optional_column"] == "1",
        )
        for row in csv.DictReader(text.splitlines())
    )
    return Layout(product, version, fields)


@cache
def all_layout_fields() -> tuple[str, ...]:
    """Every field name of every current layout once, in order of first appearance: the ledger's text columns."""
    seen: dict[str, None] = {}
    for product in Product:
        for name in layout_of(product).names:
            seen.setdefault(name)
    return tuple(seen)
