"""The component that pages long lists."""

import re
from typing import Any

import pytest
from django.template import engines

from portal_stub.pages.paging import paged


def links(
    rows: int, asked: Any, per: int = 10, url: str = "/list/?name=%E6%97%A5&page=9&sort=at"
) -> list[str]:
    source = "{% pager page url %}"
    page = (
        engines["django"]
        .from_string(source)
        .render({"page": paged(list(range(rows)), asked, per), "url": url})
    )
    return [f"{rel} {href}" for href, rel in re.findall(r'<a href="([^"]*)" rel="(\w+)" aria-label="', page)]


@pytest.mark.req("K-008")
def test_links_keep_the_conditions_of_the_list() -> None:
    base = "/list/?name=%E6%97%A5&amp;sort=at&amp;page="
    assert links(35, "2") == [f"first {base}1", f"prev {base}1", f"next {base}3", f"last {base}4"]


@pytest.mark.req("K-008")
def test_the_ends_lead_no_further_and_one_page_needs_no_links() -> None:
    assert [link.split()[0] for link in links(35, "1")] == ["next", "last"]
    assert [link.split()[0] for link in links(35, "4")] == ["first", "prev"]
    assert links(10, "1") == []


@pytest.mark.parametrize(("asked", "number"), [(None, 1), ("", 1), ("x", 1), ("99", 4), ("-1", 4), ("3", 3)])
def test_any_number_leads_to_a_page(asked: Any, number: int) -> None:
    assert paged(list(range(35)), asked, 10).number == number
