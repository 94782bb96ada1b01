"""Text of ledger lines as the paper documents show it: keys, parties, countries, totals.

Shared by monitor list, ledgers and premium statement. One list of strings per printed line of text, in the
order of the frame; nothing is sorted and nothing is left out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from outputs import formats
from outputs.headers import PROCESS_TYPES, Names


@dataclass(frozen=True)
class LineTotals:
    """Sums over all lines, in yen.

    ``premium`` and ``total`` are what is billed, new premium less returns: ``total`` = ``charged`` - ``returned``.
    ``difference`` = ``more`` - ``less`` is what the acts of these lines changed, from ``before`` to ``after``. For new
    lines all of it is their premium.
    """

    lines: int
    applications: int
    insured: dict[str, int]
    premium: dict[str, int]
    total: int
    charged: int
    returned: int
    before: int
    after: int
    difference: int
    more: int
    less: int
    changed: bool


def totals_of(lines: pl.DataFrame) -> LineTotals:
    """Counts and sums of a frame of ledger lines (premiums and insured amounts in yen)."""
    has_number = "application_no" in lines.columns
    changed = is_changed(lines)
    lines = with_versions(lines)
    charged, returned = _sides(lines["due_total"])
    more, less = _sides(lines["difference_total"])
    after = _sum(lines, "premium_total")
    return LineTotals(
        lines=lines.height,
        applications=lines["application_no"].str.head(-3).n_unique() if has_number and lines.height else 0,
        insured={d: _sum(lines, f"insured_amount_{d}") for d in "abcd"},
        premium={d: _sum(lines, f"due_{d}") for d in "abcd"},
        total=charged - returned,
        charged=charged,
        returned=returned,
        before=after - more + less,
        after=after,
        difference=more - less,
        more=more,
        less=less,
        changed=changed,
    )


def _sides(yen: pl.Series) -> tuple[int, int]:
    """What is above and what is below zero, both positive."""
    wide = yen.cast(pl.Int128)  # see ``_sum``
    return int(wide.clip(lower_bound=0).sum() or 0), -int(wide.clip(upper_bound=0).sum() or 0)


def with_versions(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with ``due_*`` and ``difference_total``; where nothing tells them, of a line that is new."""
    told = [
        (pl.col(name).fill_null(pl.col(premium)) if name in lines.columns else pl.col(premium)).alias(name)
        for name, premium in (
            *((f"due_{d}", f"premium_{d}") for d in (*"abcd", "total")),
            ("difference_total", "premium_total"),
        )
        if premium in lines.columns
    ]
    return lines.with_columns(told)


def is_changed(lines: pl.DataFrame) -> bool:
    """Whether any line is more than new: a version that changed, corrected or withdrew another."""
    if "due_total" not in lines.columns:
        return False
    told = pl.col("due_total").is_not_null()
    other = (
        (pl.col("process_type") != "1")
        | (pl.col("history_no") != "00")
        | (pl.col("due_total") != pl.col("premium_total"))
        | (pl.col("difference_total") != pl.col("premium_total"))
    )
    return bool(lines.select((told & other).any()).item())


def costs(lines: pl.DataFrame) -> tuple[list[str], list[str], list[str]]:
    """Premium before and after the act, and the difference (``+`` 追加, ``-`` 返還), of every line."""
    lines = with_versions(lines)
    return (
        formats.yen_texts(lines["premium_total"] - lines["difference_total"]),
        formats.yen_texts(lines["premium_total"]),
        formats.signed_texts(lines["difference_total"]),
    )


def billed(lines: pl.DataFrame, part: str) -> list[str]:
    """What every line bills (``-``: returns) for a danger or in total."""
    return formats.signed_texts(with_versions(lines)[f"due_{part}"])


def acts(lines: pl.DataFrame) -> list[str]:
    """How each version came about: ``2 変更 事由06``."""
    types = field(lines, "process_type").to_list()
    reasons = field(lines, "change_reason").to_list()
    return [
        f"{code or formats.BLANK} {PROCESS_TYPES.get(code or '', '')}" + (f" 事由{reason}" if reason else "")
        for code, reason in zip(types, reasons, strict=True)
    ]


def remarks(lines: pl.DataFrame, names: Names) -> list[str]:
    """What a reader must know of a changed line: taken out, day and reason of the change, what it stands for."""
    columns = {
        name: field(lines, name).to_list()
        for name in (
            "removed",
            "change_date",
            "change_reason",
            "replaced_history_no",
        )
    }
    result = []
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        parts = []
        if row["removed"] is True:
            parts.append("削除")
        if row["change_date"]:
            parts.append(f"変更日 {formats.day(row['change_date'])}")
        if row["change_reason"] in names.reasons:
            parts.append(names.reasons[row["change_reason"]])
        if row["replaced_history_no"]:
            parts.append(f"履歴{row['replaced_history_no']}に代わる")
        result.append("　".join(parts))
    return result


def cover_gaps(lines: pl.DataFrame) -> list[str]:
    """Days without cover (the change was accepted after its notice limit); empty for lines without a gap."""
    days = (field(lines, name).to_list() for name in ("uncovered_from", "uncovered_until"))
    return [
        f"無保険期間 {formats.day(start)}〜{formats.day(end)}" if start or end else ""
        for start, end in zip(*days, strict=True)
    ]


def passages(lines: pl.DataFrame) -> list[str]:
    """Since when a case is a 証券型 one; empty for lines that stay on the ledger."""
    return [
        f"証券型移行 {formats.day(day)}" if day else "" for day in field(lines, "policy_type_from").to_list()
    ]


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
