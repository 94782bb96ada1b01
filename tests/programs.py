"""The programs of Dagster over a home of a test, as processes: started, watched and ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.homes import BIN, TUESDAY, Home

PATIENCE_SECONDS = 300
_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
"""How a shell starts what it does not wait for."""


@dataclass
class Programs:
    """What runs over a home, by name (``code-server``, ``daemon``, ``web``)."""

    home: Home
    now: str
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *options: str, deaf: bool = False) -> None:
        """``daicho dagster NAME``, in a group of its own; deaf to Ctrl-C as in the background of a shell."""
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*(_BACKGROUND if deaf else ()), str(BIN / "daicho"), "dagster", name, *options],
                cwd=self.home.path.parent,
                env=self.home.environ(self.now),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        """What a program said."""
        return self.home.path.parent / f"{name}.log"

    def stop(self, name: str, seconds: float = PATIENCE_SECONDS) -> int:
        """Asks one program, and not its children, to end, and waits for it; its exit code."""
        process = self.running.pop(name)
        process.terminate()
        return process.wait(seconds)

    def kill(self, name: str) -> None:
        """One program and all its children are gone without having been asked."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_for(self, happened: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Until it happened; tells what the programs said when it does not."""
        deadline = time.monotonic() + seconds
        while not happened():
            for name, process in self.running.items():
                assert process.poll() is None, f"{name} ended: {self.said()}"
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def said(self) -> str:
        """The end of every log."""
        logs = {name: self.log(name) for name in ("code-server", "daemon", "web")}
        texts = {name: log.read_text(errors="replace") for name, log in logs.items() if log.exists()}
        return "\n".join(f"--- {name}\n{text[-3000:]}" for name, text in texts.items())


@contextmanager
def programs(home: Home, *names: str, now: str = f"@{TUESDAY}") -> Iterator[Programs]:
    """Code server and daemon (or those named) over a home, on a clock that runs."""
    all_ = Programs(home, now)
    try:
        for name in names or ("code-server", "daemon"):
            all_.start(name)
        yield all_
    finally:
        for process in all_.running.values():
            os.killpg(process.pid, signal.SIGINT)
        for process in all_.running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
