"""操作の記録: the internal log as the desk reads it."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.history.models import AuditEvent
from portal_stub.history.recording import audit
from tests.portal.conftest import HOLDER, OTHER, Hand, World
from tests.portal.pages import page_of


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
    table = page_of(client.get("/desk/log/", {"about": HOLDER})).table("記録の表")
    assert table.caption == "記録（2件、新しい順）"
    told = [(row["操作した人"], row["操作"], row["対象"], row["理由"]) for row in table.rows]
    assert told == [
        (f"{HOLDER}000", "Webユーザー（申込者）情報の変更", f"{HOLDER}001", ""),
        ("desk-1", "IPアドレス制限の解除（デスク）", HOLDER, "本人確認済み"),
    ]


def test_days_bound_the_search(world: World, visit: Callable[..., Client], hand: Hand) -> None:
    client = visit(world.staff)

    def deeds(**days: str) -> set[str]:
        page = page_of(client.get("/desk/log/", days))
        nothing = "該当する記録はありません。条件を変えて、もう一度検索してください。"
        assert page.statuses == ([] if page.tables else [nothing])
        return {row["操作"] for table in page.tables for row in table.rows}

    assert deeds(start="2026-04-02", end="2026-04-02") == set()
    first_day = deeds(start="2026-04-01", end="2026-04-01")
    assert {"デスクへのログイン", "Webユーザー（申込者）の登録"} <= first_day
    assert deeds() == first_day
    hand.on(days=31)
    client = visit(world.staff)
    assert deeds() == {"デスクへのログイン"}, "thirty days as a rule"
    for wrong in ({"start": "2026-05-02", "end": "2026-05-01"}, {"start": "x", "end": "2026-05-01"}):
        assert client.get("/desk/log/", wrong).status_code == 422


def test_many_rows_come_in_pages(world: World, visit: Callable[..., Client]) -> None:
    for number in range(60):
        audit("somebody", "login-failed", str(number), why="password")
    client = visit(world.staff)
    first, second = (
        page_of(client.get("/desk/log/", {"about": "somebody", "page": page})) for page in ("1", "2")
    )
    assert [len(page.table().rows) for page in (first, second)] == [50, 10]
    assert (first.pager, second.pager) == ("1／2ページ（1～50件目）", "2／2ページ（51～60件目）")


def test_an_event_without_words_is_noticed_by_every_test_that_writes_it(db: None) -> None:
    """Words of what comes of doing: ``_told_events`` of the conftest looks at each event that any test writes."""
    with pytest.raises(AssertionError, match="no words for 'never-heard-of'"):
        audit("somebody", "never-heard-of")
    assert not AuditEvent.objects.filter(event="never-heard-of").exists()
