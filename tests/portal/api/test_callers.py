"""Who is let in: tokens that count, addresses, hours; and that nothing but a token counts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts import limits
from portal_stub.accounts import rules as accounts
from portal_stub.accounts.models import AddressEntry, Attempts, Holder, User
from portal_stub.api import rules
from portal_stub.history.models import AuditEvent
from sensors.windows import TOKYO
from tests.portal.api.conftest import Program, a_token, code
from tests.portal.conftest import Hand, World

Visit = Callable[..., Client]


@pytest.fixture
def hours(settings: Any) -> None:
    settings.PORTAL = replace(settings.PORTAL, service_hours=True)


def test_every_token_that_does_not_count_gets_the_same_answer(world: World, hand: Hand) -> None:
    _, unknown = "", f"daicho_{'x' * 43}"
    withdrawn, first = a_token(world.applicant)
    rules.withdraw_token(world.administrator, withdrawn)
    _, over = a_token(world.applicant, days=0)
    _, inactive = a_token(world.enterer)
    User.objects.filter(pk=world.enterer.pk).update(active=False)
    _, locked = a_token(world.reader)
    User.objects.filter(pk=world.reader.pk).update(locked_until=hand.at + timedelta(days=2))
    assert Program(over).get("/documents").status_code == 200
    hand.on(days=1)
    said = set()
    for shown in ("", unknown, first, over, inactive, locked, "daicho_", "x" * 5000, "daicho_あ", " "):
        reply = Program(shown).get("/documents")
        assert code(reply, 401) == "unauthorized"
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        said.add(reply.content)
    assert len(said) == 1
    for header in (f"Basic {first}", first, "Bearer", f"bearer  {unknown}", f"Bearer {unknown} x"):
        reply = Client().get("/api/v1/documents", headers={"Authorization": header})
        assert code(reply, 401) == "unauthorized"
    told = AuditEvent.objects.filter(event="api-token-refused")
    assert {row.detail["why"] for row in told} == {"unknown", "withdrawn", "expired", "user", "form"}
    assert not [row for row in told if first in str(row.detail)]


def test_a_lower_right_lowers_the_token_at_once(world: World, program: Callable[..., Program]) -> None:
    caller = program(world.applicant)
    assert caller.get("/submissions").status_code == 200
    User.objects.filter(pk=world.applicant.pk).update(application_scope="none", data_scope="none")
    assert code(caller.get("/submissions"), 403) == "missing-right"
    assert code(caller.get("/documents"), 403) == "missing-right"
    accounts.unlock(world.applicant, "desk-1", "x")
    User.objects.filter(pk=world.applicant.pk).update(entry_right="enter")
    assert code(caller.submit("EX-1"), 403) == "missing-right"


def test_the_restriction_of_addresses_binds_tokens(world: World, program: Callable[..., Program]) -> None:
    caller = program(world.applicant)
    AddressEntry.objects.create(holder=world.holder, network="192.0.2.0/24")
    Holder.objects.filter(pk=world.holder.pk).update(addresses_restricted=True)
    assert code(caller.get("/submissions"), 403) == "address-refused"
    assert AuditEvent.objects.get(event="api-token-refused").detail["why"] == "address"
    caller.client = Client(REMOTE_ADDR="192.0.2.77")
    assert caller.get("/submissions").status_code == 200
    # What a client says of itself is not believed.
    caller.client = Client(REMOTE_ADDR="198.51.100.1")
    for trick in ({"X-Forwarded-For": "192.0.2.77"}, {"Forwarded": "for=192.0.2.77"}):
        reply = caller.client.get("/api/v1/submissions", headers=caller.headers() | trick)
        assert code(reply, 403) == "address-refused"


def test_the_nightly_stop_binds_tokens_and_tells_the_hours(
    world: World, program: Callable[..., Program], hand: Hand, hours: None
) -> None:
    caller = program(world.applicant)
    hand.at = datetime(2026, 4, 2, 7, 30, tzinfo=TOKYO)
    reply = caller.get("/submissions")
    assert code(reply, 403) == "outside-service-hours"
    assert "8:00～翌7:00" in reply.json()["detail"]
    assert "2026-04-02 08:00" in reply.json()["detail"]
    assert reply.headers["Retry-After"] == "1800"
    hand.at = datetime(2026, 4, 5, 6, 59, tzinfo=TOKYO)
    assert caller.get("/submissions").status_code == 200


def test_a_session_is_nothing_here_and_none_begins(world: World, visit: Visit) -> None:
    client = visit(world.administrator)
    reply = client.get("/api/v1/submissions")
    assert code(reply, 401) == "unauthorized"
    _, shown = a_token(world.applicant)
    before = world.administrator
    reply = client.get("/api/v1/submissions", headers={"Authorization": f"Bearer {shown}"})
    assert reply.status_code == 200
    assert not reply.cookies
    assert client.get("/menu/").status_code == 200, "and the session goes on"
    before.refresh_from_db()
    # No form token is asked for: nothing that a browser sends by itself counts.
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    reply = strict.post("/api/v1/submissions", headers={"Authorization": f"Bearer {shown}"})
    assert code(reply, 422) == "invalid-request"


def test_answers_keep_the_headers_of_the_portal(world: World, program: Callable[..., Program]) -> None:
    for reply in (program(world.applicant).get("/submissions"), Client().get("/api/v1/submissions")):
        assert reply.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["X-Frame-Options"] == "DENY"


def test_many_failures_from_one_address_are_answered_shortly(
    world: World, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = limits.Door("API", limits.Limit(5, timedelta(minutes=10)))
    monkeypatch.setitem(limits.DOORS, "api", door)
    guess = Program(f"daicho_{'y' * 43}")
    for _ in range(5):
        assert code(guess.get("/documents"), 401) == "unauthorized"
    for _ in range(3):
        reply = guess.get("/documents")
        assert code(reply, 429) == "too-many-failures"
        assert reply.headers["Retry-After"] == "600"
    assert AuditEvent.objects.filter(event="api-token-refused").count() == 5, "the log is not flooded"
    assert Program(a_token(world.applicant)[1]).get("/documents").status_code == 200, "who is right gets in"
    guess.client = Client(REMOTE_ADDR="192.0.2.1")
    assert code(guess.get("/documents"), 401) == "unauthorized", "another address"
    guess.client = Client()
    hand.on(minutes=10)
    assert code(guess.get("/documents"), 401) == "unauthorized"
    assert Client().get("/api/v1/documents").status_code == 401
    hand.on(days=8)
    limits.tidy()
    assert not Attempts.objects.exists()


def test_a_stranger_is_refused_before_his_content_is_read(world: World) -> None:
    class Unreadable:
        def read(self, *_: Any) -> bytes:
            raise AssertionError("read")

        readline = read

    client = Client()
    reply = client.post(
        "/api/v1/submissions",
        **{"wsgi.input": Unreadable(), "CONTENT_LENGTH": "300000000"},
        content_type="multipart/form-data; boundary=x",
    )
    assert code(reply, 401) == "unauthorized"


def test_a_token_needs_no_one_time_password_and_no_first_login(
    world: World, program: Callable[..., Program]
) -> None:
    """It was made behind the one-time password, for a user who may never log in himself (ADR 0021)."""
    Holder.objects.update(otp_required=True)
    User.objects.filter(pk=world.applicant.pk).update(must_change_password=True)
    assert program(world.applicant).get("/submissions").status_code == 200


def test_the_clock_of_a_use_may_go_back(world: World, hand: Hand) -> None:
    token, shown = a_token(world.applicant)
    Program(shown).get("/documents")
    hand.on(hours=-1)
    Program(shown).get("/documents")
    token.refresh_from_db()
    assert token.last_used_at == hand.at


def test_unknown_addresses_and_methods_are_problems(world: World, program: Callable[..., Program]) -> None:
    caller = program(world.applicant)
    for path in ("", "/", "/other", "/submissions/", "/documents/a/b", "/submissions/S1/findings/x"):
        assert code(caller.get(path), 404) == "not-found", path
        assert code(Client().get(f"/api/v1{path}"), 404) == "not-found"
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        reply = caller.client.generic(method, "/api/v1/submissions", headers=caller.headers())
        assert code(reply, 405) == "method-not-allowed"
        assert set(reply.headers["Allow"].split(", ")) == {"GET", "POST", "HEAD"}
    reply = caller.client.head("/api/v1/submissions", headers=caller.headers())
    assert reply.status_code == 200
