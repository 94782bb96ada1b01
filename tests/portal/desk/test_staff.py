"""担当者: what a supervisor does to members of the desk."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts import staffing
from portal_stub.accounts.models import User
from portal_stub.accounts.sessions import end_sessions
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.conftest import PASSWORD, Hand, World, hidden, last_mail
from tests.portal.pages import page_of

NEW = {
    "login_id": "shinsa-3",
    "name": "審査 四郎",
    "mail": "s4@example.com",
    "role": "operator",
    "reason": "異動による",
}


UNFIT = "担当者IDは半角の英小文字で始め、英小文字・数字・ハイフンで3文字以上20文字以内にしてください。"


def confirm(client: Client, path: str, typed: dict[str, str]) -> Any:
    check = client.post(path, typed | {"step": "check"})
    assert list(page_of(check).buttons) == ["確定する", "修正する"]
    return client.post(path, hidden(check) | {"step": "confirm"})


def test_a_new_member_gets_the_first_password_by_mail_and_must_change_it(
    world: World, visit: Callable[..., Client]
) -> None:
    client = visit(world.staff_supervisor)
    check = client.post("/desk/staff-new/", NEW | {"step": "check"})
    assert page_of(check).facts["役割"] == "審査・処理"
    sent = hidden(check) | {"step": "confirm"}
    for _ in range(2):  # a double click does it once
        reply = client.post("/desk/staff-new/", sent, follow=True)
        assert page_of(reply).status == (
            "担当者を登録しました。初期パスワードは、本人のメールアドレスに送信しました。"
        )
    mail = last_mail("staff-added")
    assert (mail.to, Mail.objects.count()) == ("s4@example.com", 1)
    member = visit(User.objects.get(login_id="shinsa-3"), password=mail.secret)
    assert member.get("/desk/").headers["Location"] == "/desk/password/"
    assert member.get("/desk/holders/").status_code == 302
    event = AuditEvent.objects.get(event="staff-added")
    assert (event.actor, event.subject) == ("desk-3", "shinsa-3")
    assert event.detail == {"role": "operator", "reason": "異動による"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"login_id": "desk-1"}, "担当者ID「desk-1」はすでに使われています。別のIDを入力してください。"),
        ({"login_id": "123456789001"}, UNFIT),
        ({"login_id": "ab"}, UNFIT),
        ({"role": "king"}, "役割を選び直してください。"),
        ({"reason": ""}, "理由を入力してください。"),
        (
            {"mail": "nobody"},
            "メールアドレスの形が正しくありません。nippon-taro@example.com のように入力してください。",
        ),
    ],
)
def test_what_is_refused_adds_nobody(
    world: World, visit: Callable[..., Client], change: dict[str, str], fault: str
) -> None:
    before = User.objects.count()
    reply = visit(world.staff_supervisor).post("/desk/staff-new/", NEW | change | {"step": "confirm"})
    [item] = change
    assert page_of(reply, 422).errors == {item: fault}
    assert User.objects.count() == before


def test_another_role_counts_at_once_and_ends_the_session(world: World, visit: Callable[..., Client]) -> None:
    member = visit(world.staff)
    change = {"role": "reader", "active": "1", "reason": "担当替え"}
    reply = confirm(visit(world.staff_supervisor), "/desk/staff/desk-1/", change)
    assert reply.headers["Location"] == "/desk/staff/?done=staff-changed"
    assert member.get("/desk/").headers["Location"] == "/session-ended/refused/"
    assert visit(world.staff).get("/desk/log/").status_code == 403
    detail = AuditEvent.objects.get(event="staff-changed").detail
    assert (detail["before"]["role"], detail["after"]["role"]) == ("operator", "reader")
    assert detail["reason"] == "担当替え"


def test_who_is_switched_off_is_out_at_once(world: World, visit: Callable[..., Client]) -> None:
    member = visit(world.staff)
    confirm(
        visit(world.staff_supervisor),
        "/desk/staff/desk-1/",
        {"role": "operator", "active": "0", "reason": "退職"},
    )
    assert member.get("/desk/").status_code == 302
    reply = Client().post("/desk/login/", {"login_id": "desk-1", "password": PASSWORD})
    assert page_of(reply).error_summary == [
        "ログインできませんでした。担当者IDとパスワードが正しく入力されているか確認してください。"
    ]


@pytest.mark.parametrize(
    "change", [{"role": "operator", "active": "1"}, {"role": "supervisor", "active": "0"}]
)
def test_nobody_lowers_himself(world: World, visit: Callable[..., Client], change: dict[str, str]) -> None:
    reply = confirm(visit(world.staff_supervisor), "/desk/staff/desk-3/", change | {"reason": "試し"})
    assert page_of(reply, 409).callouts == [
        "ご自身の役割と使用状態は変更できません。別の決裁の担当者に依頼してください。"
    ]
    found = User.objects.get(login_id="desk-3")
    assert (found.role, found.active) == ("supervisor", True)


@pytest.mark.parametrize(("role", "active"), [("operator", True), ("supervisor", False)])
def test_the_last_supervisor_stays_even_when_two_change_each_other(
    world: World, role: str, active: bool
) -> None:
    first = world.staff_supervisor
    second = User.objects.get(login_id="desk-1")
    second.role = "supervisor"
    second.save()
    staffing.change_staff(first, second, role="reader", active=True, reason="先")
    with pytest.raises(staffing.NotAllowed, match="決裁の担当者がいなくなる"):
        staffing.change_staff(second, first, role=role, active=active, reason="同時")
    first.refresh_from_db()
    assert (first.role, first.active) == ("supervisor", True)


def test_a_reset_ends_sessions_frees_the_id_and_is_mailed(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    member, client = visit(world.staff), visit(world.staff_supervisor)
    User.objects.filter(login_id="desk-1").update(locked_until=hand.at + timedelta(minutes=1), failures=5)
    empty = page_of(client.post("/desk/staff/desk-1/reset/"), 422)
    assert empty.errors == {"reason": "理由を入力してください。"}
    reply = client.post("/desk/staff/desk-1/reset/", {"reason": "本人の依頼"}, follow=True)
    assert page_of(reply).status == "新しいパスワードを、本人のメールアドレスに送信しました。"
    assert member.get("/desk/").status_code == 302
    fresh = visit(world.staff, password=last_mail("staff-reset").secret)
    assert fresh.get("/desk/").headers["Location"] == "/desk/password/"
    assert AuditEvent.objects.get(event="staff-reset").detail == {"reason": "本人の依頼"}


def test_unlocking_keeps_the_password(world: World, visit: Callable[..., Client]) -> None:
    for _ in range(5):
        Client().post("/desk/login/", {"login_id": "desk-1", "password": "Wrong-one.1"})
    reply = Client().post("/desk/login/", {"login_id": "desk-1", "password": PASSWORD})
    assert reply.status_code == 403
    client = visit(world.staff_supervisor)
    row = page_of(client.get("/desk/staff/")).table("担当者の表").row("desk-1")
    assert row["使用状態"] == "有効（ロック中）"
    assert row.part.links["desk-1 のロックの解除"] == "/desk/staff/desk-1/unlock/"
    client.post("/desk/staff/desk-1/unlock/", {"reason": "電話による依頼"})
    assert visit(world.staff).get("/desk/").status_code == 200


def test_users_of_holders_are_no_members(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff_supervisor)
    for path in ("", "reset/", "unlock/"):
        assert client.get(f"/desk/staff/{world.applicant.login_id}/{path}").status_code == 404
    end_sessions(world.staff_supervisor)
    assert client.get("/desk/staff/").headers["Location"].startswith("/session-ended/")
