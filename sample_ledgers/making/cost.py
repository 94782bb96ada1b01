"""What the oracle needs to tell what a sample must cost: its cells as users write them made plain, and the tables.

The cells are read here in their own words too, without the normalisation of ``pipelines``.
"""

import csv
import re
from functools import cache
from pathlib import Path
from unicodedata import normalize

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def plain(name: str, cell: object) -> str:
    """One cell as the layouts write it."""
    text = normalize("NFKC", str(cell)).strip()
    if name.endswith("_date") and text not in ("", "-"):
        year, month, day = re.fullmatch(r"(\d{4})[-/]?(\d{1,2})[-/]?(\d{1,2})", text).groups()  # type: ignore[union-attr]
        return f"{year}{month:0>2}{day:0>2}"
    if name == "shipment_month":
        return text.replace("-", "").replace("/", "")
    if name.endswith("_amount"):
        return text.replace(",", "")
    return text


@cache
def tables() -> dict[str, list[dict[str, str]]]:
    """Every table of ``reference/``."""
    found = {}
    for path in sorted(REFERENCE.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            found[path.stem] = list(csv.DictReader(stream))
    return found
