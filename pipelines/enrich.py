"""What the reference tables say about each record: agreement, holder, buyers, countries, methods, exchange rate.

Adds columns, judges nothing. Every table is looked up on the record's acceptance date; the exchange rate on the
first day of the month of acceptance (notices: of the shipment month). The one exception is a payer whose rating fell
during the insurance year: see ``kept_terms``. Contract §5, §6.
"""

from functools import cache

import polars as pl

from pipelines.dated import DatedTable, Keyed
from pipelines.money import yen_of
from pipelines.periods import insurance_year
from pipelines.reference import Reference
from schemas.products import Product, is_notice

_OPTIONS = {
    "agreement_product": "product",
    "agreement_holder": "holder",
    "floor_yen": "floor_yen",
    "agreed_full_political_cover": "full_political_cover",
    "agreed_fully_brokered": "fully_brokered",
    "agreed_additional_cost": "additional_cost",
    "excluded_categories": "subsidiary_excluded_categories",
    "discount_num": "discount_factor_num",
    "discount_den": "discount_factor_den",
}


_LADDER = {rating: step for step, rating in enumerate(("EE", "EA", "EM", "EF", "EC"))}
"""Classes of private buyers from the best down to the last at which the rating of the year's start is kept."""


def enrich(records: pl.DataFrame, product: Product, reference: Reference) -> pl.DataFrame:
    """Typed records with ``acceptance_date`` → the same rows with everything the tables know of them."""
    frame = records.with_columns(
        (
            pl.col("shipment_month_day")
            if is_notice(product)
            else pl.col("acceptance_date").dt.truncate("1mo")
        ).alias("fx_day")
    )
    day = "acceptance_date"
    frame = reference.look_up(frame, "agreements", {"agreement_code": "agreement_code"}, day, _OPTIONS)
    frame = _first_days(reference.dated("agreements")).joined(frame, ["agreement_code"])
    holders = reference.dated("policyholders")
    frame = holders.remembered.of("holders", lambda: _holders(holders)).joined(frame, ["policyholder_code"])
    for role in ("counterparty", "payer", "guarantor"):
        frame = _with_buyer(frame, role, reference, day)
    for role, column in (
        ("destination", "destination_country"),
        ("payer", "payer_country"),
        ("guarantor", "guarantor_country"),
    ):
        frame = reference.look_up(
            frame,
            "country_categories",
            {column: "country"},
            day,
            {f"{role}_country_since": "valid_from", f"{role}_category": "category"},
        )
    frame = reference.look_up(
        frame, "exchange_rates", {"currency": "currency"}, "fx_day", {"yen_rate_micro": "yen_per_unit"}
    )
    if is_notice(product):
        frame = reference.look_up(
            frame, "period_bands", {"period_band": "band"}, day, {"band_days": "to_days", "band_name": "name"}
        )
    else:
        frame = reference.look_up(
            frame,
            "settlement_methods",
            {"settlement_method": "code"},
            day,
            {
                "method_name": "name",
                "day_rule": "day_rule",
                "method_needs": "needs",
                "method_lc": "lc",
                "method_retention": "retention",
                "notice_rule": "notice_rule",
            },
        )
    return frame.with_columns(pl.col("holder_known").fill_null(False), *_yen(product))


def _first_days(agreements: DatedTable) -> Keyed:
    """Since when there is an agreement, in force or not: ``agreement_since``."""
    first = pl.col("valid_from").min().alias("agreement_since")
    return agreements.remembered.of(
        "first days",
        lambda: Keyed(agreements.rows.group_by("agreement_code").agg(first), ["agreement_code"]),
    )


def _holders(table: DatedTable) -> Keyed:
    told = table.rows.select("holder", "association", "department_ledgers", holder_known=pl.lit(True))
    return Keyed(told, ["holder"])


def _with_buyer(frame: pl.DataFrame, role: str, reference: Reference, day: str) -> pl.DataFrame:
    code = f"{role}_code"
    frame = reference.look_up(
        frame, "buyers", {code: "buyer_code"}, day, {f"{role}_name": "name", f"{role}_rating": "rating"}
    )
    kept = None
    if role == "payer":
        asked = frame.select("agreement_code", pl.col(code).alias("buyer_code"), pl.col(day).alias("day"))
        kept = kept_terms(asked, reference)
        if kept.height:
            frame = Keyed(kept, _ASKED).joined(frame, ["agreement_code", code, day])
            frame = frame.with_columns(pl.coalesce("kept_rating", "payer_rating").alias("payer_rating"))
    frame = reference.look_up(
        frame,
        "buyer_ratings",
        {f"{role}_rating": "rating"},
        day,
        {
            f"{role}_class": "rating_class",
            f"{role}_limit_required": "limit_required",
            f"{role}_lc_bank": "lc_bank",
        },
    )
    if role == "guarantor":
        return frame
    frame = reference.look_up(
        frame,
        "buyer_registrations",
        {"agreement_code": "agreement_code", code: "buyer_code"},
        day,
        {
            f"{role}_registered_from": "valid_from",
            f"{role}_limit_yen": "limit_yen",
            f"{role}_excluded": "excluded",
        },
    )
    if kept is not None and kept.height:
        limit = pl.max_horizontal("payer_limit_yen", "kept_limit_yen")
        frame = frame.with_columns(limit.alias("payer_limit_yen")).drop("kept_rating", "kept_limit_yen")
    return frame


def kept_terms(asked: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Whose rating fell during the insurance year, but not below EC, keeps the rating and limit of its start.

    The start is the first day of the insurance year in which ``day`` lies, or the buyer's first registration under
    the agreement when that is later. Upgrades, falls to P, R and B, public buyers and banks are not told here: the
    rating of the day counts for them, also after a return from P or R (Seed 004 企総(3), 簡易(3); E-058…E-063, E-134).

    Args:
        asked: ``agreement_code``, ``buyer_code``, ``day``; each counts once.
        reference: the tables.

    Returns:
        Those of the different rows that keep what they had: + ``kept_rating``, ``kept_limit_yen`` (null: none was set).
    """
    several = _rerated(reference.dated("buyers"))
    if several.is_empty():
        return pl.DataFrame(schema=_KEPT)
    asked = asked.drop_nulls().join(several, on="buyer_code", how="semi").unique(maintain_order=True)
    if asked.is_empty():
        return pl.DataFrame(schema=_KEPT)
    registrations = reference.table("buyer_registrations")
    begun = _with_year_start(asked, reference).join(
        registrations.group_by("agreement_code", "buyer_code").agg(pl.col("valid_from").min().alias("since")),
        on=["agreement_code", "buyer_code"],
    )
    begun = begun.filter(pl.col("since") <= pl.col("day")).with_columns(
        pl.max_horizontal("year_start", "since").alias("start")
    )
    # Every rating that was in force between the start and the day, the one at the start included.
    steps = (
        begun.join(several, on="buyer_code")
        .filter(pl.col("valid_from") <= pl.col("day"))
        .sort("valid_from", maintain_order=True)
        .filter(
            (pl.col("valid_from") > pl.col("start"))
            | (
                pl.col("valid_from")
                == pl.col("valid_from").filter(pl.col("valid_from") <= pl.col("start")).max().over(_ASKED)
            )
        )
    )
    steps = reference.look_up(
        steps, "buyer_ratings", {"rating": "rating"}, "day", {"class": "rating_class"}
    ).with_columns(pl.col("class").replace_strict(_LADDER, default=None, return_dtype=pl.Int64).alias("step"))
    kept = (
        steps.group_by([*_ASKED, "start"], maintain_order=True)
        .agg(
            pl.col("rating").first().alias("kept_rating"),
            (pl.col("valid_from").first() <= pl.col("start").first()).alias("had_one"),
            pl.col("step").is_not_null().all().alias("on_the_ladder"),
            (pl.col("step").last() > pl.col("step").first()).alias("fell"),
        )
        .filter("had_one", "on_the_ladder", "fell")
    )
    return reference.look_up(
        kept,
        "buyer_registrations",
        {"agreement_code": "agreement_code", "buyer_code": "buyer_code"},
        "start",
        {"kept_limit_yen": "limit_yen"},
    ).select(*_ASKED, "kept_rating", "kept_limit_yen")


def _rerated(buyers: DatedTable) -> pl.DataFrame:
    """All ratings of the buyers that had more than one, whenever: most have not."""
    several = pl.col("buyer_code").is_duplicated()
    return buyers.remembered.of(
        "rerated", lambda: buyers.rows.select("buyer_code", "rating", "valid_from").filter(several)
    )


_ASKED = ["agreement_code", "buyer_code", "day"]
_KEPT = {
    "agreement_code": pl.String,
    "buyer_code": pl.String,
    "day": pl.Date,
    "kept_rating": pl.String,
    "kept_limit_yen": pl.Int64,
}


def _with_year_start(asked: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Rows whose agreement is in force on ``day``, with the first day of the insurance year it lies in."""
    periods = reference.look_up(
        asked.select("agreement_code", "day").unique(),
        "agreements",
        {"agreement_code": "agreement_code"},
        "day",
        {"valid_from": "valid_from", "valid_to": "valid_to"},
    ).filter(pl.col("valid_from").is_not_null())
    starts = [
        insurance_year(valid_from, valid_to, day)[0]
        for valid_from, valid_to, day in periods.select("valid_from", "valid_to", "day").iter_rows()
    ]
    return asked.join(
        periods.select("agreement_code", "day", pl.Series("year_start", starts, dtype=pl.Date)),
        on=["agreement_code", "day"],
    )


@cache
def _yen(product: Product) -> tuple[pl.Expr, ...]:
    """The three amounts that rules and rating need, in yen; null where amount or rate is missing or too large."""
    rate = pl.col("yen_rate_micro")
    if is_notice(product):
        return (
            yen_of(pl.col("shipped_amount_cents"), rate).alias("contract_yen"),
            pl.lit(0, pl.Int64).alias("base_pre_yen"),
            yen_of(pl.col("shipped_amount_cents"), rate).alias("base_post_yen"),
        )
    return (
        yen_of(pl.col("contract_amount_cents"), rate).alias("contract_yen"),
        yen_of(pl.col("pre_shipment_amount_cents"), rate).alias("base_pre_yen"),
        yen_of(pl.col("post_shipment_amount_cents"), rate).alias("base_post_yen"),
    )
