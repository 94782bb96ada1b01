"""Around every request: what a closed door answers, and a note of who tried what is not for him.

The words of refusals stand in the templates; counting is ``limits``.
"""

import math
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub import clock
from portal_stub.accounts import limits
from portal_stub.accounts.addresses import address_of
from portal_stub.accounts.hashing import Busy
from portal_stub.accounts.limits import By, TryLater
from portal_stub.history.recording import audit, record

_BUSY_SECONDS = 10
_REFUSED = frozenset({403, 404})


class Doors:
    """Answers who comes too often, and writes down who is refused: a 403, or the 404 of what belongs to others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Lets the request pass and looks at its answer."""
        answer = self.get_response(request)
        if answer.status_code in _REFUSED and not getattr(answer, "for_now", False):
            _note(request, answer.status_code)
        return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The pages of a door that is closed, or where too many stand at once."""
        if isinstance(error, TryLater):
            seconds = math.ceil((error.until - clock.now()).total_seconds())
            return _later(request, 429, max(seconds, 1), until=error.until)
        if isinstance(error, Busy):
            return _later(request, 503, _BUSY_SECONDS)
        return None


def _later(request: HttpRequest, status: int, seconds: int, **context: Any) -> HttpResponse:
    answer = render(request, "accounts/try_later.html", context, status=status)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _note(request: HttpRequest, status: int) -> None:
    """One row of the internal log, by the name of the page: addresses may carry secrets; of users one of the access history,
    too. Beyond some within ten minutes only the count goes on.
    """
    route = getattr(getattr(request.resolver_match, "func", None), "route", None)
    if route is None:
        return  # an address that is none says nothing about anybody's data
    caller = getattr(request, "caller", None)
    user = caller.user if caller is not None else request.user
    address = address_of(request)
    by, key = (By.TARGET, user.login_id) if user.is_authenticated else (By.ADDRESS, address)
    if not limits.is_beyond(limits.count("refused", by, key)):
        actor = user.login_id if user.is_authenticated else "anonymous"
        audit(actor, "access-refused", route.name, status=status, address=address, method=request.method)
        if user.is_authenticated and user.holder is not None:
            record(user, "11-1")
