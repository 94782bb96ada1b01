"""One code server for daemon and web UI: it may be restarted under them, and no upload is lost or booked twice by it."""

import socket
from collections.abc import Iterator

import dagster as dg
import pytest

from daicho.running import dagster_home
from daicho.serving import HOST
from tests.homes import TUESDAY, Home, contracts
from tests.programs import Programs, programs

NOW = f"@{TUESDAY}"


@pytest.fixture
def running(home: Home) -> Iterator[Programs]:
    """Code server and daemon over a home where work of a worker that died is taken over soon."""
    home.settings(drop_settle_seconds=0, lease_seconds=3)
    with programs(home) as started:
        yield started


def runs(home: Home, *statuses: dg.DagsterRunStatus) -> list[dg.DagsterRun]:
    """Dagster's runs in these states, oldest first."""
    with dg.DagsterInstance.from_config(str(dagster_home(home.at()))) as instance:
        return list(instance.get_runs(dg.RunsFilter(statuses=list(statuses) or None), ascending=True))


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.req("D-001")
def test_uploads_get_through_a_code_server_that_is_restarted_or_killed_during_their_run(
    home: Home, running: Programs
) -> None:
    started, failed, done = (
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.SUCCESS,
    )
    home.submit(contracts("EX-1"))
    running.wait_for((home.path / "dagster" / "storage.made").exists)
    running.wait_for(lambda: bool(runs(home, started)))
    running.stop("code-server")
    (ended,) = runs(home)
    assert ended.status == done, "a run is brought to its end before the server goes"
    assert home.status("S00000001", NOW)["status"] == "処理完了"

    running.start("code-server")
    home.submit(contracts("EX-2"))
    running.wait_for(lambda: bool(runs(home, started)))
    (broken,) = runs(home, started)
    running.kill("code-server")
    assert [run.run_id for run in runs(home, started)] == [broken.run_id], "nobody could tell that it died"
    running.start("code-server")
    running.wait_for(lambda: home.status("S00000002", NOW)["status"] == "処理完了")
    running.wait_for(lambda: len(home.papers(NOW, kind="monitor_list")) == 2)
    assert [run.run_id for run in runs(home, failed)] == [broken.run_id]
    running.wait_for(lambda: not runs(home, started))
    assert home.verify(TUESDAY) == []
    assert home.journal().height == 2


@pytest.mark.night
@pytest.mark.slow
def test_a_second_code_server_of_a_home_is_refused_and_the_first_goes_on(home: Home) -> None:
    with programs(home, "code-server") as first:
        first.wait_for((home.path / "dagster" / "code.sock").exists)
        second = home.command("dagster", "code-server", now=NOW)
        assert second.code == 2
        assert "code-server-runs" in second.err
        assert f"プロセス {first.running['code-server'].pid}" in second.err
        assert first.running["code-server"].poll() is None
        first.kill("code-server")
        first.start("code-server")
        first.wait_for(lambda: "Started Dagster code server" in first.log("code-server").read_text())


@pytest.mark.night
@pytest.mark.slow
def test_a_code_server_in_the_background_of_a_shell_ends_when_it_is_asked(home: Home) -> None:
    with programs(home, "code-server") as some:
        some.kill("code-server")
        some.log("code-server").unlink()
        some.start("code-server", deaf=True)
        some.wait_for(lambda: "Started Dagster code server" in some.log("code-server").read_text())
        assert some.running["code-server"].poll() is None
        some.stop("code-server", 30)


def test_a_port_that_is_taken_is_told(home: Home) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        answer = home.command("--json", "dagster", "web", "--port", str(port), now=NOW)
    assert answer.refused == "port-taken"
    assert str(port) in answer.err


def test_a_home_too_deep_for_a_socket_is_told(home: Home) -> None:
    deep = Home(home.path / ("x" * 100))
    for program in ("code-server", "daemon", "web"):
        answer = deep.command("--json", "dagster", program, now=NOW)
        assert answer.refused == "path-too-long"
