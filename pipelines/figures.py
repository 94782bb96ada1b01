"""Figures of a holder's business for its own eyes: per agreement and month of acceptance what was insured, what it costs.

Sums of what the journal says; nothing is rated here. The use of payment limits is ``limits``.
"""

import polars as pl

from pipelines.ledger import current_versions, effective_versions, listings, month_of
from schemas.journal import CONFIRMATION, YEARLY
from schemas.money import COMPONENTS

_KEY = ["policyholder_code", "agreement_code", "product", "month"]
COLUMNS = [
    *(
        "entry",
        "journal_no",
        "application_no",
        "history_no",
        "process_type",
        "replaced_history_no",
        "removed",
    ),
    *(
        "unit",
        "acceptance_date",
        "policyholder_code",
        "agreement_code",
        "product",
        "listed_journal_no",
        "ledger_id",
    ),
    *("booked_at", "due_total", "premium_total", *(f"insured_amount_{c}" for c in COMPONENTS)),
]
"""What of the journal is looked at."""
COUNTS = ["applications", "lines", "insured_yen", "unconfirmed_yen", "confirmed_yen"]


def insured_lines(journal: pl.LazyFrame) -> pl.LazyFrame:
    """The lines that are insured now: of the current version of every branch, without those taken out."""
    return current_versions(journal).filter(~pl.col("removed").fill_null(False))


def month_figures(journal: pl.LazyFrame) -> pl.DataFrame:
    """One row per holder, agreement, product and month in which anything was accepted, in this order.

    Args:
        journal: rows of the journal with ``COLUMNS``, all of a holder or none.

    Returns:
        ``policyholder_code``, ``agreement_code``, ``product``, ``month`` (its first day) and

        - ``applications``, ``lines``: what is insured now of the applications accepted in the month;
        - ``insured_yen``: the insured amounts of those lines, of each the greatest of its dangers, since no more than one
          of them is paid for;
        - ``unconfirmed_yen``, ``confirmed_yen``: premium that the notices accepted in the month make due, returns
          deducted, so that ``confirmed_yen`` is the sum of the month's invoices (yearly premiums of 簡易 included).

        Yen are null where they do not fit 64 bits.
    """
    insured = pl.max_horizontal(f"insured_amount_{c}" for c in COMPONENTS).fill_null(0)
    lines = (
        insured_lines(journal)
        .with_columns(pl.col("acceptance_date").dt.month_start().alias("month"))
        .group_by(_KEY)
        .agg(
            pl.col("application_no").str.head(-3).n_unique().alias("applications"),
            pl.len().alias("lines"),
            insured.cast(pl.Int128).sum().alias("insured_yen"),
        )
    )
    confirmed = listings(journal, CONFIRMATION).select(
        pl.col("listed_journal_no").alias("journal_no"), pl.lit(True).alias("confirmed")
    )
    due = (
        effective_versions(journal)
        .join(confirmed, on="journal_no", how="left")
        .select(
            *_KEY[:3],
            month_of(pl.col("unit")).alias("month"),
            pl.col("due_total").alias("yen"),
            pl.col("confirmed").fill_null(False),
        )
    )
    yearly = journal.filter(pl.col("entry") == YEARLY).select(
        *_KEY[:3],
        pl.col("acceptance_date").dt.month_start().alias("month"),
        pl.col("premium_total").alias("yen"),
        pl.lit(True).alias("confirmed"),
    )
    premiums = (
        pl.concat([due, yearly])
        .group_by(_KEY)
        .agg(
            pl.col("yen").cast(pl.Int128).filter(~pl.col("confirmed")).sum().alias("unconfirmed_yen"),
            pl.col("yen").cast(pl.Int128).filter(pl.col("confirmed")).sum().alias("confirmed_yen"),
        )
    )
    found = lines.join(premiums, on=_KEY, how="full", coalesce=True)
    return (
        found.with_columns(pl.col(name).fill_null(0).cast(pl.Int64, strict=False) for name in COUNTS)
        .select(*_KEY, *COUNTS)
        .sort(_KEY)
        .collect()
    )
