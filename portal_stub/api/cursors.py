"""Where a page of a list ended: opaque to programs, and steady while new rows come above."""

import base64
import binascii
from datetime import datetime

from portal_stub.api.problems import Problem

LONGEST = 400


def cursor(*parts: str) -> str:
    """A cursor of the last row's sort keys."""
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


def place_of(text: str, parts: int) -> list[str]:
    """The keys in a cursor.

    Raises:
        Problem: ``invalid-request`` for what no answer of ours contained.
    """
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise _unknown() from error
    keys = found.split("\n")
    if len(keys) != parts or "\0" in found:
        raise _unknown()
    return keys


def instant_and_id(text: str) -> tuple[datetime, str]:
    """The same for lists in order of time.

    Raises:
        Problem: as above.
    """
    at, name = place_of(text, 2)
    try:
        found = datetime.fromisoformat(at)
    except ValueError as error:
        raise _unknown() from error
    if found.utcoffset() is None or not 1900 <= found.year <= 2999:
        raise _unknown()
    return found, name


def number(text: str) -> int:
    """The same for lists in order of a number.

    Raises:
        Problem: as above.
    """
    (found,) = place_of(text, 1)
    if not (found.isascii() and found.isdigit() and len(found) <= 9):
        raise _unknown()
    return int(found)


def _unknown() -> Problem:
    fault = {"place": "cursor", "message": "前の応答の next をそのまま指定してください。"}
    return Problem("invalid-request", errors=[fault])
