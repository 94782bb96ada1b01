"""Exact money: the only places where amounts are multiplied and rounded.

All results are integers. Intermediate products use 128 bits; the bounds of ``schemas.money`` rule out overflow
before anything is cast back to 64. Contract §5 "Money".
"""

import polars as pl

from schemas.money import MAX_RATE_MILLI, MAX_YEN, MICRO


def yen_of(amount_cents: pl.Expr, yen_rate_micro: pl.Expr) -> pl.Expr:
    """Yen value of a foreign amount, cut below 1 yen; null beyond MAX_YEN.

    Args:
        amount_cents: hundredths of the currency unit, at most 10^15.
        yen_rate_micro: yen per unit × 10^6, at most 10^12.
    """
    yen = amount_cents.cast(pl.Int128) * yen_rate_micro.cast(pl.Int128) // (100 * MICRO)
    return pl.when(yen <= MAX_YEN).then(yen).cast(pl.Int64)


def rate_milli(a: pl.Expr, b: pl.Expr, days: pl.Expr, numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Component rate (a·X + b) × factors in thousandths of a percent, rounded half up once; null beyond 99.999 %.

    Args:
        a, b: percent × 10^6 (a per day), at most 10^8 (100 %).
        days: X, below 10^6.
        numerator, denominator: the product of all factors in lowest terms, each at most MAX_FACTOR_TERM.
    """
    base = (a.cast(pl.Int128) * days.cast(pl.Int128) + b.cast(pl.Int128)) * numerator.cast(pl.Int128)
    unit = denominator.cast(pl.Int128) * (MICRO // 1000)
    rate = (base * 2 + unit) // (unit * 2)
    return pl.when(rate <= MAX_RATE_MILLI).then(rate).cast(pl.Int32)


def premium_of(base_yen: pl.Expr, rate: pl.Expr) -> pl.Expr:
    """Component premium in yen: base × rate, cut below 1 yen. ``rate`` in thousandths of a percent."""
    return base_yen * rate.cast(pl.Int64) // 100_000


def insured_amount_of(base_yen: pl.Expr, ratio_permille: pl.Expr) -> pl.Expr:
    """Insured amount (保険金額) in yen: base × cover ratio, cut below 1 yen."""
    return base_yen * ratio_permille.cast(pl.Int64) // 1000


def premium_of_days(base_yen: pl.Expr, rate: pl.Expr, days: pl.Expr, of_days: pl.Expr) -> pl.Expr:
    """Premium in yen for ``days`` of a period of ``of_days``: base × rate × days ÷ of_days, cut once at the end.

    The whole period costs what ``premium_of`` says.
    """
    product = base_yen.cast(pl.Int128) * rate.cast(pl.Int128) * days.cast(pl.Int128)
    return (product // (of_days.cast(pl.Int128) * 100_000)).cast(pl.Int64)


def yen_sum(yen: pl.Series) -> int:
    """The sum of a column of yen; a sum of many large amounts would wrap in 64 bits."""
    return int(yen.cast(pl.Int128).sum())
