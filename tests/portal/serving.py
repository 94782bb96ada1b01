"""A real portal for tests: ``daicho portal demo`` once, then ``daicho portal serve`` on loopback as a process.

Everything a user of the product has is there: the command line, migrations, waitress, static files, the outbox.
``Portal.as_at_start`` puts database and files back, so that tests which share a server share no deed.
"""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.homes import VARIABLES

DAICHO = [sys.executable, "-c", "import sys; from daicho.cli import main; sys.exit(main())", "portal"]
STARTS_WITHIN = 40.0


def environment(home: Path, **changes: str) -> dict[str, str]:
    """The environment of a portal of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return {**kept, "DAICHO_HOME": str(home), **changes}


def demo_home(home: Path, **changes: str) -> list[dict[str, str]]:
    """Makes a demo home; returns its logins."""
    done = subprocess.run(
        [*DAICHO, "demo", "--json"],
        env=environment(home, **changes),
        capture_output=True,
        text=True,
        check=True,
    )
    logins: list[dict[str, str]] = json.loads(done.stdout)
    return logins


@dataclass(frozen=True)
class Portal:
    """A running portal."""

    home: Path
    base: str
    """Its address without the slash."""
    pid: int

    def as_at_start(self) -> None:
        """Database and files as they were before the first request; sessions end with that."""
        kept = self.home / ".start"
        with closing(sqlite3.connect(kept / "portal.db")) as old, closing(self._database()) as new:
            old.backup(new)
        names = set((kept / "names").read_text(encoding="utf-8").splitlines())
        for path in sorted(_files(self.home), reverse=True):
            if str(path.relative_to(self.home)) not in names:
                path.unlink() if path.is_file() else path.rmdir()

    def keep_start(self) -> None:
        """Remembers what ``as_at_start`` goes back to."""
        kept = self.home / ".start"
        kept.mkdir()
        with closing(self._database()) as old, closing(sqlite3.connect(kept / "portal.db")) as new:
            old.backup(new)
        names = [str(path.relative_to(self.home)) for path in _files(self.home)]
        (kept / "names").write_text("\n".join(names), encoding="utf-8")

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.home / "portal.db", timeout=20)


def _files(home: Path) -> Iterator[Path]:
    """What lies in a home, except the database and what is remembered of it."""
    for path in home.rglob("*"):
        top = path.relative_to(home).parts[0]
        if not top.startswith(("portal.db", ".start", "server.log")):
            yield path


@contextmanager
def served(home: Path, **changes: str) -> Iterator[Portal]:
    """Serves a home until the block ends; an interrupt must end the server cleanly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home / "server.log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [*DAICHO, "serve", "--port", str(port)],
            env=environment(home, **changes),
            stdout=stream,
            stderr=stream,
        )
    try:
        portal = Portal(home, f"http://127.0.0.1:{port}", server.pid)
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                urllib.request.urlopen(f"{portal.base}/login/").close()
                break
            except OSError:
                told = log.read_text()
                assert server.poll() is None, told
                assert time.monotonic() < until, f"no answer within {STARTS_WITHIN} s: {told}"
                time.sleep(0.05)
        yield portal
    finally:
        server.send_signal(signal.SIGINT)
        try:
            assert server.wait(20) == 0, log.read_text()
        finally:
            server.kill()


def copy_of(home: Path, to: Path) -> Path:
    """A second home with the same data."""
    shutil.copytree(home, to)
    return to
