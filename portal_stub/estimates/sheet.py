"""The sheet of a 試算: what was typed into every 枝, kept in the page itself and nowhere else (J-007, J-008, J-017).

The 枝 on the screen travels in its own controls, all others as text in one hidden item. What comes back from a browser
is only text: whatever is not an item of the product is dropped, and nothing of it can fail.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal_stub.accounts.fields import number_of

MOST_BRANCHES = 99
"""A 枝番 has two digits (J-012)."""
LONGEST = 200
"""Characters of one item that travel; what is longer is wrong anyhow."""

_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
"""What JSON can smuggle past the check of requests (``pages.middleware``), and no page can show."""
Values = dict[str, str]


@dataclass
class Sheet:
    """Items that all 枝 share, the 枝, and which of them is on the screen (from 0)."""

    items: Sequence[str]
    shared_items: Sequence[str]
    shared: Values = field(default_factory=dict)
    branches: list[Values] = field(default_factory=lambda: [{}])
    at: int = 0

    @classmethod
    def sent(cls, items: Sequence[str], shared_items: Sequence[str], posted: Mapping[str, Any]) -> "Sheet":
        """The sheet as a page of ours sends it."""
        branches = _kept(posted.get("kept", ""), items)
        at = min(number_of(posted.get("at", "")) or 0, len(branches) - 1)
        branches[at] = _values(posted, items)
        return cls(items, shared_items, _values(posted, shared_items), branches, at)

    @property
    def kept(self) -> str:
        """All 枝 as the hidden item carries them."""
        return json.dumps(
            [{name: value for name, value in branch.items() if value} for branch in self.branches],
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @property
    def number(self) -> int:
        """The number of the 枝 on the screen, from 1."""
        return self.at + 1

    @property
    def full(self) -> bool:
        """Whether no 枝 can be added."""
        return len(self.branches) >= MOST_BRANCHES

    def add(self, blank: Values) -> None:
        """「枝追加」: a new 枝 behind the last one, shown at once; nothing when there are 99."""
        if not self.full:
            self.branches.append(dict(blank))
            self.at = len(self.branches) - 1

    def remove(self) -> None:
        """「枝削除」: the 枝 on the screen goes; the only one stays."""
        if len(self.branches) > 1:
            del self.branches[self.at]
            self.at = max(self.at - 1, 0)

    def back(self) -> None:
        """「枝後退＜」."""
        self.at = max(self.at - 1, 0)

    def forward(self) -> None:
        """「枝前進＞」."""
        self.at = min(self.at + 1, len(self.branches) - 1)

    def clear(self, blank: Values) -> None:
        """「入力クリア」: the 枝 on the screen as it was opened; the others stay."""
        self.branches[self.at] = dict(blank)


def _values(source: Mapping[str, Any], names: Sequence[str]) -> Values:
    found = {name: source.get(name, "") for name in names}
    return {
        name: value[:LONGEST] if isinstance(value, str) and not _UNREADABLE.search(value) else ""
        for name, value in found.items()
    }


def _kept(text: str, items: Sequence[str]) -> list[Values]:
    """The 枝 of the hidden item; one empty 枝 when it does not hold any."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    rows = found if isinstance(found, list) else []
    branches = [_values(row, items) for row in rows[:MOST_BRANCHES] if isinstance(row, dict)]
    return branches or [{}]
