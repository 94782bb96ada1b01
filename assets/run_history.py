"""Dagster's history of a run that this process carries out itself (``daicho run``): the same files, kept open.

What belongs here: how Dagster's SQLite event log is written. What is in it is Dagster's matter.

Dagster opens the file of a run and that of all assets anew for each of the run's ~150 events: a new engine, a new
connection, a flush to the disk at the commit and another one when the last connection closes – more than a third of the
time of a small run. Here both stay open until the run is over.

Only for a run in this process. The web page follows a run by the change of its main file, which an open connection puts
off to the end: the runs that the daemon starts are written as Dagster does it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event

_BUSY_SECONDS = 30
"""How long a write waits for one of the daemon or of the web server."""


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
