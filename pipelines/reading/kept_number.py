"""The decimal that a spreadsheet's number was typed as. The only place where binary numbers are met.

A spreadsheet keeps 74,146,043.92 as a binary number and writes it into the file with 17 digits: 74146043.920000002.
Out of that comes the shortest decimal that gives the same binary number; everything after it reckons with the decimal.
"""

import re

import polars as pl

from pipelines.reading.package import damaged

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_SHORT = r"^(0|[1-9][0-9]{0,14}|(0|[1-9][0-9]{0,12})\.[0-9]{0,14}[1-9])$"
"""What is its own shortest form: up to 15 digits hold in a binary number."""
_SHORT_LENGTH = 16


def shortest(kept: pl.Series) -> pl.Series:
    """Numbers as they stand in the file → as decimals without exponent, needless zeros or sign of zero.

    Raises:
        Broken: one is no number.
    """
    done = kept.str.contains(_SHORT) & (kept.str.len_bytes() <= _SHORT_LENGTH)
    if done.all():
        return kept
    place = (~done.fill_null(False)).arg_true()
    return kept.scatter(place, [_decimal(text) for text in kept.gather(place)])


def _decimal(text: str) -> str:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise damaged()
    written = repr(float(text))
    mantissa, _, exponent = written.partition("e")
    if exponent:
        written = _without_exponent(mantissa, int(exponent))
    elif not written[-1].isdigit():  # inf
        raise damaged()
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def _without_exponent(mantissa: str, exponent: int) -> str:
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{whole}{fraction}"
    return f"{sign}{whole}{fraction.ljust(exponent, '0')}"
