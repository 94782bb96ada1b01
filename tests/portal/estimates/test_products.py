"""The list of products, and those that cannot be calculated."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.accounts.models import Holder
from portal_stub.estimates.printed import totals
from portal_stub.estimates.products import PRODUCTS
from tests.portal.conftest import World
from tests.portal.pages import Part, page_of

Visit = Callable[..., Client]
GENERAL = (
    *("輸出契約等（個別）／２年未満", "輸出契約等（個別）／２年以上", "技術提供契約（個別）／２年未満"),
    *("技術提供契約（個別）／２年以上", "技術提供契約（包括）／２年未満", "技術提供契約（包括）／２年以上"),
    *("ライセンス保険（個別）／２年未満", "消費財包括（鋼材）／２年未満", "設備財包括／２年未満"),
    *("設備財包括／２年以上", "企業総合（包括）／２年未満"),
)
LOAN = ("２年未満／個別", "２年未満／包括", "２年以上／個別", "２年以上／包括")
OTHER = (
    *("簡易通知型包括保険", "中小企業・農林水産業輸出代金保険", "限度額設定型貿易保険", "輸出手形保険"),
    *("前払輸入保険", "海外投資保険", "海外事業資金貸付保険"),
)


@pytest.mark.req("J-001")
def test_all_products_in_their_groups_without_one_time_password(world: World, visit: Visit) -> None:
    """Table J-T1, in its order."""
    Holder.objects.update(otp_required=True)
    client = visit(world.reader)
    page = page_of(client.get("/estimate/"))
    groups = {"貿易一般保険": GENERAL, "貿易代金貸付": LOAN, "その他の保険": OTHER}
    assert list(page.menus) == list(groups)
    titles = {product.key: product.title for product in PRODUCTS.values()}
    for group, products in groups.items():
        links = page.section(group).links
        assert list(links) == list(products)
        for address in links.values():
            assert page_of(client.get(address)).heading == titles[address.split("/")[2]]


def test_the_menu_leads_to_the_list(world: World, visit: Visit) -> None:
    assert page_of(visit(world.reader).get("/menu/")).links["保険料試算（詳細版）"] == "/estimate/"


def test_an_unknown_product_is_not_there(world: World, visit: Visit) -> None:
    assert visit(world.applicant).get("/estimate/textiles/").status_code == 404


@pytest.mark.req("J-015")
@pytest.mark.parametrize("key", [key for key, product in PRODUCTS.items() if product.ask is None])
def test_without_rates_the_product_is_shown_and_says_so(world: World, visit: Visit, key: str) -> None:
    client = visit(world.applicant)
    for reply in (client.get(f"/estimate/{key}/"), client.post(f"/estimate/{key}/", {"do": "calculate"})):
        page = page_of(reply)
        assert page.heading == PRODUCTS[key].title
        assert page.status.startswith("この保険商品の料率は読み込まれていないため、試算できません。")
        assert page.fields == {}
    product = PRODUCTS[key]
    [entry] = [
        one
        for one in page_of(client.get("/estimate/")).find("li")
        if one.xpath(f"./a[@href='/estimate/{key}/']")
    ]
    assert Part([entry]).chips == ["料率未登録"]
    assert Part([entry]).links == {product.name: f"/estimate/{key}/"}


def test_nothing_is_asked_where_there_is_no_way_to_a_rate() -> None:
    for product in PRODUCTS.values():
        assert (product.ask is None) == (product.pipeline is None)
        assert bool(totals(product.key)) == (product.ask == "individual")


@pytest.mark.req("J-019")
def test_the_simple_simulation_is_only_linked(world: World, visit: Visit, settings: object) -> None:
    simple = page_of(visit(world.applicant).get("/estimate/")).section("簡易な条件での試算")
    [(name, address)] = simple.links.items()
    assert name == "保険料計算シミュレーション（別ウィンドウ、外部のサイト）"
    assert address == settings.PORTAL.simulation_url  # type: ignore[attr-defined]
    assert address.startswith("https://")
    assert simple.sentences[0].endswith("この画面とは別の機能です。")
    assert simple.forms == []


@pytest.mark.req("J-018")
@pytest.mark.parametrize("path", ["/estimate/", "/estimate/enterprise-short/", "/estimate/export-bill/"])
def test_menu_and_end(world: World, visit: Visit, path: str) -> None:
    """「メニュー」 leads to ユーザーページ, 「終了」 ends the session."""
    client = visit(world.applicant)
    page = page_of(client.get(path))
    assert page.links["メニュー"] == "/menu/"
    client.post(page.buttons["終了"].action)
    assert client.get("/menu/").status_code == 302


@pytest.mark.req("J-013")
@pytest.mark.parametrize(
    "path", ["/estimate/", "/estimate/enterprise-short/", "/estimate/simplified-notice/"]
)
def test_the_screen_says_what_is_not_looked_at(world: World, visit: Visit, path: str) -> None:
    page = page_of(visit(world.applicant).get(path))
    [caution] = [Part([node]) for node in page.find(".callout") if node.xpath("./p")]
    countries, buyers = caution.sentences
    assert countries.startswith("あくまでも試算です。各国の引受条件によらず、概算の保険料を計算します。")
    assert buyers.startswith(
        "支払人や保証人についても、支払限度額など、実際のお引受けには制限がある場合があります。"
    )
