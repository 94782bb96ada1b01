"""Text of ledger lines as the paper documents show it: keys, parties, countries, totals.

Shared by monitor list, ledgers and premium statement. One list of strings per printed line of text, in the
order of the frame; nothing is sorted and nothing is left out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from outputs import formats
from outputs.headers import Names


@dataclass(frozen=True)
class LineTotals:
    """Sums over all lines, in yen."""

    lines: int
    applications: int
    insured: dict[str, int]
    premium: dict[str, int]
    total: int


def totals_of(lines: pl.DataFrame) -> LineTotals:
    """Counts and sums of a frame of ledger lines (premiums and insured amounts in yen)."""
    has_number = "application_no" in lines.columns
    return LineTotals(
        lines=lines.height,
        applications=lines["application_no"].str.head(-3).n_unique() if has_number and lines.height else 0,
        insured={d: _sum(lines, f"insured_amount_{d}") for d in "abcd"},
        premium={d: _sum(lines, f"premium_{d}") for d in "abcd"},
        total=_sum(lines, "premium_total"),
    )


def _sum(lines: pl.DataFrame, field: str) -> int:
    # Int128: a million lines at the bound of one amount pass the end of Int64, which wraps silently.
    return int(lines[field].cast(pl.Int128).sum() or 0) if field in lines.columns else 0


def field(lines: pl.DataFrame, name: str) -> pl.Series:
    """A column, or nulls when the product does not have it."""
    if name in lines.columns:
        return lines[name]
    return pl.Series(name, [None] * lines.height, dtype=pl.String)


def text(lines: pl.DataFrame, name: str) -> list[str]:
    """A column as text, ``—`` for null."""
    return formats.texts(field(lines, name))


def coded(codes: pl.Series, names: Mapping[str, str]) -> list[str]:
    """Codes with their names: ``304 アメリカ``."""
    return [
        formats.BLANK if code is None else f"{code} {names[code]}" if code in names else code
        for code in codes.to_list()
    ]


def parties(lines: pl.DataFrame, names: Names) -> tuple[list[str], list[str], list[str]]:
    """Counterparty, payer, guarantor, each with name."""
    counterparty, payer, guarantor = (
        coded(field(lines, name), names.buyers)
        for name in ("counterparty_code", "payer_code", "guarantor_code")
    )
    return counterparty, payer, guarantor


def countries(lines: pl.DataFrame, names: Names) -> tuple[list[str], list[str], list[str]]:
    """Destination, payer's and guarantor's country, each with name."""
    destination, payer, guarantor = (
        coded(field(lines, name), names.countries)
        for name in ("destination_country", "payer_country", "guarantor_country")
    )
    return destination, payer, guarantor


def is_notice(labels: Mapping[str, str]) -> bool:
    """Whether the layout is a shipment notice (one amount per record) rather than an application."""
    return "shipped_amount" in labels


def subkeys(lines: pl.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Shipment, settlement and version within an application."""
    history = field(lines, "history_no").fill_null("00").to_list()
    if is_notice(labels):
        return [f"履歴{version}" for version in history]
    shipments = field(lines, "shipment_no").fill_null("—").to_list()
    settlements = field(lines, "settlement_no").fill_null("—").to_list()
    return [
        f"船積{shipment} 決済{settlement} 履歴{version}"
        for shipment, settlement, version in zip(shipments, settlements, history, strict=True)
    ]


def references(lines: pl.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """What the customer knows the line by: contract number, or month of shipment and period band."""
    if not is_notice(labels):
        return text(lines, "export_contract_no")
    months = [formats.month(value) for value in field(lines, "shipment_month").to_list()]
    bands = text(lines, "period_band")
    return [f"{month} 期間区分{band}" for month, band in zip(months, bands, strict=True)]


def prefixed(prefix: str, values: list[str]) -> list[str]:
    """``前 C``: a mark before each value."""
    return [f"{prefix} {value}" for value in values]


def amounts(lines: pl.DataFrame, labels: Mapping[str, str]) -> tuple[list[str], list[str], list[str]]:
    """Currency with the amount of the contract (or shipments), then the two further amounts of the line.

    Applications: insured objects before and after shipment in the currency of the contract. Notices: the rate
    of conversion and the amount in yen.
    """
    currency = text(lines, "currency")
    main = formats.amount_texts(field(lines, "shipped_amount" if is_notice(labels) else "contract_amount"))
    first = [f"{code} {value}" for code, value in zip(currency, main, strict=True)]
    if is_notice(labels):
        return first, exchange(lines), yen_column(lines, "contract_yen")
    return (
        first,
        formats.amount_texts(field(lines, "pre_shipment_amount")),
        formats.amount_texts(field(lines, "post_shipment_amount")),
    )


def exchange(lines: pl.DataFrame) -> list[str]:
    """The rate of conversion, yen per unit, without idle zeros; a rate of 1 is said in words."""
    known: dict[int | None, str] = {None: formats.BLANK, 1_000_000: "円建て"}
    result = []
    for value in field(lines, "yen_rate_micro").to_list():
        if value not in known:
            whole, _, fraction = formats.scaled(value, 6).partition(".")
            known[value] = f"@{int(whole):,}.{fraction.rstrip('0').ljust(2, '0')}"
        result.append(known[value])
    return result


def yen_column(lines: pl.DataFrame, name: str) -> list[str]:
    """An integer column in yen."""
    return formats.yen_texts(field(lines, name))
