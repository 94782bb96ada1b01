"""What a change of booked lines costs or gives back: days that stay, premium by rate, amount due, premium as it stands.

A version of an application is rated like a new one, with the application's acceptance date and its tables; days whose
dates did not change, or moved for free, stay what they were. The difference of the premiums by rate is due in full when
it grows, and returned for the time that is left when it falls. Contract §7; Seed 004 企総(5); nexi-facts §4.6.
"""

import polars as pl

from pipelines.assess import rated_lines
from pipelines.judge import typed
from pipelines.money import premium_of
from pipelines.rate import base_column
from pipelines.reference import Reference
from schemas.journal import RATED
from schemas.layouts import Layout, all_layout_fields, layout_of
from schemas.money import COMPONENTS
from schemas.products import Product, is_notice

FREE_REASONS = ("06", "07")
"""船積時期の変更: up to three months either way the premium stays (contract §7)."""
_TIMES = ("last_shipment_date", "due_date", "inspection_date", "usance_days", "settlement_method")
_TERMS = ("usance_days", "settlement_method")
"""What a free shift must leave alone; days of payment and inspection may move with the shipment."""
_SHIPMENT = ["application_no", "history_no", "shipment_key"]
_NUMBERED = ["line_id", "application_no", "history_no", "record", "acceptance_date"]
_STANDING = ["acts_as", "base_history_no", "counts_from", "removed"]


def rated_version(
    lines: pl.DataFrame, base: pl.DataFrame, layout: Layout, reference: Reference
) -> pl.DataFrame:
    """Lines of versions → the same rows, rated and settled against their base.

    Args:
        lines: layout text with ``line_id``, ``application_no``, ``history_no``, ``record``, ``acceptance_date``,
            ``acts_as``, ``base_history_no``, ``counts_from`` and ``removed``; every version complete.
        base: booked rows among which are all the versions that ``base_history_no`` names.
        reference: the tables to rate with.

    Returns:
        The rows in their order with all of ``RATED``, ``insured_shipment_date``, ``due_<c>``, ``due_total`` (yen,
        negative = returned) and everything that rating looked up (null on removed lines).
    """
    product = layout.product
    # Another product's column means nothing here; blank it would take the agreement's option.
    lines = lines.drop(
        name for name in all_layout_fields() if name in lines.columns and name not in layout.names
    )
    shipment_key = pl.lit("") if is_notice(product) else pl.col("shipment_no").fill_null("")
    lines = typed(lines, layout).with_columns(shipment_key.alias("shipment_key"))
    lines = lines.with_row_index("place")
    before = _before(lines, base, shipment_key)
    if is_notice(product):
        lines = lines.with_columns(pl.lit(None, pl.Date).alias("insured_shipment_date"))
    else:
        lines = _with_days_that_stay(lines, before)
    live = rated_lines(lines.filter(~pl.col("removed")), layout, reference)
    gone = lines.filter("removed").with_columns(
        *(pl.lit(None, dtype).alias(name) for name, dtype in RATED.items()),
    )
    yen = [f"{kind}_{c}" for kind in ("premium", "insured_amount") for c in COMPONENTS]
    yen += ["premium_total", "contract_yen", "base_pre_yen", "base_post_yen"]
    gone = gone.with_columns(pl.lit(0, pl.Int64).alias(name) for name in yen)
    rated = pl.concat([live, gone], how="diagonal_relaxed").sort("place")
    if not before.height:
        return rated.with_columns(
            pl.col(f"premium_{c}").alias(f"due_{c}") for c in (*COMPONENTS, "total")
        ).drop("place")
    return _settled(rated, before, product, reference).drop("place")


def _before(lines: pl.DataFrame, base: pl.DataFrame, shipment_key: pl.Expr) -> pl.DataFrame:
    """The base rows of the versions at hand, keyed by the version that they are the base of."""
    versions = lines.select("application_no", "history_no", "base_history_no").unique()
    return (
        base.filter(pl.col("process_type") != "5")
        .with_columns(shipment_key.alias("shipment_key"))
        .rename({"history_no": "own_history_no"})
        .drop("base_history_no")
        .join(
            versions,
            left_on=["application_no", "own_history_no"],
            right_on=["application_no", "base_history_no"],
        )
    )


def _with_days_that_stay(lines: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """``carried_days_pre``, ``carried_days_post`` and ``insured_shipment_date`` by comparison with the base."""
    was = before.select(
        "line_id",
        "history_no",
        pl.col("removed").alias("was_removed"),
        pl.col("contract_date").alias("was_contract_date"),
        pl.col("insured_shipment_date").alias("was_insured"),
        *(pl.col(name).alias(f"was_{name}") for name in _TIMES),
        pl.lit(True).alias("was"),
    )
    lines = lines.join(was, on=["line_id", "history_no"], how="left", maintain_order="left")
    there = pl.col("was").fill_null(False)
    changed = {name: pl.col(name).ne_missing(pl.col(f"was_{name}")) for name in (*_TIMES, "contract_date")}
    shipment, insured = pl.col("last_shipment_date_day"), pl.col("was_insured")
    within = shipment.is_between(insured.dt.offset_by("-3mo"), insured.dt.offset_by("3mo"))
    free = (
        there
        & (pl.col("acts_as") == "2")
        & pl.col("change_reason").is_in(FREE_REASONS).fill_null(False)
        & changed["last_shipment_date"]
        & within.fill_null(False)
        & ~(there & pl.any_horizontal(changed[name] for name in _TERMS)).any().over(_SHIPMENT)
    )
    moved = changed["last_shipment_date"] & ~free
    other_lines = ~there | (pl.col("removed") != pl.col("was_removed"))
    moved_pre = (moved | changed["contract_date"] | ~there).any().over(_SHIPMENT)
    moved_post = (
        ((pl.any_horizontal(changed[name] for name in _TIMES) & ~free) | other_lines).any().over(_SHIPMENT)
    )
    days = before.group_by(_SHIPMENT).agg(
        pl.col("days_pre").max().alias("was_days_pre"), pl.col("days_post").max().alias("was_days_post")
    )
    return lines.join(days, on=_SHIPMENT, how="left", maintain_order="left").with_columns(
        pl.when(~moved_pre).then("was_days_pre").alias("carried_days_pre"),
        pl.when(~moved_post).then("was_days_post").alias("carried_days_post"),
        pl.when(there & ~moved).then("was_insured").otherwise(shipment).alias("insured_shipment_date"),
    )


def _settled(
    rated: pl.DataFrame, before: pl.DataFrame, product: Product, reference: Reference
) -> pl.DataFrame:
    """Per shipment and danger: what the difference of the premiums by rate makes due, and what stands after it."""
    by_rate = {c: premium_of(pl.col(base_column(c)), pl.col(f"rate_{c}")).fill_null(0) for c in COMPONENTS}
    new = rated.group_by(_SHIPMENT).agg(
        pl.col("acts_as").first(),
        pl.col("counts_from").first(),
        pl.col("acceptance_date").first(),
        *(pl.col(f"premium_{c}").sum().alias(f"new_{c}") for c in COMPONENTS),
    )
    old = before.group_by(_SHIPMENT).agg(
        pl.col("last_shipment_date").str.to_date("%Y%m%d", strict=False).max().alias("was_shipped"),
        pl.col("change_notice_limit").max().alias("was_limit"),
        pl.col("days_post").max().alias("was_days_post"),
        *(by_rate[c].sum().alias(f"old_{c}") for c in COMPONENTS),
        *(pl.col(f"premium_{c}").sum().alias(f"stood_{c}") for c in COMPONENTS),
    )
    sums = new.join(old, on=_SHIPMENT, how="left").with_columns(
        pl.col(f"{kind}_{c}").fill_null(0) for kind in ("old", "stood") for c in COMPONENTS
    )
    sums = _with_bases(sums, product, reference)
    sums = sums.with_columns(_due(c, product).alias(f"due_{c}") for c in COMPONENTS)
    sums = sums.select(
        *_SHIPMENT,
        *(f"due_{c}" for c in COMPONENTS),
        *((pl.col(f"stood_{c}") + pl.col(f"due_{c}")).alias(f"stands_{c}") for c in COMPONENTS),
    )
    # What a shipment costs stands on its first live line; when all were taken out, on the first of them.
    line = pl.col("removed").cast(pl.Int8).cast(pl.String) + pl.col("line_id")
    bears = line == line.min().over(_SHIPMENT)
    out = rated.join(sums, on=_SHIPMENT, how="left", maintain_order="left").with_columns(
        *(pl.when(bears).then(f"stands_{c}").otherwise(0).alias(f"premium_{c}") for c in COMPONENTS),
        *(pl.when(bears).then(f"due_{c}").otherwise(0).alias(f"due_{c}") for c in COMPONENTS),
    )
    return out.with_columns(
        pl.sum_horizontal([f"premium_{c}" for c in COMPONENTS]).alias("premium_total"),
        pl.sum_horizontal([f"due_{c}" for c in COMPONENTS]).alias("due_total"),
    )


def _with_bases(sums: pl.DataFrame, product: Product, reference: Reference) -> pl.DataFrame:
    """``basis_<c>``: over which time a danger's premium is returned (table ``return_bases``)."""
    for c in COMPONENTS:
        sums = sums.with_columns(
            pl.lit(str(product)).alias("return_product"), pl.lit(c).alias("return_component")
        )
        on = {"return_product": "product", "return_component": "component"}
        sums = reference.look_up(sums, "return_bases", on, "acceptance_date", {f"basis_{c}": "basis"})
    return sums


def _due(c: str, product: Product) -> pl.Expr:
    """Yen due for a danger: the whole increase; of a decrease the part for the time left, cut below 1 yen.

    The time runs to the last shipment as it was before the notice, a free shift included.
    """
    basis, day = pl.col(f"basis_{c}"), pl.col("counts_from")
    to_shipment = (pl.col("was_shipped") - pl.col("acceptance_date")).dt.total_days()
    usance = pl.col("was_days_post").cast(pl.Int64)
    settled = pl.col("was_limit") if is_notice(product) else pl.col("was_shipped") + pl.duration(days=usance)
    total = pl.when(basis == "shipment").then(to_shipment).when(basis == "usance").then(usance).otherwise(1)
    ends = pl.when(basis == "shipment").then("was_shipped").when(basis == "usance").then(settled)
    left = (
        pl.when(basis == "none")
        .then(0)
        .when(basis == "full")
        .then(1)
        .otherwise((ends - day).dt.total_days())
        .fill_null(0)
        .clip(0, pl.max_horizontal(total.fill_null(0), 0))
    )
    grown = pl.col(f"new_{c}") - pl.col(f"old_{c}")
    returned = -grown * left // pl.max_horizontal(total.fill_null(1), 1)
    notice = pl.col("acts_as") == "2"
    return pl.when(notice & (grown < 0)).then(-returned).otherwise(grown)


def rerated(
    booked: pl.DataFrame, history: pl.DataFrame, product: Product, reference: Reference
) -> pl.DataFrame:
    """Booked lines rated again from their text, for explanation and verification.

    Args:
        booked: ledger lines of one product, no withdrawals, whose ``reference_load`` is that of ``reference``.
        history: all booked rows among which their base versions are.
    """
    layout = layout_of(product)
    return rated_version(booked.select(*_NUMBERED, *_STANDING, *_extra(layout)), history, layout, reference)


def _extra(layout: Layout) -> list[str]:
    return [name for name in layout.names if name not in (*_NUMBERED, *_STANDING)]
