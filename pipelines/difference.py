"""What stood on a 照合台帳 and is not on the 確定台帳 as it was: the rows of the difference list (D-021).

A version that was corrected (処理種別4) or withdrawn (5) after its 照合 does not stand on the 確定台帳; a correction may
also bring lines that were on no 照合台帳 before. Pure views over journal rows, like ``pipelines.ledger``.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.ledger import bookings, listings
from schemas.journal import CONFIRMATION, RECONCILIATION, TEXT
from schemas.money import COMPONENTS

Row = Mapping[str, Any]
Version = tuple[str, str]
"""``application_no``, ``history_no``."""

SCHEMA: dict[str, pl.DataType] = {
    "checked_ledger_id": pl.String(),
    "ledger_id": pl.String(),
    "line_id": pl.String(),
    "application_no": pl.String(),
    "shipment_no": pl.String(),
    "settlement_no": pl.String(),
    "history_no": pl.String(),
    "history_after": pl.String(),
    "how": pl.String(),
    "changes": pl.List(pl.Struct({"field": pl.String, "before": pl.String, "after": pl.String})),
    "premium_before": pl.Int64(),
    "premium_after": pl.Int64(),
    "difference": pl.Int64(),
}
"""``how``: ``corrected``, ``withdrawn``, ``added`` by a correction (no version before), ``missing`` (no cause found)."""

_ACT = {"process_type", "history_no", "shipment_process_type", "settlement_process_type"}
"""Fields that tell the act, not the contract."""
_COMPARED = [
    *(name for name in TEXT if name not in _ACT),
    *(f"{kind}_{c}" for kind in ("insured_amount", "premium") for c in COMPONENTS),
]


def differences(journal: pl.LazyFrame, ledger_id: str) -> pl.DataFrame:
    """One row per line version of the ledger's unit that 照合台帳 and 確定台帳 do not tell alike, columns ``SCHEMA``.

    What came after the confirmation does not count, nor what an earlier confirmation of the unit has told: the list
    of a ledger is the same whenever it is made.

    Args:
        journal: all rows.
        ledger_id: a confirmed ledger.
    """
    listed = journal.filter(pl.col("entry") == CONFIRMATION).select("ledger_id", "unit", "journal_no")
    own = listed.filter(pl.col("ledger_id") == ledger_id).collect()
    if own.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    unit, until = own.item(0, "unit"), int(own["journal_no"].max())  # type: ignore[arg-type]
    earlier = listed.filter(pl.col("unit") == unit, pl.col("journal_no") < int(own["journal_no"].min()))  # type: ignore[arg-type]
    since = earlier.select(pl.col("journal_no").max()).collect().item() or 0
    known = journal.filter(pl.col("journal_no") <= until)
    booked = bookings(known)
    checked = listings(known, RECONCILIATION).select(
        "listed_journal_no", pl.col("ledger_id").alias("checked_ledger_id")
    )
    confirmed = listings(known, CONFIRMATION).select("listed_journal_no")
    stood = (
        booked.filter(pl.col("unit") == unit, pl.col("process_type") != "5")
        .join(checked, left_on="journal_no", right_on="listed_journal_no")
        .join(confirmed, left_on="journal_no", right_on="listed_journal_no", how="anti")
        .collect()
        .sort("journal_no")
    )
    corrections = booked.filter(pl.col("unit") == unit, pl.col("replaced_history_no").is_not_null())
    concerned = pl.concat(
        [stood.select("application_no"), corrections.select("application_no").collect()]
    ).unique()
    history = booked.join(concerned.lazy(), on="application_no", how="semi").collect().sort("journal_no")
    told = _Versions(history.to_dicts(), set(confirmed.collect().to_series().to_list()))
    rows = [
        *(_gone(row, told, since, ledger_id) for row in stood.to_dicts()),
        *(_added(row, told, since, ledger_id) for row in corrections.collect().sort("journal_no").to_dicts()),
    ]
    return pl.DataFrame([row for row in rows if row is not None], schema=SCHEMA)


class _Versions:
    """The versions of some branches: what became of each, and their lines."""

    def __init__(self, rows: list[dict[str, Any]], confirmed: set[int]) -> None:
        self.confirmed = confirmed
        self.lines: dict[Version, dict[str, Row]] = {}
        self.withdrawals: dict[Version, dict[str, Row]] = {}
        self.corrections: dict[Version, list[Version]] = {}
        for row in rows:
            version = row["application_no"], row["history_no"]
            into = self.withdrawals if row["process_type"] == "5" else self.lines
            into.setdefault(version, {})[row["line_id"]] = row
            if row["replaced_history_no"] and row["process_type"] != "5":
                replaced = row["application_no"], row["replaced_history_no"]
                if version not in self.corrections.setdefault(replaced, []):
                    self.corrections[replaced].append(version)

    def fate(self, version: Version) -> tuple[str, dict[str, Row], int]:
        """How a version went, the lines that stand instead of it, and the journal number of the act."""
        if version in self.withdrawals:
            before = [
                v
                for v in self.lines
                if v[0] == version[0] and v[1] < version[1] and v not in self.withdrawals
            ]
            instead = self.fate(max(before))[1] if before else {}
            return "withdrawn", instead, _last(self.withdrawals[version])
        for later in reversed(self.corrections.get(version, [])):
            if later not in self.withdrawals:
                _, lines, act = self.fate(later) if later in self.corrections else ("", self.lines[later], 0)
                return "corrected", lines, max(act, _last(self.lines[later]))
        return "missing", self.lines.get(version, {}), 0


def _last(lines: Mapping[str, Row]) -> int:
    return max(int(row["journal_no"]) for row in lines.values())


def _gone(row: Row, told: _Versions, since: int, ledger_id: str) -> Row | None:
    how, instead, act = told.fate((row["application_no"], row["history_no"]))
    if how != "missing" and act <= since:
        return None  # an earlier confirmation of the unit told it
    after = None if how == "missing" else instead.get(row["line_id"])
    return _row(row["checked_ledger_id"], ledger_id, how, row, after)


def _added(row: Row, told: _Versions, since: int, ledger_id: str) -> Row | None:
    """A line of a confirmed correction that the version before it did not have."""
    if row["journal_no"] not in told.confirmed or row["journal_no"] <= since:
        return None
    before = row
    while before["replaced_history_no"]:  # the first of a chain of corrections is what stood
        version = before["application_no"], before["replaced_history_no"]
        lines = told.lines.get(version, {})
        if row["line_id"] in lines:
            return None
        if not lines:
            break
        before = next(iter(lines.values()))
    return _row(None, ledger_id, "added", None, row)


def _row(checked: str | None, ledger_id: str, how: str, before: Row | None, after: Row | None) -> Row:
    one = before or after
    assert one is not None
    cost = [int(row["premium_total"] or 0) if row else 0 for row in (before, after)]
    return {
        "checked_ledger_id": checked,
        "ledger_id": ledger_id,
        "line_id": one["line_id"],
        "application_no": one["application_no"],
        "shipment_no": one["shipment_no"],
        "settlement_no": one["settlement_no"],
        "history_no": before["history_no"] if before else None,
        "history_after": after["history_no"] if after else None,
        "how": how,
        "changes": _changes(before, after) if before and after else [],
        "premium_before": cost[0],
        "premium_after": cost[1],
        "difference": cost[1] - cost[0],
    }


def _changes(before: Row, after: Row) -> list[dict[str, str | None]]:
    return [
        {"field": name, "before": _text(before[name]), "after": _text(after[name])}
        for name in _COMPARED
        if before[name] != after[name]
    ]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
