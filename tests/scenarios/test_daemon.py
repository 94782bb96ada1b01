"""The running daemon: somebody hands an upload in, and the papers come by themselves."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from daicho.running import dagster_home
from tests import kit
from tests.homes import BIN, LINE_YEN, PROJECT, TUESDAY, USER, Home, contracts

LIMIT_SECONDS = 90


@pytest.fixture
def daemon(home: Home) -> Iterator[Home]:
    """A home that a Dagster daemon of its own watches, on a clock that runs from Tuesday morning."""
    now = f"@{TUESDAY}"
    home.settings(drop_settle_seconds=1)
    environ = home.environ(now, DAGSTER_HOME=str(dagster_home(home.at())), DAGSTER_DISABLE_TELEMETRY="1")
    log = (home.path.parent / "daemon.log").open("wb")
    process = subprocess.Popen(
        [str(BIN / "dagster-daemon"), "run", "-w", str(PROJECT / "workspace.yaml")],
        cwd=PROJECT,
        env=environ,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    yield home
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    log.close()


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.req("D-001", "D-002")
def test_submitted_and_dropped_uploads_are_processed_without_anybody_s_help(daemon: Home) -> None:
    now = f"@{TUESDAY}"
    file = daemon.file(contracts("EX-1"))
    arguments = ("--product", "enterprise", "--holder", kit.HOLDER, "--user", USER, "--count", "1", "--json")
    sent = daemon.command("submit", str(file), *arguments, now=now)
    assert (sent.code, sent.json["status"]) == (0, "処理中")
    folder = daemon.path / "drop" / kit.HOLDER
    folder.mkdir(parents=True)
    (folder / "x.part").write_bytes(kit.csv_bytes(contracts("EX-2", currency="")))
    (folder / "x.part").rename(folder / f"enterprise_{kit.HOLDER}_1_x.csv")

    deadline = time.monotonic() + LIMIT_SECONDS
    lists: list[str] = []
    while len(lists) < 2:
        log = (daemon.path.parent / "daemon.log").read_text(encoding="utf-8", errors="replace")
        assert time.monotonic() < deadline, log[-3000:]
        time.sleep(0.5)
        store = daemon.at(now)
        lists = [
            row["submission_id"] for row in store.documents.find({"kind": "monitor_list"}, store.clock.now())
        ]
    first, second = daemon.command("status", "--json", now=now).json
    assert (first["status"], first["premium_total_yen"]) == ("処理完了", LINE_YEN)
    assert (second["status"], second["errors"]) == ("申請内容要確認", 1)
    for row in daemon.command("outputs", "--submission", "S00000001", "--json", now=now).json:
        if row["kind"] == "monitor_list":
            with open(row["path"], "rb") as paper:
                assert paper.read(5) == b"%PDF-"
    assert daemon.verify(TUESDAY) == []
