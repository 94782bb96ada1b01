"""各種情報照会 in a browser: files made in the background, a window of its own, the desk's uploads."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.portal.browser.person import Person

pytestmark = pytest.mark.night

APPLICANT, DESK = "990000001001", "desk-1"
MENU = "各種情報照会"


def test_changes_of_ratings_are_searched_and_saved(person: Person) -> None:
    person.logs_in(APPLICANT)
    person.opens(MENU, "海外商社格付変更一覧")
    person.is_on("海外商社格付変更一覧")
    person.sees("検索結果（3件）", "SAMPLE DALIAN CO., LTD.")
    person.looks_right()
    person.fills("所在国名または国コード", "304")
    person.presses("検索")
    person.sees("検索結果（1件）", "SAMPLE MIDWEST LLC")
    name, content = person.downloads("CSVダウンロード")
    assert name == "rating_changes_20260406.csv"
    [row] = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert (row["変更前の格付"], row["変更後の格付"]) == ("EF", "EC")
    person.fills("所在国名または国コード", "火星")
    person.presses("検索")
    person.sees("所在国「火星」が見つかりません。")
    person.looks_right()


@pytest.mark.req("I-007", "I-008", "I-009", "I-011")
@pytest.mark.parametrize("scripts", [True, False])
def test_data_of_contracts_are_made_and_saved(people: Callable[..., Person], scripts: bool) -> None:
    person = people(scripts=scripts)
    person.logs_in(APPLICANT)
    person.opens(MENU, "保険契約情報")
    person.is_on("保険契約一覧")
    person.sees("作成したデータはありません。")
    person.looks_right()
    person.presses("検索")
    person.is_on("保険契約一覧（保険種の選択）")
    _until(person, "貿易一般保険（個別）（1契約・1行）", scripts)
    person.looks_right()
    person.presses("データ作成")
    person.sees("保険種を1つ選択してから、「データ作成」を押してください。")
    person.looks_right()
    person.ticks("貿易代金貸付保険（1契約・1行）")
    person.presses("データ作成")
    person.sees("データの作成を受け付けました。")
    _until(person, "作成済み", scripts)
    person.looks_right()
    with person.page.expect_download() as waiting:
        person.page.get_by_role("link", name="ダウンロード").first.click()
    assert waiting.value.suggested_filename.startswith("contract_data_loan_v1_990000001_20260406_10")
    [row] = csv.DictReader(io.StringIO(Path(waiting.value.path()).read_bytes().decode("cp932")))
    assert (row["証券番号・申込番号"], row["中長期"]) == ("LOAN-2024-0003", "1")
    person.presses("終了")
    person.is_on("ログアウトしました")


def _until(person: Person, words: str, scripts: bool) -> None:
    """With scripts it comes by itself; without them 「更新」 is pressed until it is there."""
    if scripts:
        person.sees(words)
        return
    for _ in range(60):
        if words in person.page.locator("body").inner_text():
            return
        person.page.wait_for_timeout(250)
        update = person.page.get_by_role("link", name="更新", exact=True)
        if update.count():
            update.click()
            person.page.wait_for_load_state()
    raise AssertionError(f"{words} did not come")


def test_data_of_losses_are_made(person: Person) -> None:
    person.logs_in(APPLICANT)
    person.opens(MENU, "事故情報")
    person.is_on("事故概要情報検索")
    person.chooses("保険種", "海外投資保険")
    person.presses("データ作成")
    person.sees("作成できませんでした。条件に合うデータがありません。")
    person.looks_right()
    person.presses("条件をクリア")
    person.presses("データ作成")
    person.sees("作成済み")
    person.looks_right()
    person.presses("メニュー")
    person.is_on("ユーザーページ")


@pytest.mark.req("I-024", "I-025")
def test_a_list_of_claims_opens_in_a_window_that_closes(person: Person) -> None:
    person.logs_in(APPLICANT)
    person.opens(MENU, "回収情報（債権一覧表）")
    person.is_on("債権一覧表ダウンロード（プロジェクト一覧）")
    person.looks_right()
    with person.page.expect_popup() as opened:
        person.page.get_by_role("link", name="PJ-0001").click()
    window = opened.value
    window.wait_for_load_state()
    names = window.locator("tbody th").all_inner_texts()
    assert names == ["債権一覧表_2026-03.csv", "債権一覧表_2026-02.csv"]
    with window.expect_download() as waiting:
        window.get_by_role("link", name="債権一覧表_2026-03.csv").click()
    assert waiting.value.suggested_filename == "債権一覧表_2026-03.csv"
    with window.expect_event("close"):
        window.get_by_role("link", name="閉じる").click()
    person.goes_to("/claims-lists/PJ-0001/?holder=990000001")
    person.looks_right()


@pytest.mark.req("I-005")
def test_the_desk_brings_contracts_in(person: Person, tmp_path: Path) -> None:
    heads = "保険利用者コード,保険種,証券番号,国コード,バイヤーコード,保険契約締結日,保険責任終了日"
    heads += ",通貨,契約金額,保険金額（円）,保険料（円）,中長期"
    good = "990000001,貿易一般保険（個別）,IND-9,304,304000001,20260401,20270331,USD,100,15000,150,0"
    file = tmp_path / "契約.csv"
    bad = good.replace("304000001", "999999999").replace("20270331", "20250331")
    file.write_text(f"{heads}\n{bad}\n{bad}\n", encoding="cp932")
    person.logs_in(DESK)
    person.presses("書面の保険契約")
    person.is_on("書面の保険契約の取込")
    person.looks_right()
    person.uploads("CSVファイル", file)
    person.presses("内容を確認する")
    person.sees("このファイルは取り込めません（問題 5件）", "2行目「バイヤーコード」", "3行目: 2行目と同じ")
    person.looks_right()
    file.write_text(f"{heads}\n{good}\n", encoding="cp932")
    person.uploads("CSVファイル", file)
    person.presses("内容を確認する")
    person.is_on("書面の保険契約の取込の確認")
    person.sees("追加 1、変更 0", "IND-9")
    person.looks_right()
    person.fills("理由", "契約部の月次報告")
    person.presses("反映する")
    person.sees("ファイルの内容を反映しました。", "契約部の月次報告")
    person.looks_right()


def test_the_desk_publishes_and_withdraws_a_list_of_claims(
    people: Callable[..., Person], tmp_path: Path
) -> None:
    person, user = people(), people()
    file = tmp_path / "一覧.csv"
    file.write_text("a,b\n", encoding="utf-8")
    person.logs_in(DESK)
    person.presses("債権一覧表")
    person.is_on("債権一覧表")
    person.fills("保険利用者コード", "990000001")
    person.fills("プロジェクトコード", "PJ-0002")
    person.fills("プロジェクト名", "架空鉄道")
    person.fills("理由", "月次")
    person.presses("確認する")
    person.sees("債権一覧表のファイルを選択してください。")
    person.looks_right()
    person.uploads("債権一覧表のファイル", file)
    person.presses("確認する")
    person.is_on("債権一覧表の登録の確認")
    person.looks_right()
    person.presses("公開する")
    person.sees("債権一覧表を公開しました。")
    person.looks_right()
    user.logs_in(APPLICANT)
    user.goes_to("/claims-lists/")
    user.sees("PJ-0002")
    person.presses("PJ-0002 一覧.csv を取り下げる")
    person.fills("理由", "宛先の誤り")
    person.presses("OK")
    person.sees("債権一覧表を取り下げました。")
    user.opens_again()
    user.sees("PJ-0001")
    user.does_not_see("PJ-0002")
