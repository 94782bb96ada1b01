"""The schedules of the business day, in Tokyo time, by the product's calendar."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.definitions import defs
from sensors.windows import TOKYO
from tests.homes import Home


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as opened:
        yield opened


@pytest.mark.req("C-006")
@pytest.mark.parametrize("name", ["opening", "nightly"])
@pytest.mark.parametrize(
    ("day", "runs"),
    [
        ("2018-11-06", True),
        ("2018-11-10", False),  # Saturday
        ("2018-11-11", False),
        ("2018-11-23", False),  # 勤労感謝の日
        ("2018-12-28", True),
        ("2018-12-31", False),
        ("2019-01-03", False),
        ("2019-01-04", True),
    ],
)
def test_business_days_run_and_others_are_skipped(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, name: str, day: str, runs: bool
) -> None:
    monkeypatch.setenv("DAICHO_HOME", str(home.path))
    monkeypatch.setenv("DAICHO_NOW", f"{day}T20:30:00")
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=datetime(2018, 11, 6, 20, 30, tzinfo=TOKYO),
        repository_def=defs.get_repository_def(),
    )
    data = defs.resolve_schedule_def(name).evaluate_tick(context)
    if runs:
        (request,) = data.run_requests or []
        assert (request.partition_key, request.run_key) == (day, None)
        assert instance.get_dynamic_partitions("acceptance_date") == [day]
    else:
        assert (data.run_requests, data.skip_message) == ([], f"{day} は営業日ではありません。")
        assert instance.get_dynamic_partitions("acceptance_date") == []


@pytest.mark.req("A-055")
@pytest.mark.parametrize(
    ("name", "cron", "job"), [("opening", "0 8 * * *", "intake"), ("nightly", "30 20 * * *", "nightly")]
)
def test_times_are_those_of_tokyo(name: str, cron: str, job: str) -> None:
    schedule = defs.resolve_schedule_def(name)
    assert (schedule.cron_schedule, schedule.execution_timezone, schedule.job_name) == (
        cron,
        "Asia/Tokyo",
        job,
    )
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
