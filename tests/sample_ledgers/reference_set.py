"""The default reference set of ``sample_ledgers/reference``, as a home has it after loading."""

from functools import cache
from pathlib import Path

import polars as pl

from pipelines.reference import Reference, builtin_tables, canonical_tables
from sensors.calendar import BusinessCalendar

ROOT = Path(__file__).resolve().parents[2] / "sample_ledgers"


def text_tables() -> dict[str, pl.DataFrame]:
    return {path.stem: pl.read_csv(path, infer_schema=False) for path in (ROOT / "reference").glob("*.csv")}


@cache
def reference() -> Reference:
    tables = builtin_tables()
    for name, frame in canonical_tables(text_tables()).items():
        tables[name] = pl.concat([tables[name], frame]) if name in tables else frame
    return Reference.of(tables, 1)


@cache
def calendar() -> BusinessCalendar:
    return BusinessCalendar(reference().holidays, *reference().calendar_years)
