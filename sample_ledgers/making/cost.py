"""What a sample must cost: its cells as a user writes them, made plain and handed to the oracle.

The cells are read here in their own words too, without the normalisation of ``pipelines``.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from unicodedata import normalize

from making import oracle

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def premium_total(product: str, records: Sequence[Mapping[str, object]], accepted_on: date) -> int:
    """Premium of an upload without errors, in yen, when it is accepted on that day."""
    lines = [
        defaultdict(str, {name: _plain(name, cell) for name, cell in record.items()}) for record in records
    ]
    return sum(line.total for line in oracle.reckon(product, lines, _tables(), accepted_on))


def _plain(name: str, cell: object) -> str:
    text = normalize("NFKC", str(cell)).strip()
    if name.endswith("_date") and text:
        year, month, day = re.fullmatch(r"(\d{4})[-/]?(\d{1,2})[-/]?(\d{1,2})", text).groups()  # type: ignore[union-attr]
        return f"{year}{month:0>2}{day:0>2}"
    if name == "shipment_month":
        return text.replace("-", "").replace("/", "")
    if name.endswith("_amount"):
        return text.replace(",", "")
    return text


@cache
def _tables() -> dict[str, list[dict[str, str]]]:
    """Every table of ``reference/``."""
    tables = {}
    for path in sorted(REFERENCE.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            tables[path.stem] = list(csv.DictReader(stream))
    return tables
