"""``make mutants`` on a small tree of its own: what is broken, what is left alone, who notices, what is told."""

from pathlib import Path

import pytest

from tests.mutants.operators import Mutation, mutations
from tests.mutants.recording import TestLines, bits, digest, read_unit, stale
from tests.mutants.run import drawn, record, recorded, report, try_all
from tests.mutants.sampling import Executed, Mutant, draw
from tests.mutants.trying import Answer, answer_of

RULE = """\
def due(days: int) -> int:
    if days < 30:
        return 0
    return days - 29


def unmarked(days: int) -> int:
    return days + 1
"""
CHECKS = """\
import pytest

from pipelines.rule import due, unmarked


@pytest.mark.req("A-001")
def test_due():
    assert due(10) == 0
    assert due(60) == 31


def test_unmarked():
    assert unmarked(1) == 2
"""


def changes(body: str, path: str = "pipelines/rule.py") -> set[tuple[str, str]]:
    """What can become of a line inside a function: before and after."""
    found = mutations(path, f"def rule():\n    {body}\n".encode())
    return {(change.before, change.after) for change in found}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = a < b", {("<", "<=")}),
        ("x = a >= b", {(">=", ">")}),
        ("x = (a) == (b)", {("==", "!=")}),
        ("x = a not in b", {("not in", "in")}),
        ("x = a is None", {("is", "is not")}),
        ("x = a and b", {("and", "or")}),
        ("x = a & b", {("&", "|")}),
        ("x = a + b", {("+", "-")}),
        ("x = not a", {("not ", "")}),
        ("x = ~a", {("~", "")}),
        ("x = f(0)", {("0", "1")}),
        ("x = f(7)", {("7", "8"), ("7", "6")}),
        ("x = True", {("True", "False")}),
        ('x = a == "enterprise"', {("==", "!="), ('"enterprise"', '"enterprise~"')}),
        ('x = c.is_in(["1", "日本"])', {('"1"', '"1~"')}),
        ("f(a)", {("f(a)", "pass")}),
        ("row.state = a", {("row.state = a", "pass")}),
        ("raise Refusal", {("raise Refusal", "pass")}),
        ("return a", {("a", "None")}),
        ("x = f(a, b.c)", {("a, b.c", "b.c, a")}),
        ("x = pl.min_horizontal(a)", {("min_horizontal", "max_horizontal")}),
        ("x = [y for y in a if y]", {("y", "True")}),
        ("x = a if b else c", {("b", "True"), ("b", "False")}),
        ('x = "日本" + a + "語"', set()),
    ],
)
def test_how_a_line_is_broken(body: str, expected: set[tuple[str, str]]) -> None:
    assert changes(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        '"""A docstring of 3 words."""',
        "assert a < b",
        'logger.warning("%s", 1)',
        "file.close()",
        "time.sleep(1)",
        "x: Literal[1] = a",
        "x = zip(a, b, strict=True)",
        "x = f(timeout=5)",
        "return None",
        "return",
        'x = f"{a:>3}"',
    ],
)
def test_what_no_test_could_see_is_left_alone(body: str) -> None:
    assert changes(body) == set()


def test_only_bodies_of_functions_are_broken() -> None:
    source = b"LIMIT = 3\n\n\ndef f(a=1, *, b: Literal[2] = 2) -> None:\n    return g(4)\n"
    assert {change.before for change in mutations("pipelines/x.py", source)} == {"4"}
    assert {change.line for change in mutations("pipelines/x.py", source)} == {5}


def test_django_knows_the_twin_of_filter_and_polars_does_not() -> None:
    assert changes("x = rows.filter(a)", "portal_stub/x.py") == {("filter", "exclude")}
    assert changes("x = rows.filter(a)") == set()


def test_a_change_is_made_in_its_bytes() -> None:
    source = 'def f():\n    x = "日本" if a < 1 else b\n'.encode()
    [change] = [found for found in mutations("pipelines/x.py", source) if found.before == "<"]
    assert change.applied(source).decode() == source.decode().replace("<", "<=")


def a_change(line: int, after: str = "b") -> Mutation:
    return Mutation("pipelines/rule.py", line, "code", line, line + 1, "a", after)


def test_the_same_seed_draws_the_same_and_marked_lines_only() -> None:
    lines = {"pipelines/rule.py": bits([1, 2, 3])}
    tests = {
        "a": TestLines(["A-001"], lines=lines),
        "b": TestLines(["B-001"], lines={"pipelines/rule.py": bits([3, 4])}),
        "c": TestLines([], lines={"pipelines/rule.py": bits([4, 5])}),
        "d": TestLines(["D-001"], passed=False, lines={"pipelines/rule.py": bits([6])}),
    }
    places = {line: [a_change(line), a_change(line, "c")] for line in range(1, 8)}
    executed = Executed(tests)
    assert executed.rows_by_line()["pipelines/rule.py", 3] == 2
    drawings = [draw(executed, lambda path: places, seed, 8, 60) for seed in (1, 1, 2)]
    assert drawings[0] == drawings[1] != drawings[2]
    for drawing in drawings:
        assert {mutant.change for mutant in drawing} == {one for line in (1, 2, 3, 4) for one in places[line]}
        assert {mutant.row for mutant in drawing[:2]} == {"A-001", "B-001"}, (
            "every row once before one comes twice"
        )
    assert len(draw(executed, lambda path: places, 1, 3, 60)) == 3


def test_the_most_promising_tests_are_asked_first_and_no_more_than_there_is_time_for() -> None:
    own, far = {"pipelines/rule.py": bits([1])}, {"pipelines/rule.py": bits([1]), "x.py": bits(range(99))}
    executed = Executed({"far": TestLines(seconds=1, lines=far), "own": TestLines(seconds=2, lines=own)})
    assert executed.tests_of("pipelines/rule.py", 1, 60)[0] == ("own", "far")
    assert executed.tests_of("pipelines/rule.py", 1, 2)[0] == ("own",)
    assert executed.tests_of("pipelines/rule.py", 2, 60)[0] == ()


def test_what_an_exit_code_means() -> None:
    tests = ["tests/x.py::test_a[1]", "tests/x.py::test_a[1 - 2]"]
    assert answer_of(0, "1 passed", tests) == Answer()
    assert answer_of(1, f"FAILED {tests[1]} - assert 1", tests) == Answer(tests[1])
    assert answer_of(2, "ERROR tests/y.py - NameError: x", tests) == Answer("tests/y.py")
    assert answer_of(-24, "", tests).noticed_by == "it does not end"
    gone = answer_of(4, "ERROR: not found: tests/x.py::test_b", tests)
    assert gone.fault, "a test that is gone notices nothing"
    assert not gone.noticed_by


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for path, content in {
        "pipelines/__init__.py": "",
        "pipelines/rule.py": RULE,
        "tests/pipelines/test_rule.py": CHECKS,
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["-p", "no:django", "--import-mode=importlib"]\n',
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    return root


@pytest.mark.night
def test_survivors_are_told_and_the_noticed_are_counted(tree: Path, tmp_path: Path) -> None:
    files, folder = ["tests/pipelines/test_rule.py"], tmp_path / "record"
    assert stale(folder, files, tree) == files
    record(files, 1, tree, folder)
    assert stale(folder, files, tree) == []
    unit = read_unit(folder, files[0])
    assert unit is not None
    assert unit.digests == {path: digest(path, tree) for path in ("pipelines/rule.py", *files)}
    tests, changed = recorded(files, tree, folder)
    assert not changed
    assert tests[f"{files[0]}::test_due"].rows == ["A-001"]
    assert tests[f"{files[0]}::test_due"].lines == {"pipelines/rule.py": bits([2, 3, 4])}

    wanted = {(2, "<", "<="), (3, "0", "None"), (4, "-", "+")}
    every = drawn(tests, changed, tree, seed=1, count=100)
    assert {mutant.change.line for mutant in every} == {2, 3, 4}, "of the function that marked tests execute"
    mutants = [
        mutant
        for mutant in every
        if (mutant.change.line, mutant.change.before, mutant.change.after) in wanted
    ]
    assert len(mutants) == 3
    lines = report(mutants, try_all(mutants, 1, tree), 1, tree)
    assert lines[0].startswith("survived: pipelines/rule.py:2  comparison: '<' -> '<='  (row A-001)")
    assert lines[1:4] == ["    - if days < 30:", "    + if days <= 30:", f"    run: {files[0]}::test_due"]
    assert lines[4:] == [
        "mutants: seed 1: 3 broken, 2 noticed, 1 survived, 0 not tried (33.3 % not noticed, at most 5 %)"
    ]
    assert (tree / "pipelines" / "rule.py").read_text() == RULE, "the tree of the user stays as it was"

    (tree / "pipelines" / "rule.py").write_text(RULE + "\n")
    assert stale(folder, files, tree) == files
    assert recorded(files, tree, folder)[1] == {"pipelines/rule.py"}


def test_a_test_that_fails_anyway_notices_nothing(tree: Path) -> None:
    (tree / "tests" / "pipelines" / "test_rule.py").write_text("def test_it():\n    assert False\n")
    change = mutations("pipelines/rule.py", RULE.encode())[0]
    [answer] = try_all([Mutant("A-001", change, ("tests/pipelines/test_rule.py::test_it",), 1.0)], 1, tree)
    assert (answer.noticed_by, "whole tree" in answer.fault) == ("", True)
