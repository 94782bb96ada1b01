"""「検査する」 with the real check: the pipeline's findings at the items of the screen, its premium, its verdict the same."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.entries.models import Entry
from portal_stub.feed.models import Submission
from portal_stub.jobs.worker import run_due
from portal_stub.ledgers.models import Upload
from tests import kit
from tests.portal.conftest import World, text
from tests.portal.entries.walking import Screen, waiting_form
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
Visit = Callable[..., Client]


def typed(client: Client, **changes: str) -> Screen:
    """The good contract of the small world with changes, on the screen."""
    from portal_stub.entries.tree import trees_of
    from portal_stub.ledgers.functions import FUNCTIONS

    [tree] = trees_of([kit.enterprise_row(**changes)], FUNCTIONS["enterprise"].layout)
    return Screen(client).types_in(tree)


def checked(screen: Screen) -> str:
    """Presses 「検査する」, waits, and reads."""
    screen.presses("check")
    assert run_due() == 1
    screen.presses("look")
    return text(screen.reply)


@pytest.mark.req("A-056")
def test_the_check_of_an_entry_is_the_verdict_of_the_pipeline(
    whole: Whole, world: World, visit: Visit
) -> None:
    client = visit(world.applicant)
    screen = typed(client, payer_code=kit.buyer("B"), usance_days="", contract_date="20181105")
    page = checked(screen)
    assert "エラーが" in page
    content = screen.reply.content.decode()
    assert 'id="id_b-payer_code_error"' in content
    assert f'id="id_{screen.settlements[0]}-usance_days_error"' in content
    assert 'id="id_b-contract_date_error"' not in content

    line = screen.settlements[0]
    screen.presses("look", b_payer_code=kit.buyer("EA"), **{f"{line}_usance_days": "60"})
    assert "検査の後に、内容が変わりました" in text(screen.reply)
    page = checked(screen)
    assert "エラーはありません。" in page
    assert "18,400円" in page
    assert "2018/11/06" in page
    assert not Upload.objects.exclude(state="draft").exists(), "nothing was sent"

    screen.presses("save")
    client.post("/ledger/enterprise/entries/waiting/send/", waiting_form(client))
    whole.run()
    sent = Submission.objects.get(dispatch=Upload.objects.get(state="sent").pk)
    assert (sent.verdict, sent.premium_total_yen, sent.user) == ("booked", 18_400, f"{kit.HOLDER}001")
    assert Entry.objects.get().place == "sent"


def test_one_contract_is_applied_for_after_its_check(whole: Whole, world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    screen = typed(client)
    address = screen.address
    screen.presses("confirm")
    assert run_due() == 1
    page = client.get(f"{address}confirm/")
    assert "18,400円" in text(page)
    row = Entry.objects.get()
    done = client.post(f"{address}apply/", {"once": "one", "revision": str(row.revision)}, follow=True)
    assert "申請完了" in text(done)
    assert "2018/11/06" in text(done)
    whole.run()
    assert Submission.objects.get().verdict == "booked"
    # Typed in once more, the check tells that it was sent already.
    again = typed(client)
    assert "として受付済みです" in checked(again)
