"""Which contracts are in scope: any of four conditions, fiscal years from April to March (I-015, I-016)."""

from datetime import date

import pytest

from portal_stub.accounts.models import User
from portal_stub.inquiries import finding
from portal_stub.inquiries.conditions import Conditions
from portal_stub.inquiries.scope import scope_on
from tests.portal.conftest import HOLDER, World
from tests.portal.inquiries.conftest import a_loss, paper

pytestmark = pytest.mark.django_db


def found(user: User, today: date) -> set[str]:
    rows = finding.paper_contracts(user, HOLDER, Conditions(), scope_on(today))
    return {row.number for row in rows}


@pytest.mark.req("I-016")
@pytest.mark.parametrize(
    ("today", "concluded", "ends"),
    [
        (date(2026, 3, 31), date(2022, 4, 1), date(2024, 4, 1)),
        (date(2026, 4, 1), date(2023, 4, 1), date(2025, 4, 1)),
        (date(2027, 1, 15), date(2023, 4, 1), date(2025, 4, 1)),
    ],
)
def test_fiscal_years_begin_in_april(today: date, concluded: date, ends: date) -> None:
    scope = scope_on(today)
    assert (scope.concluded_since, scope.ends_since) == (concluded, ends)


@pytest.mark.req("I-015", "I-016")
def test_any_of_the_four_conditions_is_enough(world: World) -> None:
    old: dict[str, date] = {"concluded_on": date(2023, 3, 31), "ends_on": date(2025, 3, 31)}
    paper("NONE", **old)
    paper("CONCLUDED", **old | {"concluded_on": date(2023, 4, 1)})
    paper("ENDS", **old | {"ends_on": date(2025, 4, 1)})
    paper("RUNNING", **old | {"ends_on": date(2030, 1, 1)})
    paper("LOSS", **old)
    a_loss(number="LOSS")
    paper("LONG", **old, long_term=True)
    assert found(world.applicant, date(2026, 4, 1)) == {"CONCLUDED", "ENDS", "RUNNING", "LOSS", "LONG"}
    assert "ENDS" not in found(world.applicant, date(2027, 4, 1)), (
        "a year later its end is past the last fiscal year"
    )


@pytest.mark.req("I-015")
@pytest.mark.parametrize(
    "change",
    [
        {"kind": "loan"},
        {"number": "P-0002"},
        {"holder": "987654321"},
        {"cancelled": True},
    ],
)
def test_a_loss_of_another_contract_brings_none_in(world: World, change: dict[str, object]) -> None:
    paper(concluded_on=date(2010, 4, 1), ends_on=date(2011, 4, 1))
    a_loss("A-1", **change)
    assert found(world.applicant, date(2026, 4, 1)) == set()
    a_loss("A-2")
    assert found(world.applicant, date(2026, 4, 1)) == {"P-0001"}
