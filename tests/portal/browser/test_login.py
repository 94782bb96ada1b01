"""Getting in and out: login, lock, first password, the end of a session, one-time passwords."""

import re
from collections.abc import Callable

import pytest

from tests.portal.browser.person import PASSWORD, Person

ADMINISTRATOR, APPLICANT = "990000001000", "990000001001"
NEW = "Neues-Kennwort.7"


def test_in_and_out(person: Person) -> None:
    person.goes_to("/")
    person.looks_right()
    person.presses("ログイン")
    person.looks_right()
    person.logs_in(ADMINISTRATOR)
    person.is_on("ユーザーページ")
    person.sees("あおぞら精機株式会社", ADMINISTRATOR, "最終ログイン")
    person.looks_right()
    person.presses("ログアウト")
    person.is_on("ログアウトしました")
    person.goes_to("/menu/")
    person.is_on("ログイン")
    person.looks_right()


def test_the_keyboard_is_enough(person: Person) -> None:
    person.goes_to("/login/")
    person.tabs_to("本文へ移動")
    person.hits("Enter")
    person.tabs_to("WebユーザーID")
    person.types(ADMINISTRATOR)
    person.tabs_to("パスワード")
    person.types(PASSWORD)
    person.tabs_to("ログイン")
    person.hits("Enter")
    person.is_on("ユーザーページ")
    person.tabs_to("アクセス履歴出力")
    person.hits("Enter")
    person.is_on("アクセス履歴出力")
    person.tabs_to("WebユーザーID単位")
    person.hits("ArrowDown")
    person.tabs_to("検索")
    person.hits("Enter")
    person.sees("レコード件数", "想定ファイルサイズ")
    person.tabs_to("ログアウト")
    person.hits("Space")
    person.is_on("ログアウトしました")
    person.looks_right()


@pytest.mark.night
def test_wrong_passwords_end_on_a_page_that_tells_the_way_out(person: Person) -> None:
    person.goes_to("/login/")
    person.presses("ログイン")
    person.sees("WebユーザーIDを入力してください。", "パスワードを入力してください。")
    person.looks_right()
    for _ in range(4):
        person.logs_in(APPLICANT, "wrong")
        person.sees("パスワードが正しく入力されているか確認してください")
    person.looks_right()
    person.logs_in(APPLICANT, "wrong")
    person.is_on("パスワードエラー")
    person.looks_right()
    person.presses("パスワード再発行")
    person.is_on("パスワード再発行")
    person.fills("WebユーザーID（管理者用）", ADMINISTRATOR)
    person.fills("登録しているメールアドレス", "administrator@990000001.example")
    person.presses("メールを送信する")
    person.looks_right()


@pytest.mark.night
def test_a_reset_password_must_be_changed_first(people: Callable[..., Person]) -> None:
    administrator, applicant = people(), people()
    administrator.logs_in(ADMINISTRATOR)
    administrator.opens("管理項目", "Webユーザー（申込者）情報照会・追加・変更")
    administrator.ticks(f"{APPLICANT} 貿易 花子 を選択")
    administrator.looks_right()
    administrator.presses("パスワードリセット")
    administrator.looks_right()
    administrator.presses("OK")
    administrator.sees("パスワードをリセットしました")
    mailed = re.search(r"新しいパスワード: (\S+)", administrator.mail("パスワードリセット"))
    assert mailed
    applicant.logs_in(APPLICANT, mailed[1])
    applicant.is_on("パスワード変更")
    applicant.fills("現在のパスワード", mailed[1])
    applicant.fills("新しいパスワード", "short")
    applicant.fills("新しいパスワード（確認用）", "other")
    applicant.presses("パスワードを変更する")
    applicant.sees("入力内容を確認してください")
    applicant.looks_right()
    applicant.fills("現在のパスワード", mailed[1])
    applicant.fills("新しいパスワード", NEW)
    applicant.fills("新しいパスワード（確認用）", NEW)
    applicant.presses("パスワードを変更する")
    applicant.sees("パスワードを変更しました")
    applicant.looks_right()
    applicant.presses("ログアウト")
    applicant.logs_in(APPLICANT, NEW)
    applicant.is_on("ユーザーページ")
    applicant.looks_right()
    administrator.looks_right()


@pytest.mark.night
def test_a_newer_login_ends_the_session_with_a_word(people: Callable[..., Person]) -> None:
    first, second = people(), people()
    first.logs_in(APPLICANT)
    second.logs_in(APPLICANT)
    second.is_on("ユーザーページ")
    first.opens_again()
    first.is_on("もう一度ログインしてください")
    first.sees("同じIDで新しいログインがあったため")
    first.looks_right()
    second.looks_right()


def test_one_time_password(person: Person) -> None:
    person.logs_in("990000002001")
    person.sees("ワンタイムパスワードの入力", "保護")
    person.looks_right()
    person.opens("保険利用者情報・ユーザー管理", "保険利用者情報照会")
    person.is_on("ワンタイムパスワードにより保護されています")
    person.looks_right()
    person.presses("ワンタイムパスワードの発行")
    person.is_on("ワンタイムパスワード入力")
    person.fills("ワンタイムパスワード", "12345")
    person.presses("認証")
    person.sees("ワンタイムパスワードが正しくありません")
    person.looks_right()
    mailed = re.search(r"ワンタイムパスワード: (\d{6})", person.mail("ワンタイムパスワード"))
    assert mailed
    person.fills("ワンタイムパスワード", mailed[1])
    person.presses("認証")
    person.is_on("ユーザーページ")
    person.opens("保険利用者情報・ユーザー管理", "保険利用者情報照会")
    person.sees("みほん商事株式会社", "登記所在地")
    person.looks_right()


@pytest.mark.night
def test_the_desk_has_a_door_of_its_own(person: Person) -> None:
    person.logs_in("desk-1")
    person.sees("保険者デスク", "審査 一郎")
    person.looks_right()
    person.goes_to("/menu/")
    person.sees("権限")
    person.looks_right()
