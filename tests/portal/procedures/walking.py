"""Walking through procedures with the test client, as a user does with a browser."""

import re
from typing import Any

from django.test import Client

from portal_stub.procedures.models import Application
from tests.portal.conftest import hidden


def begin(client: Client, key: str, subject: str = "") -> str:
    """Presses the button of 申込手続きの内容と流れ; the address it leads to."""
    reply = client.post(f"/procedures/{key}/start/", {"subject": subject})
    assert reply.status_code == 302, reply.content.decode()
    return reply.headers["Location"]


def fill(client: Client, at: str, go: str = "next", /, **items: Any) -> Any:
    """Fills a step and presses a button of it."""
    page = client.get(at)
    assert page.status_code == 200, page.content.decode()
    return client.post(at, {**hidden_ones(page), **items, "go": go})


def hidden_ones(page: Any) -> dict[str, Any]:
    """The hidden items of a page, one value each."""
    return {name: values[0] if isinstance(values, list) else values for name, values in hidden(page).items()}


def to_check(client: Client, at: str, /, **items: Any) -> Any:
    """From the last step to 申込内容の確認."""
    reply = fill(client, at, **items)
    assert reply.status_code == 302, reply.content.decode()
    page = client.get(reply.headers["Location"])
    assert page.status_code == 200, page.content.decode()
    return page


def press_apply(client: Client, check_page: Any, *ticks: str) -> Any:
    """Presses 「申込む」 of a check page that may be old by now."""
    content = check_page.content.decode()
    action = re.search(r'action="(/procedures/[^"]*/apply/)"', content)
    assert action, content
    return client.post(action[1], {**hidden_ones(check_page), "tick": list(ticks)})


def newest() -> Application:
    """The application that was begun last."""
    return Application.objects.latest("id")
