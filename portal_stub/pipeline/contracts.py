"""Insurance contracts of the ledgers for 保険契約情報: lines of a holder from the journal, as plain rows (Seed 000 ch. 5 §3).

What is asked for and which contracts are in scope is told by the caller in plain values; what the rows are used for is
``portal_stub.inquiries``. Called by its ``jobs`` only.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 5000
"""Rows become Python objects in slices: a holder may have some hundred thousand lines."""
_STAGES = {"unconfirmed": "未確定", "confirmed": "確定", "withdrawn": "取消"}


@dataclass(frozen=True)
class Wanted:
    """Which contracts: of one holder, in scope by one of the four conditions, and meeting all that is asked for.

    ``agreements`` None: no limit; ``losses``: numbers of contracts (with or without branch) with a loss, by product.
    ``countries`` and ``buyer`` match any country and any company that a line names. Empty values ask for nothing.
    """

    holder: str
    agreements: Collection[str] | None
    concluded_since: date
    ends_since: date
    long_term_years: int
    losses: Collection[tuple[str, str]] = ()
    since: date | None = None
    until: date | None = None
    kind: str = ""
    number: str = ""
    countries: Collection[str] = ()
    buyer: str = ""
    agreement: str = ""


class Lines:
    """The lines that were found; the columns stay a frame until somebody asks for rows."""

    def __init__(self, frame: "pl.DataFrame") -> None:
        self._frame = frame

    def counts(self) -> dict[str, tuple[int, int]]:
        """Contracts (申込番号 with branch) and lines per product."""
        import polars as pl

        told = self._frame.group_by("product").agg(
            pl.col("application_no").n_unique().alias("contracts"), pl.len().alias("lines")
        )
        return {
            product: (contracts, lines)
            for product, contracts, lines in told.select("product", "contracts", "lines").iter_rows()
        }

    def rows(self, product: str) -> Iterator[dict[str, Any]]:
        """The lines of a product in the order of their numbers: layout fields, ratings, and what ``_told`` names."""
        import polars as pl

        from schemas.money import percent_text

        frame = self._frame.filter(pl.col("product") == product)
        for part in frame.iter_slices(_AT_ONCE):
            for row in part.iter_rows(named=True):
                rates = {f"rate_{one}": percent_text(row[f"rate_{one}"]) for one in "abcd"}
                yield row | rates | {"stage_words": _STAGES.get(row["stage"], row["stage"])}


def contracts_of(wanted: Wanted) -> Lines:
    """The current lines of all contracts that are asked for.

    A contract is in scope as a whole: its conclusion is the acceptance of its first line, its end the last end of
    liability of all of them. One that was withdrawn as a whole is none.
    """
    import polars as pl

    from daicho.references import reference_of
    from daicho.store import Store
    from daicho.views import ledger_frame
    from pipelines.cover_period import with_cover_period
    from pipelines.ledger import listings
    from schemas.journal import CONFIRMATION, RECONCILIATION

    store = Store.open()
    lines = ledger_frame(store).filter(pl.col("policyholder_code") == wanted.holder)
    if wanted.agreements is not None:
        lines = lines.filter(pl.col("agreement_code").is_in(sorted(wanted.agreements)))
    frame = with_cover_period(lines.collect(), reference_of(store))
    alive = (pl.col("stage") != "withdrawn").any().over("application_no")
    frame = frame.filter(alive).with_columns(
        pl.col("acceptance_date").min().over("application_no").alias("concluded_on"),
        pl.col("cover_until").max().over("application_no").alias("ends_on"),
        _has_loss(wanted.losses).alias("has_loss"),
    )
    lasting = pl.col("ends_on") >= pl.col("concluded_on").dt.offset_by(f"{wanted.long_term_years}y")
    frame = frame.with_columns(lasting.fill_null(False).alias("long_term"))
    in_scope = (
        (pl.col("concluded_on") >= wanted.concluded_since)
        | (pl.col("ends_on") >= wanted.ends_since).fill_null(False)
        | pl.col("has_loss")
        | pl.col("long_term")
    )
    frame = frame.filter(in_scope & _asked(wanted))
    journal = store.journal.open().scan()
    for entry, name in ((RECONCILIATION, "checked_ledger_id"), (CONFIRMATION, "confirmed_ledger_id")):
        listed = listings(journal, entry).select(
            pl.col("listed_journal_no").alias("journal_no"), pl.col("ledger_id").alias(name)
        )
        frame = frame.drop(name, strict=False).join(listed.collect(), on="journal_no", how="left")
    frame = frame.with_columns(pl.coalesce("confirmed_ledger_id", "checked_ledger_id").alias("ledger_id"))
    if wanted.number:
        by_number = pl.col("application_no").str.starts_with(wanted.number)
        frame = frame.filter(by_number | pl.col("ledger_id").str.starts_with(wanted.number).fill_null(False))
    return Lines(frame.sort("application_no", "shipment_no", "settlement_no", "journal_no"))


def _has_loss(losses: Collection[tuple[str, str]]) -> "pl.Expr":
    """Whether a loss names the contract, by its number with the branch or by the number of all branches."""
    import polars as pl

    found = pl.lit(False)
    for product in sorted({kind for kind, _ in losses}):
        numbers = sorted({number for kind, number in losses if kind == product})
        number = pl.col("application_no")
        named = number.is_in(numbers) | number.str.head(-3).is_in(numbers)
        found = found | ((pl.col("product") == product) & named)
    return found


def _asked(wanted: Wanted) -> "pl.Expr":
    """The conditions that are told by a contract; one line that names a country or buyer brings the whole of it."""
    import polars as pl

    asked = pl.lit(True)
    if wanted.since:
        asked &= pl.col("concluded_on") >= wanted.since
    if wanted.until:
        asked &= pl.col("concluded_on") <= wanted.until
    if wanted.kind:
        asked &= pl.col("product") == wanted.kind
    if wanted.agreement:
        asked &= pl.col("agreement_code") == wanted.agreement
    if wanted.countries:
        countries = sorted(wanted.countries)
        named = pl.any_horizontal(
            pl.col(name).is_in(countries).fill_null(False)
            for name in ("destination_country", "payer_country")
        )
        asked &= named.any().over("application_no")
    if wanted.buyer:
        companies = ("counterparty_code", "payer_code", "guarantor_code")
        named = pl.any_horizontal((pl.col(name) == wanted.buyer).fill_null(False) for name in companies)
        asked &= named.any().over("application_no")
    return asked
