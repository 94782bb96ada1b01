"""Every rule of the money lint fires where it should and is silent elsewhere, and the house is clean."""

from pathlib import Path

import pytest

from tests.lint.money_lint import check_rooms, check_source, main


def rules(source: str, *, exact: bool = True, pure: bool = True) -> list[str]:
    return [violation.rule for violation in check_source(source, "pipelines/x.py", exact=exact, pure=pure)]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("rate = 0.026", "float-literal"),
        ("rate = pl.col('a') * 1e3", "float-literal"),
        ("premium = base / 100", "true-division"),
        ("base /= 100", "true-division"),
        ("pl.col('a').truediv(100)", "true-division"),
        ("pl.col('premium').mean()", "mean"),
        ("from statistics import mean\nmean(x)", "mean"),
        ("x = float(y)", "float-type"),
        ("pl.col('a').cast(pl.Float64)", "float-type"),
        ("from polars import Float32", "float-type"),
        ("datetime.now(zone)", "clock"),
        ("datetime.datetime.now()", "clock"),
        ("import datetime as dt\ndt.date.today()", "clock"),
        ("factory = datetime.now", "clock"),
        ("time.time()", "clock"),
        ("from time import time", "clock"),
        ("os.environ['X']", "environment"),
        ("os.getenv('X')", "environment"),
        ("from os import environ", "environment"),
        ("with open('x') as f: pass", "file"),
        ("io.open('x')", "file"),
    ],
)
def test_rule_fires(source: str, rule: str) -> None:
    assert rules(source) == [rule]


@pytest.mark.parametrize(
    "source",
    [
        "x = a // 100",
        "x = 1_000_000 * a % 7",
        "'''a docstring about 0.5 / 2 and open()'''",
        "def f(now: datetime) -> date: return now.date()",
        "row.now()",
        "zipfile.open('x')",
        "means = {}",
    ],
)
def test_exact_and_pure_code_passes(source: str) -> None:
    assert rules(source) == []


def test_schemas_may_hold_floats_but_never_a_clock() -> None:
    assert rules("x = 0.5 / 2", exact=False) == []
    assert rules("date.today()", exact=False) == ["clock"]


def test_violation_tells_place_and_remedy() -> None:
    (violation,) = check_source("a = 1\nb = a / 2\n", "pipelines/x.py", exact=True, pure=True)
    assert str(violation).startswith("pipelines/x.py:2:5: true-division ")


def test_command_exits_one_on_a_violation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "schemas").mkdir()
    (tmp_path / "pipelines" / "rate.py").write_text("rate = 0.5\n", encoding="utf-8")
    (tmp_path / "schemas" / "bounds.py").write_text("rate = 0.5\n", encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "pipelines/rate.py:1:8: float-literal" in out
    assert "schemas" not in out


def test_the_house_is_clean() -> None:
    assert check_rooms(Path(__file__).resolve().parents[2]) == []
