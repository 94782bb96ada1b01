"""The processes of the portal: one that dies is replaced, and none outlives the one that looks after them."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.portal.serving import DAICHO, Portal, demo_home, environment, served

pytestmark = pytest.mark.skipif(
    "DAICHO_TEST_POSTGRES_URL" in os.environ, reason="the processes are the same on every database"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo home with two answering processes, whatever this machine has."""
    made = tmp_path_factory.mktemp("processes") / "home"
    demo_home(made)
    with (made / "portal.toml").open("a", encoding="utf-8") as stream:
        stream.write("processes = 2\n")
    return made


def soon(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within ten seconds."""
    until = time.monotonic() + 10
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def children(portal: Portal) -> set[int]:
    return {child.pid for child in psutil.Process(portal.pid).children()}


def answers(portal: Portal) -> bool:
    with urllib.request.urlopen(f"{portal.base}/login/") as reply:
        return bool(reply.status == 200)


@pytest.mark.night
def test_each_process_that_dies_is_replaced(home: Path) -> None:
    with served(home) as portal:
        assert soon(lambda: len(children(portal)) == 5), "two that answer, three beside them"
        before = children(portal)
        for child in before:
            os.kill(child, signal.SIGKILL)
        assert soon(lambda: len(children(portal) - before) == 5)
        assert answers(portal)
        last = children(portal)
    assert soon(lambda: not any(psutil.pid_exists(child) for child in last))


def test_children_end_with_a_parent_that_was_killed(home: Path) -> None:
    port = 0
    with served(home) as portal:
        port = int(portal.base.rpartition(":")[2])
    server = subprocess.Popen([*DAICHO, "serve", "--port", str(port)], env=environment(home))
    assert soon(lambda: len(psutil.Process(server.pid).children()) == 5)
    left = [child.pid for child in psutil.Process(server.pid).children()]
    server.kill()
    server.wait(10)
    assert soon(lambda: not any(psutil.pid_exists(child) for child in left))


def test_a_port_that_is_taken_is_told(home: Path) -> None:
    with served(home) as portal:
        port = portal.base.rpartition(":")[2]
        second = subprocess.run(
            [*DAICHO, "serve", "--port", port],
            env=environment(home),
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == 2
    assert "は使えません" in second.stderr
