"""Holders in a browser: what a 全社閲覧用ID reads, and what the desk does on a holder's page."""

import re
from collections.abc import Callable

import pytest

from tests.portal.browser.person import Person

pytestmark = pytest.mark.night

READER, ADMINISTRATOR = "990000001901", "990000001000"


@pytest.mark.req("G-022")
def test_a_company_wide_id_reads_two_holders(person: Person) -> None:
    person.logs_in(READER)
    person.is_on("ユーザーページ")
    person.looks_right()
    person.opens("保険利用者情報・ユーザー管理", "保険利用者情報照会")
    person.sees("990000001")
    person.looks_right()
    person.chooses("参照する保険利用者", "990000003 ためし繊維機械株式会社(架空)")
    person.presses("表示する")
    person.sees("990000003")
    person.looks_right()
    person.goes_to("/holder/?holder=990000002")
    person.is_on("ページが見つかりません")


def test_the_desk_unlocks_an_administrator(people: Callable[..., Person]) -> None:
    administrator, desk = people(), people()
    for _ in range(5):
        administrator.logs_in(ADMINISTRATOR, "wrong")
    administrator.is_on("パスワードエラー")
    desk.logs_in("desk-1")
    desk.presses("保険利用者とWebユーザー")
    desk.fills("保険利用者コード、または保険利用者名", "あおぞら")
    desk.presses("検索")
    desk.presses("990000001")
    desk.sees("ロック中")
    desk.looks_right()
    desk.presses("管理者のロックの解除")
    desk.looks_right()
    desk.fills("理由", "電話での依頼による")
    desk.presses("OK")
    desk.sees("ロックを解除しました。")
    administrator.logs_in(ADMINISTRATOR)
    administrator.is_on("ユーザーページ")
    administrator.looks_right()


def test_the_desk_issues_a_company_wide_id(people: Callable[..., Person]) -> None:
    desk, reader = people(), people()
    desk.logs_in("desk-2")
    desk.goes_to("/desk/holders/990000001/")
    desk.presses("全社閲覧用IDの発行")
    for label, typed in (
        ("氏名", "全社 読子"),
        ("メールアドレス", "yomiko@example.jp"),
        ("参照する他の保険利用者コード", "990000003"),
        ("理由", "依頼書による"),
    ):
        desk.fills(label, typed)
    desk.presses("確認する")
    desk.sees("入力内容を確認してください")
    desk.looks_right()
    desk.ticks("すべての保険利用者コードが同じ法人のものであることを、依頼書と登記で確認した")
    desk.presses("確認する")
    desk.sees("yomiko@example.jp", "990000003")
    desk.looks_right()
    desk.presses("確定する")
    desk.sees("全社閲覧用IDを発行しました。", "全社 読子")
    desk.looks_right()
    mail = desk.mail("全社閲覧用ID")
    login_id, password = re.search(r"\b99000000190\d\b", mail), re.search(r"初期パスワード: (\S+)", mail)
    assert login_id
    assert password
    reader.logs_in(login_id[0], password[1])
    reader.is_on("パスワード変更")
