"""The desk's front page, and who sees what."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.desk import cards
from tests.portal.conftest import World
from tests.portal.pages import page_of


def test_cards_are_offered_to_whom_their_pages_are_open(world: World, visit: Callable[..., Client]) -> None:
    shown = {
        role: set(page_of(visit(getattr(world, role)).get("/desk/")).cards)
        for role in ("staff_reader", "staff", "staff_supervisor")
    }
    assert {"お知らせ", "保険利用者とWebユーザー"} <= shown["staff_reader"]
    assert "操作の記録" in shown["staff"] - shown["staff_reader"]
    assert "担当者" in shown["staff_supervisor"] - shown["staff"]
    assert shown["staff_reader"] < shown["staff"] < shown["staff_supervisor"]


def test_a_card_without_page_is_not_shown_and_others_count_what_waits(
    world: World, visit: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = (
        cards.Card("まだない画面", "desk-not-there", "-", lambda: 1 // 0),
        cards.Card("待つもの", "desk-notices", "-", lambda: 1234, "?page=1"),
    )
    monkeypatch.setattr("portal_stub.desk.views.WAITING", waiting)
    page = page_of(visit(world.staff).get("/desk/")).section("処理を待っているもの")
    [(title, card)] = page.cards.items()
    assert title == "待つもの"
    assert (card.href, card.count) == ("/desk/notices/?page=1", "1,234件")


def test_readers_look_and_do_nothing(world: World, visit: Callable[..., Client]) -> None:
    client, code = visit(world.staff_reader), world.holder.code
    for path in ("/desk/holders/", f"/desk/holders/{code}/", "/desk/notices/", "/desk/offices/"):
        page, wider = page_of(client.get(path)), page_of(visit(world.staff).get(path))
        assert page.heading == wider.heading
        assert [form.method for form in page.forms if form.method != "get"] == []
        offered = set(page.links.values()) - set(wider.links.values())
        assert offered == set()
        assert [link for link in page.links.values() if link.endswith(("-new/", "/reissue/", "/lift/"))] == []
    for path in ("/desk/notice-new/", f"/desk/holders/{code}/reissue/", "/desk/log/", "/desk/staff/"):
        assert client.get(path).status_code == 403
        assert client.post(path).status_code in {403, 405}
