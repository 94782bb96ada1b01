"""Rules of passwords, each with the password that breaks it."""

import random
import string
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from portal_stub.accounts.models import User
from portal_stub.accounts.passwords import SYMBOLS, PasswordRules, make_password
from portal_stub.history.models import AccessRecord
from tests.portal.conftest import PASSWORD, Hand, World
from tests.portal.pages import page_of


def faults(password: str, user: User | None = None) -> list[str]:
    try:
        PasswordRules().validate(password, user)
    except ValidationError as error:
        return error.messages
    return []


@pytest.mark.req("G-029")
def test_eight_to_thirty_two_characters() -> None:
    assert faults("Abcde-1") == ["パスワードは8文字以上32文字以内で入力してください（入力された文字数: 7）。"]
    assert faults("Abcdef-1") == []
    assert faults("Ab-1" * 8) == []
    assert faults("Ab-1" * 8 + "x") == [
        "パスワードは8文字以上32文字以内で入力してください（入力された文字数: 33）。"
    ]


@pytest.mark.req("G-030")
@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("abcdef-1", "半角英大文字"),
        ("ABCDEF-1", "半角英小文字"),
        ("Abcdefg-", "半角数字"),
        ("Abcdefg1", "半角記号"),
    ],
)
def test_one_of_every_kind(password: str, kind: str) -> None:
    assert faults(password) == [f"{kind}を1文字以上入れてください。"]


@pytest.mark.req("G-031")
def test_exactly_the_permitted_symbols() -> None:
    assert sorted(SYMBOLS) == sorted("@_-#.$%&*+/?{}|`")
    for symbol in SYMBOLS:
        assert faults(f"Abcdef1{symbol}") == []
    for other in (set(string.punctuation) - set(SYMBOLS)) | {" ", "あ", "Ａ", "１", "é", "\t", "\0"}:
        assert any("使えない文字" in fault for fault in faults(f"Abcdef-1{other}")), other


def test_all_faults_at_once() -> None:
    assert len(faults("あ")) == 3


def test_made_passwords_keep_the_rules_and_differ() -> None:
    made = {make_password() for _ in range(200)}
    assert len(made) == 200
    assert not any(faults(password) for password in made)
    assert random.choice(sorted(made)).isascii()


def change(client: Client, current: str = PASSWORD, new: str = "Fresh-mind.2", again: str | None = None):
    return client.post(
        "/password/", {"current": current, "new": new, "again": new if again is None else again}
    )


@pytest.mark.req("G-027", "G-028")
def test_a_password_is_changed_and_the_session_goes_on(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.applicant)
    key = client.session.session_key
    form = page_of(client.get("/password/")).form(having="current")
    assert [item.label for item in form.fields.values()] == [
        "現在のパスワード",
        "新しいパスワード",
        "新しいパスワード（確認用）",
    ]
    assert {item.kind for item in form.fields.values()} == {"password"}
    assert list(form.buttons) == ["パスワードを変更する"]
    reply = change(client)
    assert (reply.status_code, reply.headers["Location"]) == (302, "/password/done/")
    assert page_of(client.get("/password/done/")).heading == "パスワード変更完了"
    assert client.session.session_key != key
    assert User.objects.get(pk=world.applicant.pk).check_password("Fresh-mind.2")
    assert AccessRecord.objects.filter(code="1-2", login_id=world.applicant.login_id).count() == 1


@pytest.mark.req("G-032")
def test_the_current_password_cannot_be_set_again(world: World, visit: Callable[..., Client]) -> None:
    reply = change(visit(world.applicant), new=PASSWORD)
    same = "現在のパスワードは新しいパスワードとして使えません。別のパスワードを入力してください。"
    assert page_of(reply, reply.status_code).errors == {"new": same}
    assert not AccessRecord.objects.filter(code="1-2").exists()


@pytest.mark.parametrize(
    ("typed", "item", "message"),
    [
        (
            {"current": "Wrong-one.1"},
            "current",
            "現在のパスワードが正しくありません。入力し直してください。",
        ),
        (
            {"again": "Other-mind.3"},
            "again",
            "新しいパスワードと確認用の入力が一致しません。同じものを入力してください。",
        ),
        (
            {"new": "short"},
            "new",
            (
                "パスワードは8文字以上32文字以内で入力してください（入力された文字数: 5）。\n"
                "半角英大文字・半角数字・半角記号を1文字以上入れてください。"
            ),
        ),
        ({"current": ""}, "current", "現在のパスワードを入力してください。"),
    ],
)
def test_what_is_refused_changes_nothing(
    world: World, visit: Callable[..., Client], typed: dict[str, str], item: str, message: str
) -> None:
    reply = change(visit(world.applicant), **typed)
    assert page_of(reply, reply.status_code).errors == {item: message}
    assert User.objects.get(pk=world.applicant.pk).check_password(PASSWORD)


@pytest.mark.req("G-033")
def test_after_ninety_days_a_new_password_is_suggested_not_forced(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    change(visit(world.applicant))
    change(
        visit(world.applicant, password="Fresh-mind.2"), current="Fresh-mind.2", new=PASSWORD
    )  # the former one again
    hand.on(days=90, seconds=-1)
    assert page_of(visit(world.applicant).get("/menu/")).callouts == []
    hand.on(seconds=1)
    assert page_of(visit(world.applicant).get("/menu/")).callouts == [
        "パスワードを変更してから90日以上たっています。定期的な変更をお勧めします。パスワード変更"
    ]


@pytest.mark.req("F-050", "G-052")
def test_before_the_forced_change_nothing_else_opens(world: World, visit: Callable[..., Client]) -> None:
    User.objects.filter(pk=world.applicant.pk).update(must_change_password=True)
    client = visit(world.applicant)
    for address in ("/menu/", "/user/", "/holder/", "/password/done/", "/otp/"):
        assert client.get(address).headers["Location"] == "/password/"
    assert change(client).status_code == 302
    assert client.get("/menu/").status_code == 200
