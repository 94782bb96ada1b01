"""Reference tables with their versions: one append-only Delta table for all of them.

A load adds a version of every row that is new or has other values; nothing is ever changed or deleted, so
that a premium recomputes with the load it was made with. Which tables and columns exist is
``schemas.reference``; which row is in force on a date is ``pipelines.reference``.
"""

import json
import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
from deltalake import DeltaTable

from daicho.store import lake
from daicho.store.lake import TOKYO_INSTANT, Lake, LakeConflict

NAME = "reference"
SCHEMA: dict[str, pl.DataType] = {
    "load_no": pl.Int64(),
    "loaded_at": TOKYO_INSTANT,
    "table": pl.String(),
    "key": pl.String(),
    "valid_from": pl.String(),
    "values": pl.String(),
    "source": pl.String(),
}
"""``key``: JSON list of the key's values; ``values``: JSON object of all columns as text, the key first."""

_MAX_ATTEMPTS = 200


class ReferenceStore:
    """All versions of all reference tables. Frames in and out have text columns only."""

    def __init__(self, lake_: Lake) -> None:
        self._lake = lake_

    def load(
        self, tables: Mapping[str, pl.DataFrame], keys: Mapping[str, Sequence[str]], at: datetime, source: str
    ) -> dict[str, int]:
        """Upserts the rows by key, all tables in one step; the number of rows accepted per table.

        Rows that stand already with the same values are accepted and change nothing; a load without any
        change gets no number. ``source`` tells where the rows came from.

        Raises:
            ValueError: a key column is missing, blank or occurs twice in one table.
        """
        offered = pl.concat([_EMPTY, *(_as_rows(name, frame, keys[name]) for name, frame in tables.items())])
        for attempt in range(_MAX_ATTEMPTS):
            table = self._open()
            if self._append_changes(table, offered, at, source):
                return {name: frame.height for name, frame in tables.items()}
            time.sleep(random.uniform(0, min(attempt + 1, 10) / 50))
        raise LakeConflict(
            f"参照表の読込が {_MAX_ATTEMPTS} 回続けて競合しました。時間をおいて再度実行してください。"
        )

    def ensure(
        self,
        tables: Mapping[str, pl.DataFrame],
        keys: Mapping[str, Sequence[str]],
        at: datetime,
        source: str = "built-in",
    ) -> None:
        """Loads the built-in tables as the first load of a fresh home; nothing when there is any load."""
        offered = pl.concat([_EMPTY, *(_as_rows(name, frame, keys[name]) for name, frame in tables.items())])
        while True:
            table = self._open()
            if lake.last_number(table, NAME) > 0 or self._append_changes(table, offered, at, source):
                return

    def rows(self, load_no: int | None = None) -> dict[str, pl.DataFrame]:
        """Every table with the latest version of each key as of that load (default: the present one).

        Text columns, the key's first, sorted by it; tables that were never loaded are absent.
        """
        latest = _latest(lake.scan(self._open(), SCHEMA), load_no).collect()
        return {
            str(name): _unpack(part) for (name,), part in latest.partition_by("table", as_dict=True).items()
        }

    def is_there(self) -> bool:
        """Whether anything was ever loaded; asking makes nothing."""
        return self._lake.exists(NAME) and self.current_load() > 0

    def current_load(self) -> int:
        """Number of the last load that changed anything, 0 before the first."""
        return lake.last_number(self._open(), NAME)

    def history(self, table: str) -> pl.DataFrame:
        """All versions of a table's rows in order of loading: load_no, loaded_at, source and its columns."""
        versions = (
            lake.scan(self._open(), SCHEMA).filter(pl.col("table") == table).collect().sort("load_no", "key")
        )
        return pl.concat(
            [versions.select("load_no", "loaded_at", "source"), _unpack(versions)], how="horizontal"
        )

    def _open(self) -> DeltaTable:
        return self._lake.open(NAME, SCHEMA, [], ["load_no", "table"])

    def _append_changes(self, table: DeltaTable, offered: pl.DataFrame, at: datetime, source: str) -> bool:
        """False when another load came first."""
        standing = _latest(lake.scan(table, SCHEMA), None).select("table", "key", "values").collect()
        changed = offered.join(standing, on=["table", "key", "values"], how="anti")
        if changed.is_empty():
            return True
        load_no = lake.last_number(table, NAME) + 1
        versions = changed.with_columns(
            pl.lit(load_no, dtype=pl.Int64).alias("load_no"),
            pl.lit(at).cast(TOKYO_INSTANT).alias("loaded_at"),
            pl.lit(source).alias("source"),
        ).select(*SCHEMA)
        try:
            lake.append(table, versions, NAME, load_no)
        except LakeConflict:
            return False
        return True


_EMPTY = pl.DataFrame(schema=dict.fromkeys(("table", "key", "valid_from", "values"), pl.String))


def _as_rows(name: str, frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """A table's rows as JSON; columns in a fixed order, so that the order in a file makes no new version."""
    missing = [column for column in key if column not in frame.columns]
    if missing:
        raise ValueError(f"{name}: key columns missing: {missing}")
    ordered = frame.select(*key, *sorted(set(frame.columns) - set(key))).cast(pl.String)
    if ordered.select(pl.any_horizontal(pl.col(key).is_null()).any()).item():
        raise ValueError(f"{name}: a key is blank")
    values = [_json(row) for row in ordered.iter_rows(named=True)]
    keys = [_json(row) for row in ordered.select(key).iter_rows()]
    if len(set(keys)) != len(keys):
        raise ValueError(f"{name}: a key occurs twice")
    valid_from = ordered["valid_from"] if "valid_from" in ordered.columns else [None] * len(keys)
    return pl.DataFrame(
        {"table": [name] * len(keys), "key": keys, "valid_from": valid_from, "values": values},
        schema=_EMPTY.schema,
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _latest(versions: pl.LazyFrame, load_no: int | None) -> pl.LazyFrame:
    """The latest version of each key as of that load, in order of table and key."""
    if load_no is not None:
        versions = versions.filter(pl.col("load_no") <= load_no)
    return versions.sort("table", "key", "load_no").unique(["table", "key"], keep="last", maintain_order=True)


def _unpack(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns out of ``values``; a column that came with a later load is null in earlier rows."""
    names: dict[str, None] = {}
    # All rows of one load come from one frame and have the same columns: one row of each tells them.
    for values in rows.unique("load_no", keep="first", maintain_order=True)["values"]:
        names.update(dict.fromkeys(json.loads(values)))
    decoded = rows.select(pl.col("values").str.json_decode(pl.Struct(dict.fromkeys(names, pl.String))))
    return decoded.unnest("values")
