"""The ledger as it stands: current versions, stages, and which lines belong on which paper.

Pure views over journal rows. What the journal is: ``schemas.journal``; when papers are due: ``sensors.windows``.
"""

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from schemas.journal import BOOKING, CONFIRMATION, RECONCILIATION, SCHEMA
from sensors.calendar import BusinessCalendar
from sensors.windows import cut_off, reconciliation_due


def bookings(journal: pl.LazyFrame) -> pl.LazyFrame:
    """Booked line versions only."""
    return journal.filter(pl.col("entry") == BOOKING)


def listings(journal: pl.LazyFrame, entry: str) -> pl.LazyFrame:
    """Which booked line stands on which ledger: ``listed_journal_no``, ``ledger_id``, ``listed_at``."""
    return journal.filter(pl.col("entry") == entry).select(
        "listed_journal_no", "ledger_id", pl.col("booked_at").alias("listed_at")
    )


def with_stage(journal: pl.LazyFrame) -> pl.LazyFrame:
    """Every booked version with ``stage``: ``confirmed`` once it stands on a 確定台帳, else ``unconfirmed``."""
    confirmed = listings(journal, CONFIRMATION).select(
        "listed_journal_no", pl.lit("confirmed").alias("stage")
    )
    return (
        bookings(journal)
        .join(confirmed, left_on="journal_no", right_on="listed_journal_no", how="left")
        .with_columns(pl.col("stage").fill_null("unconfirmed"))
    )


def current(journal: pl.LazyFrame) -> pl.LazyFrame:
    """The current version of every ledger line with its stage, in journal order."""
    return (
        with_stage(journal)
        .sort("journal_no")
        .unique("line_id", keep="last", maintain_order=True)
        .sort("journal_no")
    )


def as_of(journal: pl.LazyFrame, instant: datetime) -> pl.LazyFrame:
    """The journal as it stood at an instant of the product's clock."""
    return journal.filter(pl.col("booked_at") <= instant)


def reconciliation_entries(
    journal: pl.LazyFrame, now: datetime, calendar: BusinessCalendar, units: Sequence[str] | None = None
) -> pl.DataFrame:
    """Journal rows that put due lines on a 照合台帳 (D-009, D-018).

    Args:
        journal: all rows.
        now: the lines due at this instant.
        calendar: business days.
        units: instead, all unlisted lines of these units whether due or not (before a confirmation).
    """
    listed = listings(journal, RECONCILIATION)
    open_lines = (
        bookings(journal)
        .join(listed, left_on="journal_no", right_on="listed_journal_no", how="anti")
        .collect()
    )
    if units is not None:
        open_lines = open_lines.filter(pl.col("unit").is_in(list(units)))
    else:
        days: list[date] = open_lines["acceptance_date"].unique().to_list()
        due = [day for day in days if reconciliation_due(day, calendar) <= now]
        open_lines = open_lines.filter(pl.col("acceptance_date").is_in(due))
    week = pl.col("acceptance_date").dt.to_string("%GW%V")
    return _entries(open_lines, RECONCILIATION, week, listed, now)


def confirmation_entries(journal: pl.LazyFrame, now: datetime, calendar: BusinessCalendar) -> pl.DataFrame:
    """Journal rows that confirm every line of the units whose cut-off has passed (D-011, D-020, D-021)."""
    listed = listings(journal, CONFIRMATION)
    open_lines = (
        bookings(journal)
        .join(listed, left_on="journal_no", right_on="listed_journal_no", how="anti")
        .collect()
    )
    months: list[date] = open_lines["acceptance_date"].dt.truncate("1mo").unique().to_list()
    closed = [month for month in months if cut_off(month, calendar) <= now]
    open_lines = open_lines.filter(pl.col("acceptance_date").dt.truncate("1mo").is_in(closed))
    return _entries(open_lines, CONFIRMATION, pl.lit("C"), listed, now)


def _entries(
    lines: pl.DataFrame, entry: str, group: pl.Expr, listed: pl.LazyFrame, now: datetime
) -> pl.DataFrame:
    """One ledger per unit and group, numbered on from those that exist: ``<unit>_<group>_<n>``."""
    if lines.is_empty():
        return pl.DataFrame(schema={name: SCHEMA[name] for name in _ENTRY_COLUMNS})
    lines = lines.with_columns(pl.format("{}_{}", pl.col("unit"), group).alias("stem")).sort("journal_no")
    known = (
        listed.select(pl.col("ledger_id").unique())
        .select(pl.col("ledger_id").str.replace(r"_\d+$", "").alias("stem"))
        .group_by("stem")
        .agg(pl.len().alias("issued"))
        .collect()
    )
    return (
        lines.join(known, on="stem", how="left", maintain_order="left")
        .with_columns(
            pl.lit(entry).alias("entry"),
            pl.col("journal_no").alias("listed_journal_no"),
            pl.format("{}_{}", "stem", pl.col("issued").fill_null(0) + 1).alias("ledger_id"),
            pl.lit(now).dt.convert_time_zone("Asia/Tokyo").alias("booked_at"),
        )
        .select(_ENTRY_COLUMNS)
        .cast({name: SCHEMA[name] for name in _ENTRY_COLUMNS})
    )


_ENTRY_COLUMNS = [
    "entry",
    "booked_at",
    "submission_id",
    "product",
    "submitter",
    "application_no",
    "line_id",
    "unit",
    "acceptance_date",
    "policyholder_code",
    "listed_journal_no",
    "ledger_id",
]


def lines_of(journal: pl.LazyFrame, entry: str, ledger_id: str) -> pl.DataFrame:
    """The booked lines that stand on a ledger, in journal order."""
    numbers = listings(journal, entry).filter(pl.col("ledger_id") == ledger_id).select("listed_journal_no")
    return (
        bookings(journal)
        .join(numbers, left_on="journal_no", right_on="listed_journal_no", how="semi")
        .collect()
        .sort("journal_no")
    )


def invoices(journal: pl.LazyFrame) -> pl.DataFrame:
    """One row per confirmed ledger with its sums: what finance is told (yen by danger, lines, issue instant)."""
    return (
        listings(journal, CONFIRMATION)
        .join(bookings(journal), left_on="listed_journal_no", right_on="journal_no")
        .group_by("ledger_id")
        .agg(
            pl.col("listed_at").min(),
            pl.col("unit").first(),
            pl.col("product").first(),
            pl.col("policyholder_code").first().alias("holder"),
            pl.col("agreement_code").first(),
            pl.len().alias("lines"),
            *(pl.col(f"premium_{c}").sum() for c in ("a", "b", "c", "d", "total")),
        )
        .sort("listed_at", "ledger_id")
        .collect()
    )
