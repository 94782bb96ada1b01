"""信用調査報告書 at the desk: got by the insurer where somebody asked for it, and nowhere else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.procedures.deciding import NotPossible, decide, deeds_for
from portal_stub.procedures.models import Application, State
from tests.portal.buyers.test_procedures import ENTERPRISE, ORDER, applied, on, pdf, registration
from tests.portal.conftest import World
from tests.portal.pages import page_of
from tests.portal.procedures.walking import begin, fill, to_check

Visit = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("directory")
LABEL = "信用調査報告書を取り寄せる"


@pytest.fixture
def client(world: World, visit: Visit) -> Client:
    return visit(world.applicant)


def with_report(client: Client, **choice: Any) -> Application:
    """A registration that needs a report, applied for with this choice."""
    at = on(client, on(client, begin(client, "buyer-registration"), **ENTERPRISE), **choice)
    if "report_own" in choice:
        fill(client, at, "attach", **{"file-credit-report": pdf("report.pdf")})
    return applied(client, to_check(client, at, separate="yes", separate_names="会社案内"))


def keys(row: Application) -> set[str]:
    return {deed.key for deed in deeds_for(row)}


@pytest.mark.req("K-025", "H-019")
def test_the_desk_gets_a_report_only_where_it_was_asked_for(
    client: Client, world: World, visit: Visit
) -> None:
    desk = visit(world.staff)
    for row in (with_report(client, report_own="on"), applied(client, registration(client))):
        assert "order-report" not in keys(row)
        assert LABEL not in page_of(desk.get(f"/desk/applications/{row.number}/")).section("処理").buttons
        with pytest.raises(NotPossible):
            decide(world.staff, row, "order-report", "")
        row.refresh_from_db()
        assert row.state == State.PROCESSING
    asked = with_report(client, **ORDER)
    assert LABEL in page_of(desk.get(f"/desk/applications/{asked.number}/")).section("処理").buttons
    assert decide(world.staff, asked, "order-report", "").state == State.REPORT


def test_a_report_that_is_here_is_not_got_again(client: Client, world: World) -> None:
    row = with_report(client, **ORDER)
    row = decide(world.staff, row, "order-report", "")
    assert keys(row) == {"report-here", "cancel"}
    row = decide(world.staff, row, "report-here", "")
    assert keys(row) == {"complete", "ask-again", "cancel"}
