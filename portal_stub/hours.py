"""When the portal may be used. Seed 000 ch. 4 §2 note, ch. 11 §2; C-039 to C-043, S-045 to S-047.

Displays and inputs rest between 7:00 and 8:00; what calls the contract system is open on business days 8:00-20:00.
Business days are those of the law's calendar that the product carries; in years that it does not cover, all days from
Monday to Friday but the turn of the year, since nobody shall be locked out by a table that ended. The insurer's desk
and the public pages are not bound; ``service_hours = false`` in ``portal.toml`` lifts all of it.
"""

import csv
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

import schemas
from sensors.calendar import BusinessCalendar, CalendarEnded
from sensors.windows import CLOSES, OPENS, TOKYO


class Hours(StrEnum):
    """Which hours a page keeps."""

    LIST = "list"
    """Web申込状況一覧, and all displays and inputs: 8:00-翌7:00, every day (C-039, C-041)."""
    CONTRACT = "contract"
    """What calls the contract system, such as 申込み and the details of an application (C-040, C-041)."""


@dataclass(frozen=True)
class Window:
    """Opening times; one that closes earlier than it opens does so the next morning."""

    opens: time
    closes: time
    business_days: bool
    words: str


WINDOWS = {
    Hours.LIST: Window(OPENS, time(7), False, "毎日 8:00～翌7:00"),
    Hours.CONTRACT: Window(OPENS, CLOSES, True, "平日（営業日）8:00～20:00"),
}


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether pages of these hours are open at an instant.

    >>> is_open(Hours.LIST, datetime(2026, 4, 4, 7, 30, tzinfo=TOKYO))
    False
    >>> is_open(Hours.LIST, datetime(2026, 4, 4, 6, 30, tzinfo=TOKYO))
    True
    """
    window, local = WINDOWS[hours], at.astimezone(TOKYO)
    if window.closes < window.opens:
        return not window.closes <= local.time() < window.opens
    return window.opens <= local.time() < window.closes and (
        not window.business_days or is_business_day(local.date())
    )


def opens_next(hours: Hours, at: datetime) -> datetime:
    """The next instant at which pages of these hours open; for instants at which they are closed."""
    window, local = WINDOWS[hours], at.astimezone(TOKYO)
    day = local.date() if local.time() < window.opens else local.date() + timedelta(days=1)
    while window.business_days and not is_business_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, window.opens, TOKYO)


def last_stop(at: datetime) -> datetime:
    """The latest nightly stop (S-046): sessions that were alive then are over (S-047)."""
    local, stop = at.astimezone(TOKYO), WINDOWS[Hours.LIST].closes
    day = local.date() if local.time() >= stop else local.date() - timedelta(days=1)
    return datetime.combine(day, stop, TOKYO)


def is_business_day(day: date) -> bool:
    """Whether 平日 (C-042)."""
    calendar = law_calendar()
    try:
        return calendar.is_business_day(day)
    except CalendarEnded:
        return BusinessCalendar((), day.year, day.year).is_business_day(day)


@cache
def law_calendar() -> BusinessCalendar:
    """The calendar of the law's holidays that the product carries."""
    table = Path(schemas.__file__).parent / "tables" / "law_holidays.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        days = frozenset(date.fromisoformat(row["date"]) for row in csv.DictReader(stream))
    return BusinessCalendar(days, min(days).year, max(days).year)
