"""The list of sinks fires for a place that nobody guards, a call more and one that vanished; the table names real tests."""

import ast
import csv
import re
from pathlib import Path

import pytest

from tests.lint import sinks

ROOT = Path(__file__).resolve().parents[2]
ROW = {"kind": "file", "place": "daicho.x:f", "calls": "os.open", "guard": "the door"}
THERE = {("file", "daicho.x:f"): "os.open"}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("open(path)", "file"),
        ("path.open('rb')", "file"),
        ("path.open(encoding='utf-8')", "file"),
        ("os.rename(a, b)", "file"),
        ("path.rename(other)", "file"),
        ("temporary.replace(target)", "file"),
        ("path.write_bytes(data)", "file"),
        ("shutil.rmtree(path)", "file"),
        ("tempfile.mkdtemp()", "file"),
        ("subprocess.run(words)", "process"),
        ("os.execve(program, words, environ)", "process"),
        ("os.system(words)", "process"),
        ("csv.writer(stream)", "csv"),
        ("frame.write_csv(stream)", "csv"),
        ("connection.execute(f'select {word}')", "sql"),
        ("connection.execute(sql)", "sql"),
        ("Model.objects.raw(sql)", "sql"),
        ("connection.cursor()", "sql"),
        ("re.compile(rb'<a.*>')", "pattern"),
        ("mark_safe(text)", "markup"),
        ("ZipFile(stream)", "markup"),
        ("response.headers['X'] = told", "header"),
        ("HttpResponse(headers={'X': f'a{b}'})", "header"),
        ("pickle.loads(data)", "code"),
        ("eval(text)", "code"),
        ("urlopen(address)", "network"),
    ],
)
def test_a_sink_is_seen(code: str, kind: str) -> None:
    [found] = sinks.sinks(ast.parse(f"class C:\n    def f(self):\n        {code}"))
    assert found[:2] == (kind, "C.f")


@pytest.mark.parametrize(
    "code",
    [
        "Store.open()",
        "journal.open(NAME, schema)",
        "text.replace('a', 'b')",
        "day.replace(year=2018)",
        "pl.col('a').replace(WORDS)",
        "frame.rename({'a': 'b'})",
        "connection.execute('select 1')",
        "re.compile('a')",
        "response.headers['X'] = '1'",
        "csv.reader(stream)",
    ],
)
def test_what_is_no_sink_is_left_alone(code: str) -> None:
    assert list(sinks.sinks(ast.parse(code))) == []


@pytest.mark.parametrize(
    ("there", "table", "word"),
    [
        (THERE, [], "what guards it?"),
        ({}, [ROW], "vanished"),
        ({("file", "daicho.x:f"): "os.open×2"}, [ROW], "the table says"),
        (THERE, [{**ROW, "guard": " "}], "no guard"),
    ],
)
def test_table_and_product_must_agree(
    there: dict[tuple[str, str], str], table: list[dict[str, str]], word: str
) -> None:
    [fault] = sinks.faults(there, table)
    assert word in fault
    assert sinks.faults(THERE, [ROW]) == []


def test_the_product_agrees_with_its_table() -> None:
    assert sinks.main() == 0


def test_every_test_that_the_table_names_is_there() -> None:
    with sinks.TABLE.open(encoding="utf-8", newline="") as stream:
        named = {name for row in csv.DictReader(stream) for name in re.findall(r"test_\w+", row["guard"])}
    files = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    assert named - files == set()
    assert named, "the table is read"
