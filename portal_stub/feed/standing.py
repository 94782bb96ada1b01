"""How a hand-in stands, in words that a person waiting for it can use: status, place in the queue, when its モニタリスト comes.

Told from the read model alone, so it is as new as the last feed. What a time is expected from is how long the last ones
took; where nothing is known, nothing is promised. The pages are elsewhere. C-018, D-002, D-003.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Sum

from portal_stub.feed.models import Document, Submission
from schemas.submission import Status
from sensors.windows import opening_of

RECENT = 30
"""So many of the last decided submissions tell how quick the pipeline is."""
_ENOUGH = 3
_PAPER_PATIENCE = timedelta(hours=1)
"""So long after a verdict its モニタリスト is waited for; it is on its page anyway once it is there."""
SOON, LATER, SELDOM = 3, 15, 60
"""Seconds between two looks: with something about to happen, far back in the queue, and waiting for a person or a day."""
_FAR_BACK = 20


@dataclass(frozen=True)
class Standing:
    """What is shown of one hand-in."""

    key: str
    """Under which it is asked for again."""
    status: Status
    words: tuple[str, ...]
    """What is behind the status; none when it says all."""
    pause: int
    """Seconds until it is worth asking again; 0: nothing more will come."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come."""
        return self.pause == 0

    @property
    def digest(self) -> str:
        """Differs when something else is to be shown."""
        told = "\n".join([self.status, *self.words, str(self.pause)])
        return hashlib.sha256(told.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Pace:
    """How quick the pipeline was lately: ``start`` seconds until anything happens, and seconds per record."""

    start: float
    per_record: float

    @classmethod
    def of(cls, samples: Sequence[tuple[float, int]]) -> "Pace | None":
        """From pairs of seconds and records of the last submissions; None for too few of them.

        The start is what small ones take; what big ones take beyond it is put down to their records.
        """
        if len(samples) < _ENOUGH:
            return None
        by_size = sorted(samples, key=lambda sample: sample[1])
        start = float(median(seconds for seconds, _ in by_size[: max(len(by_size) // 3, _ENOUGH)]))
        records = sum(count for _, count in by_size)
        beyond = sum(max(seconds - start, 0.0) for seconds, _ in by_size)
        return cls(start, beyond / records if records else 0.0)

    @classmethod
    def lately(cls) -> "Pace | None":
        """Of the read model as it is: from receipt, or the opening of the acceptance day, to the モニタリスト."""
        rows = Submission.objects.exclude(verdict="").order_by("-receipt_no")[:RECENT]
        decided = list(rows.values_list("pk", "received_at", "acceptance_date", "declared_count"))
        made = dict(
            Document.objects.filter(
                kind="monitor_list", submission_id__in=[row[0] for row in decided]
            ).values_list("submission_id", "created_at")
        )
        return cls.of(
            [
                (max((made[name] - max(received, opening_of(day))).total_seconds(), 0.0), count)
                for name, received, day, count in decided
                if name in made
            ]
        )


@dataclass
class Waiting:
    """What standings of one page share: the clock, and the pace, asked for at most once."""

    now: datetime
    _pace: "list[Pace | None] | None" = None

    def pace(self) -> "Pace | None":
        """The present pace."""
        if self._pace is None:
            self._pace = [Pace.lately()]
        return self._pace[0]


def standing(key: str, told: Submission | None, refusal: str, waiting: Waiting) -> Standing:
    """The standing of a hand-in.

    Args:
        key: under which it is asked for.
        told: what the feed told of it, None as long as it did not.
        refusal: why it was refused at the pipeline's door.
        waiting: shared by those of one page.
    """
    if told is None:
        if refusal:
            return Standing(key, Status.NEEDS_CHECK, ("受け付けられませんでした。", refusal), 0)
        return Standing(key, Status.BEFORE_ACCEPTANCE, ("送信しました。受付の処理を待っています。",), SOON)
    status = told.status_at(waiting.now)
    if told.verdict:
        return _decided(key, told, status, waiting.now)
    if status == Status.BEFORE_ACCEPTANCE:
        day = told.acceptance_date
        when = f"{day.month}月{day.day}日 8:00"
        return Standing(
            key, status, (f"{when} に受理し、処理を始めます。", f"モニタリスト: {when} 以降"), SELDOM
        )
    if told.held:
        return Standing(
            key, status, ("保留中: 担当者の決定を待っています。", "モニタリスト: 決定の後"), SELDOM
        )
    if told.waits_for and Submission.objects.filter(pk=told.waits_for, held=True).exists():
        words = f"同じ申込みの {told.waits_for} が保留中のため、その決定を待っています。"
        return Standing(key, status, (words, "モニタリスト: 決定の後"), SELDOM)
    before, records = _before(told, waiting.now)
    place = "順番: 次に処理します。" if before == 0 else f"順番: {before + 1}番目（前に{before}件）"
    expected = f"モニタリスト: {_expected(told, before, records, waiting)}"
    return Standing(key, status, (place, expected), SOON if before < _FAR_BACK else LATER)


def _decided(key: str, told: Submission, status: Status, now: datetime) -> Standing:
    if told.decided_at is None or now - told.decided_at > _PAPER_PATIENCE:
        return Standing(key, status, (), 0)
    if Document.objects.filter(submission_id=told.pk, kind="monitor_list").exists():
        return Standing(key, status, ("モニタリストができました。",), 0)
    return Standing(key, status, ("モニタリストを作成しています。",), SOON)


def _before(told: Submission, now: datetime) -> tuple[int, int]:
    """How many submissions are decided before this one, and how many records they have together."""
    found: dict[str, Any] = (
        Submission.objects.in_status(Status.IN_PROCESS, now)
        .filter(receipt_no__lt=told.receipt_no, held=False)
        .exclude(waits_for__in=Submission.objects.filter(held=True).values("pk"))
        .aggregate(number=Count("pk"), records=Sum("declared_count"))
    )
    return int(found["number"]), int(found["records"] or 0)


def _expected(told: Submission, before: int, records: int, waiting: Waiting) -> str:
    """When its モニタリスト can be expected, in words."""
    pace = waiting.pace()
    if pace is None:
        return "数分かかることがあります"
    began = max(told.received_at, opening_of(told.acceptance_date))
    elapsed = max((waiting.now - began).total_seconds(), 0.0)
    own = pace.start + pace.per_record * told.declared_count
    if before == 0 and elapsed > max(3 * own, 120):
        return "通常より時間がかかっています"
    seconds = max(pace.start - elapsed, 0.0) + pace.per_record * (records + told.declared_count)
    return in_words(seconds)


def in_words(seconds: float) -> str:
    """A span from now on, no more exact than it can be.

    >>> in_words(20), in_words(61), in_words(7000)
    ('1分以内', 'およそ2分後', 'およそ2時間後')
    """
    if seconds <= 60:
        return "1分以内"
    minutes = int(-(-seconds // 60))
    return f"およそ{minutes}分後" if minutes < 90 else f"およそ{-(-minutes // 60)}時間後"
