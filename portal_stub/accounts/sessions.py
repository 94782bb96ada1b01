"""Login, logout, and the watch over running sessions. Seed 000 ch. 1 §2-2; G-060, G-071, G-136 to G-139, S-012."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from portal_stub import clock
from portal_stub.accounts.addresses import address_of, admitted
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


def log_in(request: HttpRequest, login_id: str, password: str, *, staff: bool) -> Verdict:
    """Tries a login. Five consecutive wrong passwords lock the ID (G-138); a newer login ends the older session."""
    # The hash takes long and is compared before the transaction, so that nobody waits for it.
    found = User.objects.filter(login_id=login_id).first()
    if found is None or found.is_staff_member != staff:
        make_password(password)  # takes as long as a real check
        audit("login", "login-failed", login_id, address=address_of(request), why="unknown")
        return Verdict.WRONG
    right = found.check_password(password)
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=found.pk)
        # A password that was replaced meanwhile is a wrong one.
        right = right and user.password == found.password
        if refused := _refused(request, user, right):
            return refused
        now = clock.now()
        user.failures, user.session_token = 0, secrets.token_urlsafe(32)
        user.previous_login_at, user.last_login_at = user.last_login_at, now
        user.save(update_fields=["failures", "session_token", "previous_login_at", "last_login_at"])
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
        user.failures += 1
        user.locked = user.failures >= settings.PORTAL.login_failures
        user.save(update_fields=["failures", "locked"])
        return told("password", Verdict.LOCKED if user.locked else Verdict.WRONG)
    if not user.active:
        return told("inactive", Verdict.WRONG)
    if not all(admitted(holder, request) for holder in user.bound_by()):
        return told("address", Verdict.ADDRESS)
    return None


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
    if not all(admitted(holder, request) for holder in user.bound_by()):
        return Ended.REFUSED
    return None
