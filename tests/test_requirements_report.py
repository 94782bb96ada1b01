"""The report counts what the record says, never text, and fails only for broken promises."""

import pytest

from tests import requirements_report
from tests.catalogue import Requirement, load_finished_parts, load_requirements
from tests.proofs import DAY, NIGHT, Record
from tests.requirements_report import broken_promises, fresh_record, proven_rows, report_lines, unproven


def row(id_: str, part: str = "batch", kind: str = "SEED") -> Requirement:
    return Requirement(id_, id_[0], part, kind, "000", f"what {id_} asks")


ROWS = [
    row("A-001"),
    row("A-002"),
    row("A-003", kind="OPEN"),
    row("B-001"),
    row("B-002", "text"),
    row("C-001", "portal"),
]


def test_lines_per_group_part_and_kind_then_per_part() -> None:
    assert list(report_lines(ROWS, {"A-001", "B-001", "A-003"})) == [
        "A batch SEED 1/2",
        "A batch OPEN 1/1",
        "B batch SEED 1/1",
        "B text SEED 0/1",
        "C portal SEED 0/1",
        "ALL batch SEED 2/3",
        "ALL batch OPEN 1/1",
        "ALL batch ALL 3/4",
        "ALL text SEED 0/1",
        "ALL text ALL 0/1",
        "ALL portal SEED 0/1",
        "ALL portal ALL 0/1",
    ]


def test_text_is_never_proven_and_never_a_promise() -> None:
    assert proven_rows(ROWS, {"B-002", "A-001"}) == {"A-001"}
    assert broken_promises(ROWS, set(), {"text"}) == []


def test_only_seed_rows_of_finished_parts_are_promises() -> None:
    assert [r.id for r in broken_promises(ROWS, {"A-001"}, {"batch"})] == ["A-002", "B-001"]
    assert broken_promises(ROWS, {"A-001", "A-002", "B-001"}, {"batch"}) == []
    assert broken_promises(ROWS, set(), set()) == []


def test_missing_lists_every_kind() -> None:
    assert [r.id for r in unproven(ROWS, {"A-001"}, {"batch"})] == ["A-002", "A-003", "B-001"]


def test_a_failed_test_takes_the_proof_away() -> None:
    record = Record("f", passed={"A-001": ["t1"], "A-002": ["t2"]}, failed={"A-002": ["t3"]})
    assert record.proven == {"A-001"}


def test_fresh_records_are_used_without_running() -> None:
    records = {DAY: Record("now", passed={"A-001": ["t1"]}), NIGHT: Record("now", passed={"A-002": ["t2"]})}
    record = fresh_record(pytest.fail, read=records.get, current=lambda: "now")
    assert record == Record("now", passed={"A-001": ["t1"], "A-002": ["t2"]})


@pytest.mark.parametrize(
    ("before", "ran"),
    [
        ({}, [DAY, NIGHT]),
        ({DAY: "before", NIGHT: "before"}, [DAY, NIGHT]),
        ({DAY: "now"}, [NIGHT]),
        ({DAY: "now", NIGHT: "before"}, [NIGHT]),
        ({NIGHT: "now"}, [DAY]),
    ],
)
def test_only_a_half_without_record_of_these_files_is_run(before: dict[str, str], ran: list[str]) -> None:
    records, runs = {half: Record(files) for half, files in before.items()}, []

    def run(half: str) -> None:
        runs.append(half)
        records[half] = Record("now", passed={"A-001": [half]})

    record = fresh_record(run, read=records.get, current=lambda: "now")
    assert runs == ran
    assert record == Record("now", passed={"A-001": sorted(ran)})


@pytest.mark.parametrize("half", [DAY, NIGHT])
def test_tests_that_cannot_run_are_told(half: str) -> None:
    records = {half: Record("now")}
    assert fresh_record(lambda _: None, read=records.get, current=lambda: "now") is None


def test_a_half_that_is_missing_is_named_before_it_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = []
    monkeypatch.setattr(requirements_report.subprocess, "run", lambda command, **_: commands.append(command))
    requirements_report.run_half(NIGHT)
    assert commands == [["make", "night"]]
    assert "no record of these files by the night's tests, running make night" in capsys.readouterr().err


@pytest.mark.parametrize(("finished", "status"), [(frozenset(), 0), (frozenset({"batch"}), 1)])
def test_exit_status(
    finished: frozenset[str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        requirements_report, "fresh_record", lambda run: Record("now", passed={"A-001": ["t"]})
    )
    monkeypatch.setattr(requirements_report, "load_finished_parts", lambda: finished)
    assert requirements_report.main([]) == status
    captured = capsys.readouterr()
    assert "A batch SEED 1/" in captured.out
    assert ("unproven: A-007 " in captured.err) == bool(status)


def test_missing_option_lists_rows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        requirements_report, "fresh_record", lambda run: Record("now", passed={"A-001": ["t"]})
    )
    assert requirements_report.main(["--missing", "batch"]) == 0
    out = capsys.readouterr().out
    assert "A-007 SEED " in out
    assert "A-001 " not in out
    assert "A-003 " not in out  # desk


def test_the_catalogue_is_whole() -> None:
    catalogue = load_requirements()
    assert len(catalogue) == 1020
    assert all(r.id.startswith(f"{r.group}-") and r.requirement for r in catalogue.values())
    assert {r.kind for r in catalogue.values()} == set(requirements_report.KINDS)
    assert {r.part for r in catalogue.values()} == {"batch", "portal", "desk", "procedures", "text"}


def test_finished_parts_are_parts() -> None:
    assert load_finished_parts() <= {"batch", "portal", "desk", "procedures"}


def test_open_rows_are_listed_with_what_was_chosen_and_where() -> None:
    page = "| 端数 | 切捨て | コード `pipelines/money.py` | E-076, E-077 |\n| 見出し | x | y |\n"
    places = requirements_report.settings_of(page)
    assert places == dict.fromkeys(("E-076", "E-077"), ("端数", "コード `pipelines/money.py`"))
    rows = [row for row in load_requirements().values() if row.id in ("E-076", "E-077", "E-078", "E-073")]
    assert list(requirements_report.open_lines(rows, {"E-076"}, places)) == [
        "E-073 unproven docs/assumptions.md に記載なし [-]",
        "E-076 proven 端数 [コード `pipelines/money.py`]",
        "E-077 unproven 端数 [コード `pipelines/money.py`]",
    ]
