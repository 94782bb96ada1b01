"""``make dev``: the address first, a word about every step, and nothing left behind after Ctrl-C at any time."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.homes import PROJECT, Home

END_SECONDS = 3.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Dev:
    """A running ``make dev`` over a home and ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.port, self.portal_port = home, free_port(), free_port()
        ports = ["--port", str(self.port), "--portal-port", str(self.portal_port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "daicho.dev", *ports],
            cwd=PROJECT,
            env=Home(home).environ(None),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        self.said: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line.rstrip())

    def hears(self, words: str, seconds: float = 400) -> None:
        """Waits until it says so."""
        deadline = time.monotonic() + seconds
        while not any(words in line for line in self.said):
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def interrupt(self) -> float:
        """Ctrl-C; the seconds until it ended well."""
        started = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        assert self._process.wait(30) == 0
        return time.monotonic() - started

    def left(self) -> list[str]:
        """Processes of this home that still live."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = str(self.home) in process.environ().get("DAICHO_HOME", "")
                if mine and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found

    def end(self) -> None:
        """By force, whatever happened."""
        for process in [*psutil.Process(self._process.pid).children(recursive=True)] if self._alive() else []:
            process.kill()
        self._process.kill()
        self._process.wait()

    def _alive(self) -> bool:
        return self._process.poll() is None


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    running = Dev(tmp_path / "dev")
    yield running
    running.end()


@pytest.mark.night
@pytest.mark.slow
def test_the_address_comes_first_and_ctrl_c_ends_the_preparation(dev: Dev) -> None:
    dev.hears("[1/4]")
    assert f"http://127.0.0.1:{dev.port}" in dev.said[0]
    assert f"http://127.0.0.1:{dev.portal_port}" in dev.said[1]
    dev.hears("reference load")
    assert any("sample_ledgers/run.py" in command or "daicho.dev" in command for command in dev.left())
    assert dev.interrupt() < END_SECONDS
    assert dev.left() == []
    assert not dev.home.exists(), "a home that is half prepared would pass for a whole one"


@pytest.mark.night
@pytest.mark.slow
def test_ctrl_c_ends_all_servers(tmp_path: Path) -> None:
    home = Home(tmp_path / "dev")
    loaded = home.command("reference", "load", str(PROJECT / "sample_ledgers" / "reference"), now=None)
    assert loaded.code == 0, loaded.err
    (home.path / "dev.json").write_text(json.dumps({"sample": "lived"}))
    dev = Dev(home.path)
    try:
        dev.hears("終了           Ctrl-C")
        steps = [line for line in dev.said if line.startswith("[")]
        assert [step[1:4] for step in steps] == ["2/4", "3/4", "4/4"]
        commands = " ".join(dev.left())
        for program in ("dagster api grpc", "dagster-daemon", "daicho.web_guard", "portal"):
            assert program in commands
        assert dev.interrupt() < END_SECONDS
        assert dev.left() == []
    finally:
        dev.end()


def test_a_port_that_is_taken_and_a_home_of_somebody_else_are_told(tmp_path: Path) -> None:
    home = tmp_path / "dev"
    home.mkdir()
    (home / "thesis.txt").write_text("mine")
    command = [sys.executable, "-m", "daicho.dev"]
    environ = Home(home).environ(None)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        answer = subprocess.run(
            [*command, "--port", port, "--portal-port", str(free_port())],
            env=environ,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 2
    assert f"ポート {port}" in answer.stderr
    assert "PORT=" in answer.stderr
    answer = subprocess.run(
        [*command, "--port", str(free_port()), "--portal-port", str(free_port())],
        env=environ,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert str(home) in answer.stderr
    assert [path.name for path in home.iterdir()] == ["thesis.txt"]
