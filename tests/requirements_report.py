"""``make requirements``: which rows of the catalogue the tests prove.

Prints ``GROUP part KIND proven/total`` per group, part and kind, then ``ALL part KIND proven/total`` and
``ALL part ALL proven/total`` per part. It uses the records of the last run of each half of the suite while no file
has changed since; a half without such a record is named, and run. Exit 1 when a SEED row of a finished part is
unproven, 2 when the tests could not run.

How the record comes about belongs in ``tests.proofs``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from tests.catalogue import TEXT_PART, Requirement, load_finished_parts, load_requirements
from tests.proofs import DAY, NIGHT, ROOT, Record, fingerprint, merged, read_record

ALL = "ALL"
_ASSUMPTION_CELLS = 4
KINDS = ("SEED", "INFER", "DIFF", "OPEN")


TARGETS = {DAY: "test", NIGHT: "night"}
"""Half of the suite → what ``make`` calls it."""


def fresh_record(
    run_half: Callable[[str], None],
    read: Callable[[str], Record | None] = read_record,
    current: Callable[[], str] = fingerprint,
) -> Record | None:
    """What both halves prove of the files as they are, after running what was not; None when that left no record."""

    def fresh(half: str) -> Record | None:
        record = read(half)
        return record if record is not None and record.fingerprint == current() else None

    for half in TARGETS:
        if fresh(half) is None:
            run_half(half)
    halves = [
        fresh(half) for half in TARGETS
    ]  # read again: a file changed meanwhile makes the first one stale
    known = [record for record in halves if record is not None]
    return merged(known) if len(known) == len(halves) else None


def proven_rows(rows: Iterable[Requirement], proven_ids: Collection[str]) -> frozenset[str]:
    """Ids of the rows that count as proven: text never does."""
    return frozenset(row.id for row in rows if row.id in proven_ids and row.part != TEXT_PART)


def report_lines(rows: Collection[Requirement], proven: Collection[str]) -> Iterator[str]:
    """One line per group, part and kind, then those per part; parts in the order of the catalogue."""
    total: Counter[tuple[str, str, str]] = Counter()
    done: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for key in (
            (row.group, row.part, row.kind),
            (ALL, row.part, row.kind),
            (ALL, row.part, ALL),
        ):
            total[key] += 1
            done[key] += row.id in proven
    parts = list(dict.fromkeys(row.part for row in rows))
    groups = [*sorted({row.group for row in rows}), ALL]
    for group in groups:
        for part in parts:
            for kind in (*KINDS, ALL):
                if count := total[group, part, kind]:
                    yield f"{group} {part} {kind} {done[group, part, kind]}/{count}"


def unproven(
    rows: Iterable[Requirement], proven: Collection[str], parts: Collection[str]
) -> list[Requirement]:
    """The rows of ``parts`` that no test proves."""
    return [row for row in rows if row.part in parts and row.id not in proven]


def broken_promises(
    rows: Iterable[Requirement], proven: Collection[str], finished: Collection[str]
) -> list[Requirement]:
    """Unproven SEED rows of finished parts; text is never a promise of the code."""
    return [row for row in unproven(rows, proven, set(finished) - {TEXT_PART}) if row.kind == "SEED"]


def settings_of(page: str) -> dict[str, tuple[str, str]]:
    """Requirement → (what is assumed, where it is decided), from the tables of ``docs/assumptions.md``."""
    places = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == _ASSUMPTION_CELLS:
            for name in re.findall(r"[A-Z]-\d{3}", cells[-1]):
                places[name] = (cells[0], cells[2])
    return places


def open_lines(
    rows: Iterable[Requirement], proven: Collection[str], places: Mapping[str, tuple[str, str]]
) -> Iterator[str]:
    """One line per OPEN row: proven or not, what was chosen and where it can be changed."""
    for row in rows:
        if row.kind == "OPEN":
            chosen, where = places.get(row.id, ("docs/assumptions.md に記載なし", "-"))
            yield f"{row.id} {'proven' if row.id in proven else 'unproven'} {chosen} [{where}]"


def run_half(half: str) -> None:
    """``make test`` or ``make night``, with its output on standard error: standard output is the report's."""
    target = TARGETS[half]
    print(
        f"requirements: no record of these files by the {half}'s tests, running make {target}",
        file=sys.stderr,
    )
    subprocess.run(["make", target], cwd=ROOT, stdout=sys.stderr, check=False)


def main(arguments: list[str] | None = None) -> int:
    rows = list(load_requirements().values())
    parts = sorted({row.part for row in rows})
    parser = argparse.ArgumentParser(
        prog="make requirements", description="Which requirements the tests prove."
    )
    parser.add_argument(
        "--missing", metavar="PART", choices=parts, help=f"list unproven rows of {', '.join(parts)}"
    )
    parser.add_argument(
        "--open", metavar="PART", choices=parts, help="list the OPEN rows of a part with the setting of each"
    )
    options = parser.parse_args(arguments)

    record = fresh_record(run_half)
    if record is None:
        print("requirements: the tests did not run to the end, nothing is known", file=sys.stderr)
        return 2
    proven = proven_rows(rows, record.proven)
    if options.missing:
        for row in unproven(rows, proven, {options.missing}):
            print(f"{row.id} {row.kind} {row.requirement} ({row.source})")
        return 0
    if options.open:
        page = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
        wanted = [row for row in rows if row.part == options.open]
        for line in open_lines(wanted, proven, settings_of(page)):
            print(line)
        return 0
    for line in report_lines(rows, proven):
        print(line)
    broken = broken_promises(rows, proven, load_finished_parts())
    for row in broken:
        print(f"unproven: {row.id} {row.requirement}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
