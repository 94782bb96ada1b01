"""How written cells become values: widths, dates and exact scaled integers as Polars expressions.

Only conversions of one cell. Whether a cell may be written so is judged in ``pipelines.judge``.
"""

import polars as pl

_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " "}
_WIDE_FROM = list(_WIDE)
_WIDE_TO = list(_WIDE.values())

# [0-9], never \d: to a regular expression Arabic or Thai digits are digits too, to a conversion they are none.
AMOUNT_PATTERN = r"^([0-9]{1,13}|[0-9]{1,3}(,[0-9]{3}){1,3}|[0-9](,[0-9]{3}){4})(\.[0-9]{1,2})?$"
"""At most 13 digits before the point, with commas too, and at most 2 after it."""


def halfwidth(cell: pl.Expr) -> pl.Expr:
    """Full-width ASCII as half-width, surrounding blanks removed, blank as null.

    Characters such as ㈱ ① 髙 stay what they are: compatibility folding would change names.
    """
    return bare(cell.str.replace_many(_WIDE_FROM, _WIDE_TO))


def bare(cell: pl.Expr) -> pl.Expr:
    """The cell without surrounding blanks, blank as null."""
    text = cell.str.strip_chars(" \t\r\n")
    return pl.when(text != "").then(text)


def is_wide(cell: pl.Expr) -> pl.Expr:
    """Whether the cell has a character that :func:`halfwidth` writes another way; cheaper to ask than to do."""
    return cell.str.contains(r"[\x{FF01}-\x{FF5E}\x{3000}]")


def plain_date(cell: pl.Expr) -> pl.Expr:
    """``YYYYMMDD``, ``YYYY-MM-DD`` or ``YYYY/MM/DD`` (spreadsheets add a time of 0:00) as Date, null if no such day."""
    text = cell.str.replace(r"[ T]00:00:00(\.0+)?$", "")
    return pl.coalesce(
        pl.when(text.str.contains(r"^[0-9]{8}$")).then(text).str.to_date("%Y%m%d", strict=False),
        pl.when(text.str.contains(r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$"))
        .then(text)
        .str.to_date("%Y-%m-%d", strict=False),
        pl.when(text.str.contains(r"^[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}$"))
        .then(text)
        .str.to_date("%Y/%m/%d", strict=False),
    )


def scaled_integer(cell: pl.Expr, decimals: int) -> pl.Expr:
    """Decimal text as an integer scaled by 10^decimals, exactly; null when not such a number.

    '1.5' with 2 decimals is 150. Thousands separators must be gone and there may be at most ``decimals`` digits
    after the point.
    """
    pattern = rf"^[0-9]{{1,13}}(\.[0-9]{{0,{decimals}}})?$"
    good = pl.when(cell.str.contains(pattern)).then(cell)
    whole = good.str.extract(r"^([0-9]+)", 1)
    fraction = good.str.extract(r"\.([0-9]*)$", 1).fill_null("")
    return pl.concat_str(whole, fraction.str.pad_end(decimals, "0")).cast(pl.Int64, strict=False)
