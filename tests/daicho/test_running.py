"""Dagster's own state of a home, and how a fresh home gets through every job."""

import stat
from pathlib import Path

import pytest
import yaml

from daicho.running import dagster_home
from daicho.settings import Settings
from daicho.store import Store
from tests.homes import CUT_OFF, TUESDAY, Home


def test_dagster_is_set_up_to_watch_and_retry_runs(empty_home: Home) -> None:
    folder = dagster_home(empty_home.at())
    assert folder == empty_home.path / "dagster"
    told = yaml.safe_load((folder / "dagster.yaml").read_text(encoding="utf-8"))
    assert told["telemetry"] == {"enabled": False}
    assert told["run_coordinator"]["config"]["max_concurrent_runs"] >= 1
    assert told["run_monitoring"]["enabled"] is True
    assert told["run_monitoring"]["max_runtime_seconds"] > 0
    assert told["run_monitoring"]["free_slots_after_run_end_seconds"] > 0
    assert told["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert "storage" not in told
    before = (folder / "dagster.yaml").stat().st_mtime_ns
    dagster_home(empty_home.at())
    assert (folder / "dagster.yaml").stat().st_mtime_ns == before


def test_with_postgresql_its_state_lies_there_too_and_nobody_else_reads_the_password(tmp_path: Path) -> None:
    environ = {"DAICHO_HOME": str(tmp_path), "DAICHO_DATABASE_URL": "postgresql://daicho:geheim@db/daicho"}
    path = dagster_home(Store.open(Settings.from_env(environ))) / "dagster.yaml"
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert told["storage"]["postgres"]["postgres_url"] == "postgresql+psycopg2://daicho:geheim@db/daicho"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("job", ["intake", "reconcile", "confirm", "nightly"])
def test_every_job_runs_in_a_fresh_home(empty_home: Home, job: str) -> None:
    ran = empty_home.cli("run", job, "--json", now=CUT_OFF)
    assert (ran.code, ran.json["processed"]) == (0, []), ran.err
    assert empty_home.cli("verify", now=TUESDAY).code == 0


def test_a_job_runs_on_days_that_are_no_business_days(home: Home) -> None:
    assert home.cli("run", "intake", now="2018-11-10T12:00:00").code == 0
