"""The guard before Dagster's web UI: what a foreign page could make an operator's browser send is refused."""

import asyncio
import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from daicho.web_guard import OwnPagesOnly, stand_before
from tests.homes import Home
from tests.programs import programs

HERE = {"host": "127.0.0.1:3000"}
OURS = {**HERE, "origin": "http://127.0.0.1:3000"}
JSON = {"content-type": "application/json"}


def asked(method: str, path: str, headers: dict[str, str], hosts: tuple[str, ...] = ("127.0.0.1",)) -> int:
    """The status of an answer; 200 when the application itself was reached."""
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append(200)

    async def send(message: Any) -> None:
        told.append(message.get("status") or message.get("code"))

    kind = "websocket" if method == "WS" else "http"
    scope: dict[str, Any] = {"type": kind, "method": method, "path": path}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(OwnPagesOnly(app, hosts)(scope, None, send))  # type: ignore[arg-type]
    return int(told[0])


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", HERE, 200),
        ("GET", "/graphql", {**HERE, "accept": "text/html,*/*"}, 200),
        ("POST", "/graphql", {**OURS, **JSON}, 200),
        ("POST", "/graphql", {**HERE, **JSON}, 200),
        ("POST", "/graphql", {**HERE, "content-type": "application/json; charset=utf-8"}, 200),
        ("WS", "/graphql", OURS, 200),
        # by an address in a page, an image, a link
        ("GET", "/graphql", HERE, 405),
        ("HEAD", "/graphql", HERE, 405),
        ("GET", "/graphql/", {**HERE, "accept": "*/*"}, 405),
        ("GET", "/prefix/graphql", {**HERE, "accept": "image/png"}, 405),
        # by a form, which may go anywhere
        ("POST", "/graphql", {**HERE, "content-type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/graphql", {**HERE, "content-type": "text/plain"}, 415),
        ("POST", "/graphql", {**HERE, "content-type": "application/graphql"}, 415),
        ("POST", "/graphql", {**HERE, "content-type": "text/plain; application/json"}, 415),
        ("POST", "/report_asset_materialization/x", HERE, 415),
        # from a foreign page
        ("POST", "/graphql", {**HERE, **JSON, "origin": "https://evil.example"}, 403),
        ("POST", "/graphql", {**HERE, **JSON, "origin": "null"}, 403),
        ("POST", "/graphql", {**HERE, **JSON, "origin": "http://127.0.0.1:8000"}, 403),
        ("GET", "/", {**HERE, "origin": "https://evil.example"}, 403),
        ("WS", "/graphql", {**HERE, "origin": "https://evil.example"}, 1008),
        ("WS", "/graphql", HERE, 1008),
        # by a name that was pointed at this machine
        ("GET", "/", {"host": "evil.example:3000"}, 403),
        ("GET", "/", {"host": "127.0.0.1.evil.example"}, 403),
        ("GET", "/", {"host": "127.0.0.1@evil.example"}, 403),
        ("GET", "/", {"host": "[x"}, 403),
        ("GET", "/", {}, 403),
        ("WS", "/graphql", {"host": "evil.example", "origin": "http://evil.example"}, 1008),
    ],
)
def test_only_its_own_pages_get_through(method: str, path: str, headers: dict[str, str], status: int) -> None:
    assert asked(method, path, headers) == status


def test_a_host_that_the_operator_named_is_answered() -> None:
    told = {"host": "dagster.example.jp", "origin": "https://dagster.example.jp", **JSON}
    assert asked("POST", "/graphql", told) == 403
    assert asked("POST", "/graphql", told, ("127.0.0.1", "dagster.example.jp")) == 200


def test_it_stands_before_everything_else_that_dagster_puts_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_webserver.webserver import DagsterWebserver

    monkeypatch.setattr(DagsterWebserver, "build_middleware", DagsterWebserver.build_middleware)
    stand_before(["127.0.0.1"])
    first = DagsterWebserver.build_middleware(object())[0]  # type: ignore[arg-type]
    assert (first.cls, first.kwargs) == (OwnPagesOnly, {"hosts": ["127.0.0.1"]})


_RELOAD = "mutation { reloadWorkspace { __typename } }"


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.parametrize("read_only", [False, True])
def test_the_real_one_is_guarded_and_read_only_where_asked_for(home: Home, read_only: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with programs(home, "code-server") as some:
        some.start("web", "--port", str(port), *(["--read-only"] if read_only else []))
        url = f"http://127.0.0.1:{port}"
        some.wait_for(lambda: answered(f"{url}/server_info", {}) == 200)
        get = f"{url}/graphql?query=" + urllib.parse.quote(_RELOAD)
        assert answered(get, {}) == 405
        assert answered(f"{url}/", {"Host": "evil.example"}) == 403
        body = json.dumps({"query": "{ version }"}).encode()
        assert answered(f"{url}/graphql", JSON, body) == 200
        assert answered(f"{url}/graphql", {**JSON, "Origin": "https://evil.example"}, body) == 403
        told = post(f"{url}/graphql", {"query": _RELOAD})
        assert ("UnauthorizedError" in told) == read_only, told


def post(url: str, told: Any) -> str:
    request = urllib.request.Request(url, json.dumps(told).encode(), JSON)
    with urllib.request.urlopen(request, timeout=20) as reply:
        return str(reply.read())


def answered(url: str, headers: dict[str, str], body: bytes | None = None) -> int:
    try:
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=20) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0
