"""申請済一覧・通知済一覧: what was handed in, as queries. The pages are ``sent_views``.

Two sources make the list: what this portal sent (``Upload``), which is there from the moment of sending, and what came
another way (SFTP, command), which the feed tells (``Submission``). They are put together by the database, which also
leaves out what is known from both. Seed 000 ch. 9 §4-1 C, D; P-032, P-036 to P-039, C-018.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal_stub.accounts.models import User
from portal_stub.feed.models import Refused, Submission
from portal_stub.feed.views import CHANNELS
from portal_stub.ledgers.functions import FUNCTIONS, LedgerFunction
from portal_stub.ledgers.models import Upload
from portal_stub.visibility.judging import find as visible
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.submission import Status
from sensors.windows import TOKYO

PER_PAGE = 20
SENT = (Upload.State.SENDING, Upload.State.SENT)


@dataclass(frozen=True)
class Row:
    """One hand-in as the list, its own page and 申請完了 show it."""

    key: str
    """In addresses: the id of the upload, or 受付番号 when the portal did not send it."""
    file_name: str
    at: datetime
    acceptance_date: date | None
    """受理日; as expected until the pipeline told it."""
    status: Status
    count: int
    channel: str
    user: str
    remarks: str
    upload: Upload | None = None
    submission: Submission | None = None
    message: str = ""
    """Why it was refused at the door."""

    @property
    def submission_id(self) -> str:
        """受付番号; empty until the pipeline told it."""
        return self.submission.pk if self.submission else ""

    @property
    def product_title(self) -> str:
        """保険種 in words."""
        product = self.upload.product if self.upload else self.submission.product if self.submission else ""
        return FUNCTIONS[product].title if product in FUNCTIONS else product

    @property
    def held(self) -> bool:
        """Whether it waits for a decision of the insurer."""
        return self.submission is not None and self.submission.held

    @property
    def decided(self) -> bool:
        """Whether errors and warnings are known."""
        return self.submission is not None and bool(self.submission.verdict)


def sent(
    user: User, function: LedgerFunction, *, entries: bool, now: datetime, wanted: Mapping[str, Any]
) -> "QuerySet[Any]":
    """What the user may see of a function, newest first, as (key, instant); ``entries``: 個別入力 only, else files.

    ``wanted``: any of ``status``, ``since``, ``until`` (申請日) and ``name`` (part of the file name, or 受付番号).
    """
    first = uploads_seen(user, function.key)
    first = first.filter(origin="entry") if entries else first.exclude(origin="entry")
    first = _searched(first, "sent_at", wanted)
    if name := wanted.get("name"):
        first = first.filter(
            Q(file_name__icontains=name) | Exists(_told(OuterRef("pk")).filter(submission_id=name.upper()))
        )
    if status := wanted.get("status"):
        first = first.filter(_upload_in(Status(status), now))
    keys = first.order_by().values_list("pk", "sent_at")
    if not entries:
        second = _searched(others_seen(user, function.key), "received_at", wanted)
        if name := wanted.get("name"):
            second = second.filter(Q(file_name__icontains=name) | Q(submission_id=name.upper()))
        if status := wanted.get("status"):
            second = second.in_status(status, now)
        keys = keys.union(second.order_by().values_list("pk", "received_at"), all=True)
    return keys.order_by("-sent_at", "-id")


def uploads_seen(user: User, product: str) -> "QuerySet[Any]":
    """Sent uploads of the portal that exist for the user (``visibility``); of all products without one."""
    rows = seen(Resource.SENT_UPLOAD, user)
    return rows.filter(product=product) if product else rows


def others_seen(user: User, product: str) -> "QuerySet[Any]":
    """Submissions that the portal did not send: SFTP, command."""
    sent_here = Exists(Upload.objects.filter(pk=OuterRef("dispatch")))
    rows = seen(Resource.SUBMISSION, user).filter(Q(dispatch="") | ~sent_here)
    return rows.filter(product=product) if product else rows


def rows_of(keys: Iterable[str], now: datetime) -> list[Row]:
    """The rows of keys, in their order; keys that mean nothing are left out. Three queries for any number."""
    keys = list(keys)
    uploads = Upload.objects.select_related("user").in_bulk(keys)
    told = {
        row.dispatch or row.pk: row
        for row in Submission.objects.filter(Q(dispatch__in=list(uploads)) | Q(pk__in=set(keys) - set(uploads)))
    }  # fmt: skip
    told |= {row.pk: row for row in told.values()}
    refused = Refused.objects.in_bulk(set(uploads) - set(told))
    found = []
    for key in keys:
        if key in uploads:
            found.append(_of_upload(uploads[key], told.get(key), refused.get(key), now))
        elif key in told:
            found.append(_of_submission(told[key], now))
    return found


def told_rows(submission_ids: Iterable[str], now: datetime) -> list[Row]:
    """The rows of submissions that the pipeline told, by the keys under which the list has them."""
    ids = list(submission_ids)
    dispatches = dict(Submission.objects.filter(pk__in=ids).values_list("pk", "dispatch"))
    here = set(Upload.objects.filter(pk__in=dispatches.values()).values_list("pk", flat=True))
    return rows_of([dispatch if dispatch in here else name for name, dispatch in dispatches.items()], now)


def find(user: User, product: str, key: str, now: datetime) -> Row | None:
    """The row of a key, if it exists for the user."""
    found = visible(Resource.HAND_IN, user, {"key": key})
    if found is None or found.product != product:
        return None
    return rows_of([found.pk], now)[0]


def _of_upload(upload: Upload, told: Submission | None, refused: Refused | None, now: datetime) -> Row:
    status = told.status_at(now) if told else Status.NEEDS_CHECK if refused else Status.BEFORE_ACCEPTANCE
    return Row(
        upload.pk,
        upload.file_name,
        upload.sent_at or upload.kept_at,
        told.acceptance_date if told else None if refused else upload.expected_on,
        status,
        upload.count,
        "ポータル" if upload.origin == "file" else upload.get_origin_display(),
        upload.user.login_id,
        upload.remarks,
        upload,
        told,
        refused.message if refused and not told else "",
    )


def _of_submission(told: Submission, now: datetime) -> Row:
    return Row(
        told.pk,
        told.file_name,
        told.received_at,
        told.acceptance_date,
        told.status_at(now),
        told.declared_count,
        CHANNELS.get(told.channel, told.channel),
        told.user,
        told.remarks,
        None,
        told,
    )


def _told(pk: Any) -> "QuerySet[Any]":
    return Submission.objects.filter(dispatch=pk)


def _upload_in(status: Status, now: datetime) -> Any:
    """The condition of an upload that is in a status, as ``_of_upload`` tells it."""
    told = _told(OuterRef("pk"))
    found = Exists(told.in_status(status, now))
    refused = Exists(Refused.objects.filter(pk=OuterRef("pk")))
    if status == Status.NEEDS_CHECK:
        return found | (refused & ~Exists(told))
    if status == Status.BEFORE_ACCEPTANCE:
        return found | (~refused & ~Exists(told))
    return found


def _searched(rows: Any, at: str, wanted: Mapping[str, Any]) -> Any:
    if day := wanted.get("since"):
        rows = rows.filter(**{f"{at}__gte": midnight(day)})
    if day := wanted.get("until"):
        rows = rows.filter(**{f"{at}__lt": midnight(day + timedelta(1))})
    return rows


def midnight(day: date) -> datetime:
    """The first instant of a day in Tokyo."""
    return datetime.combine(day, time(0), TOKYO)
