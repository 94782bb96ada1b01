"""The list of products, and those that cannot be calculated."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.accounts.models import Holder
from portal_stub.estimates.printed import totals
from portal_stub.estimates.products import PRODUCTS
from tests.portal.conftest import World, text

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
    assert client.get("/estimate/").status_code == 200
    page = client.get("/estimate/").content.decode()
    menus = dict(re.findall(r'<section class="menu"[^>]*><h2[^>]*>(.*?)</h2><ul>(.*?)</ul>', page, re.DOTALL))
    assert list(menus) == ["貿易一般保険", "貿易代金貸付", "その他の保険"]
    for group, products in zip(menus.values(), (GENERAL, LOAN, OTHER), strict=True):
        assert re.findall(r"<a [^>]*>(.*?)</a>", group) == list(products)
    for address in re.findall(r'href="(/estimate/[a-z-]+/)"', page):
        assert client.get(address).status_code == 200, address


def test_the_menu_leads_to_the_list(world: World, visit: Visit) -> None:
    assert (
        '<a href="/estimate/">保険料試算（詳細版）</a>' in visit(world.reader).get("/menu/").content.decode()
    )


def test_an_unknown_product_is_not_there(world: World, visit: Visit) -> None:
    assert visit(world.applicant).get("/estimate/textiles/").status_code == 404


@pytest.mark.req("J-015")
@pytest.mark.parametrize("key", [key for key, product in PRODUCTS.items() if product.ask is None])
def test_without_rates_the_product_is_shown_and_says_so(world: World, visit: Visit, key: str) -> None:
    client = visit(world.applicant)
    page = client.get(f"/estimate/{key}/")
    assert PRODUCTS[key].title in text(page)
    assert "料率は読み込まれていないため、試算できません" in text(page)
    assert 'name="kept"' not in page.content.decode()
    assert client.post(f"/estimate/{key}/", {"do": "calculate"}).status_code == 200
    row = re.search(rf'<li><a href="/estimate/{key}/">.*?</li>', client.get("/estimate/").content.decode())
    assert row
    assert "料率未登録" in row[0]


def test_nothing_is_asked_where_there_is_no_way_to_a_rate() -> None:
    for product in PRODUCTS.values():
        assert (product.ask is None) == (product.pipeline is None)
        assert bool(totals(product.key)) == (product.ask == "individual")


@pytest.mark.req("J-019")
def test_the_simple_simulation_is_only_linked(world: World, visit: Visit, settings: object) -> None:
    page = visit(world.applicant).get("/estimate/").content.decode()
    link = re.search(r'<a href="([^"]*)"[^>]*>保険料計算シミュレーション', page)
    assert link
    assert link[1] == settings.PORTAL.simulation_url  # type: ignore[attr-defined]
    assert link[1].startswith("https://")
    assert "別の機能" in page


@pytest.mark.req("J-018")
@pytest.mark.parametrize("path", ["/estimate/", "/estimate/enterprise-short/", "/estimate/export-bill/"])
def test_menu_and_end(world: World, visit: Visit, path: str) -> None:
    """「メニュー」 leads to ユーザーページ, 「終了」 ends the session."""
    client = visit(world.applicant)
    page = client.get(path).content.decode()
    assert re.search(r'<a [^>]*href="/menu/">メニュー</a>', page)
    form = re.search(r'<form method="post" action="([^"]*)">(?:(?!</form>).)*>終了</button>', page, re.DOTALL)
    assert form
    client.post(form[1])
    assert client.get("/menu/").status_code == 302


@pytest.mark.req("J-013")
@pytest.mark.parametrize(
    "path", ["/estimate/", "/estimate/enterprise-short/", "/estimate/simplified-notice/"]
)
def test_the_screen_says_what_is_not_looked_at(world: World, visit: Visit, path: str) -> None:
    words = text(visit(world.applicant).get(path))
    assert "各国の引受条件によらず、概算の保険料を計算します" in words
    assert "支払人や保証人についても" in words
    assert "実際のお引受けには制限がある場合があります" in words
