"""``make dev``: Dagster's web UI, daemon and code server and the portal on sample data, on this machine only, until Ctrl-C.

A home of its own (``var/dev``) is filled once by living the sample months; then the product's clock runs on from the
next business morning and three fresh uploads are dropped, so that there is something to watch: two that are booked, and
one that comes too late and waits for the desk. Ctrl-C ends it at any time, and what was half prepared is begun anew.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from daicho.folders import Folder, keep_private
from daicho.settings import Settings
from schemas.submission import DROP, DROP_MODE

if TYPE_CHECKING:
    from daicho.store import Store

PROJECT = Path(__file__).resolve().parent.parent
PORT = 3000
PORTAL_PORT = 8000
_DAICHO = [sys.executable, "-c", "import sys; from daicho.cli import main; sys.exit(main())"]
_UPLOADS = (("enterprise", 200, 0), ("simplified-notice", 60, 0), ("enterprise", 5, 75))
"""Product, records, days by which it comes too late (then it is held, and the desk has something to decide)."""
_GRACE_SECONDS = 1.0
"""What servers get to end by themselves; whoever pressed Ctrl-C waits little longer than that."""


class _Children:
    """The processes that were started here, each with a group of its own: Ctrl-C reaches this process alone, which ends
    them all with everything that they started.
    """

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str) -> None:
        """One step of the preparation, to its end.

        Raises:
            subprocess.CalledProcessError: when it fails.
        """
        process = self._start(command)
        if code := process.wait():
            raise subprocess.CalledProcessError(code, command)
        self._started.remove(process)

    def serve(self, log: Path, *command: str) -> None:
        """A server, which writes into the log."""
        with log.open("ab") as output:
            self._start(command, output)

    def all_live(self) -> bool:
        """Whether no server ended."""
        return all(process.poll() is None for process in self._started)

    def stop(self) -> None:
        """Ends all of them, by force what does not end soon."""
        for process in self._started:
            _signal(process, signal.SIGINT)
        deadline = time.monotonic() + _GRACE_SECONDS
        while (
            not all(process.poll() is not None for process in self._started) and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        for process in self._started:
            _signal(process, signal.SIGKILL)  # also what a server that ended has left behind
            process.wait()

    def _start(self, command: Sequence[str], output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, cwd=PROJECT, start_new_session=True, stdout=output, stderr=output)
        self._started.append(process)
        return process


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepares the sample home if needed, starts the servers and waits for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make dev")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"Dagster の画面 (既定 {PORT})")
    parser.add_argument(
        "--portal-port", type=int, default=PORTAL_PORT, metavar="N", help=f"ポータル (既定 {PORTAL_PORT})"
    )
    ports = parser.parse_args(arguments)
    keep_private()
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # Ended by a supervisor, or interrupted where a shell started it in the background: end the children as well.
    for number in ends:
        signal.signal(number, signal.default_int_handler)
    children = _Children()
    try:
        return _serve(children, ports.port, ports.portal_port)
    except KeyboardInterrupt:
        return 0
    except subprocess.CalledProcessError as failed:
        print(
            f"準備に失敗しました(終了コード {failed.returncode})。上の出力を確認してください。",
            file=sys.stderr,
        )
        return 3
    finally:
        for number in ends:
            signal.signal(number, signal.SIG_IGN)
        children.stop()


def _serve(children: _Children, port: int, portal_port: int) -> int:
    from daicho.serving import taken

    for number, option in ((port, "PORT"), (portal_port, "PORTAL_PORT")):
        if taken(number):
            print(
                f"ポート {number} は別のプログラムが使っています。終了させるか、make dev {option}=番号 で別の番号を指定してください。",
                file=sys.stderr,
            )
            return 2
    os.environ.setdefault("DAICHO_HOME", str(PROJECT / "var" / "dev"))
    os.environ.pop("DAICHO_NOW", None)
    home = Settings.from_env().home.resolve()
    os.environ["DAICHO_HOME"] = str(home)
    print(
        f"  Dagster        http://127.0.0.1:{port}\n"
        f"  ポータル       http://127.0.0.1:{portal_port}\n"
        "  準備ができるとここで開きます。終了は、準備の間も Ctrl-C。\n",
        flush=True,
    )
    if not (home / "dev.json").exists() and not _live_the_sample_months(children, home):
        return 2
    _say("2/4", "製品の時計を次の営業日の朝に合わせています…")
    from daicho.store import Store

    morning = _next_morning(Store.open())
    os.environ["DAICHO_NOW"] = f"@{morning.replace(tzinfo=None).isoformat()}"
    (home / "clock.json").unlink(missing_ok=True)
    # The portal is a command like others: nothing of it is imported here.
    _say("3/4", "ポータルのログインを用意し、処理の結果を反映しています…")
    children.run(*_DAICHO, "portal", "demo")
    children.run(*_DAICHO, "portal", "feed")
    _say("4/4", "サーバを起動しています…")
    log = home / "servers.log"
    children.serve(log, *_DAICHO, "dagster", "code-server")
    children.serve(log, *_DAICHO, "dagster", "daemon")
    children.serve(log, *_DAICHO, "dagster", "web", "--port", str(port))
    children.serve(log, *_DAICHO, "portal", "serve", "--port", str(portal_port))
    for url in (f"http://127.0.0.1:{portal_port}/login/", f"http://127.0.0.1:{port}/server_info"):
        if not _answers(url, children):
            print(f"{url} が応答しません。サーバの記録 {log} を確認してください。", file=sys.stderr)
            return 3
    _drop_something(Store.open())
    print(
        f"\n  Dagster        http://127.0.0.1:{port}\n"
        f"  ポータル       http://127.0.0.1:{portal_port}  (ログインは上の表)\n"
        f"  受付フォルダ   {home / 'drop'}/<保険利用者コード>/\n"
        f"  製品の時計     {morning:%Y-%m-%d %H:%M} から進みます\n"
        f"  コマンド       DAICHO_HOME={home} DAICHO_NOW='{os.environ['DAICHO_NOW']}' .venv/bin/daicho status\n"
        f"  サーバの記録   {log}\n"
        "  終了           Ctrl-C\n",
        flush=True,
    )
    while children.all_live():
        time.sleep(0.2)
    print(f"サーバが終了しました。記録: {log}", file=sys.stderr)
    return 3


def _live_the_sample_months(children: _Children, home: Path) -> bool:
    """Fills the home, or leaves none: it is prepared beside its place and moved there when it is whole."""
    if home.exists() and any(home.iterdir()):
        print(
            f"{home} は make dev が作ったものではありません。空のフォルダを DAICHO_HOME に指定するか、中身を片付けてください。",
            file=sys.stderr,
        )
        return False
    _say("1/4", "サンプルの4か月を処理しています(初回だけ、1~2分)…")
    unfinished = home.with_name(f".{home.name}.preparing")
    shutil.rmtree(unfinished, ignore_errors=True)
    children.run(sys.executable, str(PROJECT / "sample_ledgers" / "run.py"), "--home", str(unfinished))
    (unfinished / "dev.json").write_text(json.dumps({"sample": "lived"}), encoding="utf-8")
    if home.exists():
        home.rmdir()
    unfinished.rename(home)
    return True


def _say(step: str, text: str) -> None:
    print(f"[{step}] {text}", flush=True)


def _next_morning(store: "Store") -> datetime:
    """09:00 of the first business day after everything that happened in this home."""
    from daicho.clock import Clock
    from daicho.references import calendar_of, reference_of
    from sensors.windows import TOKYO

    happened = [datetime.fromisoformat(event["at"]) for event in store.events.events()]
    last = max(happened, default=Clock().now()).astimezone(TOKYO)
    day = calendar_of(reference_of(store)).next_business_day(last.date())
    return datetime.combine(day, clock_time(9, 0), TOKYO)


def _drop_something(store: "Store") -> None:
    """Generated uploads in the drop, for the sensor to find."""
    from daicho.references import reference_of
    from pipelines.generate import generate
    from schemas.products import Product

    reference, today = reference_of(store), store.clock.now().date()
    for name, lines, late in _UPLOADS:
        made_for = today - timedelta(days=late)
        frame = generate(Product(name), lines, made_for.toordinal(), reference, made_for, 0.0)
        holder = frame["policyholder_code"][0]
        content = frame.write_csv(line_terminator="\r\n").encode("cp932")
        told = {"product": name, "user": f"{holder}000", "count": frame.height, "size": len(content)}
        stem = f"{name}_{frame.height}_{today:%m%d}"
        with (
            Folder.made_at(store.settings.home / DROP, DROP_MODE) as drop,
            drop.inner(holder, 0o700) as folder,
        ):
            folder.write(f"{stem}.json", json.dumps(told).encode())
            folder.write(f"{stem}.csv", content)


def _answers(url: str, children: _Children, seconds: int = 180) -> bool:
    deadline = time.monotonic() + seconds
    while children.all_live() and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own server
            return True
        time.sleep(0.3)
    return False


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


if __name__ == "__main__":
    sys.exit(main())
