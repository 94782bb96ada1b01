"""What the insurer's desk may ask of the pipeline: each deed one transaction, with its file in the desk folder.

The portal changes no submission and no reference table. It asks, the pipeline does and answers, and the feed brings the
answer (``receiving``). The shape of a request is ``schemas.desk``.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import transaction

from daicho.settings import Settings
from portal_stub import clock
from portal_stub.accounts.models import DoneOnce, User
from portal_stub.feed.models import DeskRequest, Submission
from portal_stub.history.recording import audit
from schemas import desk
from schemas.desk import FOLDER, MANIFEST, Wish

DRAFT_LIFE = timedelta(days=1)


class NothingToDecide(Exception):
    """The submission is not held (any more), or a decision is under way."""


def folder() -> Path:
    """The desk folder of this home."""
    return Settings.from_env().home / FOLDER


@transaction.atomic
def decide(user: User, submission_id: str, wish: str, reason: str, once: str) -> DeskRequest:
    """Asks for the end of a hold; ``once`` names the check page: sent twice it is one request (S-017).

    Raises:
        NothingToDecide: nothing holds it, or somebody asked already.
    """
    done = DoneOnce.objects.filter(user=user, token=once).first()
    if done is not None:
        return DeskRequest.objects.get(pk=done.result)
    held = Submission.objects.select_for_update().filter(pk=submission_id, held=True)
    if not held.exists() or under_way(submission_id) is not None:
        raise NothingToDecide
    row = _new(user, wish, submission_id, reason)
    row.save(force_insert=True)
    DoneOnce.objects.create(user=user, token=once, result=row.pk, at=row.at)
    audit(user.login_id, f"hold-{wish}-asked", submission_id, request=row.pk, reason=reason)
    # Last: when this fails nothing was asked. When the commit after it fails, the answer tells what was done.
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    temporary = place / f".{row.pk}.tmp"
    _write(temporary, [_text(row).encode()])
    _give_name(temporary, place / f"{row.pk}.json")
    return row


def under_way(submission_id: str) -> DeskRequest | None:
    """The decision about a submission that was asked for and not answered yet."""
    found: DeskRequest | None = DeskRequest.objects.filter(
        subject=submission_id, state=DeskRequest.State.WAITING
    ).first()
    return found


def keep_draft(
    user: User, files: Mapping[str, Iterable[bytes]], preview: list[dict[str, Any]]
) -> DeskRequest:
    """Puts reference tables (name → pieces of the file) beside the desk folder's requests, to be looked at first."""
    tidy()
    row = _new(user, Wish.TABLES, ",".join(sorted(files)), "")
    row.state, row.preview = DeskRequest.State.DRAFT, preview
    place = _draft(row)
    place.mkdir(parents=True)
    for name, pieces in files.items():
        _write(place / f"{name}.csv", pieces)
    with transaction.atomic():
        row.save(force_insert=True)
        audit(user.login_id, "tables-uploaded", row.subject, request=row.pk)
    return row


@transaction.atomic
def send_draft(user: User, request_id: str, reason: str) -> bool:
    """Asks for the load of uploaded tables; False when they were sent already or are gone."""
    row = DeskRequest.objects.select_for_update().filter(
        pk=request_id, login_id=user.login_id, state=DeskRequest.State.DRAFT
    ).first()  # fmt: skip
    if row is None or not _draft(row).is_dir():
        return False
    row.reason, row.state, row.at = reason, DeskRequest.State.WAITING, clock.now()
    row.save(update_fields=["reason", "state", "at"])
    audit(user.login_id, "tables-asked", row.subject, request=row.pk, reason=reason)
    _write(_draft(row) / MANIFEST, [_text(row).encode()])
    _give_name(_draft(row), folder() / row.pk)
    return True


@transaction.atomic
def drop_draft(user: User, request_id: str) -> None:
    """Throws away uploaded tables that were not sent."""
    for row in DeskRequest.objects.filter(
        pk=request_id, login_id=user.login_id, state=DeskRequest.State.DRAFT
    ):
        audit(user.login_id, "tables-dropped", row.subject, request=row.pk)
        shutil.rmtree(_draft(row), ignore_errors=True)
        row.delete()


def tidy() -> None:
    """Throws away uploaded tables that nobody sent within a day."""
    for row in DeskRequest.objects.filter(state=DeskRequest.State.DRAFT, at__lt=clock.now() - DRAFT_LIFE):
        shutil.rmtree(_draft(row), ignore_errors=True)
        row.delete()


def _new(user: User, wish: str, subject: str, reason: str) -> DeskRequest:
    return DeskRequest(
        id=uuid4().hex,
        kind=wish,
        subject=subject,
        by=user.name,
        login_id=user.login_id,
        reason=reason,
        at=clock.now(),
    )


def _draft(row: DeskRequest) -> Path:
    """Begins with a dot: nobody takes it yet."""
    return folder() / f".draft-{row.pk}"


def _text(row: DeskRequest) -> str:
    return desk.DeskRequest(
        id=row.pk,
        kind=row.kind,
        subject=row.subject,
        by=row.by,
        login_id=row.login_id,
        reason=row.reason,
        at=row.at.isoformat(),
    ).text()


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as stream:
        for piece in pieces:
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())


def _give_name(temporary: Path, final: Path) -> None:
    """The final name in one step, and lasting."""
    temporary.replace(final)
    handle = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
