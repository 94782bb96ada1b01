"""Questions to the figures that the feed told: the months of a holder, and the limits that are used most.

Counted is what exists for the user (``visibility``): of the 特約 that are not his there is nothing in a sum (G-021).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from portal_stub.accounts.models import User
from portal_stub.buyers.models import Buyer
from portal_stub.feed.models import LimitUse, MonthFigure
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource

NEAR_PERMILLE = 800
"""From this share of a limit on it is marked (``pipelines.limits``)."""


@dataclass(frozen=True)
class Month:
    """The figures of a month over agreements; what is too large to be known is None."""

    month: date
    applications: int = 0
    lines: int = 0
    insured_yen: int | None = 0
    unconfirmed_yen: int | None = 0
    confirmed_yen: int | None = 0

    @property
    def premium_yen(self) -> int | None:
        """確定 and 未確定 together."""
        return total([self.unconfirmed_yen, self.confirmed_yen])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was accepted in it."""
        return not (self.applications or self.unconfirmed_yen or self.confirmed_yen)


def total(values: Iterable[int | None]) -> int | None:
    """The sum, unknown as soon as one of them is."""
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def months_back(today: date, number: int) -> list[date]:
    """First days of the months up to the present one, that many, oldest first.

    >>> months_back(date(2026, 2, 10), 3)
    [datetime.date(2025, 12, 1), datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)]
    """
    last = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(last - number + 1, last + 1)]


def months_of(user: User, holder: str, months: list[date]) -> list[Month]:
    """The figures of these months, those without anything too."""
    rows = seen(Resource.MONTH_FIGURE, user).filter(
        holder=holder, month__gte=months[0], month__lte=months[-1]
    )
    found: dict[date, list[MonthFigure]] = {month: [] for month in months}
    for row in rows:
        found[row.month].append(row)
    return [
        Month(
            month,
            sum(row.applications for row in parts),
            sum(row.lines for row in parts),
            total(row.insured_yen for row in parts),
            total(row.unconfirmed_yen for row in parts),
            total(row.confirmed_yen for row in parts),
        )
        for month, parts in found.items()
    ]


@dataclass(frozen=True)
class Limit:
    """A limit with the buyer's name, and what is left of it."""

    row: LimitUse
    buyer_name: str

    @property
    def left_yen(self) -> int | None:
        """Negative beyond the limit."""
        if self.row.limit_yen is None or self.row.used_yen is None:
            return None
        return int(self.row.limit_yen - self.row.used_yen)

    @property
    def beyond_yen(self) -> int:
        """By how much it is exceeded."""
        return max(-(self.left_yen or 0), 0)

    @property
    def percent(self) -> int:
        """Used, cut."""
        return int((self.row.used_permille or 0) // 10)

    @property
    def width(self) -> int:
        """Of the bar, in hundredths of the whole."""
        return min(self.percent, 100)


def limits_used(user: User, holder: str, most: int) -> tuple[list[Limit], int]:
    """The limits of which most is used, and how many are marked (from 80 %) altogether."""
    rows = seen(Resource.LIMIT_USE, user).filter(holder=holder, used_permille__gt=0)
    marked = rows.filter(used_permille__gte=NEAR_PERMILLE).count()
    shown = list(rows.order_by("-used_permille", "agreement", "buyer")[:most])
    names = dict(Buyer.objects.filter(code__in=[row.buyer for row in shown]).values_list("code", "name"))
    return [Limit(row, names.get(row.buyer, "")) for row in shown], marked
