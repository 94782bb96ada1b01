"""Forms of somebody else's making, and pages that must not do anything by being looked at."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_stub.accounts.models import User
from tests.halves import by_day
from tests.portal.attacks.conftest import KINDS, Scene, routes, undone
from tests.portal.attacks.test_garbage import filled, known_items
from tests.portal.conftest import World
from tests.portal.pages import page_of

_WRITE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(\w+)"', re.IGNORECASE)
ALWAYS = {
    "django_session": "every request of a login says when it was",
    "history_accessrecord": "looking is recorded where table G-T3 says so",
    "history_auditevent": "looking is recorded at the desk, and so is who was refused",
    "accounts_attempts": "who is refused is counted",
}
_SAVES = {
    "procedures_application": "reaching 申込内容の確認 saves and numbers (S-020)",
    "procedures_act": "and keeps that it did",
    "procedures_daynumber": "of one series per day (H-039)",
    "procedures_document": "files of steps that are not asked any more go",
}
EXCEPTIONS = {f"{key}-check": _SAVES for key in ("account-deletion", "buyer-registration", "buyer-change")}
EXCEPTIONS |= {f"{key}-check": _SAVES for key in ("account-change", "account-registration", "holder-change")}
EXCEPTIONS |= {"sleeping-release-check": _SAVES}


def written(queries: CaptureQueriesContext) -> set[str]:
    """The tables that were written to."""
    return {found[1] for query in queries if (found := _WRITE.match(query["sql"]))}


@pytest.mark.slow
@pytest.mark.parametrize("kind", by_day(KINDS, "applicant"))
def test_looking_changes_nothing(scene: Scene, kind: str) -> None:
    client, wrong = scene.browsers[kind], {}
    for route in routes("GET"):
        if route.path.endswith(".pdf") and kind not in {"applicant", "staff", "newcomer"}:
            continue  # they take long
        for address in scene.addresses(route):
            with undone(client), CaptureQueriesContext(connection) as queries:
                client.get(address)
            tables = written(queries) - set(ALWAYS) - set(EXCEPTIONS.get(route.name, ()))
            if tables:
                wrong[address] = tables
    assert not wrong


def test_a_write_would_be_seen(scene: Scene) -> None:
    with CaptureQueriesContext(connection) as queries:
        scene.browsers["staff"].post("/desk/offices/1/move/", {"to": "up"})
        scene.browsers["administrator"].post(f"/applicants/{scene.world.applicant.login_id}/reset/")
    assert {"accounts_user", "mails_mail"} <= written(queries)


@pytest.mark.req("S-016")
@pytest.mark.parametrize("token", by_day(["none", "of somebody else"], "none"))
def test_a_form_without_the_token_of_its_session_does_nothing(scene: Scene, token: str) -> None:
    tokens = {"of somebody else": _token(Client())}
    for route in routes("POST"):
        client = scene.browsers[scene.who(route)]
        address = scene.address(route)
        sent = filled(known_items(scene, client, route, address)[0]) | {"step": "confirm", "once": "x" * 43}
        sent.pop("csrfmiddlewaretoken", None)
        if token in tokens:
            sent["csrfmiddlewaretoken"] = tokens[token]
        _token(client)
        client.handler.enforce_csrf_checks = True
        with undone(client), CaptureQueriesContext(connection) as queries:
            reply = client.post(address, sent)
        client.handler.enforce_csrf_checks = False
        assert page_of(reply, 403).heading == "画面の有効期限が切れています", address
        assert written(queries) <= {"django_session", *REFUSED}, address


REFUSED = {"accounts_attempts", "history_accessrecord", "history_auditevent"}
"""Where a refusal is noted."""


def _token(client: Client) -> str:
    page = client.get("/login/").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "origin", [{"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_REFERER": "https://evil.example/"}]
)
def test_the_right_token_from_another_site_is_refused(world: World, origin: dict[str, Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    sent = {"login_id": world.applicant.login_id, "password": "x", "csrfmiddlewaretoken": _token(client)}
    assert client.post("/login/", sent, secure=True, **origin).status_code == 403
    assert not User.objects.get(pk=world.applicant.pk).failures
