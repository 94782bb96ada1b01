"""海外商社（バイヤー）情報検索 and the windows that open from it."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_stub.buyers.models import Buyer
from portal_stub.buyers.rules import set_season
from portal_stub.history.models import AccessRecord
from portal_stub.pages.models import Notice
from tests.portal.conftest import World, text

Visit = Callable[..., Client]
pytestmark = [pytest.mark.usefixtures("directory"), pytest.mark.dialect]


def found(reply: Any) -> list[str]:
    return re.findall(r'type="radio" name="code" value="(\d+)"', reply.content.decode())


def searched(client: Client, **fields: str) -> Any:
    return client.get("/buyers/", {"country": "", "name": "", "rating": "", **fields})


@pytest.fixture
def season(db: None) -> None:
    set_season("desk-1", date(2026, 4, 1), date(2026, 4, 30))


@pytest.mark.req("K-001")
def test_inquiry_offers_no_procedure(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    menu = client.get("/menu/").content.decode()
    assert 'href="/buyers/"' in menu
    assert 'href="/buyer-data/"' in menu
    assert "手続きの選択" in text(client.get("/buyers/"))
    assert "手続きの選択" not in text(client.get("/buyer-data/"))
    refused = client.post("/buyer-data/", {"do": "change", "code": "105000001"})
    assert refused.status_code == 422
    assert visit(world.reader).get("/buyer-data/").status_code == 200
    assert visit(world.reader).get("/buyers/").status_code == 403


@pytest.mark.req("K-002", "K-003")
def test_five_areas_and_the_items(world: World, visit: Visit) -> None:
    words = text(visit(world.applicant).get("/buyers/"))
    for area in ("はじめての方へ", "検索のヒント", "検索条件", "手続きの選択", "ブックマーク登録"):
        assert area in words, area
    for item in ("所在国名または国コード", "バイヤーコードまたは名称", "格付"):
        assert item in words, item


@pytest.mark.req("K-003")
def test_every_item_of_the_search_is_explained(world: World, visit: Visit, season: None) -> None:
    client = visit(world.applicant)
    page = client.get("/buyers/").content.decode()
    hints = client.get("/buyers-hints/").content.decode()
    links = re.findall(r'href="/buyers-hints/#(\w+)" target="_blank" data-popup', page)
    assert links == ["country", "name", "rating", "scope"]
    assert all(f'id="{link}"' in hints for link in links)


@pytest.mark.req("K-004", "K-052")
def test_the_range_can_be_chosen_in_the_season_only(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    before = client.get("/buyers/").content.decode()
    assert "対象範囲" not in before
    assert re.search(r'value="release" disabled', before)
    assert found(searched(client, country="105", scope="sleeping")) == ["105000001", "105000002"]
    set_season("desk-1", date(2026, 4, 1), date(2026, 4, 1))
    within = client.get("/buyers/").content.decode()
    assert "対象範囲" in within
    assert not re.search(r'value="release" disabled', within)
    assert found(searched(client, country="105", scope="sleeping")) == ["105000002"]


def test_a_season_ends(world: World, visit: Visit, season: None, hand: Any) -> None:
    hand.on(days=29)
    assert "対象範囲" in visit(world.applicant).get("/buyers/").content.decode()
    hand.on(days=1)
    assert "対象範囲" not in visit(world.applicant).get("/buyers/").content.decode()


@pytest.mark.req("K-051")
def test_a_season_is_announced(world: World, visit: Visit, season: None) -> None:
    notice = Notice.objects.get()
    assert (notice.shown_from, notice.shown_to) == (date(2026, 4, 1), date(2026, 4, 30))
    assert "2026/04/01から2026/04/30まで" in text(visit(world.applicant).get("/menu/"))


@pytest.mark.parametrize(
    ("opens", "closes"), [(date(2026, 5, 2), date(2026, 5, 1)), (date(2026, 4, 30), date(2026, 5, 1))]
)
def test_seasons_have_a_direction_and_do_not_overlap(season: None, opens: date, closes: date) -> None:
    with pytest.raises(ValueError, match=r"期間|終了日"):
        set_season("desk-1", opens, closes)


@pytest.mark.req("K-005", "K-006", "K-008")
def test_five_hundred_hits_in_pages(world: World, visit: Visit) -> None:
    now = Buyer.objects.get(code="105000001").updated_at
    Buyer.objects.bulk_create(
        Buyer(code=f"6{n:08}", name=f"HIT {n}", search_name=f"hit {n}", country_id="304", updated_at=now)
        for n in range(501)
    )
    client = visit(world.applicant)
    page = searched(client, name="hit")
    assert "500件を超えました" in text(page)
    assert "絞り込んで" in text(page)
    assert found(page)[0] == "600000000"
    assert page.content.decode().count('<nav class="pager"') == 2
    last = re.search(r'href="([^"]+)" rel="last"', page.content.decode())
    assert last is not None
    assert found(client.get(last[1].replace("&amp;", "&")))[-1] == "600000499"
    assert len(found(searched(client, name="hit 50"))) == 2, "hit 50 and hit 500"


@pytest.mark.req("K-007")
def test_clear_leads_to_empty_items(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    page = searched(client, country="105", name="example", rating="EA").content.decode()
    assert 'value="example"' in page
    assert 'value="EA" selected' in page
    link = re.search(r'href="([^"]+)">入力クリア', page)
    assert link is not None
    cleared = client.get(link[1]).content.decode()
    assert 'value="example"' not in cleared
    assert 'value="EA" selected' not in cleared


@pytest.mark.req("K-014")
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("ｓａｍｐｌｅ", ["105000002", "304000002"]),
        ("sample midwest", ["304000002"]),
        ("America", ["304000001"]),
        ("304", ["304000001", "304000002"]),
        ("１０５０００００２", ["105000002"]),
        ("%%", []),
        ("nobody", []),
    ],
)
def test_names_match_whatever_width_and_case(world: World, visit: Visit, name: str, codes: list[str]) -> None:
    assert found(searched(visit(world.applicant), name=name)) == codes


@pytest.mark.req("K-014")
@pytest.mark.parametrize("fields", [{}, {"name": "a"}, {"rating": "EA"}, {"name": " a "}])
def test_a_country_or_two_characters_are_needed(world: World, visit: Visit, fields: dict[str, str]) -> None:
    reply = searched(visit(world.applicant), **fields)
    assert reply.status_code == 422
    assert "2文字以上入力してください" in text(reply)
    assert found(searched(visit(world.applicant), country="304", **fields))


@pytest.mark.parametrize(
    ("country", "codes"),
    [("105", ["105000001"]), ("アメリカ", ["304000001"]), ("ギニア", []), ("中華人民共和国", ["105000001"])],
)
def test_countries_by_code_and_name(world: World, visit: Visit, country: str, codes: list[str]) -> None:
    assert found(searched(visit(world.applicant), country=country, rating="EA")) == codes


def test_an_unknown_country_is_named(world: World, visit: Visit) -> None:
    reply = searched(visit(world.applicant), country="どこか")
    assert reply.status_code == 422
    assert "所在国「どこか」が見つかりません" in text(reply)
    assert 'value="どこか"' in reply.content.decode()


def test_removed_buyers_are_not_found(world: World, visit: Visit, directory: Any) -> None:
    from portal_stub.buyers.directory import receive

    receive(directory(b105000001=""))
    assert found(searched(visit(world.applicant), country="105")) == ["105000002"]


@pytest.mark.req("K-013")
def test_each_search_is_in_the_history(world: World, visit: Visit) -> None:
    client = visit(world.applicant)

    def searches() -> int:
        return int(AccessRecord.objects.filter(code="1-3", login_id=world.applicant.login_id).count())

    client.get("/buyers/")
    searched(client)
    assert searches() == 0, "no search was made"
    searched(client, country="105")
    client.get("/buyer-data/", {"country": "105", "name": "", "rating": ""})
    assert searches() == 2
    searched(client, country="105", page="2")
    assert searches() == 2, "turning a page is no search"


@pytest.mark.req("K-015")
def test_candidates_are_marked(world: World, visit: Visit) -> None:
    page = searched(visit(world.applicant), country="105").content.decode()
    lines = [line for line in page.splitlines() if 'name="code"' in line]
    marked = [part for part in lines[0].split("<tr>") if "スリーピング候補</td>" in part]
    assert len(marked) == 1
    assert "105000002" in marked[0]


@pytest.mark.req("K-009", "K-010", "K-011")
def test_details_in_a_window_of_their_own(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    for path, balance in (("/buyers/", True), ("/buyer-data/", False)):
        page = client.get(path, {"country": "105", "name": "", "rating": ""}).content.decode()
        assert f'href="{path}105000002/" target="_blank" data-popup' in page
        detail = client.get(f"{path}105000002/")
        assert "海外商社（バイヤー）情報詳細" in text(detail)
        assert re.search(rf'href="{path}" data-close>閉じる', detail.content.decode())
        assert ("個別保証枠残高" in text(detail)) is balance
        assert ("1,234,567円" in text(detail)) is balance
        assert re.search(r'href="/contact/"[^>]*>こちら', detail.content.decode())
    assert visit(world.reader).get("/buyers/105000002/").status_code == 403
    for unknown in ("999999999", "x", "1%00", "１２３"):
        assert client.get(f"/buyers/{unknown}/").status_code == 404


@pytest.mark.req("K-012")
def test_procedures_are_explained_in_a_window_of_their_own(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    guide = client.get("/buyers-guide/").content.decode()
    page = client.get("/buyers/").content.decode()
    links = re.findall(r'href="/buyers-guide/#(\w+)" target="_blank" data-popup', page)
    assert links == ["registration", "change", "release", "bookmark"]
    for link in links:
        assert f'id="{link}"' in guide


@pytest.mark.req("K-046")
@pytest.mark.parametrize("code", ["", "999999999", "x", "1' OR"])
def test_a_change_needs_a_selected_buyer(world: World, visit: Visit, code: str) -> None:
    client = visit(world.applicant)
    reply = client.post("/buyers/?country=105&name=&rating=", {"do": "change", "code": code})
    assert reply.status_code == 422
    assert "選択してから、「海外商社変更」" in text(reply)
    assert found(reply) == ["105000001", "105000002"], "the result is still there"


@pytest.mark.req("K-053", "K-054")
def test_a_release_needs_a_selected_candidate(world: World, visit: Visit, season: None) -> None:
    client = visit(world.applicant)
    nothing = client.post("/buyers/", {"do": "release"})
    assert nothing.status_code == 422
    assert "選択してから、「スリーピング候補バイヤー解除」" in text(nothing)
    other = client.post("/buyers/?country=105&name=&rating=", {"do": "release", "code": "105000001"})
    assert other.status_code == 422
    assert "スリーピング候補ではありません" in text(other)
    assert 'value="105000001" aria-label="105000001 EXAMPLE SHANGHAI CO., LTD. を選択" checked' in (
        other.content.decode()
    )


@pytest.mark.req("K-052")
def test_no_release_outside_the_season(world: World, visit: Visit) -> None:
    reply = visit(world.applicant).post("/buyers/", {"do": "release", "code": "105000002"})
    assert reply.status_code == 422
    assert "期間ではありません" in text(reply)


def test_queries_do_not_grow_with_the_hits(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    now = Buyer.objects.get(code="105000001").updated_at

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            searched(client, country="304")
        return len(caught)

    few = queries()
    Buyer.objects.bulk_create(
        Buyer(code=f"6{n:08}", name=f"HIT {n}", search_name=f"hit {n}", country_id="304", updated_at=now)
        for n in range(300)
    )
    assert queries() == few
