"""Procedures in a browser: from the search of a buyer to the notice, with files, back, reload, two windows and a lost session."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.portal.browser.person import Person

ORANGE = "rgb(255, 193, 153)"
ADMINISTRATOR, APPLICANT = "990000001000", "990000001001"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Files as users have them."""
    made = {}
    for name, content in {
        "会社案内.pdf": b"%PDF-1.7 sample",
        "信用調査報告書.pdf": b"%PDF-1.7 report",
        "偽物.pdf": b"MZ",
    }.items():
        made[name] = tmp_path / name
        made[name].write_bytes(content)
    return made


def _begins_a_registration(person: Person, kind: str = "企業") -> None:
    person.goes_to("/procedures/buyer-registration/")
    person.presses("申込情報の入力へ")
    person.chooses("所在国", "105 中華人民共和国")
    for label, typed in (
        ("海外商社名称（英文）", "NEW TRADING CO., LTD."),
        ("住所（英文）", "1 Example Street, Example City"),
        ("業種", "機械器具卸売業"),
    ):
        person.fills(label, typed)
    person.chooses("企業・公的機関・銀行の区分", kind)
    person.chooses("特定資本関係の有無", "無")
    person.fills("担当者 電話番号", "03-0000-0000")
    person.presses("必要書類の確認へ")


@pytest.mark.req("K-016", "K-036", "K-037", "S-018", "S-019")
def test_a_buyer_is_registered_from_the_search_to_the_notice(
    people: Callable[..., Person], files: dict[str, Path]
) -> None:
    person = people()
    person.logs_in(APPLICANT)
    person.opens("海外商社登録等のお手続き", "海外商社（バイヤー）の検索・登録・変更")
    person.fills("バイヤーコードまたは名称", "NEW TRADING")
    person.presses("検索")
    person.looks_right()
    person.presses("海外商社登録")
    person.is_on("海外商社登録　申込手続きの内容と流れ")
    person.looks_right()
    person.presses("申込情報の入力へ")
    person.looks_right()
    person.presses("必要書類の確認へ")
    person.sees("所在国を選択してください。")
    person.looks_right()
    _begins_a_registration(person)
    person.is_on("海外商社登録　必要書類の確認")
    current = person.page.locator("ol.steps > li").filter(has_text="必要書類の確認")
    expect(current).to_have_css("background-color", ORANGE)
    person.looks_right()
    person.ticks("「信用調査報告書（信用調書）をお持ちの場合」はこちらをチェックしてください")
    person.presses("必要書類の添付へ")
    person.is_on("海外商社登録　必要書類の添付")
    person.looks_right()
    person.uploads("信用調査報告書（信用調書）", files["信用調査報告書.pdf"])
    person.uploads("その他の資料", files["偽物.pdf"])
    person.presses("申込内容の確認へ")
    person.sees("中身がPDF形式ではありません", "信用調査報告書.pdf")
    person.looks_right()
    person.chooses("別送資料の有無", "有")
    person.fills("別送する資料名", "登記簿")
    person.presses("申込内容の確認へ")
    person.is_on("海外商社登録　申込内容の確認")
    person.sees("2026-0406-", "信用調査報告書.pdf", "登記簿")
    person.looks_right()
    person.opens_again()
    person.is_on("海外商社登録　申込内容の確認")
    person.presses("申込む")
    person.is_on("海外商社登録　申込完了")
    person.sees("別送資料があります")
    person.looks_right()
    person.page.go_back()
    person.is_on("海外商社登録　申込完了")
    assert "NEW TRADING" not in person.mail("申込受付"), "no insurance data in mails"

    desk = people()
    desk.logs_in("desk-1")
    desk.goes_to("/desk/applications/?kind=buyer-registration&state=pending")
    desk.looks_right()
    desk.page.locator("tbody a").first.click()
    desk.looks_right()
    desk.presses("審査を開始する")
    desk.looks_right()
    desk.presses("ＯＫ")
    desk.presses("手続完了にする")
    desk.presses("ＯＫ")
    desk.sees("完了")
    assert desk.page_now().facts["手続状況"] == "手続完了"
    assert "手続きが完了しました" in desk.mail("手続完了")

    person.goes_to("/applications/")
    row = person.page_now().table().rows[0]
    assert (row["申込種類"], row["手続状況"]) == ("海外商社登録", "手続完了")
    person.looks_right()
    notice = person.page.locator("tbody tr", has_text="海外商社登録").first.get_by_role("link", name="PDF")
    address = notice.get_attribute("href")
    got = person.page.request.get(str(address))
    assert got.body().startswith(b"%PDF-")


@pytest.mark.night
def test_two_windows_do_not_overwrite_each_other(person: Person) -> None:
    person.logs_in(APPLICANT)
    _begins_a_registration(person, "公的機関")
    first = person.page
    entry = first.url.replace("documents", "entry")
    first.goto(entry)
    second = first.context.new_page()
    second.goto(entry)
    second.get_by_label("業種").fill("先の窓")
    second.get_by_role("button", name="必要書類の確認へ").last.click()
    second.wait_for_load_state()
    person.fills("業種", "後の窓")
    person.presses("必要書類の確認へ")
    person.sees("先に更新しました")
    person.sees_typed("業種", "後の窓")
    person.looks_right()
    person.presses("必要書類の確認へ")
    person.is_on("海外商社登録　必要書類の確認")


@pytest.mark.night
def test_a_lost_session_loses_nothing_that_was_saved(person: Person) -> None:
    person.logs_in(APPLICANT)
    _begins_a_registration(person)
    person.page.context.clear_cookies()
    person.logs_in(APPLICANT)
    person.goes_to("/procedures/buyer-registration/")
    person.sees("入力の途中のものがあります")
    person.looks_right()
    person.page.get_by_role("link", name="の入力の続きへ").first.click()
    person.is_on("海外商社登録　必要書類の確認")
    person.presses("戻る")
    person.sees_typed("海外商社名称（英文）", "NEW TRADING CO., LTD.")


@pytest.mark.night
def test_an_account_is_registered_with_a_chosen_branch(person: Person) -> None:
    person.logs_in(ADMINISTRATOR)
    person.opens("管理項目", "口座情報照会・登録・変更")
    person.looks_right()
    person.presses("新規登録")
    person.presses("申込情報の入力へ")
    person.chooses("利用区分", "保険料返還")
    person.fills("口座名義人", "あおぞら精機株式会社")
    person.presses("取引先金融機関・取引先支店を選択")
    person.is_on("取引先金融機関・支店の選択")
    person.looks_right()
    person.fills("検索語", "架空 港")
    expect(person.page.locator("#choices tbody tr")).to_have_count(1)
    person.page.locator("#choices input[type=radio]").check()
    person.presses("反映")
    person.sees("9902 架空信用金庫")
    person.sees_typed("口座名義人", "あおぞら精機株式会社")
    person.chooses("預金種別", "普通")
    person.fills("口座番号", "7654321")
    person.fills("口座名義人カナ", "アオゾラセイキ（カ")
    person.presses("申込内容の確認へ")
    person.presses("申込む")
    person.sees("口座情報が更新されました。")
    person.presses("口座情報一覧へ")
    person.sees("7654321")
    person.looks_right()


@pytest.mark.night
def test_the_list_is_searched_sorted_and_deleted_from(person: Person) -> None:
    person.logs_in(ADMINISTRATOR)
    person.opens("Web申込状況一覧", "Web申込状況一覧")
    person.sees("再入力依頼", "入力中", "手続完了")
    person.page.locator("summary", has_text="検索条件").click()
    person.chooses("手続状況", "入力中")
    person.presses("検索")
    person.sees("1件")
    person.looks_right()
    person.page.get_by_role("link", name="削除").first.click()
    person.sees("本当に削除しますか？")
    person.looks_right()
    person.presses("ＯＫ")
    person.is_on("Web申込状況一覧")
    person.does_not_see("保存 2026/")


@pytest.mark.night
def test_a_request_to_enter_again_is_answered(person: Person) -> None:
    person.logs_in(ADMINISTRATOR)
    person.goes_to("/applications/?state=again")
    person.page.locator("tbody a").first.click()
    person.sees("再入力のお願い", "郵便番号と所在地が一致しません")
    person.looks_right()
    person.presses("修正する")
    person.fills("郵便番号", "100-0002")
    person.looks_right()
    person.presses("変更内容の確認へ")
    person.sees("現在: 100-0000")
    person.looks_right()
    person.presses("申込む")
    person.is_on("保険利用者情報変更　申込完了")
    person.looks_right()


@pytest.mark.night
def test_without_scripts_a_procedure_goes_its_way(people: Callable[..., Person]) -> None:
    person = people(scripts=False)
    person.logs_in(ADMINISTRATOR)
    person.goes_to("/procedures/account-registration/")
    person.presses("申込情報の入力へ")
    person.presses("取引先金融機関・取引先支店を選択")
    person.fills("検索語", "台帳 駅前")
    person.presses("検索")
    person.page.locator("#choices input[type=radio]").check()
    person.presses("反映")
    person.sees("9903 台帳銀行")
    person.looks_right()
