"""The access history and the menus as wholes: what exists is recorded once and offered as the manual has it. G-114, S-007."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.access import ROUTES, Right
from portal_stub.accounts.models import Holder
from portal_stub.buyers.models import Buyer
from portal_stub.buyers.rules import set_season
from portal_stub.history.codes import CODES
from portal_stub.history.models import AccessRecord
from portal_stub.pages.menus import MENUS
from portal_stub.procedures.deciding import decide
from portal_stub.procedures.registry import PROCEDURES
from tests.portal.buyers.conftest import directory
from tests.portal.buyers.test_procedures import CONTACT, registration
from tests.portal.conftest import PASSWORD, World
from tests.portal.pages import page_of
from tests.portal.procedures.walking import begin, newest, press_apply, to_check

pytestmark = pytest.mark.dialect

__all__ = ["directory"]

TO_COME = {
    *("3-1", "3-2", "3-3", "3-4", "4-1", "4-2", "5-1", "5-2", "6-1", "6-2", "6-3", "6-4", "6-5"),
    *("7-1", "7-2", "7-3", "7-4", "7-5", "7-6", "8-1"),
    *(f"9-{number}" for number in range(1, 10)),
}
"""Codes of procedures and inquiries that the portal does not have yet."""
ELSEWHERE = {"8-2", "8-3", "8-4", "10-1", "10-2", "11-1", "11-2"}
"""Codes whose own tests look at them: inquiries, restriction of addresses, tokens of programs, refused access."""


def test_no_code_is_forgotten_when_its_procedure_comes() -> None:
    declared = {code for p in PROCEDURES.values() for code in (p.saved_code, p.applied_code) if code}
    assert not declared & TO_COME
    assert declared <= set(CODES)


@pytest.mark.usefixtures("directory")
def test_every_operation_writes_exactly_one_record(
    world: World, visit: Callable[..., Client], hand: Any
) -> None:
    AccessRecord.objects.all().delete()
    client = visit(world.applicant)
    seen: list[str] = []

    def written() -> list[str]:
        codes = list(AccessRecord.objects.order_by("id").values_list("code", flat=True))
        fresh = codes[len(seen) :]
        seen[:] = codes
        return fresh

    assert written() == ["1-1"]
    buyer = Buyer.objects.filter(removed_at__isnull=True).order_by("code").first()
    assert buyer is not None
    client.get("/buyers/", {"country": "", "name": buyer.name[:6], "rating": ""})
    assert written() == ["1-3"]
    client.get("/applications/")
    assert written() == ["1-4"]
    check = registration(client)
    assert written() == ["2-1"]
    press_apply(client, check)
    assert written() == ["2-2"]
    decide(world.staff, newest(), "complete", "")
    assert written() == []
    client.get(f"/applications/{newest().number}/notice.pdf")
    assert written() == ["1-5"]
    set_season("test", hand.now().date(), hand.now().date())
    Buyer.objects.filter(pk=buyer.pk).update(sleeping_candidate=True)
    at = begin(client, "sleeping-release", buyer.code)
    reason = client.get(at).context["form"].fields["reason"].choices[0][0]
    check = to_check(client, at, **{**CONTACT, "reason": reason})
    assert written() == ["2-3"]
    press_apply(client, check)
    assert written() == ["2-4"]
    client.post("/buyers/", {"do": "bookmark", "code": buyer.code})
    assert written() == ["2-5"]
    client.post("/bookmarks/", {"code": buyer.code})
    assert written() == ["2-6"]
    new = "Other-horse.2"
    client.post("/password/", {"current": PASSWORD, "new": new, "again": new})
    assert written() == ["1-2"]
    assert {*seen} | ELSEWHERE | TO_COME == set(CODES)
    last = AccessRecord.objects.latest("id")
    assert (last.login_id, last.name, last.department) == (world.applicant.login_id, "貿易 花子", "見本課")
    assert last.at == hand.now()


@pytest.mark.req("S-007", "S-009")
def test_the_user_page_has_the_menus_of_the_manual(world: World, visit: Callable[..., Client]) -> None:
    Holder.objects.update(otp_required=True)
    page = page_of(visit(world.administrator).get("/menu/"))
    assert {
        *(
            "Web申込状況一覧",
            "海外商社登録等のお手続き",
            "保険申込み・変更のお手続き",
            "個別保証枠のお手続き",
        ),
        *("企業総合保険特約のお手続き", "事故に関するお手続き", "保険料試算", "各種情報照会"),
        "保険利用者情報・ユーザー管理",
    } <= set(page.menus) | {entry for entries in page.menus.values() for entry in entries}
    assert list(page.section("ワンタイムパスワードの入力").buttons) == ["ワンタイムパスワードの発行"]


@pytest.mark.req("G-114")
@pytest.mark.usefixtures("directory")
def test_three_menus_are_free_before_the_one_time_password(
    world: World, visit: Callable[..., Client]
) -> None:
    Holder.objects.update(otp_required=True)
    free = {entry.route for _, entries in MENUS for entry in entries if not entry.otp}
    assert free == {"estimate", "buyer-data", "rating-changes", "buyers", "bookmarks"}
    before = visit(world.administrator)
    for _, entries in MENUS:
        for entry in entries:
            if not entry.built:
                continue
            path = "/" + ROUTES[entry.route].path
            reply = before.get(path)
            if entry.route in free:
                assert reply.status_code == 200, entry.route
            else:
                page = page_of(reply, 403)
                assert page.heading == "ワンタイムパスワードにより保護されています", entry.route
    after = visit(world.administrator, otp=True)
    assert after.get("/applications/").status_code == 200
    for key, procedure in PROCEDURES.items():
        assert procedure.otp is not key.startswith(("buyer-", "sleeping-")), key


def test_the_scope_of_data_governs_the_inquiries_of_concluded_contracts(
    world: World, visit: Callable[..., Client]
) -> None:
    asked = {entry.route for _, entries in MENUS for entry in entries if entry.right is Right.DATA}
    assert asked == {"contract-data", "loss-data", "claims-lists", "provided-data", "ledger-papers"}
    wide, narrow = (set(page_of(visit(user).get("/menu/")).links) for user in (world.applicant, world.reader))
    assert {
        "保険契約情報",
        "事故情報",
        "回収情報（債権一覧表）",
        "契約台帳・提供データ",
        "台帳・請求書",
    } <= wide - narrow
