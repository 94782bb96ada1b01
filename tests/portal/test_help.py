"""ヘルプ: topics, links to them, and that none leads nowhere."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import Client

import portal_stub
from portal_stub.pages.help import TOPICS
from tests.portal.conftest import World, text
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
    page = client.get(path).content.decode()
    tools = re.search(r'<nav class="tools".*?</nav>', page, re.DOTALL)
    assert tools
    link = re.search(r"<a [^>]*>ヘルプ", tools[0])
    assert link
    assert f'href="/help/{topic}/"' in link[0]
    assert 'target="_blank" rel="noopener" data-popup' in link[0]
    assert TOPICS[topic].title in text(client.get(f"/help/{topic}/"))


@pytest.mark.req("S-003")
def test_pages_without_help_show_no_link(world: World, visit: Callable[..., Client]) -> None:
    assert ">ヘルプ" not in visit(world.administrator).get("/menu/").content.decode()


@pytest.mark.req("S-026")
@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_says_something(db: None, topic: str) -> None:
    page = text(Client().get(f"/help/{topic}/"))
    for section in TOPICS[topic].sections:
        assert section.heading in page
        assert all(line in page for line in section.lines)


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
    page = visit(world.administrator).get("/applications/").content.decode()
    marks = re.findall(r'<a class="help-mark"[^>]*>', page)
    assert marks
    for mark in marks:
        link = re.search(r'href="([^"#]*)#([^"]*)"', mark)
        assert link
        assert "data-popup" in mark
        assert f'id="{link[2]}"' in Client().get(link[1]).content.decode()
