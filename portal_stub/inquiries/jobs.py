"""The background work of 各種情報照会: looking for contracts, and making the files of contracts and losses (I-008, I-011).

What may be seen is asked of the user when the work is done, not when it was asked for; with the result stands under
which limit the file was made (``_covers``). The journal is read by ``portal_stub.pipeline.contracts`` alone.
"""

from itertools import chain
from typing import Any

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.inquiries import finding
from portal_stub.inquiries.conditions import Conditions
from portal_stub.inquiries.kinds import KINDS, LEDGER_KINDS
from portal_stub.inquiries.layouts import (
    CONTRACT_VERSION,
    LOSS_COLUMNS,
    LOSS_VERSION,
    contract_columns,
)
from portal_stub.inquiries.scope import scope_on
from portal_stub.inquiries.writing import write_csv
from portal_stub.jobs.models import Job
from portal_stub.jobs.registry import Running, job
from schemas.submission import Refusal
from sensors.windows import TOKYO

NOTHING = "条件に合うデータがありません。条件を変更して、もう一度作成してください。"


def _covers(user: User, row: Job) -> bool:
    """Whether the user sees all that a finished file was made of: rights may have been narrowed since (G-015, G-021)."""
    if not user.may_see_data:
        return False
    agreements = user.seen_agreements()
    if row.state != Job.State.DONE or agreements is None or row.kind == "contract-search":
        return True
    made_of = row.result.get("agreements")
    return made_of is not None and set(made_of) <= agreements


@job("contract-search", urgent=True, covers=_covers)
def search(running: Running) -> dict[str, Any]:
    """「検索」: the 保険種 for which data can be made, with the numbers of contracts and rows (I-007)."""
    asked, agreements = Conditions.of(running.parameters), _seen(running)
    lines = _ledger_lines(running, asked, agreements)
    counted = dict(lines.counts()) if lines is not None else {}
    papers = finding.paper_contracts(
        running.job.user, running.job.holder.code, asked, scope_on(clock.today())
    )
    for kind in papers.order_by().values_list("kind", flat=True):
        contracts, rows = counted.get(kind, (0, 0))
        counted[kind] = (contracts + 1, rows + 1)
    return {"kinds": {kind: counted[kind] for kind in KINDS if kind in counted}}


@job("contract-data", covers=_covers)
def contract_data(running: Running) -> dict[str, Any]:
    """「データ作成」 of a 保険種: its contracts on ledgers and on paper (I-005, I-008, I-009)."""
    asked, agreements = Conditions.of(running.parameters), _seen(running)
    running.tell(5, "契約を検索しています。")
    lines = _ledger_lines(running, asked, agreements)
    papers = finding.paper_contracts(
        running.job.user, running.job.holder.code, asked, scope_on(clock.today())
    )
    running.tell(50, "ファイルを作成しています。")

    def rows() -> Any:
        booked = () if lines is None else finding.ledger_rows(lines.rows(asked.kind))
        return chain(booked, finding.paper_rows(papers))

    with running.write(_name("contract_data", asked.kind, CONTRACT_VERSION, running)) as stream:
        count = write_csv(stream, contract_columns(asked.kind), rows)
        _something(count)
    return {"rows": count, "agreements": None if agreements is None else sorted(agreements)}


@job("loss-data", covers=_covers)
def loss_data(running: Running) -> dict[str, Any]:
    """「データ作成」 of 事故概要情報 (I-019, I-021)."""
    asked, agreements = Conditions.of(running.parameters), _seen(running)
    found = finding.losses(running.job.user, running.job.holder.code, asked)
    with running.write(_name("loss_data", asked.kind or "all", LOSS_VERSION, running)) as stream:
        count = write_csv(stream, LOSS_COLUMNS, lambda: finding.loss_rows(found))
        _something(count)
    return {"rows": count, "agreements": None if agreements is None else sorted(agreements)}


def _seen(running: Running) -> set[str] | None:
    """The 特約 that the user may see now (G-021); that the holder is his is judged before the work begins."""
    agreements: set[str] | None = running.job.user.seen_agreements()
    return agreements


def _ledger_lines(running: Running, asked: Conditions, agreements: set[str] | None) -> Any:
    """Lines of the ledgers; None where there is none to look for."""
    if (asked.kind and asked.kind not in LEDGER_KINDS) or agreements == set():
        return None
    from portal_stub.pipeline.contracts import Wanted, contracts_of

    scope, holder = scope_on(clock.today()), running.job.holder.code
    return contracts_of(
        Wanted(
            holder,
            agreements,
            scope.concluded_since,
            scope.ends_since,
            scope.long_term_years,
            losses=finding.contracts_with_loss(holder),
            since=asked.since,
            until=asked.until,
            kind=asked.kind,
            number=asked.number,
            countries=asked.countries,
            buyer=asked.buyer,
            agreement=asked.agreement,
        )
    )


def _something(rows: int) -> None:
    """A file without rows is none; what was written so far is left nowhere."""
    if not rows:
        raise Refusal("no-data", NOTHING)


def _name(what: str, kind: str, version: int, running: Running) -> str:
    """The name of the file: what it tells, the version of its layout, when it was asked for."""
    at = running.job.asked_at.astimezone(TOKYO)
    return f"{what}_{kind}_v{version}_{running.job.holder.code}_{at:%Y%m%d_%H%M%S}.csv"
