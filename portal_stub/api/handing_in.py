"""Uploads of programs: sending them, and checking them before. They are the uploads of the ledger desk (``ledgers``)."""

import hashlib
import json
import secrets
from typing import Any

from django.db import transaction
from django.http import Http404

from portal_stub.accounts.models import User
from portal_stub.api.callers import Caller
from portal_stub.api.repeating import Keyed, answered_once, fingerprint
from portal_stub.api.submissions import sent
from portal_stub.history.recording import audit
from portal_stub.jobs import rules as jobs
from portal_stub.jobs.models import Job
from portal_stub.ledgers import checking, sending
from portal_stub.ledgers.models import Upload
from schemas.submission import Refusal

CHECK = checking.KIND
MOST_CHECKS = 20
"""So many of a user are kept; the oldest goes."""


def submit(caller: Caller, file: Any, form: Any, key: str | None) -> tuple[int, dict[str, Any], bool]:
    """Sends a file; status and answer, and whether it is the answer of an earlier request with the same key.

    Raises:
        Refusal: as ``ledgers.sending``.
        Problem: as ``repeating``.
    """
    if key is None:
        return *_send(caller, file, form, None), False
    parts = (form.product, str(form.count), form.remarks, str(form.resend), str(file.name), _sha256(file))
    return answered_once(caller.user, key, fingerprint(parts), lambda keyed: _send(caller, file, form, keyed))


def _send(caller: Caller, file: Any, form: Any, keyed: Keyed | None) -> tuple[int, dict[str, Any]]:
    user = caller.user
    upload = Upload.objects.filter(pk=keyed.subject, user=user).first() if keyed and keyed.subject else None
    if upload is None:
        upload = _kept(user, file, form.product, form.count, form.remarks)
        if keyed:
            keyed.keep(upload.pk)
    try:
        (row,) = sending.send(
            user, [upload], keyed.once if keyed else f"api-{secrets.token_urlsafe(24)}", resend=form.resend
        )
    except Refusal:
        _forget(upload)
        raise
    if row.pk != upload.pk:
        _forget(upload)
    audit(user.login_id, "api-sent", row.pk, token=caller.token.pk, sha256=row.sha256)
    return 202, sent(row)


def _kept(user: User, file: Any, product: str, count: int, remarks: str) -> Upload:
    file.seek(0)
    return sending.keep(
        user,
        str(product),
        str(file.name or "upload.csv"),
        file.chunks(),
        str(count),
        remarks,
        origin=Upload.Origin.API,
    )


def _forget(upload: Upload) -> None:
    """Takes away a draft that nobody will send; its bytes go with the next housekeeping."""
    Upload.objects.filter(pk=upload.pk, state=Upload.State.DRAFT).delete()


def _sha256(file: Any) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    for piece in file.chunks():
        digest.update(piece)
    return digest.hexdigest()


def check(caller: Caller, file: Any, form: Any) -> Job:
    """Asks for the check of a file.

    Raises:
        Refusal: as ``sending.keep``.
    """
    upload = _kept(caller.user, file, form.product, form.count, "")
    with transaction.atomic():
        row = jobs.ask(
            caller.user,
            CHECK,
            {"upload": upload.pk, "count": upload.count},
            urgent=False,  # people in front of a page go first
            lives_days=checking.LIVES_DAYS,
        )
        Upload.objects.filter(pk=upload.pk).update(last_check=row)
        audit(caller.user.login_id, "api-check-asked", row.pk, token=caller.token.pk)
    checked = Upload.objects.filter(user=caller.user, origin=Upload.Origin.API, state=Upload.State.DRAFT)
    for old in checked.exclude(last_check=None).order_by("-kept_at", "-pk")[MOST_CHECKS:]:
        jobs.remove(old.last_check)
        _forget(old)
    return row


def told_of_check(row: Job) -> dict[str, Any]:
    """What programs are told of a check.

    Raises:
        Http404: it is other work.
    """
    if row.kind != CHECK:
        raise Http404
    result = row.result or {}
    return {
        "check_id": row.pk,
        "state": row.state,
        "progress": row.progress,
        "place": jobs.place(row),
        "message": row.words,
        "refused": result.get("refused"),
        "findings": result.get("findings", []),
        **{
            name: result.get(name)
            for name in (
                *("records", "acceptance_date", "premium_total_yen", "identical_to"),
                *("errors", "warnings", "findings_total"),
            )
        },
    }


def as_json(answer: dict[str, Any]) -> str:
    """As it is sent and kept."""
    return json.dumps(answer, ensure_ascii=False)
