"""Insurance years (保険年度) of an agreement: each begins on the anniversary of its first day.

企総 agreements last a year at most, so that a row is one year; a 簡易 agreement runs on and is renewed every year
(Seed 004 企総(4), 簡易(4) "更改").
"""

from datetime import date, timedelta


def insurance_year(valid_from: date, valid_to: date | None, day: date) -> tuple[date, date]:
    """First and last day of the insurance year that contains ``day``.

    Args:
        valid_from: first day of the agreement's period.
        valid_to: its last day, or None while it runs on.
        day: a day of the period.

    >>> insurance_year(date(2024, 4, 1), None, date(2026, 3, 31))
    (datetime.date(2025, 4, 1), datetime.date(2026, 3, 31))
    >>> insurance_year(date(2024, 2, 29), date(2025, 6, 30), date(2025, 3, 1))
    (datetime.date(2025, 3, 1), datetime.date(2025, 6, 30))
    """
    years = day.year - valid_from.year
    start = _anniversary(valid_from, years)
    if start > day:
        years -= 1
        start = _anniversary(valid_from, years)
    end = _anniversary(valid_from, years + 1) - timedelta(days=1)
    return start, min(end, valid_to) if valid_to else end


def _anniversary(day: date, years: int) -> date:
    """The same day of a later year; 29 February becomes 1 March, so that no year is a day longer."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
