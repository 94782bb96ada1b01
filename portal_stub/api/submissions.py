"""Submissions as a caller sees them: what the pipeline told (read model), and what is still on its way there.

Only those of the caller's own holder, and only his own where his 申込データ参照範囲 says so; others do not exist.
"""

import re
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django.db.models import Q
from django.http import Http404

from portal_stub import clock
from portal_stub.accounts.models import ApplicationScope, User
from portal_stub.api.cursors import cursor, instant_and_id, number
from portal_stub.feed.models import Refused, Submission
from portal_stub.ledgers.models import Upload
from schemas.submission import DISPATCH, Status
from sensors.windows import TOKYO, status_of

_SUBMISSION = re.compile(r"S[0-9]{1,18}")


def told_to(user: User) -> Any:
    """The submissions of the read model that a user may see."""
    rows = Submission.objects.filter(holder=user.holder.code)
    if user.application_scope == ApplicationScope.ALL:
        return rows
    if user.application_scope == ApplicationScope.OWN:
        return rows.filter(user=user.login_id)
    return rows.none()


def under_way(user: User) -> Any:
    """The uploads that were sent and of which the read model knows nothing but, maybe, that they were refused."""
    known = Submission.objects.exclude(dispatch="").values("dispatch")
    rows = (
        Upload.objects.filter(holder=user.holder)
        .exclude(state=Upload.State.DRAFT)
        .exclude(pk__in=known)
        .select_related("user", "holder")
    )
    if user.application_scope == ApplicationScope.ALL:
        return rows
    if user.application_scope == ApplicationScope.OWN:
        return rows.filter(user=user)
    return rows.none()


def of_submission(row: Submission, now: datetime) -> dict[str, Any]:
    """What programs are told of a submission."""
    return {
        "dispatch_id": row.dispatch or None,
        "submission_id": row.pk,
        "product": row.product,
        "holder": row.holder,
        "user": row.user,
        "file_name": row.file_name,
        "declared_count": row.declared_count,
        "received_at": row.received_at.astimezone(TOKYO),
        "acceptance_date": row.acceptance_date,
        "status": row.status_at(now),
        "held": row.held,
        "errors": row.errors,
        "warnings": row.warnings,
        "premium_total_yen": row.premium_total_yen,
        "refused": None,
    }


def of_upload(row: Upload, refused: Refused | None, now: datetime) -> dict[str, Any]:
    """What programs are told of an upload that the pipeline has not told of."""
    status = Status.NEEDS_CHECK if refused else _status(row, now)
    return {
        "dispatch_id": row.pk,
        "submission_id": None,
        "product": row.product,
        "holder": row.holder.code,
        "user": row.user.login_id,
        "file_name": row.file_name,
        "declared_count": row.count,
        "received_at": row.sent_at.astimezone(TOKYO),
        "acceptance_date": None if refused else row.expected_on,
        "status": status,
        "held": False,
        "errors": None,
        "warnings": None,
        "premium_total_yen": None,
        "refused": {
            "code": refused.code,
            "message": refused.message,
            "at": refused.at.astimezone(TOKYO),
        }
        if refused
        else None,
    }


def _status(row: Upload, now: datetime) -> Status:
    """As it will be told once it is received: by its acceptance day and the hour."""
    return status_of(row.expected_on, now, None) if row.expected_on else Status.BEFORE_ACCEPTANCE


def sent(row: Upload) -> dict[str, Any]:
    """What a program is told when its upload was taken."""
    return {
        "dispatch_id": row.pk,
        "status": str(_status(row, clock.now())),
        "acceptance_date": row.expected_on.isoformat() if row.expected_on else None,
        "sent_at": row.sent_at.astimezone(TOKYO).isoformat(),
    }


def found(
    user: User,
    *,
    product: str | None,
    status: Status | None,
    start: date | None,
    end: date | None,
    after: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of what a user sees, newest first, and the cursor of the next one.

    ``start`` and ``end`` are days of receipt (受付日時), both included.
    """
    now = clock.now()
    told, waiting = told_to(user).order_by("-received_at", "-submission_id"), under_way(user)
    waiting = waiting.order_by("-sent_at", "-id")
    if product:
        told, waiting = told.filter(product=product), waiting.filter(product=product)
    if start:
        first = _midnight(start)
        told, waiting = told.filter(received_at__gte=first), waiting.filter(sent_at__gte=first)
    if end:
        last = _midnight(end, days=1)
        told, waiting = told.filter(received_at__lt=last), waiting.filter(sent_at__lt=last)
    if status:
        told = told.in_status(status, now)
    if after:
        at, name = instant_and_id(after)
        if name.startswith("S"):  # of one instant, what was received comes before what is under way
            told = told.filter(Q(received_at__lt=at) | Q(received_at=at, submission_id__lt=name))
            waiting = waiting.filter(sent_at__lte=at)
        else:
            told = told.filter(received_at__lt=at)
            waiting = waiting.filter(Q(sent_at__lt=at) | Q(sent_at=at, id__lt=name))
    rows = [(row.received_at, 1, row.pk, of_submission(row, now)) for row in told[: limit + 1]]
    rows += islice(_waiting(waiting, status, now), limit + 1)
    rows.sort(key=lambda row: row[:3], reverse=True)
    page = rows[:limit]
    more = cursor(page[-1][0].isoformat(), page[-1][2]) if len(rows) > limit else None
    return [row[3] for row in page], more


def _waiting(rows: Any, status: Status | None, now: datetime) -> Any:
    """Uploads under way in a status; there are few of them at any time but those that were refused."""
    refused = Refused.objects.values("dispatch")
    if status is Status.NEEDS_CHECK:
        rows = rows.filter(pk__in=refused)
    elif status is Status.DONE:
        rows = rows.none()
    elif status is not None:
        rows = rows.exclude(pk__in=refused)
    for row in rows.iterator(chunk_size=200):
        told = of_upload(row, Refused.objects.filter(pk=row.pk).first(), now)
        if status is None or told["status"] == status:
            yield row.sent_at, 0, row.pk, told


def _midnight(day: date, days: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days), time(0), TOKYO)


def one(user: User, name: str) -> dict[str, Any]:
    """The submission of this number, or dispatch.

    Raises:
        Http404: there is none that the user may see.
    """
    row = _row(user, name)
    now = clock.now()
    if isinstance(row, Submission):
        return of_submission(row, now)
    return of_upload(row, Refused.objects.filter(pk=row.pk).first(), now)


def _row(user: User, name: str) -> Any:
    row: Any = None
    if _SUBMISSION.fullmatch(name):
        row = told_to(user).filter(pk=name).first()
    elif DISPATCH.fullmatch(name):
        row = told_to(user).filter(dispatch=name).first() or under_way(user).filter(pk=name).first()
    if row is None:
        raise Http404
    return row


def submission_id(user: User, name: str) -> str:
    """The S-number of a submission, empty while it has none.

    Raises:
        Http404: as above.
    """
    row = _row(user, name)
    return str(row.pk) if isinstance(row, Submission) else ""


def findings(user: User, name: str, after: str | None, limit: int) -> tuple[list[Any], str | None, int]:
    """A page of the findings of a submission, the cursor of the next one, and how many there are in all.

    Raises:
        Http404: as above.
    """
    row = _row(user, name)
    if not isinstance(row, Submission):
        return [], None, 0
    rows = row.findings.order_by("position")
    if after:
        rows = rows.filter(position__gt=number(after))
    page = list(rows[: limit + 1])
    more = cursor(str(page[limit - 1].position)) if len(page) > limit else None
    return [of_finding(one) for one in page[:limit]], more, row.findings_total


def of_finding(row: Any) -> dict[str, Any]:
    """A finding as ``daicho findings`` tells it."""
    blank = {name: getattr(row, name) or None for name in ("cell", "field", "value")}
    kept = {name: getattr(row, name) for name in ("record", "line", "code", "severity", "message")}
    return kept | blank
