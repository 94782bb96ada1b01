"""The bounds that keep money exact: every amount is integer yen, every rate integer thousandths of a percent.

Polars integers wrap silently, so each bound is a promise to the arithmetic in ``pipelines.money``; a value beyond
it becomes a finding, never a number. Contract §5 "Money".
"""

MAX_YEN = 9_999_999_999_999
"""Largest yen value of any amount. × MAX_RATE_MILLI = 10^18 < 2^63, so a premium fits Int64."""

MAX_RATE_MILLI = 99_999
"""Largest component rate: 99.999 % as thousandths of a percent."""

MAX_AMOUNT_CENTS = 999_999_999_999_999
"""13 digits before and 2 after the point, as hundredths of the currency unit."""

MAX_FACTOR_TERM = 2 * 10**24
"""Largest numerator or denominator of all factors of a component together: (a·X + b) × it fits 128 bits."""

MICRO = 1_000_000
"""Scale of a, b (percent) and of yen per currency unit: 6 decimals."""

COMPONENTS = ("a", "b", "c", "d")
"""Dangers in the order of the papers: A 船前非常, B 船後非常, C 船前信用, D 船後信用."""

COMPONENT_NAMES = {"a": "船前非常", "b": "船後非常", "c": "船前信用", "d": "船後信用"}


def percent_text(milli: int | None) -> str | None:
    """A rate in thousandths of a percent as the papers print it.

    >>> percent_text(26)
    '0.026'
    >>> percent_text(None) is None
    True
    """
    return None if milli is None else f"{milli // 1000}.{milli % 1000:03d}"
