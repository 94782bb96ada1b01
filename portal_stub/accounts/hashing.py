"""Comparing and making password hashes, a few at a time: each takes a core for a while, and anybody can ask for one."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import make_password

AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
"""In one process that answers: the other threads go on answering who is logged in."""
LONGEST_WAIT = 5.0
"""Seconds that somebody waits for a turn."""
_turns = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """Too many passwords are being compared just now; nothing was done and nothing counted."""


@contextmanager
def turn() -> Iterator[None]:
    """A turn at hashing.

    Raises:
        Busy: none came in time.
    """
    if not _turns.acquire(timeout=LONGEST_WAIT):
        raise Busy
    try:
        yield
    finally:
        _turns.release()


def matches(user: object | None, password: str) -> bool:
    """Whether it is the user's password; for nobody False, after the same time.

    Raises:
        Busy: see :func:`turn`.
    """
    with turn():
        if user is None:
            make_password(password)
            return False
        return bool(user.check_password(password))  # type: ignore[attr-defined]
