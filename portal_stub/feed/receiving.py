"""What the pipeline tells, taken into the read model: plain rows in, upserts out. Nothing here reads the store.

Submissions, findings, documents and answers follow the events of the pipeline's log: ``receive`` takes what the events
up to a number were about, and keeps that number in the same transaction. Whoever comes with another number than the
kept one has read something stale and is turned away, so an older state never replaces a newer one, whoever is
interrupted or runs twice. Reference tables are compared row by row; what did not change is not written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import OperationalError, close_old_connections, connection, models, transaction

from portal_stub.accounts.models import Agreement, Holder
from portal_stub.buyers import directory
from portal_stub.feed.models import (
    MOST_FINDINGS,
    AgreementPeriod,
    ClosedDay,
    DeskRequest,
    Document,
    Finding,
    LimitUse,
    Mark,
    MonthFigure,
    Policyholder,
    RatingChange,
    Refused,
    Submission,
)
from schemas.desk import REQUEST_ID, Wish
from schemas.submission import dispatch_of

EVENTS, TABLES, FIGURES = "events", "tables", "figures"
_FINDINGS_AT_ONCE = 5000
"""A transaction holds up everybody who writes to the portal: it stays short."""
_ROWS_AT_ONCE = 2000

Row = Mapping[str, Any]


class MovedOn(Exception):
    """Another feed went on from where this one started; its rows are newer."""


@dataclass(frozen=True)
class Told:
    """What the events up to ``upto`` were about, read after them.

    ``findings`` has the first findings of a submission and ``totals`` how many there are, for those submissions whose
    findings may have changed.
    """

    submissions: list[dict[str, Any]]
    findings: dict[str, list[dict[str, Any]]]
    totals: dict[str, int]
    documents: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    refusals: list[dict[str, Any]]
    upto: int
    agreements: dict[str, list[str]] = field(default_factory=dict)
    """The 特約 that the records of submissions name which got their verdict."""


def refresh() -> None:
    """Lets go of a connection that broke: the next question opens another."""
    if not connection.in_atomic_block:
        close_old_connections()


def is_prepared() -> bool:
    """Whether this database is a portal's: with PostgreSQL it may be the pipeline's alone."""
    return Mark._meta.db_table in connection.introspection.table_names()


def is_held(error: Exception) -> bool:
    """Whether an error says that somebody else held the database for longer than one waits (SQLite)."""
    return isinstance(error, OperationalError) and "locked" in str(error)


def position() -> int:
    """The number of the last event that was taken in."""
    mark = Mark.objects.filter(name=EVENTS).first()
    return int(mark.position) if mark else 0


def tables_position() -> str:
    """The state of the reference tables that was taken in last, as ``receive_tables`` was told."""
    mark = Mark.objects.filter(name=TABLES).first()
    return mark.position if mark else ""


def figures_position() -> str:
    """The state of journal, tables and day that the figures were told for last, as ``receive_figures`` was told."""
    mark = Mark.objects.filter(name=FIGURES).first()
    return mark.position if mark else ""


@transaction.atomic
def start_over() -> None:
    """Everything will be told again from zero. Until it is, what is known stays to be seen."""
    mark = _locked(EVENTS)
    mark.position, mark.filling, mark.generation = "0", True, mark.generation + 1
    mark.save()
    Mark.objects.filter(name__in=[TABLES, FIGURES]).delete()


def receive(told: Told, since: int) -> None:
    """Takes in what the events after ``since`` were about.

    Raises:
        MovedOn: the kept number is not ``since``; nothing more was written.
    """
    parts = list(_parts(told))
    for number, part in enumerate(parts, start=1):
        with transaction.atomic():
            mark = _locked(EVENTS)
            if int(mark.position) != since:
                raise MovedOn
            _keep_submissions(part, told, mark.generation)
            if number < len(parts):
                continue
            _keep_documents(told.documents, mark.generation)
            _keep_answers(told.answers)
            _keep_refusals(told.refusals)
            mark.position = str(told.upto)
            mark.save()


@transaction.atomic
def finish() -> None:
    """Everything was told: after filling from zero, what was not told again is gone from the store."""
    mark = _locked(EVENTS)
    if mark.filling:
        Submission.objects.filter(generation__lt=mark.generation).delete()
        Document.objects.filter(generation__lt=mark.generation).delete()
        mark.filling = False
        mark.save()


def _locked(name: str) -> Mark:
    Mark.objects.get_or_create(name=name)
    return Mark.objects.select_for_update().get(name=name)


def _parts(told: Told) -> Iterator[list[dict[str, Any]]]:
    """The submissions in parts that are not too many to write at once; at least one part."""
    part: list[dict[str, Any]] = []
    size = 0
    for row in told.submissions:
        size += 1 + len(told.findings.get(row["submission_id"], ()))
        part.append(row)
        if size >= _FINDINGS_AT_ONCE:
            yield part
            part, size = [], 0
    yield part


def _keep_submissions(rows: list[dict[str, Any]], told: Told, generation: int) -> None:
    ids = [row["submission_id"] for row in rows]
    known = Submission.objects.only("findings_total", "agreements").in_bulk(ids)
    fresh = Submission()
    _upsert(
        Submission,
        (
            Submission(
                submission_id=row["submission_id"],
                receipt_no=row["receipt_no"],
                product=row["product"],
                holder=row["holder"][:40],
                user=row["user"][:40],
                file_name=_text(row["file_name"])[:255],
                sha256=row["sha256"],
                dispatch=dispatch_of(row["source"]),
                declared_count=row["declared_count"],
                remarks=_text(row["remarks"]),
                channel=row["channel"],
                received_at=_instant(row["received_at"]),
                acceptance_date=date.fromisoformat(row["acceptance_date"]),
                verdict=row["verdict"] or "",
                decided_at=_instant(row["decided_at"]),
                errors=row["errors"],
                warnings=row["warnings"],
                premium_total_yen=row["premium_total"],
                held=row["held"],
                held_at=_instant(row["held_at"]) if row["held"] else None,
                hold_codes=row["hold_codes"] if row["held"] else [],
                hold_reason=_text(row["hold_reason"]) if row["held"] else "",
                waits_for=row["waits_for"] or "",
                findings_total=told.totals.get(
                    row["submission_id"], known.get(row["submission_id"], fresh).findings_total
                ),
                agreements=" ".join(told.agreements[row["submission_id"]])
                if row["submission_id"] in told.agreements
                else known.get(row["submission_id"], fresh).agreements,
                generation=generation,
            )
            for row in rows
        ),
    )
    new = [name for name in ids if name in told.findings]
    Finding.objects.filter(submission_id__in=new).delete()
    Finding.objects.bulk_create(
        [
            Finding(
                submission_id=name,
                position=number,
                record=found["record"],
                line=found["line"],
                cell=_text(found["cell"])[:20],
                field=_text(found["field"])[:60],
                code=found["code"][:60],
                severity=found["severity"],
                message=_text(found["message"]),
                value=_text(found["value"]),
            )
            for name in new
            for number, found in enumerate(told.findings[name][:MOST_FINDINGS], start=1)
        ],
        batch_size=_ROWS_AT_ONCE,
    )


def _keep_documents(rows: list[dict[str, Any]], generation: int) -> None:
    _upsert(
        Document,
        (
            Document(
                document_id=row["document_id"],
                kind=row["kind"],
                format=row["format"],
                path=row["path"],
                sha256=row["sha256"],
                size=row["size"],
                holder=row["holder"][:40],
                submission_id=row["submission_id"] or "",
                unit=row["unit"] or "",
                **_unit(row["unit"] or ""),
                created_at=_instant(row["created_at"]),
                expires_at=_instant(row["expires_at"]),
                removed=row["removed_at"] is not None,
                generation=generation,
            )
            for row in rows
        ),
    )


def _unit(unit: str) -> dict[str, str]:
    """What the name of a ledger unit says: ``<agreement>_<department>_<YYYY-MM>``."""
    parts = unit.split("_")
    if len(parts) != 3:
        return {}
    return {"agreement": parts[0][:40], "department": parts[1][:40], "month": parts[2][:7]}


def _keep_refusals(rows: Iterable[Row]) -> None:
    """What was refused at the door, of what the portal sent. Refused twice (it was sent twice) is refused once."""
    _upsert(
        Refused,
        {
            dispatch: Refused(
                dispatch=dispatch,
                code=row["code"][:60],
                message=_text(row["message"]),
                at=_instant(row["at"]),
            )
            for row in rows
            if (dispatch := dispatch_of(row["source"]))
        }.values(),
    )


def _keep_answers(rows: Iterable[Row]) -> None:
    """Answers to the desk. A request that this portal does not know (any more) is known from its answer."""
    for row in rows:
        if not REQUEST_ID.fullmatch(row["request"]):
            continue  # a file that was no request of a portal; the pipeline's log tells of it
        state = DeskRequest.State.DONE if row["state"] == "done" else DeskRequest.State.REFUSED
        answer = {"state": state, "message": row["message"], "answered_at": _instant(row["at"])}
        known = DeskRequest.objects.filter(pk=row["request"])
        # Answered twice (it was sent twice): done stays done.
        if not known.exclude(state=DeskRequest.State.DONE).update(**answer) and not known.exists():
            DeskRequest.objects.create(
                id=row["request"],
                kind=row["kind"] if row["kind"] in set(Wish) else "",
                subject=row["subject"],
                by=row["by"],
                login_id=row["login_id"][:20],
                reason=row["reason"] or "",
                at=_instant(row["asked_at"] or row["at"]),
                **answer,
            )


def receive_tables(
    mark: str,
    policyholders: Iterable[Mapping[str, str]],
    agreements: Iterable[Mapping[str, str]],
    countries: Iterable[Mapping[str, str]],
    buyers: list[dict[str, str]],
    rating_changes: Iterable[Mapping[str, str]],
    closed_days: Iterable[date],
) -> None:
    """Takes in the reference tables as they stand; ``mark`` names this state (``tables_position``).

    Rows are texts with the names of the tables' columns. ``policyholders``, ``agreements``: all rows, past periods too.
    ``countries``, ``buyers``: those in force today. ``rating_changes``: all days on which a buyer's ``rating`` became
    another one than the ``former`` (I-003). ``closed_days``: the business calendar. Interrupted, it is simply done again.
    """
    _compare(
        Policyholder,
        (
            Policyholder(
                code=row["holder"],
                name=row["name"],
                association=row["association"],
                provided_data=row["provided_data"] == "1",
            )
            for row in policyholders
        ),
        key=("code",),
    )
    _compare(
        AgreementPeriod,
        (
            AgreementPeriod(
                code=row["agreement_code"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                holder=row["holder"],
                product=row["product"],
            )
            for row in agreements
        ),
        key=("code", "valid_from"),
    )
    _compare(
        RatingChange,
        (
            RatingChange(
                code=row["buyer_code"],
                valid_from=date.fromisoformat(row["valid_from"]),
                former=row["former"],
                new=row["rating"],
            )
            for row in rating_changes
        ),
        key=("code", "valid_from"),
    )
    _compare(ClosedDay, (ClosedDay(day=day) for day in closed_days), key=("day",))
    directory.receive_countries(countries)
    if buyers:
        directory.receive(buyers)
    Mark.objects.update_or_create(name=TABLES, defaults={"position": mark})


def receive_figures(
    mark: str, since: str, holders: Iterable[str] | None, months: Iterable[Row], limits: Iterable[Row]
) -> int:
    """Takes in the figures of some holders as they stand, of all of them with ``holders`` None; how many rows differed.

    ``since`` is the position that the teller started from, ``mark`` the one after it. ``months`` have the columns of
    ``pipelines.figures.month_figures``, ``limits`` those of ``pipelines.limits.limit_use`` and ``holder``. Interrupted, it
    is simply told again.

    Raises:
        MovedOn: somebody else told what is newer; nothing was written.
    """
    among = None if holders is None else sorted({code[:40] for code in holders})
    with transaction.atomic():
        # All of it in one transaction: figures of two states side by side would not add up. It is short, since only
        # what differs is written.
        kept = _locked(FIGURES)
        if (kept.position if kept.position != "0" else "") != since:
            raise MovedOn
        written = _compare(
            MonthFigure,
            (
                MonthFigure(
                    holder=row["policyholder_code"][:40],
                    agreement=row["agreement_code"][:40],
                    product=row["product"],
                    month=row["month"],
                    applications=row["applications"],
                    lines=row["lines"],
                    insured_yen=row["insured_yen"],
                    unconfirmed_yen=row["unconfirmed_yen"],
                    confirmed_yen=row["confirmed_yen"],
                )
                for row in months
            ),
            key=("holder", "agreement", "product", "month"),
            among=among,
        )
        written += _compare(
            LimitUse,
            (
                LimitUse(
                    holder=row["holder"][:40],
                    agreement=row["agreement_code"][:40],
                    buyer=row["buyer_code"][:40],
                    limit_yen=row["limit_yen"],
                    used_yen=row["used_yen"],
                    used_permille=row["used_permille"],
                    state=row["state"] or "",
                )
                for row in limits
            ),
            key=("holder", "agreement", "buyer"),
            among=among,
        )
        kept.position = mark
        kept.save()
    return written


@transaction.atomic
def grant_agreements() -> int:
    """Gives holders of the portal the 特約 that the reference tables know of them; how many were new.

    Past ones too, since their data can still be seen; nothing is ever taken away, permissions name them. A holder that
    the tables know and the portal does not is not made here: it begins with its registration (利用者登録). The name in the
    portal is the holder's own word and stays; only an empty one is filled.
    """
    holders = dict(Holder.objects.values_list("code", "pk"))
    known = {(holder, code): product for holder, code, product in Agreement.objects.values_list(
        "holder__code", "code", "product"
    )}  # fmt: skip
    periods = AgreementPeriod.objects.order_by("valid_from").values_list("holder", "code", "product")
    width = Agreement._meta.get_field("code").max_length
    latest = {
        (holder, code): product
        for holder, code, product in periods
        if holder in holders and len(code) <= width
    }
    new = {pair: product for pair, product in latest.items() if pair not in known}
    Agreement.objects.bulk_create(
        [
            Agreement(holder_id=holders[holder], code=code, product=product)
            for (holder, code), product in sorted(new.items())
        ],
        batch_size=_ROWS_AT_ONCE,
        ignore_conflicts=True,
    )
    for (holder, code), product in latest.items():
        if known.get((holder, code), product) != product:
            Agreement.objects.filter(holder_id=holders[holder], code=code).update(product=product)
    nameless = Holder.objects.filter(name="").values_list("code", flat=True)
    for row in Policyholder.objects.filter(code__in=list(nameless)).exclude(name=""):
        Holder.objects.filter(code=row.code, name="").update(name=row.name[:50])
    return len(new)


def _compare(
    model: type[models.Model], rows: Iterable[Any], key: tuple[str, ...], among: list[str] | None = None
) -> int:
    """Makes a table, or its rows of the holders ``among``, be these rows; writes what differs only, some thousand rows
    at a time. How many differed.
    """
    names = [field.attname for field in model._meta.concrete_fields if field.attname != "id"]
    there = model.objects.all() if among is None else model.objects.filter(holder__in=among)
    standing = {
        tuple(values[names.index(name)] for name in key): values for values in there.values_list(*names)
    }
    changed, seen = [], set()
    for row in rows:
        values = tuple(getattr(row, name) for name in names)
        identity = tuple(getattr(row, name) for name in key)
        seen.add(identity)
        if standing.get(identity) != values:
            changed.append(row)
    for start in range(0, len(changed), _ROWS_AT_ONCE):
        _upsert(model, changed[start : start + _ROWS_AT_ONCE], key)
    gone = sorted(standing.keys() - seen, key=str)
    with transaction.atomic():
        for identity in gone:
            model.objects.filter(**dict(zip(key, identity, strict=True))).delete()
    return len(changed) + len(gone)


def _upsert(model: type[models.Model], rows: Iterable[Any], key: tuple[str, ...] = ()) -> None:
    unique = list(key) or [model._meta.pk.name]
    others = [
        field.name for field in model._meta.concrete_fields if field.name not in unique and field.name != "id"
    ]
    known = {"update_conflicts": True, "unique_fields": unique, "update_fields": others}
    # In one order, whoever writes: two feeds at once would wait for each other.
    model.objects.bulk_create(
        sorted(rows, key=lambda row: [str(getattr(row, name)) for name in unique]),
        batch_size=_ROWS_AT_ONCE,
        **(known if others else {"ignore_conflicts": True}),
    )


def _text(value: str | None) -> str:
    """What senders typed, without the one character that PostgreSQL does not take: it must not stop the feed."""
    return (value or "").replace("\x00", "")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
