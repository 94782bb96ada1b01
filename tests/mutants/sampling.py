"""Which mutants a seed draws, and which tests should notice each: pure functions over the record.

A row of the catalogue is drawn, then a line that the tests marked with it execute, then a change of that line. A line is
the likelier the fewer rows execute it, so that what belongs to a row is broken more often than what every page runs through.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.mutants.operators import Mutation
from tests.mutants.recording import TestLines

Line = tuple[str, int]
"""File of the product and line."""

START_SECONDS = 0.2
"""What a test costs beyond its own time: its part of collecting the file."""


@dataclass(frozen=True)
class Mutant:
    """A change, the row it was drawn for, and the tests that execute its line, the most promising first."""

    row: str
    change: Mutation
    tests: tuple[str, ...]
    seconds: float


class Executed:
    """The record turned round: which marked rows and which tests execute a line."""

    def __init__(self, tests: Mapping[str, TestLines]) -> None:
        self._tests = {name: test for name, test in tests.items() if test.passed}
        self._bits = {
            name: {path: int(lines, 16) for path, lines in test.lines.items()}
            for name, test in self._tests.items()
        }
        self._weight = {
            name: sum(lines.bit_count() for lines in files.values()) for name, files in self._bits.items()
        }
        self.rows: dict[str, dict[str, int]] = {}
        for name, test in self._tests.items():
            for row in test.rows:
                files = self.rows.setdefault(row, {})
                for path, lines in self._bits[name].items():
                    files[path] = files.get(path, 0) | lines

    def lines(self, row: str) -> Iterator[Line]:
        for path, lines in sorted(self.rows[row].items()):
            for line in _numbers(lines):
                yield path, line

    def rows_by_line(self) -> dict[Line, int]:
        """How many rows execute each line."""
        counts: dict[Line, int] = {}
        for row in self.rows:
            for line in self.lines(row):
                counts[line] = counts.get(line, 0) + 1
        return counts

    def tests_of(self, path: str, line: int, most_seconds: float) -> tuple[tuple[str, ...], float]:
        """The tests that execute a line, as many as their time allows, and their time.

        Ordered by seconds for the chance to notice: a test that does little else than this file is more likely to look
        at what the file does.
        """
        found = []
        for name, files in self._bits.items():
            if files.get(path, 0) >> line & 1:
                focus = files[path].bit_count() / self._weight[name]
                seconds = self._tests[name].seconds + START_SECONDS
                found.append((seconds / focus, name, seconds))
        found.sort()
        names: list[str] = []
        total = 0.0
        for _, name, seconds in found:
            if names and total + seconds > most_seconds:
                continue
            names.append(name)
            total += seconds
        return tuple(names), total


def draw(
    executed: Executed,
    changes: Callable[[str], Mapping[int, list[Mutation]]],
    seed: int,
    count: int,
    most_seconds: float,
) -> list[Mutant]:
    """``count`` mutants, every one for another row as long as there are rows, none twice."""
    chance = random.Random(seed)
    shared = executed.rows_by_line()
    rows = sorted(executed.rows)
    drawn: dict[Mutation, Mutant] = {}
    while len(drawn) < count:
        before = len(drawn)
        chance.shuffle(rows)
        for row in rows:
            if len(drawn) == count:
                break
            left = {
                (path, line): found
                for path, line in executed.lines(row)
                if (found := [change for change in changes(path).get(line, ()) if change not in drawn])
            }
            if not left:
                continue
            [(path, line)] = chance.choices(list(left), [1 / shared[place] for place in left])
            change = chance.choice(left[path, line])
            drawn[change] = Mutant(row, change, *executed.tests_of(path, line, most_seconds))
        if len(drawn) == before:
            break  # nothing is left to draw
    return list(drawn.values())


def _numbers(lines: int) -> Iterator[int]:
    while lines:
        lowest = lines & -lines
        yield lowest.bit_length() - 1
        lines ^= lowest
