"""What a submission (申請・通知) is to its sender: receipt, the four statuses and the moves between them.

How a status follows from receipt, verdict and clock is told here once; where the facts are kept is the store's.
"""

import re
from enum import StrEnum

from schemas.characters import visible_lines


class Status(StrEnum):
    """The four words an exporter sees (Seed 000 ch. 9 §4-1 補足2)."""

    BEFORE_ACCEPTANCE = "受付前"
    IN_PROCESS = "処理中"
    DONE = "処理完了"
    NEEDS_CHECK = "申請内容要確認"


MOVES: dict[Status | None, frozenset[Status]] = {
    None: frozenset({Status.BEFORE_ACCEPTANCE, Status.IN_PROCESS}),
    Status.BEFORE_ACCEPTANCE: frozenset({Status.IN_PROCESS}),
    Status.IN_PROCESS: frozenset({Status.DONE, Status.NEEDS_CHECK}),
    Status.DONE: frozenset(),
    Status.NEEDS_CHECK: frozenset(),
}
"""Every allowed move (table C-T1); ``None`` is the moment of sending."""


DROP, PORTAL = "drop", ".portal"
"""Below the home: what is handed in; below that, where only the portal can write, with a folder per holder."""
DROP_MODE = 0o711
"""Of the drop itself: senders pass through it to their own folder and see nobody else's name."""
DISPATCH = re.compile(r"[0-9a-f]{32}")
"""The number that the portal gives to what it sends; the receipt's ``source`` carries it."""
_DISPATCHED = re.compile(r"portal:[^:]*:([0-9a-f]{32})")


def dispatch_source(holder: str, dispatch: str) -> str:
    """The ``source`` of a receipt for what the portal sent: the same however often it is put into the drop."""
    return f"portal:{holder}:{dispatch}"


def dispatch_of(source: str | None) -> str:
    """The portal's number in the ``source`` of a receipt or refusal; empty for what came another way.

    >>> dispatch_of(dispatch_source("990000001", "0" * 32)) == "0" * 32
    True
    """
    found = _DISPATCHED.fullmatch(source or "")
    return found[1] if found else ""


class Refusal(Exception):
    """An upload that is refused at once: nothing is kept of it but the refusal.

    ``code`` is stable for programs, ``message`` is Japanese with the remedy for people; what nobody would see in it
    (a file name, a typed word) is shown as its code point.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = visible_lines(message)
        super().__init__(self.message)
