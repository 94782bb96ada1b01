"""Login, lock, and the end of sessions."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from portal_stub.accounts import rules
from portal_stub.accounts.models import User
from portal_stub.history.models import AccessRecord, AuditEvent
from portal_stub.mails.models import Mail
from portal_stub.pages.models import Notice
from tests.portal.conftest import PASSWORD, Hand, World, hidden, last_mail
from tests.portal.pages import Part, page_of

pytestmark = pytest.mark.dialect


def login(client: Client, login_id: str, password: str):
    return client.post("/login/", {"login_id": login_id, "password": password})


FAILED = "ログインできませんでした。WebユーザーIDとパスワードが正しく入力されているか確認してください。"


@pytest.mark.req("G-135", "S-001", "S-002")
def test_from_the_top_page_to_the_user_page(world: World) -> None:
    client = Client()
    assert page_of(client.get("/")).links["ログイン"] == "/login/"
    reply = login(client, world.applicant.login_id, PASSWORD)
    assert reply.headers["Location"] == "/menu/"
    page = page_of(client.get("/menu/"))
    assert page.heading == "ユーザーページ"
    assert page.user.facts == {
        "保険利用者コード": "123456789",
        "WebユーザーID": "123456789001",
        "最終ログイン": "－",
    }
    assert page.user.lines[0].startswith("見本商事"), "with the codes, in the head of every page"
    assert page.sentences[0] == "見本商事　貿易 花子 様", "and apart from them"


@pytest.mark.req("G-136")
@pytest.mark.parametrize("login_id", ["123456789001", "123456789099", "desk-1", "x" * 99])
def test_a_failed_login_asks_to_check_both(world: World, login_id: str) -> None:
    reply = login(Client(), login_id, "Wrong-one.1")
    assert page_of(reply).error_summary == [FAILED]
    assert not AccessRecord.objects.exists()
    assert AuditEvent.objects.filter(event="login-failed", subject=login_id[:40]).count() == 1


def test_staff_and_users_have_doors_of_their_own(world: World) -> None:
    assert login(Client(), "desk-1", PASSWORD).status_code == 200
    wrong_door = Client().post("/desk/login/", {"login_id": world.applicant.login_id, "password": PASSWORD})
    assert wrong_door.status_code == 200
    assert Client().post("/desk/login/", {"login_id": "desk-1", "password": PASSWORD}).status_code == 302


@pytest.mark.req("G-137", "G-138")
def test_five_failures_in_a_row_lock_the_id(world: World) -> None:
    client = Client()
    for _ in range(4):
        page = page_of(login(client, world.applicant.login_id, "Wrong-one.1"))
        assert page.error_summary == [FAILED]
    fifth = page_of(login(client, world.applicant.login_id, "Wrong-one.1"), 403)
    assert fifth.heading == "パスワードエラー"
    assert fifth.sentences[0].endswith("このIDでは30分間ログインできません。")
    assert fifth.sentences[2] == (
        "Webユーザー（申込者）の方: 貴社のWebユーザー（管理者）にパスワードリセットを依頼し、"
        "新しいパスワードでログインしてください。"
    )
    right = page_of(login(client, world.applicant.login_id, PASSWORD), 403)
    assert right.heading == "パスワードエラー", "even with the right one"
    rules.reset_applicant(world.administrator, User.objects.get(pk=world.applicant.pk))
    reply = login(client, world.applicant.login_id, last_mail("applicant-reset").secret)
    assert reply.status_code == 302


def test_a_right_password_starts_the_count_anew(world: World) -> None:
    for password in [*["Wrong-one.1"] * 4, PASSWORD, *["Wrong-one.1"] * 4]:
        login(Client(), world.applicant.login_id, password)
    assert not User.objects.get(pk=world.applicant.pk).locked


@pytest.mark.req("G-139")
def test_a_newer_login_ends_the_older_session(world: World, visit: Callable[..., Client]) -> None:
    older = visit(world.applicant)
    newer = visit(world.applicant)
    assert older.get("/menu/").headers["Location"] == "/session-ended/newer-login/"
    page = page_of(older.get("/session-ended/newer-login/"))
    assert page.sentences[0].startswith("同じIDで新しいログインがあったため、このログインは終了しました。")
    assert newer.get("/menu/").status_code == 200


@pytest.mark.req("S-012", "S-013")
def test_thirty_idle_minutes_end_the_session(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    client = visit(world.applicant)
    hand.on(minutes=30)
    [body] = page_of(client.get("/menu/")).whole.nodes
    assert body.get("data-idle-minutes") == "30", "from which the word five minutes before is told"
    hand.on(minutes=30)
    assert client.get("/menu/").status_code == 200, "each request counts"
    hand.on(minutes=30, seconds=1)
    assert client.get("/menu/").headers["Location"] == "/session-ended/idle/"
    assert client.get("/menu/").headers["Location"] == "/login/"


@pytest.mark.req("S-023")
def test_logout_ends_the_session_on_the_server(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.applicant)
    cookie = client.cookies["daicho_session"].value
    client.post("/logout/")
    thief = Client()
    thief.cookies["daicho_session"] = cookie
    assert thief.get("/menu/").headers["Location"] == "/login/"


def test_a_session_fixed_before_login_is_worth_nothing(world: World) -> None:
    client = Client()
    session = client.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    login(client, world.applicant.login_id, PASSWORD)
    assert client.session.session_key != planted
    thief = Client()
    thief.cookies["daicho_session"] = planted
    assert thief.get("/menu/").headers["Location"] == "/login/"


def test_forms_without_token_are_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    reply = login(client, world.applicant.login_id, PASSWORD)
    assert page_of(reply, 403).heading == "画面の有効期限が切れています"
    assert not AccessRecord.objects.exists()


@pytest.mark.req("G-060")
def test_a_disabled_applicant_is_out_at_once(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.applicant)
    person = {name: getattr(world.applicant, name) for name in rules.APPLICANT_FIELDS} | {"active": False}
    rules.change_applicant(world.administrator, User.objects.get(pk=world.applicant.pk), person, [])
    assert client.get("/menu/").headers["Location"] == "/session-ended/refused/"
    reply = login(Client(), world.applicant.login_id, PASSWORD)
    assert page_of(reply).error_summary == [FAILED], "and no hint that the ID exists"


@pytest.mark.req("G-071")
def test_a_changed_right_counts_with_the_next_request(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.applicant)
    doors = dict(page_of(client.get("/menu/")).links)
    assert doors["保険契約情報"] == "/contract-data/"
    person = {name: getattr(world.applicant, name) for name in rules.APPLICANT_FIELDS}
    person |= {"active": True, "data_scope": "none"}
    rules.change_applicant(world.administrator, User.objects.get(pk=world.applicant.pk), person, [])
    fewer = page_of(client.get("/menu/"))
    assert fewer.heading == "ユーザーページ"
    assert "保険契約情報" in set(doors) - set(fewer.links)


@pytest.mark.req("S-004", "S-005")
def test_the_login_before_is_shown(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    assert page_of(visit(world.applicant).get("/menu/")).user.facts["最終ログイン"] == "－"
    hand.on(days=1)
    again = page_of(visit(world.applicant).get("/menu/"))
    assert again.user.facts["最終ログイン"] == "2026/04/01 09:00"


@pytest.mark.req("S-006")
def test_three_notices_then_the_list(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    for day in range(5):
        Notice.objects.create(title=f"お知らせ{day}", shown_from=(hand.at.date().replace(day=1)))
    Notice.objects.create(title="明日から", shown_from=hand.at.date().replace(day=2))
    client = visit(world.applicant)

    def titles(address: str) -> list[str]:
        return [Part([node]).text for node in page_of(client.get(address)).find("ul.notices > li > strong")]

    assert titles("/menu/") == ["お知らせ4", "お知らせ3", "お知らせ2"]
    assert titles("/notices/") == [f"お知らせ{n}" for n in (4, 3, 2, 1, 0)]


@pytest.mark.req("G-048", "G-049", "G-138")
def test_reissue_asks_and_then_mails(world: World, hand: Hand) -> None:
    client = Client()
    User.objects.filter(pk=world.administrator.pk).update(
        locked_until=hand.at + timedelta(minutes=30), failures=5
    )
    assert page_of(client.get("/login/")).links["こちら"] == "/reissue/"
    pair = {"login_id": world.administrator.login_id, "mail": world.administrator.mail}
    question = client.post("/reissue/", {**pair, "step": "ask"})
    assert page_of(question).heading == "メールを送信します。よろしいですか？"
    assert User.objects.get(pk=world.administrator.pk).check_password(PASSWORD), "nothing happened yet"
    client.post("/reissue/", {**hidden(question), "step": "send"})
    mail = last_mail("reissue-confirmation")
    assert mail.to == world.administrator.mail
    password, path = reissued(mail)
    still = User.objects.get(pk=world.administrator.pk)
    assert (still.check_password(PASSWORD), still.locked) == (True, True), "who asked may be a stranger"
    assert page_of(Client().get(path)).heading == "パスワード再発行の確認"
    assert User.objects.get(pk=world.administrator.pk).check_password(PASSWORD), "looking alone does nothing"
    assert page_of(Client().post(path)).heading == "パスワードを再発行しました"
    again = User.objects.get(pk=world.administrator.pk)
    assert again.check_password(password)
    assert again.must_change_password
    assert login(client, again.login_id, password).status_code == 302, "no longer locked"
    assert last_mail("password-was-reset").to == world.administrator.mail
    assert Client().post(path).status_code == 410, "once only"


def reissued(mail: Mail) -> tuple[str, str]:
    """The new password and the way to put it into force, as mailed."""
    password, url = mail.secret.split("\n")
    return password.removeprefix("新しいパスワード: "), url.removeprefix("確認用URL: https://portal.example")


@pytest.mark.req("G-049")
def test_a_reissue_that_nobody_confirms_ends_after_a_day(world: World, hand: Hand) -> None:
    pair = {"login_id": world.administrator.login_id, "mail": world.administrator.mail, "step": "send"}
    Client().post("/reissue/", pair)
    _, first = reissued(last_mail("reissue-confirmation"))
    Client().post("/reissue/", pair)
    _, second = reissued(last_mail("reissue-confirmation"))
    assert page_of(Client().post(first), 410).heading == "パスワードは変更されていません", (
        "a newer one replaced it"
    )
    hand.on(hours=24, seconds=1)
    assert Client().post(second).status_code == 410
    assert User.objects.get(pk=world.administrator.pk).check_password(PASSWORD)


@pytest.mark.req("G-050", "G-051")
@pytest.mark.parametrize(
    ("login_id", "mail"),
    [
        ("123456789001", "hanako@example.com"),  # an 申込者, though the pair is right
        ("123456789000", "wrong@example.com"),
        ("111111111000", "admin@123456789.example"),
    ],
)
def test_reissue_is_neutral_and_for_administrators_only(world: World, login_id: str, mail: str) -> None:
    wrong = Client().post("/reissue/", {"login_id": login_id, "mail": mail, "step": "send"}, follow=True)
    assert Mail.objects.count() == 0
    right = Client().post(
        "/reissue/",
        {"login_id": "123456789000", "mail": world.administrator.mail, "step": "send"},
        follow=True,
    )
    assert page_of(wrong).heading == "パスワード再発行を受け付けました"
    assert page_of(wrong).whole.lines == page_of(right).whole.lines


def test_headers_that_every_page_has(world: World) -> None:
    headers = Client().get("/login/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_unknown_pages_are_told_kindly(db: None) -> None:
    reply = Client().get("/nowhere/")
    assert page_of(reply, 404).heading == "ページが見つかりません"
    assert Client().get("/session-ended/<script>/").status_code == 404
