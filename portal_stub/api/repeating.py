"""Requests with an Idempotency-Key: the same again gets the same answer, another content under the key is refused.

A key belongs to a Webユーザー. It is taken before anything is done and bound to the answer when that is positive; what was
refused leaves it free, so that a corrected file may use it. After a crash the next request goes on where it broke off:
the upload is named in the row before it is sent, and sending under the row happens once (``DoneOnce``).
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.api.models import KeyedRequest
from portal_stub.api.problems import Problem
from schemas.submission import Refusal

_LEASE = 300
"""Real seconds in which one request works under a key; after a crash the next may go on then."""


@dataclass
class Keyed:
    """A key in our hands."""

    row: KeyedRequest

    @property
    def subject(self) -> str:
        """The upload that a request that broke off had kept."""
        return str(self.row.subject)

    @property
    def once(self) -> str:
        """Under which name the deed is done once."""
        return f"api-{self.row.pk}-{self.row.key_hash[:20]}"

    def keep(self, subject: str) -> None:
        """Names the upload before anything happens to it."""
        KeyedRequest.objects.filter(pk=self.row.pk).update(subject=subject)
        self.row.subject = subject


def fingerprint(parts: Iterable[str]) -> str:
    """What was sent, in one word."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:".encode() + part.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def answered_once(
    user: User, key: str, content: str, work: Callable[[Keyed], tuple[int, dict[str, Any]]]
) -> tuple[int, dict[str, Any], bool]:
    """Status, answer, and whether it is that of an earlier request.

    Raises:
        Problem: ``idempotency-key-reused``, ``idempotency-in-progress``.
    """
    name = base64.urlsafe_b64encode(hashlib.sha256(f"{user.pk}:{key}".encode()).digest()).decode()
    row, new = KeyedRequest.objects.get_or_create(
        user=user,
        key_hash=name.rstrip("="),
        defaults={"fingerprint": content, "claimed_until": int(time.time()) + _LEASE, "at": clock.now()},
    )
    if row.fingerprint != content:
        raise Problem("idempotency-key-reused")
    if row.status is not None:
        return row.status, json.loads(row.answer), True
    if not new:
        now = int(time.time())
        over = Q(pk=row.pk, status__isnull=True, claimed_until=row.claimed_until, claimed_until__lt=now)
        if KeyedRequest.objects.filter(over).update(claimed_until=now + _LEASE) != 1:
            raise Problem("idempotency-in-progress", headers={"Retry-After": "2"})
    try:
        status, answer = work(Keyed(row))
    except (Problem, Refusal):
        # Nothing was done: the key is free for a corrected request.
        KeyedRequest.objects.filter(pk=row.pk).delete()
        raise
    except Exception:
        # Who knows how far it came: the same request goes on from there.
        KeyedRequest.objects.filter(pk=row.pk).update(claimed_until=0)
        raise
    KeyedRequest.objects.filter(pk=row.pk).update(status=status, answer=json.dumps(answer))
    return status, answer, False
