"""The lake: the Delta tables of DAICHO_LAKE – opening, making and appending to them.

Only what every table of the house needs. What the rows mean is ``journal`` and ``reference``.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from daicho.settings import SettingsError
from daicho.store.durable import flush_files
from sensors.windows import TOKYO

_FOLDER = "file://"
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")


class LakeConflict(Exception):
    """Somebody else appended since the table was opened: open it anew and try again."""


class _Table(DeltaTable):
    """A table whose files are named as the system knows them.

    Delta names the files of a folder with its spaces and letters escaped, as in an address, where it promises plain paths;
    Polars then does not find them.
    """

    def file_uris(self, *args: Any, **kwargs: Any) -> list[str]:
        """The files, by plain paths in a folder, by addresses elsewhere."""
        found: list[str] = super().file_uris(*args, **kwargs)
        if not self.table_uri.startswith(_FOLDER):
            return found
        escaped = self.table_uri.removeprefix(_FOLDER)
        plain = unquote(escaped)
        return [plain + uri[len(escaped) :] if uri.startswith(escaped) else uri for uri in found]


class Lake:
    """The folder or ``s3://`` address under which the tables are.

    Raises:
        SettingsError: for a folder with an escaped character in its name, which Delta would take for another folder.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._is_folder = "://" not in location
        if self._is_folder and _ESCAPED.search(location):
            raise SettingsError(
                f"DAICHO_LAKE「{location}」: 「%」に英数字2文字が続く名前のフォルダは使えません。別の名前にしてください。"
            )

    def table_uri(self, name: str) -> str:
        """Address of a table, for engines that read it themselves."""
        return f"{self.location}/{name}"

    def _address(self, name: str) -> str:
        """The same as an address, in which no character of a folder's name means anything else."""
        return Path(self.location, name).absolute().as_uri() if self._is_folder else self.table_uri(name)

    def exists(self, name: str) -> bool:
        """Whether the table was made already."""
        return DeltaTable.is_deltatable(self._address(name))

    def open(
        self, name: str, schema: Mapping[str, pl.DataType], partition_by: list[str], statistics: list[str]
    ) -> DeltaTable:
        """The table at its present version; made when missing, by whichever process is first.

        ``statistics``: columns whose smallest and largest value every file tells in the log.
        """
        uri, folder = self._address(name), Path(self.location, name)
        # Before anything looks: to look makes the folders.
        top = next(above for above in folder.absolute().parents if above.exists())
        try:
            return _Table(uri)
        except TableNotFoundError:
            pass
        if self._is_folder:
            folder.mkdir(parents=True, exist_ok=True)
        with suppress(DeltaError):  # somebody else may be first; if that is not the reason, opening tells it
            DeltaTable.create(
                uri,
                schema=pl.Schema(_in_utc(schema)),
                partition_by=partition_by,
                name=name,
                configuration={"delta.dataSkippingStatsColumns": ",".join(statistics)},
            )
        made = _Table(uri)
        make_durable(made, 0, top)
        return made


def scan(table: DeltaTable, schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """The rows of the table's loaded version in the types of ``schema``.

    Delta keeps instants in UTC: they come back in the zone of the schema. A column that the table does not
    have yet is null.
    """
    frame = pl.scan_delta(table)
    stored = frame.collect_schema()
    return frame.select(
        *(
            pl.lit(None, dtype=dtype).alias(name)
            if name not in stored
            else pl.col(name).dt.convert_time_zone(dtype.time_zone)
            if isinstance(dtype, pl.Datetime) and dtype.time_zone
            else pl.col(name).cast(dtype)
            for name, dtype in schema.items()
        )
    )


def stored_schema(table: DeltaTable) -> dict[str, pl.DataType]:
    """Columns and types as the table has them, which may be more or fewer than this program knows."""
    return dict(pl.scan_delta(table).collect_schema())


def append(table: DeltaTable, frame: pl.DataFrame, application: str, number: int) -> DeltaTable:
    """Appends in one commit on the version of ``table``; the table after it. ``table`` itself stays as it is.

    ``number`` is the application transaction: 1 more than ``last_number``. It makes an append of the same
    application on a version that is no more the newest fail.

    Raises:
        LakeConflict: another append came first; nothing was written.
    """
    utc = frame.with_columns(
        pl.col(name).dt.convert_time_zone("UTC")
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime) and dtype.time_zone
    )
    # Writing moves a table object on, and with it every scan made of it, collected or not: hence another one.
    target = _Table(table.table_uri, version=table.version())
    same_columns = {field.name for field in target.schema().fields} == set(utc.columns)
    try:
        write_deltalake(
            target,
            utc,
            mode="append",
            schema_mode=None if same_columns else "merge",
            commit_properties=CommitProperties(app_transactions=[Transaction(application, number)]),
        )
    except CommitFailedError as error:
        raise LakeConflict(str(error)) from error
    make_durable(target, table.version() + 1)
    return target


def compact(table: DeltaTable) -> None:
    """Puts the many small files of single appends together; the rows stay."""
    before = table.version()
    table.optimize.compact()
    make_durable(table, before + 1)


def make_durable(table: DeltaTable, first: int, top: Path | None = None) -> None:
    """Puts on the disk what the versions from ``first`` to the loaded one added: data files, log entries, checkpoints and the
    folders that name them, up to ``top`` (the one above the lake, unless told). Delta's own store leaves that to the system, which forgets it when the power fails.

    Nothing happens in an object store, which answers when it has the bytes.

    Raises:
        OSError: the disk refuses, or a file is gone.
    """
    if not table.table_uri.startswith(_FOLDER):
        return
    root = Path(unquote(table.table_uri.removeprefix(_FOLDER)))
    log = root / "_delta_log"
    written: list[Path] = []
    for version in range(first, table.version() + 1):
        entry = log / f"{version:020}.json"
        written.append(entry)
        actions = (json.loads(line) for line in entry.read_text(encoding="utf-8").splitlines() if line)
        written += [root / unquote(action["add"]["path"]) for action in actions if "add" in action]
        checkpoint = log / f"{version:020}.checkpoint.parquet"
        if checkpoint.exists():
            written += [checkpoint, log / "_last_checkpoint"]
    flush_files(written, top or root.parent.parent)


def last_number(table: DeltaTable, application: str) -> int:
    """Number of the last append of that application, 0 before the first."""
    found: int | None = table.transaction_version(application)
    return found or 0


def _in_utc(schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    return {
        name: pl.Datetime(dtype.time_unit, "UTC")
        if isinstance(dtype, pl.Datetime) and dtype.time_zone
        else dtype
        for name, dtype in schema.items()
    }


TOKYO_INSTANT = pl.Datetime("us", TOKYO.key)
"""An instant as frames carry it."""
