"""When an upload sent now would be accepted, in words for the page before the click. Seed 000 ch. 9 §4-1 補足2; C-001 to C-008.

What counts is judged at the click by ``sending``; here stands only what is told beforehand.
"""

from dataclasses import dataclass
from datetime import date, datetime

from portal_stub.feed.calendar import calendar
from schemas.submission import Refusal
from sensors.calendar import CalendarEnded
from sensors.windows import OPENS, SAME_DAY_ENDS, TOKYO, acceptance_day

_WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True)
class Window:
    """The acceptance window at an instant."""

    is_open: bool
    day: date
    """受理日 of what is sent now; when closed, of what is sent at the next opening."""
    next_day: date
    """受理日 of what is sent after 17:30 of ``day``."""
    is_evening: bool
    """17:30 to 20:00: open, and already for the next business day."""

    @property
    def words(self) -> str:
        """受理日 with its day of the week."""
        return day_words(self.day)

    @property
    def next_words(self) -> str:
        """The day after it."""
        return day_words(self.next_day)


def window_at(now: datetime) -> Window | None:
    """The window at an instant, by the pipeline's business calendar; None beyond the years that it knows."""
    try:
        return _window(now)
    except CalendarEnded:
        return None


def _window(now: datetime) -> Window:
    days, local = calendar(), now.astimezone(TOKYO)
    try:
        day = acceptance_day(now, days)
    except Refusal:
        today = local.date()
        before = days.is_business_day(today) and local.time() < OPENS
        day = today if before else days.next_business_day(today)
        return Window(False, day, days.next_business_day(day), False)
    return Window(True, day, days.next_business_day(day), local.time() >= SAME_DAY_ENDS)


def day_words(day: date) -> str:
    """A day as people say it.

    >>> day_words(date(2018, 11, 6))
    '11月6日（火）'
    """
    return f"{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"
