"""What the reference tables say about each record: agreement, holder, buyers, countries, methods, exchange rate.

Adds columns, judges nothing. Every table is looked up on the record's acceptance date; the exchange rate on the
first day of the month of acceptance (notices: of the shipment month). Contract §5, §6.
"""

import polars as pl

from pipelines.money import yen_of
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
    first = (
        reference.table("agreements")
        .group_by("agreement_code")
        .agg(pl.col("valid_from").min().alias("agreement_since"))
    )
    frame = frame.join(first, on="agreement_code", how="left", maintain_order="left")
    frame = frame.join(
        reference.table("policyholders").select(
            "holder", "association", "department_ledgers", holder_known=pl.lit(True)
        ),
        left_on="policyholder_code",
        right_on="holder",
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("holder_known").fill_null(False))
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
    return _with_yen(frame, product)


def _with_buyer(frame: pl.DataFrame, role: str, reference: Reference, day: str) -> pl.DataFrame:
    code = f"{role}_code"
    frame = reference.look_up(
        frame, "buyers", {code: "buyer_code"}, day, {f"{role}_name": "name", f"{role}_rating": "rating"}
    )
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
    return reference.look_up(
        frame,
        "buyer_registrations",
        {"agreement_code": "agreement_code", code: "buyer_code"},
        day,
        {f"{role}_registered_from": "valid_from", f"{role}_limit_yen": "limit_yen"},
    )


def _with_yen(frame: pl.DataFrame, product: Product) -> pl.DataFrame:
    """The three amounts that rules and rating need, in yen; null where amount or rate is missing or too large."""
    rate = pl.col("yen_rate_micro")
    if is_notice(product):
        return frame.with_columns(
            yen_of(pl.col("shipped_amount_cents"), rate).alias("contract_yen"),
            pl.lit(0, pl.Int64).alias("base_pre_yen"),
            yen_of(pl.col("shipped_amount_cents"), rate).alias("base_post_yen"),
        )
    return frame.with_columns(
        yen_of(pl.col("contract_amount_cents"), rate).alias("contract_yen"),
        yen_of(pl.col("pre_shipment_amount_cents"), rate).alias("base_pre_yen"),
        yen_of(pl.col("post_shipment_amount_cents"), rate).alias("base_post_yen"),
    )
