"""What was typed in a completed 海外商社登録 comes to the buyer that the 海外商社名簿 brings."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.buyers.directory import receive
from portal_stub.buyers.models import AwaitedBuyer, Buyer
from portal_stub.history.models import AuditEvent
from portal_stub.procedures.deciding import decide
from tests.portal.buyers.conftest import ROWS
from tests.portal.buyers.test_procedures import ENTRY, applied, registration
from tests.portal.conftest import World

pytestmark = pytest.mark.usefixtures("directory")
FIELDS = ("address", "phone", "url", "industry", "kind")
TYPED = {name: ENTRY[name] for name in FIELDS}
NOTHING = dict.fromkeys(FIELDS, "")


def brought(code: str = "105000009", **changes: str) -> dict[str, str]:
    row = {"buyer_code": code, "name": "New  Trading Co., Ltd.", "country": "105", "rating": "GE"}
    receive([*ROWS, row | changes])
    return details(code)


def details(code: str) -> dict[str, str]:
    return dict(Buyer.objects.values(*FIELDS).get(code=code))


@pytest.fixture
def complete(world: World, visit: Callable[..., Client]) -> Callable[[], Any]:
    """Completes a 海外商社登録."""
    row = applied(client := visit(world.applicant), registration(client))
    return lambda: decide(world.staff, row, "complete", "")


def test_the_next_list_brings_the_buyer(complete: Callable[[], Any]) -> None:
    complete()
    assert brought("105000008", name="OTHER CO., LTD.") == NOTHING
    assert brought("304000009", country="304") == NOTHING
    assert brought() == TYPED, "width, case and blanks of the name do not matter"
    assert AuditEvent.objects.get(event="buyer-details-taken").subject == "105000009"


def test_details_are_copied_once(complete: Callable[[], Any]) -> None:
    complete()
    brought()
    Buyer.objects.filter(code="105000009").update(address="MOVED")
    brought(rating="GS")
    assert details("105000009")["address"] == "MOVED"
    assert brought("105000010") == NOTHING, "another one of that name"
    assert AwaitedBuyer.objects.get().buyer_code == "105000009"


def test_a_buyer_that_came_before_the_completion_gets_them_then(complete: Callable[[], Any]) -> None:
    assert brought() == NOTHING
    complete()
    assert details("105000009") == TYPED


def test_what_the_desk_knows_better_stays(complete: Callable[[], Any]) -> None:
    brought()
    Buyer.objects.filter(code="105000009").update(address="KNOWN")
    complete()
    assert details("105000009") == NOTHING | {"address": "KNOWN"}


def test_of_an_application_that_is_not_complete_nothing_is_copied(complete: Callable[[], Any]) -> None:
    assert brought() == NOTHING
