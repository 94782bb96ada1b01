"""Days, countries and cover of each line: what rating multiplies with, before any rate is known.

Days before and after shipment, country categories for A and B, whether each danger is covered and why not, and the
内容変更等通知期限. Sources: contract §5 "Money", "Not covered"; Seed 004 企総(3), 簡易(3), slide 34.
"""

from datetime import date

import polars as pl

from pipelines.dated import DatedTable, Keyed, joined_by_day
from pipelines.reference import Reference
from schemas.money import COMPONENTS
from schemas.products import Product, is_notice

MIN_DAYS = 30
FLAG_RULE = "子会社等向けの取引は非常危険だけをてん補"


def with_exposure(frame: pl.DataFrame, product: Product, reference: Reference) -> pl.DataFrame:
    """Enriched records with groups (``pipelines.hierarchy``) → with days, categories and cover.

    Adds ``leads`` (premiums of the shipment stand on this line), ``days_pre``, ``days_post`` (Int32, null when not
    rated), ``country_category``, ``country_category_pre``, ``lc_good`` (an L/C that opens the exceptions),
    ``usance`` and ``settles_within_1y`` / ``settles_within_2y``, per danger ``covered_<c>`` and ``cover_rule_<c>``,
    ``cover_<c>`` (permille), and ``change_notice_limit``.
    """
    frame = _notice_days(frame) if is_notice(product) else _ledger_days(frame, product)
    if "carried_days_pre" in frame.columns:  # a version whose dates stay is rated for the days it had
        frame = frame.with_columns(
            pl.coalesce("carried_days_pre", "days_pre").alias("days_pre"),
            pl.coalesce("carried_days_post", "days_post").alias("days_post"),
        )
    frame = frame.with_columns(
        pl.coalesce("guarantor_category", "payer_category").alias("country_category"),
        pl.max_horizontal("destination_category", "payer_category").alias("country_category_pre"),
        (pl.col("shipment_lc") & pl.col("guarantor_lc_bank").fill_null(False)).alias("lc_good"),
    )
    if is_notice(product):
        frame = frame.with_columns(pl.lit(None, pl.String).alias("country_category_pre"))
    frame = _with_cover(frame, product, reference)
    return _with_notice_limit(frame, product, reference)


def _notice_days(frame: pl.DataFrame) -> pl.DataFrame:
    """A notice is flat: the upper end of its band, and no premium for 前受 (B-021)."""
    paid_later = pl.col("band_days") > 0
    return frame.with_columns(
        pl.lit(True).alias("leads"),
        pl.lit(None, pl.Int32).alias("days_pre"),
        pl.when(paid_later).then(pl.max_horizontal("band_days", MIN_DAYS)).cast(pl.Int32).alias("days_post"),
        (pl.col("lc_flag") == "1").fill_null(False).alias("shipment_lc"),
        pl.lit(True).alias("settles_within_1y"),
        pl.lit(True).alias("settles_within_2y"),
    )


def _cover_starts(product: Product) -> pl.Expr:
    """First day of the days before shipment: acceptance; 消費財 from the contract date when applied for in time."""
    accepted = pl.col("acceptance_date")
    if product is not Product.CONSUMER_GOODS:
        return accepted
    contract = pl.col("contract_date_day")
    in_time = accepted <= contract.dt.offset_by("1mo").dt.month_end()
    return pl.when(in_time).then(contract).otherwise(accepted)


def _ledger_days(frame: pl.DataFrame, product: Product) -> pl.DataFrame:
    """Usance per settlement by the method's day rule, the longest of the shipment after it."""
    rule = pl.col("day_rule")
    start = (
        pl.when((rule == "inspection_to_due_date") | pl.col("method_retention"))
        .then(pl.coalesce("inspection_date_day", "last_shipment_date_day"))
        .otherwise(pl.col("last_shipment_date_day"))
    )
    frame = frame.with_columns(
        start.alias("start_day"),
    )
    to_due = (pl.col("due_date_day") - pl.col("start_day")).dt.total_days()
    from_shipment = (pl.col("due_date_day") - pl.col("last_shipment_date_day")).dt.total_days()
    usance = (
        pl.when(rule == "fixed_30")
        .then(MIN_DAYS)
        .when(rule == "usance")
        .then(pl.col("usance_days_n"))
        .when(rule == "usance_plus_30")
        .then(pl.col("usance_days_n") + 30)
        .when(rule == "to_due_date")
        .then(from_shipment)
        .when(rule == "inspection_to_due_date")
        .then(to_due)
        .cast(pl.Int32)
    )
    by_date = rule.is_in(["to_due_date", "inspection_to_due_date"])
    due, begin = pl.col("due_date_day"), pl.col("start_day")
    counted = pl.col("usance_days_n").fill_null(0)
    frame = frame.with_columns(
        usance.alias("usance"),
        pl.when(by_date)
        .then(due <= begin.dt.offset_by("1y"))
        .otherwise(counted <= 365)
        .alias("settles_within_1y"),
        pl.when(by_date)
        .then(due < begin.dt.offset_by("2y"))
        .otherwise(counted < 730)
        .alias("settles_within_2y"),
    )
    later = pl.col("day_rule") != "none"
    return frame.with_columns(
        pl.max_horizontal(
            (pl.col("last_shipment_date_day") - _cover_starts(product)).dt.total_days(), MIN_DAYS
        )
        .cast(pl.Int32)
        .alias("days_pre"),
        pl.max_horizontal(pl.col("usance").max().over("shipment_id"), pl.lit(MIN_DAYS, pl.Int32)).alias(
            "days_post_any"
        ),
        pl.col("usance").is_not_null().any().over("shipment_id").alias("has_usance"),
        (pl.col("method_lc") | ~later).all().over("shipment_id").alias("only_lc"),
        pl.col("method_lc").any().over("shipment_id").alias("some_lc"),
        (
            pl.col("settlement_no").fill_null("")
            == pl.col("settlement_no").fill_null("").min().over("shipment_id")
        ).alias("leads"),
        pl.col("settles_within_1y").fill_null(True).all().over("shipment_id").alias("shipment_within_1y"),
    ).with_columns(
        pl.when("has_usance").then("days_post_any").alias("days_post"),
        (pl.col("only_lc") & pl.col("some_lc")).fill_null(False).alias("shipment_lc"),
    )


def _with_cover(frame: pl.DataFrame, product: Product, reference: Reference) -> pl.DataFrame:
    within_1y = pl.col("settles_within_1y") if is_notice(product) else pl.col("shipment_within_1y")
    subsidiary = (
        (pl.col("to_subsidiary") == "1").fill_null(False)
        if "to_subsidiary" in frame.columns
        else pl.lit(False)
    )
    full = (
        (pl.col("full_political_cover").fill_null("") == "1")
        | (pl.col("full_political_cover").is_null() & pl.col("agreed_full_political_cover").fill_null(False))
        if "full_political_cover" in frame.columns
        else pl.lit(False)
    )
    tables = reference.dated("cover"), reference.dated("cover_ratios")
    frame = joined_by_day(
        frame.with_columns(full.alias("full_political")),
        ["payer_class"],
        "acceptance_date",
        lambda day: _cover_on(*tables, product, day),
    )
    added: list[pl.Expr] = []
    for c in COMPONENTS:
        condition = pl.col(f"condition_{c}")
        by_table = (
            pl.when(condition == "covered")
            .then(True)
            .when(condition == "lc_only")
            .then("lc_good")
            .when(condition == "within_1y_or_lc")
            .then(within_1y | pl.col("lc_good"))
            .otherwise(False)
        )
        # Notices carry no premium before shipment: it is billed once a year from the limit (B-033).
        offered = pl.lit(c in "bd") if is_notice(product) else pl.lit(True)
        credit_taken = offered & (pl.col("days_post").is_not_null() if c in "bd" else pl.lit(True))
        excluded_by_flag = subsidiary if c in "cd" else pl.lit(False)
        covered = credit_taken & by_table & ~excluded_by_flag
        why_not = (
            pl.when(credit_taken & excluded_by_flag)
            .then(pl.lit(FLAG_RULE))
            .when(credit_taken & ~by_table & condition.is_not_null())
            .then(f"table_rule_{c}")
        )
        ratio = pl.when("full_political").then(f"full_ratio_{c}").otherwise(f"ratio_{c}")
        added += [
            covered.fill_null(False).alias(f"covered_{c}"),
            why_not.alias(f"cover_rule_{c}"),
            pl.when(covered).then(ratio).cast(pl.Int32).alias(f"cover_{c}"),
        ]
    return frame.with_columns(added)


def _cover_on(cover: DatedTable, ratios: DatedTable, product: Product, day: date) -> Keyed:
    """What the tables say on a day of each rating class, and of none, for the four dangers side by side.

    By ``rating_class``; per danger ``condition_<c>``, ``table_rule_<c>``, ``ratio_<c>``, ``full_ratio_<c>``.
    """
    what = ("cover", cover.since(day), ratios, ratios.since(day), product)
    return cover.remembered.of(what, lambda: _cover_worked_out(cover, ratios, product, day))


def _cover_worked_out(cover: DatedTable, ratios: DatedTable, product: Product, day: date) -> Keyed:
    rules = cover.in_force(day).filter(pl.col("product") == product)
    shares = ratios.in_force(day).filter(pl.col("product") == product)
    classes = rules["rating_class"].unique().drop_nulls().to_list()
    frame = pl.DataFrame({"rating_class": [*classes, None]}, schema={"rating_class": pl.String})
    for c in COMPONENTS:
        of_danger = rules.filter(pl.col("component") == c)
        share = shares.filter(pl.col("component") == c)
        frame = frame.join(
            of_danger.select(
                "rating_class",
                pl.col("condition").alias(f"condition_{c}"),
                pl.col("rule").alias(f"table_rule_{c}"),
            ),
            on="rating_class",
            how="left",
        ).with_columns(
            pl.lit(next(iter(share[column]), None), share.schema[column]).alias(f"{name}_{c}")
            for name, column in (("ratio", "ratio_permille"), ("full_ratio", "full_political_permille"))
        )
    return Keyed(frame, ["rating_class"], blank_matches=True)


def _with_notice_limit(frame: pl.DataFrame, product: Product, reference: Reference) -> pl.DataFrame:
    """内容変更等通知期限: per branch, from the settlement that falls due last (Seed 004 slide 34, 簡易(5))."""
    if is_notice(product):
        next_month = pl.col("shipment_month_day").dt.offset_by("1mo")
        return frame.with_columns(
            (next_month + pl.duration(days=pl.col("band_days"))).alias("change_notice_limit")
        )
    frame = reference.look_up(
        frame,
        "notice_limits",
        {"notice_rule": "notice_rule"},
        "acceptance_date",
        {"limit_base": "base", "limit_months": "months", "limit_adds_usance": "add_usance"},
    )
    last_shipment = pl.col("last_shipment_date_day").max().over("branch_id")
    ends = pl.coalesce("due_date_day", pl.col("start_day") + pl.duration(days=pl.col("usance").fill_null(0)))
    base = (
        pl.when(pl.col("limit_base") == "last_shipment_date")
        .then(last_shipment)
        .when(pl.col("limit_base") == "inspection_date")
        .then(pl.coalesce(pl.col("inspection_date_day").max().over("branch_id"), last_shipment))
        .otherwise(pl.coalesce("due_date_day", last_shipment))
    )
    # One shift per number of months that occurs: a shift that differs by row is read from text, row by row.
    months = pl.col("limit_months").fill_null(0)
    shifted = pl.coalesce(
        pl.when(months == count).then(base.dt.offset_by(f"{count}mo"))
        for count in frame["limit_months"].fill_null(0).unique().to_list() or [0]
    )
    added = pl.when("limit_adds_usance").then(pl.col("usance").fill_null(0)).otherwise(0)
    frame = frame.with_columns(
        (shifted + pl.duration(days=added)).alias("own_limit"), ends.alias("settles_on")
    )
    last = pl.col("settles_on") == pl.col("settles_on").max().over("branch_id")
    return frame.with_columns(
        pl.when(last).then("own_limit").max().over("branch_id").alias("change_notice_limit")
    )
