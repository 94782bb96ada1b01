"""How single values are written: yen, rates, ratios, dates, months, amounts.

Only values to text; nothing here calculates. Vectorised forms (``*_texts``) take a Polars series and give a
list of strings, ready for the table writer; a null becomes :data:`BLANK`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

BLANK = "—"
"""What paper shows where a value does not exist (a danger that is not covered has no rate)."""


def yen(amount: int | None) -> str:
    """An amount in yen with thousands separators.

    >>> yen(9_999_999_999_999)
    '9,999,999,999,999'
    >>> yen(-21_800)
    '-21,800'
    """
    return BLANK if amount is None else f"{amount:,}"


def signed(amount: int | None) -> str:
    """A difference in yen: ``+`` 追加, ``-`` 返還.

    >>> signed(21_800), signed(-21_800), signed(0)
    ('+21,800', '-21,800', '0')
    """
    return BLANK if amount is None else f"{amount:+,}" if amount else "0"


def scaled(value: int | None, decimals: int) -> str:
    """An integer that counts the last decimal place, as decimal text, exactly.

    >>> scaled(26, 3)                               # milli-percent: 0.026 %
    '0.026'
    >>> scaled(-5, 3)
    '-0.005'
    """
    if value is None:
        return BLANK
    sign = "-" if value < 0 else ""
    digits = str(abs(value)).zfill(decimals + 1)
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def rate(milli_percent: int | None) -> str:
    """A premium rate in percent with three decimals, from integer milli-percent.

    >>> rate(110), rate(None)
    ('0.110', '—')
    """
    return scaled(milli_percent, 3)


def cover_ratio(permille: int | None) -> str:
    """A cover ratio in percent with one decimal, from permille.

    >>> cover_ratio(975), cover_ratio(1000)
    ('97.5', '100.0')
    """
    return scaled(permille, 1)


def amount(text: str | None) -> str:
    """Plain decimal text (``'1234567.50'``) with thousands separators; other text stays as it is.

    >>> amount('1234567.50'), amount('1000000'), amount(None)
    ('1,234,567.50', '1,000,000', '—')
    """
    if not text:
        return BLANK
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole.isascii() and whole.isdigit() else text


def day(value: date | str | None) -> str:
    """A date, given as date or as ``YYYYMMDD``, as ``2018/11/06``; other text stays as it is.

    >>> day(date(2018, 11, 6)), day('20181106'), day(None)
    ('2018/11/06', '2018/11/06', '—')
    """
    if not value:
        return BLANK
    if isinstance(value, date):
        return f"{value:%Y/%m/%d}"
    return f"{value[:4]}/{value[4:6]}/{value[6:]}" if len(value) == 8 and value.isdigit() else value


def day_long(value: date) -> str:
    """A date as it stands in a letter.

    >>> day_long(date(2018, 11, 6))
    '2018年11月6日'
    """
    return f"{value.year}年{value.month}月{value.day}日"


def instant(value: datetime) -> str:
    """An instant to the second, in the offset it carries.

    >>> instant(datetime(2018, 11, 6, 17, 29, 59))
    '2018/11/06 17:29:59'
    """
    return f"{value:%Y/%m/%d %H:%M:%S}"


def month(value: str | None) -> str:
    """A month, given as ``YYYY-MM`` or ``YYYYMM``.

    >>> month('2018-11'), month('201811'), month(None)
    ('2018年11月', '2018年11月', '—')
    """
    digits = (value or "").replace("-", "")
    if len(digits) != 6 or not digits.isdigit():
        return value or BLANK
    return f"{digits[:4]}年{int(digits[4:])}月"


def yen_texts(values: pl.Series) -> list[str]:
    """:func:`yen` of a whole integer column."""
    return [BLANK if value is None else f"{value:,}" for value in values.to_list()]


def signed_texts(values: pl.Series) -> list[str]:
    """:func:`signed` of a whole integer column."""
    return [signed(value) for value in values.to_list()]


def rate_texts(values: pl.Series) -> list[str]:
    """:func:`rate` of a whole integer column."""
    return _each(rate, values)


def amount_texts(values: pl.Series) -> list[str]:
    """:func:`amount` of a whole text column."""
    return [amount(value) for value in values.to_list()]


def day_texts(values: pl.Series) -> list[str]:
    """:func:`day` of a column of dates or of ``YYYYMMDD`` text."""
    return _each(day, values)


def texts(values: pl.Series) -> list[str]:
    """Any column as text; null becomes :data:`BLANK`."""
    return values.cast(str).fill_null(BLANK).to_list()


def _each(form: Callable[[Any], str], values: pl.Series) -> list[str]:
    # Few distinct values, many rows: format each distinct value once.
    known: dict[Any, str] = {}
    result = []
    for value in values.to_list():
        text = known.get(value)
        if text is None:
            text = known[value] = form(value)
        result.append(text)
    return result
