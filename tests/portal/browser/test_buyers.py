"""海外商社 in a browser: bookmarks, スリーピング候補バイヤー解除, and windows of their own."""

from collections.abc import Callable

import pytest

from tests.portal.browser.person import Person

pytestmark = pytest.mark.night

APPLICANT = "990000001001"


def _searches(person: Person, name: str, page: str = "/buyers/") -> None:
    person.goes_to(page)
    person.fills("バイヤーコードまたは名称", name)
    person.presses("検索")


@pytest.mark.req("K-060")
def test_a_bookmark_is_added_listed_and_deleted(person: Person) -> None:
    person.logs_in(APPLICANT)
    person.opens("海外商社登録等のお手続き", "ブックマークバイヤー")
    person.sees("ブックマークに登録されている海外商社はありません。")
    person.looks_right()
    for code in ("105000002", "304000001"):
        _searches(person, code)
        person.page.get_by_role("radio").first.check()
        person.presses("ブックマーク登録")
        person.is_on("ブックマークバイヤー一覧")
        person.sees(f"（{code}）をブックマークに登録しました。")
    person.sees("105000002", "スリーピング候補")
    person.looks_right()
    person.presses("削除")
    person.sees("削除する海外商社を1つ選択してから")
    person.looks_right()
    person.page.locator("tr", has_text="105000002").get_by_role("radio").check()
    person.presses("削除")
    person.sees("ブックマークから削除しました。")
    person.does_not_see("105000002")
    person.looks_right()


@pytest.mark.req("K-053", "K-054")
def test_a_sleeping_candidate_is_released(people: Callable[..., Person]) -> None:
    person = people()
    person.logs_in(APPLICANT)
    _searches(person, "304000001")
    person.page.get_by_role("radio").first.check()
    person.presses("スリーピング候補バイヤー解除")
    person.sees("はスリーピング候補ではありません。")
    person.looks_right()
    person.goes_to("/buyers/")
    person.fills("所在国名または国コード", "105")
    person.chooses("対象範囲", "スリーピング候補バイヤーのみ")
    person.presses("検索")
    person.sees("105000002", "1件見つかりました")
    person.looks_right()
    person.page.get_by_role("radio").first.check()
    person.presses("スリーピング候補バイヤー解除")
    person.is_on("スリーピング候補バイヤー解除　申込手続きの内容と流れ")
    person.looks_right()
    person.presses("解除内容の入力へ")
    person.chooses("解除の理由", "その他")
    person.presses("申込内容の確認へ")
    person.sees("その他の理由を入力してください。")
    person.looks_right()
    person.chooses("解除の理由", "保険契約がある、または申込みを予定している")
    person.fills("担当者 電話番号", "03-0000-0000")
    person.presses("申込内容の確認へ")
    person.looks_right()
    person.presses("申込む")
    person.is_on("スリーピング候補バイヤー解除　申込完了")
    person.looks_right()

    desk = people()
    desk.logs_in("desk-1")
    desk.goes_to("/desk/applications/?kind=sleeping-release&state=pending")
    desk.page.locator("tbody a").first.click()
    desk.presses("手続完了にする")
    desk.presses("ＯＫ")
    desk.sees("手続完了")
    desk.looks_right()
    desk.mail("手続完了")
    _searches(person, "105000002")
    person.sees("105000002")
    row = person.page.locator("tbody tr", has_text="105000002")
    assert "スリーピング候補" not in row.inner_text()


@pytest.mark.parametrize(
    "path",
    [
        "/buyers/304000001/",
        "/buyer-data/304000001/",
        "/buyers-guide/",
        "/buyers-hints/",
        "/buyer-data/?name=TRADING",
    ],
)
def test_pages_to_read(person: Person, path: str) -> None:
    person.logs_in(APPLICANT)
    person.goes_to(path)
    person.looks_right()
