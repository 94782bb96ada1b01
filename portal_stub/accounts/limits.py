"""How often a door may be tried: from one address, and about one target. No pages and no words of answers here.

A door is what anybody can try who knows nothing: a login, a reissue, a mail to any address. Each has a limit by address –
of an IPv6 network of 64 bits, which one machine may have to itself – and one by target. What is beyond it is refused for
a time that is told and that ends by itself: no stranger closes a door for longer than that.

Counts are rows, few and short-lived (``tidy``): beyond the limit of its address nobody makes new ones.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import Attempts

_LONGEST_KEY = 64
KEPT = timedelta(days=2)
"""How long counts stay after their last try; longer than any span and rest below."""


class By(StrEnum):
    """What is counted at a door."""

    ADDRESS = "address"
    TARGET = "target"


@dataclass(frozen=True)
class Limit:
    """So many tries within a span; the last of them closes the door for ``rest``, or until the span is over."""

    most: int
    span: timedelta
    rest: timedelta | None = None


@dataclass(frozen=True)
class Door:
    """A door with its limits; the label is how the desk's page calls it."""

    label: str
    address: Limit
    target: Limit | None = None

    def limit(self, by: By) -> Limit | None:
        """What is counted by address, or by target."""
        return self.address if by is By.ADDRESS else self.target


_TEN_MINUTES, _HOUR, _DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)

DOORS = {
    "login": Door("ログイン", Limit(30, _TEN_MINUTES)),
    "desk-login": Door("デスクへのログイン", Limit(30, _TEN_MINUTES)),
    "reissue": Door("パスワード再発行", Limit(10, _HOUR), Limit(3, _HOUR)),
    "registration": Door("登録用URLの送信", Limit(10, _HOUR)),
    "registration-password": Door("登録用パスワード", Limit(30, _TEN_MINUTES)),
    "one-time-password": Door("ワンタイムパスワード", Limit(30, _TEN_MINUTES), Limit(10, _HOUR)),
    "api": Door("API", Limit(30, _TEN_MINUTES)),
    "refused": Door("権限のない参照", Limit(20, _TEN_MINUTES), Limit(20, _TEN_MINUTES)),
}
"""Failures count at a login, at passwords and at the API; every try where it sends a mail.

A target without limit here has one of its own: a login's is ``lock_limit``, a registration's its URL, a mail address its mails.
"""


class TryLater(Exception):
    """A door is closed until an instant; nothing was done."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def lock_limit() -> Limit:
    """Wrong passwords in a row that lock an ID, and for how long (G-138); the same for IDs that do not exist."""
    return Limit(settings.PORTAL.login_failures, _DAY, timedelta(minutes=settings.PORTAL.lock_minutes))


def closed_until(door: str, by: By, key: str) -> datetime | None:
    """Until when a door is closed for an address or a target; None when it is open."""
    row = Attempts.objects.filter(door=door, by=by, key=_kept(by, key)).first()
    return row.closed_until if row is not None and _is_closed(row, clock.now()) else None


def look(door: str, address: str) -> None:
    """Lets an address pass that has tries left.

    Raises:
        TryLater: it has none.
    """
    until = closed_until(door, By.ADDRESS, address)
    if until is not None:
        raise TryLater(until)


def count(door: str, by: By, key: str, limit: Limit | None = None) -> Attempts:
    """Counts a try and returns the row as it is then; a try while the door is closed changes nothing but the count."""
    limit = limit or DOORS[door].limit(by)
    if limit is None:
        raise ValueError(f"no limit of {door} by {by}")
    now = clock.now()
    with transaction.atomic():
        Attempts.objects.get_or_create(
            door=door, by=by, key=_kept(by, key), defaults={"since": now, "last": now}
        )
        row = Attempts.objects.select_for_update().get(door=door, by=by, key=_kept(by, key))
        if not _is_closed(row, now) and (
            row.closed_until is not None or not row.since <= now < row.since + limit.span
        ):
            row.since, row.count, row.closed_until = now, 0, None
        row.count += 1
        row.last = now
        if row.count >= limit.most and row.closed_until is None:
            row.closed_until = now + limit.rest if limit.rest else row.since + limit.span
        row.save(update_fields=["since", "count", "closed_until", "last"])
    return row


def is_beyond(row: Attempts) -> bool:
    """Whether a counted try was one more than its door allows."""
    limit = DOORS[row.door].limit(By(row.by))
    return limit is not None and row.count > limit.most


def tidy() -> None:
    """Takes away counts that bind nobody any more."""
    Attempts.objects.filter(last__lt=clock.now() - KEPT).delete()


def _is_closed(row: Attempts, now: datetime) -> bool:
    # A count of the future (the clock was put back) binds nobody.
    return row.closed_until is not None and row.last <= now < row.closed_until


def _kept(by: By, key: str) -> str:
    if by is By.ADDRESS:
        key = _network(key)
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
