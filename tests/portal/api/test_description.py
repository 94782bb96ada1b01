"""The description: whole, in Japanese, for programs and for people, without anything from elsewhere."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from portal_stub.access import ROUTES, Access
from portal_stub.api.describing import openapi
from portal_stub.api.problems import KINDS, REFUSED
from tests.portal.pages import Part, page_of

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
    page = page_of(Client().get("/api/"))
    overview = page.table("アドレスの一覧")
    paths = openapi()["paths"]
    told = {
        (method.upper(), path): operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    assert {(row["メソッド"], row["アドレス"]) for row in overview.rows} == set(told)
    for row in overview.rows:
        operation = told[row["メソッド"], row["アドレス"]]
        assert row.part.links == {operation["summary"]: f"#{operation['operationId']}"}
        [heading] = page.find(f"h2#{operation['operationId']}")
        assert Part([heading]).text == operation["summary"]
        part = page.section(operation["summary"])
        lines = [f"{row['メソッド']} {row['アドレス']}", *operation["description"].splitlines()]
        assert part.sentences[: len(lines)] == lines
        items = [name for table in part.tables for name in table.column("項目")]
        assert {one["name"] for one in operation["parameters"]} <= set(items)
    problems = page.section("誤りの種類")
    assert sorted(problems.table("誤りの表").column("code")) == sorted(KINDS)
    assert {Part([node]).text for node in problems.find("p code")} >= set(REFUSED)
    product = page.table("申請・通知を送信するの項目の表").row("product")["説明"]
    assert product.endswith("使える値: enterprise、equipment、consumer-goods、simplified-notice")
    [sent, *_] = page.section("例").find("pre")
    assert Part([sent]).text.split()[-1] == "https://portal.example/api/v1/submissions"
    [root] = page.whole.nodes[0].iterancestors()
    loaded = root.xpath("//@src | //link/@href")
    assert loaded
    assert [address for address in loaded if not address.startswith("/static/")] == []
    assert root.xpath("//script[not(@src) or not(@defer)]") == []
    assert "/api/" in page_of(Client().get("/manual/")).links.values()


def test_the_description_asks_for_no_token_and_tells_no_secret() -> None:
    reply = Client().get("/api/v1/openapi.json")
    assert reply.status_code == 200
    assert not reply.cookies
    told = json.dumps(reply.json())
    assert "daicho_" in reply.json()["components"]["securitySchemes"]["Bearer"]["description"]
    assert re.findall(r"daicho_[A-Za-z0-9_-]{43}", told) == []
