"""操作の記録: the internal log as the desk reads it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

import portal_stub
from portal_stub.desk.events import EVENTS
from portal_stub.history.models import AuditEvent
from portal_stub.history.recording import audit
from tests.portal.conftest import HOLDER, OTHER, Hand, World, text


@pytest.mark.req("G-111")
def test_the_log_of_a_holder_newest_first_with_reasons(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    AuditEvent.objects.all().delete()
    client = visit(world.staff)
    audit("desk-1", "addresses-lifted", HOLDER, reason="本人確認済み")
    hand.on(minutes=1)
    audit(f"{HOLDER}000", "applicant-changed", f"{HOLDER}001", changed=["name"])
    audit(f"{OTHER}000", "applicant-reset", f"{OTHER}001")
    page = text(client.get("/desk/log/", {"about": HOLDER}))
    assert page.index("Webユーザー（申込者）情報の変更") < page.index("IPアドレス制限の解除（デスク）")
    assert "desk-1 IPアドレス制限の解除（デスク） 123456789 本人確認済み" in page
    assert OTHER not in page
    assert "2件" in page


def test_days_bound_the_search(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    client = visit(world.staff)
    days = {"start": "2026-04-02", "end": "2026-04-02"}
    assert "該当する記録はありません" in text(client.get("/desk/log/", days))
    days = {"start": "2026-04-01", "end": "2026-04-01"}
    assert "デスクへのログイン" in text(client.get("/desk/log/", days))
    hand.on(days=31)
    client = visit(world.staff)
    assert "Webユーザー（申込者）の登録" not in text(client.get("/desk/log/")), "thirty days as a rule"
    for wrong in ({"start": "2026-05-02", "end": "2026-05-01"}, {"start": "x", "end": "2026-05-01"}):
        assert client.get("/desk/log/", wrong).status_code == 422


def test_many_rows_come_in_pages(world: World, visit: Callable[..., Client]) -> None:
    for number in range(60):
        audit("somebody", "login-failed", str(number), why="password")
    client = visit(world.staff)
    page = client.get("/desk/log/", {"about": "somebody"})
    assert page.content.decode().count('scope="row"') == 50
    assert "1／2ページ" in text(page)
    assert "2／2ページ" in text(client.get("/desk/log/", {"about": "somebody", "page": "2"}))


def test_events_of_accounts_and_desk_have_words() -> None:
    root = Path(portal_stub.__file__).parent
    written = {
        event
        for folder in ("accounts", "desk", "registration")
        for file in (root / folder).glob("*.py")
        for event in re.findall(r'audit\(\s*[\w.]+,\s*"([a-z-]+)"', file.read_text(encoding="utf-8"))
    }
    assert len(written) > 20
    assert written <= set(EVENTS)
