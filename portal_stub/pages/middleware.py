"""Around every page: headers of the answer, and how much may be sent at once."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.urls import Resolver404, resolve

from portal_stub.jobs.rules import QueueFull
from portal_stub.pages.errors import refused
from portal_stub.shelves import FileRefused

MOST_SENT = 40 * 1024 * 1024
"""Bytes of one request: the 30 MB of an application's files and what goes around them."""
AROUND = 1024 * 1024
"""What goes around the file of a large page."""
_LENGTH = re.compile(r"[0-9]{1,18}")
_HERE_ONLY = re.compile(r"/(?![/\\])|\?|[\w.-]+(?:/|\Z)")
"""An address on this site: from its root, of another query, or beside the page."""
_UNKEPT = re.compile("[\x00\ud800-\udfff]")
"""NUL and halves of characters: nobody types them, and PostgreSQL keeps neither."""


class PrivatePages:
    """Pages are kept in no cache, so that 「戻る」 after ログアウト shows nothing, use no device, and lead nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Adds the headers.

        Raises:
            SuspiciousOperation: a page would send its user to another site, whoever put the address together.
        """
        response = self.get_response(request)
        if not _HERE_ONLY.match(response.headers.get("Location", "/")):
            raise SuspiciousOperation("a redirect to another site")
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


class BoundedRequests:
    """Tells who sends too much, before anything of it is read (S-028)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Looks at the announced length only; a server never hands on more than was announced."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if _LENGTH.fullmatch(length) is None or (int(length) > MOST_SENT and int(length) > _most_of(request)):
            return render(request, "413.html", status=413)
        return self.get_response(request)


class RefusedDeeds:
    """Tells why where a page has no place for it: more work asked for than is done in time, a file that is not kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Changes nothing by itself."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page that says so."""
        if isinstance(exception, QueueFull):
            return refused(request, exception.message, 429)
        return refused(request, exception.message, 422) if isinstance(exception, FileRefused) else None


def _most_of(request: HttpRequest) -> int:
    """What may be sent to this address: whole uploads only where a page declares so, and by who is known."""
    try:
        route = getattr(resolve(request.path_info).func, "route", None)
    except Resolver404:
        return MOST_SENT
    known = SESSION_KEY in request.session or request.headers.get("Authorization")
    return settings.MOST_UPLOADED + AROUND if route and route.large and known else MOST_SENT


class ReadableRequests:
    """Refuses what cannot be read or kept as text, at one place for all pages (S-016).

    All of the portal is UTF-8. A request that names another encoding could smuggle in what is no text, or name one
    that decodes nothing at all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """An address with NUL leads nowhere; anything else with it gets the page of 400."""
        if _UNKEPT.search(request.path_info):
            raise Http404
        if not _is_readable(request):
            return render(request, "400.html", status=400)
        return self.get_response(request)


def _is_readable(request: HttpRequest) -> bool:
    if (request.encoding or "utf-8").lower() not in {"utf-8", "utf8"}:
        # Read no further in it: the page of 400 looks at the request, too.
        request.encoding = None
        return False
    try:
        return not any(_UNKEPT.search(text) for text in _texts(request))
    except (UnreadablePostError, LookupError):
        # The line broke, or one part names an encoding of its own that decodes nothing.
        return False


def _texts(request: HttpRequest) -> Iterator[str]:
    """Everything of a request that a page may look at."""
    yield from request.COOKIES.values()
    sent: list[Any] = [request.GET, request.POST] if request.method == "POST" else [request.GET]
    for values in sent:
        for name, several in values.lists():
            yield name
            yield from several
    if request.method == "POST":
        for name, several in request.FILES.lists():
            yield name
            yield from (str(file.name) for file in several)
