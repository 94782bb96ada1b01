"""Submissions as a caller sees them: what the pipeline told (read model), and what is still on its way there.

Which of them exist for the caller is ``visibility``, as in the lists of the pages.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.api.cursors import cursor, instant_and_id, number
from portal_stub.feed.models import Refused, Submission
from portal_stub.feed.standing import Waiting, standing
from portal_stub.ledgers.models import Upload
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.submission import Status
from sensors.windows import TOKYO


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


def of_upload(row: Upload, refused: Refused | None) -> dict[str, Any]:
    """What programs are told of an upload that the pipeline has not told of."""
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
        "status": Status.NEEDS_CHECK if refused else Status.BEFORE_ACCEPTANCE,
        "held": False,
        "errors": None,
        "warnings": None,
        "premium_total_yen": None,
        "refused": _refusal(refused) if refused else None,
    }


def _refusal(refused: Refused) -> dict[str, Any]:
    return {"code": refused.code, "message": refused.message, "at": refused.at.astimezone(TOKYO)}


def sent(row: Upload) -> dict[str, Any]:
    """What a program is told when its upload was taken."""
    now = row.standing(clock.now())
    return {
        "dispatch_id": row.pk,
        "status": str(now.status if now else Status.BEFORE_ACCEPTANCE),
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

    What the portal sent stands at the instant of sending, before and after the pipeline told of it; the rest, that came
    another way, at its receipt. ``start`` and ``end`` are days of that, both included.
    """
    now = clock.now()
    here = Exists(Upload.objects.filter(pk=OuterRef("dispatch")))
    others, own = seen(Resource.SUBMISSION, user).filter(~here), seen(Resource.SENT_UPLOAD, user)
    own = own.select_related("user", "holder")
    if product:
        others, own = others.filter(product=product), own.filter(product=product)
    if start:
        first = _midnight(start)
        others, own = others.filter(received_at__gte=first), own.filter(sent_at__gte=first)
    if end:
        last = _midnight(end, days=1)
        others, own = others.filter(received_at__lt=last), own.filter(sent_at__lt=last)
    if status:
        others, own = others.in_status(status, now), own.filter(_uploads_in(status, now))
    if after:
        at, name = instant_and_id(after)
        if name.startswith("S"):  # of one instant, what came another way stands first
            others = others.filter(Q(received_at__lt=at) | Q(received_at=at, submission_id__lt=name))
            own = own.filter(sent_at__lte=at)
        else:
            others = others.filter(received_at__lt=at)
            own = own.filter(Q(sent_at__lt=at) | Q(sent_at=at, id__lt=name))
    rows: list[Any] = [(row.received_at, 1, row.pk, row) for row in _first(others, "received_at", limit)]
    rows += [(row.sent_at, 0, row.pk, row) for row in _first(own, "sent_at", limit)]
    rows.sort(key=lambda row: row[:3], reverse=True)
    page = rows[:limit]
    more = cursor(page[-1][0].isoformat(), page[-1][2]) if len(rows) > limit else None
    return _told([row[3] for row in page], now), more


def _first(rows: Any, order: str, limit: int) -> Any:
    return rows.order_by(f"-{order}", "-pk")[: limit + 1]


def _uploads_in(status: Status, now: datetime) -> Any:
    """Uploads in a status: as the pipeline told of them, else as ``Upload.standing``."""
    known = Submission.objects.filter(dispatch=OuterRef("pk"))
    refused = Exists(Refused.objects.filter(pk=OuterRef("pk")))
    wanted = Q(Exists(known.in_status(status, now)))
    if status is Status.BEFORE_ACCEPTANCE:
        wanted |= ~Exists(known) & ~refused
    if status is Status.NEEDS_CHECK:
        wanted |= ~Exists(known) & refused
    return wanted


def _told(rows: list[Any], now: datetime) -> list[dict[str, Any]]:
    uploads = [row.pk for row in rows if isinstance(row, Upload)]
    known = {row.dispatch: row for row in Submission.objects.filter(dispatch__in=uploads)}
    refused = Refused.objects.in_bulk(uploads)
    return [
        of_submission(row, now)
        if isinstance(row, Submission)
        else of_submission(known[row.pk], now)
        if row.pk in known
        else of_upload(row, refused.get(row.pk))
        for row in rows
    ]


def _midnight(day: date, days: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days), time(0), TOKYO)


def one(row: Submission | Upload, name: str) -> dict[str, Any]:
    """A submission, or an upload without one, and what is behind its status (place in the queue and the like).

    ``name``: as it was asked for.
    """
    waiting = Waiting(clock.now())
    if isinstance(row, Submission):
        told, now = of_submission(row, waiting.now), standing(name, row, "", waiting)
    else:
        refused = Refused.objects.filter(pk=row.pk).first()
        told = of_upload(row, refused)
        now = standing(name, None, refused.message if refused else "", waiting)
    return told | {"words": list(now.words), "ask_again_seconds": now.pause or None}


def submission_id(row: Submission | Upload) -> str:
    """The S-number of a submission, empty while it has none."""
    return str(row.pk) if isinstance(row, Submission) else ""


def findings(row: Submission | Upload, after: str | None, limit: int) -> tuple[list[Any], str | None, int]:
    """A page of the findings of a submission, the cursor of the next one, and how many there are in all."""
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
