"""What this process read lately, by content: one submission is read at the door, for its assessment and for its papers.

Only records are kept, never that a file could not be read: that may have come from a busy machine. How an upload is read
is ``uploads``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daicho.reading.uploads import Wanted
    from pipelines.reading.table import Decoded

MOST_BYTES = 64 << 20
"""Memory of all that is kept; an upload whose records are larger is read each time."""
_Key = tuple[bytes, str, str, int, int]


class Readings:
    """Records by content, name, product, layout and version of the reading; what was asked for longest ago goes first.

    What was found with patience is no answer to whoever would not have waited so long.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, tuple[int, float, Decoded]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, wanted: Wanted) -> Decoded | None:
        """The records, if they are still known and were read within the time that is given now."""
        key = _key(wanted)
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[1] > wanted.bound:
                return None
            self._kept.move_to_end(key)
            return found[2]

    def keep(self, wanted: Wanted, decoded: Decoded) -> None:
        """Remembers the records, unless they are too large."""
        size = decoded.records.estimated_size() + decoded.findings.estimated_size()
        with self._lock:
            self._kept[_key(wanted)] = (int(size), wanted.bound, decoded)
            while sum(size for size, _, _ in self._kept.values()) > MOST_BYTES:
                self._kept.popitem(last=False)

    def forget(self) -> None:
        """Keeps nothing of it."""
        with self._lock:
            self._kept.clear()


def _key(wanted: Wanted) -> _Key:
    content = sha256(wanted.content).digest()
    return content, wanted.file_name, str(wanted.product), wanted.layout, wanted.reading
