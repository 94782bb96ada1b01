"""Login, logout, and the watch over running sessions. Seed 000 ch. 1 §2-2; G-060, G-071, G-136 to G-139, S-012."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from portal_stub import clock
from portal_stub.accounts import hashing, limits
from portal_stub.accounts.addresses import address_of, admits
from portal_stub.accounts.models import User
from portal_stub.history.recording import audit, record
from portal_stub.hours import last_stop

_FRESH = timedelta(seconds=20)
"""A session seen so lately is not written again: its idle end may come so much earlier."""


class Ended(StrEnum):
    """Why a session ended."""

    IDLE = "idle"
    NEWER_LOGIN = "newer-login"
    REFUSED = "refused"
    """The ID became 無効, its password was reset, or the address is not admitted."""
    HOURS = "hours"
    """The nightly stop came (S-047)."""


class Verdict(StrEnum):
    """What came of a login."""

    DONE = "done"
    WRONG = "wrong"
    LOCKED = "locked"
    ADDRESS = "address"


class Locked(Exception):
    """Too many wrong passwords were typed in a session: the ID is locked and the session over."""


def log_in(request: HttpRequest, login_id: str, password: str, *, staff: bool) -> Verdict:
    """Tries a login. Five consecutive wrong passwords lock the ID for a while (G-138), whether it exists or not; a newer
    login ends the older session.

    Raises:
        TryLater: too many tries from this address.
        Busy: too many at once.
    """
    door, address = "desk-login" if staff else "login", address_of(request)
    limits.look(door, address)
    found = User.objects.filter(login_id=login_id).first()
    if found is not None and found.is_staff_member != staff:
        found = None
    # The hash takes long and is compared before the transaction, so that nobody waits for it.
    right = hashing.matches(found, password)
    if found is None:
        return _unknown(door, address, login_id)
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=found.pk)
        # A password that was replaced meanwhile is a wrong one.
        right = right and user.password == found.password
        if refused := _refused(request, user, right):
            limits.count(door, limits.By.ADDRESS, address)
            return refused
        now = clock.now()
        user.failures, user.locked_until, user.session_token = 0, None, secrets.token_urlsafe(32)
        user.previous_login_at, user.last_login_at = user.last_login_at, now
        user.save(
            update_fields=["failures", "locked_until", "session_token", "previous_login_at", "last_login_at"]
        )
        auth.login(request, user)  # a new session key: what was fixed before is worth nothing
        request.session["token"] = user.session_token
        request.session["seen"] = now.isoformat()
        if staff:
            audit(user.login_id, "desk-login", address=address_of(request))
        else:
            record(user, "1-1")
    return Verdict.DONE


def _refused(request: HttpRequest, user: User, right: bool) -> Verdict | None:
    """Why a known ID is not let in; counts wrong passwords and locks at the limit."""

    def told(why: str, verdict: Verdict) -> Verdict:
        audit("login", "login-failed", user.login_id, address=address_of(request), why=why)
        return verdict

    if user.locked:
        return told("locked", Verdict.LOCKED)
    if not right:
        _count_wrong(user)
        return told("password", Verdict.LOCKED if user.locked else Verdict.WRONG)
    if not user.active:
        return told("inactive", Verdict.WRONG)
    if not admits(user, request):
        return told("address", Verdict.ADDRESS)
    return None


def _count_wrong(user: User) -> None:
    """Counts a wrong password of a row that is held, and locks at the limit."""
    limit, now = limits.lock_limit(), clock.now()
    fresh = user.failed_at is None or not user.failed_at <= now < user.failed_at + limit.span
    # A lock that is over starts the count anew. The day begins with the first failure, as of an ID that is not there:
    # counted from the last one, a slow guesser could tell them apart.
    if fresh or user.locked_until is not None or not user.failures:
        user.failures, user.failed_at = 0, now
    user.failures, user.locked_until = user.failures + 1, None
    if user.failures >= limit.most:
        user.locked_until = now + (limit.rest or limit.span)
    user.save(update_fields=["failures", "failed_at", "locked_until"])


def _unknown(door: str, address: str, login_id: str) -> Verdict:
    """What an ID that is not there is told: word for word what one that is there would be told."""
    audit("login", "login-failed", login_id, address=address, why="unknown")
    limits.count(door, limits.By.ADDRESS, address)
    row = limits.count(door, limits.By.TARGET, login_id, limits.lock_limit())
    return Verdict.LOCKED if row.closed_until is not None else Verdict.WRONG


def knows_password(request: HttpRequest, password: str) -> bool:
    """Whether who sits at a session knows its password; wrong ones count as at the login.

    Raises:
        Locked: that was one too many; the session is over.
        Busy: too many passwords are being compared at once.
    """
    right = hashing.matches(request.user, password)
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=request.user.pk)
        if right and not user.locked:
            if user.failures:
                user.failures = 0
                user.save(update_fields=["failures"])
            return True
        if not user.locked:
            _count_wrong(user)
        audit(user.login_id, "password-refused", user.login_id, address=address_of(request))
        locked = user.locked
        if locked:
            end_sessions(user)
    if locked:
        auth.logout(request)
        raise Locked
    return False


def log_out(request: HttpRequest) -> None:
    """Ends the session on the server (S-023)."""
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk, session_token=request.session.get("token", "")).update(
            session_token=""
        )
    auth.logout(request)


def end_sessions(user: User) -> None:
    """Ends every session of a user by its next request."""
    user.session_token = ""
    User.objects.filter(pk=user.pk).update(session_token="")


class SessionWatch:
    """Ends sessions that no longer count, before any view sees them; rights are read afresh with every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Looks at the session, then lets the request pass."""
        if "_auth_user_id" in request.session:
            ended = _why_ended(request)
            if ended is not None:
                if not _is_passive(request):  # the next click tells the user why
                    auth.logout(request)
                request.user = AnonymousUser()
                request.session_ended = ended
            elif clock.now() - datetime.fromisoformat(request.session["seen"]) >= _FRESH and not _is_passive(
                request
            ):
                request.session["seen"] = clock.now().isoformat()
        return self.get_response(request)


def _is_passive(request: HttpRequest) -> bool:
    """Whether a page asked for this by itself (``access.Route.passive``)."""
    try:
        found = resolve(request.path_info).func
    except Resolver404:
        return False
    return bool(getattr(getattr(found, "route", None), "passive", False))


def _why_ended(request: HttpRequest) -> Ended | None:
    user = request.user
    if not user.is_authenticated or not user.active or not user.session_token:
        return Ended.REFUSED
    if not secrets.compare_digest(user.session_token, request.session.get("token", "")):
        return Ended.NEWER_LOGIN
    seen = datetime.fromisoformat(request.session["seen"])
    if settings.PORTAL.service_hours and not user.is_staff_member and seen < last_stop(clock.now()):
        return Ended.HOURS
    if clock.now() - seen > timedelta(minutes=settings.PORTAL.idle_minutes):
        return Ended.IDLE
    if not admits(user, request):
        return Ended.REFUSED
    return None
