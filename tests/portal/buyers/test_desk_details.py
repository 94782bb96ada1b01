"""What the desk knows of one buyer beside the 海外商社名簿."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.buyers.models import Buyer
from portal_stub.history.models import AuditEvent
from tests.portal.buyers.test_desk import deed
from tests.portal.conftest import World, text

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
    assert 'href="/desk/buyers/details/"' in client.get("/desk/buyers/").content.decode()
    found = client.get("/desk/buyers/details/", {"country": "", "name": "dalian", "rating": ""})
    assert f'href="{ADDRESS}"' in found.content.decode()
    assert "1,234,567円" in text(client.get(ADDRESS))
    done = text(deed(client, f"{ADDRESS}change/", **TYPED))
    for words in ("海外商社の情報を変更しました", "1 Road, City", "企業", "120,000,000円"):
        assert words in done, words
    user = visit(world.applicant)
    assert "120,000,000円" in text(user.get("/buyers/105000002/"))
    event = AuditEvent.objects.get(event="buyer-changed")
    assert (event.actor, event.subject, event.detail["reason"]) == ("desk-1", "105000002", "保証枠の変更")
    assert event.detail["limit_balance"] == "1234567 → 120000000"
    assert event.detail["phone"] == "（なし） → +86-1"
    deed(client, f"{ADDRESS}change/", **TYPED | {"limit_balance": ""})
    assert Buyer.objects.get(code="105000002").limit_balance is None


@pytest.mark.parametrize(
    ("item", "value", "words"),
    [
        ("address", "住所", "住所（英文）は半角"),
        ("phone", "内線", "電話番号は半角"),
        ("url", "buyer.example", "http://"),
        ("kind", "other", "区分を選び直して"),
        ("limit_balance", "-1", "円の単位の半角数字"),
        ("reason", "", "理由を入力"),
    ],
)
def test_what_is_typed_is_judged(world: World, visit: Visit, item: str, value: str, words: str) -> None:
    reply = visit(world.staff).post(f"{ADDRESS}change/", {**TYPED, item: value, "step": "check"})
    assert reply.status_code == 422
    assert words in text(reply)


def test_what_stays_is_not_judged_and_no_change_is_none(world: World, visit: Visit) -> None:
    Buyer.objects.filter(code="105000002").update(address="Straße 1", limit_balance=None)
    client = visit(world.staff)
    same = {"address": "Straße 1", "reason": "確認"}
    reply = client.post(f"{ADDRESS}change/", {**same, "step": "check"})
    assert "変更された項目がありません" in text(reply)
    deed(client, f"{ADDRESS}change/", **same, industry="卸売業")
    changed = Buyer.objects.get(code="105000002")
    assert (changed.address, changed.industry, changed.name) == (
        "Straße 1",
        "卸売業",
        "Sample Dalian Co., Ltd.",
    )


def test_who_only_reads_changes_nothing(world: World, visit: Visit) -> None:
    reader = visit(world.staff_reader)
    assert "変更する" not in text(reader.get(ADDRESS))
    assert reader.post(f"{ADDRESS}change/", TYPED).status_code == 403
    assert reader.get("/desk/buyers/details/999999999/").status_code == 404
    assert visit(world.administrator).get(ADDRESS).status_code == 403
