"""What stood on a 照合台帳 and is not on the 確定台帳 as it was: every way there, and nothing else."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from pipelines.difference import SCHEMA, differences
from schemas.journal import CONFIRMATION, RECONCILIATION
from tests.book import Book, change, sent
from tests.kit import AGREEMENT, enterprise_row

WEEK_OVER, NEXT_WEEK, CUT_OFF = date(2018, 11, 9), date(2018, 11, 16), date(2018, 12, 28)
LATER = date(2018, 11, 13)
UNIT = f"{AGREEMENT}_-_2018-11"
LEDGER = f"{UNIT}_C_1"
FIRST, SECOND = f"{UNIT}_2018W45_1", f"{UNIT}_2018W46_1"
TWICE = dict.fromkeys(
    ("contract_amount", "pre_shipment_amount", "post_shipment_amount", "settlement_principal"), "20000000"
)


def booked(*contracts: str) -> Book:
    """A ledger in memory with these contracts on the 照合台帳 of their week."""
    book = Book()
    for contract in contracts:
        sent(book, enterprise_row(export_contract_no=contract))
    book.reconcile(WEEK_OVER)
    return book


def correction(history_no: str = "00", number: str = "18-000001-00", **fields: str) -> dict[str, str]:
    return change("4", number, history_no=history_no, shipment_no="01", settlement_no="01", **fields)


def listed(book: Book, ledger_id: str = LEDGER) -> list[dict[str, Any]]:
    frame = differences(book.journal, ledger_id)
    assert dict(frame.schema) == SCHEMA
    assert (frame["premium_after"] - frame["premium_before"] == frame["difference"]).all()
    return frame.to_dicts()


def versions(book: Book, ledger_id: str = LEDGER) -> list[tuple[Any, ...]]:
    names = ("application_no", "how", "history_no", "history_after", "checked_ledger_id")
    return [tuple(row[name] for name in names) for row in listed(book, ledger_id)]


@pytest.mark.req("D-021")
def test_lines_that_stand_as_they_were_checked_make_no_difference() -> None:
    book = booked("EX-1", "EX-2")
    book.confirm(CUT_OFF)
    assert listed(book) == []


@pytest.mark.req("D-021")
def test_a_corrected_line_is_told_field_by_field_with_its_premium() -> None:
    book = booked("EX-1", "EX-2")
    sent(book, correction(**TWICE), accepted=LATER)
    book.confirm(CUT_OFF)
    (row,) = listed(book)
    assert (row["application_no"], row["line_id"]) == ("18-000001-00", "18-000001-00/01/01")
    assert (row["how"], row["history_no"], row["history_after"]) == ("corrected", "00", "01")
    assert (row["checked_ledger_id"], row["ledger_id"]) == (FIRST, LEDGER)
    assert (row["premium_before"], row["premium_after"], row["difference"]) == (18_400, 36_800, 18_400)
    told = {entry["field"]: (entry["before"], entry["after"]) for entry in row["changes"]}
    assert {name: told[name] for name in TWICE} == dict.fromkeys(TWICE, ("10000000", "20000000"))
    assert told["premium_b"] == ("7900", "15800")
    assert told.keys() - TWICE.keys() <= {
        f"{kind}_{c}" for kind in ("premium", "insured_amount") for c in "abcd"
    }


@pytest.mark.req("D-021")
def test_what_was_corrected_before_anybody_saw_it_is_no_difference() -> None:
    book = Book()
    sent(book, enterprise_row(export_contract_no="EX-1"))
    sent(book, correction(**TWICE))
    book.reconcile(WEEK_OVER)
    book.confirm(CUT_OFF)
    assert listed(book) == []


@pytest.mark.req("D-021")
def test_a_withdrawn_line_is_gone_with_its_premium() -> None:
    book = booked("EX-1", "EX-2")
    sent(book, change("5", "18-000002-00", history_no="00"), accepted=LATER)
    book.reconcile(NEXT_WEEK)
    book.confirm(CUT_OFF)
    assert versions(book) == [("18-000002-00", "withdrawn", "00", None, FIRST)]
    (row,) = listed(book)
    assert (row["premium_before"], row["premium_after"], row["changes"]) == (18_400, 0, [])


def test_every_checked_version_of_a_chain_is_compared_with_what_is_confirmed() -> None:
    book = booked("EX-1")
    sent(book, correction(**TWICE), accepted=LATER)
    book.reconcile(NEXT_WEEK)
    sent(book, correction("01", department_code="D9"), accepted=date(2018, 11, 20))
    book.confirm(CUT_OFF)
    assert versions(book) == [
        ("18-000001-00", "corrected", "00", "02", FIRST),
        ("18-000001-00", "corrected", "01", "02", SECOND),
    ]
    first, second = listed(book)
    assert {entry["field"] for entry in second["changes"]} == {"department_code"}
    assert {"contract_amount", "department_code"} <= {entry["field"] for entry in first["changes"]}
    assert (first["difference"], second["difference"]) == (18_400, 0)


def test_a_withdrawn_correction_gives_way_to_the_version_before_it() -> None:
    book = booked("EX-1")
    sent(book, correction(**TWICE), accepted=LATER)
    book.reconcile(NEXT_WEEK)
    sent(book, change("5", history_no="01"), accepted=date(2018, 11, 20))
    book.confirm(CUT_OFF)
    (row,) = listed(book)
    assert (row["how"], row["history_no"], row["checked_ledger_id"]) == ("withdrawn", "01", SECOND)
    assert (row["premium_before"], row["premium_after"]) == (36_800, 18_400)
    told = {entry["field"]: (entry["before"], entry["after"]) for entry in row["changes"]}
    assert told["contract_amount"] == ("20000000", "10000000")


@pytest.mark.req("D-021")
def test_checked_less_withdrawn_and_corrected_is_what_is_confirmed() -> None:
    book = booked("EX-1", "EX-2", "EX-3")
    sent(book, correction(**TWICE), accepted=LATER)
    sent(book, change("5", "18-000002-00", history_no="00"), accepted=LATER)
    book.confirm(CUT_OFF)
    rows = book.rows
    on = {
        entry: set(rows.filter(pl.col("entry") == entry)["listed_journal_no"].to_list())
        for entry in (RECONCILIATION, CONFIRMATION)
    }
    by_number = {row["journal_no"]: row for row in rows.filter(pl.col("entry") == "booking").to_dicts()}
    gone = {
        (by_number[n]["line_id"], by_number[n]["history_no"])
        for n in on[RECONCILIATION] - on[CONFIRMATION]
        if by_number[n]["process_type"] != "5"
    }
    assert gone == {(row["line_id"], row["history_no"]) for row in listed(book)}
    assert len(gone) == 2
    assert on[CONFIRMATION] < on[RECONCILIATION]


def test_a_list_is_the_same_whenever_it_is_made() -> None:
    book = booked("EX-1")
    sent(book, correction(**TWICE), accepted=LATER)
    book.confirm(CUT_OFF)
    before = differences(book.journal, LEDGER)
    after = date(2019, 1, 8)
    half = dict.fromkeys(TWICE, "10000000")
    places = {"shipment_no": "01", "shipment_process_type": "2"}
    places |= {"settlement_no": "01", "settlement_process_type": "2"}
    why = {"change_date": "20190107", "change_reason": "02"}
    sent(book, change("2", **why, **places, **half), accepted=after)
    book.reconcile(date(2019, 1, 11))
    sent(book, change("5", history_no="02"), accepted=after)
    book.confirm(date(2019, 2, 28))
    assert differences(book.journal, LEDGER).equals(before)


def test_a_second_confirmation_of_a_unit_tells_only_what_is_its_own() -> None:
    book = booked("EX-1")
    sent(book, correction(**TWICE), accepted=LATER)
    book.confirm(CUT_OFF)
    sent(book, enterprise_row(export_contract_no="EX-2"))  # booked late, of the same month
    book.reconcile(CUT_OFF)
    sent(book, correction(number="18-000002-00", **TWICE), accepted=LATER)
    book.confirm(CUT_OFF)
    assert versions(book, f"{UNIT}_C_2") == [("18-000002-00", "corrected", "00", "01", f"{UNIT}_2018W45_2")]
    assert len(listed(book)) == 1


def test_a_line_that_a_correction_brings_is_told_as_added() -> None:
    book = booked("EX-1")
    sent(book, correction(**TWICE), accepted=LATER)
    book.confirm(CUT_OFF)
    extra = book.rows.filter(pl.col("replaced_history_no") == "00").with_columns(
        pl.lit("18-000001-00/02/01").alias("line_id"), pl.lit("02").alias("shipment_no"),
    )  # fmt: skip
    number = extra["journal_no"].item()
    # As a correction with one more shipment leaves it: both lines booked by it, both confirmed.
    rows = pl.concat([book.rows, extra.with_columns(pl.lit(number, pl.Int64).alias("journal_no"))])
    found = differences(rows.lazy(), LEDGER).to_dicts()
    assert [(row["how"], row["line_id"], row["history_no"]) for row in found] == [
        ("corrected", "18-000001-00/01/01", "00"),
        ("added", "18-000001-00/02/01", None),
    ]
    assert (found[1]["premium_before"], found[1]["premium_after"]) == (0, 36_800)


def test_an_unknown_ledger_has_no_differences() -> None:
    assert listed(booked("EX-1"), "nothing_C_1") == []
