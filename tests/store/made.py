"""Receipts, instants and rows made by hand for the tests of the store."""

import itertools
from datetime import datetime
from typing import Any

import polars as pl

from sensors.windows import TOKYO

NINE = datetime(2018, 11, 6, 9, 0, tzinfo=TOKYO)
"""A Tuesday morning within the acceptance hours: the day's own acceptance day has opened."""

_serial = itertools.count(1)


class RealSeconds:
    """Real time that a test moves."""

    def __init__(self) -> None:
        self.value = 1_000_000

    def __call__(self) -> float:
        return self.value


def a_receipt(**changes: Any) -> dict[str, Any]:
    """What ``receive`` is given; every call without ``sha256`` is another upload."""
    return {
        "product": "enterprise",
        "holder": "100000001",
        "user": "100000001000",
        "file_name": "十一月分.csv",
        "sha256": f"{next(_serial):064x}",
        "size": 120,
        "declared_count": 2,
        "counted": 2,
        "remarks": None,
        "channel": "cli",
        "source": None,
        "received_at": NINE.isoformat(),
        "acceptance_date": "2018-11-06",
        "window": "same-day",
        "layout_version": 1,
        "reading_version": 2,
        **changes,
    }


JOURNAL_SCHEMA: dict[str, pl.DataType] = {
    "entry": pl.String(),
    **{f"text_{number:02d}": pl.String() for number in range(40)},
    "journal_no": pl.Int64(),
    "commit_no": pl.Int64(),
    "submission_id": pl.String(),
    "receipt_no": pl.Int64(),
    "record": pl.Int64(),
    "acceptance_date": pl.Date(),
    "booked_at": pl.Datetime("us", "Asia/Tokyo"),
    "days_pre": pl.Int32(),
    "live": pl.Boolean(),
    "premium_total": pl.Int64(),
    "prev_hash": pl.String(),
    "commit_hash": pl.String(),
}
"""A small journal. The numbers come after 40 columns: Delta keeps statistics of the first 32 unless told."""
