"""A broken copy of the tree and what the tests say to it. Nothing here touches the tree that people work in."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mutants.operators import Mutation

LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".cache", "var", "node_modules", ".mypy_cache", ".ruff_cache", ".hypothesis"
)
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+)$", re.MULTILINE)
MOST_PROCESSOR_SECONDS = 600
MOST_SECONDS_WAITED = 900
"""Of one test: what waits for ever ends by this, what reckons for ever by its processor time, however busy the machine is."""


@dataclass(frozen=True)
class Answer:
    """What a run of tests said: the test that noticed, "" when none did; ``fault`` when they could not be run."""

    noticed_by: str = ""
    fault: str = ""


class Copy:
    """A copy of the tree in a folder of its own, whose files can be broken one at a time."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.tree = folder / "tree"
        shutil.copytree(root, self.tree, symlinks=True, ignore=LEFT_BEHIND)
        environment = root / ".venv"
        if environment.exists():
            (self.tree / ".venv").symlink_to(environment.resolve())
        self._scratch = folder / "tmp"
        self._compiled = folder.parent / "compiled"
        self._age = 0

    @contextmanager
    def broken(self, change: Mutation) -> Iterator[None]:
        file = self.tree / change.path
        before, stat = file.read_bytes(), file.stat()
        file.write_bytes(change.applied(before))
        # Bytecode is kept by size and second: two mutants of one second would be one.
        self._age += 10
        os.utime(file, (stat.st_atime, stat.st_mtime + self._age))
        try:
            yield
        finally:
            file.write_bytes(before)
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    def run(self, tests: Sequence[str], seconds: float) -> Answer:
        """Runs tests until the first one fails; ``seconds`` is what they took unbroken."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        most = min(MOST_PROCESSOR_SECONDS, int(60 + 5 * seconds))
        command = [
            *(sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no"),
            *(f"--timeout={MOST_SECONDS_WAITED}", "--hypothesis-seed=0", *tests),
        ]
        done = subprocess.run(
            command,
            cwd=self.tree,
            env=os.environ
            | {
                "PYTHONPATH": str(self.tree),
                "TMPDIR": str(self._scratch),
                "PYTHONDONTWRITEBYTECODE": "",
                "PYTHONPYCACHEPREFIX": str(self._compiled),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5)),
        )
        return answer_of(done.returncode, done.stdout, tests)


def answer_of(returncode: int, output: str, tests: Sequence[str]) -> Answer:
    """What pytest's exit code and summary say; a process that was ended for its time noticed the change, too."""
    if returncode == pytest.ExitCode.OK:
        return Answer()
    named = FAILED.findall(output)
    if named:
        # A line of the summary is the test and, behind a dash, why; a test's own name may have dashes, too.
        return Answer(max(filter(named[0].startswith, tests), key=len, default=named[0].partition(" - ")[0]))
    if returncode < 0:
        return Answer("it does not end")
    if "ImportError while loading conftest" in output or "Traceback" in output:
        return Answer("the suite does not start")
    return Answer(fault=output.strip()[-2000:] or f"exit code {returncode}")


@contextmanager
def copies(root: Path, count: int) -> Iterator[list[Copy]]:
    with tempfile.TemporaryDirectory(prefix="daicho-mutants-") as folder:
        yield [Copy(root, Path(folder) / str(number)) for number in range(count)]
