"""The programs of Dagster that run side by side over a home: code server, daemon and web UI (``daicho dagster``).

One code server loads the code, and daemon and web UI ask it over a socket in the home. Left to themselves, each of those
two starts a code server of its own, and the daemon starts a new one every minute (dagster-io/dagster#20444). Nothing here
stays: this process becomes the program, so that whoever watches over it (systemd, ``make dev``) watches over the real one.
"""

import fcntl
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from daicho.running import dagster_home, make_storage
from daicho.store import Store
from daicho.web_guard import HOSTS, OWN_HOSTS
from schemas.submission import Refusal

PROJECT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
LOCATION = "assets.definitions"
"""The code location's name: what Dagster keeps of sensors and schedules is filed under it."""
_LONGEST_SOCKET = 103
"""Bytes of a socket's path that every system takes (macOS 103, Linux 107)."""


def environment(store: Store) -> dict[str, str]:
    """What every program of Dagster over this home needs in its environment, beside that of daicho.

    Raises:
        Refusal: ``path-too-long`` when the home lies so deep that no socket fits into it.
    """
    home = dagster_home(store).resolve()
    path = home / "code.sock"
    if len(os.fsencode(path)) > _LONGEST_SOCKET:
        raise Refusal(
            "path-too-long",
            f"DAICHO_HOME のパスが長すぎて、コードサーバのソケット {path} を作れません。"
            f"{_LONGEST_SOCKET}バイトに収まる、短いパスのフォルダを DAICHO_HOME にしてください。",
        )
    return {
        "DAICHO_HOME": str(store.settings.home.resolve()),  # the programs need not stay in this folder
        "DAGSTER_HOME": str(home),
        "DAICHO_CODE_SOCKET": str(path),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        # Looks for runs that died, to start them again: that need not be known within five seconds.
        "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "30",
    }


def code_server(store: Store) -> NoReturn:
    """Becomes the code server of the home, which loads the code and starts the runs.

    Runs that an earlier one took with it when it was killed are told to Dagster as failed, which starts them again.

    Raises:
        Refusal: ``code-server-runs`` when this home has one already; ``path-too-long``.
    """
    environ = environment(store)
    _lock(Path(environ["DAGSTER_HOME"]))
    make_storage(Path(environ["DAGSTER_HOME"]))
    _tell_lost_runs(environ["DAGSTER_HOME"])
    where = ["-m", LOCATION, "-d", str(PROJECT), "--location-name", LOCATION]
    _become(environ, ["dagster", "api", "grpc", "-s", environ["DAICHO_CODE_SOCKET"], *where])


def daemon(store: Store) -> NoReturn:
    """Becomes the daemon, which looks after sensor, schedules and the queue of runs."""
    _become(environment(store), ["dagster-daemon", "run", *_workspace(), "--log-level", "warning"])


def web(store: Store, port: int, hosts: Sequence[str] = (), read_only: bool = False) -> NoReturn:
    """Becomes the web UI on this machine, behind the guard of ``web_guard``.

    ``hosts``: further host names answered to, as a reverse proxy hands them on. ``read_only``: it starts and changes nothing.

    Raises:
        Refusal: ``port-taken``.
    """
    if taken(port):
        raise Refusal(
            "port-taken",
            f"ポート {port} は別のプログラムが使っています。それを終了させるか、--port で別の番号を指定してください。",
        )
    told = ["-h", HOST, "-p", str(port), *_workspace(), "--log-level", "warning"]
    environ = {**environment(store), HOSTS: ",".join([*OWN_HOSTS, *hosts])}
    _become(
        environ, ["python", "-P", "-m", "daicho.web_guard", *told, *(["--read-only"] if read_only else [])]
    )


def taken(port: int) -> bool:
    """Whether somebody listens there already; its greeting would pass for ours."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _workspace() -> list[str]:
    return ["-w", str(PROJECT / "workspace.yaml")]


def _become(environ: dict[str, str], command: Sequence[str]) -> NoReturn:
    make_storage(Path(environ["DAGSTER_HOME"]))
    program = sys.executable if command[0] == "python" else str(Path(sys.executable).parent / command[0])
    sys.stdout.flush()
    # A shell starts what runs in its background deaf to Ctrl-C; Dagster would answer SIGTERM the same way, with nothing.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execve(program, [program, *command[1:]], {**os.environ, **environ})


def _lock(home: Path) -> None:
    """Held until the process ends: gRPC would let a second server take the socket over without a word."""
    lock = os.open(home / "code.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode("ascii", "replace").strip() or "?"
        os.close(lock)
        raise Refusal(
            "code-server-runs",
            f"このホームのコードサーバはすでに動いています(プロセス {holder})。"
            "新しい版を取り込むには、そちらを終了させてから起動してください。",
        ) from None
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    os.set_inheritable(lock, True)  # by the program that this process becomes; its runs do not get it


def _tell_lost_runs(home: str) -> None:
    """Runs are children of the code server. Those still open while none runs have died with it, and nobody noticed:
    the sensor would wait for them for hours.
    """
    import dagster as dg
    from dagster._core.storage.tags import GRPC_INFO_TAG

    open_ = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    with dg.DagsterInstance.from_config(home) as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=open_)):
            if GRPC_INFO_TAG in run.tags:  # not one of `daicho run`, which lives in a process of its own
                instance.report_run_failed(run, "コードサーバとともに終了しました。")
