"""Check before you send, as an exporter does it: a bad workbook, its findings, and the workbook back with its marks."""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests import office
from tests.portal.browser.conftest import NOW
from tests.portal.browser.person import Person
from tests.portal.serving import DAICHO, Portal, environment

ADMINISTRATOR = "990000001000"
REFERENCE = Path("sample_ledgers/reference")


def command(portal: Portal, *words: str) -> str:
    done = subprocess.run(
        [*DAICHO[:-1], *words],
        env=environment(portal.home, DAICHO_NOW=NOW),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def bad(portal: Portal, tmp_path: Path) -> Path:
    """A workbook of 60 records as one types them, with faults in it."""
    command(portal, "reference", "load", str(REFERENCE))
    path = tmp_path / "企総_4月分.xlsx"
    told = ("--product", "enterprise", "--lines", "60", "--seed", "3", "--defects", "0.8")
    command(portal, "generate", *told, "--out", str(path))
    return path


def hands_in(person: Person, path: Path, count: int) -> None:
    """Chooses the file on 「アップロード」 and has it checked."""
    person.logs_in(ADMINISTRATOR)
    person.goes_to("/ledger/enterprise/upload/")
    person.uploads("申請ファイル", path)
    person.fills("申請件数", str(count))
    person.presses("検査する")
    person.is_on("企業総合保険　送る前の検査")


@pytest.mark.req("A-027")
def test_a_bad_workbook_comes_back_with_its_faults_marked(person: Person, bad: Path, tmp_path: Path) -> None:
    hands_in(person, bad, 60)
    person.sees("この時刻に申請すると 2026年4月6日（月） の受理になります。")
    person.sees("検査結果", "エラーが", "先頭の20件", "ほか", "エラーを直すと計算されます")
    assert person.page.locator("tbody tr th.number").count() == 20
    person.page.get_by_text("種類ごとの件数").click()
    person.looks_right()
    name, report = person.downloads("検査結果（CSV）")
    assert name == "企総_4月分_検査結果.csv"
    rows = report.decode("cp932").splitlines()
    name, book = person.downloads("検査結果を書き込んだExcel")
    assert name == "企総_4月分_検査結果.xlsx"
    shown = office.sheets(book, tmp_path)
    sent = office.sheets(bad.read_bytes(), tmp_path)
    assert shown["upload"] == sent["upload"], "LibreOffice shows the same cells"
    listed = shown["検査結果"]
    assert len(listed) - next(n for n, row in enumerate(listed) if row[0] == "レコード") == len(rows)
    read = openpyxl.load_workbook(io.BytesIO(book))
    comments = [cell for row in read.worksheets[0].iter_rows() for cell in row if cell.comment]
    assert comments
    assert all(cell.comment.text.startswith("送る前の検査\n【") for cell in comments)
    first = person.page.locator("tbody tr:has(th.number)").first.inner_text()
    assert any(f"セル {cell.coordinate}" in first for cell in comments)


@pytest.mark.night
def test_corrected_it_is_told_its_premium(portal: Portal, person: Person, bad: Path) -> None:
    good = bad.with_name("直した.xlsx")
    command(portal, "generate", "--product", "enterprise", "--lines", "5", "--seed", "4", "--out", str(good))
    hands_in(person, good, 5)
    person.sees("エラーはありません" if person.page.get_by_text("警告が").count() else "保険料合計（見込み）")
    person.sees("2026/04/06 の受理として計算しました")
    person.does_not_see("エラーを直すと")
    person.looks_right()
    person.presses("申請")
    person.is_on("企業総合保険　申請完了")
    person.sees("直した.xlsx", "2026年4月6日")


@pytest.mark.night
def test_without_javascript_one_looks_again_oneself(people: Callable[..., Person], bad: Path) -> None:
    person = people(scripts=False)
    hands_in(person, bad, 59)
    for _ in range(60):
        if "申請しても受け付けられません" in person.page.inner_text("body"):
            break
        person.page.wait_for_timeout(500)
        person.presses("更新")
    person.sees("申請件数(59件)とファイルの件数(60件)が一致しません", "もう一度検査する")
    person.looks_right()
