"""Who calls: from the Authorization header of a request to the token and its Webユーザー, looked at afresh every time.

A token counts as long as it is neither withdrawn nor over, its user is active and not locked, the address is admitted
by the holder's IPアドレス制限, and the portal is open. What the user may do is asked by each endpoint (``declaring``).
"""

import math
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest

from portal_stub import clock
from portal_stub.access import is_closed
from portal_stub.accounts import limits
from portal_stub.accounts.addresses import address_of, admitted
from portal_stub.accounts.limits import By
from portal_stub.accounts.models import User
from portal_stub.api.models import ApiToken
from portal_stub.api.problems import Problem
from portal_stub.api.rules import PREFIX, hashed
from portal_stub.history.recording import audit, record
from portal_stub.hours import WINDOWS, Hours, opens_next

_BEARER = re.compile(rf"bearer +({PREFIX}[A-Za-z0-9_-]{{43}})", re.IGNORECASE)
_FRESH = timedelta(minutes=1)
"""A use so soon after the last one, from the same address, is not written again."""
MOST_REQUESTS, SPAN = 600, 60
"""Requests of one token in so many seconds, in each process that answers."""


@dataclass(frozen=True)
class Caller:
    """A token that counts, and for whom it acts."""

    token: ApiToken
    user: User


def caller_of(request: HttpRequest) -> Caller:
    """Who calls.

    Raises:
        Problem: ``unauthorized``, the same for whatever is wrong with the token; ``too-many-failures``,
            ``too-many-requests``, ``address-refused``, ``outside-service-hours``.
    """
    token = _token(request)
    _paced(token)
    holder = token.holder
    if not admitted(holder, request):
        _failed(request, "address", token)
        raise Problem("address-refused")
    if is_closed(Hours.LIST):
        raise closed(Hours.LIST)
    _used(token, request)
    return Caller(token, token.user)


def closed(hours: Hours) -> Problem:
    """The problem that tells the hours."""
    opens = opens_next(hours, clock.now())
    return Problem(
        "outside-service-hours",
        f"ただいまはご利用いただけません。ご利用時間は{WINDOWS[hours].words}です。"
        f"次は {opens:%Y-%m-%d %H:%M} からご利用いただけます。",
        headers={"Retry-After": str(math.ceil((opens - clock.now()).total_seconds()))},
    )


def _token(request: HttpRequest) -> ApiToken:
    told = request.META.get("HTTP_AUTHORIZATION", "")
    if not told:
        raise Problem("unauthorized")
    form = _BEARER.fullmatch(told.strip())
    if form is None:
        raise _failed(request, "form")
    # Looked up by its hash: how long that takes says nothing about tokens that exist.
    rows = ApiToken.objects.select_related("user__holder", "holder")
    token: ApiToken | None = rows.filter(token_hash=hashed(form[1])).first()
    if token is None:
        raise _failed(request, "unknown")
    if token.withdrawn_at is not None:
        raise _failed(request, "withdrawn", token)
    if token.last_day < clock.today():
        raise _failed(request, "expired", token)
    if not token.user.active or token.user.locked:
        raise _failed(request, "user", token)
    return token


def _paced(token: ApiToken) -> None:
    """Lets a token pass that does not come too often; counted in memory, since a row per request would cost more than it saves."""
    key = f"api-{token.pk}-{int(time.monotonic() // SPAN)}"
    cache.add(key, 0, SPAN * 2)
    if cache.incr(key) > MOST_REQUESTS:
        raise Problem("too-many-requests", headers={"Retry-After": str(SPAN)})


@transaction.atomic
def _failed(request: HttpRequest, why: str, token: ApiToken | None = None) -> Problem:
    """Counts and writes down a try that failed; what to tell. More than the limit from one address are answered shortly, and
    written down no more; a token that counts is not bound by it.
    """
    address = address_of(request)[:45]
    row = limits.count("api", By.ADDRESS, address)
    if row.closed_until is not None and limits.is_beyond(row):
        wait = math.ceil((row.closed_until - clock.now()).total_seconds())
        return Problem("too-many-failures", headers={"Retry-After": str(max(wait, 1))})
    detail: dict[str, Any] = {"address": address, "why": why, "failures": row.count}
    audit("api", "api-token-refused", str(token.pk) if token else "", **detail)
    if token is not None:
        of_user = limits.count("refused", By.TARGET, token.user.login_id)
        if not limits.is_beyond(of_user):
            record(token.user, "11-2")
    return Problem("unauthorized")


def _used(token: ApiToken, request: HttpRequest) -> None:
    """Keeps when and from where the token was used last."""
    now, address = clock.now(), address_of(request)[:45]
    known = token.last_used_at
    if known is not None and timedelta(0) <= now - known < _FRESH and token.last_used_address == address:
        return
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_address=address)
