"""What the insurer does: restart, start, completion, with mails and the letter on paper."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from portal_stub.access import ROUTES
from portal_stub.accounts.models import Holder, User
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from portal_stub.registration import rules
from portal_stub.registration.models import Branch, Registration
from portal_stub.registration.papers import application_form
from portal_stub.registration.rules import NotPossible
from tests.portal.conftest import Hand, World, last_mail
from tests.portal.pages import page_of
from tests.portal.registration.conftest import ADDRESS, Newcomer, mailed, pdf_text

Make = Callable[..., Newcomer]
CODE = "700000001"
ARRIVED = date(2026, 4, 1)


# ---------------------------------------------------------------------------------------------- restart
@pytest.mark.req("F-046", "S-038")
def test_a_restart_reopens_step_2_with_the_stored_data(newcomer: Make, hand: Hand) -> None:
    person = newcomer().send()
    old_path, old_password = mailed()
    hand.on(days=10)
    rules.restart(person.row, "desk-1", "所在地の訂正")
    mail = last_mail("registration-restart")
    assert mail.to == ADDRESS
    assert (person.row.state, person.row.sent_at) == ("authenticated", None)
    path, password = mailed("registration-restart")
    assert (path, password) != (old_path, old_password)
    client = Client()
    assert client.get(old_path).status_code == 404, "the former URL is no more"
    assert client.post(path, {"password": old_password}).status_code == 422
    assert client.post(path, {"password": password}).headers["Location"] == "/registration/entry/"
    shown = {name: item.value for name, item in page_of(client.get("/registration/entry/")).fields.items()}
    assert shown == {**person.row.answers, "mail_again": person.row.answers["mail"]}
    assert shown["name"] == "株式会社新規商事"
    person.client = client
    person.enter(address="東京都架空区訂正1")
    assert person.agree().headers["Location"] == "/registration/print/"
    assert person.row.answers["address"] == "東京都架空区訂正1"
    assert person.row.form_valid_until == (hand.at + timedelta(days=60)).date()
    event = AuditEvent.objects.get(event="registration-restarted")
    assert (event.actor, event.detail["reason"]) == ("desk-1", "所在地の訂正")


def test_who_was_inside_before_the_restart_has_to_authenticate_again(newcomer: Make) -> None:
    person = newcomer().send()
    rules.restart(person.row, "desk-1", "訂正")
    assert person.client.get("/registration/print/").headers["Location"] == "/registration/ended/"


def test_a_restarted_url_lives_sixty_days_from_its_own_mail(newcomer: Make, hand: Hand) -> None:
    person = newcomer().send()
    hand.on(days=50)
    rules.restart(person.row, "desk-1", "訂正")
    path, _ = mailed("registration-restart")
    hand.on(days=60)
    assert Client().get(path).status_code == 200
    hand.on(seconds=1)
    assert Client().get(path).status_code == 410


def test_a_sent_application_does_not_expire(newcomer: Make, hand: Hand) -> None:
    person = newcomer().send()
    hand.on(days=61)
    assert person.row.shown_state.value == "sent"


# ---------------------------------------------------------------------------------------------- start
@pytest.mark.req("F-045", "F-047")
def test_processing_starts_when_the_form_arrived(newcomer: Make, hand: Hand) -> None:
    person = newcomer().send()
    hand.on(days=3)
    rules.start_processing(person.row, "desk-1", date(2026, 4, 3))
    row = person.row
    assert (row.state, row.arrived_on, row.started_at) == ("in-process", date(2026, 4, 3), hand.at)
    mail = last_mail("registration-started")
    assert mail.to == ADDRESS
    assert row.number in mail.body
    assert "5営業日" in mail.body
    with pytest.raises(NotPossible, match="手続中"):
        rules.start_processing(row, "desk-1", date(2026, 4, 3))
    assert Mail.objects.filter(kind="registration-started").count() == 1


@pytest.mark.req("F-043", "F-044")
def test_a_form_that_came_too_late_is_not_taken(newcomer: Make, hand: Hand) -> None:
    person = newcomer().send()
    hand.on(days=61)
    last = date(2026, 5, 31)
    with pytest.raises(NotPossible, match="有効期限"):
        rules.start_processing(person.row, "desk-1", last + timedelta(days=1))
    with pytest.raises(NotPossible, match="今日まで"):
        rules.start_processing(person.row, "desk-1", date(2026, 3, 31))
    rules.start_processing(person.row, "desk-1", last)
    assert person.row.state == "in-process"


def test_a_form_cannot_arrive_tomorrow(newcomer: Make) -> None:
    with pytest.raises(NotPossible, match="今日まで"):
        rules.start_processing(newcomer().send().row, "desk-1", date(2026, 4, 2))


# ---------------------------------------------------------------------------------------------- completion
@pytest.mark.req("F-002", "F-048", "F-049", "G-006")
def test_a_head_office_comes_into_being(newcomer: Make, tmp_path: Path) -> None:
    row = newcomer(title="部長").in_process()
    done = rules.complete(row, "desk-1", CODE)
    holder = Holder.objects.get(code=CODE)
    assert (holder.name, holder.name_kana) == ("株式会社新規商事", "カブシキガイシャシンキショウジ")
    assert (holder.postal_code, holder.address) == ("100-0001", "東京都架空区新規1-2-3")
    assert holder.registered_address == "東京都架空区新規1-2-3", "the same as the address"
    assert (holder.representative_title, holder.representative_name) == ("代表取締役社長", "新規 一郎")
    assert (holder.phone, holder.homepage) == ("03-1111-2222", "https://new.example/")
    assert not holder.is_branch
    user = User.objects.get(holder=holder)
    assert (user.login_id, user.is_administrator) == (f"{CODE}000", True)
    assert (user.name, user.mail, user.phone) == ("新規 太郎", "kanri@new.example", "03-1234-5678")
    assert (user.department, user.title) == ("総務部", "部長")
    row.refresh_from_db()
    assert (row.state, row.holder) == ("complete", holder)
    mail = last_mail("registration-completed")
    assert mail.to == ADDRESS
    printed = pdf_text(done.notice, tmp_path)
    assert "登録完了通知書" in printed
    assert f"WebユーザーID（管理者用）{CODE}000" in printed
    password = re.search(r"初期パスワード(.+?)ワンタイムパスワード", printed)
    assert password
    assert user.check_password(password[1])
    kept = [str(value) for row in Registration.objects.values() for value in row.values()]
    kept += [f"{mail.body}{mail.secret}" for mail in Mail.objects.all()]
    kept += [str(event.detail) for event in AuditEvent.objects.all()]
    assert not any(password[1] in value for value in kept), "on paper only"
    assert CODE not in mail.body


@pytest.mark.req("F-049", "F-050")
def test_the_first_login_with_the_password_on_paper(newcomer: Make, tmp_path: Path) -> None:
    done = rules.complete(newcomer().in_process(), "desk-1", CODE)
    printed = pdf_text(done.notice, tmp_path)
    password = re.search(r"初期パスワード(.+?)ワンタイムパスワード", printed)
    assert password
    client = Client()
    client.post("/login/", {"login_id": f"{CODE}000", "password": password[1]})
    for address in ("/menu/", "/user/", "/holder/"):
        assert client.get(address).headers["Location"] == "/password/"
    new = "Fresh-mind.2"
    client.post("/password/", {"current": password[1], "new": new, "again": new})
    assert page_of(client.get("/menu/")).user.lines[0] == "株式会社新規商事"


@pytest.mark.req("G-125", "F-033")
@pytest.mark.parametrize(("wish", "asked"), [("1", True), ("0", False)])
def test_the_wish_for_one_time_passwords_is_carried_over(newcomer: Make, wish: str, asked: bool) -> None:
    done = rules.complete(newcomer(otp_wish=wish).in_process(), "desk-1", CODE)
    assert Holder.objects.get(code=CODE).otp_required is asked
    assert done.administrator.uses_otp is asked


def test_a_registered_address_that_differs(newcomer: Make) -> None:
    row = newcomer(registered_same="0", registered_address="大阪府架空市登記9").in_process()
    assert rules.complete(row, "desk-1", CODE).holder.registered_address == "大阪府架空市登記9"


@pytest.mark.req("F-008", "F-009")
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "9桁"),
        ("12345678", "9桁"),
        ("12345678a", "9桁"),
        ("１２３４５６７８９", "9桁"),
        ("123456789", "登録済み"),
    ],
)
def test_a_new_code_is_nine_digits_and_its_own(world: World, newcomer: Make, code: str, message: str) -> None:
    row = newcomer().in_process()
    holders, users = Holder.objects.count(), User.objects.count()
    with pytest.raises(NotPossible, match=message):
        rules.complete(row, "desk-1", code)
    row.refresh_from_db()
    assert (row.state, Holder.objects.count(), User.objects.count()) == ("in-process", holders, users)
    assert not Mail.objects.filter(kind="registration-completed").exists()


@pytest.mark.req("F-003", "F-036")
def test_a_branch_belongs_to_its_head_office(world: World, newcomer: Make) -> None:
    done = rules.complete(newcomer("branch").in_process(), "desk-1", CODE)
    assert done.holder.is_branch
    assert done.holder.name == "株式会社見本商事　大阪支店"
    assert done.holder.branch.head_office == world.holder
    assert [row.holder for row in world.holder.branches.all()] == [done.holder]
    assert (done.holder.registered_address, done.holder.representative_name) == ("", "")
    assert done.administrator.login_id == f"{CODE}000"


def test_a_branch_needs_a_head_office_that_exists_and_is_one(world: World, newcomer: Make) -> None:
    row = newcomer("branch", head_office_code="999999999").in_process()
    with pytest.raises(NotPossible, match="本店として登録されていません"):
        rules.complete(row, "desk-1", CODE)
    Holder.objects.filter(code="123456789").update(is_branch=True)
    with pytest.raises(NotPossible, match="本店として登録されていません"):
        rules.complete(newcomer("branch").in_process(), "desk-1", CODE)
    assert not Holder.objects.filter(code=CODE).exists()


def test_nobody_is_a_branch_of_itself(world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Branch.objects.create(holder=world.holder, head_office=world.holder)


@pytest.mark.req("F-004", "F-009")
def test_a_registered_holder_gets_its_user_once(newcomer: Make) -> None:
    holder = Holder.objects.create(code="555555555", name="株式会社登録済", address="東京都架空区5")
    first, second = newcomer("web-user").in_process(), newcomer("web-user").in_process()
    with pytest.raises(NotPossible, match="空欄"):
        rules.complete(first, "desk-1", CODE)
    done = rules.complete(first, "desk-1")
    assert (done.holder, done.administrator.login_id) == (holder, "555555555000")
    holder.refresh_from_db()
    assert holder.address == "東京都架空区5", "what is registered stays"
    with pytest.raises(NotPossible, match="発行済み"):
        rules.complete(second, "desk-1")
    assert User.objects.filter(holder=holder).count() == 1


def test_a_web_user_needs_a_registered_holder(newcomer: Make) -> None:
    with pytest.raises(NotPossible, match="登録されていません"):
        rules.complete(newcomer("web-user").in_process(), "desk-1")


# ---------------------------------------------------------------------------------------------- the states
def deeds(row: Registration) -> dict[str, Callable[[], object]]:
    return {
        "restart": lambda: rules.restart(row, "desk-1", "訂正"),
        "start": lambda: rules.start_processing(row, "desk-1", ARRIVED),
        "complete": lambda: rules.complete(row, "desk-1", CODE),
        "renew": lambda: rules.renew_notice(row, "desk-1", "紛失"),
    }


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        ("url-sent", set()),
        ("authenticated", set()),
        ("confirmed", set()),
        ("sent", {"restart", "start"}),
        ("in-process", {"complete"}),
        ("complete", {"renew"}),
    ],
)
def test_each_deed_in_its_state_only(newcomer: Make, state: str, possible: set[str]) -> None:
    row = newcomer().in_process()
    if state == "complete":
        rules.complete(row, "desk-1", CODE)
    Registration.objects.filter(pk=row.pk).update(state=state)
    found = set()
    for name in ("restart", "start", "complete", "renew"):
        point = transaction.savepoint()
        try:
            deeds(row)[name]()
            found.add(name)
        except NotPossible:
            assert Registration.objects.get(pk=row.pk).state == state
        transaction.savepoint_rollback(point)
    assert found == possible


def test_reasons_are_asked_for(newcomer: Make) -> None:
    row = newcomer().send().row
    with pytest.raises(NotPossible, match="理由"):
        rules.restart(row, "desk-1", " ")
    rules.start_processing(row, "desk-1", ARRIVED)
    rules.complete(row, "desk-1", CODE)
    with pytest.raises(NotPossible, match="理由"):
        rules.renew_notice(row, "desk-1", "")


def test_a_lost_notice_is_printed_anew_until_the_first_login(newcomer: Make, tmp_path: Path) -> None:
    row = newcomer().in_process()
    before = rules.complete(row, "desk-1", CODE).administrator.password
    notice = rules.renew_notice(row, "desk-1", "郵送事故")
    user = User.objects.get(login_id=f"{CODE}000")
    password = re.search(r"初期パスワード(.+?)ワンタイムパスワード", pdf_text(notice, tmp_path))
    assert password
    assert user.password != before
    assert user.check_password(password[1])
    client, new = Client(), "Fresh-mind.2"
    client.post("/login/", {"login_id": user.login_id, "password": password[1]})
    client.post("/password/", {"current": password[1], "new": new, "again": new})
    with pytest.raises(NotPossible, match="ログイン済み"):
        rules.renew_notice(row, "desk-1", "郵送事故")
    assert User.objects.get(pk=user.pk).check_password(new)


def test_no_form_before_the_sending(newcomer: Make) -> None:
    with pytest.raises(ValueError, match="R"):
        application_form(newcomer().confirm().row)


@pytest.mark.req("F-051")
def test_a_registration_is_in_no_application_list(
    world: World, newcomer: Make, visit: Callable[..., Client]
) -> None:
    row = newcomer("branch").in_process()
    rules.complete(row, "desk-1", CODE)
    from portal_stub.procedures import models as procedures

    assert not any(
        model.objects.exists()
        for model in vars(procedures).values()
        if isinstance(model, type)
        and getattr(model, "__module__", "") == procedures.__name__
        and hasattr(model, "objects")
    )
    if "applications" in ROUTES:
        page = page_of(visit(world.administrator).get("/applications/"))
        assert (page.heading, page.tables) == ("Web申込状況一覧", [])
