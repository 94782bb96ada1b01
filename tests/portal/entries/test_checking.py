"""「検査する」 with the real check: the pipeline's findings at the items of the screen, its premium, its verdict the same."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.entries.models import Entry
from portal_stub.feed.models import Submission
from portal_stub.jobs.worker import run_due
from portal_stub.ledgers.models import Upload
from tests import kit
from tests.portal.conftest import World
from tests.portal.entries.walking import Screen, waiting_form
from tests.portal.pages import Part, page_of
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
Visit = Callable[..., Client]


def typed(client: Client, **changes: str) -> Screen:
    """The good contract of the small world with changes, on the screen."""
    from portal_stub.entries.tree import trees_of
    from portal_stub.ledgers.functions import FUNCTIONS

    [tree] = trees_of([kit.enterprise_row(**changes)], FUNCTIONS["enterprise"].layout)
    return Screen(client).types_in(tree)


def checked(screen: Screen) -> Part:
    """Presses 「検査する」, waits, and reads 検査の結果."""
    screen.presses("check")
    assert run_due() == 1
    screen.presses("look")
    return screen.page.section("検査の結果")


@pytest.mark.req("A-056")
def test_the_check_of_an_entry_is_the_verdict_of_the_pipeline(
    whole: Whole, world: World, visit: Visit
) -> None:
    client = visit(world.applicant)
    screen = typed(client, payer_code=kit.buyer("B"), usance_days="", contract_date="20181105")
    verdict, *_ = checked(screen).sentences
    told = {name: item.error for name, item in screen.form.fields.items() if item.error}
    assert set(told) == {"b-payer_code", f"{screen.settlements[0]}-usance_days"}
    assert verdict == f"エラーが{len(told)}件あります。直してから申請してください。"
    assert told["b-payer_code"] == (
        f"支払人 {kit.buyer('B')} はB格(B)のため引き受けられません。この取引を除いてください。"
    )

    line = screen.settlements[0]
    screen.presses("look", b_payer_code=kit.buyer("EA"), **{f"{line}_usance_days": "60"})
    assert screen.page.section("検査の結果").sentences == [
        "検査の後に、内容が変わりました。もう一度「検査する」を押してください。"
    ]
    result = checked(screen)
    assert result.sentences == ["エラーはありません。"]
    assert result.facts == {"受理日（いま申請した場合）": "2018/11/06", "保険料": "18,400円"}
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
    page = page_of(client.get(f"{address}confirm/"))
    assert page.section("検査の結果").facts["保険料"] == "18,400円"
    row = Entry.objects.get()
    done = client.post(f"{address}apply/", {"once": "one", "revision": str(row.revision)}, follow=True)
    page = page_of(done)
    assert page.heading.endswith("　申請完了")
    assert page.status.endswith("受理日は 2018/11/06 です。")
    assert page.table().column("件数") == ["1"]
    whole.run()
    assert Submission.objects.get().verdict == "booked"
    # Typed in once more, the check tells that it was sent already.
    again = typed(client)
    assert f"同じ内容が {Submission.objects.get().pk} として受付済みです。" in checked(again).sentences
