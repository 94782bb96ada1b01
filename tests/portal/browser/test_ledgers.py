"""The ledger desk in a browser: from the file to 申請完了, its list, 台帳ファイル and papers, with and without JavaScript."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from schemas.submission import dispatch_source
from tests import kit
from tests.homes import contracts, csv_rows
from tests.portal.browser.person import Person
from tests.portal.browser.test_uploads import _tell as tell
from tests.portal.feed.conftest import HELD, UNDECIDED, found, paper, portrait
from tests.portal.serving import Portal

HOLDER, USER = "990000001", "990000001001"
AGREEMENT = "880000011"
MENU = "保険申込み・変更のお手続き"
DESK = "設備財包括保険／消費財包括保険／企業総合保険"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "企総_4月分.csv"
    path.write_bytes(kit.csv_bytes(contracts("EX-1", "EX-2")))
    return path


def to_upload(person: Person) -> None:
    person.logs_in(USER)
    person.opens(MENU, DESK)
    person.is_on(DESK)
    person.presses("企業総合保険")
    person.is_on("企業総合保険")
    person.presses("アップロード")
    person.is_on("企業総合保険　アップロード")


@pytest.mark.req("A-004", "A-005", "A-013", "P-043")
def test_a_file_is_sent_with_an_error_on_the_way(person: Person, file: Path) -> None:
    to_upload(person)
    person.sees("いま申請すると 4月6日（月） の受理です", "17:30を過ぎると、4月7日（火） の受理")
    person.looks_right()
    person.fills("備考情報", "契約発効日 4月1日")
    person.sees("あと490文字")
    person.presses("申請")
    person.sees("申請ファイルを選択してください", "申請件数を入力してください")
    person.looks_right()
    person.uploads("申請ファイル", file)
    person.fills("申請件数", "3")
    person.presses("申請")
    person.sees(
        "申請件数(3件)とファイルの件数(2件)が一致しません", "選び直す必要はありません", "企総_4月分.csv"
    )
    person.sees_typed("備考情報", "契約発効日 4月1日")
    person.looks_right()
    person.fills("申請件数", "2")
    person.presses("申請")
    person.is_on("企業総合保険　申請完了")
    person.sees("企総_4月分.csv", "受理日は 2026年4月6日 です", "受付前")
    person.looks_right()
    person.opens_again()
    person.is_on("企業総合保険　申請完了")
    person.presses("申請済一覧")
    person.sees("企総_4月分.csv")
    [sent] = person.page_now().table().rows
    assert sent["ファイル名"] == "企総_4月分.csv\nポータル"
    assert sent["ステータス"].startswith("受付前\n")
    assert sent["受理日"] == "2026/04/06"
    person.looks_right()
    person.presses("終了")
    person.is_on("ログアウトしました")


@pytest.mark.req("A-013", "P-034")
def test_the_same_without_javascript(people: Callable[..., Person], file: Path) -> None:
    person = people(scripts=False)
    to_upload(person)
    person.uploads("申請ファイル", file)
    person.presses("申請")
    person.sees("申請件数を入力してください", "選び直す必要はありません")
    person.looks_right()
    person.fills("申請件数", "2")
    person.presses("申請")
    person.is_on("企業総合保険　申請完了")
    person.looks_right()
    person.presses("申請済一覧")
    person.ticks_row("企総_4月分.csv")
    person.presses("データ作成")
    person.is_on("企業総合保険　作成済台帳ファイルリスト")
    person.looks_right()
    for _ in range(100):
        person.presses("リスト更新")
        if person.page.get_by_role("link", name="ダウンロード").count():
            break
        time.sleep(0.2)
    person.looks_right()
    person.presses("メニュー")
    person.is_on("ユーザーページ")


@pytest.mark.night
@pytest.mark.req("D-032", "D-033", "D-034", "P-033", "P-034")
def test_a_ledger_file_is_made_and_stored(person: Person, file: Path) -> None:
    to_upload(person)
    person.uploads("申請ファイル", file)
    person.fills("申請件数", "2")
    person.presses("申請")
    person.is_on("企業総合保険　申請完了")
    person.presses("申請済一覧")
    person.presses("データ作成")
    person.sees("台帳ファイルを作成する申請を選択してください")
    person.looks_right()
    person.ticks_row("企総_4月分.csv")
    person.presses("データ作成")
    person.is_on("企業総合保険　作成済台帳ファイルリスト")
    person.sees("作成済", "企総_4月分.csv", "一度端末に保存してから")
    person.looks_right()
    link = person.page.get_by_role("link", name="台帳ファイルをダウンロード")
    with person.page.expect_download() as waiting:
        link.click()
    assert waiting.value.suggested_filename.startswith("企業総合保険_台帳ファイル_20260406_")
    rows = csv_rows(Path(waiting.value.path()).read_bytes())
    label = kit.layout_of(kit.ENTERPRISE).labels["export_contract_no"]
    assert [row[label] for row in rows] == ["EX-1", "EX-2"]


@pytest.mark.night
def test_a_large_file_shows_how_far_it_is(person: Person, file: Path) -> None:
    to_upload(person)
    person.uploads("申請ファイル", file)
    person.fills("申請件数", "2")

    def slowly(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    person.page.route("**/send/", slowly)
    person.page.get_by_role("button", name="申請", exact=True).click(no_wait_after=True)
    expect(person.page.get_by_role("progressbar", name="ファイルの送信")).to_be_visible()
    person.is_on("企業総合保険　申請完了")
    person.looks_right()


@pytest.mark.night
def test_a_broken_line_is_told_and_the_button_works_again(person: Person, file: Path) -> None:
    to_upload(person)
    person.uploads("申請ファイル", file)
    person.fills("申請件数", "2")
    person.page.route("**/send/", lambda route: route.abort())
    person.presses("申請")
    person.sees("送信が途中で切れました")
    person.page.unroute("**/send/")
    person.faults.clear()  # the broken line was ours
    person.presses("申請")
    person.is_on("企業総合保険　申請完了")


@pytest.mark.night
@pytest.mark.req("A-005")
def test_a_kept_file_is_checked_before_it_is_sent(person: Person) -> None:
    to_upload(person)
    person.sees("送っていないファイル（1件）", "1101_企総_10月契約分.csv")
    person.looks_right()
    person.page.get_by_role("link", name="1101_企総_10月契約分.csv").click()
    person.sees("選び直す必要はありません")
    person.sees_typed("申請件数", "5")
    person.presses("検査する")
    person.is_on("企業総合保険　送る前の検査")
    person.sees("1101_企総_10月契約分.csv")


@pytest.fixture
def told(portal: Portal) -> Portal:
    """Submissions in every state and a month of papers."""
    unit = {"unit": f"{AGREEMENT}_-_2026-03", "holder": HOLDER}
    name = f"{AGREEMENT}_-_2026-03_2026W14_1"
    documents = [
        paper(f"reconciliation_ledger-{name}-pdf", kind="reconciliation_ledger", path="a.pdf", **unit),
        paper(f"reconciliation_ledger-{name}-csv", kind="reconciliation_ledger", format="csv", path="a.csv", **unit),
        paper(f"provided_data-{name}", kind="provided_data", format="csv", path="a.csv",
              expires_at="2026-05-02T00:00:00+09:00", **unit),
        paper(f"invoice-{AGREEMENT}_-_2026-02_C_1-pdf", kind="invoice", path="a.pdf",
              **unit | {"unit": f"{AGREEMENT}_-_2026-02"}),
        paper("monitor_list-S00000005", submission_id="S00000005", path="a.pdf", holder=HOLDER,
              expires_at="2026-05-02T00:00:00+09:00"),
    ]  # fmt: skip
    ours: dict[str, Any] = {"holder": HOLDER, "user": USER}
    tell(
        portal,
        submissions=[
            portrait(1, file_name="企総_3月分_とても長い名前のファイル_最終版（2）.xlsx", **ours),
            portrait(2, file_name="保留.csv", **ours, **HELD),
            portrait(3, file_name="順番待ち.csv", **ours, **UNDECIDED),
            portrait(4, file_name="夕方.csv", **ours, **UNDECIDED | {"acceptance_date": "2026-04-07"}),
            portrait(5, file_name="誤り.csv", verdict="rejected", errors=2, warnings=1, premium_total=None,
                     source=dispatch_source(HOLDER, "0" * 32), **ours),
        ],
        findings={"S00000005": [found(n, value="値" * n) for n in range(1, 25)]},
        totals={"S00000005": 24},
        documents=documents,
    )  # fmt: skip
    (portal.home / "files").mkdir(exist_ok=True)
    (portal.home / "files" / "a.pdf").write_bytes(b"%PDF-1.7\n")
    (portal.home / "files" / "a.csv").write_bytes(b"a,b\r\n")
    return portal


@pytest.mark.night
@pytest.mark.req("P-032", "C-018")
def test_lists_and_details(told: Portal, person: Person) -> None:
    person.logs_in(USER)
    person.goes_to("/ledger/enterprise/sent/")
    person.sees("5件", "処理完了", "保留中", "受付フォルダ", "9,876,543,210", "申請内容要確認")
    person.looks_right()
    person.page.get_by_text("検索条件", exact=True).click()
    person.chooses("ステータス", "申請内容要確認")
    person.presses("検索")
    person.sees("1件")
    person.presses("誤り.csv")
    person.is_on("企業総合保険　申請の詳細")
    person.sees("検出事項（24件）", "先頭の20件", "帳票（1件）", "2026/05/01まで")
    person.looks_right()


@pytest.mark.req("D-004", "D-005", "P-040", "P-041", "P-047", "P-048")
def test_papers_are_found(told: Portal, person: Person) -> None:
    person.logs_in(USER)
    person.opens(MENU, DESK)
    person.looks_right()
    person.presses("企業総合保険")
    person.looks_right()
    person.presses("モニタリストダウンロード")
    person.is_on("モニタリスト出力")
    person.looks_right()
    person.presses("検索")
    person.sees("検索結果（1件）")
    [listed] = person.page_now().table().rows
    assert (listed["ファイル名"].split("\n")[0], listed["ステータス"]) == ("誤り.csv", "申請内容要確認")
    person.looks_right()
    with person.page.expect_download() as waiting:
        person.page.get_by_role("link", name="をダウンロード").first.click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF-")
    person.opens("各種情報照会", "台帳・請求書")
    person.sees("2件", "照合台帳", "保険料請求書")
    person.looks_right()
    person.opens("各種情報照会", "契約台帳・提供データ")
    person.is_on("提供データダウンロード")
    person.sees("事前にご要望をいただいたお客様にのみ提供しています")
    person.looks_right()
    person.goes_to("/ledger-papers/confirmed-data/")
    person.looks_right()


@pytest.mark.night
@pytest.mark.req("B-001", "B-002")
def test_notices_speak_of_notices(told: Portal, person: Person) -> None:
    person.logs_in(USER)
    person.opens(MENU, "簡易通知型包括保険")
    person.is_on("簡易通知型包括保険")
    person.looks_right()
    person.presses("アップロード")
    person.sees("通知件数", "通知ファイル", "通知済一覧", "いま通知すると")
    person.does_not_see("申請件数")
    person.looks_right()
