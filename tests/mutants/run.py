"""``make mutants``: break marked code at random and tell what the suite did not notice.

    python -m tests.mutants.run --seed 1 --count 60

First the record of executed lines is brought up to date (``recording``); then the mutants of the seed are tried, as many
at once as there are workers. A test that noticed is asked once more on the whole tree, so that one that fails anyway
counts for nothing. Ends with 1 when more than ``MOST_SURVIVORS`` of the mutants survive.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from pathlib import Path

from tests.mutants.operators import Mutation, mutations_by_line, shown
from tests.mutants.recording import ROOT, TestLines, digest, read_unit, stale
from tests.mutants.sampling import Executed, Mutant, draw
from tests.mutants.trying import Answer, Copy, copies

RECORDS = ROOT / ".cache" / "mutants"
ROOMS = ("pipelines", "schemas", "sensors", "store", "daicho", "assets", "portal")
LEFT_OUT = ("tests/portal/browser/",)
"""Tests whose work is done in processes of their own, where no line is seen."""
BROKEN_ROOMS = ("pipelines/", "schemas/", "sensors/", "daicho/", "assets/", "portal_stub/")
"""Where a change changes what is decided. What ``outputs`` draws is held by comparing whole papers."""
MOST_SURVIVORS = 0.05
MOST_SECONDS = 60.0
"""Of processor time that the tests of one mutant took when they were recorded."""
MOST_SHOWN = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code."""
    asked = _parser().parse_args(arguments)
    files = test_files(ROOT, asked.rooms.split())
    old = stale(RECORDS, files)
    if old and not asked.keep_record:
        print(f"mutants: recording what {len(old)} test files execute", flush=True)
        record(old, asked.workers, ROOT, RECORDS)
    tests, changed = recorded(files, ROOT, RECORDS)
    mutants = drawn(tests, changed, ROOT, asked.seed, asked.count)
    if not mutants:
        print("mutants: nothing is recorded that could be broken", file=sys.stderr)
        return 2
    answers = try_all(mutants, asked.workers, ROOT)
    for line in report(mutants, answers, asked.seed, ROOT):
        print(line)
    kept = [asdict(mutant) | asdict(answer) for mutant, answer in zip(mutants, answers, strict=True)]
    (RECORDS / f"seed-{asked.seed}.txt").write_text(json.dumps(kept, ensure_ascii=False, indent=1), "utf-8")
    lost = sum(not answer.noticed_by for answer in answers)
    return int(lost > MOST_SURVIVORS * len(mutants))


def test_files(root: Path, rooms: Sequence[str]) -> list[str]:
    """The test files of some rooms of ``tests/``, without those that work in processes of their own."""
    found = sorted(
        file.relative_to(root).as_posix()
        for room in rooms
        for file in (root / "tests" / room).rglob("test_*.py")
    )
    return [file for file in found if not file.startswith(LEFT_OUT)]


def record(files: Sequence[str], workers: int, root: Path, folder: Path) -> None:
    """Runs test files under the recording plugin; tests that fail are left out of what can notice."""
    command = [
        *(sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=no", "-p", "tests.mutants.recording"),
        *("--mutants-record", str(folder), "-n", str(workers), "--dist", "loadfile"),
        *("-m", "not slow and not night", *files),
    ]
    paths = os.pathsep.join(dict.fromkeys(map(str, (root, ROOT))))
    subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": paths}, check=False)


def recorded(files: Sequence[str], root: Path, folder: Path) -> tuple[dict[str, TestLines], frozenset[str]]:
    """The tests of the record, and the files of the product that are not any more what they were then."""
    now = cache(lambda path: digest(path, root))
    tests: dict[str, TestLines] = {}
    changed: set[str] = set()
    for file in files:
        unit = read_unit(folder, file)
        if unit is None:
            continue
        changed |= {path for path, known in unit.digests.items() if now(path) != known}
        if file not in changed:
            tests |= unit.tests
    return tests, frozenset(changed)


def drawn(
    tests: dict[str, TestLines], changed: frozenset[str], root: Path, seed: int, count: int
) -> list[Mutant]:
    """The mutants of a seed."""

    @cache
    def changes(path: str) -> dict[int, list[Mutation]]:
        if path in changed or not path.startswith(BROKEN_ROOMS) or "/migrations/" in path:
            return {}
        return mutations_by_line(path, (root / path).read_bytes())

    return draw(Executed(tests), changes, seed, count, MOST_SECONDS)


def try_all(mutants: Sequence[Mutant], workers: int, root: Path) -> list[Answer]:
    """What the tests said to each mutant."""
    with copies(root, workers) as trees, ThreadPoolExecutor(workers) as pool:
        free: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for tree in trees:
            free.put(tree)
        whole: dict[str, bool] = {}

        def one(mutant: Mutant) -> Answer:
            tree = free.get()
            try:
                with tree.broken(mutant.change):
                    answer = tree.run(mutant.tests, mutant.seconds)
                test = answer.noticed_by
                if test in mutant.tests and test not in whole:
                    whole[test] = tree.run([test], mutant.seconds) == Answer()
            finally:
                free.put(tree)
            if not whole.get(test, True):
                answer = Answer(fault=f"fails on the whole tree as well: {test}")
            print("." if answer.noticed_by else "F" if answer.fault else "S", end="", flush=True)
            return answer

        answers = list(pool.map(one, mutants))
    print(flush=True)
    return answers


def report(mutants: Sequence[Mutant], answers: Sequence[Answer], seed: int, root: Path) -> list[str]:
    """Every survivor with its place, its change and the tests that were run, and the sum."""
    lines = []
    survived = faults = 0
    for mutant, answer in zip(mutants, answers, strict=True):
        if answer.noticed_by:
            continue
        survived, faults = survived + (not answer.fault), faults + bool(answer.fault)
        change = mutant.change
        word = "not tried" if answer.fault else "survived"
        what = f"{change.kind}: {change.before!r} -> {change.after!r}"
        lines.append(f"{word}: {change.path}:{change.line}  {what}  (row {mutant.row})")
        lines += [f"    {line}" for line in shown(change, (root / change.path).read_bytes())]
        lines += [f"    {line}" for line in answer.fault.splitlines()[-5:]]
        lines += [f"    run: {test}" for test in mutant.tests[:MOST_SHOWN]]
        if len(mutant.tests) > MOST_SHOWN:
            lines.append(f"    run: … {len(mutant.tests)} tests in all")
    noticed = len(mutants) - survived - faults
    share = (
        f"{100 * (survived + faults) / len(mutants):.1f} % not noticed, at most {100 * MOST_SURVIVORS:.0f} %"
    )
    counts = f"{len(mutants)} broken, {noticed} noticed, {survived} survived, {faults} not tried"
    return [*lines, f"mutants: seed {seed}: {counts} ({share})"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make mutants", description="break marked code and see what notices"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rooms", default=" ".join(ROOMS), help="rooms of tests/ that are recorded")
    parser.add_argument(
        "--keep-record",
        action="store_true",
        help="record nothing; leave alone what changed since the record was made",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
