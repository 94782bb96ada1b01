"""Asking for notices that are still to come: the store's answer to ``pipelines.expected``.

Behind ``daicho expected``, the view ``expected_notices`` and an asset check. Nothing is written, nothing is sent.
"""

from datetime import date

import polars as pl

from daicho.references import reference_of
from daicho.store import Store
from pipelines.expected import EXPECTED, NEEDED, expected_notices, month_before
from schemas.products import Product
from schemas.submission import Refusal

VIEW_MONTHS = 12
"""How many months back the view looks, last month included."""


def month_named(text: str | None, today: date) -> date:
    """The first day of the month ``YYYY-MM``; last month without one.

    Raises:
        Refusal: ``invalid-month``.
    """
    if text is None:
        return month_before(today)
    year, _, month = text.partition("-")
    if len(text) == 7 and year.isdecimal() and month.isdecimal() and text.isascii():
        try:
            return date(int(year), int(month), 1)
        except ValueError:
            pass
    raise Refusal("invalid-month", f"年月「{text}」を読めません。2018-10 の形で指定してください。")


def expected_of(store: Store, month: date) -> pl.DataFrame:
    """The notices of a month that are still to come (columns of ``pipelines.expected.EXPECTED``)."""
    today = store.clock.now().date()
    return expected_notices(reference_of(store), store.journal.open().scan(), month, today)


def expected_lately(store: Store) -> pl.DataFrame:
    """Those of the last ``VIEW_MONTHS`` months, newest month first."""
    today, reference = store.clock.now().date(), reference_of(store)
    notices = store.journal.open().scan().filter(pl.col("product") == Product.SIMPLIFIED_NOTICE)
    journal = notices.select(NEEDED).collect().lazy()  # read once for all months
    parts = [
        expected_notices(reference, journal, month_before(today, months), today)
        for months in range(1, VIEW_MONTHS + 1)
    ]
    return pl.concat([pl.DataFrame(schema=EXPECTED), *parts])


def overdue_month(today: date) -> date:
    """The newest month of shipment whose deadline is over: the one before last."""
    return month_before(today, 2)
