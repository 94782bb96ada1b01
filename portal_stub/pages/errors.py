"""Pages of errors: neutral, in Japanese, with what to do (S-016)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    """400."""
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Any) -> HttpResponse:
    """403."""
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that this session did not hand out, or of a session that has ended."""
    return render(request, "csrf.html", status=403)


def refused(request: HttpRequest, message: str, status: int) -> HttpResponse:
    """429: too much was asked for that is not done yet. 422: a file that is not kept."""
    response = render(request, "refused.html", {"message": message}, status=status)
    if status == 429:
        response.headers["Retry-After"] = "60"
    return response


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    """404."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; without user and database, which may be what failed."""
    return render(None, "500.html", status=500)
