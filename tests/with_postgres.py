"""Runs on PostgreSQL the tests that meet a database: once more what ``make test`` ran on SQLite.

    python -m tests.with_postgres -n 2 -k mails
    python -m tests.with_postgres --collation ja-JP tests/portal/ledgers

By day (``--part day``) those run whose result hangs on the database: marked ``dialect``, for locks, races, what is sorted or
compared, migrations. ``--part night`` runs all others, and without ``--part`` all run. The server sorts by code points as
SQLite does, or with ``--collation`` as ICU does for a language: what relies on an order must name it.

What tests find in DAICHO_TEST_POSTGRES_URL is a server of this run. It is Debian's, or any on the PATH, made in a
temporary folder that is removed at the end. It listens on a socket
in that folder only, trusts who reaches it, and writes nothing for keeps. PostgreSQL refuses to run as root: root lets
it run as the user ``postgres``, or ``nobody``.
"""

import argparse
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.proofs import NIGHT

ROOMS = (
    "tests/portal",
    "tests/store/test_documents_and_findings.py",
    "tests/store/test_eventlog.py",
    "tests/store/test_settings.py",
)
ELSEWHERE = (
    "tests/portal/browser",  # serves homes of its own on SQLite, which the first half has done
    "tests/portal/test_access.py",  # what a page declares is the same on every database
    "tests/portal/estimates/test_rating.py",  # asks no database
    "tests/portal/entries/test_tree.py",
)
"""Rooms within those that need no second database."""
NOTHING_COLLECTED = 5
URL = "DAICHO_TEST_POSTGRES_URL"
TEXT = ("--encoding=UTF8", "--locale=C")
CODE_POINTS = "C"
PARTS = {
    "day": f"dialect and not {NIGHT}",
    "night": f"not dialect or {NIGHT}",
    "all": "",
}
"""Part → what ``-m`` selects."""
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
STARTS_WITHIN = 60.0


def program(name: str) -> str:
    """Where a program of PostgreSQL is; the newest version wins."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = shutil.which(
        name, path=os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")])
    )
    if found is None:
        raise SystemExit(f"{name} is missing: bash tests/setup_servers.sh")
    return found


def owner() -> pwd.struct_passwd | None:
    """Who runs the server in root's stead; None: who asks."""
    if os.getuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def sorting(collation: str) -> tuple[str, ...]:
    """What ``initdb`` is told about the order of texts."""
    return () if collation == CODE_POINTS else ("--locale-provider=icu", f"--icu-locale={collation}")


@contextmanager
def server(collation: str = CODE_POINTS) -> Iterator[str]:
    """A running server; its URL with the database ``daicho``."""
    folder = Path(tempfile.mkdtemp(prefix="daicho-pg-", dir="/tmp"))
    user = owner()
    other = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        made = subprocess.run(
            [
                *(program("initdb"), "-D", str(data), "-U", "daicho", "--auth=trust", "--no-sync"),
                *(*TEXT, *sorting(collation)),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            **other,
        )
        if made.returncode:
            raise SystemExit(f"initdb: {made.stderr}")
        options = [f"unix_socket_directories={folder}", "listen_addresses=", "max_connections=50", *FORGETFUL]
        command = [program("postgres"), "-D", str(data)]
        for option in options:
            command += ["-c", option]
        log = folder / "log"
        with log.open("w") as stream:
            running = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=folder, **other)
        try:
            _create(folder, running, log)
            yield f"postgresql://daicho@/daicho?host={folder}"
        finally:
            running.send_signal(signal.SIGINT)  # "fast": connections are ended
            running.wait(30)
    finally:
        shutil.rmtree(folder)


def _create(folder: Path, running: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    until = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            with psycopg.connect(host=str(folder), user="daicho", dbname="postgres", autocommit=True) as one:
                one.execute("CREATE DATABASE daicho")
            return
        except psycopg.OperationalError as error:
            if running.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"postgres: {log.read_text()}") from error
            time.sleep(0.05)


@contextmanager
def database(name: str) -> Iterator[str]:
    """A database of one's own on the server of this run; its URL."""
    import psycopg

    server_url = os.environ[URL].replace("+psycopg", "")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def arguments_for(given: Sequence[str]) -> list[str] | None:
    """The arguments of pytest: all rooms unless paths are given; None when no path given is in one."""
    paths = [argument for argument in given if _is_path(argument)]
    inside = [path for path in paths if path.startswith(ROOMS)]
    if paths and not inside:
        return None
    rest = [argument for argument in given if argument not in paths]
    return [*(inside or ROOMS), *rest, *(f"--ignore={path}" for path in ELSEWHERE)]


def _is_path(argument: str) -> bool:
    return not argument.startswith("-") and Path(argument.partition("::")[0]).exists()


def main(given: Sequence[str]) -> int:
    """Runs the tests; none that fit is no failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.with_postgres", allow_abbrev=False)
    parser.add_argument("--part", choices=PARTS, default="all")
    parser.add_argument("--collation", default=CODE_POINTS, help="C, or a locale of ICU such as ja-JP")
    options, rest = parser.parse_known_args(given)
    arguments = arguments_for(rest)
    if arguments is None:
        return 0
    # First, so that a -m among the arguments wins.
    selected = ["-m", PARTS[options.part]] if PARTS[options.part] else []
    with server(options.collation) as url:
        command = [sys.executable, "-m", "pytest", *selected, *arguments]
        code = subprocess.run(command, check=False, env={**os.environ, URL: url}).returncode
    return 0 if code == NOTHING_COLLECTED else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
