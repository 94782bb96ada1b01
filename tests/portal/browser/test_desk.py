"""The insurer's desk in a browser: what it keeps, and that its pages look right."""

import pytest

from tests.portal.browser.person import Person

pytestmark = pytest.mark.night


def test_a_supervisor_adds_a_member_and_a_notice(person: Person) -> None:
    person.goes_to("/desk/login/")
    person.fills("担当者ID", "desk-2")
    person.fills("パスワード", "Daicho-demo.1")
    person.presses("ログイン")
    person.is_on("保険者デスク")
    person.looks_right()
    person.goes_to("/desk/staff-new/")
    person.presses("確認する")
    person.sees("担当者IDを入力してください。")
    person.looks_right()
    for label, typed in (
        ("担当者ID", "shinsa-9"),
        ("氏名", "審査 九郎"),
        ("メールアドレス", "s9@desk.example"),
        ("理由", "異動による"),
    ):
        person.fills(label, typed)
    person.presses("確認する")
    person.looks_right()
    person.presses("確定する")
    person.sees("担当者を登録しました", "shinsa-9")
    person.looks_right()
    person.goes_to("/desk/notice-new/")
    person.fills("表題", "休業のお知らせ")
    person.fills("本文", "12月29日から1月3日まで休業します。")
    person.presses("確認する")
    person.sees("表示のプレビュー")
    person.looks_right()
    person.presses("確定する")
    person.sees("お知らせを登録しました")
    person.looks_right()
    person.goes_to("/notices/")
    person.sees("12月29日から1月3日まで休業します。")


def test_pages_of_the_desk_look_right(person: Person) -> None:
    person.goes_to("/desk/login/")
    person.fills("担当者ID", "desk-2")
    person.fills("パスワード", "Daicho-demo.1")
    person.presses("ログイン")
    for path in (
        "/desk/staff/",
        "/desk/offices/",
        "/desk/holders/?q=99",
        "/desk/holders/990000001/",
        "/desk/holders/990000001/reader-new/",
        "/desk/holders/990000001/reissue/",
        "/desk/readers/990000001901/",
        "/desk/registrations/",
        "/desk/log/",
        "/help/login/",
    ):
        person.goes_to(path)
        person.looks_right()
