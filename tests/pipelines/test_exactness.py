"""Text becomes integers and integers become yen exactly: properties against Python's own integers and fractions.

Whole columns at a time, since that is how the rules compute.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import floor

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.money import insured_amount_of, premium_of, rate_milli, yen_of
from pipelines.rate import factor_text
from pipelines.text import AMOUNT_PATTERN, halfwidth, plain_date, scaled_integer
from schemas.money import MAX_AMOUNT_CENTS, MAX_FACTOR_TERM, MAX_RATE_MILLI, MAX_YEN

MAX_MICRO_RATE = 2**63 - 1
"""Largest exchange rate that a table can hold, in millionths of a yen."""
LONGEST_DAYS = 400_000
"""More days than from any acceptance date to the end of 2999."""

quick = settings(max_examples=60, deadline=None, derandomize=True)


def column(values: list[object], kind: pl.DataType | None = None) -> pl.Series:
    return pl.Series("v", values, dtype=kind)


def strings(values: Sequence[str | None], expression: pl.Expr) -> list[object]:
    return (
        pl.DataFrame({"v": pl.Series(values, dtype=pl.String)}).select(expression.alias("r"))["r"].to_list()
    )


@quick
@given(st.lists(st.integers(0, MAX_AMOUNT_CENTS), min_size=1, max_size=200), st.sampled_from([0, 2, 6]))
def test_decimal_text_and_scaled_integers_are_the_same_number(numbers: list[int], decimals: int) -> None:
    unit = 10**decimals
    texts = [f"{n // unit}.{n % unit:0{decimals}d}" if decimals else str(n) for n in numbers]
    short = [text.rstrip("0") if decimals else text for text in texts]
    numbers = [n if n // unit < 10**13 else None for n in numbers]  # type: ignore[misc]
    assert strings(texts, scaled_integer(pl.col("v"), decimals)) == numbers
    assert strings(short, scaled_integer(pl.col("v"), decimals)) == numbers


@quick
@given(st.lists(st.text(alphabet="0123456789.,-+e ０１９．，٣๓¹½", max_size=22), min_size=1, max_size=300))
def test_what_the_amount_pattern_lets_through_is_a_number_and_nothing_else_is(texts: list[str]) -> None:
    """No text passes the pattern and then turns into nothing: that would be an amount lost without a word."""
    good = strings(texts, pl.col("v").str.contains(AMOUNT_PATTERN))
    cents = strings(texts, scaled_integer(pl.col("v").str.replace_all(",", "", literal=True), 2))
    for text, passes, number in zip(texts, good, cents, strict=True):
        expected = python_cents(text)
        assert passes == (expected is not None), text
        if passes:
            assert number == expected


def python_cents(text: str) -> int | None:
    """An amount by the words of the contract: 13 digits before and 2 after the point, commas between groups of three."""
    if not text.isascii() or text != text.strip():
        return None
    whole, point, fraction = text.partition(".")
    if point and not (fraction.isdigit() and len(fraction) <= 2):
        return None
    groups = whole.split(",")
    if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
        return None
    digits = "".join(groups)
    if not digits.isdigit() or len(digits) > 13:
        return None
    return int(digits) * 100 + int((fraction + "00")[:2])


@quick
@given(st.lists(st.dates(date(1900, 1, 1), date(2999, 12, 31)), min_size=1, max_size=200))
def test_every_day_is_read_in_every_way_of_writing(days: list[date]) -> None:
    for form in ("%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d 00:00:00"):
        assert strings([f"{day:{form}}" for day in days], plain_date(pl.col("v"))) == days
    loose = [f"{day.year}/{day.month}/{day.day}" for day in days]
    assert strings(loose, plain_date(pl.col("v"))) == days


@quick
@given(
    st.lists(
        st.tuples(st.integers(1900, 2100), st.integers(0, 13), st.integers(0, 32)), min_size=1, max_size=200
    )
)
def test_no_day_that_is_not_in_the_calendar_is_read(parts: list[tuple[int, int, int]]) -> None:
    expected = []
    for year, month, day in parts:
        try:
            expected.append(date(year, month, day))
        except ValueError:
            expected.append(None)  # type: ignore[arg-type]
    assert strings([f"{y:04d}{m:02d}{d:02d}" for y, m, d in parts], plain_date(pl.col("v"))) == expected
    assert strings([f"{y:04d}-{m:02d}-{d:02d}" for y, m, d in parts], plain_date(pl.col("v"))) == expected


@quick
@given(st.lists(st.text(max_size=12), min_size=1, max_size=100))
def test_full_width_letters_become_half_width_and_all_others_stay(texts: list[str]) -> None:
    def python(text: str) -> str | None:
        plain = "".join(
            " " if c == "\u3000" else chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text
        )
        return plain.strip(" \t\r\n") or None

    assert strings(list(texts), halfwidth(pl.col("v"))) == [python(text) for text in texts]


@quick
@given(
    st.lists(
        st.tuples(st.integers(0, MAX_AMOUNT_CENTS), st.integers(0, MAX_MICRO_RATE)), min_size=1, max_size=200
    )
)
def test_yen_are_cut_and_never_wrap(pairs: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(pairs, schema={"cents": pl.Int64, "rate": pl.Int64}, orient="row")
    yen = frame.select(yen_of(pl.col("cents"), pl.col("rate")).alias("r"))["r"].to_list()
    exact = [floor(Fraction(cents, 100) * Fraction(rate, 10**6)) for cents, rate in pairs]
    assert yen == [number if number <= MAX_YEN else None for number in exact]


@quick
@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**8),
            st.integers(0, 10**8),
            st.integers(0, LONGEST_DAYS),
            st.integers(0, MAX_FACTOR_TERM),
            st.integers(1, MAX_FACTOR_TERM),
        )
        | st.tuples(
            st.integers(0, 5_000),
            st.integers(0, 500_000),
            st.integers(0, 800),
            st.integers(0, 1_300_000),
            st.sampled_from([1, 39, 1_000, 975_000, 1_000_000]),
        ),
        min_size=1,
        max_size=200,
    )
)
def test_rates_are_rounded_half_up_once_and_never_wrap(cases: list[tuple[int, int, int, int, int]]) -> None:
    schema = {"a": pl.Int64, "b": pl.Int64, "x": pl.Int32, "n": pl.Int128, "d": pl.Int128}
    frame = pl.DataFrame({name: column([c[i] for c in cases], kind()) for i, (name, kind) in enumerate(schema.items())})  # fmt: skip
    rates = frame.select(rate_milli(*(pl.col(name) for name in schema)).alias("r"))["r"].to_list()
    for (a, b, x, n, d), rate in zip(cases, rates, strict=True):
        milli = floor((Fraction(a, 10**6) * x + Fraction(b, 10**6)) * Fraction(n, d) * 1000 + Fraction(1, 2))
        assert rate == (milli if milli <= MAX_RATE_MILLI else None)


@quick
@given(st.lists(st.tuples(st.integers(0, MAX_YEN), st.integers(0, MAX_RATE_MILLI)), min_size=1, max_size=200))
def test_premiums_and_insured_amounts_are_cut_and_never_wrap(pairs: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(pairs, schema={"base": pl.Int64, "rate": pl.Int32}, orient="row")
    premium = frame.select(premium_of(pl.col("base"), pl.col("rate")).alias("r"))["r"].to_list()
    assert premium == [floor(Fraction(base) * Fraction(rate, 100_000)) for base, rate in pairs]
    ratio = frame.select(insured_amount_of(pl.col("base"), pl.col("rate") % 1001).alias("r"))["r"].to_list()
    assert ratio == [floor(Fraction(base) * Fraction(rate % 1001, 1000)) for base, rate in pairs]


@quick
@given(
    st.integers(1, 10**9), st.integers(1, 10**9) | st.sampled_from([1, 2, 4, 5, 10, 625, 1_000, 10**6, 3, 39])
)
def test_a_factor_is_written_so_that_it_reads_back_as_itself(numerator: int, denominator: int) -> None:
    factor = Fraction(numerator, denominator)
    assert Fraction(factor_text(factor)) == factor
