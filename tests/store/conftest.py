"""Homes and receipts for the tests of the store.

The event log runs on SQLite; with a server of ``tests.with_postgres`` the same tests run on PostgreSQL, each worker in a
database of its own.
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
from tests.with_postgres import URL
from tests.with_postgres import database as own_database

POSTGRES = os.environ.get(URL)


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "files")


@pytest.fixture
def archive(files: LocalFiles) -> Archive:
    return Archive(files)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a database of this worker."""
    with own_database(f"store_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}") as url:
        yield url


@pytest.fixture(params=["postgres" if POSTGRES else "sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'daicho.db'}"
    import psycopg

    url = str(request.getfixturevalue("postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS daicho CASCADE")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def real_seconds() -> RealSeconds:
    return RealSeconds()


@pytest.fixture
def events(database: Database, archive: Archive, real_seconds: RealSeconds) -> EventLog:
    return EventLog(database, archive, Clock(fixed=NINE), lease_seconds=120, real_seconds=real_seconds)
