"""What users and the desk do in 各種情報照会: each deed in one transaction with its history (Seed 000 ch. 5)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, BinaryIO
from uuid import uuid4

from django.db import models, transaction

from portal_stub import clock
from portal_stub.accounts.models import DoneOnce, Holder, User
from portal_stub.history.recording import audit, record
from portal_stub.inquiries.bringing import KEYS, Judged, judge
from portal_stub.inquiries.conditions import Conditions
from portal_stub.inquiries.models import Bringing, ClaimsFile, Loss, PaperContract
from portal_stub.jobs import rules as jobs
from portal_stub.procedures.uploads import file_name
from portal_stub.shelves import Shelf
from portal_stub.visibility.judging import whole
from portal_stub.visibility.resources import Resource

MOST_FILES, LIVES_DAYS = 5, 8
"""So many files of a kind per user, unfinished ones included, and so many days after the request (C-028 to C-030)."""
_SEARCHES, _SEARCH_DAYS = 5, 1
"""What was searched is forgotten soon; a few of them, since a person may have several tabs."""
DOWNLOADS = {"contract-data": "8-2", "loss-data": "8-3"}
"""The code in the access history of each kind of file."""
_AT_ONCE = 500
SHELF = Shelf("inquiries")


# ---------------------------------------------------------------------------------------------- data of contracts and losses
def search_contracts(user: User, holder: Holder, asked: Conditions) -> Any:
    """「検索」 of 保険契約一覧: the job that looks which 保険種 there are (I-007)."""
    return jobs.ask(
        user, "contract-search", asked.kept(), holder=holder, most=_SEARCHES, lives_days=_SEARCH_DAYS
    )


@transaction.atomic
def make_data(user: User, holder: Holder, kind: str, asked: Conditions, once: str) -> None:
    """「データ作成」; the same page sent twice asks once (I-008, I-013, I-019, I-020, S-017)."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if DoneOnce.objects.filter(user=user, token=once).exists():
        return
    row = jobs.ask(user, kind, asked.kept(), holder=holder, most=MOST_FILES, lives_days=LIVES_DAYS)
    DoneOnce.objects.create(user=user, token=once, result=row.pk, at=clock.now())


def files_of(user: User, kind: str, holder: Holder) -> list[Any]:
    """The files that a user asked for of a holder, newest first, but for those that tell more than he may see now."""
    return whole(Resource.JOB, user, jobs.shown(user, kind).filter(holder=holder))


@transaction.atomic
def open_file(user: User, row: Any) -> BinaryIO:
    """「ダウンロード」 of a file that was made, in the access history as [8-2] or [8-3] (I-009, I-019).

    Raises:
        jobs.rules.NoFile: it is not made yet, or gone.
    """
    stream: BinaryIO = jobs.opened(row)
    record(user, DOWNLOADS[row.kind])
    return stream


# ---------------------------------------------------------------------------------------------- what the desk brings
_MODELS: dict[str, type[models.Model]] = {"contracts": PaperContract, "losses": Loss}
_NEVER_CHANGED = {"id", "brought_at"}


def keep_draft(by: User, kind: str, upload: Any) -> tuple[Any, Judged]:
    """Judges a CSV of the desk and keeps a good one until it is confirmed; None with the problems of a bad one."""
    upload.seek(0)
    judged = judge(kind, upload)
    if judged.problems:
        return None, judged
    upload.seek(0)
    kept = SHELF.keep(upload.chunks())
    added, changed = _split(kind, judged.rows)
    draft = Bringing.objects.create(
        id=uuid4().hex,
        kind=kind,
        file_name=file_name(upload.name)[:100],
        sha256=kept.sha256,
        rows=len(judged.rows),
        added=len(added),
        changed=len(changed),
        login_id=by.login_id,
        by=by.name,
        at=clock.now(),
    )
    return draft, judged


class Stale(Exception):
    """What was good when it was uploaded is not good any more: holders, buyers or 特約 are others by now."""


def judged_again(draft: Any) -> Judged:
    """What stands in the file of a draft, against what is known of holders and buyers now."""
    with SHELF.read(draft.sha256) as stream:
        return judge(draft.kind, stream)


@transaction.atomic
def take_draft(by: User, draft: Any, reason: str) -> bool:
    """Takes a confirmed file over, by key; False when it was confirmed or dropped before.

    Rows that are not in the file stay.

    Raises:
        Stale: nothing was taken over.
    """
    row = Bringing.objects.select_for_update().get(pk=draft.pk)
    if row.state != Bringing.State.DRAFT:
        return False
    judged = judged_again(row)
    if judged.problems:
        raise Stale
    added, changed = _split(row.kind, judged.rows)
    _upsert(row.kind, [*added, *changed])
    row.state, row.reason, row.done_at = Bringing.State.DONE, reason, clock.now()
    row.added, row.changed = len(added), len(changed)
    row.login_id, row.by = by.login_id, by.name
    row.save()
    told = {"kind": row.kind, "file": row.file_name, "reason": reason}
    audit(by.login_id, "inquiry-data-taken", row.pk, added=row.added, changed=row.changed, **told)
    return True


@transaction.atomic
def drop_draft(by: User, draft: Any) -> None:
    """Forgets an upload that was not confirmed; it stays in the list."""
    dropped = Bringing.objects.filter(pk=draft.pk, state=Bringing.State.DRAFT).update(
        state=Bringing.State.DROPPED, done_at=clock.now()
    )
    if dropped:
        audit(by.login_id, "inquiry-data-dropped", draft.pk, kind=draft.kind, file=draft.file_name)


def _split(kind: str, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    """New rows, and those that are known with other values; the same again is neither."""
    model, key = _MODELS[kind], KEYS[kind]
    names = [field.name for field in model._meta.concrete_fields if field.name not in _NEVER_CHANGED]
    standing: dict[tuple[Any, ...], dict[str, Any]] = {}
    for codes in _parts(sorted({row["holder"] for row in rows})):
        for values in model._default_manager.filter(holder__in=codes).values(*names):
            standing[tuple(values[name] for name in key)] = values
    added, changed = [], []
    for row in rows:
        known = standing.get(tuple(row[name] for name in key))
        if known is None:
            added.append(row)
        elif any(known[name] != row[name] for name in names):
            changed.append(row)
    return added, changed


def _upsert(kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    model, key, now = _MODELS[kind], KEYS[kind], clock.now()
    others = [field.name for field in model._meta.concrete_fields if field.name not in {"id", *key}]
    for part in _parts(rows):
        model._default_manager.bulk_create(
            [model(**row, brought_at=now) for row in part],
            update_conflicts=True,
            unique_fields=list(key),
            update_fields=others,
        )


def _parts(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


# ---------------------------------------------------------------------------------------------- lists of claims
class NameTaken(Exception):
    """A file of this name stands in the project."""


def add_claims_file(by: User, values: Mapping[str, Any], upload: Any) -> Any:
    """Keeps a 債権一覧表 for a holder; nobody sees it before it is published."""
    kept = SHELF.keep(upload.chunks())
    return ClaimsFile.objects.create(
        holder=values["holder"],
        project=values["project"],
        project_name=values["project_name"],
        agreement=values["agreement"],
        name=values["name"],
        size=kept.size,
        sha256=kept.sha256,
        by=by.name,
        reason=values["reason"],
        added_at=clock.now(),
    )


@transaction.atomic
def publish_claims_file(by: User, row: Any) -> bool:
    """Shows a file to its holder's users; False when that was done or the file withdrawn before.

    Raises:
        NameTaken: another file of its name stands in the project.
    """
    Holder.objects.select_for_update().get(pk=row.holder_id)
    found = ClaimsFile.objects.select_for_update().get(pk=row.pk)
    if found.published_at or found.withdrawn_at:
        return False
    if name_taken(found.holder, found.project, found.name):
        raise NameTaken
    found.published_at = clock.now()
    found.save(update_fields=["published_at"])
    told = {"project": found.project, "file": found.name, "sha256": found.sha256, "reason": found.reason}
    audit(by.login_id, "claims-file-published", found.holder.code, **told)
    return True


@transaction.atomic
def withdraw_claims_file(by: User, row: Any, reason: str) -> bool:
    """Takes a file away from its holder's users at once, or a draft from the desk; False when it was gone before."""
    changed = ClaimsFile.objects.filter(pk=row.pk, withdrawn_at__isnull=True).update(
        withdrawn_at=clock.now(), withdrawn_reason=reason
    )
    if changed:
        told = {"project": row.project, "file": row.name, "reason": reason}
        audit(by.login_id, "claims-file-withdrawn", row.holder.code, **told)
    return bool(changed)


def name_taken(holder: Any, project: str, name: str) -> bool:
    """Whether a file of this name stands in a project of a holder."""
    return bool(ClaimsFile.objects.of(holder, None).filter(project=project, name=name).exists())


@transaction.atomic
def open_claims_file(user: User, row: Any) -> BinaryIO:
    """「債権一覧表ファイル名」: the bytes, in the access history as [8-4] (I-025)."""
    stream: BinaryIO = SHELF.read(row.sha256)
    record(user, "8-4")
    return stream


# ---------------------------------------------------------------------------------------------- housekeeping
def tidy() -> int:
    """Drops uploads that nobody confirmed for a day, and removes bytes that no row needs; how many files went."""
    Bringing.objects.filter(state=Bringing.State.DRAFT, at__lt=clock.now() - timedelta(days=1)).update(
        state=Bringing.State.DROPPED, done_at=clock.now()
    )
    needed = set(Bringing.objects.exclude(state=Bringing.State.DROPPED).values_list("sha256", flat=True))
    needed |= set(ClaimsFile.objects.filter(withdrawn_at__isnull=True).values_list("sha256", flat=True))
    return SHELF.sweep(needed)
