"""What other processes do in the tests of concurrency. Started with ``spawn``: nothing is inherited.

Every worker waits at a barrier, so that all begin at once.
"""

import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from daicho.clock import Clock
from daicho.settings import Settings
from daicho.store import Store
from tests.store.made import NINE, a_receipt


def together(
    worker: Callable[..., Any], home: Path, url: str | None, *, processes: int, **arguments: Any
) -> list[Any]:
    """Runs ``worker(number, store, **arguments)`` in several processes at once; their answers in order."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    answers = context.Queue()
    started = [
        context.Process(target=_start, args=(worker, number, home, url, barrier, answers, arguments))
        for number in range(processes)
    ]
    for process in started:
        process.start()
    found = dict(answers.get(timeout=60) for _ in started)
    for process in started:
        process.join(60)
    faults = [answer for answer in found.values() if isinstance(answer, str) and answer.startswith("FAULT")]
    assert not faults, faults
    return [found[number] for number in range(processes)]


def _start(
    worker: Callable[..., Any],
    number: int,
    home: Path,
    url: str | None,
    barrier: Barrier,
    answers: Any,
    arguments: dict[str, Any],
) -> None:
    try:
        environ = {"DAICHO_HOME": str(home), **({"DAICHO_DATABASE_URL": url} if url else {})}
        store = Store.open(Settings.from_env(environ), Clock(fixed=NINE))
        barrier.wait(60)
        answers.put((number, worker(number, store, **arguments)))
    except BaseException as error:  # noqa: BLE001 - told to the test, which fails on it
        answers.put((number, f"FAULT {type(error).__name__}: {error}"))


def receive_some(number: int, store: Store, each: int) -> list[int]:
    """Hands uploads in; the receipt numbers."""
    return [
        store.events.receive(a_receipt(sha256=f"{number:032x}{index:032x}"))["receipt_no"]
        for index in range(each)
    ]


def receive_the_same(_number: int, store: Store, changes: dict[str, Any]) -> str:
    """All hand in the same upload; the submission id, or what it was told."""
    try:
        return store.events.receive(a_receipt(**changes))["submission_id"]
    except Exception as error:  # noqa: BLE001 - told to the test
        return type(error).__name__


def claim_some(number: int, store: Store, limit: int) -> list[int]:
    """Claims until nothing is left; the receipt numbers."""
    taken: list[int] = []
    while claimed := store.events.claim(f"worker-{number}", NINE, limit):
        taken += [receipt["receipt_no"] for receipt in claimed]
    return taken


def book_some(number: int, store: Store, each: int) -> list[int]:
    """Books submissions of three lines, one commit each; the first journal number of each, as told."""
    import polars as pl

    from daicho.store.journal import Journal
    from tests.store.made import JOURNAL_SCHEMA

    journal = Journal(store.lake, JOURNAL_SCHEMA)
    firsts = []
    for index in range(each):
        frame = pl.DataFrame({"submission_id": [f"P{number}-{index}"] * 3, "record": [1, 2, 3]})
        firsts.append(journal.commit(lambda _snapshot, frame=frame: frame, "booking").last()[1] - 2)
    return firsts


def load_some(number: int, store: Store, each: int) -> int:
    """Ensures the built-in tables, then loads versions of one common and one own row; the last load number."""
    import polars as pl

    tables = {"buyers": pl.DataFrame({"buyer_code": ["000000"], "rating": ["built-in"]})}
    keys = {"buyers": ["buyer_code"]}
    store.reference.ensure(tables, keys, NINE)
    for index in range(each):
        frame = pl.DataFrame({"buyer_code": ["common", f"own-{number}"], "rating": [f"{number}-{index}"] * 2})
        store.reference.load({"buyers": frame}, keys, NINE, f"process {number}")
    return store.reference.current_load()
