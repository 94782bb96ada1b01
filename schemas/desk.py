"""What the insurer's desk asks of the pipeline through the desk folder: names, places and the shape of a request.

The portal writes requests, the pipeline answers them (docs/developer.md). Reading and writing files is theirs; no
rule lives here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from schemas.submission import Refusal

FOLDER = "desk"
"""Below the home."""
ANSWERS, DONE = "answers", "done"
"""Below the desk folder: answers of the pipeline, and the requests that were taken."""
MANIFEST = "manifest.json"
"""The request in a folder of reference tables."""
REQUEST_ID = re.compile(r"[0-9a-f]{32}")
ANSWERED = "desk-answered"
"""Kind of the event that tells how a request ended."""
MOST_BY, MOST_REASON = 100, 500


class Wish(StrEnum):
    """What is asked for."""

    RELEASE = "release"
    """A held submission goes on."""
    REFUSE = "refuse"
    """A held submission becomes 申請内容要確認."""
    TABLES = "tables"
    """Reference tables are loaded."""


@dataclass(frozen=True)
class DeskRequest:
    """One request. Its id makes it happen once, however often it is sent."""

    id: str
    kind: str
    subject: str
    """The submission id, or the names of the tables with commas between."""
    by: str
    """The name of the person."""
    login_id: str
    reason: str
    at: str
    """When it was asked for, ISO."""

    def text(self) -> str:
        """As it stands in the file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


def request_of(text: str, name: str) -> DeskRequest:
    """The request in a file called ``name``.

    Raises:
        Refusal: ``desk-unreadable``, ``desk-incomplete``; it says what the file should be.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, Mapping):
        raise Refusal(
            "desk-unreadable",
            f"「{name}」をデスクの依頼として読めません。ポータルのデスクから依頼し直してください。",
        )
    found = {field.name: _line(told.get(field.name)) for field in fields(DeskRequest)}
    missing = [field for field, value in found.items() if not value]
    wrong = [] if found["kind"] in set(Wish) else ["kind"]
    wrong += [] if REQUEST_ID.fullmatch(found["id"]) else ["id"]
    wrong += ["by"] if len(found["by"]) > MOST_BY else []
    wrong += ["reason"] if len(found["reason"]) > MOST_REASON else []
    if missing or wrong:
        raise Refusal(
            "desk-incomplete",
            f"「{name}」の {'、'.join(dict.fromkeys(missing + wrong))} が正しくありません。"
            "依頼した人、理由、対象を確かめて、ポータルのデスクから依頼し直してください。",
        )
    return DeskRequest(**found)


def _line(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
