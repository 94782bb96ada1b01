"""How single values are written."""

from __future__ import annotations

import doctest

import polars as pl

from outputs import formats
from outputs.linetexts import totals_of


def test_examples_in_the_docstrings_hold() -> None:
    result = doctest.testmod(formats)
    assert result.attempted >= 10
    assert result.failed == 0


def test_columns_are_written_like_single_values() -> None:
    rates = pl.Series([26, None, 110, 26, 99_999], dtype=pl.Int32)
    assert formats.rate_texts(rates) == ["0.026", "—", "0.110", "0.026", "99.999"]
    assert formats.yen_texts(pl.Series([0, None, -1_000])) == ["0", "—", "-1,000"]
    assert formats.amount_texts(pl.Series(["1234.50", None, "x"])) == ["1,234.50", "—", "x"]
    assert formats.texts(pl.Series([7, None])) == ["7", "—"]


def test_totals_of_a_million_lines_at_the_bound_are_exact() -> None:
    lines = pl.DataFrame(
        {"premium_total": pl.repeat(9_999_999_999_999, 1_000_000, dtype=pl.Int64, eager=True)}
    )
    assert totals_of(lines).total == 9_999_999_999_999_000_000
