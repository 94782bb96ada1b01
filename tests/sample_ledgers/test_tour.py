"""``make run``: the tour through the command line ends as expected, and tells when it does not."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.sample_ledgers.reference_set import ROOT
from tests.sample_ledgers.test_samples import expected, loaded

RUN = ROOT / "run.py"


@pytest.mark.night
@pytest.mark.slow
def test_the_tour_ends_with_every_upload_as_expected(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    # What the caller has set for another home does not lead the tour there.
    env = os.environ | {"DAICHO_HOME": str(elsewhere), "DAICHO_NOW": "2030-01-01T00:00:00"}
    done = subprocess.run(
        [sys.executable, str(RUN), "--home", str(home)],
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for row in expected():
        assert row["file"] in done.stdout
    assert "✗" not in done.stdout
    assert "すべて整合しています。" in done.stdout
    for paper in ("確定台帳", "船積通知明細書", "保険料請求書"):
        assert f"_{paper}.pdf" in done.stdout
    assert (home / "drop" / "990000001" / "refused" / "wrong_count.csv").is_file()
    assert not elsewhere.exists()


def test_a_home_with_anything_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(RUN), "--home", str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    assert "空ではありません" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


ROW = {"refusal": "", "expected": "処理完了", "premium_total_yen": "100", "errors": "0", "warnings": "1"}
STATUS = {"status": "処理完了", "premium_total_yen": 100, "errors": 0, "warnings": 1}
FOUND = Counter({"1:disclosure": 1})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"status": STATUS | {"premium_total_yen": 101}}, ["保険料 101(期待 100)"]),
        ({"status": STATUS | {"status": "申請内容要確認"}}, ["状況 申請内容要確認(期待 処理完了)"]),
        ({"status": {}}, ["受付の記録がありません"]),
        ({"refusal": "empty-file"}, ["拒否 empty-file(期待 なし)"]),
        ({"findings": Counter()}, ["検出事項 余分 [] 不足 ['1:disclosure']"]),
    ],
)
def test_the_tour_tells_what_differs(changes: dict[str, Any], told: list[str]) -> None:
    step = loaded("run").Step(ROW | {"findings": "1:disclosure"})
    step.status, step.findings = STATUS, FOUND
    for name, value in changes.items():
        setattr(step, name, value)
    assert step.differences() == told
