"""Which contracts 保険契約情報 tells of: the four conditions of Seed 000 ch. 5 §3 ※3, any of which is enough (I-015, I-016).

The numbers are here and nowhere else; what is asked for on top stands in ``conditions``.
"""

from dataclasses import dataclass
from datetime import date

FIRST_MONTH = 4
"""A fiscal year (年度) begins on the first of April (I-016)."""
CONCLUDED_YEARS = 3
"""① concluded in this fiscal year or one of the three before it."""
ENDED_YEARS = 1
"""② liability ends (or ended) in the fiscal year before this one, or later."""
LONG_TERM_YEARS = 2
"""④ 中長期: from conclusion to the end of liability at least so many years, where nobody says it of the contract."""


@dataclass(frozen=True)
class Scope:
    """The conditions as days; ③ (危険・損失発生) is a matter of the losses that are known."""

    concluded_since: date
    ends_since: date
    long_term_years: int = LONG_TERM_YEARS


def scope_on(today: date) -> Scope:
    """What is in scope on a day.

    >>> scope_on(date(2026, 4, 1)).concluded_since, scope_on(date(2026, 3, 31)).ends_since
    (datetime.date(2023, 4, 1), datetime.date(2024, 4, 1))
    """
    year = today.year if today.month >= FIRST_MONTH else today.year - 1
    return Scope(date(year - CONCLUDED_YEARS, FIRST_MONTH, 1), date(year - ENDED_YEARS, FIRST_MONTH, 1))
