"""Background jobs: order, files whole or not at all, faults and killed workers, how many and how long they stay."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal_stub.accounts.models import Holder
from portal_stub.jobs import registry, rules, worker
from portal_stub.jobs.models import Job
from portal_stub.jobs.registry import SHELF, Kind, Running
from schemas.submission import Refusal
from tests.portal.conftest import Hand, World

pytestmark = pytest.mark.dialect


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Registers work for one test."""

    def add(name: str, work: Callable[[Running], Any], urgent: bool = False) -> None:
        monkeypatch.setitem(registry._KINDS, name, Kind(work, urgent, lambda user, row: True))

    return add


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_work_is_done_and_its_file_can_be_fetched(world: World, kinds: Callable[..., None]) -> None:
    def work(running: Running) -> dict[str, int]:
        running.tell(40, "検査しています")
        assert fresh(running.job).progress == 40
        assert fresh(running.job).words == "検査しています"
        with running.write("結果.csv") as stream:
            stream.write(running.parameters["text"].encode())
        assert not fresh(running.job).sha256, "the file appears with the end"
        return {"rows": 1}

    kinds("a", work)
    job = rules.ask(world.applicant, "a", {"text": "内容"})
    with pytest.raises(rules.NoFile):
        rules.opened(job)
    assert rules.place(job) == 1
    assert worker.run_due() == 1
    done = fresh(job)
    assert (done.state, done.result, done.file_name, done.size) == ("done", {"rows": 1}, "結果.csv", 6)
    with rules.opened(done) as stream:
        assert stream.read().decode() == "内容"
    assert worker.run_due() == 0


def test_urgent_work_goes_first_and_places_tell_so(world: World, kinds: Callable[..., None]) -> None:
    order: list[str] = []
    kinds("slow", lambda running: order.append(running.parameters["name"]))
    kinds("quick", lambda running: order.append(running.parameters["name"]), urgent=True)
    jobs = [
        rules.ask(world.applicant, kind, {"name": name})
        for kind, name in (("slow", "1"), ("slow", "2"), ("quick", "3"), ("quick", "4"))
    ]
    assert [rules.place(job) for job in jobs] == [3, 4, 1, 2]
    assert worker.run_due(urgent_only=True) == 2
    worker.run_due()
    assert order == ["3", "4", "1", "2"]


def test_a_refusal_ends_it_with_its_words(world: World, kinds: Callable[..., None]) -> None:
    def work(running: Running) -> None:
        with running.write("half.csv") as stream:
            stream.write(b"half")
        raise Refusal("count-mismatch", "件数が一致しません。")

    kinds("a", work)
    job = rules.ask(world.applicant, "a", {})
    worker.run_due()
    done = fresh(job)
    assert (done.state, done.words, done.sha256) == ("failed", "件数が一致しません。", "")
    assert done.result == {"refused": "count-mismatch"}


def test_a_fault_is_tried_again_and_given_up_at_last(world: World, kinds: Callable[..., None]) -> None:
    tries = []

    def work(running: Running) -> None:
        tries.append(1)
        raise OSError("disk full")

    kinds("a", work)
    job = rules.ask(world.applicant, "a", {})
    worker.run_due()
    done = fresh(job)
    assert len(tries) == 3
    assert (done.state, done.words) == ("failed", worker.FAILED)


def test_the_work_of_a_killed_process_is_begun_anew(
    world: World, kinds: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(running: Running) -> None:
        with running.write("half.csv") as stream:
            stream.write(b"half")
        raise Killed

    kinds("a", dies)
    job = rules.ask(world.applicant, "a", {})
    with pytest.raises(Killed):
        worker.run_due()
    assert fresh(job).state == "running"
    assert not fresh(job).sha256
    kinds("a", lambda _: {"again": True})
    assert worker.run_due() == 0, "its claim still holds"
    later = worker.time.time() + worker._LEASE + 2
    monkeypatch.setattr(worker.time, "time", lambda: later)
    assert worker.run_due() == 1
    assert fresh(job).result == {"again": True}


def test_a_job_that_exceeded_its_limit_is_told_as_failed_and_not_begun_anew(
    world: World, kinds: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def killed(_: Running) -> None:
        begun.append(1)
        raise KeyboardInterrupt

    kinds("a", killed)
    job = rules.ask(world.applicant, "a", {})
    with pytest.raises(KeyboardInterrupt):
        worker.run_due()
    at = time.time()
    monkeypatch.setattr(worker.time, "time", lambda: at + worker.MOST_SECONDS + 61)
    assert worker.run_due() == 0
    assert (fresh(job).state, fresh(job).words, begun) == ("failed", worker.TOO_LONG, [1])
    other = rules.ask(world.applicant, "a", {})
    kinds("a", lambda _: None)
    assert worker.run_due() == 1
    assert fresh(other).state == "done"


_HANGING = """
import re, sys
from portal_stub.jobs import worker
worker.MOST_SECONDS = 1
worker.signal.signal(worker.signal.SIGALRM, worker.signal.SIG_DFL)
with worker._limited(True):
    re.match(r"(a+)+$", "a" * 64 + "b")  # holds the interpreter for years: no thread and no handler has its turn
"""


def test_what_holds_the_interpreter_is_ended_by_the_system(tmp_path: Path) -> None:
    environ = {**os.environ, "DAICHO_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tests.portal.settings"}
    program = "import django; django.setup()\n" + _HANGING
    ended = subprocess.run([sys.executable, "-c", program], env=environ, timeout=60, check=False)
    assert ended.returncode == -signal.SIGALRM


def test_a_job_that_was_removed_meanwhile_leaves_nothing(world: World, kinds: Callable[..., None]) -> None:
    def work(running: Running) -> None:
        with running.write("a.csv") as stream:
            stream.write(b"a")
        rules.remove(running.job)

    kinds("a", work)
    rules.ask(world.applicant, "a", {})
    worker.run_due()
    assert not Job.objects.exists()


@pytest.mark.req("C-029")
def test_the_oldest_request_goes_when_there_are_too_many(world: World, kinds: Callable[..., None]) -> None:
    kinds("a", lambda _: None)
    kinds("b", lambda _: None)
    other = rules.ask(world.applicant, "b", {}, most=5)
    jobs = [rules.ask(world.applicant, "a", {}, most=5) for _ in range(3)]
    worker.run_due()
    jobs += [rules.ask(world.applicant, "a", {}, most=5) for _ in range(3)]
    left = set(rules.shown(world.applicant, "a").values_list("pk", flat=True))
    assert left == {job.pk for job in jobs[1:]}, "finished or not, the oldest goes"
    assert fresh(other)


def test_nobody_fills_the_queue_before_the_others(
    world: World, kinds: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds("a", lambda _: None)
    monkeypatch.setattr(rules, "MOST_WAITING_OF_HOLDER", 2)
    monkeypatch.setattr(rules, "MOST_WAITING", 3)
    for user in (world.applicant, world.enterer):  # of one holder
        rules.ask(user, "a", {})
    with pytest.raises(rules.QueueFull, match="貴社"):
        rules.ask(world.applicant, "a", {})
    rules.ask(world.applicant, "a", {}, holder=world.stranger.holder)
    with pytest.raises(rules.QueueFull) as told:
        rules.ask(world.stranger, "a", {}, holder=Holder.objects.create(code="999999999", name="ほか"))
    assert "貴社" not in told.value.message, "others are none of their business"
    assert Job.objects.count() == 3
    worker.run_due()
    assert rules.ask(world.applicant, "a", {}), "what is done does not count"


@pytest.mark.req("C-028")
def test_they_are_gone_on_the_eighth_day(world: World, kinds: Callable[..., None], hand: Hand) -> None:
    def work(running: Running) -> None:
        with running.write("a.csv") as stream:
            stream.write(b"a")

    kinds("a", work)
    job = rules.ask(world.applicant, "a", {}, lives_days=8)
    worker.run_due()
    hand.on(days=7, hours=14, minutes=59)  # asked for at 9:00: the last minute of the seventh day after
    assert rules.shown(world.applicant, "a").count() == 1
    rules.tidy()
    assert fresh(job)
    hand.on(minutes=1)
    assert rules.shown(world.applicant, "a").count() == 0
    assert rules.tidy() == 1
    assert not Job.objects.exists()


def test_files_that_no_job_names_are_swept(
    world: World, kinds: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    def work(running: Running) -> None:
        with running.write("a.csv") as stream:
            stream.write(running.parameters["text"].encode())

    kinds("a", work)
    stays, goes = (rules.ask(world.applicant, "a", {"text": name}) for name in ("stays", "goes"))
    worker.run_due()
    stays, goes = fresh(stays), fresh(goes)
    for job in (stays, goes):
        os.utime(SHELF.path(job.sha256), (0, 0))
    rules.remove(goes)
    rules.tidy()
    assert SHELF.path(stays.sha256).exists()
    assert not SHELF.path(goes.sha256).exists()
