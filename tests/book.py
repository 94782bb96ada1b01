"""A ledger in memory for tests of its rules: uploads sent, papers listed, lines told – without store or Dagster.

``Book`` keeps journal rows as the store would; everything that decides is the product's own ``pipelines``.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import polars as pl

from daicho.views import ledger_state
from pipelines.ledger import confirmation_entries, current, invoices, reconciliation_entries
from pipelines.post import Blocked, Candidate, Posted, post
from pipelines.reference import Reference
from schemas.journal import CHAIN, SCHEMA
from schemas.products import Product
from sensors.calendar import BusinessCalendar
from sensors.windows import TOKYO
from tests.kit import ACCEPTED, ENTERPRISE, HOLDER, NOTICE, assess_rows, default_reference, enterprise_row

_ROWS = {name: dtype for name, dtype in SCHEMA.items() if name not in CHAIN}


def at(day: date, hour: int = 12) -> datetime:
    """That hour of the day in Tokyo."""
    return datetime.combine(day, time(hour), TOKYO)


class Book:
    """Journal rows, and the acts that add to them."""

    def __init__(self, reference: Reference | None = None) -> None:
        self.tables: dict[int, Reference] = {}
        self.load(reference or default_reference())
        self.rows = pl.DataFrame(schema=_ROWS)
        self.blocked: list[Blocked] = []
        self.receipts = 0

    def load(self, reference: Reference) -> None:
        """New reference tables for everything sent from now on."""
        self.newest = reference
        self.tables[reference.load_no] = reference

    @property
    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar(self.newest.holidays, *self.newest.calendar_years)

    @property
    def journal(self) -> pl.LazyFrame:
        """All rows as the store would scan them."""
        return self.rows.lazy()

    def send(
        self,
        *rows: Mapping[str, str],
        product: Product = ENTERPRISE,
        accepted: date = ACCEPTED,
        released: Sequence[str] = (),
        submitter: str = HOLDER,
    ) -> Posted:
        """One upload of these records, decided at noon of its acceptance day."""
        self.receipts += 1
        receipt = {
            "receipt_no": self.receipts,
            "submission_id": f"S{self.receipts:08d}",
            "holder": submitter,
        }
        assessment = assess_rows(rows, product, self.newest, submitter, accepted, accepted)
        candidate = Candidate(receipt, assessment, frozenset(released))
        state = ledger_state(self.journal, [candidate], self.blocked)
        [posted] = post([candidate], state, at(accepted), self.tables.__getitem__, self.calendar)
        self._append(posted.rows)
        return posted

    def _append(self, rows: pl.DataFrame) -> None:
        first = self.rows.height + 1
        numbered = rows.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("journal_no") + first)
        self.rows = pl.concat([self.rows, numbered.select(self.rows.columns)])

    def reconcile(self, day: date) -> pl.DataFrame:
        """照合 of everything due at 20:00 of the day; the new entries."""
        entries = reconciliation_entries(self.journal, at(day, 20), self.calendar)
        self._list(entries)
        return entries

    def confirm(self, day: date) -> pl.DataFrame:
        """照合 and 確定 of every unit past its cut-off at 20:00 of the day; the entries of 確定."""
        due = confirmation_entries(self.journal, at(day, 20), self.calendar)
        if due.height:
            units = due["unit"].unique().to_list()
            self._list(reconciliation_entries(self.journal, at(day, 20), self.calendar, units))
        entries = confirmation_entries(self.journal, at(day, 20), self.calendar)
        self._list(entries)
        return entries

    def _list(self, entries: pl.DataFrame) -> None:
        if entries.height:
            missing = [
                pl.lit(None, dtype).alias(name)
                for name, dtype in _ROWS.items()
                if name not in entries.columns
            ]
            self._append(entries.with_columns(missing))

    def ledger(self) -> list[dict[str, Any]]:
        """The current version of every line."""
        return current(self.journal).collect().to_dicts()

    def line(self, line_id: str) -> dict[str, Any]:
        """One line of the ledger."""
        [row] = [row for row in self.ledger() if row["line_id"] == line_id]
        return row

    def invoices(self) -> list[dict[str, Any]]:
        """What confirmed ledgers bill."""
        return invoices(self.journal).to_dicts()


def change(process_type: str, number: str = "18-000001-00", **fields: str) -> dict[str, str]:
    """A partial record of 企総 about a branch, all other cells blank."""
    year, serial, branch = number.split("-")
    row = dict.fromkeys(enterprise_row(), "")
    key = {
        "process_type": process_type,
        "application_year": year,
        "application_serial": serial,
        "branch_no": branch,
        "agreement_code": enterprise_row()["agreement_code"],
        "policyholder_code": enterprise_row()["policyholder_code"],
    }
    strange = fields.keys() - row.keys()
    if strange:
        raise KeyError(f"not in the layout: {sorted(strange)}")
    return {**row, **key, **fields}


def notice_change(process_type: str, number: str = "18-000001", **fields: str) -> dict[str, str]:
    """A partial record of 簡易 about a notice, all other cells blank."""
    from tests.kit import notice_row

    year, serial = number.split("-")
    row = dict.fromkeys(notice_row(), "")
    key = {
        "process_type": process_type,
        "notice_year": year,
        "notice_serial": serial,
        "branch_no": "00",
        "agreement_code": notice_row()["agreement_code"],
        "policyholder_code": notice_row()["policyholder_code"],
    }
    return {**row, **key, **fields}


def codes(posted: Posted) -> set[str]:
    """The codes of everything found."""
    return set(posted.findings["code"].to_list())


def sent(book: Book, *rows: Mapping[str, str], **how: Any) -> Posted:
    """An upload that must be booked."""
    posted = book.send(*rows, **how)
    assert posted.verdict == "booked", posted.findings.to_dicts()
    return posted


__all__ = ["NOTICE", "Book", "at", "change", "codes", "notice_change", "sent"]
