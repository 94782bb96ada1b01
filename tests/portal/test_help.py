"""ヘルプ: topics, links to them, and that none leads nowhere."""

from collections.abc import Callable

import pytest
from django.template import Context, Template
from django.test import Client

from portal_stub.accounts.models import Holder
from portal_stub.pages.help import TOPICS
from tests.portal.conftest import World
from tests.portal.pages import Part, page_of
from tests.portal.procedures.test_list import row

HELPED = [
    ("/login/", "login"),
    ("/password/", "login"),
    ("/applicants/", "users"),
    ("/applicant-new/", "users"),
    ("/administrator/", "administrator"),
    ("/access-history/", "access-history"),
    ("/addresses/", "addresses"),
    ("/api-tokens/", "api-tokens"),
    ("/applications/", "applications"),
    ("/procedures/holder-change/", "procedures"),
    ("/accounts/change/", "accounts"),
    ("/registration/mail/", "registration"),
    ("/estimate/", "estimate"),
    ("/otp/", "one-time-password"),
    ("/ledger/enterprise/sent/", "ledgers"),
    ("/ledger/enterprise/entries/new/", "entries"),
    ("/rating-changes/", "rating-changes"),
    ("/contract-data/", "contract-data"),
    ("/loss-data/", "loss-data"),
    ("/claims-lists/", "claims-lists"),
]
"""An address of each page that belongs to a topic; that of ``ledger-check`` needs a check (``ledgers/test_check``)."""


@pytest.mark.req("S-003", "S-026")
@pytest.mark.parametrize(("path", "topic"), HELPED)
def test_help_is_at_the_upper_right_and_opens_in_a_window_of_its_own(
    world: World, visit: Callable[..., Client], path: str, topic: str
) -> None:
    client = visit(None if path in {"/login/", "/registration/mail/"} else world.administrator)
    if topic == "one-time-password":
        Holder.objects.update(otp_required=True)
    [link] = page_of(client.get(path)).tools.find("a[target=_blank][rel=noopener][data-popup]")
    assert Part([link]).text == "ヘルプ（別ウィンドウ）"
    assert link.get("href") == f"/help/{topic}/"
    assert page_of(client.get(link.get("href"))).heading == f"ヘルプ: {TOPICS[topic].title}"


@pytest.mark.req("S-003")
def test_pages_without_help_show_no_link(world: World, visit: Callable[..., Client]) -> None:
    page = page_of(visit(world.administrator).get("/menu/"))
    assert list(page.tools.links) == ["マニュアル", "お問い合わせ"]


@pytest.mark.req("S-026")
@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_says_something(db: None, topic: str) -> None:
    page = page_of(Client().get(f"/help/{topic}/"))
    sections = TOPICS[topic].sections
    assert page.headings == [*(section.heading for section in sections), "他のヘルプ"]
    for section in sections:
        assert page.section(section.heading).sentences == list(section.lines)


def test_there_is_no_other_topic(db: None) -> None:
    assert Client().get("/help/other/").status_code == 404
    with pytest.raises(KeyError):
        Template('{% help_link "other" %}').render(Context())


def test_every_topic_is_behind_some_page() -> None:
    assert {topic for _, topic in HELPED} == set(TOPICS) - {"ledger-check"}


@pytest.mark.req("H-038")
def test_items_of_the_list_marked_with_a_question_mark_open_help(
    world: World, visit: Callable[..., Client]
) -> None:
    row(world, "2026-0401-0001")
    marks = page_of(visit(world.administrator).get("/applications/")).find("a.help-mark[data-popup]")
    assert [mark.text for mark in marks] == ["？"]
    for mark in marks:
        address, _, place = mark.get("href").partition("#")
        assert len(page_of(Client().get(address)).find(f"h2#{place}")) == 1
