"""Figures per month of acceptance against the ledger and its invoices, through every way in which a line can change.

The line of every test is the example of Seed 004 slide 22 (18,400 yen).
"""

from datetime import date
from typing import Any

import polars as pl

from pipelines.figures import COLUMNS, insured_lines, month_figures
from pipelines.ledger import current
from schemas.journal import SCHEMA
from tests import kit
from tests.book import Book, change, sent
from tests.kit import NOTICE, enterprise_row, notice_row

YEN = 18_400
CUT_OFF, AFTER = date(2018, 12, 28), date(2019, 1, 7)
NOVEMBER, DECEMBER, JANUARY = date(2018, 11, 1), date(2018, 12, 1), date(2019, 1, 1)


def figures(book: Book) -> list[tuple[Any, ...]]:
    """month, applications, lines, unconfirmed, confirmed of the only holder, from no more columns than are asked for."""
    frame = month_figures(book.journal.select(COLUMNS))
    assert set(frame["policyholder_code"]) <= {kit.HOLDER}
    wanted = ("month", "applications", "lines", "unconfirmed_yen", "confirmed_yen")
    return list(frame.select(wanted).iter_rows())


def agree(book: Book) -> None:
    """Figures, ledger and invoices tell the same."""
    frame = month_figures(book.journal.select(COLUMNS))
    ledger = current(book.journal).filter(pl.col("stage") != "withdrawn").collect()
    assert insured_lines(book.journal).collect().height == ledger.height == frame["lines"].sum()
    amounts = ledger.select(pl.max_horizontal(*(f"insured_amount_{c}" for c in "abcd"))).to_series()
    assert frame["insured_yen"].sum() == amounts.fill_null(0).sum()
    billed = sum(invoice["premium_total"] for invoice in book.invoices())
    assert frame["confirmed_yen"].sum() == billed


def test_nothing_booked_has_no_figures() -> None:
    assert month_figures(pl.DataFrame(schema=SCHEMA).lazy()).is_empty()


def test_bookings_count_in_their_month_and_are_confirmed_at_the_cut_off() -> None:
    book = Book()
    sent(book, enterprise_row(export_contract_no="A"), enterprise_row(export_contract_no="B"))
    late = sent(
        book, enterprise_row(export_contract_no="C", contract_date="20181120"), accepted=date(2018, 12, 3)
    ).premium_total
    assert late > 0
    assert figures(book) == [(NOVEMBER, 2, 2, 2 * YEN, 0), (DECEMBER, 1, 1, late, 0)]
    agree(book)
    book.reconcile(date(2018, 11, 9))
    assert figures(book)[0] == (NOVEMBER, 2, 2, 2 * YEN, 0), "照合 confirms nothing"
    book.confirm(CUT_OFF)
    assert figures(book) == [(NOVEMBER, 2, 2, 0, 2 * YEN), (DECEMBER, 1, 1, late, 0)]
    agree(book)


def test_a_return_counts_where_its_notice_was_accepted() -> None:
    book = Book()
    sent(book, enterprise_row())
    book.confirm(CUT_OFF)
    cells = {
        "contract_amount": "5000000",
        "shipment_no": "01",
        "shipment_process_type": "2",
        "pre_shipment_amount": "5000000",
        "post_shipment_amount": "5000000",
        "settlement_no": "01",
        "settlement_process_type": "2",
        "settlement_principal": "5000000",
    }
    sent(book, change("2", change_date="20190104", change_reason="02", **cells), accepted=AFTER)
    [november, january] = figures(book)
    assert november == (NOVEMBER, 1, 1, 0, YEN), "insured since November, paid in November"
    assert january[:3] == (JANUARY, 0, 0)
    assert january[3] < 0
    assert january[4] == 0
    book.confirm(date(2019, 2, 28))
    assert figures(book)[1] == (JANUARY, 0, 0, 0, january[3])
    agree(book)


def test_what_is_corrected_or_withdrawn_before_confirmation_leaves_no_premium_behind() -> None:
    book = Book()
    sent(book, enterprise_row(export_contract_no="A"), enterprise_row(export_contract_no="B"))
    sent(book, change("4", history_no="00", goods_code="850000"))
    assert figures(book) == [(NOVEMBER, 2, 2, 2 * YEN, 0)], "a correction takes the place of what it corrects"
    sent(book, change("5", "18-000002-00", history_no="00"))
    assert figures(book) == [(NOVEMBER, 1, 1, YEN, 0)], "what was withdrawn is gone"
    agree(book)


def test_holders_agreements_and_products_stay_apart() -> None:
    book = Book()
    sent(book, enterprise_row())
    sent(book, notice_row(), product=NOTICE)
    frame = month_figures(book.journal.select(COLUMNS))
    assert frame.select("agreement_code", "product").rows() == [
        (enterprise_row()["agreement_code"], "enterprise"),
        (notice_row()["agreement_code"], "simplified-notice"),
    ]
    agree(book)


def test_a_sum_beyond_64_bits_is_told_as_unknown() -> None:
    book = Book()
    sent(book, enterprise_row(export_contract_no="A"), enterprise_row(export_contract_no="B"))
    huge = book.rows.with_columns(pl.lit(2**63 - 1).alias("insured_amount_d"))
    [insured] = month_figures(huge.lazy())["insured_yen"].to_list()
    assert insured is None
