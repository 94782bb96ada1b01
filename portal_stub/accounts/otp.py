"""ワンタイムパスワード: issue and entry. Seed 003 ch. 3 §5; G-113 to G-124."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from portal_stub import clock
from portal_stub.accounts import limits
from portal_stub.accounts.addresses import address_of
from portal_stub.accounts.models import OneTimePassword, User
from portal_stub.history.recording import audit
from portal_stub.mails.sending import post

DIGITS = 6
_DOOR = "one-time-password"
MOST_FAILURES = 2
MOST_ISSUES, ISSUE_SPAN = 5, timedelta(minutes=10)
"""More would flood a mailbox, and give more tries at guessing than the two per password."""


class Entry(StrEnum):
    """What came of an entry."""

    OPEN = "open"
    WRONG = "wrong"
    EXPIRED = "expired"


@transaction.atomic
def issue(request: HttpRequest) -> datetime | None:
    """Mails a new one-time password to the user who asks; former ones end (G-117, G-123).

    None when it was issued; else the instant from which one can be issued again, and the former one stays.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=request.user.pk)
    recent = user.one_time_passwords.filter(issued_at__gt=clock.now() - ISSUE_SPAN).order_by("-issued_at")
    counted = list(recent.values_list("issued_at", flat=True)[:MOST_ISSUES])
    if len(counted) == MOST_ISSUES:
        audit(user.login_id, "otp-issue-refused")
        return counted[-1] + ISSUE_SPAN
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    user.one_time_passwords.filter(closed=False).update(closed=True)
    OneTimePassword.objects.create(
        user=user,
        code_hash=_hashed(user, code),
        session_token=user.session_token,
        issued_at=clock.now(),
    )
    post("one-time-password", user.mail, user=user, secret=code, minutes=settings.PORTAL.otp_minutes)
    audit(user.login_id, "otp-issued")
    return None


def enter(request: HttpRequest, typed: str) -> Entry:
    """Compares what was typed with the valid one-time password of this session.

    It lives 10 minutes and dies of the second wrong entry; a right one opens all menus until the session ends.

    Raises:
        TryLater: too many wrong ones, by the user or from the address.
    """
    address = address_of(request)
    limits.look(_DOOR, address)
    if until := limits.closed_until(_DOOR, limits.By.TARGET, request.user.login_id):
        raise limits.TryLater(until)
    return _compared(request, typed)


@transaction.atomic
def _compared(request: HttpRequest, typed: str) -> Entry:
    user = User.objects.select_for_update(of=("self",)).get(pk=request.user.pk)
    valid = (
        user.one_time_passwords.filter(closed=False, session_token=user.session_token).order_by("-id").first()
    )
    if valid is None:
        return Entry.EXPIRED
    if clock.now() >= valid.issued_at + timedelta(minutes=settings.PORTAL.otp_minutes):
        valid.closed = True
        valid.save(update_fields=["closed"])
        return Entry.EXPIRED
    if not constant_time_compare(_hashed(user, typed), valid.code_hash):
        valid.failures += 1
        valid.closed = valid.failures >= MOST_FAILURES
        valid.save(update_fields=["failures", "closed"])
        limits.count(_DOOR, limits.By.ADDRESS, address_of(request))
        limits.count(_DOOR, limits.By.TARGET, user.login_id)
        audit(user.login_id, "otp-wrong", failures=valid.failures)
        return Entry.EXPIRED if valid.closed else Entry.WRONG
    valid.closed = True
    valid.save(update_fields=["closed"])
    # What it opens is for this browser alone: a copy of the cookie from before is worth nothing now.
    request.session.cycle_key()
    request.session["otp_entered"] = user.session_token
    audit(user.login_id, "otp-entered")
    return Entry.OPEN


def _hashed(user: User, code: str) -> str:
    return salted_hmac(f"otp-{user.pk}-{user.session_token}", code, algorithm="sha256").hexdigest()
