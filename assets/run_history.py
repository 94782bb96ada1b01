"""Dagster's state in SQLite: its own files and queries, opened with less ado.

What belongs here: how Dagster's SQLite files are opened. What is in them is Dagster's matter.

Dagster makes a new SQLAlchemy engine for every query, which then compiles its statement anew: half of what the daemon
costs an idle machine. ``RunList`` and ``Ticks`` keep one engine per file – not the connection, which would put off the
change of the main file by which the web page follows a run. ``dagster.yaml`` names them.

A run in this process (``daicho run``) writes ~150 events, each into the file of the run and that of all assets: a new
connection, a flush to the disk at the commit and another one when the last connection closes – more than a third of the
time of a small run. ``RunHistory`` keeps both open until the run is over.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from sqlalchemy import Connection, Engine, NullPool, create_engine, event

_BUSY_SECONDS = 30
"""How long a write waits for one of the daemon or of the web server."""


class _OneEngine:
    """Opens the file of a storage by an engine that stays."""

    _conn_string: str

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(self._conn_string, poolclass=NullPool)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection with its transaction, closed at the end."""
        with self._engine.connect() as connection, connection.begin():
            yield connection


class RunList(_OneEngine, SqliteRunStorage):
    """Dagster's list of runs, by one engine."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "RunList":
        """What Dagster makes of its configuration."""
        return cls.from_local(inst_data=inst_data, **config_value)


class Ticks(_OneEngine, SqliteScheduleStorage):
    """Dagster's memory of sensors, schedules and their ticks, by one engine. What it once found in the file stays: it
    looks which tables and indexes there are before every query.
    """

    def __init__(self, conn_string: str, inst_data: Any = None) -> None:
        self._found: set[str] = set()
        super().__init__(conn_string, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "Ticks":
        """What Dagster makes of its configuration."""
        return cls.from_local(inst_data=inst_data, **config_value)  # type: ignore[return-value]

    def has_instigators_table(self) -> bool:
        """Whether the table of sensors and schedules is there."""
        return self._finds("instigators", super().has_instigators_table)

    def has_built_index(self, migration_name: str) -> bool:
        """Whether a step of Dagster's migrations was done."""
        return self._finds(migration_name, lambda: super(Ticks, self).has_built_index(migration_name))

    def _has_instigators_table(self, conn: Connection) -> bool:
        return self._finds("instigators", lambda: super(Ticks, self)._has_instigators_table(conn))

    def _finds(self, name: str, look: Callable[[], bool]) -> bool:
        if name not in self._found and look():
            self._found.add(name)
        return name in self._found


class RunHistory(SqliteEventLogStorage):
    """Dagster's event log in SQLite with one engine per file for as long as it lives.

    Args:
        base_dir: the folder of the files, one for each run and ``index`` for all assets.
        inst_data: how Dagster was told to make this; Dagster's own matter.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "RunHistory":
        """What Dagster makes of its configuration."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table. One that is there stays."""
        if table_name not in self._tables:
            with self._engine("index").connect() as connection:
                if connection.dialect.has_table(connection, table_name):
                    self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Closes the files; only now does their last writing reach the main file."""
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.get(shard)
        if engine is None:
            engine = create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": _BUSY_SECONDS})
            event.listen(engine, "connect", _prepare)
            self._engines[shard] = engine
        return engine


def _prepare(connection: Any, _: Any) -> None:
    # Not every event is worth a flush: should the power fail, the last of them are missing, and the file is whole.
    # What was decided and booked is in daicho's own database and journal.
    connection.execute("PRAGMA synchronous=NORMAL")


def instance_of(home: Path, uses_sqlite: bool) -> dg.DagsterInstance:
    """Dagster's instance of a home, for a run in this process.

    Args:
        home: the folder with ``dagster.yaml``.
        uses_sqlite: whether Dagster's state is in files of that folder, not in PostgreSQL.
    """
    if not uses_sqlite:
        return dg.DagsterInstance.from_config(str(home))
    history = {
        "module": RunHistory.__module__,
        "class": RunHistory.__name__,
        "config": {"base_dir": os.path.join(home, "history", "runs", "")},
    }
    return dg.DagsterInstance.from_ref(
        InstanceRef.from_dir(str(home), overrides={"event_log_storage": history})
    )
