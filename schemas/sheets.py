"""Which sheet of a workbook is meant, for who reads it and who writes into it."""

from collections.abc import Sequence

RESULT_SHEET = "検査結果"
"""The sheet of findings that daicho adds to an exporter's workbook; one that is sent in again is no data."""
RESULT_TITLE = "送る前の検査の結果"
"""What its first cell says."""


def first_visible(hidden: Sequence[bool]) -> int | None:
    """The place of the first sheet that its sender sees; None when all are hidden.

    >>> first_visible([True, False, False])
    1
    """
    return next((place for place, unseen in enumerate(hidden) if not unseen), None)
