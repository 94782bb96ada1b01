"""Asking for background work, and what may be done to it. Each deed is one transaction."""

import time
from datetime import datetime, timedelta
from datetime import time as day_time
from typing import Any, BinaryIO
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from portal_stub import clock
from portal_stub.accounts.models import Holder, User
from portal_stub.jobs.models import Job
from portal_stub.jobs.registry import SHELF, kind_named
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.submission import Refusal
from sensors.windows import TOKYO

MOST_WAITING_OF_HOLDER, MOST_WAITING = 50, 1000
"""Unfinished jobs of one holder, and of all together: nobody fills the queue before the others."""


class QueueFull(Refusal):
    """There is too much unfinished work; nothing was asked for."""

    def __init__(self, of_holder: bool) -> None:
        whose = "貴社が依頼した" if of_holder else "依頼された"
        super().__init__(
            "queue-full",
            f"{whose}作成がたくさん残っているため、新しい依頼を受け付けられません。終わるのを待って、もう一度操作してください。",
        )


class NoFile(Exception):
    """The job has no file (yet, or any more)."""


@transaction.atomic
def ask(
    user: User,
    kind: str,
    parameters: dict[str, Any],
    *,
    holder: Holder | None = None,
    urgent: bool | None = None,
    most: int | None = None,
    lives_days: int | None = None,
) -> Job:
    """Asks for work; it begins when the worker comes to it.

    Args:
        user: who asks.
        kind: the name of the work (``registry``).
        parameters: what the work needs, as JSON.
        holder: whose data it is about; by default the user's own holder.
        urgent: whether it goes before others; by default as its kind says.
        most: so many of this kind and user exist at most, unfinished ones included; the oldest requests go (C-029).
        lives_days: on the so-manieth day after the request it is gone from the lists (C-028).

    Raises:
        QueueFull: for the user's holder, or for everybody.
    """
    now = clock.now()
    _check_queue(holder or user.holder)
    row = Job.objects.create(
        id=uuid4().hex,
        number=time.time_ns(),
        kind=kind,
        user=user,
        holder=holder or user.holder,
        parameters=parameters,
        urgent=kind_named(kind).urgent if urgent is None else urgent,
        asked_at=now,
        expires_at=None if lives_days is None else _start_of_day(now, lives_days),
    )
    if most is not None:
        for old in Job.objects.filter(user=user, kind=kind).order_by("-number")[most:]:
            remove(old)
    return row


def _check_queue(holder: Holder) -> None:
    unfinished = Job.objects.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])
    for waiting, most, of_holder in (
        (unfinished.filter(holder=holder), MOST_WAITING_OF_HOLDER, True),
        (unfinished, MOST_WAITING, False),
    ):
        if waiting.count() >= most:
            raise QueueFull(of_holder)


def _start_of_day(now: datetime, days: int) -> datetime:
    return datetime.combine(now.astimezone(TOKYO).date() + timedelta(days), day_time(0), TOKYO)


def shown(user: User, kind: str) -> Any:
    """The jobs of a kind that a user asked for and still has in his lists, newest first.

    One whose file tells more than he may see now is among them: ``visibility.may_see`` tells it.
    """
    return seen(Resource.JOB, user).filter(kind=kind)


def place(job: Job) -> int:
    """How many jobs the worker does up to this one, itself included; 0 when it is under way or over."""
    if job.state != Job.State.WAITING:
        return 0
    earlier = Q(number__lt=job.number)
    before = earlier & Q(urgent=True) if job.urgent else earlier | Q(urgent=True)
    return int(Job.objects.filter(before, state=Job.State.WAITING).count()) + 1


def remove(job: Job) -> None:
    """Takes a job away; one that is under way ends without leaving anything."""
    Job.objects.filter(pk=job.pk).delete()


def opened(job: Job, key: str = "") -> BinaryIO:
    """The file of a job, or with ``key`` a further one, open for reading.

    Raises:
        NoFile: there is none.
    """
    sha256 = job.more_files.get(key, {}).get("sha256") if key else job.sha256
    if job.state != Job.State.DONE or not sha256:
        raise NoFile(job.pk)
    try:
        return SHELF.read(sha256)
    except FileNotFoundError as error:
        raise NoFile(job.pk) from error


def tidy() -> int:
    """Takes away what nobody sees any more, and files that no job names; how many jobs went."""
    gone, _ = Job.objects.filter(expires_at__isnull=False, expires_at__lte=clock.now()).delete()
    in_use = set(Job.objects.exclude(sha256="").values_list("sha256", flat=True))
    for more in Job.objects.exclude(more_files={}).values_list("more_files", flat=True):
        in_use |= {told["sha256"] for told in more.values()}
    SHELF.sweep(in_use)
    return int(gone)
