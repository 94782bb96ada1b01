"""Which day does an upload count for, and when is which paper due: every boundary second."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from schemas.submission import MOVES, Refusal, Status
from sensors.windows import (
    TOKYO,
    acceptance_day,
    acceptance_day_if_sent,
    application_deadline,
    cut_off,
    opening_of,
    payment_due,
    provided_until,
    reconciliation_due,
    status_of,
)
from tests.sensors.test_calendar import CALENDAR


def tokyo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


ACCEPTED = [
    # table C-T2
    ("2018-11-06 08:00:00", date(2018, 11, 6)),
    ("2018-11-06 17:29:59", date(2018, 11, 6)),
    ("2018-11-06 17:30:00", date(2018, 11, 7)),
    ("2018-11-02 18:00:00", date(2018, 11, 5)),
    ("2018-11-22 19:59:59", date(2018, 11, 26)),
    # and the instants around them
    ("2018-11-06 17:29:59.999999", date(2018, 11, 6)),
    ("2018-11-06 19:59:59.999999", date(2018, 11, 7)),
    ("2018-12-28 17:29:59", date(2018, 12, 28)),
    ("2018-12-28 17:30:00", date(2019, 1, 4)),
    ("2019-04-26 19:00:00", date(2019, 5, 7)),
    ("2018-11-30 17:30:00", date(2018, 12, 3)),
]
REFUSED = [
    ("2018-11-06 20:00:00", "2018年11月07日 8:00以降"),
    ("2018-11-06 07:59:59", "2018年11月06日 8:00以降"),
    ("2018-11-10 10:00:00", "2018年11月12日 8:00以降"),
    ("2018-11-06 07:59:59.999999", "2018年11月06日 8:00以降"),
    ("2018-11-06 00:00:00", "2018年11月06日 8:00以降"),
    ("2018-11-06 23:59:59", "2018年11月07日 8:00以降"),
    ("2018-11-23 10:00:00", "2018年11月26日 8:00以降"),
    ("2018-12-29 10:00:00", "2019年01月04日 8:00以降"),
    ("2019-01-03 17:45:00", "2019年01月04日 8:00以降"),
    ("2018-11-11 18:00:00", "2018年11月12日 8:00以降"),
]


@pytest.mark.req("C-001", "C-002", "C-004", "C-011")
@pytest.mark.parametrize(("sent", "day"), ACCEPTED)
def test_the_acceptance_day_within_the_hours(sent: str, day: date) -> None:
    assert acceptance_day(tokyo(sent), CALENDAR) == day
    assert acceptance_day_if_sent(tokyo(sent), CALENDAR) == day


@pytest.mark.req("C-003", "C-004", "C-007")
@pytest.mark.parametrize(("sent", "opens"), REFUSED)
def test_outside_the_hours_an_upload_is_refused_with_the_next_opening(sent: str, opens: str) -> None:
    with pytest.raises(Refusal) as caught:
        acceptance_day(tokyo(sent), CALENDAR)
    assert caught.value.code == "outside-hours"
    assert opens in caught.value.message


@pytest.mark.req("C-005")
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-8)), timezone(timedelta(hours=13)), TOKYO])
def test_the_clock_is_that_of_japan_wherever_the_instant_was_written(zone: timezone) -> None:
    for sent, day in ACCEPTED:
        assert acceptance_day(tokyo(sent).astimezone(zone), CALENDAR) == day
    for sent, _ in REFUSED:
        with pytest.raises(Refusal):
            acceptance_day(tokyo(sent).astimezone(zone), CALENDAR)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2018-11-06 07:59:59", date(2018, 11, 6)),
        ("2018-11-06 20:00:00", date(2018, 11, 7)),
        ("2018-11-10 10:00:00", date(2018, 11, 12)),
        ("2018-12-31 23:00:00", date(2019, 1, 4)),
        ("2018-11-22 23:00:00", date(2018, 11, 26)),
    ],
)
def test_outside_the_hours_a_check_goes_by_the_next_opening(now: str, day: date) -> None:
    assert acceptance_day_if_sent(tokyo(now), CALENDAR) == day


def test_every_minute_of_a_year_is_accepted_on_a_business_day_or_refused() -> None:
    """Never earlier than the day of sending, never over another business day."""
    instant = tokyo("2018-04-01 00:00:00")
    while instant.year < 2019:
        day = instant.date()
        within = CALENDAR.is_business_day(day) and time(8) <= instant.time() < time(20)
        try:
            accepted = acceptance_day(instant, CALENDAR)
        except Refusal:
            assert not within
        else:
            assert within
            assert CALENDAR.is_business_day(accepted)
            late = instant.time() >= time(17, 30)
            assert accepted == (CALENDAR.next_business_day(day) if late else day)
        instant += timedelta(minutes=30)


# ---------------------------------------------------------------------------------------------- status


@pytest.mark.req("C-017", "C-019")
def test_the_moves_between_all_pairs_of_states() -> None:
    """Table C-T1, every pair; what is done, or needs a check, moves no more."""
    waiting, working, done, check = list(Status)
    nothing: Status | None = None
    assert [waiting, working, done, check] == ["受付前", "処理中", "処理完了", "申請内容要確認"]
    allowed = {
        (nothing, working),
        (nothing, waiting),
        (waiting, working),
        (working, done),
        (working, check),
    }
    for before in (None, *Status):
        for after in (None, *Status):
            assert (after in MOVES[before]) == ((before, after) in allowed), (before, after)


@pytest.mark.req("C-010", "C-014", "C-015", "C-016")
@pytest.mark.parametrize(
    ("now", "verdict", "status"),
    [
        ("2018-11-06 19:00:00", None, "受付前"),
        ("2018-11-07 07:59:59", None, "受付前"),
        ("2018-11-07 08:00:00", None, "処理中"),
        ("2018-11-07 20:30:00", None, "処理中"),
        ("2018-11-07 20:30:00", "booked", "処理完了"),
        ("2018-11-07 20:30:00", "rejected", "申請内容要確認"),
    ],
)
def test_the_status_of_what_was_sent_in_the_evening(now: str, verdict: str | None, status: str) -> None:
    accepted = acceptance_day(tokyo("2018-11-06 18:00:00"), CALENDAR)
    assert status_of(accepted, tokyo(now), verdict) == status
    assert status_of(accepted, tokyo(now).astimezone(UTC), verdict) == status


@pytest.mark.req("C-014", "C-017")
@pytest.mark.parametrize("sent", ["2018-11-06 09:00:00", "2018-11-06 17:30:00"])
@pytest.mark.parametrize("verdict", ["booked", "rejected"])
def test_a_submission_only_ever_makes_allowed_moves(sent: str, verdict: str) -> None:
    start = tokyo(sent)
    accepted = acceptance_day(start, CALENDAR)
    before: Status | None = None
    seen = []
    for minutes in range(0, 60 * 48, 30):
        now = start + timedelta(minutes=minutes)
        decided = verdict if now >= opening_of(accepted) + timedelta(hours=12, minutes=30) else None
        after = status_of(accepted, now, decided)
        if after is not before:
            assert after in MOVES[before]
            seen.append(after)
            before = after
    assert seen[-1] == (Status.DONE if verdict == "booked" else Status.NEEDS_CHECK)
    assert (Status.BEFORE_ACCEPTANCE in seen) == (sent > "2018-11-06 17")


@pytest.mark.req("A-055")
def test_work_opens_at_eight_of_the_acceptance_day() -> None:
    accepted = acceptance_day(tokyo("2018-11-22 18:00:00"), CALENDAR)
    assert opening_of(accepted) == tokyo("2018-11-26 08:00:00")


# ---------------------------------------------------------------------------------------------- due dates


@pytest.mark.parametrize(
    ("accepted", "due"),
    [
        ("2018-11-05", "2018-11-09 20:00:00"),
        ("2018-11-09", "2018-11-09 20:00:00"),
        ("2018-11-19", "2018-11-22 20:00:00"),  # Friday is a holiday
        ("2018-12-25", "2018-12-28 20:00:00"),
        ("2019-01-04", "2019-01-04 20:00:00"),
        ("2019-04-26", "2019-04-26 20:00:00"),
        ("2019-05-07", "2019-05-10 20:00:00"),
        ("2018-10-31", "2018-11-02 20:00:00"),
    ],
)
def test_reconciliation_is_due_on_the_last_business_day_of_the_week(accepted: str, due: str) -> None:
    assert reconciliation_due(date.fromisoformat(accepted), CALENDAR) == tokyo(due)


def test_reconciliation_is_never_later_than_a_week_after_acceptance() -> None:
    """For every business day of the table: on a business day of the same ISO week, at 20:00."""
    day = date(CALENDAR.first_year, 1, 4)
    while day < date(CALENDAR.last_year, 12, 24):
        if CALENDAR.is_business_day(day):
            due = reconciliation_due(day, CALENDAR)
            assert day <= due.date() <= day + timedelta(days=6)
            assert due.isocalendar()[:2] == day.isocalendar()[:2]
            assert CALENDAR.is_business_day(due.date())
            assert due.time() == time(20)
            following = CALENDAR.next_business_day(due.date())
            assert following.isocalendar()[:2] != day.isocalendar()[:2]
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("month", "due"),
    [
        (date(2018, 11, 1), "2018-12-28 20:00:00"),
        (date(2018, 11, 30), "2018-12-28 20:00:00"),
        (date(2018, 12, 1), "2019-01-31 20:00:00"),
        (date(2019, 3, 31), "2019-04-26 20:00:00"),
        (date(2020, 1, 31), "2020-02-28 20:00:00"),
        (date(2018, 5, 31), "2018-06-29 20:00:00"),
    ],
)
def test_the_cut_off_is_the_last_business_day_of_the_following_month(month: date, due: str) -> None:
    assert cut_off(month, CALENDAR) == tokyo(due)


@pytest.mark.req("E-081")
@pytest.mark.parametrize(
    ("contract", "deadline"),
    [
        (date(2018, 9, 15), date(2018, 10, 31)),
        (date(2018, 9, 1), date(2018, 10, 31)),
        (date(2018, 12, 31), date(2019, 1, 31)),
        (date(2019, 1, 31), date(2019, 2, 28)),
        (date(2020, 1, 1), date(2020, 2, 29)),
        (date(2018, 11, 30), date(2018, 12, 31)),
    ],
)
def test_the_application_deadline_is_the_end_of_the_next_month(contract: date, deadline: date) -> None:
    assert application_deadline(contract) == deadline


@pytest.mark.parametrize(
    ("issued", "due"),
    [
        (date(2018, 12, 28), date(2019, 2, 6)),
        (date(2018, 11, 30), date(2019, 1, 9)),
        (date(2018, 11, 20), date(2019, 1, 4)),  # + 40 days is 12/30
        (date(2018, 11, 2), date(2018, 12, 12)),
        (date(2018, 10, 14), date(2018, 11, 26)),  # + 40 days is the holiday of Friday 11/23
        (date(2018, 10, 1), date(2018, 11, 12)),  # + 40 days is a Saturday
    ],
)
def test_an_invoice_is_payable_after_40_days_or_on_the_next_business_day(issued: date, due: date) -> None:
    assert payment_due(issued, 40, CALENDAR) == due


@pytest.mark.req("C-026")
@pytest.mark.parametrize(
    ("created", "until"),
    [
        ("2018-11-06 20:30:00", "2018-12-07 00:00:00"),
        ("2018-11-06 00:00:00", "2018-12-07 00:00:00"),
        ("2018-11-06 23:59:59", "2018-12-07 00:00:00"),
        ("2020-01-31 12:00:00", "2020-03-02 00:00:00"),
    ],
)
def test_provided_data_may_be_fetched_until_the_end_of_the_thirtieth_day(created: str, until: str) -> None:
    assert provided_until(tokyo(created), 30) == tokyo(until)
    assert provided_until(tokyo(created).astimezone(UTC), 30) == tokyo(until)
