"""The sensor that starts an intake run when the insurer's desk asked for something."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from assets.definitions import defs
from tests.homes import TUESDAY, Home


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as opened:
        yield opened


def tick(instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    result = defs.resolve_sensor_def("desk_sensor")(dg.build_sensor_context(instance=instance))
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def test_a_request_asks_for_one_run_at_a_time(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAICHO_HOME", str(home.path))
    monkeypatch.setenv("DAICHO_NOW", TUESDAY)
    assert isinstance(tick(instance), dg.SkipReason)
    (home.path / "desk" / "answers").mkdir(parents=True)
    (home.path / "desk" / ".draft-1").mkdir()
    assert isinstance(tick(instance), dg.SkipReason), "nothing was sent yet"
    home.settings(drop_settle_seconds=0)
    (home.path / "desk" / "request.json").write_text("{}")
    asked = tick(instance)
    assert isinstance(asked, dg.SensorResult)
    assert [request.partition_key for request in asked.run_requests or []] == ["2018-11-06"]
    create_run_for_test(instance, job_name="intake", status=dg.DagsterRunStatus.STARTED)
    skipped = tick(instance)
    assert isinstance(skipped, dg.SkipReason)
    assert "実行中" in (skipped.skip_message or "")
