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


def live_together(home: Path, now: str, uploads: int) -> dict[str, list[str]]:
    """One process hands uploads in, one decides, one asks everything all the time; what each of them saw go wrong."""
    context = multiprocessing.get_context("spawn")
    done, answers = context.Event(), context.Queue()
    roles = {"sender": _send, "worker": _work, "reader": _ask}
    started = [
        context.Process(target=_live, args=(role, act, home, now, uploads, done, answers))
        for role, act in roles.items()
    ]
    for process in started:
        process.start()
    found = dict(answers.get(timeout=180) for _ in started)
    for process in started:
        process.join(60)
    return found


def _live(role: str, act: Any, home: Path, now: str, uploads: int, done: Any, answers: Any) -> None:
    from tests.homes import Home

    wrong: list[str] = []
    try:
        act(Home(home), now, uploads, done, wrong)
    except BaseException as error:  # noqa: BLE001 - told to the test, which fails on it
        wrong.append(f"{type(error).__name__}: {error}")
    finally:
        if role == "sender":
            done.set()
        answers.put((role, wrong))


def _send(home: Any, now: str, uploads: int, _done: Any, wrong: list[str]) -> None:
    from tests import kit
    from tests.homes import USER, contracts

    for n in range(uploads):
        file = home.file(contracts(f"EX-{n}"), f"{n}.csv")
        arguments = ("--product", "enterprise", "--holder", kit.HOLDER, "--user", USER, "--count", "1")
        ran = home.cli("submit", str(file), *arguments, now=now)
        if ran.code:
            wrong.append(ran.err)


def _work(home: Any, now: str, _uploads: int, done: Any, _wrong: list[str]) -> None:

    while True:
        last = done.is_set()
        home.decide(now)
        home.print_papers(now)
        if last:
            return


def _ask(home: Any, now: str, _uploads: int, done: Any, wrong: list[str]) -> None:
    questions = (
        ("status", "--json"),
        ("verify", "--json"),
        ("ledger", "--json"),
        ("outputs", "--json"),
        ("sql", "select count(*) n from ledger join submissions using (submission_id)", "--json"),
    )
    while not done.is_set():
        for question in questions:
            ran = home.cli(*question, now=now)
            if ran.code:
                told = ran.json.get("problems") if question[0] == "verify" and ran.code == 1 else ran.err
                wrong.append(f"{question}: {told}")
