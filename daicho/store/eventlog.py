"""The event log: receipts in order, who works on what, verdicts, holds, documents issued, refusals.

Append-only facts in the database of ``database``; the current status of a submission is a view over them. The
bytes and the receipts themselves are ``archive``, bookings are ``journal``.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, cast

from daicho.clock import Clock
from daicho.store.archive import Archive, Receipt
from daicho.store.database import Connection, Database
from schemas.submission import Status
from sensors.windows import TOKYO, opening_of, status_of

Verdict = Literal["booked", "rejected"]

RECEIPT_FIELDS: tuple[str, ...] = tuple(Receipt.__annotations__)
DOCUMENT_FIELDS = (
    "document_id",
    "kind",
    "format",
    "path",
    "sha256",
    "size",
    "holder",
    "submission_id",
    "unit",
    "created_at",
    "expires_at",
)
DOCUMENT_FILTERS = ("document_id", "kind", "format", "holder", "submission_id", "unit", "date")

# All names come from the constants above, never from outside. "user" and "window" are words of SQL.
_RECEIPT_COLUMNS = ", ".join(f'r."{name}"' for name in RECEIPT_FIELDS)
_DOCUMENT_COLUMNS = ", ".join(DOCUMENT_FIELDS)
_WAITING = """
    NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.receipt_no = r.receipt_no)
    AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.receipt_no = r.receipt_no AND h.decision IS NULL)
    AND NOT EXISTS (SELECT 1 FROM waits w JOIN holds h ON h.receipt_no = w.waits_for
                    WHERE w.receipt_no = r.receipt_no AND h.decision IS NULL)
    AND r.acceptance_date <= :opened
"""


class ClaimedReceipt(Receipt):
    """A receipt in the hands of a worker; ``attempt`` counts from 1 over all workers that ever had it."""

    attempt: int


class IdenticalUpload(Exception):
    """The same holder handed in the very same bytes for the same product, and they are booked or waiting."""

    def __init__(self, submission_id: str) -> None:
        super().__init__(f"同じ内容のファイルが申請 {submission_id} として受付済みです。")
        self.submission_id = submission_id


class ClaimLost(Exception):
    """The worker's lease ran out and another took the submission over: its result must not count."""


class NotHeld(Exception):
    """A decision about a submission that nothing holds; the message is Japanese."""


class VerdictDiffers(Exception):
    """A submission that has a verdict was given another one."""


class EventLog:
    """The database of events, with the archive beside it that holds the receipts.

    ``at`` of an event is the product's clock; leases go by real seconds, since they are about living
    processes.
    """

    def __init__(
        self,
        database: Database,
        archive: Archive,
        clock: Clock,
        lease_seconds: int = 120,
        real_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._archive = archive
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._real_seconds = real_seconds

    def close(self) -> None:
        """Closes this thread's connection; the next use opens another."""
        self._database.close()

    # ------------------------------------------------------------------------------------------ receipt

    def receive(self, receipt: Mapping[str, Any], resend: bool = False) -> Receipt:
        """Gives the submission its number, keeps its receipt in the archive and puts it into the queue.

        ``receipt`` has every field of a receipt but receipt_no, submission_id and resend; its bytes are
        already in the archive. One transaction that no other overlaps: receipt numbers are dense and in order
        of receipt. A ``source`` that was received before gives the receipt of that time, so that a drop may
        be taken twice.

        When the process dies between writing the receipt and the commit, the submission counts as received:
        the next ``receive`` or ``recover`` finds the receipt and takes it in.

        Raises:
            IdenticalUpload: the same bytes of this holder and product are booked or waiting, and not
            ``resend``.
        """
        with self._database.writing() as connection:
            number = self._recover(connection)
            if receipt.get("source") is not None:
                known = _receipts(connection, "r.source = :source", source=receipt["source"])
                if known:
                    return known[0]
            if not resend:
                self._refuse_identical(connection, receipt)
            numbered = {
                **receipt,
                "receipt_no": number,
                "submission_id": f"S{number:08d}",
                "resend": resend,
            }
            ordered = cast(Receipt, {name: numbered[name] for name in RECEIPT_FIELDS})
            self._archive.write_receipt(ordered)
            self._insert_receipt(connection, ordered)
        return ordered

    def recover(self) -> int:
        """Takes in receipts that a crash left in the archive only; the number of them."""
        with self._database.writing() as connection:
            before = _last_receipt_no(connection)
            return self._recover(connection) - 1 - before

    def receipt(self, submission_id: str) -> Receipt | None:
        """The receipt of a submission, or None."""
        with self._database.reading() as connection:
            found = _receipts(connection, "r.submission_id = :submission_id", submission_id=submission_id)
        return found[0] if found else None

    def received_from(self, source: str) -> Receipt | None:
        """The receipt of what came from there, or None."""
        with self._database.reading() as connection:
            found = _receipts(connection, "r.source = :source", source=source)
        return found[0] if found else None

    def _recover(self, connection: Connection) -> int:
        """Takes in receipts without a row; the next free number."""
        number = _last_receipt_no(connection) + 1
        while (orphan := self._archive.read_receipt(number)) is not None:
            self._insert_receipt(connection, orphan, recovered=True)
            number += 1
        return number

    def identical(self, sha256: str, holder: str, product: str) -> str | None:
        """The newest submission of these very bytes that is booked or waiting, or None."""
        with self._database.reading() as connection:
            return self._identical(connection, sha256, holder, product)

    def _refuse_identical(self, connection: Connection, receipt: Mapping[str, Any]) -> None:
        found = self._identical(connection, receipt["sha256"], receipt["holder"], receipt["product"])
        if found:
            raise IdenticalUpload(found)

    def _identical(self, connection: Connection, sha256: str, holder: str, product: str) -> str | None:
        found = connection.rows(
            "SELECT r.submission_id FROM receipts r"
            " WHERE r.sha256 = :sha256 AND r.holder = :holder AND r.product = :product AND NOT EXISTS"
            " (SELECT 1 FROM verdicts v WHERE v.receipt_no = r.receipt_no AND v.verdict = 'rejected')"
            " ORDER BY r.receipt_no DESC LIMIT 1",
            sha256=sha256,
            holder=holder,
            product=product,
        )
        return found[0]["submission_id"] if found else None

    def _insert_receipt(self, connection: Connection, receipt: Receipt, **details: Any) -> None:
        columns = ", ".join(f'"{name}"' for name in RECEIPT_FIELDS)
        values = ", ".join(f":{name}" for name in RECEIPT_FIELDS)
        connection.run(
            f"INSERT INTO receipts ({columns}) VALUES ({values})",  # noqa: S608
            **{name: receipt[name] for name in RECEIPT_FIELDS} | {"resend": int(receipt["resend"])},  # type: ignore[literal-required]
        )
        self._add(
            connection,
            "received",
            actor=receipt["user"],
            submission_id=receipt["submission_id"],
            details={"channel": receipt["channel"], "sha256": receipt["sha256"], **details},
        )

    # ------------------------------------------------------------------------------------------ events

    def record(
        self,
        kind: str,
        actor: str,
        submission_id: str | None = None,
        reason: str | None = None,
        **details: Any,
    ) -> int:
        """Adds one event; ``actor`` is a person or a named process, never nobody. Returns the event's id."""
        with self._database.writing() as connection:
            return self._add(connection, kind, actor, submission_id, reason, details)

    def refuse(self, code: str, message: str, actor: str, **details: Any) -> int:
        """Keeps that an upload was refused at once: the refusal is all that is kept of it."""
        return self.record("refused", actor, reason=message, code=code, **details)

    def events(self, submission_id: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
        """Events in the order in which they happened, ``details`` as a dict."""
        wanted = {name: value for name, value in (("submission_id", submission_id), ("kind", kind)) if value}
        where = " AND ".join(["1 = 1", *(f"{name} = :{name}" for name in wanted)])
        with self._database.reading() as connection:
            rows = connection.rows(
                "SELECT id, at, kind, submission_id, actor, reason, details"  # noqa: S608
                f" FROM events WHERE {where} ORDER BY id",
                **wanted,
            )
        return [row | {"details": json.loads(row["details"])} for row in rows]

    def last_event(self) -> int:
        """The id of the newest event, 0 before the first."""
        with self._database.reading() as connection:
            return int(connection.rows("SELECT coalesce(max(id), 0) AS last FROM events")[0]["last"])

    def since(self, event_id: int, limit: int) -> list[dict[str, Any]]:
        """The next events after that one, for a reader that keeps up. Ids are in order of commit: none is missed."""
        with self._database.reading() as connection:
            rows = connection.rows(
                "SELECT id, at, kind, submission_id, actor, reason, details"
                " FROM events WHERE id > :event_id ORDER BY id LIMIT :limit",
                event_id=event_id,
                limit=limit,
            )
        return [row | {"details": json.loads(row["details"])} for row in rows]

    def _add(
        self,
        connection: Connection,
        kind: str,
        actor: str,
        submission_id: str | None = None,
        reason: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> int:
        if not actor:
            raise ValueError("an event needs an actor")
        added = connection.rows(
            "INSERT INTO events (at, kind, submission_id, actor, reason, details)"
            " VALUES (:at, :kind, :submission_id, :actor, :reason, :details) RETURNING id",
            at=_text(self._clock.now()),
            kind=kind,
            submission_id=submission_id,
            actor=actor,
            reason=reason,
            details=json.dumps(details or {}, ensure_ascii=False, default=str),
        )
        return int(added[0]["id"])

    # ------------------------------------------------------------------------------------------ queue

    def due(self, now: datetime) -> list[Receipt]:
        """Submissions that can be processed at ``now``, in order of receipt.

        No verdict, not held, and 08:00 of the acceptance day has come. A claim makes no difference.
        """
        with self._database.reading() as connection:
            return _receipts(connection, _WAITING, opened=_opened(now))

    def claim(
        self, worker: str, now: datetime, limit: int, before: int | None = None
    ) -> list[ClaimedReceipt]:
        """Takes at most ``limit`` due submissions for this worker, the earliest first.

        Free is what nobody claimed, was released, or whose lease ran out (a takeover raises ``attempt``). Per
        holder strictly in order: behind a submission in other live hands nothing of that holder is given out.
        What the worker already has is not given again. ``before``: only receipt numbers below it.
        """
        real_now = self._real_seconds()
        taken: list[ClaimedReceipt] = []
        busy_holders: set[str] = set()
        with self._database.writing() as connection:
            claims = {row["receipt_no"]: row for row in connection.rows("SELECT * FROM claims")}
            for receipt in _receipts(connection, _WAITING, opened=_opened(now)):
                if len(taken) >= limit or (before is not None and receipt["receipt_no"] >= before):
                    break
                if receipt["holder"] in busy_holders:
                    continue
                claim = claims.get(receipt["receipt_no"])
                if claim is not None and (claim["lease_until"] or 0) > real_now:
                    if claim["worker"] != worker:
                        busy_holders.add(receipt["holder"])
                    continue
                attempt = claim["attempt"] + 1 if claim else 1
                connection.run(
                    "INSERT INTO claims (receipt_no, worker, attempt, lease_until)"
                    " VALUES (:receipt_no, :worker, :attempt, :lease_until)"
                    " ON CONFLICT (receipt_no) DO UPDATE"
                    " SET worker = :worker, attempt = :attempt, lease_until = :lease_until",
                    receipt_no=receipt["receipt_no"],
                    worker=worker,
                    attempt=attempt,
                    lease_until=real_now + self._lease_seconds,
                )
                taken.append(cast(ClaimedReceipt, {**receipt, "attempt": attempt}))
        return taken

    def earlier_undecided(self, receipt_no: int, now: datetime) -> bool:
        """Whether a due submission with a lower number is still without verdict.

        Booking waits for its turn, so that application numbers are in order of receipt over all holders. The
        worker that waits should go on calling ``claim``: the one before it may have died.
        """
        with self._database.reading() as connection:
            found = connection.rows(
                f"SELECT 1 AS found FROM receipts r WHERE {_WAITING} AND r.receipt_no < :receipt_no LIMIT 1",  # noqa: S608
                opened=_opened(now),
                receipt_no=receipt_no,
            )
        return bool(found)

    def renew(self, worker: str) -> set[int]:
        """Prolongs the worker's leases from now; the receipt numbers that are still its own.

        Call it right before a commit: what is missing was taken over and must be left alone.
        """
        with self._database.writing() as connection:
            connection.run(
                "UPDATE claims SET lease_until = :lease_until"
                " WHERE worker = :worker AND lease_until IS NOT NULL",
                lease_until=self._real_seconds() + self._lease_seconds,
                worker=worker,
            )
            own = connection.rows(
                "SELECT receipt_no FROM claims WHERE worker = :worker AND lease_until IS NOT NULL",
                worker=worker,
            )
        return {row["receipt_no"] for row in own}

    def release(self, worker: str, receipt_no: int) -> None:
        """Gives a claimed submission back undone; nothing happens when it is not this worker's."""
        with self._database.writing() as connection:
            connection.run(
                "UPDATE claims SET lease_until = NULL WHERE receipt_no = :receipt_no AND worker = :worker",
                receipt_no=receipt_no,
                worker=worker,
            )

    def decide(
        self,
        receipt_no: int,
        verdict: Verdict,
        errors: int,
        warnings: int,
        premium_total: int | None,
        reference_load: int | None,
        at: datetime,
        worker: str,
        agreements: Sequence[str] = (),
    ) -> None:
        """Gives a submission its verdict, once and for ever, and ends its claim.

        ``premium_total`` in yen, None for a rejected one. ``agreements``: the 特約 that its records name, for those
        who may see some of them only. The same verdict again (a run repeated after a crash) changes nothing.

        Raises:
            VerdictDiffers: another verdict stands.
            ClaimLost: the submission is not this worker's (any more).
            ValueError: a verdict that contradicts itself.
        """
        if verdict not in ("booked", "rejected") or (verdict == "booked") != (premium_total is not None):
            raise ValueError(f"no possible verdict: {verdict} with premium {premium_total}")
        if verdict == "booked" and errors:
            raise ValueError("one error and nothing is booked")
        fields = {
            "verdict": verdict,
            "errors": errors,
            "warnings": warnings,
            "premium_total": premium_total,
            "reference_load": reference_load,
        }
        with self._database.writing() as connection:
            known = connection.rows(
                "SELECT * FROM verdicts WHERE receipt_no = :receipt_no", receipt_no=receipt_no
            )
            if known:
                if any(known[0][name] != value for name, value in fields.items()):
                    raise VerdictDiffers(f"受付番号 {receipt_no} には既に別の判定があります。")
                return
            self._end_claim(connection, receipt_no, worker)
            connection.run(
                "INSERT INTO verdicts"
                " (receipt_no, verdict, errors, warnings, premium_total, reference_load, at) VALUES"
                " (:receipt_no, :verdict, :errors, :warnings, :premium_total, :reference_load, :at)",
                receipt_no=receipt_no,
                at=_text(at),
                **fields,
            )
            receipt = _receipts(connection, "r.receipt_no = :receipt_no", receipt_no=receipt_no)[0]
            details = fields | {"agreements": list(agreements)}
            self._add(connection, verdict, worker, receipt["submission_id"], details=details)

    def verdict(self, receipt_no: int) -> dict[str, Any] | None:
        """The verdict of a submission with its ``at`` as ISO text, or None while there is none."""
        with self._database.reading() as connection:
            found = connection.rows(
                "SELECT verdict, errors, warnings, premium_total, reference_load, at FROM verdicts"
                " WHERE receipt_no = :receipt_no",
                receipt_no=receipt_no,
            )
        return found[0] if found else None

    def hold(
        self,
        receipt_no: int,
        reason: str,
        at: datetime,
        worker: str,
        codes: Iterable[str] = (),
        subjects: Iterable[str] = (),
    ) -> None:
        """Sets a submission aside until somebody decides; those behind it go on. Ends the worker's claim.

        ``codes``: the findings that need the decision; once released they are ``released_codes``. ``subjects``: the
        applications and contracts that it is about; later submissions about them wait for the decision.

        Raises:
            ClaimLost: the submission is not this worker's (any more).
        """
        with self._database.writing() as connection:
            self._end_claim(connection, receipt_no, worker)
            # A released submission may be held again; how the earlier hold ended stands among the events.
            connection.run(
                "INSERT INTO holds (receipt_no, held_at, reasons) VALUES (:receipt_no, :at, :reasons)"
                " ON CONFLICT (receipt_no) DO UPDATE"
                " SET held_at = :at, reasons = :reasons, decided_at = NULL, decision = NULL",
                receipt_no=receipt_no,
                at=_text(at),
                reasons=json.dumps([*sorted(codes), reason], ensure_ascii=False),
            )
            self._keep_subjects(connection, receipt_no, subjects)
            receipt = _receipts(connection, "r.receipt_no = :receipt_no", receipt_no=receipt_no)[0]
            self._add(connection, "held", worker, receipt["submission_id"], reason)

    def wait(self, receipt_no: int, waits_for: int, subjects: Iterable[str], worker: str) -> None:
        """Lets a submission wait for a held one about the same application; due again once that is decided.

        Raises:
            ClaimLost: the submission is not this worker's (any more).
        """
        with self._database.writing() as connection:
            self._end_claim(connection, receipt_no, worker)
            connection.run(
                "INSERT INTO waits (receipt_no, waits_for) VALUES (:receipt_no, :waits_for)"
                " ON CONFLICT (receipt_no) DO UPDATE SET waits_for = :waits_for",
                receipt_no=receipt_no,
                waits_for=waits_for,
            )
            self._keep_subjects(connection, receipt_no, subjects)
            receipt = _receipts(connection, "r.receipt_no = :receipt_no", receipt_no=receipt_no)[0]
            self._add(
                connection, "waiting", worker, receipt["submission_id"], details={"waits_for": waits_for}
            )

    def blocked(self) -> list[dict[str, Any]]:
        """Undecided submissions and what they are about: ``receipt_no``, ``waits_for`` (the held one), ``subjects``."""
        with self._database.reading() as connection:
            rows = connection.rows(
                "SELECT s.receipt_no, coalesce(w.waits_for, s.receipt_no) AS waits_for, s.subjects"
                " FROM subjects s LEFT JOIN waits w ON w.receipt_no = s.receipt_no"
                " JOIN holds h ON h.receipt_no = coalesce(w.waits_for, s.receipt_no)"
                " WHERE h.decision IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.receipt_no = s.receipt_no)"
                " ORDER BY s.receipt_no"
            )
        return [row | {"subjects": frozenset(json.loads(row["subjects"]))} for row in rows]

    def _keep_subjects(self, connection: Connection, receipt_no: int, subjects: Iterable[str]) -> None:
        connection.run(
            "INSERT INTO subjects (receipt_no, subjects) VALUES (:receipt_no, :subjects)"
            " ON CONFLICT (receipt_no) DO UPDATE SET subjects = :subjects",
            receipt_no=receipt_no,
            subjects=json.dumps(sorted(subjects)),
        )

    def released_codes(self, receipt_no: int) -> frozenset[str]:
        """Finding codes of a submission that somebody decided to let pass."""
        with self._database.reading() as connection:
            found = connection.rows(
                "SELECT reasons FROM holds WHERE receipt_no = :receipt_no AND decision = 'release'",
                receipt_no=receipt_no,
            )
        return frozenset(json.loads(found[0]["reasons"])) if found else frozenset()

    def _end_claim(self, connection: Connection, receipt_no: int, worker: str) -> None:
        ended = connection.run(
            "DELETE FROM claims WHERE receipt_no = :receipt_no AND worker = :worker AND lease_until IS NOT NULL",
            receipt_no=receipt_no,
            worker=worker,
        )
        if ended != 1:
            raise ClaimLost(f"受付番号 {receipt_no} は {worker} の担当ではなくなりました。")

    def end_hold(
        self,
        receipt_no: int,
        decision: Literal["release", "refuse"],
        by: str,
        reason: str,
        at: datetime,
        warnings: int = 0,
        **told: Any,
    ) -> None:
        """Keeps who ended a hold and why; a released submission is due again, a refused one is rejected.

        The refusal counts as one error beside ``warnings``. ``told`` is kept with the event.

        Raises:
            NotHeld: nothing holds the submission.
        """
        with self._database.writing() as connection:
            receipt = _receipts(connection, "r.receipt_no = :receipt_no", receipt_no=receipt_no)[0]
            ended = connection.run(
                "UPDATE holds SET decided_at = :at, decision = :decision"
                " WHERE receipt_no = :receipt_no AND decision IS NULL",
                at=_text(at),
                decision=decision,
                receipt_no=receipt_no,
            )
            if ended != 1:
                raise NotHeld(f"申請 {receipt['submission_id']} は保留されていません。")
            if decision == "refuse":
                connection.run(
                    "INSERT INTO verdicts (receipt_no, verdict, errors, warnings, premium_total, reference_load, at)"
                    " VALUES (:receipt_no, 'rejected', 1, :warnings, NULL, NULL, :at)",
                    receipt_no=receipt_no,
                    warnings=warnings,
                    at=_text(at),
                )
            details = {"errors": 1, "warnings": warnings} if decision == "refuse" else {}
            self._add(connection, f"hold-{decision}", by, receipt["submission_id"], reason, details | told)

    def without_document(self, kind: str, decided: bool) -> list[Receipt]:
        """Submissions that never got a document of this kind, in receipt order: work that is still owed.

        ``decided``: only those with a verdict.
        """
        where = "NOT EXISTS (SELECT 1 FROM documents d WHERE d.submission_id = r.submission_id AND d.kind = :kind)"
        if decided:
            where += " AND EXISTS (SELECT 1 FROM verdicts v WHERE v.receipt_no = r.receipt_no)"
        with self._database.reading() as connection:
            return _receipts(connection, where, kind=kind)

    def accepted_on(self, day: date) -> list[Receipt]:
        """Submissions of one acceptance day in receipt order."""
        with self._database.reading() as connection:
            return _receipts(connection, "r.acceptance_date = :day", day=day.isoformat())

    def issued_ids(self, kind: str) -> set[str]:
        """The document ids of a kind that were ever issued."""
        with self._database.reading() as connection:
            return {
                row["document_id"]
                for row in connection.rows("SELECT document_id FROM documents WHERE kind = :kind", kind=kind)
            }

    # ------------------------------------------------------------------------------------------ status

    def submissions(self, now: datetime, submission_id: str | None = None) -> list[dict[str, Any]]:
        """What ``daicho status`` tells (contract §4), in order of receipt.

        ``errors`` and ``warnings`` are null until there is a verdict, ``premium_total_yen`` until it is
        booked.
        """
        where, parameters = "1 = 1", {}
        if submission_id is not None:
            where, parameters = "r.submission_id = :submission_id", {"submission_id": submission_id}
        with self._database.reading() as connection:
            rows = connection.rows(
                f"SELECT {_RECEIPT_COLUMNS}, v.verdict, v.errors, v.warnings, v.premium_total,"  # noqa: S608
                " h.receipt_no AS held FROM receipts r"
                " LEFT JOIN verdicts v ON v.receipt_no = r.receipt_no"
                " LEFT JOIN holds h ON h.receipt_no = r.receipt_no AND h.decision IS NULL"
                f" WHERE {where} ORDER BY r.receipt_no",
                **parameters,
            )
        return [_status_row(row, now) for row in rows]

    def portraits(self, submission_ids: Iterable[str]) -> list[dict[str, Any]]:
        """All that is known of each of these submissions, in order of receipt; unknown ids are left out.

        The receipt's fields and ``verdict``, ``errors``, ``warnings``, ``premium_total``, ``decided_at``, ``held``,
        ``held_at``, ``hold_codes``, ``hold_reason``, ``waits_for`` (submission id of the held one it was set behind).
        """
        wanted, values = _listed("r.submission_id", submission_ids)
        with self._database.reading() as connection:
            rows = connection.rows(
                f"SELECT {_RECEIPT_COLUMNS}, v.verdict, v.errors, v.warnings, v.premium_total, v.at AS decided_at,"  # noqa: S608
                " h.held_at, h.reasons, h.decision, b.submission_id AS waits_for FROM receipts r"
                " LEFT JOIN verdicts v ON v.receipt_no = r.receipt_no"
                " LEFT JOIN holds h ON h.receipt_no = r.receipt_no"
                " LEFT JOIN waits w ON w.receipt_no = r.receipt_no"
                " LEFT JOIN receipts b ON b.receipt_no = w.waits_for"
                f" WHERE {wanted} ORDER BY r.receipt_no",
                **values,
            )
        return [_portrait(row) for row in rows]

    def status_counts(self, now: datetime) -> dict[str, int]:
        """Number of submissions in each of the four statuses."""
        counts = {str(status): 0 for status in Status}
        for row in self.submissions(now):
            counts[row["status"]] += 1
        return counts

    def accounting(self) -> dict[str, int]:
        """received = booked + rejected + held + waiting, each counted by itself (``daicho verify``)."""
        undecided = "receipts r WHERE NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.receipt_no = r.receipt_no)"
        held = "EXISTS (SELECT 1 FROM holds h WHERE h.receipt_no = r.receipt_no AND h.decision IS NULL)"
        sources = {
            "received": "receipts",
            "booked": "verdicts WHERE verdict = 'booked'",
            "rejected": "verdicts WHERE verdict = 'rejected'",
            "held": f"{undecided} AND {held}",
            "waiting": f"{undecided} AND NOT {held}",
        }
        with self._database.reading() as connection:
            return {
                name: int(connection.rows(f"SELECT count(*) AS n FROM {source}")[0]["n"])  # noqa: S608
                for name, source in sources.items()
            }

    # ------------------------------------------------------------------------------------------ documents

    def register_document(self, document: Mapping[str, Any]) -> Literal["new", "same", "rebuilt"]:
        """Keeps that a document was issued; ``document`` has the DOCUMENT_FIELDS, times as ISO text.

        Again with the same bytes: nothing. With other bytes: the row tells the new ones (created_at and
        expires_at stay, they were promised), and an event tells the change.
        """
        row = {name: document.get(name) for name in DOCUMENT_FIELDS}
        with self._database.writing() as connection:
            known = connection.rows(
                "SELECT sha256 FROM documents WHERE document_id = :document_id",
                document_id=row["document_id"],
            )
            details = {name: row[name] for name in ("document_id", "kind", "sha256", "path")}
            if not known:
                connection.run(
                    f"INSERT INTO documents ({_DOCUMENT_COLUMNS})"  # noqa: S608
                    f" VALUES ({', '.join(f':{name}' for name in DOCUMENT_FIELDS)})",
                    **row,
                )
                self._add(connection, "document-issued", "daicho", row["submission_id"], details=details)
                return "new"
            if known[0]["sha256"] == row["sha256"]:
                return "same"
            connection.run(
                "UPDATE documents SET path = :path, sha256 = :sha256, size = :size"
                " WHERE document_id = :document_id",
                **{name: row[name] for name in ("document_id", "path", "sha256", "size")},
            )
            details["replaced_sha256"] = known[0]["sha256"]
            self._add(connection, "document-rebuilt", "daicho", row["submission_id"], details=details)
            return "rebuilt"

    def document(self, document_id: str) -> dict[str, Any] | None:
        """A document's row, removed ones too (``removed_at``), or None."""
        with self._database.reading() as connection:
            found = connection.rows(
                f"SELECT {_DOCUMENT_COLUMNS}, removed_at FROM documents WHERE document_id = :document_id",  # noqa: S608
                document_id=document_id,
            )
        return found[0] if found else None

    def documents_named(self, document_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Rows of these documents, removed ones too (``removed_at``), in order of their ids."""
        wanted, values = _listed("document_id", document_ids)
        with self._database.reading() as connection:
            return connection.rows(
                f"SELECT {_DOCUMENT_COLUMNS}, removed_at FROM documents WHERE {wanted} ORDER BY document_id",  # noqa: S608
                **values,
            )

    def list_documents(self, filters: Mapping[str, str | date | None], now: datetime) -> list[dict[str, Any]]:
        """Documents that can be fetched at ``now``, in order of creation; ``path`` is the key in the files.

        ``filters``: any of DOCUMENT_FILTERS, None = all; ``date`` is the day of creation.
        """
        unknown = set(filters) - set(DOCUMENT_FILTERS)
        if unknown:
            raise ValueError(f"unknown filters: {sorted(unknown)}")
        wanted = {name: str(value) for name, value in filters.items() if value is not None}
        conditions = ["removed_at IS NULL", "(expires_at IS NULL OR expires_at > :now)"]
        conditions += [
            "substr(created_at, 1, 10) = :date" if name == "date" else f"{name} = :{name}" for name in wanted
        ]
        with self._database.reading() as connection:
            return connection.rows(
                f"SELECT {_DOCUMENT_COLUMNS} FROM documents WHERE {' AND '.join(conditions)}"  # noqa: S608
                " ORDER BY created_at, document_id",
                now=_text(now),
                **wanted,
            )

    def expired_documents(self, now: datetime) -> list[dict[str, Any]]:
        """Documents whose time is over and whose file is still there."""
        with self._database.reading() as connection:
            return connection.rows(
                f"SELECT {_DOCUMENT_COLUMNS} FROM documents"  # noqa: S608
                " WHERE removed_at IS NULL AND expires_at <= :now ORDER BY document_id",
                now=_text(now),
            )

    def mark_document_removed(self, document_id: str, at: datetime) -> None:
        """Keeps that the file of an expired document is gone; once."""
        with self._database.writing() as connection:
            changed = connection.run(
                "UPDATE documents SET removed_at = :at"
                " WHERE document_id = :document_id AND removed_at IS NULL",
                at=_text(at),
                document_id=document_id,
            )
            if changed:
                self._add(connection, "document-removed", "daicho", details={"document_id": document_id})

    # ------------------------------------------------------------------------------------------ drop folder

    def drop_look(self, path: str, fingerprint: str) -> float:
        """Remembers what a dropped file looks like; the real seconds for which it has looked the same.

        0 at the first look and after a change. ``fingerprint`` is whatever tells two states of the file
        apart.
        """
        real_now = self._real_seconds()
        with self._database.writing() as connection:
            known = connection.rows(
                "SELECT seen_at FROM drop_looks WHERE path = :path AND fingerprint = :fingerprint",
                path=path,
                fingerprint=fingerprint,
            )
            if known:
                return max(real_now - known[0]["seen_at"], 0)
            connection.run(
                "INSERT INTO drop_looks (path, fingerprint, seen_at) VALUES (:path, :fingerprint, :seen_at)"
                " ON CONFLICT (path) DO UPDATE SET fingerprint = :fingerprint, seen_at = :seen_at",
                path=path,
                fingerprint=fingerprint,
                seen_at=real_now,
            )
        return 0

    def drop_looked(self, path: str) -> bool:
        """Whether a file was ever looked at under that path."""
        with self._database.reading() as connection:
            return bool(connection.rows("SELECT 1 AS found FROM drop_looks WHERE path = :path", path=path))

    def forget_drop_looks(self, older_seconds: float) -> None:
        """Forgets looks at what has long been taken or gone away."""
        before = self._real_seconds() - older_seconds
        with self._database.writing() as connection:
            connection.run("DELETE FROM drop_looks WHERE seen_at < :before", before=before)

    def drop_attempt(self, upload: str) -> int:
        """Counts one more attempt at a dropped file, durably and before anything of it is touched; its number."""
        with self._database.writing() as connection:
            counted = connection.rows(
                "INSERT INTO drop_attempts (upload, attempts) VALUES (:upload, 1)"
                " ON CONFLICT (upload) DO UPDATE SET attempts = drop_attempts.attempts + 1 RETURNING attempts",
                upload=upload,
            )
        return int(counted[0]["attempts"])

    def take_back_drop_attempt(self, upload: str) -> None:
        """Uncounts the last attempt: what failed was not the file."""
        with self._database.writing() as connection:
            connection.run(
                "UPDATE drop_attempts SET attempts = attempts - 1 WHERE upload = :upload AND attempts > 0",
                upload=upload,
            )

    def park_drop(self, upload: str, fingerprint: str, name: str, holder: str, reason: str) -> None:
        """Gives a dropped file up until it looks otherwise than ``fingerprint``, and tells the operator by an event."""
        with self._database.writing() as connection:
            connection.run(
                "INSERT INTO drop_attempts (upload, attempts, parked) VALUES (:upload, 0, :fingerprint)"
                " ON CONFLICT (upload) DO UPDATE SET attempts = 0, parked = :fingerprint",
                upload=upload,
                fingerprint=fingerprint,
            )
            details = {"upload": upload, "file_name": name, "holder": holder}
            self._add(connection, "drop-parked", "daicho", reason=reason, details=details)

    def parked_drops(self) -> dict[str, str]:
        """What was given up, and what it looked like then."""
        with self._database.reading() as connection:
            rows = connection.rows("SELECT upload, parked FROM drop_attempts WHERE parked IS NOT NULL")
        return {row["upload"]: row["parked"] for row in rows}

    def forget_drop(self, upload: str) -> None:
        """Forgets the attempts at a dropped file that was finished or went away."""
        with self._database.writing() as connection:
            connection.run("DELETE FROM drop_attempts WHERE upload = :upload", upload=upload)

    def refusal_of(self, source: str) -> tuple[str, str] | None:
        """Code and message with which the upload of this source was refused, or None. For taking up after a crash."""
        told = json.dumps({"source": source}, ensure_ascii=False)[1:-1]
        pattern = "%" + told.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        with self._database.reading() as connection:
            rows = connection.rows(
                "SELECT reason, details FROM events WHERE kind = 'refused' AND details LIKE :pattern ESCAPE '!'"
                " ORDER BY id",
                pattern=pattern,
            )
        for row in rows:
            details = json.loads(row["details"])
            if details.get("source") == source:
                return str(details["code"]), str(row["reason"])
        return None


def _listed(column: str, values: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The condition that a column has one of these values, and its parameters."""
    named = {f"v{n}": value for n, value in enumerate(values)}
    places = ", ".join(f":{name}" for name in named)
    return (f"{column} IN ({places})" if named else "1 = 0"), named


def _portrait(row: dict[str, Any]) -> dict[str, Any]:
    reasons = json.loads(row.pop("reasons") or "[]")
    decision = row.pop("decision")
    return row | {
        "held": bool(reasons) and decision is None and row["verdict"] is None,
        "hold_codes": reasons[:-1],
        "hold_reason": reasons[-1] if reasons else None,
    }


def _receipts(connection: Connection, where: str, **parameters: Any) -> list[Receipt]:
    rows = connection.rows(
        f"SELECT {_RECEIPT_COLUMNS} FROM receipts r WHERE {where} ORDER BY r.receipt_no",  # noqa: S608
        **parameters,
    )
    return [cast(Receipt, row | {"resend": bool(row["resend"])}) for row in rows]


def _last_receipt_no(connection: Connection) -> int:
    return int(connection.rows("SELECT coalesce(max(receipt_no), 0) AS last FROM receipts")[0]["last"])


def _status_row(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    acceptance_date = date.fromisoformat(row["acceptance_date"])
    return {
        "submission_id": row["submission_id"],
        "product": row["product"],
        "holder": row["holder"],
        "user": row["user"],
        "file_name": row["file_name"],
        "declared_count": row["declared_count"],
        "received_at": row["received_at"],
        "acceptance_date": row["acceptance_date"],
        "status": str(status_of(acceptance_date, now, row["verdict"])),
        "held": row["held"] is not None and row["verdict"] is None,
        "errors": row["errors"],
        "warnings": row["warnings"],
        "premium_total_yen": row["premium_total"],
    }


def _opened(now: datetime) -> str:
    """The latest acceptance day that has opened at ``now``."""
    local = now.astimezone(TOKYO)
    day = local.date()
    return (day if local >= opening_of(day) else day - timedelta(days=1)).isoformat()


def _text(instant: datetime) -> str:
    """Times are stored as Japanese time, so that their text sorts like themselves."""
    if instant.tzinfo is None:
        raise ValueError("a time without zone")
    return instant.astimezone(TOKYO).isoformat()
