"""How much of each payment limit (支払限度額) is in use, and who comes near it: contract §6, Seed 004 企総(3), 簡易(3).

A limit caps what can be claimed of one buyer after shipment. It is told, never an error, and adds no premium
(E-052…E-054, E-064). When a limit may be set is ``pipelines.reference_rules``; whether one is missing at all is
``pipelines.screen``.
"""

from datetime import date

import polars as pl

from pipelines.enrich import kept_terms
from pipelines.reference import Reference
from pipelines.rules import Address, Rule, findings_of
from schemas.findings import empty
from schemas.layouts import Layout

NEAR_PERMILLE = 800
"""From this share of the limit on, somebody is told."""
_MONTHS_OPEN = "3mo"
"""Default for this long after the due date is what the cover is for, so that the amount stays at stake."""
_PAIR = ["agreement_code", "buyer_code"]

_READ: dict[str, pl.DataType] = {
    "agreement_code": pl.String(),
    "payer_code": pl.String(),
    "acceptance_date": pl.Date(),
    "application_no": pl.String(),
    "branch_record": pl.Int64(),
    "record": pl.Int64(),
    "shipment_no": pl.String(),
    "settlement_method": pl.String(),
    "last_shipment_date": pl.String(),
    "due_date": pl.String(),
    "shipment_month": pl.String(),
    "lc_flag": pl.String(),
    "days_post": pl.Int32(),
    "insured_amount_d": pl.Int64(),
    "removed": pl.Boolean(),
}
"""What is read of a line; a ledger and an upload have most of it, the rest counts as blank."""
COLUMNS = [name for name in _READ if name not in ("record", "branch_record")]
"""What of the journal is looked at; without the numbers within an upload, which its lines have no more."""


def limit_use(lines: pl.DataFrame, reference: Reference, day: date) -> pl.DataFrame:
    """The use of every limit on a day, one row per agreement and registered buyer whose rating needs a limit.

    Args:
        lines: current ledger lines (``pipelines.ledger.current``) of any products, without withdrawn ones.
        reference: the tables.
        day: the day for which registrations, ratings and due dates count.

    Returns:
        ``agreement_code``, ``buyer_code``, ``buyer_rating``, ``limit_yen``, ``used_yen``, ``used_permille``
        (cut), ``state``: ``ok``, ``near`` (from 80 %), ``exceeded``. Without a limit the last two and ``limit_yen``
        are null.
    """
    return _against(_by_buyer(_uses(lines, reference, day)), _limits(reference, day)).sort(_PAIR)


def limit_warnings(
    lines: pl.DataFrame, booked: pl.DataFrame, reference: Reference, day: date
) -> pl.DataFrame:
    """Whose limit the lines of an upload bring near its end or beyond.

    Args:
        lines: rated lines of one upload with ``record``, as an assessment or as journal rows.
        booked: current ledger lines of at least the same agreements and payers, without withdrawn ones. Lines of a
            branch that ``lines`` replace (same ``application_no``) do not count twice.
        reference: the tables.
        day: the acceptance day.

    Returns:
        One row per agreement and payer that is ``near`` or ``exceeded`` after booking: ``record`` (the first one
        that adds to the use), ``agreement_code``, ``payer_code``, ``used_yen``, ``limit_yen``, ``state``.
    """
    new = _uses(lines, reference, day)
    pairs = new.select(_PAIR).unique()
    old = _uses(_others(booked, lines), reference, day).join(pairs, on=_PAIR, how="semi")
    limits = _limits(reference, day).join(pairs, on=_PAIR, how="semi")
    return (
        _against(_by_buyer(pl.concat([new, old])), limits)
        .filter(pl.col("state").is_in(["near", "exceeded"]))
        .join(new.group_by(_PAIR).agg(pl.col("record").min()), on=_PAIR)
        .select(
            "record",
            "agreement_code",
            pl.col("buyer_code").alias("payer_code"),
            "used_yen",
            "limit_yen",
            "state",
        )
        .sort("record", "agreement_code", "payer_code")
    )


def limit_findings(
    lines: pl.DataFrame,
    booked: pl.DataFrame,
    reference: Reference,
    day: date,
    layout: Layout,
    address: Address,
) -> pl.DataFrame:
    """``limit_warnings`` as findings ``limit-near`` and ``limit-exceeded``; ``lines`` have ``line`` and ``row``."""
    told = limit_warnings(lines, booked, reference, day).rename({"payer_code": "limit_payer"})
    if told.is_empty():
        return empty()
    hit = lines.select("record", "line", "row", "payer_code").join(
        told.drop("agreement_code"), on="record", maintain_order="left"
    )
    fill: dict[str, pl.Expr | str] = {"used": pl.col("used_yen"), "limit": pl.col("limit_yen")}
    rules = [
        Rule("limit-near", "payer_code", pl.col("state") == "near", fill),
        Rule("limit-exceeded", "payer_code", pl.col("state") == "exceeded", fill),
    ]
    return findings_of(hit, rules, layout, address)


def _others(booked: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    if "application_no" not in lines.columns:
        return booked
    return booked.join(lines.select("application_no").unique(), on="application_no", how="anti")


def _uses(lines: pl.DataFrame, reference: Reference, day: date) -> pl.DataFrame:
    """``record`` and yen at stake of every line that counts: not by L/C, due at most three months ago."""
    frame = lines.select(
        (pl.col(name) if name in lines.columns else pl.lit(None, dtype)).cast(dtype).alias(name)
        for name, dtype in _READ.items()
    ).filter(~pl.col("removed").fill_null(False))
    frame = reference.look_up(
        frame,
        "settlement_methods",
        {"settlement_method": "code"},
        "acceptance_date",
        {"method_lc": "lc", "day_rule": "day_rule"},
    )
    owner = pl.coalesce(
        "application_no", pl.format("#{}", pl.coalesce("branch_record", "record").cast(pl.String))
    )
    shipment = [owner, pl.col("shipment_no").fill_null("")]
    lc = pl.col("method_lc").fill_null(False) | (pl.col("lc_flag") == "1").fill_null(False)
    advance = (pl.col("day_rule") == "none").fill_null(False)
    only_lc = (lc | advance).all().over(shipment) & lc.any().over(shipment)
    return (
        frame.filter(~only_lc & (_due().max().over(shipment).dt.offset_by(_MONTHS_OPEN) >= day))
        .filter(pl.col("insured_amount_d") > 0)
        .select("record", "agreement_code", pl.col("payer_code").alias("buyer_code"), "insured_amount_d")
    )


def _due() -> pl.Expr:
    """Day on which a line is paid at the latest: its due date, else the end of the shipment's longest usance."""
    days = pl.duration(days=pl.col("days_post").fill_null(0))
    shipped = pl.col("last_shipment_date").str.to_date("%Y%m%d", strict=False)
    month = pl.concat_str("shipment_month", pl.lit("01")).str.to_date("%Y%m%d", strict=False)
    return pl.coalesce(
        pl.col("due_date").str.to_date("%Y%m%d", strict=False),
        shipped + days,
        month.dt.offset_by("1mo") + days,
    )


def _by_buyer(uses: pl.DataFrame) -> pl.DataFrame:
    return uses.group_by(_PAIR).agg(pl.col("insured_amount_d").cast(pl.Int128).sum().alias("used"))


def _limits(reference: Reference, day: date) -> pl.DataFrame:
    """Registered buyers whose rating, the one of the year's start included, needs a limit; with that limit."""
    days = pl.Series([day], dtype=pl.Date)
    registered = reference.in_force("buyer_registrations", days).select(
        *_PAIR, pl.col("on").alias("day"), "limit_yen"
    )
    registered = reference.look_up(
        registered, "buyers", {"buyer_code": "buyer_code"}, "day", {"rating": "rating"}
    )
    kept = kept_terms(registered.select(*_PAIR, "day"), reference)
    registered = registered.join(kept, on=[*_PAIR, "day"], how="left").with_columns(
        pl.coalesce("kept_rating", "rating").alias("buyer_rating"),
        pl.max_horizontal("limit_yen", "kept_limit_yen").alias("limit_yen"),
    )
    return (
        reference.look_up(
            registered, "buyer_ratings", {"buyer_rating": "rating"}, "day", {"required": "limit_required"}
        )
        .filter("required")
        .select(*_PAIR, "buyer_rating", "limit_yen")
    )


def _against(used: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """Limits with what is used of them."""
    frame = limits.join(used, on=_PAIR, how="left").with_columns(pl.col("used").fill_null(0))
    use, limit = pl.col("used"), pl.col("limit_yen").cast(pl.Int128)
    state = (
        pl.when(limit.is_null())
        .then(None)
        .when(use > limit)
        .then(pl.lit("exceeded"))
        .when((use > 0) & (use * 1000 >= limit * NEAR_PERMILLE))
        .then(pl.lit("near"))
        .otherwise(pl.lit("ok"))
    )
    permille = pl.when(limit > 0).then(use * 1000 // pl.when(limit > 0).then(limit))
    return frame.select(
        *_PAIR,
        "buyer_rating",
        "limit_yen",
        use.cast(pl.Int64, strict=False).alias("used_yen"),
        permille.cast(pl.Int64, strict=False).alias("used_permille"),
        state.alias("state"),
    )
