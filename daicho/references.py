"""Loading reference tables from a folder or only looking what it would do, and the tables as the rules want them.

The meeting point of the store's versions and ``pipelines.reference``: a fresh home is born here with its built-in
tables. Contract §6.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daicho.store import Store
from schemas.reference import TABLES
from schemas.submission import Refusal

if TYPE_CHECKING:
    import polars as pl

    from pipelines.reference import Reference
    from pipelines.reference_rules import Load
    from sensors.calendar import BusinessCalendar

KEYS = {name: list(table.key) for name, table in TABLES.items()}


def load_folder(
    store: Store, folder: Path, tell: Callable[[str], None] | None = None, source: str | None = None
) -> dict[str, int]:
    """Loads every ``<table>.csv`` of a folder, all or nothing; rows per table.

    Args:
        store: the home.
        folder: where the files are.
        tell: called with every sentence about what was loaded but should be looked at.
        source: where the rows are said to come from, by default the folder.

    Raises:
        Refusal: ``reference-missing`` (no table found), ``reference-unreadable`` or ``reference-invalid`` with every
            problem of every table.
    """
    load = _offered(store, folder)
    ensure_builtin(store)
    loaded = store.reference.load(load.offered, KEYS, store.clock.now(), source or str(folder))
    for sentence in _cautions(store, load) if tell else ():
        tell(sentence)  # type: ignore[misc]
    return loaded


def preview_folder(
    store: Store, folder: Path, tell: Callable[[str], None] | None = None
) -> dict[str, dict[str, dict[str, int]] | list[dict[str, Any]] | bool]:
    """What ``load_folder`` would change; nothing is stored.

    Returns:
        ``tables`` (rows ``new``, ``changed``, ``unchanged`` per table), ``effects`` (which future premiums change, see
        ``pipelines.reference_effects.premium_effects``), ``booked_premiums_change`` (always False).

    Raises:
        Refusal: as ``load_folder``.
    """
    from daicho.views import ledger_frame
    from pipelines.reference_effects import premium_effects, row_counts

    load = _offered(store, folder)
    for sentence in _cautions(store, load) if tell else ():
        tell(sentence)  # type: ignore[misc]
    effects = premium_effects(load, ledger_frame(store).collect())
    return {"tables": row_counts(load), "effects": effects, "booked_premiums_change": False}


def _offered(store: Store, folder: Path) -> "Load":
    """The tables of a folder beside those that stand, judged in every way."""
    from pipelines.reference import (
        Reference,
        ReferenceProblems,
        builtin_tables,
        canonical_tables,
        unusable_values,
    )
    from pipelines.reference_rules import Load, refusals

    found = _read(folder)
    stored = store.reference.rows() or builtin_tables()
    try:
        load = Load(canonical_tables(found), stored)
        problems = unusable_values({name: load.after[name] for name in found})
        problems += refusals(load, calendar_of(Reference.of(load.after)))
    except ReferenceProblems as error:
        problems = error.problems
    if problems:
        raise Refusal(
            "reference-invalid", "参照表を読み込めません。何も変更していません。\n" + "\n".join(problems)
        )
    return load


def _cautions(store: Store, load: "Load") -> list[str]:
    from pipelines.reference_rules import cautions

    return cautions(load, store.clock.now().date())


def _read(folder: Path) -> "dict[str, pl.DataFrame]":
    import polars as pl

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
                f"参照表「{path.name}」を読めません。列の数と引用符を確かめ、UTF-8のCSVで保存してください。",
            ) from error
    return found


def ensure_builtin(store: Store) -> None:
    """Gives a fresh home its built-in tables; nothing when it has any."""
    if store.reference.current_load() == 0:
        from pipelines.reference import builtin_tables

        store.reference.ensure(builtin_tables(), KEYS, store.clock.now())


def reference_of(store: Store, load_no: int | None = None) -> "Reference":
    """The tables as of a load, by default the present one."""
    if load_no is not None:
        return _reference(store, load_no)
    current = store.reference.current_load()
    if current == 0:
        ensure_builtin(store)
        current = store.reference.current_load()
    return _reference(store, current)


def reference_for_readers(store: Store) -> "Reference":
    """The tables as of the present load; those of a fresh home without writing them into it (load 0)."""
    return _reference(store, store.reference.current_load()) if store.reference.is_there() else _builtin()


@lru_cache(maxsize=1)
def _builtin() -> "Reference":
    from pipelines.reference import Reference, builtin_tables

    return Reference.of(builtin_tables())


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
