"""Dagster's web UI for its operators' own pages only: what any page on the web could make a browser send is refused.

The UI has no login and answers whoever reaches it, also a browser that a foreign page sends there: by GET, by a form, or
under a host name that was pointed at this machine. Run as a module this becomes ``dagster-webserver`` with the guard before
it; ``DAICHO_WEB_HOSTS`` names the hosts answered to. Who may reach the port is not decided here.
"""

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

HOSTS = "DAICHO_WEB_HOSTS"
"""Host names answered to, separated by commas; set by ``daicho dagster web``."""
OWN_HOSTS = ("127.0.0.1", "localhost")
_READING = ("GET", "HEAD")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class OwnPagesOnly:
    """An ASGI application behind the guard.

    403 for a host or an origin that is not ours, 405 for GraphQL by GET, 415 for what is sent and is no JSON: only a
    page of the UI itself can send that without being asked first by the browser whether it may.
    """

    def __init__(self, app: App, hosts: Sequence[str]) -> None:
        self._app, self._hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers for the application, or lets it answer."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            await _answer(send, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        told = dict(headers)
        if [name for name, _ in headers].count("host") != 1 or _name(told["host"]) not in self._hosts:
            return 403, "unknown host"
        origin = told.get("origin")
        if origin is not None and urlsplit(origin).netloc != told["host"]:
            return 403, "foreign origin"
        if scope["type"] == "websocket":
            return None if origin is not None else (403, "no origin")
        if scope["method"] in _READING:
            by_graphql = scope["path"].rstrip("/").endswith("/graphql")
            # Asked for as a page it answers with its playground and runs nothing.
            return (405, "POST only") if by_graphql and "text/html" not in told.get("accept", "") else None
        kind = told.get("content-type", "").partition(";")[0].strip().lower()
        return None if kind == "application/json" else (415, "JSON only")


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


async def _answer(send: Send, status: int, reason: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"refused": reason}).encode()})


def stand_before(hosts: Sequence[str]) -> None:
    """Puts the guard before every web UI that this process makes, outermost."""
    from dagster_webserver.webserver import DagsterWebserver
    from starlette.middleware import Middleware

    whole = DagsterWebserver.build_middleware

    def guarded(self: Any) -> list[Any]:
        return [Middleware(OwnPagesOnly, hosts=hosts), *whole(self)]

    DagsterWebserver.build_middleware = guarded  # type: ignore[method-assign]


if __name__ == "__main__":
    from dagster_webserver.cli import main

    stand_before([name for name in os.environ.get(HOSTS, ",".join(OWN_HOSTS)).split(",") if name])
    main()
