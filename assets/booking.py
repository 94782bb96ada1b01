"""Deciding due submissions: claim, assess, wait for the turn, post, commit, verdict.

Plain functions over the store, without Dagster; ``assets.graph`` wraps them. All or nothing per submission, once and
only once, numbers in receipt order over all workers (contract §5, §7; A-026, A-052, A-054).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from daicho.reading.uploads import Wanted, read
from daicho.references import calendar_of, reference_of
from daicho.store import Store
from daicho.store.eventlog import ClaimedReceipt, ClaimLost
from daicho.store.journal import Snapshot
from daicho.views import ledger_state
from pipelines.assess import assess_decoded
from pipelines.post import Blocked, Candidate, Posted, post
from schemas.journal import BOOKING
from schemas.products import Product
from schemas.submission import Refusal

CLAIM_AT_ONCE = 20
RECORDS_AT_ONCE = 200_000
ATTEMPTS = 3
RETRY_PAUSE_SECONDS = 1
_MOST_AGREEMENTS = 200
_TURN_POLL_SECONDS = 0.05

Say = Callable[[str], None]


@dataclass
class Decided:
    """What one run decided, in receipt order."""

    posted: list[Posted] = field(default_factory=list)
    held: list[Posted] = field(default_factory=list)
    failed: list[tuple[str, Exception]] = field(default_factory=list)

    @property
    def submissions(self) -> list[str]:
        """Submission ids that got their verdict or were held for a decision, in receipt order."""
        return sorted(str(p.receipt["submission_id"]) for p in [*self.posted, *self.held])


def decide_due(
    store: Store, worker: str, say: Say = lambda _: None, announce: Callable[[], None] = lambda: None
) -> Decided:
    """Gives every due submission its verdict; returns when none is left for this worker.

    ``announce`` is called after every batch of verdicts: whoever waits for one need not wait for those behind it.

    A submission that fails ATTEMPTS times for an unknown reason – here, or by ending the process of earlier runs – is
    set aside (held), so that it keeps nobody waiting, and is told as failed.
    """
    decided = Decided()
    pending: list[Candidate] = []
    lease = _Lease(store, worker)
    mine: list[int] = []
    try:
        while True:
            claimed = _claim(store, worker, pending)
            mine += [receipt["receipt_no"] for receipt in claimed]
            for receipt in claimed:
                candidate = _assessed(store, receipt, worker, decided, say)
                if candidate is None:
                    announce()
                else:
                    pending.append(candidate)
                lease.keep()
            pending.sort(key=_number)
            turn = _whose_turn(store, pending)
            if turn:
                _book(store, worker, turn, decided, say)
                announce()
                pending = [c for c in pending if c not in turn]
            elif pending:
                lease.keep()
                time.sleep(_TURN_POLL_SECONDS)
            elif not claimed:
                return decided
    except BaseException:
        for (
            receipt_no
        ) in mine:  # another run need not wait until the leases are over; decided ones are not ours any more
            store.events.release(worker, receipt_no)
        raise


class _Lease:
    """Prolongs the worker's leases while it works or waits, a few times per lease."""

    def __init__(self, store: Store, worker: str) -> None:
        self._store, self._worker = store, worker
        self._renewed = time.monotonic()

    def keep(self) -> None:
        if time.monotonic() - self._renewed > self._store.settings.lease_seconds / 4:
            self._store.events.renew(self._worker)
            self._renewed = time.monotonic()


def _claim(store: Store, worker: str, pending: list[Candidate]) -> list[ClaimedReceipt]:
    now = store.clock.now()
    if sum(c.assessment.count for c in pending) >= RECORDS_AT_ONCE:
        # Hands full: only what must be decided before the rest and lost its worker, or nobody would go on.
        return store.events.claim(worker, now, 1, before=_number(pending[0]))
    first = store.events.claim(worker, now, 1)
    if not first or first[0]["attempt"] > 1:
        return (
            first  # somebody began it and did not finish: should it end this process, too, it ends no other
        )
    return first + store.events.claim(worker, now, CLAIM_AT_ONCE - 1)


def _number(candidate: Candidate) -> int:
    return int(candidate.receipt["receipt_no"])


def _assessed(
    store: Store, receipt: ClaimedReceipt, worker: str, decided: Decided, say: Say
) -> Candidate | None:
    reference = reference_of(store)
    submission_id = receipt["submission_id"]
    error: Exception = RuntimeError("処理が途中で終わりました(メモリ不足など)")
    for attempt in range(receipt["attempt"], ATTEMPTS + 1):
        if attempt > receipt["attempt"]:
            time.sleep(RETRY_PAUSE_SECONDS)
        try:
            assessment = assess_decoded(
                read(
                    Wanted(
                        store.archive.get_bytes(receipt["sha256"]),
                        receipt["file_name"],
                        Product(receipt["product"]),
                        receipt["layout_version"],
                        receipt["reading_version"],
                        patient=True,
                    )
                ),
                receipt["holder"],
                datetime.fromisoformat(receipt["received_at"]).date(),
                date.fromisoformat(receipt["acceptance_date"]),
                reference,
            )
        except Exception as failure:  # noqa: BLE001 - one bad upload must not stop the others; it is told at the end
            error = failure
            continue
        say(f"{submission_id} {receipt['file_name']}: {assessment.count:,}件を審査しました")
        return Candidate(receipt, assessment, store.events.released_codes(receipt["receipt_no"]))
    # What an unknown fault says of itself is for the log of the run, where it rises in the end; people read this.
    why = error.message if isinstance(error, Refusal) else "運用担当に連絡してください。"
    reason = f"処理中に予期しないエラーが{ATTEMPTS}回続いたため保留しました。{why}"
    say(f"{submission_id}: {reason}")
    with suppress(ClaimLost):  # another worker took it over and finds out for itself
        store.events.hold(receipt["receipt_no"], reason, store.clock.now(), worker)
        decided.failed.append((submission_id, error))
    return None


def _whose_turn(store: Store, pending: list[Candidate]) -> list[Candidate]:
    """The pending submissions before which nothing is undecided in other hands."""
    if not pending:
        return []
    mine = {_number(c) for c in pending}
    others = (r["receipt_no"] for r in store.events.due(store.clock.now()) if r["receipt_no"] not in mine)
    barrier = min(others, default=None)
    return [c for c in pending if barrier is None or _number(c) < barrier]


def _book(store: Store, worker: str, turn: list[Candidate], decided: Decided, say: Say) -> None:
    own = store.events.renew(worker)
    turn = [c for c in turn if _number(c) in own]
    loads = {_number(c): c.assessment.reference_load for c in turn}
    named = {_number(c): _agreements(c) for c in turn}
    outcome: list[Posted] = []

    def build(snapshot: Snapshot) -> pl.DataFrame | None:
        outcome[:] = list(_post(store, snapshot, turn))
        rows = [p.rows for p in outcome if p.rows.height and p.rows["journal_no"].null_count()]
        return pl.concat(rows) if rows else None

    store.journal.commit(build, BOOKING)
    for posted in outcome:
        receipt = posted.receipt
        if posted.verdict == "waiting":
            _wait(store, posted, worker, say)
            continue
        store.findings.write(receipt["submission_id"], posted.findings)
        booked = posted.verdict == "booked"
        try:
            if posted.verdict == "held":
                _hold(store, posted, worker)
                decided.held.append(posted)
                say(f"{receipt['submission_id']}: 保留(担当者の決定待ち)")
                continue
            store.events.decide(
                receipt["receipt_no"],
                "booked" if booked else "rejected",
                posted.errors,
                posted.warnings,
                posted.premium_total if booked else None,
                loads[receipt["receipt_no"]],
                store.clock.now(),
                worker,
                named[receipt["receipt_no"]],
            )
        except ClaimLost:
            continue  # another worker took it over and tells the same verdict
        decided.posted.append(posted)
        say(
            f"{receipt['submission_id']}: {'計上' if booked else '申請内容要確認'} エラー{posted.errors} 警告{posted.warnings}"
        )


def _agreements(candidate: Candidate) -> list[str]:
    """The 特約 that the records of an upload name; none at all when there are too many to be meant."""
    assessment = candidate.assessment
    codes = pl.concat([frame["agreement_code"] for frame in (assessment.lines, assessment.changes)])
    told: list[str] = codes.drop_nulls().unique().sort().to_list()
    return told if len(told) <= _MOST_AGREEMENTS else []


def _wait(store: Store, posted: Posted, worker: str, say: Say) -> None:
    """Sets a submission aside until the held one about the same application is decided; then it is due again."""
    assert posted.waits_for is not None
    receipt_no = posted.receipt["receipt_no"]
    with suppress(ClaimLost):  # another worker took it over and finds out for itself
        store.events.wait(receipt_no, posted.waits_for, posted.subjects, worker)
        say(f"{posted.receipt['submission_id']}: 同じ申込みの保留(受付 {posted.waits_for})の決定を待ちます")


def _hold(store: Store, posted: Posted, worker: str) -> None:
    """Sets a submission aside that needs somebody's decision, with the sentences that say why."""
    needed = posted.findings.filter(pl.col("code").is_in(list(posted.undecided)))
    reason = " / ".join(needed["message"].unique(maintain_order=True).head(3).to_list())
    store.events.hold(
        posted.receipt["receipt_no"], reason, store.clock.now(), worker, posted.undecided, posted.subjects
    )


def _post(store: Store, snapshot: Snapshot, turn: list[Candidate]) -> Iterator[Posted]:
    """Posts what the snapshot does not hold yet; what it holds (a crash came before the verdict) is told again."""
    # A worker that stalled past its lease may come late: what was decided meanwhile stays decided.
    turn = [c for c in turn if store.events.verdict(_number(c)) is None]
    ids = [str(c.receipt["submission_id"]) for c in turn]
    journal = snapshot.scan()
    there = journal.filter(pl.col("entry") == BOOKING).filter(pl.col("submission_id").is_in(ids)).collect()
    booked = set(there["submission_id"].to_list())
    for candidate in turn:
        if candidate.receipt["submission_id"] in booked:
            rows = there.filter(pl.col("submission_id") == candidate.receipt["submission_id"]).sort(
                "journal_no"
            )
            # What was found depends on the ledger as it was right before.
            before = journal.filter(pl.col("journal_no") < rows["journal_no"][0])
            [again] = _posted(store, before, [candidate])
            warnings = again.findings.filter(pl.col("severity") == "warning")
            yield Posted(candidate.receipt, rows, warnings, subjects=again.subjects)
    fresh = [c for c in turn if c.receipt["submission_id"] not in booked]
    yield from _posted(store, journal, fresh, _blocked(store))


def _posted(
    store: Store, journal: pl.LazyFrame, candidates: list[Candidate], blocked: list[Blocked] | None = None
) -> list[Posted]:
    return post(
        candidates,
        ledger_state(journal, candidates, blocked or ()),
        store.clock.now(),
        lambda load: reference_of(store, load),
        calendar_of(reference_of(store)),
    )


def _blocked(store: Store) -> list[Blocked]:
    return [Blocked(**row) for row in store.events.blocked()]
