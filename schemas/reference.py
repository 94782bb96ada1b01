"""Which reference tables exist, their keys, and the kind of every column (contract §6).

Only the shapes. Reading text into typed columns and looking rows up by date is ``pipelines.reference``; keeping
versions is ``daicho.store.reference``. Tables with ``builtin`` come with a fresh home (``tables/<name>.csv``).
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

ColumnKind = Literal[
    "text", "code", "product", "component", "date", "yen", "int", "flag", "micro", "fraction", "letters"
]


@dataclass(frozen=True)
class ReferenceColumn:
    """One column; ``default`` is taken when the file has no such column or the cell is blank."""

    name: str
    kind: ColumnKind = "text"
    default: str | None = None
    """None means: must be filled."""


@dataclass(frozen=True)
class ReferenceTable:
    """One table; rows are identified by ``key``, of which ``valid_from`` is a part when values have effective dates."""

    name: str
    key: tuple[str, ...]
    columns: tuple[ReferenceColumn, ...]
    builtin: bool = False

    @property
    def effective_dated(self) -> bool:
        """Whether rows are chosen by date."""
        return "valid_from" in self.key

    @property
    def column_names(self) -> list[str]:
        """All column names, key first."""
        return [column.name for column in self.columns]


def _table(name: str, key: str, *columns: ReferenceColumn, builtin: bool = False) -> ReferenceTable:
    return ReferenceTable(
        name, tuple(key.split()), (*columns, ReferenceColumn("remark", default="")), builtin
    )


_C = ReferenceColumn
_FROM = _C("valid_from", "date")

TABLES: dict[str, ReferenceTable] = {
    table.name: table
    for table in (
        _table(
            "policyholders",
            "holder",
            _C("holder", "code"),
            _C("name", default=""),
            _C("provided_data", "flag", "0"),
            _C("department_ledgers", "flag", "0"),
            _C("association", "code", ""),
        ),
        _table(
            "agreements",
            "agreement_code valid_from",
            _C("agreement_code", "code"),
            _FROM,
            _C("holder", "code"),
            _C("product", "product"),
            _C("valid_to", "date", ""),
            _C("floor_yen", "yen", "0"),
            _C("full_political_cover", "flag", "0"),
            _C("fully_brokered", "flag", "0"),
            _C("additional_cost", "flag", "0"),
            _C("pre_shipment_cover", "flag", "0"),
            _C("subsidiary_excluded_categories", "letters", ""),
            _C("discount_factor", "fraction", "1"),
            _C("small_buyer_turnover_yen", "yen", ""),
        ),
        _table(
            "buyers",
            "buyer_code valid_from",
            _C("buyer_code", "code"),
            _FROM,
            _C("name", default=""),
            _C("country", "code", ""),
            _C("rating", "code"),
        ),
        _table(
            "buyer_registrations",
            "agreement_code buyer_code valid_from",
            _C("agreement_code", "code"),
            _C("buyer_code", "code"),
            _FROM,
            _C("limit_yen", "yen", ""),
            _C("pre_limit_yen", "yen", ""),
            _C("excluded", "flag", "0"),
        ),
        _table(
            "country_categories",
            "country valid_from",
            _C("country", "code"),
            _FROM,
            _C("name", default=""),
            _C("category", "letters", ""),
        ),
        _table(
            "rates",
            "product component country_category buyer_rating valid_from",
            _C("product", "product"),
            _C("component", "component"),
            _C("country_category", default="*"),
            _C("buyer_rating", default="*"),
            _FROM,
            _C("rate_set", default=""),
            _C("a", "micro"),
            _C("b", "micro"),
        ),
        _table(
            "factors",
            "product factor component valid_from",
            _C("product", "product"),
            _C("factor"),
            _C("component", "component"),
            _FROM,
            _C("value", "fraction"),
            builtin=True,
        ),
        _table(
            "exchange_rates",
            "currency valid_from",
            _C("currency", "code"),
            _FROM,
            _C("yen_per_unit", "micro"),
            builtin=True,
        ),
        _table("holidays", "date", _C("date", "date"), _C("name", default="")),
        _table("law_holidays", "date", _C("date", "date"), _C("name", default=""), builtin=True),
        *(
            _table(name, "code valid_from", _C("code", "code"), _FROM, _C("name", default=""), builtin=True)
            for name in ("process_types", "change_reasons", "contract_forms", "notice_kinds")
        ),
        _table(
            "settlement_methods",
            "code valid_from",
            _C("code", "code"),
            _FROM,
            _C("name", default=""),
            _C("day_rule"),
            _C("needs", default=""),
            _C("lc", "flag", "0"),
            _C("retention", "flag", "0"),
            _C("notice_rule"),
            builtin=True,
        ),
        _table(
            "notice_limits",
            "notice_rule valid_from",
            _C("notice_rule"),
            _FROM,
            _C("name", default=""),
            _C("base"),
            _C("months", "int"),
            _C("add_usance", "flag"),
            builtin=True,
        ),
        _table(
            "return_bases",
            "product component valid_from",
            _C("product", "product"),
            _C("component", "component"),
            _FROM,
            _C("basis"),
            builtin=True,
        ),
        _table(
            "period_bands",
            "band valid_from",
            _C("band", "code"),
            _FROM,
            _C("name", default=""),
            _C("from_days", "int"),
            _C("to_days", "int"),
            builtin=True,
        ),
        _table(
            "excluded_goods",
            "product chapter valid_from",
            _C("product", "product"),
            _C("chapter", "code"),
            _FROM,
            _C("name", default=""),
            builtin=True,
        ),
        _table(
            "buyer_ratings",
            "rating valid_from",
            _C("rating", "code"),
            _FROM,
            _C("rating_class", "code"),
            _C("name", default=""),
            _C("limit_required", "flag", "0"),
            _C("lc_bank", "flag", "0"),
            builtin=True,
        ),
        _table(
            "cover",
            "product rating_class component valid_from",
            _C("product", "product"),
            _C("rating_class", "code"),
            _C("component", "component"),
            _FROM,
            _C("condition"),
            _C("rule", default=""),
            builtin=True,
        ),
        _table(
            "cover_ratios",
            "product component valid_from",
            _C("product", "product"),
            _C("component", "component"),
            _FROM,
            _C("ratio_permille", "int"),
            _C("full_political_permille", "int"),
            builtin=True,
        ),
    )
}

ALLOWED: dict[tuple[str, str], tuple[str, ...]] = {
    ("settlement_methods", "day_rule"): (
        "fixed_30",
        "usance",
        "usance_plus_30",
        "to_due_date",
        "inspection_to_due_date",
        "none",
    ),
    ("settlement_methods", "needs"): ("", "usance_days", "due_date"),
    ("country_categories", "category"): tuple("ABCDEFGH"),
    ("rates", "country_category"): (*"ABCDEFGH", "*"),
    ("notice_limits", "base"): ("last_shipment_date", "due_date", "inspection_date"),
    ("return_bases", "basis"): ("shipment", "usance", "full", "none"),
    ("cover", "condition"): ("covered", "lc_only", "within_1y_or_lc", "not_covered", "refused"),
    ("factors", "factor"): ("full_political", "currency_rider", "additional_cost"),
}
"""Columns whose values are words that the rules know."""


@cache
def builtin_rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a built-in table as text."""
    text = resources.files("schemas").joinpath(f"tables/{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
