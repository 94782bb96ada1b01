"""Homes and receipts for the tests of the store.

The event log runs on SQLite; with DAICHO_TEST_POSTGRES_URL (an empty database of its own) the same tests run on
PostgreSQL as well.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daicho.clock import Clock
from daicho.store.archive import Archive
from daicho.store.database import Database, open_database
from daicho.store.eventlog import EventLog
from daicho.store.files import LocalFiles
from tests.store.made import NINE, RealSeconds

POSTGRES = os.environ.get("DAICHO_TEST_POSTGRES_URL")


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "files")


@pytest.fixture
def archive(files: LocalFiles) -> Archive:
    return Archive(files)


@pytest.fixture(params=["sqlite", "postgres"] if POSTGRES else ["sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgres":
        import psycopg

        assert POSTGRES
        with psycopg.connect(POSTGRES.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS daicho CASCADE")
        opened = open_database(POSTGRES)
    else:
        opened = open_database(f"sqlite:///{tmp_path / 'daicho.db'}")
    yield opened
    opened.close()


@pytest.fixture
def real_seconds() -> RealSeconds:
    return RealSeconds()


@pytest.fixture
def events(database: Database, archive: Archive, real_seconds: RealSeconds) -> EventLog:
    return EventLog(database, archive, Clock(fixed=NINE), lease_seconds=120, real_seconds=real_seconds)
