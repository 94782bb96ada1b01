"""What other processes do in the tests of this folder. Started with ``spawn``: nothing is inherited."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any


def decide_together(home: Path, now: str, processes: int) -> list[list[str]]:
    """``decide_due`` in several processes at once; what each of them decided."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    answers = context.Queue()
    started = [
        context.Process(target=_decide, args=(home, now, f"worker-{number}", barrier, answers))
        for number in range(processes)
    ]
    for process in started:
        process.start()
    found = [answers.get(timeout=120) for _ in started]
    for process in started:
        process.join(60)
    faults = [answer for answer in found if isinstance(answer, str)]
    assert not faults, faults
    return found


def _decide(home: Path, now: str, worker: str, barrier: Barrier, answers: Any) -> None:
    try:
        from assets import booking
        from tests.homes import Home

        booking.CLAIM_AT_ONCE = 2  # otherwise the first would take all
        store = Home(home).at(now)
        barrier.wait(60)
        decided = booking.decide_due(store, worker)
        answers.put(decided.submissions if not decided.failed else f"FAILED {decided.failed}")
    except BaseException as error:  # noqa: BLE001 - told to the test, which fails on it
        answers.put(f"FAULT {type(error).__name__}: {error}")
