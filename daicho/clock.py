"""The product's clock: real, standing still, or started at a chosen instant (DAICHO_NOW).

The only place that reads the real time for the business. Leases and settling of dropped files go by real
seconds and are no business of this clock. Which day an instant counts for is ``sensors.windows``.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daicho.settings import Settings
from sensors.windows import TOKYO


class ClockSettingError(ValueError):
    """DAICHO_NOW is not an instant; the message is Japanese."""


@dataclass(frozen=True)
class Clock:
    """Tells the product's time, always aware and in Asia/Tokyo (C-005).

    ``fixed``: the clock stands still there. ``shift``: it runs, that much away from the real clock.
    """

    fixed: datetime | None = None
    shift: timedelta = timedelta()
    real_time_ns: Callable[[], int] = field(default=time.time_ns, repr=False, compare=False)

    @classmethod
    def from_setting(cls, raw: str | None, anchor: Path | None = None) -> "Clock":
        """The clock for the text of DAICHO_NOW; ``None`` or blank is the real clock.

        A running clock (``@`` in front) starts now. With ``anchor``, a file, the start is remembered there,
        so that all processes of one home share one running clock; another text, or no file, starts it anew.

        Raises:
            ClockSettingError: when the text is no ISO instant.

        >>> Clock.from_setting("2018-11-06T09:00").now().isoformat()
        '2018-11-06T09:00:00+09:00'
        >>> Clock.from_setting("2018-11-06T00:00Z").now().isoformat()
        '2018-11-06T09:00:00+09:00'
        """
        text = (raw or "").strip()
        if not text:
            return cls()
        instant = _instant(text.removeprefix("@").strip(), text)
        if not text.startswith("@"):
            return cls(fixed=instant)
        started_ns = time.time_ns() if anchor is None else _started_ns(anchor, text)
        return cls(shift=instant - _from_ns(started_ns))

    @classmethod
    def from_settings(cls, settings: Settings) -> "Clock":
        """The clock of a home; a running one is shared through ``clock.json`` in it."""
        return cls.from_setting(settings.now, settings.home / "clock.json")

    def now(self) -> datetime:
        """The product's present instant."""
        return self.fixed if self.fixed is not None else self._shifted(self.real_time_ns())

    def from_file_time(self, ctime_ns: int) -> datetime:
        """When a file got its final name, by this clock.

        ``ctime_ns`` is the inode change time (``os.stat_result.st_ctime_ns``), real time. A standing clock
        gives its instant (contract §5), a running one the shifted time.
        """
        return self.fixed if self.fixed is not None else self._shifted(ctime_ns)

    def _shifted(self, real_ns: int) -> datetime:
        return (_from_ns(real_ns) + self.shift).astimezone(TOKYO)


def _instant(text: str, shown: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=TOKYO)).astimezone(TOKYO)
    except (ValueError, OverflowError) as error:
        raise ClockSettingError(
            f"DAICHO_NOW「{shown}」は日時として読めません。例: 2018-11-06T09:00:00、または先頭に @ を付けて"
            " @2018-11-06T09:00:00 と指定してください。"
        ) from error


def _from_ns(real_ns: int) -> datetime:
    # Whole microseconds by integer division: a float loses them.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=real_ns // 1000)


def _started_ns(anchor: Path, text: str) -> int:
    """Real time at which this home's running clock was started; remembers the present one if it was not."""
    try:
        known = json.loads(anchor.read_text(encoding="utf-8"))
        if known["setting"] == text:
            return int(known["started_ns"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass  # first start, or a file that is not ours to trust: start anew
    from daicho.folders import PRIVATE, Folder

    started_ns = time.time_ns()
    with Folder.made_at(anchor.parent, 0o700) as home:
        told = json.dumps({"setting": text, "started_ns": started_ns})
        home.write(anchor.name, told.encode(), PRIVATE)
    return started_ns
