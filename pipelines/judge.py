"""Is every cell written as its column demands? Text first, then values.

One record and one cell at a time: types, lengths, characters, mandatory marks. Out of it comes text in one way of
writing and typed columns beside it: dates as ``<field>_day``, amounts in hundredths as ``<field>_cents``, days as
``usance_days_n``. Code lists and everything across records is ``pipelines.screen``.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import polars as pl

from pipelines.reading.table import UNTOLD, Decoded
from pipelines.rules import Rule, findings_of
from pipelines.text import AMOUNT_PATTERN, halfwidth, plain_date, scaled_integer
from schemas.layouts import IDENTIFYING, Layout, LayoutField
from schemas.products import CLEARED, PARTIAL_TYPES, PROCESS_TYPES

_UNTIDY = r"[\x{FF01}-\x{FF5E}\x{3000}\s]"
_FIRST_DAY, _LAST_DAY = "19000101", "29991231"
"""What counts as a date: months and usances added to it must stay within what databases and papers can hold."""


@dataclass(frozen=True)
class Judged:
    """Records with normalised text (null where blank or unusable), typed columns, and the findings so far."""

    records: pl.DataFrame
    findings: pl.DataFrame


def judge(decoded: Decoded) -> Judged:
    """Judge every cell of an upload by its column's kind."""
    layout = decoded.layout
    raw = _tidy(decoded.records, layout)
    # A record of no known type is judged like a new one.
    types = frozenset(code if code in PROCESS_TYPES else "1" for code in raw["process_type"].unique())
    written = raw.with_columns(_forms(layout)).select(_written(layout, tuple(raw.columns)))
    if types & PARTIAL_TYPES:
        partial = pl.col("process_type").is_in(list(PARTIAL_TYPES))
        cells = [field.field for field in layout.fields if field.field not in IDENTIFYING]
        cleared = raw.select(
            ((pl.col(name) == CLEARED) & partial).fill_null(False).alias(name) for name in cells
        )
        written = written.with_columns(
            pl.when(cleared[name]).then(pl.lit(CLEARED)).otherwise(name).alias(name) for name in cells
        )
    # What was written but not in form: the findings speak of the raw text. Where no cell lost its text all are in form.
    blanks = {name: raw[name].null_count() for name in layout.names}
    lost = [name for name in layout.names if written[name].null_count() != blanks[name]]
    if lost:
        raw = raw.with_columns(written[name].is_not_null().alias(f"usable_{name}") for name in lost)
    rules = [rule for rule in _cell_rules(layout) if rule.field in lost]
    rules += [rule for rule in _mandatory_rules(layout, decoded.present, types) if blanks[rule.field]]
    found = findings_of(raw, rules, layout, decoded.address)
    # Text that the reading could not tell needs no second word on its form.
    unread = decoded.findings.filter(pl.col("code").is_in(UNTOLD))
    if found.height and unread.height:
        found = found.join(unread.select("record", "field"), on=["record", "field"], how="anti")
    return Judged(typed(written, layout), found)


def typed(records: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Normalised text with typed columns added (null for a cleared cell); also used to read booked lines back."""
    return records.with_columns(_types(layout))


@cache
def _types(layout: Layout) -> tuple[pl.Expr, ...]:
    return (
        *(
            pl.col(f.field).str.to_date("%Y%m%d", strict=False).alias(f"{f.field}_day")
            for f in layout.by_kind("date")
        ),
        *(
            (pl.col(f.field) + "01").str.to_date("%Y%m%d", strict=False).alias(f"{f.field}_day")
            for f in layout.by_kind("month")
        ),
        *(scaled_integer(pl.col(f.field), 2).alias(f"{f.field}_cents") for f in layout.by_kind("amount")),
        *(pl.col(f.field).cast(pl.Int32, strict=False).alias(f"{f.field}_n") for f in layout.by_kind("days")),
    )


def _tidy(records: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Full-width digits and surrounding blanks put right, only in columns that have any (it is slow)."""
    untidy = records.select(_is_untidy(layout)).row(0)
    # Conversions by a fixed alphabet are cheap; columns without such characters only lose their empty strings.
    return records.with_columns(
        slow if is_untidy else quick for is_untidy, (slow, quick) in zip(untidy, _tidied(layout), strict=True)
    )


@cache
def _is_untidy(layout: Layout) -> tuple[pl.Expr, ...]:
    return tuple(
        pl.col(name).str.contains(_UNTIDY).any().fill_null(False).alias(name) for name in layout.names
    )


@cache
def _tidied(layout: Layout) -> tuple[tuple[pl.Expr, pl.Expr], ...]:
    return tuple(
        (halfwidth(pl.col(name)).alias(name), pl.when(pl.col(name) != "").then(pl.col(name)).alias(name))
        for name in layout.names
    )


@cache
def _forms(layout: Layout) -> tuple[pl.Expr, ...]:
    """Every cell in the way of writing of its kind, beside the raw ones, where that may be another text."""
    forms = {field.field: _form(field) for field in layout.fields}
    return tuple(form.alias(f"form_{name}") for name, form in forms.items() if form is not None)


@cache
def _written(layout: Layout, columns: tuple[str, ...]) -> tuple[pl.Expr | str, ...]:
    """The columns with every cell in the one way of writing of its kind, null where it is not of the kind."""
    fields = {field.field: field for field in layout.fields}
    return tuple(_in_form(fields[name]) if name in fields else name for name in columns)


def _in_form(field: LayoutField) -> pl.Expr:
    form = pl.col(field.field if _form(field) is None else f"form_{field.field}")
    return pl.when(pl.col(field.field).is_not_null() & _good(field, form)).then(form).alias(field.field)


def _form(field: LayoutField) -> pl.Expr | None:
    """The cell in the one way of writing of its kind, null or meaningless when it is not of the kind.

    None where the one way is how it was written.
    """
    cell = pl.col(field.field)
    if field.kind == "date":
        return plain_date(cell).dt.to_string("%Y%m%d")
    if field.kind == "month":
        return cell.str.replace(r"^([0-9]{4})[-/]([0-9]{2})([-/][0-9]{2}( 00:00:00)?)?$", "$1$2")
    if field.kind == "amount":
        plain = cell.str.replace_all(",", "", literal=True)
        # One way of writing each amount, so that 0100.5 and 100.50 agree; a written fraction stays written.
        return plain.str.replace(r"^0+([0-9])", "$1").str.replace(r"(\.[0-9])$", "${1}0")
    if field.kind == "number2":
        return cell.str.pad_start(2, "0")
    if field.kind == "days":
        return cell.str.strip_chars_start("0").replace("", "0")
    if field.kind == "currency":
        return cell.str.to_uppercase()
    return None


def _good(field: LayoutField, form: pl.Expr) -> pl.Expr:
    cell = pl.col(field.field)
    patterns = {
        "code": rf"^[0-9]{{{field.max_length}}}$",
        "serial": r"^[0-9]{6,9}$",
        "number2": r"^[0-9]{1,2}$",
        "identifier": rf"^[0-9A-Za-z]{{1,{field.max_length}}}$",
        "currency": r"^[A-Za-z]{3}$",
        "amount": AMOUNT_PATTERN,
        "days": rf"^[0-9]{{1,{field.max_length}}}$",
        "flag": r"^[01]$",
        "marks": rf"^[0-9]{{1,{field.max_length}}}$",
    }
    if field.kind == "date":
        return form.is_between(pl.lit(_FIRST_DAY), pl.lit(_LAST_DAY))
    if field.kind == "month":
        first = form + "01"
        return (
            form.str.contains("^[0-9]{6}$")
            & first.str.to_date("%Y%m%d", strict=False).is_not_null()
            & first.is_between(pl.lit(_FIRST_DAY), pl.lit(_LAST_DAY))
        )
    if field.kind == "text":
        broken = cell.str.contains(r"\p{Cc}|^#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|ERROR!)$")
        return (cell.str.len_chars() <= field.max_length) & ~broken
    return cell.str.contains(patterns[field.kind])


@cache
def _cell_rules(layout: Layout) -> tuple[Rule, ...]:
    """Rules over raw cells beside ``usable_<field>``: whether the cell has a value after judging."""
    return tuple(rule for field in layout.fields for rule in _rules_of_cell(field))


def _rules_of_cell(field: LayoutField) -> list[Rule]:
    cell = pl.col(field.field)
    bad = cell.is_not_null() & ~pl.col(f"usable_{field.field}")
    length = {"length": str(field.max_length)}
    if field.kind in ("identifier", "text"):
        long = cell.str.len_chars() > field.max_length
        found: dict[str, pl.Expr | str] = {**length, "found": cell.str.len_chars()}
        remedy = "半角英数字で" if field.kind == "identifier" else "値を"
        return [
            Rule("too-long", field.field, bad & long, found),
            Rule("invalid-character", field.field, bad & ~long, {"found": "", "remedy": remedy}),
        ]
    code = {
        "code": "process-type" if field.field == "process_type" else "invalid-code",
        "serial": "invalid-code",
        "date": "invalid-date",
        "month": "invalid-month",
        "amount": "invalid-amount",
        "flag": "invalid-flag",
        "currency": "invalid-currency",
    }.get(field.kind, "invalid-number")
    return [Rule(code, field.field, bad, {"length": field.length} if code == "invalid-code" else length)]


@lru_cache(maxsize=256)
def _mandatory_rules(layout: Layout, present: frozenset[str], types: frozenset[str]) -> tuple[Rule, ...]:
    """Missing columns are told once in the header, so only cells of present columns are judged.

    Args:
        layout: the upload's layout.
        present: its fields that have a column in the file.
        types: the process types that its records are judged as.
    """
    rules = []
    process_type = pl.col("process_type")
    for field in layout.fields:
        codes = [code for code, mark in field.required.items() if mark == "Y"]
        if field.field in present and types & set(codes):
            applies = process_type.is_in(codes)
            if "1" in codes:
                applies = applies | ~process_type.is_in(list("12345")) | process_type.is_null()
            rules.append(Rule("mandatory", field.field, applies & pl.col(field.field).is_null()))
    return tuple(rules)
