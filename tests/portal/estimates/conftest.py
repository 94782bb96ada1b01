"""A portal whose home has the small world of ``tests.kit`` loaded, and a person who types into a 試算."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts.models import Agreement
from portal_stub.buyers.directory import receive, receive_countries
from tests import kit
from tests.homes import TUESDAY, Home, home, instant, loaded
from tests.portal.attacks.pages import forms_of
from tests.portal.conftest import Hand, World
from tests.portal.pages import Page, Part, page_of

__all__ = ["home", "loaded"]


@pytest.fixture
def tables(home: Home, world: World, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The home of the portal, whose directory and agreements are those of the small world, on its Tuesday."""
    hand.at = instant(TUESDAY)
    monkeypatch.setenv("DAICHO_HOME", str(home.path))
    rows = kit.world()
    receive_countries(rows["country_categories"])
    receive(rows["buyers"])
    assert world.holder.code == kit.HOLDER
    for row in rows["agreements"]:
        if row["holder"] == kit.HOLDER:
            Agreement.objects.get_or_create(
                holder=world.holder, code=row["agreement_code"], defaults={"product": row["product"]}
            )
    return home


LEDGER = {
    "destination_country": "105",
    "payer_country": "105",
    "currency": "JPY",
    "contract_amount": "10,000,000",
    "pre_shipment_amount": "10,000,000",
    "days_pre": "30",
    "settlement_method": "41",
    "usance_days": "60",
    "payer_rating": "EA",
}
"""The example of Seed 004: 10,000,000 yen, 30 days before and 60 after shipment, EA, China."""
NOTICE = {
    "destination_country": "105",
    "payer_country": "105",
    "currency": "JPY",
    "shipped_amount": "10,000,000",
    "period_band": "3",
    "payer_rating": "EA",
}


@dataclass
class Screen:
    """The screen of one product, used as a browser would: every answer is the state that the next press sends."""

    client: Client
    product: str
    reply: Any = None

    def __post_init__(self) -> None:
        self.reply = self.client.get(f"/estimate/{self.product}/")
        assert self.reply.status_code == 200, self.reply.status_code

    @property
    def typed(self) -> dict[str, str]:
        """What stands in the form, as it would be sent untouched (boxes without a tick are not)."""
        (form,) = [one for one in forms_of(self.reply) if "kept" in one.items]
        page = self.reply.content.decode()
        return {
            name: values[-1]
            for name, values in form.items.items()
            if name != "csrfmiddlewaretoken"
            if form.kinds.get(name) != "checkbox" or (f'name="{name}" ' in page and _ticked(page, name))
        }

    def press(self, do: str, **values: str) -> Any:
        """Types these values and presses a button; an empty one takes the tick away."""
        sent = self.typed | values
        sent = {name: value for name, value in sent.items() if value != "" or name not in _TICKS}
        self.reply = self.client.post(f"/estimate/{self.product}/", {**sent, "do": do})
        return self.reply

    @property
    def page(self) -> Page:
        """The screen as it is read; with a fault it came back as 422."""
        return page_of(self.reply, self.reply.status_code)

    @property
    def told(self) -> Part:
        """What stands under 保険料試算結果."""
        return page_of(self.reply).section("保険料試算結果")

    def branch(self, number: int = 1) -> Part:
        """The result of one 枝."""
        [node] = self.told.find(f"section[aria-labelledby=result-{number}]")
        return Part([node])

    @property
    def result(self) -> Any:
        """What was calculated; None without a calculation."""
        return self.reply.context["result"]


_TICKS = {"excluded", "lc_flag", "currency_rider", "additional_cost_rider", "to_subsidiary"}


def _ticked(page: str, name: str) -> bool:
    start = page.index(f'name="{name}"')
    return "checked" in page[page.rindex("<", 0, start) : page.index(">", start)]


@pytest.fixture
def screen(tables: Home, world: World, visit: Callable[..., Client]) -> Callable[..., Screen]:
    """Opens the screen of a product."""

    clients: dict[str, Client] = {}

    def opened(product: str = "enterprise-short", user: Any = None) -> Screen:
        user = user or world.applicant
        if user.login_id not in clients:
            clients[user.login_id] = visit(user)
        return Screen(clients[user.login_id], product)

    return opened
