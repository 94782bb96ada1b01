"""Where the bars of the premium chart stand, in whole units of its drawing (``feed/parts/chart.html``). Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal_stub.feed.figures import Month

STEP, BAR, TOP, HEIGHT = 24, 16, 8, 96
"""Width of a month and of its bar; the upper edge of the bars and how high they are together."""


@dataclass(frozen=True)
class Rect:
    """One part of a bar; ``kind`` is its class."""

    kind: str
    x: int
    y: int
    height: int
    width: int = BAR


@dataclass(frozen=True)
class Chart:
    """The drawing: parts of bars, the line of zero, and what is written below."""

    rects: tuple[Rect, ...]
    zero: int
    labels: tuple[tuple[int, str], ...]
    """Middle of a month, and its number."""
    years: tuple[tuple[int, str], ...]
    """Left edge of the first month that is shown of a year, and the year."""
    width: int
    height: int
    greatest_yen: int


def chart(months: Sequence[Month]) -> Chart:
    """The chart of these months. Premiums stand above the line of zero, returns that are greater below it."""
    parts = [(month.confirmed_yen or 0, month.unconfirmed_yen or 0) for month in months]
    above = max((sum(max(yen, 0) for yen in pair) for pair in parts), default=0)
    below = max((sum(max(-yen, 0) for yen in pair) for pair in parts), default=0)
    span = max(above + below, 1)
    zero = TOP + HEIGHT * above // span if above + below else TOP + HEIGHT
    rects = []
    for number, pair in enumerate(parts):
        x = number * STEP + (STEP - BAR) // 2
        up = down = 0
        for kind, yen in zip(("confirmed", "unconfirmed"), pair, strict=True):
            if yen > 0:
                # Both edges are rounded from the sum, so that parts of a bar meet and none is lost.
                low, high = HEIGHT * up // span, HEIGHT * (up + yen) // span
                rects.append(Rect(kind, x, zero - max(high, low + 1), max(high - low, 1)))
                up += yen
            elif yen < 0:
                low, high = HEIGHT * down // span, HEIGHT * (down - yen) // span
                rects.append(Rect(kind, x, zero + low, max(high - low, 1)))
                down -= yen
    days = [month.month for month in months]
    labels = tuple((number * STEP + STEP // 2, str(day.month)) for number, day in enumerate(days))
    years = tuple(
        (number * STEP, f"{day.year}年") for number, day in enumerate(days) if number == 0 or day.month == 1
    )
    return Chart(tuple(rects), zero, labels, years, len(parts) * STEP, TOP + HEIGHT + 34, above)
