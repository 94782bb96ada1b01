"""What a load of reference tables would change, and which future premiums: for people who look before they load.

Says nothing of booked premiums, since a load never changes one (contract §6).
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.rate import RATES_OF
from pipelines.reference_rules import Load
from schemas.money import COMPONENTS
from schemas.products import Product
from schemas.reference import TABLES

STATES = ("new", "changed", "unchanged")

_PRICING: dict[str, tuple[str, ...]] = {
    "agreements": ("full_political_cover", "additional_cost", "discount_factor"),
    "buyers": ("rating",),
    "country_categories": ("category",),
    "rates": ("a", "b"),
    "factors": ("value",),
    "exchange_rates": ("yen_per_unit",),
    "settlement_methods": ("day_rule", "lc"),
    "period_bands": ("to_days",),
    "buyer_ratings": ("rating_class", "lc_bank"),
    "cover": ("condition",),
}
"""Columns from which premiums come, by table."""
_PRICES_BY_ITSELF = {"rates", "factors"}
"""Tables whose rows price something even when none of that key was there before."""
_CODE_ON_LINES: dict[str, tuple[str, ...]] = {
    "agreements": ("agreement_code",),
    "buyers": ("payer_code", "guarantor_code"),
    "country_categories": ("payer_country", "destination_country", "guarantor_country"),
    "exchange_rates": ("currency",),
    "settlement_methods": ("settlement_method",),
    "period_bands": ("period_band",),
    "buyer_ratings": ("buyer_rating",),
}
"""Ledger columns that hold the first key column of a table."""
_KIND = [
    "product",
    "country_category",
    "country_category_pre",
    "buyer_rating",
    *(f"rate_{c}" for c in COMPONENTS),
]


def row_counts(load: Load) -> dict[str, dict[str, int]]:
    """Per offered table how many rows are ``new``, ``changed`` and ``unchanged``."""
    counts = {}
    for name in sorted(load.offered):
        states = load.states(name)["state"]
        counts[name] = {state: int((states == state).sum()) for state in STATES}
    return counts


def premium_effects(load: Load, lines: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows after whose ``valid_from`` premiums come out differently.

    Args:
        load: what is offered and what stands.
        lines: current ledger lines; how many of them are of the kind is an indication of what is to come.

    Returns:
        ``table``, ``key`` (without the date), ``valid_from``, ``before`` (values in force so far on that day, None
        when there are none), ``after``, ``current_lines``.
    """
    kinds = lines.with_columns(pl.col(f"rate_{c}").is_not_null() for c in COMPONENTS).group_by(_KIND).len("n")
    effects: list[dict[str, Any]] = []
    for name in sorted(load.offered.keys() & _PRICING.keys()):
        changes = _changes(load, name)
        if not changes:
            continue
        by_code = _lines_by_code(lines, _CODE_ON_LINES.get(name, ()))
        for change in changes:
            first = next(iter(change["key"].values()))
            count = by_code.get(first, 0) if by_code is not None else _of_kind(kinds, change["key"], load)
            effects.append({"table": name, **change, "current_lines": count})
    return effects


def _changes(load: Load, name: str) -> list[dict[str, Any]]:
    key = [column for column in TABLES[name].key if column != "valid_from"]
    told = list(_PRICING[name])
    rows = load.states(name).filter(pl.col("state") != "unchanged").select("line", *TABLES[name].key, *told)
    if rows.is_empty():
        return []
    standing: dict[tuple[str, ...], list[tuple[str, dict[str, str]]]] = {}
    stored = load.stored.get(name)
    if stored is not None and stored.width:
        for row in stored.sort("valid_from").iter_rows(named=True):
            values = {column: row[column] for column in told}
            standing.setdefault(tuple(row[column] for column in key), []).append((row["valid_from"], values))
    changes = []
    for row in rows.iter_rows(named=True):
        before = None
        for since, values in standing.get(tuple(row[column] for column in key), []):
            if since <= row["valid_from"]:
                before = values
        after = {column: row[column] for column in told}
        if before == after or (before is None and name not in _PRICES_BY_ITSELF):
            continue
        named = {column: row[column] for column in key}
        changes.append({"key": named, "valid_from": row["valid_from"], "before": before, "after": after})
    return changes


def _lines_by_code(lines: pl.DataFrame, columns: tuple[str, ...]) -> dict[str, int] | None:
    """Code → number of lines that name it in any of the columns; None when a table has no such columns."""
    if not columns:
        return None
    numbered = lines.select(*columns).with_row_index("line")
    codes = pl.concat(numbered.select("line", pl.col(column).alias("code")) for column in columns)
    counts = codes.drop_nulls().unique().group_by("code").len("n")
    return dict(counts.select("code", "n").iter_rows())


def _of_kind(kinds: pl.DataFrame, key: Mapping[str, str], load: Load) -> int:
    """Lines that a row of ``rates``, ``factors`` or ``cover`` is about."""
    component = key["component"].lower()
    if component not in COMPONENTS:
        return 0
    products = [str(of) for of, owners in RATES_OF.items() if Product(key["product"]) in owners]
    wanted = pl.col("product").is_in(products if "country_category" in key else [key["product"]])
    if "rating_class" not in key:
        wanted &= pl.col(f"rate_{component}")
    category = {"a": "country_category_pre", "b": "country_category"}.get(component)
    if category and key.get("country_category", "*") != "*":
        wanted &= pl.col(category) == key["country_category"]
    rating = key.get("buyer_rating", key.get("rating_class", "*"))
    if rating != "*":
        classes = load.after["buyer_ratings"].filter(pl.col("rating_class") == rating)["rating"]
        wanted &= pl.col("buyer_rating").is_in([rating, *classes])
    return int(kinds.filter(wanted)["n"].sum())
