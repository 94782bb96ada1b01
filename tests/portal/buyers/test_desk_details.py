"""What the desk knows of one buyer beside the 海外商社名簿."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.buyers.models import Buyer
from portal_stub.history.models import AuditEvent
from tests.portal.buyers.test_desk import deed
from tests.portal.conftest import World
from tests.portal.pages import page_of

Visit = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("directory")
ADDRESS = "/desk/buyers/details/105000002/"
TYPED = {
    "address": "1 Road, City",
    "phone": "+86-1",
    "url": "https://buyer.example",
    "industry": "卸売業",
    "kind": "enterprise",
    "limit_balance": "120,000,000",
    "reason": "保証枠の変更",
}


def test_a_buyer_is_found_and_its_details_change(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    door = page_of(client.get("/desk/buyers/")).section("海外商社の情報").links
    assert door == {"海外商社を検索する": "/desk/buyers/details/"}
    found = page_of(client.get("/desk/buyers/details/", {"country": "", "name": "dalian", "rating": ""}))
    assert [row.part.links for row in found.table().rows] == [{"105000002": ADDRESS}]
    assert page_of(client.get(ADDRESS)).facts["個別保証枠残高"] == "1,234,567円"
    done = page_of(deed(client, f"{ADDRESS}change/", **TYPED))
    assert done.status == "海外商社の情報を変更しました。"
    assert done.section("ポータルで管理するもの").facts == {
        "住所": "1 Road, City",
        "電話番号": "+86-1",
        "URL": "https://buyer.example",
        "業種": "卸売業",
        "区分": "企業",
        "個別保証枠残高": "120,000,000円",
    }
    user = visit(world.applicant)
    assert page_of(user.get("/buyers/105000002/")).facts["個別保証枠残高"] == "120,000,000円"
    event = AuditEvent.objects.get(event="buyer-changed")
    assert (event.actor, event.subject, event.detail["reason"]) == ("desk-1", "105000002", "保証枠の変更")
    assert event.detail["limit_balance"] == "1234567 → 120000000"
    assert event.detail["phone"] == "（なし） → +86-1"
    deed(client, f"{ADDRESS}change/", **TYPED | {"limit_balance": ""})
    assert Buyer.objects.get(code="105000002").limit_balance is None


@pytest.mark.parametrize(
    ("item", "value", "words"),
    [
        (
            "address",
            "住所",
            "住所（英文）は半角の英数字と記号で入力してください（例: 1 Example Street, Example City）。",
        ),
        (
            "phone",
            "内線",
            "電話番号は半角の数字、+、括弧、ハイフンで入力してください（例: +1-000-000-0000）。",
        ),
        ("url", "buyer.example", "URLは http:// または https:// から入力してください。"),
        ("kind", "other", "区分を選び直してください。"),
        (
            "limit_balance",
            "-1",
            "個別保証枠残高（円）は円の単位の半角数字で入力してください（例: 120000000）。",
        ),
        ("reason", "", "理由を入力してください。"),
    ],
)
def test_what_is_typed_is_judged(world: World, visit: Visit, item: str, value: str, words: str) -> None:
    reply = visit(world.staff).post(f"{ADDRESS}change/", {**TYPED, item: value, "step": "check"})
    assert page_of(reply, 422).errors == {item: words}


def test_what_stays_is_not_judged_and_no_change_is_none(world: World, visit: Visit) -> None:
    Buyer.objects.filter(code="105000002").update(address="Straße 1", limit_balance=None)
    client = visit(world.staff)
    same = {"address": "Straße 1", "reason": "確認"}
    reply = client.post(f"{ADDRESS}change/", {**same, "step": "check"})
    assert page_of(reply, 422).error_summary == [
        "変更された項目がありません。変更する項目を入力してください。"
    ]
    deed(client, f"{ADDRESS}change/", **same, industry="卸売業")
    changed = Buyer.objects.get(code="105000002")
    assert (changed.address, changed.industry, changed.name) == (
        "Straße 1",
        "卸売業",
        "Sample Dalian Co., Ltd.",
    )


def test_who_only_reads_changes_nothing(world: World, visit: Visit) -> None:
    reader = visit(world.staff_reader)
    assert page_of(visit(world.staff).get(ADDRESS)).links["変更する"] == f"{ADDRESS}change/"
    assert list(page_of(reader.get(ADDRESS)).links) == ["検索へ戻る"]
    assert reader.post(f"{ADDRESS}change/", TYPED).status_code == 403
    assert reader.get("/desk/buyers/details/999999999/").status_code == 404
    assert visit(world.administrator).get(ADDRESS).status_code == 403
