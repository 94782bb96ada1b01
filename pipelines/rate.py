"""Premium per danger, to the yen: rate rows, factors, rate, insured amount, premium.

Which rate row counts: latest ``valid_from`` not after the acceptance date, then the specific before ``*``, category
before rating. C and D are rated without country. Contract §5 "Money", §6; Seed 004 slides 21, 22, 53.
"""

from datetime import date
from fractions import Fraction

import polars as pl

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
    frame = frame.with_columns(_chosen(frame, name).alias(f"chosen_{name}") for name in _FACTORS)
    for c in COMPONENTS:
        frame = frame.with_columns((pl.col(f"covered_{c}") & pl.col("leads")).alias(f"rated_{c}"))
        frame = _with_rate_row(frame, c, product, reference)
        frame = _with_factor(frame, c, product, reference)
        rated = pl.col(f"rated_{c}")
        rate_expr = rate_milli(
            pl.col(f"a_{c}"),
            pl.col(f"b_{c}"),
            pl.col(_DAYS[c]),
            pl.col(f"factor_num_{c}"),
            pl.col(f"factor_den_{c}"),
        )
        frame = frame.with_columns(pl.when(rated).then(rate_expr).alias(f"rate_{c}"))
        base = pl.col(_BASE[c])
        frame = frame.with_columns(
            pl.when(rated)
            .then(insured_amount_of(base, pl.col(f"cover_{c}")))
            .otherwise(0)
            .alias(f"insured_amount_{c}"),
            pl.when(rated).then(premium_of(base, pl.col(f"rate_{c}"))).otherwise(0).alias(f"premium_{c}"),
            pl.when(rated).then(f"factor_text_{c}").alias(f"factor_{c}"),
        )
    return frame.with_columns(pl.sum_horizontal([f"premium_{c}" for c in COMPONENTS]).alias("premium_total"))


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
    table = reference.table("rates").filter(pl.col("component") == c)
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
    category = pl.col(_CATEGORY[c]) if _CATEGORY[c] else pl.lit(None, pl.String)  # type: ignore[arg-type]
    frame = frame.with_columns(category.alias("rate_category"))
    keys = {"rate_category": "category", "payer_class": "rating", "acceptance_date": "day"}
    chosen = chosen_rates(frame.select(keys.keys()).rename(keys), own)
    matches = chosen.select(
        *(pl.col(name).alias(column) for column, name in keys.items()),
        pl.col("country_category").alias(f"rate_row_category_{c}"),
        pl.col("buyer_rating").alias(f"rate_row_rating_{c}"),
        pl.col("valid_from").alias(f"rate_from_{c}"),
        pl.col("rate_set").alias(f"rate_set_{c}"),
        pl.col("a").alias(f"a_{c}"),
        pl.col("b").alias(f"b_{c}"),
    )
    return frame.join(matches, on=list(keys), how="left", nulls_equal=True, maintain_order="left")


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


def _with_factor(frame: pl.DataFrame, c: str, product: Product, reference: Reference) -> pl.DataFrame:
    """The product of all factors in lowest terms; computed once per combination, not per record."""
    keys = ["acceptance_date", "discount_num", "discount_den", *(f"chosen_{name}" for name in _FACTORS)]
    combinations = frame.select(keys).unique()
    in_force = reference.in_force("factors", frame["acceptance_date"]).filter(
        pl.col("product") == product, pl.col("component") == c
    )
    values = {
        (row["on"], row["factor"]): Fraction(row["value_num"], row["value_den"])
        for row in in_force.iter_rows(named=True)
    }
    products: list[Fraction] = []
    for row in combinations.iter_rows(named=True):
        factor = Fraction(1)
        for name in _FACTORS:
            if row[f"chosen_{name}"]:
                factor *= values.get((row["acceptance_date"], name), Fraction(1))
        if c == "d" and row["discount_num"] is not None:
            factor *= Fraction(row["discount_num"], row["discount_den"])
        if max(factor.numerator, factor.denominator) > MAX_FACTOR_TERM:
            raise ValueError(f"factors of component {c} are too fine to stay exact: {factor}")
        products.append(factor)
    combinations = combinations.with_columns(
        pl.Series(f"factor_num_{c}", [f.numerator for f in products], dtype=pl.Int128),
        pl.Series(f"factor_den_{c}", [f.denominator for f in products], dtype=pl.Int128),
        pl.Series(f"factor_text_{c}", [factor_text(f) for f in products], dtype=pl.String),
    )
    return frame.join(combinations, on=keys, how="left", nulls_equal=True, maintain_order="left")


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
