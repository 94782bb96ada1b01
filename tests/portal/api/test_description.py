"""The description: whole, in Japanese, for programs and for people, without anything from elsewhere."""

import re
from typing import Any

import pytest
from django.test import Client

from portal_stub.access import ROUTES, Access
from portal_stub.api.describing import openapi
from portal_stub.api.problems import KINDS, REFUSED
from tests.portal.conftest import text

_JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """The pages of the portal look for a session."""


def test_every_endpoint_is_described_in_japanese() -> None:
    told = Client().get("/api/v1/openapi.json")
    assert told.headers["Content-Type"].startswith("application/json")
    described = {
        (path, method.upper()): operation
        for path, methods in told.json()["paths"].items()
        for method, operation in methods.items()
    }
    declared = {
        ("/" + route.path.replace("<str:", "{").replace(">", "}"), method)
        for route in ROUTES.values()
        if route.access is Access.TOKEN
        for method in route.methods
    }
    assert set(described) == declared
    for operation in described.values():
        assert _JAPANESE.search(operation["summary"])
        assert _JAPANESE.search(operation["description"])
        assert operation["security"] == [{"Bearer": []}]
        assert {"400", "401", "403", "422", "429"} <= set(operation["responses"])
        for status, answer in operation["responses"].items():
            assert _JAPANESE.search(answer["description"])
            kinds = set(answer.get("content", {}))
            assert kinds == {"application/problem+json"} if int(status) >= 400 else kinds
        for parameter in operation["parameters"]:
            assert "anyOf" not in parameter["schema"]


def test_no_remark_of_ours_is_left_in_it() -> None:
    def descriptions(part: Any) -> Any:
        if isinstance(part, dict):
            for name, value in part.items():
                if name in {"description", "title"} and isinstance(value, str):
                    yield value
                yield from descriptions(value)
        elif isinstance(part, list):
            for value in part:
                yield from descriptions(value)

    found = list(descriptions(openapi()))
    assert len(found) > 50
    assert [words for words in found if not _JAPANESE.search(words)] == []


def test_every_reference_in_it_leads_somewhere() -> None:
    told = openapi()
    names = set(re.findall(r"#/components/schemas/(\w+)", str(told)))
    assert names == set(told["components"]["schemas"])
    assert told["openapi"] == "3.1.0"
    assert told["servers"] == [{"url": "https://portal.example"}]


def test_the_page_for_people_tells_the_same() -> None:
    reply = Client().get("/api/")
    page = reply.content.decode()
    words = text(reply)
    for path, methods in openapi()["paths"].items():
        assert path in page
        for operation in methods.values():
            assert operation["summary"] in words
            for line in operation["description"].splitlines():
                assert line in words
            assert f'id="{operation["operationId"]}"' in page
            assert f'href="#{operation["operationId"]}"' in page
    for code in (*KINDS, *REFUSED):
        assert code in page
    assert "enterprise、equipment、consumer-goods、simplified-notice" in words
    assert "https://portal.example/api/v1/submissions" in page
    assert not re.findall(r'(?:src|href)="https?://', page), "nothing is loaded from elsewhere"
    assert re.findall(r"<script[^>]*>", page) == re.findall(r'<script src="/static/[^"]*" defer>', page)
    assert 'href="/api/"' in Client().get("/manual/").content.decode()


def test_the_description_asks_for_no_token_and_tells_no_secret() -> None:
    reply = Client().get("/api/v1/openapi.json")
    assert reply.status_code == 200
    assert not reply.cookies
    assert "daicho_" in reply.content.decode()
    assert not re.search(r"daicho_[A-Za-z0-9_-]{43}", reply.content.decode())
