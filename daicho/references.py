"""Loading reference tables from a folder, and the tables as the rules want them.

The meeting point of the store's versions and ``pipelines.reference``: a fresh home is born here with its built-in
tables. Contract §6.
"""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from daicho.store import Store
from schemas.reference import TABLES
from schemas.submission import Refusal

if TYPE_CHECKING:
    from pipelines.reference import Reference
    from sensors.calendar import BusinessCalendar

KEYS = {name: list(table.key) for name, table in TABLES.items()}


def load_folder(store: Store, folder: Path) -> dict[str, int]:
    """Loads every ``<table>.csv`` of a folder, all or nothing; rows per table.

    Raises:
        Refusal: ``reference-missing`` (no table found), ``reference-unreadable`` or ``reference-invalid`` with every
            problem of every table.
    """
    import polars as pl

    from pipelines.reference import ReferenceProblems, canonical_tables, unusable_values

    files = sorted(path for path in folder.glob("*.csv") if path.stem in TABLES) if folder.is_dir() else []
    if not files:
        raise Refusal(
            "reference-missing",
            f"フォルダ「{folder}」に参照表がありません。{'、'.join(f'{n}.csv' for n in sorted(TABLES))} のいずれかを置いてください。",
        )
    found: dict[str, pl.DataFrame] = {}
    for path in files:
        try:
            found[path.stem] = pl.read_csv(path, infer_schema=False, encoding="utf8")
        except pl.exceptions.NoDataError:
            found[path.stem] = pl.DataFrame(schema=dict.fromkeys(TABLES[path.stem].column_names, pl.String))
        except pl.exceptions.ComputeError as error:
            raise Refusal(
                "reference-unreadable",
                f"参照表「{path.name}」を読めません。UTF-8のCSVで保存してください。({error})",
            ) from error
    ensure_builtin(store)
    try:
        tables = canonical_tables(found)
        problems = unusable_values(_after(store, tables))
    except ReferenceProblems as error:
        problems = error.problems
    if problems:
        raise Refusal(
            "reference-invalid", "参照表を読み込めません。何も変更していません。\n" + "\n".join(problems)
        )
    return store.reference.load(tables, KEYS, store.clock.now(), str(folder))


def _after(store: Store, tables: "dict[str, pl.DataFrame]") -> "dict[str, pl.DataFrame]":  # type: ignore[name-defined]  # noqa: F821
    """The named tables as they would stand after the load: new rows win by key."""
    import polars as pl

    stored = store.reference.rows()
    result = {}
    for name, frame in tables.items():
        old = stored.get(name)
        result[name] = (
            frame
            if old is None or old.is_empty()
            else pl.concat([old.select(frame.columns), frame]).unique(
                KEYS[name], keep="last", maintain_order=True
            )
        )
    return result


def ensure_builtin(store: Store) -> None:
    """Gives a fresh home its built-in tables; nothing when it has any."""
    if store.reference.current_load() == 0:
        from pipelines.reference import builtin_tables

        store.reference.ensure(builtin_tables(), KEYS, store.clock.now())


def reference_of(store: Store, load_no: int | None = None) -> "Reference":
    """The tables as of a load, by default the present one."""
    ensure_builtin(store)
    wanted = store.reference.current_load() if load_no is None else load_no
    return _reference(store, wanted)


@lru_cache(maxsize=8)
def _reference(store: Store, load_no: int) -> "Reference":
    from pipelines.reference import Reference

    return Reference.of(store.reference.rows(load_no), load_no)


def calendar_of(reference: "Reference") -> "BusinessCalendar":
    """The business calendar of the loaded holidays."""
    from sensors.calendar import BusinessCalendar

    first, last = reference.calendar_years
    return BusinessCalendar(reference.holidays, first, last)


def calendar_warning(reference: "Reference", today: date) -> str | None:
    """A sentence for the operator when the calendar ends within a year."""
    left = calendar_of(reference).days_left(today)
    if left >= 366:
        return None
    return f"営業日カレンダーはあと{left}日で終わります。law_holidays.csv を読み込んでください。"
