"""Premium per danger, to the yen: rate rows, factors, rate, insured amount, premium.

Which rate row counts: latest ``valid_from`` not after the acceptance date, then the specific before ``*``, category
before rating. C and D are rated without country. Contract §5 "Money", §6; Seed 004 slides 21, 22, 53.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import polars as pl

from pipelines.dated import DatedTable, Keyed, different_rows, joined_by_day
from pipelines.exposure import with_exposure
from pipelines.money import insured_amount_of, premium_of, rate_milli
from pipelines.reference import Reference
from schemas.money import COMPONENTS, MAX_FACTOR_TERM
from schemas.products import Product, is_notice

_CATEGORY = {"a": "country_category_pre", "b": "country_category", "c": None, "d": None}
_DAYS = {"a": "days_pre", "b": "days_post", "c": "days_pre", "d": "days_post"}
_BASE = {"a": "base_pre_yen", "b": "base_post_yen", "c": "base_pre_yen", "d": "base_post_yen"}
_FACTORS = ("full_political", "currency_rider", "additional_cost")
NEVER = date(9999, 12, 31)
"""``lent_until`` of rates that a product has of its own."""
RATES_OF: dict[Product, tuple[Product, ...]] = {
    Product.ENTERPRISE: (Product.ENTERPRISE,),
    Product.SIMPLIFIED_NOTICE: (Product.SIMPLIFIED_NOTICE,),
    # Assumption (nexi-facts §9): the 企総 rates until a table of their own is loaded.
    Product.EQUIPMENT: (Product.EQUIPMENT, Product.ENTERPRISE),
    Product.CONSUMER_GOODS: (Product.CONSUMER_GOODS, Product.ENTERPRISE),
}


def rate(frame: pl.DataFrame, product: Product, reference: Reference) -> pl.DataFrame:
    """Enriched records → the same rows with exposure, rates, insured amounts and premiums.

    Per danger: ``a_<c>``, ``b_<c>`` (percent × 10^6), ``rate_from_<c>``, ``rate_set_<c>``, ``factor_num_<c>``,
    ``factor_den_<c>``, ``rate_<c>`` (thousandths of a percent, null when not rated), ``insured_amount_<c>``,
    ``premium_<c>`` (yen) and ``rated_<c>`` (the danger is covered on this line, so a rate is needed).
    """
    frame = with_exposure(frame, product, reference)
    frame = frame.with_columns(
        *(_chosen(frame, name).alias(f"chosen_{name}") for name in _FACTORS),
        *((pl.col(f"covered_{c}") & pl.col("leads")).alias(f"rated_{c}") for c in COMPONENTS),
    )
    for c in COMPONENTS:
        frame = _with_rate_row(frame, c, product, reference)
    frame = _with_factors(frame, product, reference)
    for stage in _stages():
        frame = frame.with_columns(stage)
    return frame


@cache
def _stages() -> tuple[tuple[pl.Expr, ...], ...]:
    """Rate, then insured amount and premium of every danger, then the total."""
    rates = tuple(
        pl.when(f"rated_{c}")
        .then(
            rate_milli(
                pl.col(f"a_{c}"),
                pl.col(f"b_{c}"),
                pl.col(_DAYS[c]),
                pl.col(f"factor_num_{c}"),
                pl.col(f"factor_den_{c}"),
            )
        )
        .alias(f"rate_{c}")
        for c in COMPONENTS
    )
    yen = []
    for c in COMPONENTS:
        rated, base = pl.col(f"rated_{c}"), pl.col(_BASE[c])
        insured, premium = (
            insured_amount_of(base, pl.col(f"cover_{c}")),
            premium_of(base, pl.col(f"rate_{c}")),
        )
        yen += [
            pl.when(rated).then(insured).otherwise(0).alias(f"insured_amount_{c}"),
            pl.when(rated).then(premium).otherwise(0).alias(f"premium_{c}"),
            pl.when(rated).then(f"factor_text_{c}").alias(f"factor_{c}"),
        ]
    total = pl.sum_horizontal([f"premium_{c}" for c in COMPONENTS]).alias("premium_total")
    return rates, tuple(yen), (total,)


def _chosen(frame: pl.DataFrame, factor: str) -> pl.Expr:
    """Whether the record takes the option: its own flag, or the agreement's when the flag is blank."""
    if factor == "full_political":
        return pl.col("full_political")
    flag = {"currency_rider": "currency_rider", "additional_cost": "additional_cost_rider"}[factor]
    if flag not in frame.columns:
        return pl.lit(False)
    own = (pl.col(flag) == "1").fill_null(False)
    if factor == "additional_cost":
        return own | (pl.col(flag).is_null() & pl.col("agreed_additional_cost").fill_null(False))
    return own


def _with_rate_row(frame: pl.DataFrame, c: str, product: Product, reference: Reference) -> pl.DataFrame:
    column = _CATEGORY[c]
    tables = reference.dated("rates"), reference.dated("country_categories"), reference.dated("buyer_ratings")
    return joined_by_day(
        frame,
        [column, "payer_class"] if column else ["payer_class"],
        "acceptance_date",
        lambda day: _rate_rows(*tables, product, c, day),
    )


def _rate_rows(
    rates: DatedTable, countries: DatedTable, ratings: DatedTable, product: Product, c: str, day: date
) -> Keyed:
    """The rate row of a danger on a day for each category and class that there is, and for none."""
    since = rates.since(day)
    what = ("rate rows", since, countries, ratings, product, c)
    return rates.remembered.of(what, lambda: _rate_rows_since(rates, countries, ratings, product, c, since))


def _rate_rows_since(
    rates: DatedTable, countries: DatedTable, ratings: DatedTable, product: Product, c: str, since: date
) -> Keyed:
    table = rates.rows.filter(pl.col("component") == c)
    first, *rest = RATES_OF[product]
    own = table.filter(pl.col("product") == first)
    # Once the product has rates of its own in force, only those count.
    until = own["valid_from"].min() if own.height else NEVER
    lent = table.filter(pl.col("product").is_in(rest))
    own = pl.concat(
        [
            own.with_columns(pl.lit(NEVER).alias("lent_until")),
            lent.with_columns(pl.lit(until, pl.Date).alias("lent_until")),
        ]
    )
    depends = _CATEGORY[c] is not None
    categories = countries.rows["category"].unique().drop_nulls().to_list() if depends else []
    classes = ratings.rows["rating_class"].unique().drop_nulls().to_list()
    asked = pl.DataFrame({"category": [*categories, None]}, schema={"category": pl.String}).join(
        pl.DataFrame({"rating": [*classes, None]}, schema={"rating": pl.String}), how="cross"
    )
    chosen = chosen_rates(asked.with_columns(pl.lit(since, pl.Date).alias("day")), own)
    keys = ["category", "rating"] if depends else ["rating"]
    rows = chosen.select(
        *keys,
        pl.col("country_category").alias(f"rate_row_category_{c}"),
        pl.col("buyer_rating").alias(f"rate_row_rating_{c}"),
        pl.col("valid_from").alias(f"rate_from_{c}"),
        pl.col("rate_set").alias(f"rate_set_{c}"),
        pl.col("a").alias(f"a_{c}"),
        pl.col("b").alias(f"b_{c}"),
    )
    return Keyed(rows, keys, blank_matches=True)


def chosen_rates(asked: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """The rate row that counts: latest ``valid_from``, then the specific before ``*``, category before rating.

    Args:
        asked: ``category``, ``rating``, ``day``; null where a danger does not depend on it.
        rates: rows of the table ``rates`` of one danger, with ``lent_until``: the first day they no longer count.

    Returns:
        The asked rows, each once, that have a rate, with the columns of their row.
    """
    row_category, row_rating = pl.col("country_category"), pl.col("buyer_rating")
    return (
        asked.unique()
        .join(rates, how="cross")
        .filter(
            pl.col("valid_from") <= pl.col("day"),
            pl.col("day") < pl.col("lent_until"),
            (row_category == "*") | (row_category == pl.col("category")),
            (row_rating == "*") | (row_rating == pl.col("rating")),
        )
        .sort(pl.col("valid_from"), row_category != "*", row_rating != "*", descending=True)
        .unique(["category", "rating", "day"], keep="first", maintain_order=True)
    )


def _with_factors(frame: pl.DataFrame, product: Product, reference: Reference) -> pl.DataFrame:
    """Per danger the product of all factors in lowest terms; worked out per combination, not per record."""
    keys = list(_COMBINATION)
    asked = tuple(different_rows(frame.select(keys)))
    table = reference.dated("factors")
    return joined_by_day(frame, keys, "acceptance_date", lambda day: _factor_rows(table, product, day, asked))


def _factor_rows(table: DatedTable, product: Product, day: date, asked: tuple[tuple[Any, ...], ...]) -> Keyed:
    """What the factors on a day come to for each combination of discount and options that is asked for."""

    def worked_out() -> Keyed:
        in_force = table.in_force(day).filter(pl.col("product") == product)
        values = {
            (row["component"], row["factor"]): Fraction(row["value_num"], row["value_den"])
            for row in in_force.iter_rows(named=True)
        }
        rows = [(*combination, *_factors_of(values, *combination)) for combination in asked]
        return Keyed(
            pl.DataFrame(rows, schema=_FACTOR_ROWS, orient="row"), list(_COMBINATION), blank_matches=True
        )

    return table.remembered.of(("factors", table.since(day), product, asked), worked_out)


_COMBINATION = {
    "discount_num": pl.Int64,
    "discount_den": pl.Int64,
    **{f"chosen_{name}": pl.Boolean for name in _FACTORS},
}
_FACTOR_ROWS = {
    **_COMBINATION,
    **{
        f"factor_{part}_{c}": dtype
        for c in COMPONENTS
        for part, dtype in (("num", pl.Int128), ("den", pl.Int128), ("text", pl.String))
    },
}


def _factors_of(
    values: Mapping[tuple[str, str], Fraction],
    discount_num: int | None,
    discount_den: int | None,
    *chosen: bool,
) -> tuple[int | str, ...]:
    """Numerator, denominator and text of the factors of A, B, C and D."""
    found: list[int | str] = []
    for c in COMPONENTS:
        factor = Fraction(1)
        for name, taken in zip(_FACTORS, chosen, strict=True):
            if taken:
                factor *= values.get((c, name), Fraction(1))
        if c == "d" and discount_num is not None:
            factor *= Fraction(discount_num, discount_den)
        if max(factor.numerator, factor.denominator) > MAX_FACTOR_TERM:
            raise ValueError(f"factors of component {c} are too fine to stay exact: {factor}")
        found += [factor.numerator, factor.denominator, factor_text(factor)]
    return tuple(found)


def factor_text(factor: Fraction) -> str:
    """A factor as people write it: a decimal when it ends, else a fraction.

    >>> factor_text(Fraction(9, 10)), factor_text(Fraction(40, 39)), factor_text(Fraction(1))
    ('0.9', '40/39', '1')
    """
    rest = factor.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{factor.numerator}/{factor.denominator}"
    digits = 0
    while factor.numerator * 10**digits % factor.denominator:
        digits += 1
    scaled = factor.numerator * 10**digits // factor.denominator
    whole, fraction = divmod(scaled, 10**digits)
    return f"{whole}.{fraction:0{digits}d}" if digits else str(whole)


def days_column(c: str) -> str:
    """The column of the days that danger ``c`` is rated for."""
    return _DAYS[c]


def base_column(c: str) -> str:
    """The column of the yen that danger ``c`` is rated on."""
    return _BASE[c]


def rated_components(product: Product) -> tuple[str, ...]:
    """The dangers a line of the product can carry premium for."""
    return ("b", "d") if is_notice(product) else COMPONENTS
