"""What 「アップロード」 does with what was typed: the file is kept first, and stays whatever else is wrong.

How an upload is judged and sent is ``sending``; here is what belongs to this one page. Seed 000 ch. 9 §4-1 A, §4-2, §5-2.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from daicho.settings import Settings
from portal_stub.accounts.models import DoneOnce, User
from portal_stub.ledgers import sending
from portal_stub.ledgers.forms import UploadForm
from portal_stub.ledgers.functions import LedgerFunction
from portal_stub.ledgers.models import Upload
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.submission import Refusal

_ITEMS = {
    "count-mismatch": "count",
    "invalid-count": "count",
    "remarks-too-long": "remarks",
    "empty-file": "file",
    "file-type": "file",
    "unreadable-file": "file",
    "unknown-ending": "file",
    "invalid-file-name": "file",
    "infected-file": "file",
    "scan-failed": "file",
    "file-too-large": "file",
    "too-many-records": "file",
}
"""Which item of the page a refusal is about; the others are about the whole."""


@dataclass(frozen=True)
class Identical:
    """What was sent with the very same bytes: its number, when, and when it was accepted."""

    number: str
    at: datetime
    acceptance_date: Any


def drafts(user: User, function: LedgerFunction) -> "QuerySet[Any]":
    """Files of the user that were kept and not sent, newest first."""
    rows = seen(Resource.OWN_UPLOAD, user)
    return rows.filter(product=function.key, origin=Upload.Origin.FILE, state=Upload.State.DRAFT).order_by(
        "-kept_at", "id"
    )


def draft(user: User, function: LedgerFunction, upload_id: str) -> Upload | None:
    """One of them."""
    found: Upload | None = drafts(user, function).filter(pk=upload_id[:32]).first()
    return found if found is not None and found.pk == upload_id else None


def take(user: User, function: LedgerFunction, form: UploadForm) -> Upload | None:
    """Keeps what is usable of a form, valid or not; the draft, or None when there is no file.

    Faults that only the file tells are added to the form.
    """
    form.is_valid()
    typed: dict[str, Any] = form.cleaned_data
    upload, file = form.kept, typed.get("file")
    count, remarks = typed.get("count", ""), typed.get("remarks", "")
    if file is not None:
        most = Settings.from_env().max_bytes
        if file.size > most:
            form.add_error("file", f"ファイルが大きすぎます。{most:,}バイト以内に分けて送ってください。")
            return upload
        try:
            fresh = sending.keep(user, function.key, file.name, file.chunks(), count, remarks)
        except Refusal as refusal:
            add(form, refusal)
            return upload
        if upload is not None:
            upload.delete()
        return fresh
    if upload is not None:
        changed = {name: value for name, value in (("count", count), ("remarks", remarks)) if name in typed}
        for name, value in changed.items():
            setattr(upload, name, int(value) if name == "count" else value)
        upload.save(update_fields=list(changed))
    return upload


def sent_already(user: User, once: str) -> Upload | None:
    """What the page with this token sent before: a second click, or the page sent again (S-017)."""
    done = DoneOnce.objects.filter(user=user, token=once).first() if once else None
    return None if done is None else seen(Resource.OWN_UPLOAD, user).filter(pk=done.result).first()


def send(user: User, upload: Upload, form: UploadForm, once: str) -> Upload | None:
    """「申請」; None when it is refused, and why stands in the form. The draft stays then."""
    try:
        [sent] = sending.send(user, [upload], once, resend=form.cleaned_data["resend"])
    except Refusal as refusal:
        add(form, refusal)
        return None
    if sent.pk != upload.pk:  # two clicks at once: the other one was first
        upload.delete()
    return sent


def add(form: UploadForm, refusal: Refusal) -> None:
    """A refusal as a fault of the page, at the item that it is about."""
    form.add_error(_ITEMS.get(refusal.code), ValidationError(refusal.message, code=refusal.code))


def identical(user: User, upload: Upload) -> Identical | None:
    """The upload of the holder with the same bytes that is booked or waiting, if there is one that the user may see."""
    number = sending.identical_to(upload)
    if number is None:
        return None
    told = seen(Resource.SUBMISSION, user).filter(pk=number).first()
    if told is not None:
        return Identical(told.pk, told.received_at, told.acceptance_date)
    way = (
        seen(Resource.UPLOAD, user)
        .filter(product=upload.product, sha256=upload.sha256)
        .exclude(state=Upload.State.DRAFT)
        .first()
    )
    return None if way is None else Identical(way.file_name, way.sent_at, way.expected_on)
