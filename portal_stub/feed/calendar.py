"""The pipeline's business calendar as the feed told it: what an upload sent now is accepted on. No page in here."""

from portal_stub.feed.models import ClosedDay
from portal_stub.feed.receiving import tables_position
from portal_stub.hours import law_calendar
from sensors.calendar import BusinessCalendar

_known: dict[str, BusinessCalendar] = {}


def calendar() -> BusinessCalendar:
    """The calendar with the operator's own closed days; before the first feed that of the law."""
    state = tables_position()
    found = _known.get(state)
    if found is None:
        days = frozenset(ClosedDay.objects.values_list("day", flat=True))
        # Every year that the table covers has its 元日; a single day of the operator's does not make a year.
        years = [day.year for day in days if (day.month, day.day) == (1, 1)]
        found = BusinessCalendar(days, min(years), max(years)) if years else law_calendar()
        _known.clear()
        _known[state] = found
    return found  # not looked up again: another thread may have cleared it meanwhile
