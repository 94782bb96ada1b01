"""Doors that anybody can try: how often, from where, about whom; what a change of credentials ends; who is told of it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal_stub import clock
from portal_stub.accounts import hashing, limits, rules
from portal_stub.accounts.models import AddressChange, Attempts, Holder, User
from portal_stub.api.models import ApiToken
from portal_stub.history.models import AccessRecord, AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.api.conftest import Program, a_token
from tests.portal.conftest import PASSWORD, Hand, World, hidden, last_mail
from tests.portal.pages import page_of
from tests.portal.registration.conftest import ask

Visit = Callable[..., Client]
WRONG = "Wrong-one.1"


def login(login_id: str, password: str, *, door: str = "/login/", address: str = "127.0.0.1") -> Any:
    return Client(REMOTE_ADDR=address).post(door, {"login_id": login_id, "password": password})


def mailed() -> list[tuple[str, str]]:
    """Kind and address of every mail, in order."""
    return list(Mail.objects.order_by("id").values_list("kind", "to"))


# ---------------------------------------------------------------------------------------------- counting
@pytest.mark.parametrize(("door", "known"), [("/login/", "123456789001"), ("/desk/login/", "desk-1")])
def test_one_address_has_so_many_failed_logins_and_then_has_to_wait(
    world: World, hand: Hand, door: str, known: str
) -> None:
    most = limits.DOORS["login"].address.most
    for number in range(most):
        assert login(f"{number:012}", WRONG, door=door).status_code == 200
    refused = login(known, PASSWORD, door=door)
    assert page_of(refused, 429).heading == "しばらくお待ちください"
    assert refused.headers["Retry-After"] == "600"
    assert "4月1日 9:10以降に" in page_of(refused, 429).sentences[0]
    assert login(known, PASSWORD, door=door, address="192.0.2.7").status_code == 302, "another address"
    hand.on(minutes=10)
    assert login(known, PASSWORD, door=door).status_code == 302, "and it ends by itself"


def test_the_addresses_of_one_machine_count_as_one(world: World) -> None:
    for number in range(limits.DOORS["login"].address.most):
        login(f"{number:012}", WRONG, address=f"2001:db8::{number + 1:x}")
    assert login(world.applicant.login_id, PASSWORD, address="2001:db8::ffff:1").status_code == 429
    assert login(world.applicant.login_id, PASSWORD, address="2001:db8:0:1::1").status_code == 302


@pytest.mark.req("G-137", "G-138")
@pytest.mark.parametrize("login_id", ["123456789001", "123456789077"])
def test_a_lock_ends_after_the_told_time_whether_the_id_exists_or_not(
    world: World, hand: Hand, login_id: str
) -> None:
    answers = [login(login_id, WRONG) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [403] * 3
    assert page_of(answers[-1], 403).sentences[0].endswith("このIDでは30分間ログインできません。")
    hand.on(minutes=29, seconds=59)
    assert login(login_id, WRONG).status_code == 403, "not prolonged by more tries, and not shortened"
    hand.on(seconds=1)
    again = [login(login_id, WRONG).status_code for _ in range(5)]
    assert again == [200] * 4 + [403], "the count starts anew"


def test_a_slow_guesser_cannot_tell_an_id_that_exists_from_one_that_does_not(
    world: World, hand: Hand
) -> None:
    """The day in which wrong passwords count begins with the first of them, for both."""
    seen = {}
    start = hand.at
    for login_id in ("123456789001", "123456789077"):
        hand.at, seen[login_id] = start, []
        for hours in (0, 0, 20, 10, 1, 1, 1, 1):
            hand.on(hours=hours)
            seen[login_id].append(login(login_id, WRONG).status_code)
    assert seen["123456789001"] == seen["123456789077"] == [200] * 7 + [403]


def test_a_lock_of_the_future_binds_nobody_when_the_clock_was_put_back(world: World, hand: Hand) -> None:
    for _ in range(limits.DOORS["login"].address.most):
        login("000000000000", WRONG)
    hand.on(days=-1)
    assert login(world.applicant.login_id, PASSWORD).status_code == 302


def test_a_reissue_is_mailed_so_often_and_answered_alike_beyond(world: World, hand: Hand) -> None:
    pair = {"login_id": world.administrator.login_id, "mail": world.administrator.mail, "step": "send"}
    most = limits.DOORS["reissue"].target.most  # type: ignore[union-attr]
    answers = {
        Client(REMOTE_ADDR=f"192.0.2.{n}").post("/reissue/", pair).headers["Location"]
        for n in range(most + 2)
    }
    assert answers == {"/reissue/done/"}
    assert mailed() == [("reissue-confirmation", world.administrator.mail)] * most
    for _ in range(limits.DOORS["reissue"].address.most):
        assert Client().post("/reissue/", {**pair, "login_id": "111111111000"}).status_code == 302
    assert Client().post("/reissue/", pair).status_code == 429
    hand.on(hours=1)
    assert Client().post("/reissue/", pair).status_code == 302
    assert len(mailed()) == most + 1


def test_one_address_asks_for_so_many_registrations(db: None, hand: Hand) -> None:
    most = limits.DOORS["registration"].address.most
    for number in range(most):
        assert ask(Client(), f"user{number}@new.example").status_code == 302
    assert ask(Client(), "more@new.example").status_code == 429
    assert len(mailed()) == most
    hand.on(hours=1)
    assert ask(Client(), "more@new.example").status_code == 302


def test_wrong_one_time_passwords_close_the_door_for_the_user_for_an_hour(
    world: World, visit: Visit, hand: Hand
) -> None:
    Holder.objects.update(otp_required=True)
    client = visit(world.applicant)
    for _ in range(5):
        client.post("/otp/issue/")
        for _ in range(2):
            client.post("/otp/", {"code": "x"})
    hand.on(minutes=11)
    client = visit(world.applicant)
    client.post("/otp/issue/")
    code = last_mail("one-time-password").secret
    assert client.post("/otp/", {"code": code}).status_code == 429, "even the right one"
    hand.on(minutes=50)
    client = visit(world.applicant)
    client.post("/otp/issue/")
    assert client.post("/otp/", {"code": last_mail("one-time-password").secret}).status_code == 302


def test_a_token_has_so_many_requests_a_minute(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal_stub.api.callers.MOST_REQUESTS", 3)
    monkeypatch.setattr("portal_stub.api.callers.time.monotonic", lambda: 6_000.0)
    program, other = (Program(a_token(user)[1]) for user in (world.applicant, world.administrator))
    assert [program.get("/documents").status_code for _ in range(5)] == [200] * 3 + [429] * 2
    assert program.get("/documents").headers["Retry-After"] == "60"
    assert other.get("/documents").status_code == 200, "others are not bound by it"


def test_counts_that_bind_nobody_are_taken_away(world: World, hand: Hand) -> None:
    login("000000000000", WRONG)
    assert Attempts.objects.count() == 2
    hand.on(days=2, seconds=1)
    limits.tidy()
    assert not Attempts.objects.exists()


# ---------------------------------------------------------------------------------------------- hashing
@pytest.mark.django_db(transaction=True)
def test_no_more_passwords_are_compared_at_once_than_there_are_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(hashing, "_turns", threading.BoundedSemaphore(1))
    with hashing.turn():
        for path, data in (
            ("/login/", {"login_id": world.applicant.login_id, "password": PASSWORD}),
            ("/login/", {"login_id": "000000000000", "password": PASSWORD}),
            ("/reissue/", {"login_id": "1" * 12, "mail": "a@example.com", "step": "send"}),
            ("/registration/mail/", {"mail": "a@new.example", "mail_again": "a@new.example", "agree": "1"}),
        ):
            reply = Client().post(path, data)
            assert page_of(reply, 503).heading == "しばらくお待ちください", path
            assert reply.headers["Retry-After"] == "10"
    assert not User.objects.get(pk=world.applicant.pk).failures, "nothing was counted"
    assert login(world.applicant.login_id, PASSWORD).status_code == 302, "the turn was given back"


# ---------------------------------------------------------------------------------------------- the present password
@pytest.mark.parametrize("door", ["/password/", "/desk/password/"])
def test_guessing_the_present_password_counts_as_at_the_login_and_ends_the_session(
    world: World, visit: Visit, door: str
) -> None:
    user = world.staff if door.startswith("/desk") else world.applicant
    client = visit(user)
    typed = {"current": WRONG, "new": "Other-horse.2", "again": "Other-horse.2"}
    for _ in range(4):
        assert page_of(client.post(door, typed)).errors == {
            "current": "現在のパスワードが正しくありません。入力し直してください。"
        }
    assert page_of(client.post(door, typed), 403).heading == "パスワードエラー"
    assert client.get(door).status_code == 302, "the session is over"
    assert (
        login(user.login_id, PASSWORD, door="/desk/login/" if "desk" in door else "/login/").status_code
        == 403
    )
    assert AuditEvent.objects.filter(event="password-refused", actor=user.login_id).count() == 5


def test_the_right_present_password_starts_the_count_anew(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    for current in [WRONG] * 4 + [PASSWORD]:
        client.post("/password/", {"current": current, "new": "Other-horse.2", "again": "Other-horse.2"})
    user = User.objects.get(pk=world.applicant.pk)
    assert (user.failures, user.check_password("Other-horse.2")) == (0, True)


def _administrator(world: World, **changes: str) -> dict[str, str]:
    mail = changes.get("mail", world.administrator.mail)
    return {
        "department": "総務部",
        "title": "",
        "name": "日本 太郎",
        "phone": "03-1111-2222",
        "mail": mail,
        "mail_again": mail,
        "otp_required": "0",
    } | changes


@pytest.mark.req("G-042")
def test_a_new_mail_address_asks_for_the_password_and_is_told_to_the_old_one(
    world: World, visit: Visit
) -> None:
    client, old = visit(world.administrator), world.administrator.mail
    check = client.post("/administrator/", {**_administrator(world, mail="new@example.com"), "step": "check"})
    assert "current" in page_of(check).fields
    confirm = {**hidden(check), "step": "confirm"}
    for current, message in (
        ("", "現在のパスワードを入力してください。"),
        (WRONG, "現在のパスワードが正しくありません。入力し直してください。"),
    ):
        refused = client.post("/administrator/", {**confirm, "current": current})
        assert page_of(refused, 422).errors == {"current": message}
    assert mailed() == []
    client.post("/administrator/", {**confirm, "current": PASSWORD})
    assert mailed() == [("address-confirmation", "new@example.com"), ("mail-change-asked", old)]
    assert "new@example.com" in last_mail("mail-change-asked").body
    Client().post(last_mail("address-confirmation").secret.removeprefix("https://portal.example"))
    assert mailed()[2:] == [("mail-changed", old), ("mail-changed", "new@example.com")]


def test_what_gives_nothing_away_asks_for_no_password(world: World, visit: Visit) -> None:
    client = visit(world.administrator)
    check = client.post("/administrator/", {**_administrator(world, otp_required="1"), "step": "check"})
    assert "current" not in page_of(check).fields
    client.post("/administrator/", {**hidden(check), "step": "confirm"})
    assert Holder.objects.get(pk=world.holder.pk).otp_required
    assert mailed() == [("otp-switched", world.administrator.mail)]


# ---------------------------------------------------------------------------------------------- what a change ends
@pytest.mark.parametrize("how", ["reissue", "desk", "own"])
def test_a_new_password_ends_what_waits_under_the_old_one(world: World, visit: Visit, how: str) -> None:
    administrator = User.objects.get(pk=world.administrator.pk)
    person = {name: getattr(administrator, name) for name in ("name", "phone", "department", "title")}
    rules.change_administrator(administrator, {**person, "mail": "thief@example.com"}, otp_required=False)
    planted = last_mail("address-confirmation").secret.removeprefix("https://portal.example")
    running = visit(world.administrator)
    if how == "reissue":
        pair = {"login_id": administrator.login_id, "mail": administrator.mail, "step": "send"}
        Client().post("/reissue/", pair)
        url = last_mail("reissue-confirmation").secret.split("確認用URL: https://portal.example")[1]
        Client().post(url)
    elif how == "desk":
        rules.reissue_by_desk(administrator, "desk-1", "電話")
    else:
        rules.change_password(administrator, "Other-horse.2")
    assert not AddressChange.objects.filter(closed=False).exists()
    assert Client().post(planted).status_code == 410
    assert User.objects.get(pk=administrator.pk).mail == administrator.mail
    if how != "own":
        assert running.get("/menu/").status_code == 302, "and the sessions"


@pytest.mark.req("G-070")
def test_tokens_that_go_on_are_told_with_the_new_password(world: World, visit: Visit) -> None:
    a_token(world.administrator)
    a_token(world.applicant)
    client = visit(world.administrator)
    assert (
        page_of(client.get("/password/done/"))
        .callouts[0]
        .startswith("このIDで動作するAPIトークンが1件あり、そのまま使えます。")
    )
    assert page_of(client.get("/password/done/")).links["APIトークン"] == "/api-tokens/"
    rules.reset_applicant(world.administrator, User.objects.get(pk=world.applicant.pk))
    told = last_mail("password-was-reset")
    assert told.to == world.applicant.mail
    assert "APIトークン" in told.body


def test_tokens_that_go_on_are_told_after_a_reset(world: World, visit: Visit) -> None:
    client, address = visit(world.administrator), f"/applicants/{world.applicant.login_id}/reset/"
    client.post(address)
    assert page_of(client.get(f"{address}done/")).callouts == []
    a_token(world.applicant)
    [told] = page_of(client.get(f"{address}done/")).callouts
    assert told.startswith("このIDで動作するAPIトークンが1件あり、そのまま使えます。")


def test_the_owner_hears_of_every_change_of_credentials(world: World) -> None:
    user, own = User.objects.get(pk=world.applicant.pk), world.applicant.mail
    administrator = User.objects.get(pk=world.administrator.pk)
    person = {name: getattr(user, name) for name in (*rules.APPLICANT_FIELDS, "active")}
    rules.change_password(user, "Other-horse.2")
    rules.reset_applicant(administrator, user)
    rules.change_applicant(administrator, user, {**person, "mail": "moved@example.com"}, [])
    rules.change_applicant(administrator, user, {**person, "mail": "moved@example.com", "active": False}, [])
    rules.unlock(user, "desk-1", "電話")
    rules.change_applicant(
        administrator, user, {**person, "name": "別名", "mail": "moved@example.com", "active": False}, []
    )
    assert [row for row in mailed() if row[1] != administrator.mail] == [
        ("password-was-changed", own),
        ("password-was-reset", own),
        ("mail-changed", own),
        ("mail-changed", "moved@example.com"),
        ("id-switched", "moved@example.com"),
        ("id-unlocked", "moved@example.com"),
    ]
    assert not any(mail.secret for mail in Mail.objects.exclude(to=administrator.mail)), "no secret in it"


# ---------------------------------------------------------------------------------------------- common passwords
@pytest.mark.req("G-030")
@pytest.mark.parametrize("password", ["P@ssw0rd", "Password1#", "Welcome-1", "Qwerty.2026", "#Monkey12"])
def test_common_passwords_are_refused_however_they_are_dressed(
    world: World, visit: Visit, password: str
) -> None:
    typed = {"current": PASSWORD, "new": password, "again": password}
    page = page_of(visit(world.applicant).post("/password/", typed))
    assert page.errors == {
        "new": "よく使われていて推測されやすいパスワードです。別のパスワードを入力してください。"
    }
    assert User.objects.get(pk=world.applicant.pk).check_password(PASSWORD)


def test_a_password_like_the_mail_address_is_refused(world: World, visit: Visit) -> None:
    typed = {"current": PASSWORD, "new": "Hanako@example.c0m", "again": "Hanako@example.c0m"}
    assert (
        "に似ているパスワードは使えません"
        in page_of(visit(world.applicant).post("/password/", typed)).errors["new"]
    )


# ---------------------------------------------------------------------------------------------- the insurer's desk
def test_the_desk_opens_with_a_second_factor_by_mail(world: World, settings: Any) -> None:
    settings.PORTAL = replace(settings.PORTAL, staff_otp=True)
    client = Client()
    assert client.post("/desk/login/", {"login_id": "desk-1", "password": PASSWORD}).status_code == 302
    assert client.get("/desk/").headers["Location"] == "/desk/otp/"
    page = page_of(client.get("/desk/otp/"))
    assert page.heading == "ワンタイムパスワード入力"
    assert mailed() == [("one-time-password", "desk-1@example.com")], "mailed with the login"
    assert client.post("/desk/otp/", {"code": "x"}).status_code == 422
    assert client.get("/desk/holders/").headers["Location"] == "/desk/otp/"
    client.post("/desk/otp/", {"issue": "1"})
    code = last_mail("one-time-password").secret
    assert client.post("/desk/otp/", {"code": code}).headers["Location"] == "/desk/"
    assert client.get("/desk/holders/").status_code == 200
    fresh = Client()
    fresh.post("/desk/login/", {"login_id": "desk-1", "password": PASSWORD})
    assert fresh.post("/desk/otp/", {"code": code}).status_code == 422, "once, and for its session"
    assert fresh.post("/desk/logout/").status_code == 302, "who cannot go on may leave"


def test_the_second_factor_is_asked_unless_a_setting_says_otherwise() -> None:
    from portal_stub.configuration import PortalSettings

    assert PortalSettings().staff_otp is True


def test_the_desk_can_be_kept_to_its_own_addresses(world: World, visit: Visit, settings: Any) -> None:
    running = visit(world.staff)
    settings.PORTAL = replace(settings.PORTAL, staff_networks="192.0.2.0/24, 2001:db8::/32")
    assert running.get("/desk/").status_code == 302, "a session from elsewhere is over"
    away = login("desk-1", PASSWORD, door="/desk/login/")
    assert page_of(away).error_summary == [
        "この場所からはログインできません。貴社のWebユーザー（管理者）にお問い合わせください。"
    ]
    for address in ("192.0.2.9", "2001:db8::7"):
        assert login("desk-1", PASSWORD, door="/desk/login/", address=address).status_code == 302
    assert login(world.applicant.login_id, PASSWORD).status_code == 302, "holders have a list of their own"


# ---------------------------------------------------------------------------------------------- failed access
def test_who_reaches_for_what_is_not_his_is_written_down_by_page_and_not_endlessly(
    world: World, visit: Visit, hand: Hand
) -> None:
    client = visit(world.stranger)
    for _ in range(25):
        assert client.get(f"/applicants/{world.applicant.login_id}/").status_code == 404
    assert visit(world.reader).get("/applicants/").status_code == 403
    rows = AuditEvent.objects.filter(event="access-refused").order_by("id")
    assert list(dict.fromkeys(rows.values_list("actor", "subject", "detail__status"))) == [
        (world.stranger.login_id, "applicant", 404),
        (world.reader.login_id, "applicants", 403),
    ]
    assert rows.filter(actor=world.stranger.login_id).count() == 20
    kept = AccessRecord.objects.filter(code="11-1")
    assert kept.filter(login_id=world.stranger.login_id).count() == 20, (
        "and the 管理者 finds it in アクセス履歴"
    )
    assert kept.filter(login_id=world.reader.login_id).count() == 1
    assert world.applicant.login_id not in str(list(rows.values("detail"))), "no more than the page's name"
    hand.on(minutes=10)
    client.get(f"/applicants/{world.applicant.login_id}/")
    assert rows.filter(actor=world.stranger.login_id).count() == 21


def test_a_program_that_reaches_too_far_is_written_down_with_its_user(world: World) -> None:
    program = Program(a_token(world.reader)[1])
    assert program.get("/documents").status_code == 403
    assert AuditEvent.objects.filter(event="access-refused", actor=world.reader.login_id).count() == 1


def test_a_token_that_counts_no_more_is_in_the_access_history_of_its_user_and_not_endlessly(
    world: World,
) -> None:
    token, text = a_token(world.applicant)
    ApiToken.objects.filter(pk=token.pk).update(last_day=clock.today() - timedelta(days=1))
    for _ in range(25):
        assert Program(text).get("/documents").status_code == 401
    assert AccessRecord.objects.filter(code="11-2", login_id=world.applicant.login_id).count() == 20
    assert Program(f"daicho_{'x' * 43}").get("/documents").status_code == 401
    assert AccessRecord.objects.filter(code="11-2").count() == 20, "a token that nobody has is nobody's"


def test_refusals_that_are_none_of_an_attacker_are_not_written_down(
    world: World, visit: Visit, settings: Any, hand: Hand
) -> None:
    Holder.objects.update(otp_required=True)
    assert visit(world.applicant).get("/holder/").status_code == 403, "asks for the one-time password"
    assert Client().get("/nowhere/").status_code == 404
    assert not AuditEvent.objects.filter(event="access-refused").exists()


def test_supervisors_see_who_is_trying_what(world: World, visit: Visit, hand: Hand) -> None:
    for _ in range(5):
        login(world.applicant.login_id, WRONG, address="192.0.2.66")
    visit(world.stranger).get(f"/applicants/{world.applicant.login_id}/")
    page = page_of(visit(world.staff_supervisor).get("/desk/attacks/"))
    assert page.heading == "不審なアクセス"
    doors = page.table("入口（新しい順）")
    assert ["ログイン", "アドレス", "192.0.2.66", "5", "－"] in [
        [row[title] for title in doors.columns[1:]] for row in doors.rows
    ]
    locked = page.table("ロック中のID").row(world.applicant.login_id)
    assert (locked["間違えた回数"], locked["ロックの終了"]) == ("5", "2026/04/01 09:30")
    assert page.table("拒否した操作（多い順）").column("操作") == ["ログインの失敗", "権限のない参照の拒否"]
    assert visit(world.staff).get("/desk/attacks/").status_code == 403
    hand.on(hours=25)
    assert page_of(visit(world.staff_supervisor).get("/desk/attacks/")).tables == []
