"""``daicho portal supervisor``: how the desk of a new portal gets its first member."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal_stub import running
from portal_stub.accounts.models import User
from portal_stub.history.models import AuditEvent
from schemas.submission import Refusal
from tests.portal.conftest import Hand, World

pytestmark = pytest.mark.dialect


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the database of the test, which is up to date."""
    monkeypatch.setattr(running, "_migrate", lambda: None)


def test_the_first_one_is_told_a_password_that_must_be_changed(
    db: None, visit: Callable[..., Client]
) -> None:
    told = running.supervisor("kessai-1", "決裁 一子", "kessai@example.com")
    user = User.objects.get(login_id="kessai-1")
    assert (user.role, user.must_change_password) == ("supervisor", True)
    client = visit(user, password=told["password"])
    assert client.get("/desk/").headers["Location"] == "/desk/password/"
    assert AuditEvent.objects.get(event="staff-added").actor == "portal-command"


def test_a_second_one_only_when_nobody_can_log_in(world: World, hand: Hand) -> None:
    with pytest.raises(Refusal, match="決裁の担当者がすでにいます"):
        running.supervisor("kessai-1", "決裁 一子", "kessai@example.com")
    User.objects.filter(login_id="desk-3").update(locked_until=hand.at + timedelta(minutes=1))
    assert running.supervisor("kessai-1", "決裁 一子", "kessai@example.com")["login_id"] == "kessai-1"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        (("1", "名", "a@example.com"), "英小文字で始め"),
        (("kessai-1", "", "a@example.com"), "氏名を入力"),
        (("kessai-1", "名", "a"), "メールアドレスの形"),
    ],
)
def test_what_does_not_fit_is_refused(db: None, typed: tuple[str, str, str], fault: str) -> None:
    with pytest.raises(Refusal, match=fault) as refused:
        running.supervisor(*typed)
    found: Any = refused.value
    assert found.code == "staff-invalid"
    assert not User.objects.exists()
