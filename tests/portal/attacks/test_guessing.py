"""Who guesses learns nothing and does not get far."""

import csv
import io
import re
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from portal_stub import clock
from portal_stub.accounts.models import Holder, User
from portal_stub.accounts.otp import MOST_ISSUES
from portal_stub.history.models import AccessRecord, AuditEvent
from portal_stub.mails.models import Mail
from portal_stub.registration.rules import MOST_MAILS
from tests.portal.conftest import PASSWORD, World, text
from tests.portal.pages import page_of
from tests.portal.registration.conftest import ask

DOORS = {"/login/": ("123456789001", "123456789077"), "/desk/login/": ("desk-1", "desk-77")}


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often a password is hashed, which is what takes time."""
    counted: list[int] = []
    encode = MD5PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> str:
        counted.append(1)
        return str(encode(self, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    return counted


def _words(reply: Any) -> str:
    return re.sub(r'value="[^"]*"', "", reply.content.decode())


@pytest.mark.req("G-136")
@pytest.mark.parametrize("door", DOORS)
def test_a_login_does_not_tell_whether_an_id_exists(world: World, hashed: list[int], door: str) -> None:
    known, unknown = DOORS[door]
    User.objects.filter(pk=world.enterer.pk).update(active=False)
    wrong_door = "desk-1" if door == "/login/" else "123456789001"
    answers, costs = set(), set()
    for login_id in (known, unknown, wrong_door, world.enterer.login_id):
        hashed.clear()
        reply = Client().post(door, {"login_id": login_id, "password": "Wrong-one.1"})
        costs.add(len(hashed))
        answers.add((reply.status_code, _words(reply)))
    assert len(answers) == 1
    assert costs == {1}, "a hash each, so that they take equally long"


@pytest.mark.req("G-051")
def test_a_reissue_does_not_tell_whether_an_id_or_address_exists(world: World, hashed: list[int]) -> None:
    answers, costs = set(), set()
    for login_id, mail in (
        (world.administrator.login_id, world.administrator.mail),
        (world.administrator.login_id, "wrong@example.com"),
        ("111111111000", world.administrator.mail),
        ("111111111000", "wrong@example.com"),
        (world.applicant.login_id, world.applicant.mail),
    ):
        client = Client()
        pair = {"login_id": login_id, "mail": mail}
        question = client.post("/reissue/", pair)
        hashed.clear()
        reply = client.post("/reissue/", pair | {"step": "send"}, follow=True)
        costs.add(len(hashed))
        answers.add((question.status_code, _words(question).replace(login_id, "").replace(mail, "")))
        answers.add((reply.status_code, _words(reply)))
    assert len(answers) == 2, "one question, one answer"
    assert costs == {1}


def test_a_registration_does_not_tell_whether_an_address_is_known(world: World) -> None:
    answers = set()
    for mail in (world.administrator.mail, "nobody@new.example", "nobody@new.example"):
        client = Client()
        assert ask(client, mail).status_code == 302
        answers.add(_words(client.get("/registration/mail/done/")).replace(mail, ""))
    assert len(answers) == 1
    for token in ("x" * 43, "y", "a" * 2_000):
        assert Client().get(f"/registration/url/{token}/").status_code == 404
        assert Client().post(f"/registration/url/{token}/", {"password": "x"}).status_code == 404


@pytest.mark.req("G-138")
@pytest.mark.parametrize("door", DOORS)
def test_wrong_passwords_lock_from_any_browser_and_only_at_their_own_door(world: World, door: str) -> None:
    known, _ = DOORS[door]
    other = next(each for each in DOORS if each != door)
    elsewhere = [Client().post(other, {"login_id": known, "password": "Wrong-one.1"}) for _ in range(6)]
    assert [reply.status_code for reply in elsewhere] == [200] * 4 + [403] * 2, (
        "unknown there, and told alike"
    )
    assert Client().post(door, {"login_id": known, "password": PASSWORD}).status_code == 302, (
        "not locked by that"
    )
    replies = [Client().post(door, {"login_id": known, "password": f"Wrong-one.{n}"}) for n in range(5)]
    assert [reply.status_code for reply in replies] == [200] * 4 + [403]
    locked = Client().post(door, {"login_id": known, "password": PASSWORD})
    assert page_of(locked, 403).heading == "パスワードエラー"
    assert AuditEvent.objects.filter(event="login-failed", subject=known).count() == 12


def test_no_more_one_time_passwords_and_guesses_than_said(world: World) -> None:
    Holder.objects.update(otp_required=True)
    client = Client()
    client.post("/login/", {"login_id": world.applicant.login_id, "password": PASSWORD})
    tries = 0
    for _ in range(MOST_ISSUES + 3):
        client.post("/otp/issue/")
        for _ in range(4):
            reply = client.post("/otp/", {"code": "x"})
            tries += reply.status_code == 200 and "もう一度間違えると失効します" in text(reply)
    assert reply.status_code == 429, "after ten wrong ones within the hour"
    assert Mail.objects.filter(kind="one-time-password").count() == MOST_ISSUES
    assert tries == MOST_ISSUES, "and each of them dies of the second wrong entry"


@pytest.mark.parametrize("variant", ["{}", "{} ", "　{}"])
def test_no_more_mails_to_an_address_than_said_however_it_is_written(db: None, variant: str) -> None:
    for number in range(MOST_MAILS + 2):
        name = "victim@new.example" if number % 2 else "VICTIM@New.Example"
        ask(Client(), variant.format(name))
    assert Mail.objects.filter(kind="registration-url").count() == MOST_MAILS


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "　@x", '=HYPERLINK("x")', "'=1"]


@pytest.mark.req("G-104")
def test_no_cell_of_the_access_history_is_a_formula(world: World) -> None:
    for text_ in FORMULAS:
        AccessRecord.objects.create(
            at=clock.now(),
            holder_code=world.holder.code,
            login_id=world.applicant.login_id,
            code="1-1",
            name=text_,
            department=text_,
            title=text_,
        )
    client = Client()
    client.post("/login/", {"login_id": world.administrator.login_id, "password": PASSWORD})
    query = {"start": "2026-04-01", "end": "2026-04-01", "order": "time"}
    reply = client.get("/access-history/file/", query)
    content = b"".join(reply.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert len(rows) > len(FORMULAS)
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"[\s\u3000]*[=+\-@＝＋－＠]", cell), cell
        assert not cell.startswith(("\t", "\r", "\n")), cell
    assert reply.headers["Content-Disposition"].startswith('attachment; filename="access_history_123456789_')
