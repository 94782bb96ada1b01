"""How one process of the portal receives requests: bounds on connections, headers, bodies and their time.

waitress reads requests beside the threads that answer, so a slow sender holds a connection and no thread. What it has no
option for is here: a request must be whole within a time, and a large body is refused before anything of it is kept.
What a page allows is ``pages.middleware``; what a reverse proxy in front bounds by address is in docs/nginx.conf.
"""

import copy
import functools
import resource
import time
from collections.abc import Callable
from typing import Any

import waitress
from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error

from portal_stub.pages.middleware import AROUND, MOST_SENT

HEADER_SECONDS = 20
"""Real seconds in which the head of a request must have come; also what its body gets before its pace counts."""
SLOWEST = 16 * 1024
"""Bytes per second that a body must come with on average."""
SILENT_SECONDS = 60
"""Real seconds after which a connection that says nothing is closed."""
MOST_CONNECTIONS = 2000
"""Per process. More wait with the system until others end."""
MOST_BODIES = 16
"""Bodies that one process receives at once beyond what it holds in memory."""
_IN_MEMORY = 512 * 1024
_BESIDE = 200
"""Descriptors of a process that are no connections: databases, files, spooled bodies."""
_OPTIONS: dict[str, Any] = {
    "channel_timeout": SILENT_SECONDS,
    "recv_bytes": 256
    * 1024,  # every reading looks at every connection: fewer of them keep others from waiting
    "cleanup_interval": 2,
    "asyncore_use_poll": True,  # select() takes no descriptor above 1023
    "backlog": 1024,
    "max_request_header_size": 64 * 1024,
    "inbuf_overflow": _IN_MEMORY,
    # A thread waits for a slow reader beyond this; a few of them would keep everybody waiting. Beyond memory it is a file.
    "outbuf_high_watermark": 1 << 28,
}
_PAGE = '<!doctype html><html lang="ja"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>'


class _Refused(Error):
    """An answer of the server itself, in words for people."""

    title, text = "", ""

    def __init__(self) -> None:
        super().__init__(self.text)

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and content."""
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
        if self.code == _Busy.code:
            headers.append(("Retry-After", "30"))
        return f"{self.code} {self.reason}", headers, _PAGE.format(title=self.title, text=self.text).encode()


class _TooLarge(_Refused):
    code, reason = 413, "Content Too Large"
    title = "送信できませんでした"
    text = "送られたものが大きすぎます。何も保存していません。ファイルを減らすか、分けて送ってください。"


class _Busy(_Refused):
    code, reason = 503, "Service Unavailable"
    title = "混み合っています"
    text = "同時に送られているファイルが多いため、受け取れませんでした。しばらくしてから、もう一度送ってください。"


class BoundedParser(HTTPRequestParser):
    """A request that is being received."""

    def __init__(self, adj: Any, channels: dict[int, Any]) -> None:
        super().__init__(adj)
        self.adj: Any = adj
        self._channels, self._began = channels, time.monotonic()

    def parse_header(self, header_plus: bytes) -> None:
        """The head is whole: from it alone it is decided what may follow."""
        super().parse_header(header_plus)
        if not self._is_known():
            self.adj = _with_limit(self.adj, MOST_SENT)
        if self.content_length >= self.adj.max_request_body_size:
            self._refuse(_TooLarge())
        elif self.is_large and self._large_ones() >= MOST_BODIES:
            self._refuse(_Busy())

    @property
    def is_large(self) -> bool:
        """Whether its body is more than what is held in memory, or may be."""
        return not self.completed and (self.chunked or self.content_length > _IN_MEMORY)

    def is_late(self) -> bool:
        """Whether it takes longer than a sender needs who means it."""
        received = self.body_bytes_received if self.headers_finished else 0
        return time.monotonic() - self._began > HEADER_SECONDS + received / SLOWEST

    def _is_known(self) -> bool:
        """Whether its sender claims to be logged in; the page looks closer."""
        cookie = f"{settings.SESSION_COOKIE_NAME}="
        return "AUTHORIZATION" in self.headers or cookie in self.headers.get("COOKIE", "")

    def _large_ones(self) -> int:
        others = (channel.request for channel in list(self._channels.values()))
        return sum(request is not None and request is not self and request.is_large for request in others)

    def _refuse(self, error: _Refused) -> None:
        self.error, self.completed, self.connection_close = error, True, True
        # It is not asked to go on, and nothing of the body is waited for.
        self.expect_continue, self.content_length, self.body_rcv = False, 0, None


class _BoundedChannel(HTTPChannel):
    """A connection."""

    def __init__(self, server: Any, *given: Any, **named: Any) -> None:
        self.parser_class = functools.partial(BoundedParser, channels=server.active_channels)
        super().__init__(server, *given, **named)


@functools.lru_cache(maxsize=4)
def _with_limit(adj: Any, limit: int) -> Any:
    narrowed = copy.copy(adj)
    narrowed.max_request_body_size = limit
    return narrowed


def server(application: Callable[..., Any], **options: Any) -> Any:
    """A bounded server of waitress, to be ``run``; ``options`` are those of waitress."""
    most = settings.MOST_UPLOADED + AROUND
    told = {"connection_limit": _connections(), "max_request_body_size": most, **_OPTIONS, **options}
    made = waitress.create_server(application, **told)
    made.channel_class = _BoundedChannel
    whole = made.maintenance

    def maintenance(now: float) -> None:
        whole(now)
        for channel in made.active_channels.values():
            request = channel.request
            if request is not None and not request.completed and request.is_late():
                channel.will_close = True

    made.maintenance = maintenance
    return made


def _connections() -> int:
    """How many connections fit into the descriptors that this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _BESIDE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return (
        MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(min(soft - _BESIDE, MOST_CONNECTIONS), 50)
    )
