"""海外商社情報照会 as an inquiry, and what a demo home has in every list of 各種情報照会."""

import pytest

from portal_stub.accounts.models import Holder
from portal_stub.buyers.models import Buyer
from portal_stub.feed.models import RatingChange
from portal_stub.inquiries import demo
from portal_stub.inquiries.models import ClaimsFile, Loss, PaperContract
from tests.portal.conftest import World
from tests.portal.inquiries.conftest import Visit
from tests.portal.pages import page_of


@pytest.mark.req("I-002")
@pytest.mark.usefixtures("directory")
def test_a_registered_company_is_found_by_the_search_and_shown_with_what_is_known(
    world: World, visit: Visit
) -> None:
    Buyer.objects.filter(code="304000001").update(address="1 Example Plaza, NY", industry="機械器具卸売業")
    client = visit(world.reader)
    found = page_of(client.get("/buyer-data/", {"country": "", "name": "example am", "rating": ""}))
    assert found.status == "1件見つかりました。"
    [row] = found.table().rows
    assert list(row.part.links.values()) == ["/buyer-data/304000001/"]
    assert found.headings == ["検索条件", "検索結果", "ブックマーク登録"], "an inquiry begins no procedure"
    detail = page_of(client.get("/buyer-data/304000001/")).facts
    told = {
        "バイヤーコード": "304000001",
        "バイヤー名称": "EXAMPLE AMERICA INC.",
        "格付": "EA",
        "住所": "1 Example Plaza, NY",
        "業種": "機械器具卸売業",
    }
    assert {term: detail[term] for term in told} == told
    assert detail["所在国"].endswith("アメリカ合衆国")


def test_a_demo_home_has_something_in_every_list_and_no_more_the_second_time(world: World) -> None:
    Holder.objects.create(code=demo.HOLDER, name="見本")
    counted = []
    for _ in range(2):
        demo.load(world.staff)
        counted.append([model.objects.count() for model in (PaperContract, Loss, ClaimsFile, RatingChange)])
    assert counted == [[2, 1, 2, 3]] * 2
    assert ClaimsFile.objects.of(Holder.objects.get(code=demo.HOLDER), None).count() == 2
