"""Dagster's state in SQLite: what Dagster reads of it later, and that files and engines are not made for each event or query."""

import pkgutil
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from assets import run_history
from daicho.running import dagster_home
from tests.homes import TUESDAY, Home, contracts

Written = list[tuple[str, str | None]]


@contextmanager
def dagster_of(home: Home) -> Iterator[dg.DagsterInstance]:
    """As daemon and web server open it."""
    with dg.DagsterInstance.from_config(str(dagster_home(home.at()))) as instance:
        yield instance


def written(home: Home) -> Written:
    """Kind and step of every event of the only run, in order, as Dagster itself reads them."""
    with dagster_of(home) as instance:
        [run] = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.SUCCESS
        entries = [entry.dagster_event for entry in instance.all_logs(run.run_id)]
    return [(entry.event_type_value, entry.step_key) for entry in entries if entry is not None]


@pytest.fixture
def opened() -> Iterator[Counter[str]]:
    """Counts by file name how often a SQLite file is opened through SQLAlchemy."""
    count: Counter[str] = Counter()

    def note(connection: Any, _: Any) -> None:
        count[Path(connection.execute("PRAGMA database_list").fetchone()[2]).name] += 1

    event.listen(Pool, "connect", note)
    yield count
    event.remove(Pool, "connect", note)


def ran(home: Home) -> Home:
    home.submit(contracts("EX-1"))
    result = home.cli("run", "intake", "--json", now=TUESDAY)
    assert (result.code, len(result.json["processed"])) == (0, 1), result.err
    return home


def test_dagster_reads_what_it_would_have_written_itself(
    loaded: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = written(ran(home))
    assert {step for kind, step in ours if kind == "STEP_SUCCESS"} >= {
        "desk_requests", "uploads", "verdicts", "monitor_lists", "portal_feed",
    }  # fmt: skip
    with dagster_of(home) as instance:
        for asset in ("uploads", "verdicts", "monitor_lists"):
            found = instance.get_latest_materialization_event(dg.AssetKey(asset))
            assert found is not None
            assert found.asset_materialization is not None
            assert found.asset_materialization.partition == "2018-11-06"
    monkeypatch.setattr(
        run_history, "instance_of", lambda folder, _: dg.DagsterInstance.from_config(str(folder))
    )
    other = Home(Path(shutil.copytree(loaded, home.path.parent / "other")))
    assert written(ran(other)) == ours


def test_a_file_is_not_opened_for_every_event(home: Home, opened: Counter[str]) -> None:
    assert home.cli("run", "intake", now=TUESDAY).code == 0, "the tables of a fresh home are made once"
    folder = dagster_home(home.at()) / "history" / "runs"
    before = {path.name for path in folder.iterdir()}
    opened.clear()
    ran(home)
    [run] = {path.name for path in folder.iterdir()} - before
    assert run.endswith(".db"), "all of it is in the main files"
    assert opened[run] <= 3
    assert opened["index.db"] <= 4
    assert not [name for name in before if not name.endswith(".db")]


def test_an_open_file_is_no_obstacle_to_others(home: Home) -> None:
    folder = dagster_home(home.at())
    with run_history.instance_of(folder, uses_sqlite=True) as ours, dagster_of(home) as theirs:
        ours.add_dynamic_partitions("acceptance_date", ["2018-11-06"])
        assert theirs.get_dynamic_partitions("acceptance_date") == ["2018-11-06"]
        theirs.add_dynamic_partitions("acceptance_date", ["2018-11-07"])
        assert ours.get_dynamic_partitions("acceptance_date") == ["2018-11-06", "2018-11-07"]


def test_an_idle_daemon_makes_no_engine_for_each_query(
    home: Home, opened: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for module in ("runs.sqlite.sqlite_run_storage", "schedules.sqlite.sqlite_schedule_storage"):
        path = f"dagster._core.storage.{module}.create_engine"
        whole = pkgutil.resolve_name(path)
        monkeypatch.setattr(
            path, lambda url, whole=whole, **options: (made.append(str(url)), whole(url, **options))[1]
        )
    with dagster_of(home) as instance:
        assert {Path(url).name for url in made} == {"runs.db", "schedules.db"}, "tables are looked after once"
        made.clear()
        for _ in range(3):
            instance.get_runs()
            instance.all_instigator_state()
            instance.get_daemon_heartbeats()
        assert made == []
        opened.clear()
        for _ in range(3):
            instance.all_instigator_state()
        assert opened["schedules.db"] == 3, "what tables it has is not asked each time"
