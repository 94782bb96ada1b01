"""The business calendar against a second source, at every edge of the year, and before it runs out."""

from datetime import date, datetime, timedelta

import holidays as holidays_library
import pytest

from schemas.reference import builtin_rows
from sensors.calendar import BusinessCalendar, CalendarEnded, end_of_month, first_of_next_month
from sensors.windows import TOKYO

LAW = {date.fromisoformat(row["date"]): row["name"] for row in builtin_rows("law_holidays")}
FIRST, LAST = min(LAW).year, max(LAW).year
CALENDAR = BusinessCalendar(frozenset(LAW), FIRST, LAST)


def test_the_table_agrees_with_the_holidays_library_for_its_whole_range() -> None:
    library = holidays_library.country_holidays("JP", years=range(FIRST, LAST + 1), language="ja")
    assert set(LAW) == set(library)
    assert all(LAW.values())


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2018, 11, 23), "勤労感謝の日"),
        (date(2018, 9, 24), "振替休日"),
        (date(2019, 4, 30), "国民の休日"),
        (date(2019, 5, 1), "天皇の即位の日"),
        (date(2019, 10, 22), "即位礼正殿の儀が行われる日"),
        (date(2020, 7, 24), "スポーツの日"),
        (date(2021, 8, 9), "振替休日"),
        (date(2026, 9, 22), "国民の休日"),
    ],
)
def test_days_that_no_rule_of_thumb_knows_are_in_the_table(day: date, name: str) -> None:
    assert LAW[day] == name
    assert not CALENDAR.is_business_day(day)


def test_the_calendar_reaches_a_year_ahead() -> None:
    """Fails a year before the table ends: load law_holidays.csv with more years, and add them to the built-in one."""
    today = datetime.now(TOKYO).date()
    assert CALENDAR.days_left(today) >= 366


@pytest.mark.parametrize(
    ("today", "left"),
    [(date(LAST, 12, 31), 0), (date(LAST, 1, 1), 364), (date(LAST + 1, 1, 1), -1), (date(LAST - 1, 12, 31), 365)],
)  # fmt: skip
def test_days_left_counts_to_the_end_of_the_last_year(today: date, left: int) -> None:
    assert CALENDAR.days_left(today) == left


def test_beyond_the_table_nobody_guesses() -> None:
    for day in (date(FIRST - 1, 12, 31), date(LAST + 1, 1, 1)):
        with pytest.raises(CalendarEnded) as caught:
            CALENDAR.is_business_day(day)
        assert f"{day.year}年がありません" in str(caught.value)
        assert "law_holidays.csv を読み込んでください" in str(caught.value)
    with pytest.raises(CalendarEnded):
        CALENDAR.next_business_day(date(LAST, 12, 31))


@pytest.mark.req("C-006")
@pytest.mark.parametrize(
    ("day", "business"),
    [
        (date(2018, 12, 28), True),
        (date(2018, 12, 29), False),
        (date(2020, 12, 29), False),
        (date(2020, 12, 30), False),
        (date(2020, 12, 31), False),
        (date(2019, 1, 1), False),
        (date(2019, 1, 2), False),
        (date(2019, 1, 3), False),
        (date(2019, 1, 4), True),
        (date(2018, 11, 3), False),
        (date(2018, 11, 4), False),
        (date(2018, 11, 5), True),
        (date(2018, 11, 23), False),
    ],
)
def test_week_ends_holidays_and_the_turn_of_the_year_are_no_business_days(day: date, business: bool) -> None:
    assert CALENDAR.is_business_day(day) is business


@pytest.mark.req("C-006")
def test_a_holiday_of_the_operator_counts_like_one_of_the_law() -> None:
    day = date(2018, 11, 7)
    more = BusinessCalendar(frozenset(LAW) | {day}, FIRST, LAST)
    assert (CALENDAR.is_business_day(day), more.is_business_day(day)) == (True, False)
    assert more.next_business_day(date(2018, 11, 6)) == date(2018, 11, 8)


@pytest.mark.parametrize(
    ("day", "following", "on_or_after", "on_or_before"),
    [
        (date(2018, 11, 6), date(2018, 11, 7), date(2018, 11, 6), date(2018, 11, 6)),
        (date(2018, 11, 2), date(2018, 11, 5), date(2018, 11, 2), date(2018, 11, 2)),
        (date(2018, 11, 3), date(2018, 11, 5), date(2018, 11, 5), date(2018, 11, 2)),
        (date(2018, 12, 28), date(2019, 1, 4), date(2018, 12, 28), date(2018, 12, 28)),
        (date(2019, 1, 1), date(2019, 1, 4), date(2019, 1, 4), date(2018, 12, 28)),
        # The longest gap: Saturday 2019-04-27 to Monday 2019-05-06.
        (date(2019, 4, 26), date(2019, 5, 7), date(2019, 4, 26), date(2019, 4, 26)),
        (date(2019, 4, 27), date(2019, 5, 7), date(2019, 5, 7), date(2019, 4, 26)),
        (date(2020, 2, 29), date(2020, 3, 2), date(2020, 3, 2), date(2020, 2, 28)),
    ],
)
def test_the_business_days_around_a_day(
    day: date, following: date, on_or_after: date, on_or_before: date
) -> None:
    assert CALENDAR.next_business_day(day) == following
    assert CALENDAR.on_or_after(day) == on_or_after
    assert CALENDAR.on_or_before(day) == on_or_before


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2018, 11, 1), date(2018, 11, 30)),
        (date(2018, 12, 5), date(2018, 12, 28)),
        (date(2018, 6, 30), date(2018, 6, 29)),
        (date(2020, 2, 1), date(2020, 2, 28)),
        (date(2019, 4, 1), date(2019, 4, 26)),
    ],
)
def test_the_last_business_day_of_a_month(day: date, last: date) -> None:
    assert CALENDAR.last_of_month(day) == last


def test_month_ends_are_right_for_every_day_of_the_table() -> None:
    day = date(FIRST, 1, 1)
    while day.year <= LAST:
        following = first_of_next_month(day)
        assert (following.day, following > day, (following - day).days <= 31) == (1, True, True)
        end = end_of_month(day)
        assert (end.month, end.year, end + timedelta(days=1)) == (day.month, day.year, following)
        assert CALENDAR.last_of_month(day).month == day.month
        day += timedelta(days=1)
