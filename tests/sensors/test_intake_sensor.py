"""The sensor that starts intake runs: when there is something to do, one at a time, with growing pauses after failures."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from assets.definitions import defs
from daicho.drop import collect
from tests import kit
from tests.homes import TUESDAY, USER, Home, contracts

FAILED, DONE, STARTED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as opened:
        yield opened


class Sensor:
    """The sensor as the daemon calls it, tick by tick, with its cursor kept."""

    def __init__(self, home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
        self._home, self._instance, self._patch = home, instance, monkeypatch
        self.cursor: str | None = None
        self.skipped: str | None = None
        self.now = 1_000_000.0
        monkeypatch.setattr("sensors.intake_sensor.time.time", lambda: self.now)
        for name, value in home.environ().items():
            if name.startswith("DAICHO_"):
                monkeypatch.setenv(name, value)

    def tick(self, now: str = TUESDAY) -> str | None:
        """The partition for which a run is asked for, or None."""
        self._patch.setenv("DAICHO_NOW", now)
        context = dg.build_sensor_context(instance=self._instance, cursor=self.cursor)
        result = defs.resolve_sensor_def("intake_sensor")(context)
        self.cursor = context.cursor
        if isinstance(result, dg.SkipReason):
            self.skipped = result.skip_message
            return None
        assert isinstance(result, dg.SensorResult)
        (request,) = result.run_requests or []
        assert request.run_key is None
        assert request.partition_key in self._instance.get_dynamic_partitions("acceptance_date")
        return request.partition_key

    def run_ended(self, status: dg.DagsterRunStatus, job: str = "intake") -> None:
        create_run_for_test(self._instance, job_name=job, status=status)


@pytest.fixture
def sensor(home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Sensor:
    home.settings(drop_settle_seconds=0)
    return Sensor(home, instance, monkeypatch)


def test_nothing_to_do_is_skipped(sensor: Sensor) -> None:
    assert sensor.tick() is None
    assert sensor.skipped == "デスクの依頼も、届いたファイルも、期日の来た申請もありません。"


def test_a_fresh_home_is_skipped(
    empty_home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Sensor(empty_home, instance, monkeypatch).tick() is None


def test_a_dropped_file_asks_for_a_run_of_today(
    home: Home, sensor: Sensor, instance: dg.DagsterInstance
) -> None:
    folder = home.path / "drop" / kit.HOLDER
    folder.mkdir(parents=True)
    (folder / "november.csv.part").write_bytes(kit.csv_bytes(contracts("EX-1")))
    assert sensor.tick() is None
    (folder / "november.csv.part").rename(folder / "november.csv")
    assert sensor.tick() is None, "its manifest is not there"
    told = {"product": "enterprise", "user": USER, "count": 1}
    (folder / "november.json").write_text(json.dumps(told), encoding="utf-8")
    assert sensor.tick() == "2018-11-06"
    assert instance.get_dynamic_partitions("acceptance_date") == ["2018-11-06"]


def test_the_sensor_asks_for_a_run_exactly_when_a_run_would_take_something(
    home: Home, sensor: Sensor
) -> None:
    """What is left alone, waits or was given up starts no run, tick after tick."""
    folder = home.path / "drop" / kit.HOLDER
    (folder / "2018").mkdir(parents=True)
    content, told = kit.csv_bytes(contracts("EX-1")), {"product": "enterprise", "user": USER, "count": 1}
    for name in (
        "alone.csv",
        "half.csv.part",
        ".hidden.csv",
        "~$lock.xlsx",
        "Thumbs.db",
        "2018/x.csv",
        "note.txt",
    ):
        (folder / name).write_bytes(content)
    (folder / "later.json").write_text(json.dumps(told), encoding="utf-8")
    (home.path / "drop" / "loose.csv").write_bytes(content)
    (folder / "link").symlink_to(folder / "2018")
    for _ in range(3):
        assert sensor.tick() is None
    assert collect(home.at()) == []
    (folder / "alone.xlsx").write_bytes(
        b""
    )  # two files, one manifest: both are ready, for a receipt and a refusal
    (folder / "alone.json").write_text(json.dumps(told), encoding="utf-8")
    assert sensor.tick() == "2018-11-06"
    assert len(collect(home.at())) == 2
    assert sensor.tick() == "2018-11-06", "what was taken is due"
    home.decide()
    home.print_papers()
    assert sensor.tick() is None


def test_a_file_that_may_still_be_written_starts_no_run(home: Home, sensor: Sensor) -> None:
    home.settings(drop_settle_seconds=30)
    folder = home.path / "drop" / kit.HOLDER
    folder.mkdir(parents=True)
    content, told = kit.csv_bytes(contracts("EX-1")), {"product": "enterprise", "user": USER, "count": 1}
    (folder / "november.csv").write_bytes(content)
    (folder / "november.json").write_text(json.dumps(told), encoding="utf-8")
    assert sensor.tick() is None
    assert collect(home.at()) == []
    (folder / "november.json").write_text(json.dumps(told | {"size": len(content)}), encoding="utf-8")
    assert sensor.tick() == "2018-11-06", "now it is known to be whole"
    assert len(collect(home.at())) == 1


def test_a_file_that_was_given_up_starts_no_run(
    home: Home, sensor: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home.path / "drop" / kit.HOLDER
    folder.mkdir(parents=True)
    (folder / f"enterprise_{kit.HOLDER}_1_x.csv").write_bytes(kit.csv_bytes(contracts("EX-1")))

    def immovable(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("daicho.folders.Folder.move", immovable)
    for _ in range(4):
        assert sensor.tick() == "2018-11-06"
        collect(home.at())
    for _ in range(3):
        assert sensor.tick() is None


def test_a_request_of_the_desk_asks_for_one_run_at_a_time(home: Home, sensor: Sensor) -> None:
    assert sensor.tick() is None
    (home.path / "desk" / "answers").mkdir(parents=True)
    (home.path / "desk" / ".draft-1").mkdir()
    assert sensor.tick() is None, "nothing was sent yet"
    request = home.path / "desk" / "request.json"
    request.write_text("{}")
    sensor.now = request.lstat().st_ctime + 1
    assert sensor.tick() == "2018-11-06"
    sensor.run_ended(STARTED)
    assert sensor.tick() is None
    assert "実行中" in (sensor.skipped or "")


@pytest.mark.req("A-055")
def test_a_due_submission_asks_for_a_run(home: Home, sensor: Sensor, instance: dg.DagsterInstance) -> None:
    home.submit(contracts("EX-1"), "2018-11-06T18:00:00")
    assert sensor.tick("2018-11-06T18:00:01") is None, "受付前"
    assert sensor.tick("2018-11-07T07:59:59") is None
    assert sensor.tick("2018-11-07T08:00:00") == "2018-11-07"
    # After downtime over a weekend it is filed under the last business day; its own day is known as well.
    assert sensor.tick("2018-11-10T12:00:00") == "2018-11-09"
    assert set(instance.get_dynamic_partitions("acceptance_date")) == {"2018-11-07", "2018-11-09"}
    home.decide("2018-11-10T12:00:00")
    home.print_papers("2018-11-10T12:00:00")
    assert sensor.tick("2018-11-10T12:00:00") is None


@pytest.mark.req("D-002")
def test_an_owed_monitor_list_asks_for_a_run(home: Home, sensor: Sensor) -> None:
    home.submit(contracts("EX-1"))
    home.decide()  # and then the run ended
    assert sensor.tick() == "2018-11-06"
    home.print_papers()
    assert sensor.tick() is None


@pytest.mark.parametrize("job", ["intake", "nightly"])
@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_while_a_run_is_active_no_other_is_asked_for(
    home: Home, sensor: Sensor, job: str, status: str
) -> None:
    home.submit(contracts("EX-1"))
    sensor.run_ended(dg.DagsterRunStatus[status], job)
    assert sensor.tick() is None
    assert f"{job} が実行中" in (sensor.skipped or "")


def test_other_jobs_do_not_stop_it(home: Home, sensor: Sensor) -> None:
    home.submit(contracts("EX-1"))
    sensor.run_ended(STARTED, "confirm")
    assert sensor.tick() == "2018-11-06"


def test_after_failures_it_waits_longer_and_longer(home: Home, sensor: Sensor) -> None:
    home.submit(contracts("EX-1"))
    for failures, pause in ((1, 2), (2, 4), (3, 8)):
        sensor.run_ended(FAILED)
        assert sensor.tick() is None
        assert f"{failures}回続けて失敗" in (sensor.skipped or "")
        sensor.now += pause - 0.1
        assert sensor.tick() is None
        sensor.now += 0.2
        assert sensor.tick() == "2018-11-06"
    sensor.run_ended(DONE)
    assert sensor.tick() == "2018-11-06", "a run that succeeded ends the pauses"
    sensor.run_ended(FAILED)
    assert sensor.tick() is None
    sensor.now += 2.1
    assert sensor.tick() == "2018-11-06"


def test_the_pause_has_a_limit(home: Home, sensor: Sensor) -> None:
    home.submit(contracts("EX-1"))
    for _ in range(12):
        sensor.run_ended(FAILED)
        sensor.tick()
        sensor.now += 10_000
    sensor.run_ended(FAILED)
    assert sensor.tick() is None
    sensor.now += 300
    assert sensor.tick() == "2018-11-06"


def test_the_sensor_runs_by_itself_every_few_seconds() -> None:
    found: Any = defs.resolve_sensor_def("intake_sensor")
    assert found.default_status == dg.DefaultSensorStatus.RUNNING
    assert found.minimum_interval_seconds <= 5
    assert found.job_name == "intake"
