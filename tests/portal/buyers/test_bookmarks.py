"""ブックマークバイヤー."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts.models import User
from portal_stub.buyers.models import Bookmark, Buyer
from portal_stub.history.models import AccessRecord
from tests.portal.conftest import World, text

Visit = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("directory")
SEARCHED = "/buyers/?country=105&name=&rating="


def add(client: Client, code: str = "") -> Any:
    return client.post(SEARCHED, {"do": "bookmark", "code": code}, follow=True)


def codes(reply: Any) -> list[str]:
    return re.findall(r'type="radio" name="code" value="(\d+)"', reply.content.decode())


def logged(user: User, code: str) -> int:
    return int(AccessRecord.objects.filter(login_id=user.login_id, code=code).count())


@pytest.mark.req("K-060", "K-065")
def test_a_selected_buyer_is_registered_and_the_list_opens(world: World, visit: Visit) -> None:
    reply = add(visit(world.applicant), "105000002")
    assert "ブックマークバイヤー一覧" in text(reply)
    assert "をブックマークに登録しました" in text(reply)
    assert codes(reply) == ["105000002"]
    assert logged(world.applicant, "2-5") == 1


@pytest.mark.req("K-061")
def test_without_selection_the_list_opens_only(world: World, visit: Visit) -> None:
    reply = add(visit(world.applicant))
    assert reply.status_code == 200
    assert "ブックマークバイヤー一覧" in text(reply)
    assert Bookmark.objects.count() == 0
    assert logged(world.applicant, "2-5") == 0


@pytest.mark.req("K-064")
def test_duplicates_are_ignored_and_bookmarks_belong_to_one_user(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    add(client, "105000002")
    assert "は登録済みです" in text(add(client, "105000002"))
    assert Bookmark.objects.count() == 1
    assert logged(world.applicant, "2-5") == 1
    other = visit(world.administrator)
    assert codes(other.get("/bookmarks/")) == []
    other.post("/bookmarks/", {"code": "105000002"})
    assert Bookmark.objects.count() == 1


@pytest.mark.req("K-064")
def test_five_hundred_at_most(world: World, visit: Visit) -> None:
    now = Buyer.objects.get(code="105000001").updated_at
    many = Buyer.objects.bulk_create(
        Buyer(code=f"6{n:08}", name=f"HIT {n}", search_name=f"hit {n}", country_id="304", updated_at=now)
        for n in range(499)
    )
    Bookmark.objects.bulk_create(Bookmark(user=world.applicant, buyer=buyer, at=now) for buyer in many)
    client = visit(world.applicant)
    assert "登録しました" in text(add(client, "105000001"))
    refused = add(client, "105000002")
    assert refused.status_code == 422
    assert "500件まで登録できます" in text(refused)
    assert Bookmark.objects.count() == 500
    page = client.get("/bookmarks/?sort=-name").content.decode()
    assert page.count('<nav class="pager"') == 2
    assert "sort=-name&amp;page=2" in page


@pytest.mark.req("K-062", "K-065")
def test_a_selected_one_is_deleted(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    add(client, "105000001")
    add(client, "105000002")
    page = client.get("/bookmarks/").content.decode()
    assert re.search(r'href="/buyers/">海外商社（バイヤー）検索へ', page)
    nothing = client.post("/bookmarks/", {})
    assert nothing.status_code == 422
    assert "1つ選択してから、「削除」" in text(nothing)
    done = client.post("/bookmarks/", {"code": "105000001"}, follow=True)
    assert "ブックマークから削除しました" in text(done)
    assert codes(done) == ["105000002"]
    client.post("/bookmarks/", {"code": "105000001"})
    assert logged(world.applicant, "2-6") == 1


def test_who_may_enter_nothing_searches_by_inquiry(world: World, visit: Visit) -> None:
    client = visit(world.reader)
    reply = client.post("/buyer-data/", {"do": "bookmark", "code": "105000001"}, follow=True)
    assert codes(reply) == ["105000001"]
    assert 'href="/buyer-data/">海外商社（バイヤー）検索へ' in reply.content.decode()
    assert 'href="/buyer-data/105000001/"' in reply.content.decode()


def test_a_removed_buyer_stays_marked(world: World, visit: Visit, directory: Any) -> None:
    from portal_stub.buyers.directory import receive

    client = visit(world.applicant)
    add(client, "105000001")
    receive(directory(b105000001=""))
    assert "名簿から削除" in text(client.get("/bookmarks/"))
    add(client, "105000001")


@pytest.mark.req("S-033")
def test_exactly_one_sort_is_active(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    for code in ("105000002", "304000001", "105000001"):
        add(client, code)
    for sort, order in (
        ("", ["105000001", "105000002", "304000001"]),
        ("-code", ["304000001", "105000002", "105000001"]),
        ("name", ["304000001", "105000001", "105000002"]),
        ("-at", ["105000001", "304000001", "105000002"]),
        ("nonsense", ["105000001", "105000002", "304000001"]),
    ):
        page = client.get("/bookmarks/", {"sort": sort})
        assert codes(page) == order, sort
        words = text(page)
        assert words.count("▲") + words.count("▼") == 1
        assert page.content.decode().count("aria-sort=") == 1
