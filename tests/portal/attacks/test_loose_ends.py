"""On no page, nor on one that comes back with faults, do ids, labels, notes and errors hang loose (``Page.loose``)."""

import pytest
from lxml import html

from tests.portal.attacks.conftest import Scene, routes, undone
from tests.portal.pages import Page


@pytest.mark.night
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_hangs_loose(scene: Scene, method: str) -> None:
    loose, looked = {}, 0
    for route in routes(method):
        client, address = scene.browsers[scene.who(route)], scene.address(route)
        with undone(client):
            reply = client.get(address) if method == "GET" else client.post(address)
        whole = not reply.streaming and reply.headers.get("Content-Type", "").startswith("text/html")
        if whole and b"<main" in reply.content:
            looked += 1
            if found := Page([html.document_fromstring(reply.content.decode())]).loose:
                loose[address] = found
    assert loose == {}
    assert looked > 30
