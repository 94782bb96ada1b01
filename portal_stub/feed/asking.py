"""What the insurer's desk may ask of the pipeline: each deed one transaction, with its file in the desk folder.

The portal changes no submission and no reference table. It asks, the pipeline does and answers, and the feed brings the
answer (``receiving``). The shape of a request is ``schemas.desk``.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction

from daicho.folders import PRIVATE, Folder
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


def folder() -> Folder:
    """The desk folder of this home, open."""
    return Folder.made_at(Settings.from_env().home / FOLDER, 0o700)


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
    with folder() as place:
        place.write(f"{row.pk}.json", _text(row).encode(), PRIVATE)
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
    with folder() as place, place.inner(_draft(row), 0o700) as draft:
        for name, pieces in files.items():
            draft.write(f"{name}.csv", pieces, PRIVATE)
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
    if row is None:
        return False
    with folder() as place:
        return _sent(place, row, user, reason)


def _sent(place: Folder, row: DeskRequest, user: User, reason: str) -> bool:
    """The rows first, then the manifest, and last the name under which the request is taken."""
    if place.look(_draft(row)) is None:
        return False
    row.reason, row.state, row.at = reason, DeskRequest.State.WAITING, clock.now()
    row.save(update_fields=["reason", "state", "at"])
    audit(user.login_id, "tables-asked", row.subject, request=row.pk, reason=reason)
    with place.inner(_draft(row)) as draft:
        draft.write(MANIFEST, _text(row).encode(), PRIVATE)
    place.move(_draft(row), place, row.pk)
    return True


@transaction.atomic
def drop_draft(user: User, request_id: str) -> None:
    """Throws away uploaded tables that were not sent."""
    for row in DeskRequest.objects.filter(
        pk=request_id, login_id=user.login_id, state=DeskRequest.State.DRAFT
    ):
        audit(user.login_id, "tables-dropped", row.subject, request=row.pk)
        _throw_away(row)


def tidy() -> None:
    """Throws away uploaded tables that nobody sent within a day."""
    for row in DeskRequest.objects.filter(state=DeskRequest.State.DRAFT, at__lt=clock.now() - DRAFT_LIFE):
        _throw_away(row)


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


def _throw_away(row: DeskRequest) -> None:
    with folder() as place:
        place.remove_tree(_draft(row))
    row.delete()


def _draft(row: DeskRequest) -> str:
    """Begins with a dot: nobody takes it yet."""
    return f".draft-{row.pk}"


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
