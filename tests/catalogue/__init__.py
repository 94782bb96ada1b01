"""The requirement catalogue as the project's own table, and how to read it.

``requirements.csv`` holds one testable sentence per row; ids are stable and never reused.
``finished_parts.txt`` names the parts of which every SEED row must be proven. What proves a row is a passing
test marked ``req`` (``tests.proofs``).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

# Terms of insurance that no code can fail: they stand in the documentation and are never counted as proven.
TEXT_PART = "text"


@dataclass(frozen=True)
class Requirement:
    """One row; ``kind`` is SEED (stated), INFER (follows), DIFF (readings differ) or OPEN (a default)."""

    id: str
    group: str
    part: str
    kind: str
    source: str
    requirement: str


def load_requirements(path: Path = FOLDER / "requirements.csv") -> dict[str, Requirement]:
    """The catalogue by id, in its own order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [Requirement(**row) for row in csv.DictReader(file)]
    catalogue = {row.id: row for row in rows}
    if len(catalogue) != len(rows):
        raise ValueError(f"{path}: an id stands twice")
    return catalogue


def load_finished_parts(path: Path = FOLDER / "finished_parts.txt") -> frozenset[str]:
    """The parts named in the file; ``#`` starts a comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(part for line in lines if (part := line.partition("#")[0].strip()))
