"""The pytest plugin behind ``@pytest.mark.req``: it records which requirements passing tests have proven.

    @pytest.mark.req("C-001", "C-004")
    def test_half_past_five_counts_for_the_next_business_day(): ...

A row is proven when at least one test marked with it passed and none failed; skipped and xfailed tests prove
nothing. An id that is not in the catalogue fails the collection of its module.

The suite has two halves: ``@pytest.mark.night`` tests and all others. Each half has a record of its own, so that the
day's run and the night's run of the same files are together the whole proof. A run writes the records of the halves
that it went through from end to end (``-m "not night"``, ``-m night``, or no ``-m``); a narrower one (paths, ``-k``,
any other ``-m``) writes none, so that it never makes proven rows look unproven. Works under pytest-xdist: ids travel
with the test reports to the controlling process, which alone writes.

How the record is shown belongs in ``tests.requirements_report``.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.catalogue import load_requirements

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / ".cache" / "requirements"
"""The folder of the records, one file per half."""

PROPERTY = "req"
HALF = "half"
DAY, NIGHT = "day", "night"
SELECTING = {"": (DAY, NIGHT), f"not {NIGHT}": (DAY,), NIGHT: (NIGHT,)}
"""What ``-m`` says → the halves that it selects whole."""


@dataclass(frozen=True)
class Record:
    """What one half of the suite proved: requirement id to the tests that passed for it, or failed."""

    fingerprint: str
    passed: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)

    @property
    def proven(self) -> frozenset[str]:
        return frozenset(self.passed) - frozenset(self.failed)


def merged(records: Iterable[Record]) -> Record:
    """Several records of the same files as one; ValueError when they are of different files."""
    rows = list(records)
    (shared,) = {row.fingerprint for row in rows}
    passed, failed = (_union(getattr(row, outcome) for row in rows) for outcome in ("passed", "failed"))
    return Record(shared, passed, failed)


def _union(outcomes: Iterable[dict[str, list[str]]]) -> dict[str, list[str]]:
    tests: dict[str, set[str]] = {}
    for outcome in outcomes:
        for name, nodes in outcome.items():
            tests.setdefault(name, set()).update(nodes)
    return {name: sorted(nodes) for name, nodes in sorted(tests.items())}


def write_record(half: str, record: Record, folder: Path = RECORDS) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{half}.{os.getpid()}.tmp"
    partial.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1), encoding="utf-8")
    partial.replace(folder / f"{half}.json")


def read_record(half: str, folder: Path = RECORDS) -> Record | None:
    """The last record of a half, or None when there is none that can be read."""
    try:
        return Record(**json.loads((folder / f"{half}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def fingerprint(root: Path = ROOT) -> str:
    """SHA-256 over names and bytes of all files that git tracks or would track: source, tests, data."""
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
    ).stdout
    digest = hashlib.sha256()
    for name in sorted(filter(None, listing.split(b"\0"))):
        file = root / os.fsdecode(name)
        if file.is_file():  # a deleted file is still listed until the deletion is staged
            digest.update(name + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


class ProofPlugin:
    """Checks marked ids against the catalogue, carries them with each test, writes the records at the end."""

    def __init__(self, config: pytest.Config, records: Path = RECORDS) -> None:
        self._known = frozenset(load_requirements())
        self._records = records
        self._halves = whole_halves(config) if _is_controller(config) else ()
        self._fingerprint = ""
        self._outcomes: dict[tuple[str, str], dict[str, list[str]]] = {}

    def pytest_sessionstart(self) -> None:
        # Taken before the tests run: a file changed meanwhile makes the record stale, as it should.
        if self._halves:
            self._fingerprint = fingerprint()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        faults = []
        for item in report.result or ():
            if isinstance(item, pytest.Item):
                ids = [name for marker in item.iter_markers("req") for name in marker.args]
                item.user_properties += [(PROPERTY, name) for name in dict.fromkeys(ids)]
                if ids:
                    item.user_properties.append((HALF, NIGHT if item.get_closest_marker(NIGHT) else DAY))
                faults += [f"{item.name}: {name!r}" for name in ids if name not in self._known]
        if faults and report.passed:
            report.outcome = "failed"
            report.longrepr = "not in tests/catalogue/requirements.csv: " + ", ".join(faults)
            report.result = []
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        # pytest-xdist goes on after a collection error, and its run then ends like one with failed tests.
        if report.failed:
            self._halves = ()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = [str(value) for name, value in report.user_properties if name == PROPERTY]
        if not ids:
            return
        if report.failed:
            outcome = "failed"
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            outcome = "passed"
        else:
            return
        half = str(dict(report.user_properties)[HALF])
        proven = self._outcomes.setdefault((half, outcome), {})
        for name in ids:
            proven.setdefault(name, []).append(report.nodeid)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):  # ran to the end
            for half in self._halves:
                passed, failed = (
                    _union([self._outcomes.get((half, outcome), {})]) for outcome in ("passed", "failed")
                )
                write_record(half, Record(self._fingerprint, passed, failed), self._records)


def _is_controller(config: pytest.Config) -> bool:
    """False in the worker processes of pytest-xdist."""
    return not hasattr(config, "workerinput")


def whole_halves(config: pytest.Config) -> tuple[str, ...]:
    """The halves of the suite of which this run goes through every test."""
    narrowing: list[Any] = [
        config.getoption(name, None)
        for name in ("keyword", "deselect", "ignore", "ignore_glob", "maxfail", "lf", "collectonly")
    ]
    if config.args_source != pytest.Config.ArgsSource.TESTPATHS or any(narrowing):
        return ()
    return SELECTING.get(config.getoption("markexpr", ""), ())
