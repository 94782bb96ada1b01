"""Business days (営業日) and month arithmetic. Pure: the holidays come in as data.

Source: Seed 000 ch. 9 §4-1 note 2; which days are business days is an assumption (C-006): not Saturdays, Sundays,
national holidays, nor 12/29–1/3.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.submission import Refusal


class CalendarEnded(Refusal):
    """The calendar of the law does not cover the asked day: nothing that depends on it can be said."""

    def __init__(self, message: str) -> None:
        super().__init__("calendar-ended", message)


@dataclass(frozen=True)
class BusinessCalendar:
    """Which days are business days, for the years that the table of holidays covers."""

    holidays: Collection[date]
    first_year: int
    last_year: int

    def is_business_day(self, day: date) -> bool:
        """Whether the insurer works on that day.

        Raises:
            CalendarEnded: when the year is not covered.
        """
        if not self.first_year <= day.year <= self.last_year:
            raise CalendarEnded(
                f"営業日カレンダーに{day.year}年がありません(収録 {self.first_year}~{self.last_year}年)。"
                "law_holidays.csv を読み込んでください。"
            )
        year_end = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
        return day.weekday() < 5 and not year_end and day not in self.holidays

    def next_business_day(self, day: date) -> date:
        """The first business day after ``day``."""
        return self.on_or_after(day + timedelta(days=1))

    def on_or_after(self, day: date) -> date:
        """``day`` itself when it is a business day, else the next one."""
        while not self.is_business_day(day):
            day += timedelta(days=1)
        return day

    def on_or_before(self, day: date) -> date:
        """``day`` itself when it is a business day, else the one before."""
        while not self.is_business_day(day):
            day -= timedelta(days=1)
        return day

    def last_of_month(self, day: date) -> date:
        """The last business day of the month in which ``day`` lies."""
        return self.on_or_before(end_of_month(day))

    def days_left(self, today: date) -> int:
        """Calendar days until the table ends; the operator is warned below 366."""
        return (date(self.last_year, 12, 31) - today).days


def first_of_next_month(day: date) -> date:
    """The 1st of the following month.

    >>> first_of_next_month(date(2018, 12, 31))
    datetime.date(2019, 1, 1)
    """
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def end_of_month(day: date) -> date:
    """The last calendar day of the month.

    >>> end_of_month(date(2020, 2, 1))
    datetime.date(2020, 2, 29)
    """
    return first_of_next_month(day) - timedelta(days=1)
