"""What differs from what is in force turns orange while one types and chooses, before anything is saved."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.portal.browser.person import Person

pytestmark = pytest.mark.night

APPLICANT = "990000001001"
_ORANGE = re.compile(r"\bchanged\b")


def _around(person: Person, name: str) -> Locator:
    return person.page.locator(f".item:has([name='{name}'])").first


@pytest.mark.req("K-047")
def test_text_list_and_choice_turn_orange_and_back(person: Person) -> None:
    person.logs_in(APPLICANT)
    person.goes_to("/procedures/buyer-change/?subject=304000001")
    person.presses("申込情報の入力へ")
    for name in ("industry", "country", "kind"):
        expect(_around(person, name)).not_to_have_class(_ORANGE)
    person.chooses("企業・公的機関・銀行の区分", "銀行")
    person.chooses("所在国", "105 中華人民共和国")
    person.fills("業種", "卸売業")
    for name in ("industry", "country", "kind"):
        expect(_around(person, name)).to_have_class(_ORANGE)
    person.looks_right()
    person.chooses("企業・公的機関・銀行の区分", "企業")
    person.chooses("所在国", "304 アメリカ合衆国")
    person.fills("業種", "機械器具卸売業")
    for name in ("industry", "country", "kind"):
        expect(_around(person, name)).not_to_have_class(_ORANGE)
