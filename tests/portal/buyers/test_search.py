"""海外商社（バイヤー）情報検索 and the windows that open from it."""

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
from tests.portal.conftest import World
from tests.portal.pages import Page, Part, page_of

Visit = Callable[..., Client]
pytestmark = [pytest.mark.usefixtures("directory"), pytest.mark.dialect]


def found(reply: Any) -> list[str]:
    """Codes of the buyers that can be selected, as the table lists them."""
    page = page_of(reply, reply.status_code)
    codes = [row["バイヤーコード"] for table in page.tables for row in table.rows]
    assert codes == (list(page.fields["code"].options.values()) if codes else [])
    return codes


def explained(page: Page, address: str) -> list[str]:
    """Where links into a window of explanations lead."""
    links = [node.get("href") for node in page.find("a[target=_blank][data-popup]")]
    return [link.partition("#")[2] for link in links if link.startswith(f"{address}#")]


def searched(client: Client, **fields: str) -> Any:
    return client.get("/buyers/", {"country": "", "name": "", "rating": "", **fields})


@pytest.fixture
def season(db: None) -> None:
    set_season("desk-1", date(2026, 4, 1), date(2026, 4, 30))


@pytest.mark.req("K-001")
def test_inquiry_offers_no_procedure(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    menu = page_of(client.get("/menu/"))
    assert {"/buyers/", "/buyer-data/"} <= set(menu.links.values())
    own = ["検索条件", "ブックマーク登録"]
    assert page_of(client.get("/buyers/")).headings == [own[0], "手続きの選択", own[1]]
    inquiry = page_of(client.get("/buyer-data/"))
    assert inquiry.headings == own
    assert list(inquiry.buttons) == ["検索", "ブックマーク登録"]
    refused = client.post("/buyer-data/", {"do": "change", "code": "105000001"})
    assert refused.status_code == 422
    assert visit(world.reader).get("/buyer-data/").status_code == 200
    assert visit(world.reader).get("/buyers/").status_code == 403


@pytest.mark.req("K-002", "K-003")
def test_five_areas_and_the_items(world: World, visit: Visit) -> None:
    page = page_of(visit(world.applicant).get("/buyers/"))
    assert page.links["はじめての方へ"] == "/buyers-guide/"
    assert page.links["検索のヒント"] == "/buyers-hints/"
    assert page.headings == ["検索条件", "手続きの選択", "ブックマーク登録"]
    items = {name: item.label for name, item in page.section("検索条件").fields.items()}
    assert items == {
        "country": "所在国名または国コード",
        "name": "バイヤーコードまたは名称",
        "rating": "格付",
    }


@pytest.mark.req("K-003")
def test_every_item_of_the_search_is_explained(world: World, visit: Visit, season: None) -> None:
    client = visit(world.applicant)
    page, hints = page_of(client.get("/buyers/")), page_of(client.get("/buyers-hints/"))
    links = explained(page, "/buyers-hints/")
    assert links == ["country", "name", "rating", "scope"]
    for link in links:
        [head] = hints.find(f"h2#{link}")
        assert Part([head]).text == page.fields[link].label
        assert hints.section(page.fields[link].label).sentences


@pytest.mark.req("K-004", "K-052")
def test_the_range_can_be_chosen_in_the_season_only(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    before = page_of(client.get("/buyers/"))
    assert list(before.section("検索条件").fields) == ["country", "name", "rating"]
    assert before.buttons["スリーピング候補バイヤー解除"].disabled
    assert found(searched(client, country="105", scope="sleeping")) == ["105000001", "105000002"]
    set_season("desk-1", date(2026, 4, 1), date(2026, 4, 1))
    within = page_of(client.get("/buyers/"))
    assert within.section("検索条件").fields["scope"].label == "対象範囲"
    assert not within.buttons["スリーピング候補バイヤー解除"].disabled
    assert found(searched(client, country="105", scope="sleeping")) == ["105000002"]


def test_a_season_ends(world: World, visit: Visit, season: None, hand: Any) -> None:
    hand.on(days=29)
    conditions = ["country", "name", "rating"]
    last_day = page_of(visit(world.applicant).get("/buyers/")).section("検索条件")
    assert list(last_day.fields) == [*conditions, "scope"]
    hand.on(days=1)
    assert list(page_of(visit(world.applicant).get("/buyers/")).section("検索条件").fields) == conditions


@pytest.mark.req("K-051")
def test_a_season_is_announced(world: World, visit: Visit, season: None) -> None:
    notice = Notice.objects.get()
    assert (notice.shown_from, notice.shown_to) == (date(2026, 4, 1), date(2026, 4, 30))
    [told] = Part(page_of(visit(world.applicant).get("/menu/")).find("ul.notices > li")).find("div")
    assert "2026/04/01から2026/04/30まで" in Part([told]).text


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
    shown = page_of(page)
    assert shown.status == (
        "検索結果が500件を超えました。バイヤーコードの順に先頭の500件を表示しています。検索条件を追加して絞り込んでください。"
    )
    assert found(page)[0] == "600000000"
    assert len(shown.find("nav.pager")) == 2
    assert found(client.get(shown.links["最後のページへ"]))[-1] == "600000499"
    assert len(found(searched(client, name="hit 50"))) == 2, "hit 50 and hit 500"


@pytest.mark.req("K-007")
def test_clear_leads_to_empty_items(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    typed = {"country": "105", "name": "example", "rating": "EA"}
    page = page_of(searched(client, **typed))
    assert {name: page.fields[name].value for name in typed} == typed
    cleared = page_of(client.get(page.links["入力クリア"]))
    assert {name: cleared.fields[name].value for name in typed} == dict.fromkeys(typed, "")
    assert cleared.tables == []


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
    assert page_of(reply, 422).error_summary == [
        "所在国を入力するか、バイヤーコードまたは名称を2文字以上入力してください。"
    ]
    assert found(searched(visit(world.applicant), country="304", **fields))


@pytest.mark.parametrize(
    ("country", "codes"),
    [("105", ["105000001"]), ("アメリカ", ["304000001"]), ("ギニア", []), ("中華人民共和国", ["105000001"])],
)
def test_countries_by_code_and_name(world: World, visit: Visit, country: str, codes: list[str]) -> None:
    assert found(searched(visit(world.applicant), country=country, rating="EA")) == codes


def test_an_unknown_country_is_named(world: World, visit: Visit) -> None:
    reply = searched(visit(world.applicant), country="どこか")
    page = page_of(reply, 422)
    assert page.errors == {
        "country": "所在国「どこか」が見つかりません。国名の一部か、3桁の国コードで入力し直してください。"
    }
    assert page.fields["country"].value == "どこか"


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
    table = page_of(searched(visit(world.applicant), country="105")).table()
    marks = {row["バイヤーコード"]: row["備考"] for row in table.rows}
    assert marks == {"105000001": "", "105000002": "スリーピング候補"}


@pytest.mark.req("K-009", "K-010", "K-011")
def test_details_in_a_window_of_their_own(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    for path, balance in (("/buyers/", True), ("/buyer-data/", False)):
        page = page_of(client.get(path, {"country": "105", "name": "", "rating": ""}))
        [link] = page.table().rows[1].part.find("a[target=_blank][data-popup]")
        assert link.get("href") == f"{path}105000002/"
        detail = page_of(client.get(f"{path}105000002/"))
        assert detail.heading == "海外商社（バイヤー）情報詳細"
        assert detail.facts["バイヤーコード"] == "105000002"
        assert detail.facts.get("個別保証枠残高") == ("1,234,567円" if balance else None)
        assert detail.links["こちら（お問い合わせ先、別ウィンドウ）"] == "/contact/"
        [close] = detail.find("a[data-close]")
        assert (close.get("href"), close.text) == (path, "閉じる")
    assert visit(world.reader).get("/buyers/105000002/").status_code == 403
    for unknown in ("999999999", "x", "1%00", "１２３"):
        assert client.get(f"/buyers/{unknown}/").status_code == 404


@pytest.mark.req("K-012")
def test_procedures_are_explained_in_a_window_of_their_own(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    page, guide = page_of(client.get("/buyers/")), page_of(client.get("/buyers-guide/"))
    links = explained(page, "/buyers-guide/")
    assert links == ["registration", "change", "release", "bookmark"]
    assert [Part(guide.find(f"h2#{link}")).text for link in links] == [
        "海外商社登録",
        "海外商社変更",
        "スリーピング候補バイヤー解除",
        "ブックマーク登録",
    ]


@pytest.mark.req("K-046")
@pytest.mark.parametrize("code", ["", "999999999", "x", "1' OR"])
def test_a_change_needs_a_selected_buyer(world: World, visit: Visit, code: str) -> None:
    client = visit(world.applicant)
    reply = client.post("/buyers/?country=105&name=&rating=", {"do": "change", "code": code})
    assert page_of(reply, 422).alert == (
        "検索結果の左端のボタンで海外商社を1つ選択してから、「海外商社変更」を押してください。"
    )
    assert found(reply) == ["105000001", "105000002"], "the result is still there"


@pytest.mark.req("K-053", "K-054")
def test_a_release_needs_a_selected_candidate(world: World, visit: Visit, season: None) -> None:
    client = visit(world.applicant)
    nothing = client.post("/buyers/", {"do": "release"})
    assert page_of(nothing, 422).alert == (
        "検索結果の左端のボタンで海外商社を1つ選択してから、「スリーピング候補バイヤー解除」を押してください。"
    )
    other = client.post("/buyers/?country=105&name=&rating=", {"do": "release", "code": "105000001"})
    page = page_of(other, 422)
    assert page.alert == (
        "EXAMPLE SHANGHAI CO., LTD. はスリーピング候補ではありません。"
        "備考欄に「スリーピング候補」と表示されている海外商社を選択してください。"
    )
    assert page.fields["code"].chosen == ["105000001 EXAMPLE SHANGHAI CO., LTD. を選択"]


@pytest.mark.req("K-052")
def test_no_release_outside_the_season(world: World, visit: Visit) -> None:
    reply = visit(world.applicant).post("/buyers/", {"do": "release", "code": "105000002"})
    assert page_of(reply, 422).alert == (
        "現在は、スリーピング候補バイヤー解除期間ではありません。期間はお知らせでご案内します。"
    )


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
