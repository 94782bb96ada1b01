"""Documents as a caller sees them, and their files.

Which of them exist for the caller is ``visibility``, as on the pages.
"""

from datetime import date, datetime, time, timedelta
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Q
from django.http import Http404

from portal_stub.accounts.models import User
from portal_stub.api.cursors import cursor, instant_and_id
from portal_stub.api.models import ApiToken
from portal_stub.feed import papers
from portal_stub.feed.models import Document
from portal_stub.history.recording import audit, record
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from sensors.windows import TOKYO


def of_document(row: Document) -> dict[str, Any]:
    """What programs are told of a document."""
    return {
        "document_id": row.pk,
        "kind": row.kind,
        "format": row.format,
        "file_name": PurePosixPath(row.path).name,
        "size": row.size,
        "sha256": row.sha256,
        "submission_id": row.submission_id or None,
        "agreement": row.agreement or None,
        "department": row.department or None,
        "month": row.month or None,
        "created_at": row.created_at.astimezone(TOKYO),
        "expires_at": row.expires_at.astimezone(TOKYO) if row.expires_at else None,
    }


def found(
    user: User, *, kind: str | None, start: date | None, end: date | None, after: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of documents, newest first, and the cursor of the next one; days are those of their making."""
    rows = seen(Resource.DOCUMENT, user).order_by("-created_at", "-document_id")
    if kind:
        rows = rows.filter(kind=kind)
    if start:
        rows = rows.filter(created_at__gte=datetime.combine(start, time(0), TOKYO))
    if end:
        rows = rows.filter(created_at__lt=datetime.combine(end + timedelta(1), time(0), TOKYO))
    if after:
        at, name = instant_and_id(after)
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, document_id__lt=name))
    page = list(rows[: limit + 1])
    last = page[limit - 1] if len(page) > limit else None
    more = cursor(last.created_at.isoformat(), last.pk) if last else None
    return [of_document(row) for row in page[:limit]], more


def of_a_submission(user: User, submission_id: str) -> list[dict[str, Any]]:
    """The documents of one submission that the user may see, in order of their making."""
    if not submission_id:
        return []
    return [of_document(row) for row in seen(Resource.DOCUMENT, user).filter(submission_id=submission_id)]


def opened(user: User, token: ApiToken, row: Document) -> tuple[BinaryIO, str]:
    """The file of a document and its name; that it was fetched is kept: 提供データ in the access history.

    Raises:
        Http404: the file is not there.
    """
    try:
        stream = papers.opened(row.path)
    except papers.NoFile as reason:
        raise Http404 from reason
    with transaction.atomic():
        if row.kind == "provided_data":
            record(user, "8-1")
        audit(user.login_id, "api-document-read", row.pk, token=token.pk, document=row.pk)
    return stream, PurePosixPath(row.path).name
