"""The database of DAICHO_DATABASE_URL behind the event log: connections, transactions and the tables.

One dialect of SQL for SQLite and PostgreSQL through their plain drivers: importing SQLAlchemy takes as long
(0.45 s) as a whole ``daicho status`` may. What the rows mean is ``eventlog``.
"""

import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

BUSY_SECONDS = 60
"""How long a writer waits for the others before it gives up."""

SCHEMA_VERSION = 3
_WRITER_LOCK = 0x64616963686F  # "daicho": PostgreSQL's advisory lock of all writers
_NAMED = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")

_TABLES = """
CREATE TABLE IF NOT EXISTS receipts (
    receipt_no BIGINT PRIMARY KEY,
    submission_id TEXT NOT NULL UNIQUE,
    product TEXT NOT NULL,
    holder TEXT NOT NULL,
    "user" TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    declared_count BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    remarks TEXT,
    resend INTEGER NOT NULL,
    channel TEXT NOT NULL,
    source TEXT UNIQUE,
    received_at TEXT NOT NULL,
    acceptance_date TEXT NOT NULL,
    "window" TEXT NOT NULL,
    layout_version INTEGER NOT NULL,
    reading_version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS receipts_identical ON receipts (sha256, holder, product);
CREATE TABLE IF NOT EXISTS events (
    id {identity},
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    submission_id TEXT,
    actor TEXT NOT NULL,
    reason TEXT,
    details TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_submission ON events (submission_id);
CREATE TABLE IF NOT EXISTS claims (
    receipt_no BIGINT PRIMARY KEY REFERENCES receipts,
    worker TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    lease_until DOUBLE PRECISION
);
CREATE TABLE IF NOT EXISTS verdicts (
    receipt_no BIGINT PRIMARY KEY REFERENCES receipts,
    verdict TEXT NOT NULL CHECK (verdict IN ('booked', 'rejected')),
    errors BIGINT NOT NULL,
    warnings BIGINT NOT NULL,
    premium_total BIGINT,
    reference_load BIGINT,
    at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS holds (
    receipt_no BIGINT PRIMARY KEY REFERENCES receipts,
    held_at TEXT NOT NULL,
    reasons TEXT NOT NULL,
    decided_at TEXT,
    decision TEXT
);
CREATE TABLE IF NOT EXISTS waits (
    receipt_no BIGINT PRIMARY KEY REFERENCES receipts,
    waits_for BIGINT NOT NULL REFERENCES receipts
);
CREATE TABLE IF NOT EXISTS subjects (
    receipt_no BIGINT PRIMARY KEY REFERENCES receipts,
    subjects TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS documents (
    document_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    holder TEXT NOT NULL,
    submission_id TEXT,
    unit TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    removed_at TEXT
);
CREATE INDEX IF NOT EXISTS documents_submission ON documents (submission_id);
CREATE TABLE IF NOT EXISTS drop_looks (
    path TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    seen_at DOUBLE PRECISION NOT NULL
);
CREATE TABLE IF NOT EXISTS drop_attempts (
    upload TEXT PRIMARY KEY,
    attempts INTEGER NOT NULL,
    parked TEXT
);
"""

_ADDED_COLUMNS = (("receipts", "reading_version", "INTEGER NOT NULL DEFAULT 1"),)
"""Columns that databases of before do not have; receipts without one were read by the first version of the reading."""
APPEND_ONLY = ("receipts", "events", "verdicts")
"""Tables whose rows the database itself refuses to change or delete."""


class Connection(Protocol):
    """A connection inside a transaction. Parameters are named (``:name``) and never pasted into the text."""

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """All rows of a query."""

    def run(self, sql: str, **parameters: Any) -> int:
        """Runs a change; the number of rows it touched."""


class Database(Protocol):
    """A database that knows the tables of the event log."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Context of one consistent, unchanging view; gives a :class:`Connection`."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Context of one transaction that no other writer overlaps; commits unless an exception leaves it."""

    def close(self) -> None:
        """Closes this thread's connection."""


def is_out_of_reach(error: Exception) -> bool:
    """Whether the database itself is the cause – locked, full, gone – and not what it was asked to keep."""
    kinds: list[type[Exception]] = [sqlite3.OperationalError]
    if psycopg := sys.modules.get("psycopg"):
        kinds += [psycopg.OperationalError, psycopg.InterfaceError]
    return isinstance(error, tuple(kinds))


def open_database(url: str) -> Database:
    """The database at a URL of ``Settings.database_url``; its tables are made when missing."""
    if url.startswith("sqlite:///"):
        return SqliteDatabase(Path(url.removeprefix("sqlite:///")))
    return PostgresDatabase(url.replace("postgresql+psycopg://", "postgresql://", 1))


class _Connections(threading.local):
    """One connection per thread of a process, opened when it is first needed."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._current: Any = None
        self._process = 0
        self._inherited: Any = None

    def get(self) -> Any:
        if self._process != os.getpid():
            # After a fork: the parent still uses its connection, and closing it here would end it there.
            self._inherited, self._current = self._current, None
            self._process = os.getpid()
        if self._current is None:
            self._current = self._connect()
        return self._current

    def close(self) -> None:
        if self._process == os.getpid() and self._current is not None:
            self._current.close()
            self._current = None


class SqliteDatabase:
    """A SQLite file in WAL mode: readers are never blocked, a commit survives a power cut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connections = _Connections(self._connect)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See :class:`Database`."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """See :class:`Database`."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """See :class:`Database`."""
        self._connections.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        raw = self._connections.get()
        raw.execute(begin)
        try:
            yield _SqliteConnection(raw)
            raw.execute("COMMIT")
        except BaseException:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            raise

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        raw = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        raw.row_factory = sqlite3.Row
        _switch_to_wal(raw)
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA foreign_keys = ON")
        if raw.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
            raw.execute("BEGIN IMMEDIATE")
            for statement in _statements("INTEGER PRIMARY KEY AUTOINCREMENT"):
                raw.execute(statement)
            for table, column, form in _ADDED_COLUMNS:
                if column not in {row["name"] for row in raw.execute(f"PRAGMA table_info({table})")}:
                    raw.execute(f"ALTER TABLE {table} ADD COLUMN {column} {form}")
            for table in APPEND_ONLY:
                for change in ("UPDATE", "DELETE"):
                    raw.execute(
                        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{change.lower()} BEFORE {change} ON {table}"
                        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                    )
            raw.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            raw.execute("COMMIT")
        return raw


def _switch_to_wal(raw: sqlite3.Connection) -> None:
    """Switching needs the file alone, and for that SQLite does not wait by itself."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            if raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                raw.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(1 / 50)


class _SqliteConnection:
    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self._raw.execute(sql, parameters)]

    def run(self, sql: str, **parameters: Any) -> int:
        return self._raw.execute(sql, parameters).rowcount


class PostgresDatabase:
    """A PostgreSQL database; the tables are in the schema ``daicho``, apart from others' tables."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connections = _Connections(self._connect)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See :class:`Database`."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """See :class:`Database`."""
        with self._transaction("BEGIN") as connection:
            connection.rows("SELECT pg_advisory_xact_lock(:key)", key=_WRITER_LOCK)
            yield connection

    def close(self) -> None:
        """See :class:`Database`."""
        self._connections.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        raw = self._connections.get()
        try:
            raw.execute(begin)
            yield _PostgresConnection(raw)
            raw.execute("COMMIT")
        except BaseException:
            # Closing rolls back, whatever state the server or the line is in; the next use connects anew.
            self.close()
            raise

    def _connect(self) -> Any:
        import psycopg
        from psycopg.rows import dict_row

        raw = psycopg.connect(self._dsn, autocommit=True, row_factory=dict_row)
        with raw.transaction():
            raw.execute("SELECT pg_advisory_xact_lock(%s)", [_WRITER_LOCK])
            if not _complete(raw):
                raw.execute("CREATE SCHEMA IF NOT EXISTS daicho")
                raw.execute("SET LOCAL search_path TO daicho")
                for statement in _statements("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"):
                    raw.execute(statement)
                for table, column, form in _ADDED_COLUMNS:
                    raw.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} {form}")
                raw.execute(
                    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
                    " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
                )
                for table in APPEND_ONLY:
                    raw.execute(
                        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
                        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
                    )
        raw.execute("SET search_path TO daicho")
        return raw


def _complete(raw: Any) -> bool:
    """Whether a PostgreSQL database has all tables and columns. Asked first: even a change of nothing locks a table."""
    if raw.execute("SELECT 1 WHERE to_regclass('daicho.drop_attempts') IS NULL").fetchone():
        return False
    known = raw.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'daicho'"
    )
    columns = {(row["table_name"], row["column_name"]) for row in known}
    return all((table, column) in columns for table, column, _ in _ADDED_COLUMNS)


class _PostgresConnection:
    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        return list(self._raw.execute(_NAMED.sub(r"%(\1)s", sql), parameters))

    def run(self, sql: str, **parameters: Any) -> int:
        touched: int = self._raw.execute(_NAMED.sub(r"%(\1)s", sql), parameters).rowcount
        return touched


def _statements(identity: str) -> list[str]:
    return [text for text in _TABLES.format(identity=identity).split(";") if text.strip()]
