"""The pytest plugin that writes down which lines of the product each test executes, one file of JSON per test file.

    pytest -p tests.mutants.recording --mutants-record .cache/mutants tests/pipelines

A test file is the unit: its record holds the digests of everything it executed, so that only what changed is recorded
again. Works under pytest-xdist with ``--dist loadfile``. What tests do in processes of their own is not seen. How the
record is used belongs in ``sampling`` and ``trying``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("pipelines", "schemas", "sensors", "daicho", "assets", "outputs", "portal_stub")


@dataclass
class TestLines:
    """One test: the rows of the catalogue it is marked with, its processor time, and what it executed."""

    __test__ = False

    rows: list[str] = field(default_factory=list)
    seconds: float = 0.0
    passed: bool = True
    lines: dict[str, str] = field(default_factory=dict)
    """File of the product to the executed lines, as a hexadecimal number whose bit n is line n."""


@dataclass
class Unit:
    """A test file: SHA-256 of it and of all product files that its tests executed, and its tests by node id."""

    digests: dict[str, str]
    tests: dict[str, TestLines]


def bits(lines: Iterable[int]) -> str:
    return f"{sum(1 << line for line in set(lines)):x}"


def digest(path: str, root: Path = ROOT) -> str:
    """SHA-256 of a file of the tree, empty when there is none."""
    file = root / path
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def unit_file(folder: Path, test_file: str) -> Path:
    return folder / (test_file.replace("/", "__") + ".json")


def write_unit(folder: Path, test_file: str, unit: Unit) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = unit_file(folder, test_file)
    partial = target.with_suffix(".tmp")
    partial.write_text(json.dumps(asdict(unit)), encoding="utf-8")
    partial.replace(target)


def read_unit(folder: Path, test_file: str) -> Unit | None:
    """The record of a test file, or None when there is none that can be read."""
    try:
        kept = json.loads(unit_file(folder, test_file).read_text(encoding="utf-8"))
        return Unit(kept["digests"], {name: TestLines(**test) for name, test in kept["tests"].items()})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def stale(folder: Path, test_files: Sequence[str], root: Path = ROOT) -> list[str]:
    """The test files without a record, and those that changed, or whose code changed, since it was made."""
    now = cache(lambda path: digest(path, root))
    found = []
    for test_file in test_files:
        unit = read_unit(folder, test_file)
        if unit is None or any(now(path) != known for path, known in unit.digests.items()):
            found.append(test_file)
    return found


def _processor_seconds() -> float:
    """Of this process and those it waited for: what a test costs, however busy the machine is."""
    return sum(os.times()[:4])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--mutants-record", metavar="FOLDER", help="write what each test executes into this folder"
    )


def pytest_configure(config: pytest.Config) -> None:
    folder = config.getoption("--mutants-record")
    distributes = getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput")
    if folder and not distributes:
        config.pluginmanager.register(Recorder(Path(folder), config.rootpath), "mutants-recorder")


class Recorder:
    """Coverage with the running test as its context; a unit is written when its last test has ended."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder, self._root = folder, root
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, include=[f"{root}/{room}/*" for room in PRODUCT]
        )
        self._coverage._warn_no_data = False  # a test file may execute nothing of the product
        self._test_file = ""
        self._tests: dict[str, TestLines] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        test_file = item.nodeid.partition("::")[0]
        if test_file != self._test_file:
            self._finish()
            self._test_file = test_file
            self._coverage.start()
        rows = [str(name) for marker in item.iter_markers("req") for name in marker.args]
        self._tests[item.nodeid] = TestLines(list(dict.fromkeys(rows)))
        self._coverage.switch_context(item.nodeid)
        begun = _processor_seconds()
        result = yield
        self._tests[item.nodeid].seconds = _processor_seconds() - begun
        self._coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self._tests.get(report.nodeid)
        if test is not None:
            test.passed = test.passed and report.passed

    def pytest_sessionfinish(self) -> None:
        self._finish()

    def _finish(self) -> None:
        if not self._test_file:
            return
        self._coverage.stop()
        data = self._coverage.get_data()
        files = {self._test_file}
        for file in data.measured_files():
            path = Path(file).relative_to(self._root).as_posix()
            by_test: dict[str, list[int]] = {}
            for line, names in data.contexts_by_lineno(file).items():
                for name in names:
                    by_test.setdefault(name, []).append(line)
            for name, lines in by_test.items():
                if name in self._tests:
                    self._tests[name].lines[path] = bits(lines)
                    files.add(path)
        digests = {path: digest(path, self._root) for path in sorted(files)}
        write_unit(self._folder, self._test_file, Unit(digests, self._tests))
        self._coverage.erase()
        self._tests, self._test_file = {}, ""
