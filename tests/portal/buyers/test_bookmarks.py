"""ブックマークバイヤー."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts.models import User
from portal_stub.buyers.models import Bookmark, Buyer
from portal_stub.history.models import AccessRecord
from tests.portal.conftest import World
from tests.portal.pages import page_of

Visit = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("directory")
LIST = "ブックマークバイヤー一覧"
SEARCHED = "/buyers/?country=105&name=&rating="


def add(client: Client, code: str = "") -> Any:
    return client.post(SEARCHED, {"do": "bookmark", "code": code}, follow=True)


def codes(reply: Any) -> list[str]:
    """Codes of the bookmarks that the list shows."""
    page = page_of(reply)
    assert page.heading == LIST
    return [row["バイヤーコード"] for table in page.tables for row in table.rows]


def logged(user: User, code: str) -> int:
    return int(AccessRecord.objects.filter(login_id=user.login_id, code=code).count())


@pytest.mark.req("K-060", "K-065")
def test_a_selected_buyer_is_registered_and_the_list_opens(world: World, visit: Visit) -> None:
    reply = add(visit(world.applicant), "105000002")
    assert page_of(reply).status == "Sample Dalian Co., Ltd.（105000002）をブックマークに登録しました。"
    assert codes(reply) == ["105000002"]
    assert logged(world.applicant, "2-5") == 1


@pytest.mark.req("K-061")
def test_without_selection_the_list_opens_only(world: World, visit: Visit) -> None:
    reply = add(visit(world.applicant))
    assert codes(reply) == []
    assert page_of(reply).statuses == []
    assert Bookmark.objects.count() == 0
    assert logged(world.applicant, "2-5") == 0


@pytest.mark.req("K-064")
def test_duplicates_are_ignored_and_bookmarks_belong_to_one_user(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    add(client, "105000002")
    again = page_of(add(client, "105000002"))
    assert again.status == "Sample Dalian Co., Ltd.（105000002）は登録済みです。"
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
    assert page_of(add(client, "105000001")).status.endswith("をブックマークに登録しました。")
    refused = page_of(add(client, "105000002"), 422)
    assert refused.alert == (
        "ブックマークは500件まで登録できます。ブックマークバイヤー一覧で不要なものを削除してから、登録し直してください。"
    )
    assert Bookmark.objects.count() == 500
    page = page_of(client.get("/bookmarks/?sort=-name"))
    assert len(page.find("nav.pager")) == 2
    second = page_of(client.get(page.links["次のページへ"]))
    assert second.pager.startswith("2／")
    assert [node.text for node in second.find(".sorts .active")] == ["▼"], "the sort stays"


@pytest.mark.req("K-062", "K-065")
def test_a_selected_one_is_deleted(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    add(client, "105000001")
    add(client, "105000002")
    page = page_of(client.get("/bookmarks/"))
    assert page.links["海外商社（バイヤー）検索へ"] == "/buyers/"
    assert list(page.fields["code"].options.values()) == ["105000001", "105000002"]
    nothing = page_of(client.post("/bookmarks/", {}), 422)
    assert nothing.alert == "ブックマークから削除する海外商社を1つ選択してから、「削除」を押してください。"
    done = client.post("/bookmarks/", {"code": "105000001"}, follow=True)
    assert page_of(done).status == "ブックマークから削除しました。"
    assert codes(done) == ["105000002"]
    client.post("/bookmarks/", {"code": "105000001"})
    assert logged(world.applicant, "2-6") == 1


def test_who_may_enter_nothing_searches_by_inquiry(world: World, visit: Visit) -> None:
    client = visit(world.reader)
    reply = client.post("/buyer-data/", {"do": "bookmark", "code": "105000001"}, follow=True)
    assert codes(reply) == ["105000001"]
    page = page_of(reply)
    assert page.links["海外商社（バイヤー）検索へ"] == "/buyer-data/"
    assert list(page.table().rows[0].part.links.values()) == ["/buyer-data/105000001/"]


def test_a_removed_buyer_stays_marked(world: World, visit: Visit, directory: Any) -> None:
    from portal_stub.buyers.directory import receive

    client = visit(world.applicant)
    add(client, "105000001")
    receive(directory(b105000001=""))
    [row] = page_of(client.get("/bookmarks/")).table().rows
    assert (row["バイヤーコード"], row["備考"]) == ("105000001", "名簿から削除")
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
        [active] = page_of(page).find(".sorts .active")
        [title] = page_of(page).find("th[aria-sort]")
        turned = title.get("aria-sort")
        assert (active.text, turned) in {("▲", "ascending"), ("▼", "descending")}
        assert [node.text for node in title.xpath(".//span[@class='active']")] == [active.text]
