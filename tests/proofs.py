"""The pytest plugin behind ``@pytest.mark.req``: it records which requirements passing tests have proven.

    @pytest.mark.req("C-001", "C-004")
    def test_half_past_five_counts_for_the_next_business_day(): ...

A row is proven when at least one test marked with it passed and none failed; skipped and xfailed tests prove
nothing. An id that is not in the catalogue fails the collection of its module. Only a whole run (no paths, no
``-k``, no ``-m``) writes the record, so that a partial run never makes proven rows look unproven. Works under
pytest-xdist: ids travel with the test reports to the controlling process, which alone writes.

How the record is shown belongs in ``tests.requirements_report``.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.catalogue import load_requirements

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / ".cache" / "requirements.json"

PROPERTY = "req"


@dataclass(frozen=True)
class Record:
    """What one whole test run proved: requirement id to the tests that passed for it, or failed."""

    fingerprint: str
    passed: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)

    @property
    def proven(self) -> frozenset[str]:
        return frozenset(self.passed) - frozenset(self.failed)


def write_record(record: Record, path: Path = RECORD) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.tmp")
    partial.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1), encoding="utf-8")
    partial.replace(path)


def read_record(path: Path = RECORD) -> Record | None:
    """The last record, or None when there is none that can be read."""
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
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
    """Checks marked ids against the catalogue, carries them with each test, writes the record at the end."""

    def __init__(self, config: pytest.Config, record_path: Path = RECORD) -> None:
        self._known = frozenset(load_requirements())
        self._record_path = record_path
        self._writes = _is_controller(config) and _is_whole_run(config)
        self._fingerprint = ""
        self._outcomes: dict[str, dict[str, set[str]]] = {}

    def pytest_sessionstart(self) -> None:
        # Taken before the tests run: a file changed meanwhile makes the record stale, as it should.
        if self._writes:
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
                faults += [f"{item.name}: {name!r}" for name in ids if name not in self._known]
        if faults and report.passed:
            report.outcome = "failed"
            report.longrepr = "not in tests/catalogue/requirements.csv: " + ", ".join(faults)
            report.result = []
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        # pytest-xdist goes on after a collection error, and its run then ends like one with failed tests.
        if report.failed:
            self._writes = False

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
        for name in ids:
            self._outcomes.setdefault(outcome, {}).setdefault(name, set()).add(report.nodeid)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        ran_to_the_end = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if self._writes and ran_to_the_end:
            passed, failed = (
                {name: sorted(tests) for name, tests in sorted(self._outcomes.get(outcome, {}).items())}
                for outcome in ("passed", "failed")
            )
            write_record(Record(self._fingerprint, passed, failed), self._record_path)


def _is_controller(config: pytest.Config) -> bool:
    """False in the worker processes of pytest-xdist."""
    return not hasattr(config, "workerinput")


def _is_whole_run(config: pytest.Config) -> bool:
    """Whether this run goes through every test of ``testpaths``."""
    narrowing: list[Any] = [
        config.getoption(name, None)
        for name in (
            "keyword",
            "markexpr",
            "deselect",
            "ignore",
            "ignore_glob",
            "maxfail",
            "lf",
            "collectonly",
        )
    ]
    return config.args_source == pytest.Config.ArgsSource.TESTPATHS and not any(narrowing)
