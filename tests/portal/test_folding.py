"""One text has one form, whichever way it comes: typed in, sent by a program, uploaded, or dropped (ADR 0026)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.entries.tree import trees_of
from portal_stub.jobs.worker import run_due
from portal_stub.ledgers.functions import FUNCTIONS
from tests import kit
from tests.homes import contracts
from tests.portal.api.conftest import Program, a_token
from tests.portal.conftest import World
from tests.portal.entries.walking import Screen, type_in, waiting_form
from tests.portal.pages import page_of
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = [pytest.mark.slow]
WINDOWS, MAC, BOOKED = "見積～０１", "\u3000見積〜01\xa0", "見積~01"
"""A contract as Windows writes it, as a Mac writes it with blanks around, and its one form."""
Visit = Callable[..., Client]
Way = Callable[[Whole, World, Visit, str], None]


def by_screen(whole: Whole, world: World, visit: Visit, number: str) -> None:
    client = visit(world.applicant)
    type_in(client, "enterprise", [kit.enterprise_row(export_contract_no=number)])
    reply = client.post(
        "/ledger/enterprise/entries/waiting/send/", waiting_form(client, "enterprise"), follow=True
    )
    assert page_of(reply).status.startswith("1件の")
    whole.run()


def by_program(whole: Whole, world: World, visit: Visit, number: str) -> None:
    _, token = a_token(world.applicant)
    assert Program(token).submit(number).status_code == 202
    whole.run()


def by_command(whole: Whole, world: World, visit: Visit, number: str) -> None:
    whole.home.submit(contracts(number), now=whole.now)
    whole.run()


@pytest.mark.parametrize(
    ("first", "second"),
    [(by_screen, by_program), (by_program, by_screen), (by_command, by_program), (by_program, by_command)],
)
def test_twins_of_a_number_are_one_contract_by_every_way(
    whole: Whole, world: World, visit: Visit, first: Way, second: Way
) -> None:
    first(whole, world, visit, MAC)
    assert whole.home.journal()["export_contract_no"].to_list() == [BOOKED]
    second(whole, world, visit, WINDOWS)
    assert whole.home.findings("S00000002") == [(1, "export_contract_no", "already-insured")]
    assert whole.home.journal().height == 1


def test_the_check_of_the_screen_knows_the_twin_and_names_what_nobody_sees(
    whole: Whole, world: World, visit: Visit
) -> None:
    by_command(whole, world, visit, WINDOWS)
    for number, says in ((MAC, "付保済み"), ("EX\u200b-9", "U+200B(ゼロ幅スペース)")):
        [tree] = trees_of([kit.enterprise_row(export_contract_no=number)], FUNCTIONS["enterprise"].layout)
        screen = Screen(visit(world.applicant)).types_in(tree)
        screen.presses("check")
        run_due()
        screen.presses("look")
        told = {name: item.error for name, item in screen.form.fields.items() if item.error}
        assert list(told) == ["b-export_contract_no"]
        assert says in told["b-export_contract_no"]


def test_a_program_is_told_of_what_nobody_sees(whole: Whole, world: World) -> None:
    _, token = a_token(world.applicant)
    caller = Program(token)
    where = caller.submit("EX\u200b-9").headers["Location"].removeprefix("/api/v1")
    whole.run()
    [finding] = caller.get(f"{where}/findings").json()["items"]
    assert (finding["code"], finding["field"]) == ("invalid-character", "export_contract_no")
    assert "「EX[U+200B]-9」" in finding["message"]
