"""ヘルプ: topics, links to them, and that none leads nowhere."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import Client

import portal_stub
from portal_stub.pages.help import TOPICS
from tests.portal.conftest import World
from tests.portal.pages import Part, page_of
from tests.portal.procedures.test_list import row


@pytest.mark.req("S-003", "S-026")
@pytest.mark.parametrize(
    ("path", "topic"),
    [
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
    ],
)
def test_help_is_at_the_upper_right_and_opens_in_a_window_of_its_own(
    world: World, visit: Callable[..., Client], path: str, topic: str
) -> None:
    client = visit(None if path == "/login/" else world.administrator)
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


def test_every_link_in_the_templates_has_a_topic_and_every_topic_a_link() -> None:
    root = Path(portal_stub.__file__).parent
    linked = {
        name
        for file in root.rglob("*.html")
        for name in re.findall(r'{% help_link "([a-z-]+)" %}', file.read_text(encoding="utf-8"))
    }
    assert linked <= set(TOPICS)
    assert set(TOPICS) - linked <= {"applications", "registration"}


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
