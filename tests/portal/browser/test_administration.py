"""管理項目: the administrator's own data, applicants, access history, addresses."""

import re
from collections.abc import Callable

import pytest

from portal_stub.demo import DEMO_PASSWORD
from tests.portal.browser.person import Person

ADMINISTRATOR = "990000001000"


@pytest.fixture
def administrator(person: Person) -> Person:
    """The 管理者 of a holder without one-time passwords."""
    person.logs_in(ADMINISTRATOR)
    return person


@pytest.mark.night
def test_a_new_mail_address_waits_for_its_confirmation(administrator: Person) -> None:
    person = administrator
    person.opens("管理項目", "Webユーザー（管理者）情報変更")
    person.looks_right()
    person.fills("氏名", "新井 花子")
    person.fills("メールアドレス", "arai@example.jp")
    person.presses("確認する")
    person.sees("メールアドレスと確認用の入力が一致しません")
    person.sees_typed("氏名", "新井 花子")
    person.looks_right()
    person.fills("メールアドレス（確認用）", "arai@example.jp")
    person.presses("確認する")
    person.sees("新井 花子", "arai@example.jp に確認用メールを送信します")
    person.looks_right()
    person.presses("修正する")
    person.sees_typed("メールアドレス（確認用）", "arai@example.jp")
    person.presses("確認する")
    person.fills("現在のパスワード", "Wrong-one.1")
    person.presses("確定する")
    person.sees("現在のパスワードが正しくありません")
    person.looks_right()
    person.fills("現在のパスワード", DEMO_PASSWORD)
    person.presses("確定する")
    person.is_on("Webユーザー（管理者）情報変更完了")
    person.sees("メールアドレスの変更はまだ完了していません")
    person.looks_right()
    mailed = re.search(r"http\S+", person.mail("メールアドレス変更の確認"))
    assert mailed
    person.goes_to(mailed[0])
    person.looks_right()
    person.presses("変更を完了する")
    person.sees("変更")
    person.looks_right()
    person.goes_to("/user/")
    person.sees("arai@example.jp", "新井 花子")
    person.looks_right()


def registers(person: Person) -> None:
    """新規登録 of an applicant who sees listed agreements only."""
    person.opens("管理項目", "Webユーザー（申込者）情報照会・追加・変更")
    person.presses("新規登録")
    person.presses("確認する")
    person.sees("入力内容を確認してください")
    person.looks_right()
    person.fills("メールアドレス", "shiro@example.jp")
    person.fills("氏名", "登録 史郎")
    person.fills("電話番号", "03-9999-0000")
    person.chooses("入力/申込権限", "入力権限のみ")
    person.chooses("情報データ参照範囲", "対象特約のみ参照可能")
    person.chooses("申込データ参照範囲", "ログインユーザーによる申込みのみ参照可能")
    person.presses("特約コードの追加／削除")
    person.is_on("特約コードの追加／削除")
    person.looks_right()
    person.presses("反映")
    person.sees("特約コードを1つ以上選択してから")
    code = person.page.get_by_role("checkbox").first.get_attribute("value")
    assert code
    person.ticks(code)
    person.presses("反映")
    person.sees(code)
    person.sees_typed("氏名", "登録 史郎")
    person.presses("確認する")
    person.is_on("Webユーザー（申込者）登録確認")
    person.sees("登録 史郎", "入力権限のみ", "対象特約のみ参照可能", code)
    person.looks_right()
    person.presses("確定する")
    person.is_on("Webユーザー（申込者）登録完了")
    person.sees("990000001004")
    assert "990000001004" in person.mail("登録のお知らせ")


def test_an_applicant_is_registered_with_codes(administrator: Person) -> None:
    person = administrator
    registers(person)
    person.looks_right()
    person.opens_again()
    person.presses("Webユーザー（申込者）情報一覧へ")
    person.sees("登録 史郎")
    person.does_not_see("990000001005")
    person.ticks("990000001004 登録 史郎 を選択")
    person.presses("変更")
    person.looks_right()
    person.chooses("使用状態", "無効")
    person.presses("確認する")
    person.is_on("Webユーザー（申込者）情報変更確認")
    assert person.page_now().facts["使用状態"] == "無効"
    person.looks_right()
    person.presses("確定する")
    person.looks_right()


@pytest.mark.night
def test_all_of_it_without_scripts(people: Callable[..., Person]) -> None:
    person = people(scripts=False)
    person.logs_in(ADMINISTRATOR)
    registers(person)
    person.looks_right()


@pytest.mark.night
def test_codes_can_be_pressed_only_for_listed_agreements(administrator: Person) -> None:
    administrator.goes_to("/applicant-new/")
    button = administrator.control("特約コードの追加／削除")
    assert button.is_disabled()
    administrator.chooses("情報データ参照範囲", "対象特約のみ参照可能")
    assert button.is_enabled()
    administrator.looks_right()


@pytest.mark.night
def test_the_access_history_is_a_file(administrator: Person) -> None:
    person = administrator
    person.opens("管理項目", "アクセス履歴出力")
    person.fills("対象期間（開始日）", "2026-04-07")
    person.chooses("出力形式", "アクセス日時単位")
    person.presses("検索")
    person.sees("入力内容を確認してください")
    person.looks_right()
    person.fills("対象期間（開始日）", "2026-04-01")
    person.chooses("WebユーザーID", ADMINISTRATOR)
    person.presses("検索")
    person.sees("想定ファイルサイズ")
    assert person.page_now().facts["レコード件数"] == "1件"
    person.looks_right()
    name, content = person.downloads("ダウンロード")
    assert name.endswith(".csv")
    assert ADMINISTRATOR in content.decode("utf-8-sig")
    person.chooses("WebユーザーID", "990000001003")
    person.presses("検索")
    person.sees("対象データがありません")
    person.looks_right()


@pytest.mark.night
def test_nobody_locks_himself_out_by_addresses(administrator: Person) -> None:
    person = administrator
    person.opens("管理項目", "IPアドレス制限の設定")
    person.sees("127.0.0.1")
    person.chooses("IPアドレス制限", "利用する")
    person.fills("IPアドレス", "192.0.2.0/24 本社")
    person.presses("確認する")
    person.sees("現在ご利用中のアドレス 127.0.0.1 が含まれていません")
    person.looks_right()
    person.fills("IPアドレス", "192.0.2.0/24 本社\n127.0.0.1 見本")
    person.presses("確認する")
    person.sees("192.0.2.0/24 本社", "すぐに有効になります")
    person.looks_right()
    person.presses("確定する")
    person.sees("現在の設定: 利用する")
    person.opens("保険利用者情報・ユーザー管理", "Webユーザー情報照会")
    person.looks_right()


@pytest.mark.night
@pytest.mark.parametrize(
    "path", ["/notices/", "/contact/", "/manual/", "/holder/", "/nowhere/", "/demo/mails/"]
)
def test_pages_to_read(administrator: Person, path: str) -> None:
    administrator.goes_to(path)
    administrator.looks_right()
