"""The desk's front page, and who sees what."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.desk import cards
from tests.portal.conftest import World, text


def test_cards_are_offered_to_whom_their_pages_are_open(world: World, visit: Callable[..., Client]) -> None:
    shown = {
        role: text(visit(getattr(world, role)).get("/desk/"))
        for role in ("staff_reader", "staff", "staff_supervisor")
    }
    for words in shown.values():
        assert "お知らせ" in words
        assert "保険利用者とWebユーザー" in words
    assert "操作の記録" not in shown["staff_reader"]
    assert "操作の記録" in shown["staff"]
    assert "保険者デスクの担当者と役割" not in shown["staff"]
    assert "保険者デスクの担当者と役割" in shown["staff_supervisor"]


def test_a_card_without_page_is_not_shown_and_others_count_what_waits(
    world: World, visit: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = (
        cards.Card("まだない画面", "desk-not-there", "-", lambda: 1 // 0),
        cards.Card("待つもの", "desk-notices", "-", lambda: 1234, "?page=1"),
    )
    monkeypatch.setattr("portal_stub.desk.views.WAITING", waiting)
    page = visit(world.staff).get("/desk/")
    assert "まだない画面" not in text(page)
    assert "待つもの 1,234 件" in text(page)
    assert 'href="/desk/notices/?page=1"' in page.content.decode()


def test_readers_look_and_do_nothing(world: World, visit: Callable[..., Client]) -> None:
    client, code = visit(world.staff_reader), world.holder.code
    for path in ("/desk/holders/", f"/desk/holders/{code}/", "/desk/notices/", "/desk/offices/"):
        reply = client.get(path)
        assert reply.status_code == 200
        assert "新規登録" not in text(reply)
        assert "再発行" not in text(reply)
    for path in ("/desk/notice-new/", f"/desk/holders/{code}/reissue/", "/desk/log/", "/desk/staff/"):
        assert client.get(path).status_code == 403
        assert client.post(path).status_code in {403, 405}
