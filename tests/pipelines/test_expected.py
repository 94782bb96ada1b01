"""Which notices of a month's shipments are still to come, and how their holders are asked for them."""

from datetime import date

import polars as pl
import pytest

from pipelines.expected import expected_notices, reminders
from pipelines.reference import Reference
from schemas.journal import BOOKING, SCHEMA
from tests import kit

OCTOBER, TODAY = date(2018, 10, 1), date(2018, 11, 6)
ONE, TWO = kit.NOTICE_AGREEMENT, kit.NOTICE_OPTIONS_AGREEMENT


def agreement(code: str, since: str, until: str = "", **more: str) -> kit.Row:
    fixed = {"agreement_code": code, "valid_from": since, "valid_to": until}
    return fixed | {"holder": kit.HOLDER, "product": "simplified-notice"} | more


def tables(*agreements: kit.Row) -> Reference:
    return kit.reference_of(kit.world() | {"agreements": list(agreements)})


def journal(*notices: tuple[str, str], **more: object) -> pl.LazyFrame:
    """Booked notices as (agreement, month of shipment)."""
    rows = [
        {
            "entry": BOOKING,
            "journal_no": number,
            "product": "simplified-notice",
            "agreement_code": code,
            "shipment_month": month,
            "line_id": f"18-{number:06d}-00/00/00",
            "application_no": f"18-{number:06d}-00",
            "history_no": "00",
            "process_type": "1",
            "removed": False,
            **more,
        }
        for number, (code, month) in enumerate(notices, start=1)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").lazy()


def codes(
    reference: Reference, booked: pl.LazyFrame | None = None, month: date = OCTOBER, today: date = TODAY
) -> list[str]:
    booked = journal() if booked is None else booked
    return expected_notices(reference, booked, month, today)["agreement_code"].to_list()


@pytest.mark.req("B-022")
def test_an_agreement_without_a_notice_of_the_month_is_expected_to_send_one() -> None:
    reference = tables(agreement(ONE, "2018-04-02"), agreement(TWO, "2018-04-02"))
    booked = journal((ONE, "201809"), (ONE, "201808"), (TWO, "201810"))
    (row,) = expected_notices(reference, booked, date(2018, 10, 17), TODAY).iter_rows(named=True)
    assert row == {
        "agreement_code": ONE,
        "holder": kit.HOLDER,
        "holder_name": "髙橋貿易㈱",
        "month": "2018-10",
        "deadline": date(2018, 11, 30),
        "days_left": 24,
        "overdue": False,
        "last_notice_month": "2018-09",
    }
    assert codes(reference, booked, date(2018, 9, 1)) == [TWO]


@pytest.mark.req("B-022")
@pytest.mark.parametrize(("today", "left", "overdue"), [("2018-11-30", 0, False), ("2018-12-01", -1, True)])
def test_the_deadline_is_the_last_day_of_the_next_month(today: str, left: int, overdue: bool) -> None:
    found = expected_notices(
        tables(agreement(ONE, "2018-04-02")), journal(), OCTOBER, date.fromisoformat(today)
    )
    assert found.select("deadline", "days_left", "overdue").row(0) == (date(2018, 11, 30), left, overdue)
    assert found["last_notice_month"].to_list() == [None]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (agreement(ONE, "2018-10-31"), True),
        (agreement(ONE, "2018-11-01"), False),
        (agreement(ONE, "2018-04-02", "2018-10-01"), True),
        (agreement(ONE, "2018-04-02", "2018-09-30"), False),
        (agreement(ONE, "2018-04-02", product="enterprise"), False),
    ],
)
def test_agreements_that_run_on_a_day_of_the_month(row: kit.Row, expected: bool) -> None:
    assert codes(tables(row)) == ([ONE] if expected else [])


def test_an_older_period_does_not_come_back_and_a_renewal_counts_once() -> None:
    given_up = (agreement(ONE, "2017-04-02"), agreement(ONE, "2018-04-02", "2018-06-30"))
    assert codes(tables(*given_up)) == []
    other_since_october = (agreement(ONE, "2018-04-02"), agreement(ONE, "2018-10-01", product="enterprise"))
    assert codes(tables(*other_since_october)) == []
    assert codes(tables(*other_since_october), month=date(2018, 9, 1)) == [ONE]
    renewed = (agreement(ONE, "2018-04-02", "2018-10-14"), agreement(ONE, "2018-10-15"))
    assert codes(tables(*renewed)) == [ONE]


@pytest.mark.req("B-022")
def test_a_notice_of_another_agreement_or_entry_is_none() -> None:
    reference = tables(agreement(ONE, "2018-04-02"))
    assert codes(reference, journal((TWO, "201810"))) == [ONE]
    assert codes(reference, journal((ONE, "201810"), entry="yearly")) == [ONE]
    assert codes(reference, journal((ONE, "201810"), removed=True)) == [ONE]
    assert codes(reference, journal((ONE, "201810"))) == []


@pytest.mark.req("B-022")
def test_a_withdrawn_notice_is_none_and_a_corrected_one_counts_for_its_new_month() -> None:
    reference = tables(agreement(ONE, "2018-04-02"))
    booked = journal((ONE, "201810")).collect()
    withdrawal = booked.with_columns(
        pl.lit(2, pl.Int64).alias("journal_no"), pl.lit("5").alias("process_type")
    )
    assert codes(reference, pl.concat([booked, withdrawal]).lazy()) == [ONE]
    corrected = booked.with_columns(
        pl.lit(2, pl.Int64).alias("journal_no"),
        pl.lit("4").alias("process_type"),
        pl.lit("01").alias("history_no"),
        pl.lit("00").alias("replaced_history_no"),
        pl.lit("201809").alias("shipment_month"),
    )
    both = pl.concat([booked, corrected]).lazy()
    assert codes(reference, both) == [ONE]
    assert codes(reference, both, date(2018, 9, 1)) == []


def test_holders_are_asked_once_for_all_their_agreements() -> None:
    reference = tables(
        agreement(ONE, "2018-04-02"),
        agreement(TWO, "2018-04-02"),
        agreement("222222203", "2018-04-02", holder=kit.MEMBER),
    )
    mails = reminders(expected_notices(reference, journal((ONE, "201809")), OCTOBER, TODAY)).to_dicts()
    assert [(mail["holder"], mail["agreements"]) for mail in mails] == [
        (kit.HOLDER, [ONE, TWO]),
        (kit.MEMBER, ["222222203"]),
    ]
    assert mails[0]["subject"] == "【ご確認】2018年10月船積分の船積確定通知について"
    body = mails[0]["body"]
    for words in (
        "髙橋貿易㈱ 御中",
        f"{ONE}（前回の通知: 2018年9月船積分）",
        f"{TWO}（これまでの通知はありません）",
        "通知期限: 2018年11月30日（あと24日）",
        "通知は不要です",
    ):
        assert words in body, words
    assert kit.MEMBER_AGREEMENT not in body
    assert reminders(expected_notices(tables(), journal(), OCTOBER, TODAY)).is_empty()


def test_whoever_is_late_is_asked_with_the_reason_to_hurry() -> None:
    reference = tables(agreement(ONE, "2018-04-02"))
    (late,) = reminders(expected_notices(reference, journal(), OCTOBER, date(2018, 12, 3))).to_dicts()
    assert late["subject"].startswith("【至急】")
    assert "3日過ぎています" in late["body"]
    assert "てん補されないことがございます" in late["body"]
    (last_day,) = reminders(expected_notices(reference, journal(), OCTOBER, date(2018, 11, 30))).to_dicts()
    assert "本日まで" in last_day["body"]
