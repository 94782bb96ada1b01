"""Getting in and out."""

from tests.portal.browser.person import Person


def test_in_and_out(person: Person) -> None:
    person.goes_to("/")
    person.looks_right()
    person.presses("ログイン")
    person.looks_right()
    person.logs_in("990000001000")
    person.is_on("ユーザーページ")
    person.sees("あおぞら精機株式会社", "990000001000", "最終ログイン")
    person.looks_right()
    person.presses("ログアウト")
    person.is_on("ログアウトしました")
    person.goes_to("/menu/")
    person.is_on("ログイン")
    person.looks_right()
