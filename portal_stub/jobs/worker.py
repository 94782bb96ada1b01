"""Doing what was asked for, beside the processes that answer pages.

A job is claimed by a conditional update for a minute of real time, renewed while its work goes on. Whoever is killed
leaves a claim that runs out, and another process begins the job anew; nothing of the first attempt is left, since a
file appears only with the end of its job. Several workers may run at once.

No job takes longer than its limit: the system ends the process that is still at it, whatever it is doing – a library that
holds the interpreter, too – and the next one tells the job as failed instead of beginning it anew.
"""

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import close_old_connections, connection
from django.db.models import Q

from portal_stub import clock
from portal_stub.jobs.models import Job
from portal_stub.jobs.registry import Running, kind_named
from portal_stub.visibility.judging import may_see
from schemas.submission import Refusal

_LEASE, _RENEWED = 60, 15
"""Real seconds: how long a claim holds, and how often it is renewed."""
_MOST_ATTEMPTS = 3
MOST_SECONDS = 900
"""Real seconds that a job may take. The longest honest one, three years of data of a large holder, takes a few minutes."""
_PAUSE = 0.3
FAILED = (
    "予期しないエラーが続いたため、作成できませんでした。時間をおいてもう一度お試しいただくか、"
    "お問い合わせ窓口にご連絡ください。"
)
TOO_LONG = (
    "時間がかかりすぎるため、作成をやめました。ファイルや条件を分けてもう一度お試しいただくか、"
    "お問い合わせ窓口にご連絡ください。"
)


def forever(urgent_only: bool) -> None:
    """Works until the process ends; ends it when a job exceeds its limit. Whoever started it starts another one."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    while True:
        try:
            idle = run_due(urgent_only=urgent_only, most=1, ends_process=True) == 0
        except Exception:
            # A database that cannot be reached now is there again later.
            logging.getLogger(__name__).exception("jobs could not be done")
            idle = True
        if idle:
            close_old_connections()
            time.sleep(_PAUSE)


def run_due(most: int | None = None, *, urgent_only: bool = False, ends_process: bool = False) -> int:
    """Does what waits, in this process, urgent work first; how many jobs were done.

    ``ends_process``: a job that exceeds its limit takes the process with it.
    """
    done = 0
    while most is None or done < most:
        row = _claimed(urgent_only)
        if row is None:
            break
        with _limited(ends_process):
            _do(row)
        done += 1
    return done


@contextmanager
def _limited(ends_process: bool) -> Iterator[None]:
    """The system's alarm, which needs nobody's turn: its signal is answered by no handler and ends the process."""
    if not ends_process:
        yield  # the alarm of a process is its owner's
        return
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _claimed(urgent_only: bool) -> Job | None:
    """The next job, in our hands."""
    now = int(time.time())
    free = Q(state=Job.State.WAITING) | Q(state=Job.State.RUNNING, claimed_until__lt=now)
    if urgent_only:
        free &= Q(urgent=True)
    overdue = Job.objects.filter(state=Job.State.RUNNING, claimed_until__lt=now, given_up_at__range=(1, now))
    overdue.update(
        state=Job.State.FAILED, words=TOO_LONG, progress=100, ended_at=clock.now(), claimed_until=0
    )
    for row in Job.objects.filter(free).order_by("-urgent", "number")[:20]:
        mine = Job.objects.filter(free, pk=row.pk, attempts=row.attempts).update(
            state=Job.State.RUNNING,
            claimed_until=now + _LEASE,
            given_up_at=now + MOST_SECONDS,
            attempts=row.attempts + 1,
            started_at=clock.now(),
            progress=0,
            words="",
        )
        if mine == 1:
            row.refresh_from_db()
            return row
    return None


def _do(row: Job) -> None:
    """Works on a claimed job; its end is written only if the job is still ours and still wanted."""
    running = Running(row)
    if row.attempts > _MOST_ATTEMPTS:
        _end(row, Job.State.FAILED, FAILED)
        return
    try:
        _judge(row)
        with _kept(row):
            result = kind_named(row.kind).work(running)
    except Refusal as refusal:
        _forget_files(row)
        row.result = {"refused": refusal.code}
        _end(row, Job.State.FAILED, refusal.message)
        return
    except Exception:
        logging.getLogger(__name__).exception("job %s failed", row)
        if row.attempts >= _MOST_ATTEMPTS:
            _forget_files(row)
            _end(row, Job.State.FAILED, FAILED)
        else:
            _mine(row).update(state=Job.State.WAITING, claimed_until=0)
        return
    row.result = result or {}
    _end(row, Job.State.DONE, "")


def _judge(row: Job) -> None:
    """What may be read is asked of the rights of this moment, not of those of the request.

    Raises:
        Refusal: ``rights-narrowed``.
    """
    if not row.user.active or not may_see(row.user, row):
        raise Refusal(
            "rights-narrowed",
            "作成を依頼した後に参照できる範囲が変わったため、作成しませんでした。"
            "一覧を開き直し、表示されているものからもう一度作成してください。",
        )


def _forget_files(row: Job) -> None:
    row.file_name = row.sha256 = ""
    row.more_files = {}


def _mine(row: Job) -> Any:
    return Job.objects.filter(pk=row.pk, state=Job.State.RUNNING, attempts=row.attempts)


def _end(row: Job, state: Any, words: str) -> None:
    _mine(row).update(
        state=state,
        words=words,
        progress=100,
        result=row.result,
        file_name=row.file_name,
        sha256=row.sha256,
        size=row.size,
        more_files=row.more_files,
        ended_at=clock.now(),
        claimed_until=0,
    )


@contextmanager
def _kept(row: Job) -> Iterator[None]:
    """Renews the claim while the work goes on."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_RENEWED):
            # Not beyond its limit: what comes after it is for the next process to tell.
            _mine(row).update(claimed_until=min(int(time.time()) + _LEASE, row.given_up_at))
        connection.close()

    thread = threading.Thread(target=renew, daemon=True, name=f"claim of {row.pk}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
