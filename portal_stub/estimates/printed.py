"""Totals that are printed for certain conditions (``printed_totals.csv``), used as they stand: E-161 to E-163, E-078.

No rate between or beyond them is derived. The file holds percent of the amount for one set of days and cover ratios;
its ``example_yen`` is the premium of 10,000,000 yen as printed, from which tests prove the rest.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("printed_totals.csv")


@dataclass(frozen=True)
class Total:
    """One row: a total rate and the conditions it is printed for."""

    product: str
    country_category: str
    buyer_rating: str
    days_pre: int
    days_post: int
    cover_a: str
    cover_b: str
    cover_c: str
    cover_d: str
    rate_milli: int
    """Thousandths of a percent."""
    minimum_yen: int
    example_yen: int
    source: str

    def premium(self, yen: int) -> int:
        """The premium of an amount, cut below 1 yen, at least the minimum (E-078)."""
        return max(self.by_rate(yen), self.minimum_yen)

    def by_rate(self, yen: int) -> int:
        """What the rate alone makes of an amount."""
        return yen * self.rate_milli // 100_000


@cache
def totals(product: str) -> tuple[Total, ...]:
    """The rows of a product; none where nothing is printed."""
    with _FILE.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["product"] == product]
    return tuple(
        Total(
            **{
                name: row[name]
                for name in (
                    *("product", "country_category", "buyer_rating", "source"),
                    *("cover_a", "cover_b", "cover_c", "cover_d"),
                )
            },
            days_pre=int(row["days_pre"]),
            days_post=int(row["days_post"]),
            rate_milli=_milli(row["total_rate"]),
            minimum_yen=int(row["minimum_yen"]),
            example_yen=int(row["example_yen"]),
        )
        for row in rows
    )


def _milli(percent: str) -> int:
    """Percent with three decimals as an integer.

    >>> _milli("1.293")
    1293
    """
    whole, _, decimals = percent.partition(".")
    return int(whole) * 1000 + int(decimals.ljust(3, "0"))
