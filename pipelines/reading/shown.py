"""From what cells keep to the text the exporter sees, by the kind of their column; where the two differ, it is told.

Texts of cells come out, and notes: what must be said of single cells, by the codes of ``schemas.findings``. Which column
is which is ``workbook``; what a number format does is ``number_format``.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl

from pipelines.reading.kept_number import shortest
from pipelines.reading.number_format import (
    GENERAL_LENGTH,
    SIGNIFICANT,
    Kind,
    NumberFormat,
    is_dash,
    least_width,
    plain_amount,
)
from pipelines.reading.package import damaged
from pipelines.reading.sheet import FORMULA, RECALCULATED, TYPES
from pipelines.reading.strings import meant
from schemas.layouts import LayoutField

UNUSED, DAY, MONTH, AMOUNT, CODE, TEXT = range(6)
"""What a column is for; of an unused one nothing is told."""
NOTES = {"row": pl.Int32, "column": pl.Int32, "code": pl.String, "value": pl.String, "shown": pl.String}

_NUMBER, _SHARED, _RESULT, _INLINE, _TRUTH, _ERROR, _ISO = range(len(TYPES))
_MOST_DIGITS = 15
_LAST_SERIAL = 2_958_465
_SECONDS = 86_400
_PLAIN = r"^(0|[1-9][0-9]{0,14})$"
_NUMERAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_ISO_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00(?::00(?:\.0+)?)?Z?)?")
_MARGIN = Decimal("0.5")
"""Digits of a column's width that are kept free, at least."""
_ROOMY = 25
"""Digits of width in which every number has room."""
NARROW = "column-narrow"
_DIGITS_LOST, _NO_RESULT, _STALE = "digits-lost", "formula-no-result", "formula-not-calculated"
_OTHERWISE, _UNKNOWN, _SHORT, _REST = "shown-otherwise", "format-unknown", "shown-short", "calculation-rest"
_IS_DATE, _IN_TEXT, _PARTLY, _TIME, _BAD = (
    "cell-is-date",
    "number-in-text",
    "date-partly-shown",
    "time-dropped",
    "cell-error",
)


def use_of(field: LayoutField | None) -> int:
    """What a column is for, by its field."""
    if field is None:
        return UNUSED
    return {"date": DAY, "month": MONTH, "amount": AMOUNT, "days": AMOUNT, "flag": AMOUNT, "text": TEXT}.get(
        field.kind, CODE
    )


@dataclass(frozen=True)
class Habits:
    """What holds for the whole workbook or sheet."""

    formats: Sequence[NumberFormat]
    strings: pl.Series
    from_1904: bool
    recalculated: bool
    """All formulas are reckoned again when the workbook is opened."""
    zeros_shown: bool
    widths: Sequence[tuple[int, int, Decimal]] = ()
    """As ``sheet.Surroundings``."""


@dataclass(frozen=True)
class Shown:
    """``texts``: ``row``, ``column``, ``text`` of cells that show something; ``notes`` as :data:`NOTES`."""

    texts: pl.DataFrame
    notes: pl.DataFrame


def shown(cells: pl.DataFrame, uses: pl.Series, habits: Habits) -> Shown:
    """What cells show. ``uses``: by column number, :data:`UNUSED` and its like; ``cells`` as ``sheet.cells_of`` gives.

    Raises:
        Broken: a number is none, a shared text is missing.
    """
    return _Page(uses, habits).of(cells)


class _Page:
    def __init__(self, uses: pl.Series, habits: Habits) -> None:
        self._uses, self._habits = uses, habits
        self._texts: list[pl.DataFrame] = []
        self._notes: list[pl.DataFrame] = []

    def of(self, cells: pl.DataFrame) -> Shown:
        known = len(self._uses)
        use = self._uses.gather(pl.select(pl.min_horizontal(cells["column"], known - 1)).to_series())
        cells = cells.with_columns(
            use.set(cells["column"] >= known, UNUSED).alias("use"),
            cells["style"].clip(0, len(self._habits.formats) - 1),
        )
        if cells["formula"].max():
            cells = self._formulas(cells)
        kinds = cells["type"].unique().to_list()
        for kind in kinds:
            mine = cells if len(kinds) == 1 else cells.filter(pl.col("type") == kind)
            mine = mine.filter(pl.col("kept").is_not_null())
            {
                _NUMBER: self._numbers,
                _SHARED: self._shared,
                _RESULT: self._written,
                _INLINE: self._written,
                _TRUTH: self._truths,
                _ERROR: self._errors,
                _ISO: self._iso_days,
            }[kind](mine)
        texts = [frame.select("row", "column", "text") for frame in self._texts]
        return Shown(
            pl.concat(texts).filter(pl.col("text").is_not_null())
            if texts
            else pl.DataFrame(schema={"row": pl.Int32, "column": pl.Int32, "text": pl.String}),
            pl.concat(self._notes) if self._notes else pl.DataFrame(schema=NOTES),
        )

    def _note(self, cells: pl.DataFrame, code: str, value: str = "text", shown: str | None = None) -> None:
        """Tells of cells in columns that are used."""
        told = cells.filter(pl.col("use") != UNUSED)
        if told.height:
            self._notes.append(
                told.select(
                    "row",
                    "column",
                    pl.lit(code).alias("code"),
                    pl.col(value).cast(pl.String).alias("value"),
                    (pl.col(shown) if shown else pl.lit(None)).cast(pl.String).alias("shown"),
                )
            )

    # ------------------------------------------------------------------------------------------ texts

    def _formulas(self, cells: pl.DataFrame) -> pl.DataFrame:
        formula = pl.col("formula") != 0
        # An empty text is a result, an empty number is none.
        hollow = pl.col("kept").is_null() | (
            (pl.col("kept") == "") & ~pl.col("type").is_in([_RESULT, _INLINE])
        )
        empty = cells.filter(formula & hollow)
        self._note(empty, _NO_RESULT, "kept")
        # Their row is a record, even where nothing else stands in it.
        self._texts.append(empty.filter(pl.col("use") != UNUSED).with_columns(pl.lit("").alias("text")))
        stale = pl.col("formula") >= (FORMULA if self._habits.recalculated else RECALCULATED)
        self._note(cells.filter(stale & ~hollow), _STALE, "kept")
        return cells.with_columns(pl.when(~(formula & hollow)).then("kept").alias("kept"))

    def _shared(self, cells: pl.DataFrame) -> None:
        try:
            places = cells["kept"].str.strip_chars().cast(pl.UInt32)
        except pl.exceptions.PolarsError as error:
            raise damaged() from error
        if (places >= len(self._habits.strings)).any():
            raise damaged()
        self._text(cells.with_columns(self._habits.strings.gather(places).alias("text")))

    def _written(self, cells: pl.DataFrame) -> None:
        self._text(cells.with_columns(meant(cells["kept"]).alias("text")))

    def _text(self, cells: pl.DataFrame) -> None:
        odd = [n for n, known in enumerate(self._habits.formats) if known.changes_text]
        if odd:
            for row in cells.filter(
                pl.col("style").is_in(odd) & pl.col("text").is_not_null() & (pl.col("use") != UNUSED)
            ).iter_rows(named=True):
                seen = self._habits.formats[row["style"]].text(row["text"])
                if seen.strip() != row["text"].strip():
                    self._note(
                        pl.DataFrame(
                            {**{name: [cell] for name, cell in row.items()}, "seen": [seen]},
                            schema_overrides=_ROW,
                        ),
                        _OTHERWISE,
                        "text",
                        "seen",
                    )
        self._texts.append(cells)

    def _truths(self, cells: pl.DataFrame) -> None:
        true = pl.col("kept").str.strip_chars().is_in(["1", "true", "TRUE"])
        self._texts.append(
            cells.with_columns(pl.when(true).then(pl.lit("TRUE")).otherwise(pl.lit("FALSE")).alias("text"))
        )

    def _errors(self, cells: pl.DataFrame) -> None:
        told = cells.with_columns(meant(cells["kept"]).fill_null("#ERROR!").alias("text"))
        self._note(told, _BAD)
        self._texts.append(told)

    def _iso_days(self, cells: pl.DataFrame) -> None:
        days = [_ISO_DAY.fullmatch(text.strip()) for text in cells["kept"]]
        texts = [found[1] if found else text for found, text in zip(days, cells["kept"], strict=True)]
        told = cells.with_columns(pl.Series("text", texts, dtype=pl.String))
        self._note(told.filter(~pl.col("use").is_in([DAY, MONTH])), _IS_DATE)
        self._texts.append(told)

    # ------------------------------------------------------------------------------------------ numbers

    def _numbers(self, cells: pl.DataFrame) -> None:
        cells = cells.filter(pl.col("kept") != "")
        if cells.is_empty():
            return
        cells = cells.with_columns(shortest(cells["kept"]).alias("text"))
        whole = pl.col("text").str.strip_prefix("-").str.splitn(".", 2).struct.field("field_0")
        lost = cells.filter(
            (pl.col("text").str.len_bytes() > _MOST_DIGITS) & (whole.str.len_bytes() > _MOST_DIGITS)
        )
        if lost.height:
            self._note(lost, _DIGITS_LOST)
            self._texts.append(lost)
            cells = cells.join(
                lost.select("row", "column"), on=["row", "column"], how="anti", maintain_order="left"
            )
        cells = self._rest_rounded(cells)
        self._narrow(cells)
        formats = self._habits.formats
        kind = pl.Series([_KINDS.index(known.kind) for known in formats], dtype=pl.Int32)
        cells = cells.with_columns(kind.gather(cells["style"]).alias("kind"))
        if not self._habits.zeros_shown:
            zeros = cells.filter(pl.col("text") == "0")
            self._note(zeros.with_columns(pl.lit("").alias("seen")), _OTHERWISE, "text", "seen")
        use, kinds = pl.col("use"), pl.col("kind")
        is_date = kinds == _KINDS.index(Kind.DATE)
        for test, work in (
            (use == UNUSED, self._texts.append),
            (is_date, self._days),
            (use == AMOUNT, self._amounts),
        ):
            fits = cells.select(test).to_series()
            if fits.any():
                work(cells if fits.all() else cells.filter(fits))
                cells = cells.filter(~fits)
        if cells.height:
            self._codes(cells)

    def _narrow(self, cells: pl.DataFrame) -> None:
        """Tells of columns in which a number has no room: ``####`` is shown, or less of it."""
        widths = {
            column: width for column in range(len(self._uses)) if (width := self._width(column)) is not None
        }
        if not widths:
            return
        longest = (
            cells.filter((pl.col("use") != UNUSED) & pl.col("column").is_in(list(widths)))
            .group_by("column", "style")
            .agg(pl.col("row", "text", "use").get(pl.col("text").str.len_bytes().arg_max()))
            .sort("column", "row")
        )
        for row in longest.iter_rows(named=True):
            needed = least_width(self._habits.formats[row["style"]], row["text"])
            if needed > (widths[row["column"]] - _MARGIN) * 10:
                self._note(longest.filter(row=row["row"], column=row["column"]), NARROW)

    def _width(self, column: int) -> Decimal | None:
        """How wide a column is; None where the file does not say, or where every number has room."""
        found = [width for first, last, width in self._habits.widths if first <= column <= last]
        return found[-1] if found and found[-1] < _ROOMY else None

    def _rest_rounded(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Numbers of more than 15 digits as 15: no cell shows more, so what is beyond came of a calculation."""
        long = cells.filter(pl.col("text").str.len_bytes() > _MOST_DIGITS)
        if long.is_empty():
            return cells
        values = [f"{SIGNIFICANT.create_decimal(text):f}" for text in long["text"]]
        plain = [text.rstrip("0").rstrip(".") if "." in text else text for text in values]
        told = long.with_columns(pl.Series("seen", plain, dtype=pl.String)).filter(
            pl.col("seen") != pl.col("text")
        )
        if told.is_empty():
            return cells
        self._note(told, _REST, "text", "seen")
        return (
            cells.join(
                told.select("row", "column", "seen"), on=["row", "column"], how="left", maintain_order="left"
            )
            .with_columns(pl.coalesce("seen", "text").alias("text"))
            .drop("seen")
        )

    def _amounts(self, cells: pl.DataFrame) -> None:
        """The number itself, wherever the format shows the same number."""
        decimals = pl.Series([known.decimals for known in self._habits.formats], dtype=pl.Int32)
        cells = cells.with_columns(decimals.gather(cells["style"]).alias("decimals"))
        text = pl.col("text")
        written = text.str.splitn(".", 2).struct.field("field_1").fill_null("").str.len_bytes()
        positive = ~text.str.starts_with("-")
        general = pl.col("kind") == _KINDS.index(Kind.GENERAL)
        same = general | (
            (pl.col("kind") == _KINDS.index(Kind.FIXED)) & positive & (written <= pl.col("decimals"))
        )
        self._note(
            cells.filter(general & (text.str.strip_prefix("-").str.len_bytes() > GENERAL_LENGTH)), _SHORT
        )
        others = cells.filter(~same)
        if others.height:
            self._judge(others, _amount_seen)
        self._texts.append(cells)

    def _codes(self, cells: pl.DataFrame) -> None:
        """What is shown, digit by digit."""
        bare = pl.Series([_is_bare(known) for known in self._habits.formats], dtype=pl.Boolean)
        zeros = pl.Series(
            [
                len(known.sections[0].tokens) if known.kind is Kind.PADDED else 0
                for known in self._habits.formats
            ],
            dtype=pl.Int32,
        )
        cells = cells.with_columns(
            bare.gather(cells["style"]).alias("bare"), zeros.gather(cells["style"]).alias("zeros")
        )
        general = pl.col("kind") == _KINDS.index(Kind.GENERAL)
        self._note(cells.filter(general & (pl.col("text").str.len_bytes() > GENERAL_LENGTH)), _SHORT)
        plain = pl.col("text").str.contains(_PLAIN)
        simple = general | (plain & (pl.col("bare") | (pl.col("zeros") > 0)))
        others = cells.filter(~simple)
        cells = cells.filter(simple)
        padded = pl.col("text").str.pad_start(pl.col("zeros"), "0")
        read = [cells.with_columns(pl.when(plain).then(padded).otherwise("text").alias("text"))]
        if others.height:
            read.append(self._judge(others, _code_seen))
        for part in read:
            self._note(part.filter(pl.col("use") == TEXT), _IN_TEXT)
        self._texts += read

    def _judge(self, cells: pl.DataFrame, see: "_Seeing") -> pl.DataFrame:
        """Cells by their format, one format and number after the other; the texts that come of it."""
        pairs = cells.select("style", "text", "use").unique()
        made = [
            (style, text, use, *see(self._habits.formats[style], text, use))
            for style, text, use in pairs.iter_rows()
        ]
        names: dict[str, Any] = {
            "style": cells["style"].dtype,
            "text": pl.String,
            "use": cells["use"].dtype,
        }
        seen = pl.DataFrame(
            made, schema={**names, "new": pl.String, "told": pl.String, "seen": pl.String}, orient="row"
        )
        cells = cells.join(seen, on=["style", "text", "use"], how="left", maintain_order="left")
        for code in cells["told"].drop_nulls().unique():
            self._note(cells.filter(pl.col("told") == code), code, "text", "seen")
        return cells.with_columns(pl.col("new").alias("text"))

    # ------------------------------------------------------------------------------------------ days

    def _days(self, cells: pl.DataFrame) -> None:
        pairs = cells.select("text", "style").unique()
        made = [
            (text, style, *self._day(text, self._habits.formats[style])) for text, style in pairs.iter_rows()
        ]
        seen = pl.DataFrame(
            made,
            schema={"text": pl.String, "style": cells["style"].dtype, "new": pl.String, "time": pl.Boolean},
            orient="row",
        )
        cells = cells.join(seen, on=["text", "style"], how="left", maintain_order="left").with_columns(
            pl.col("new").alias("text")
        )
        asked = pl.col("use").is_in([DAY, MONTH])
        self._note(cells.filter(~asked), _IS_DATE)
        self._note(cells.filter(asked & pl.col("time")), _TIME)
        parts = [self._lack(known) for known in self._habits.formats]
        lack = pl.Series(parts, dtype=pl.Int32).gather(cells["style"])
        limit = pl.when(pl.col("use") == MONTH).then(1).otherwise(0)
        self._note(cells.with_columns(lack.alias("lack")).filter(asked & (pl.col("lack") > limit)), _PARTLY)
        self._texts.append(cells)

    def _lack(self, known: NumberFormat) -> int:
        """0: the day is shown whole; 1: without its day of the month; 2: without year or month."""
        if known.kind is not Kind.DATE or known.whole_day:
            return 0
        return 1 if {"year", "month"} <= known.parts else 2

    def _day(self, text: str, known: NumberFormat) -> tuple[str, bool]:
        """A serial number as a day, with its time where that is seen; whether a time was dropped."""
        value = Decimal(text)
        serial = int(value)
        seconds = int(((value - serial) * _SECONDS).quantize(Decimal(1), rounding=ROUND_HALF_UP))
        if value < 0 or value > _LAST_SERIAL:
            return text, False
        if seconds == _SECONDS:
            serial, seconds = serial + 1, 0
        day = _calendar_day(serial, self._habits.from_1904)
        if not seconds:
            return day, False
        if "time" in known.parts:
            return f"{day} {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}", False
        return day, True


_ROW: dict[str, Any] = {"row": pl.Int32, "column": pl.Int32, "use": pl.Int32}
_KINDS = list(Kind)


def _calendar_day(serial: int, from_1904: bool) -> str:
    if from_1904:
        return (date(1904, 1, 1) + timedelta(days=serial)).isoformat()
    if serial in (0, 60):  # 1900 had no 29 February, but spreadsheets count it
        return "1900-01-00" if serial == 0 else "1900-02-29"
    return (date(1899, 12, 31 if serial < 60 else 30) + timedelta(days=serial)).isoformat()


def shown_alike(known: NumberFormat, text: str, use: int) -> bool:
    """Whether a cell in which this was read would be read the same in another format, in a column for such use."""
    if use in (DAY, MONTH):
        return known.whole_day
    if not _NUMERAL.fullmatch(text):
        return not known.changes_text
    return (_amount_seen if use == AMOUNT else _code_seen)(known, text, use)[:2] == (text, None)


def _is_bare(known: NumberFormat) -> bool:
    """Whether a whole number is shown as its digits and nothing else."""
    section = known.sections[0]
    return (
        known.kind is Kind.FIXED
        and len(known.sections) == 1  # another one may write a dash for 0
        and not known.decimals
        and not section.literals
        and not section.has("comma")
    )


_Seen = tuple[str, str | None, str | None]
"""Text of a cell, code of a note about it, and what is seen."""
_Seeing = Callable[[NumberFormat, str, int], _Seen]


def _amount_seen(known: NumberFormat, text: str, use: int) -> _Seen:
    value = Decimal(text)
    seen = known.number(value)
    if seen is None:
        return text, _UNKNOWN, known.code
    number = plain_amount(seen.strip())
    same = number is not None and Decimal(number) == value
    if same or (not value and is_dash(seen)):
        return text, None, None
    return text, _OTHERWISE, seen


def _code_seen(known: NumberFormat, text: str, use: int) -> _Seen:
    seen = known.number(Decimal(text))
    if seen is None:
        return text, _UNKNOWN, known.code
    seen = seen.strip()
    if not seen:
        return text, _OTHERWISE, seen
    if use != TEXT and seen.replace(",", "") == text:
        return text, None, None
    return seen, None, None
