"""Around every page: headers of the answer, and how much may be sent at once."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

MOST_SENT = 40 * 1024 * 1024
"""Bytes of one request: the 30 MB of an application's files and what goes around them."""


class PrivatePages:
    """Pages are kept in no cache, so that 「戻る」 after ログアウト shows nothing, and use no device."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Adds the headers."""
        response = self.get_response(request)
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
        if not length.isdigit() or int(length) > MOST_SENT:
            return render(request, "413.html", status=413)
        return self.get_response(request)
