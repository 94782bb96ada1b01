"""``make dev``: Dagster's web UI and daemon and the portal on sample data, on this machine only, until Ctrl-C.

A home of its own (``var/dev``) is filled once by living the sample month; then the product's clock runs on from the
next business morning and three fresh uploads are dropped, so that there is something to watch: two that are booked, and
one that comes too late and waits for the desk.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

from daicho.clock import Clock
from daicho.references import calendar_of, reference_of
from daicho.running import dagster_home
from daicho.settings import Settings
from daicho.store import Store
from sensors.windows import TOKYO

PROJECT = Path(__file__).resolve().parent.parent
PORT = 3000
PORTAL_PORT = 8000
_UPLOADS = (("enterprise", 200, 0), ("simplified-notice", 60, 0), ("enterprise", 5, 75))
"""Product, records, days by which it comes too late (then it is held, and the desk has something to decide)."""


def main() -> int:
    """Prepares the sample home if needed, starts the servers and waits for Ctrl-C."""
    for port in (PORT, PORTAL_PORT):
        if _taken(port):
            print(
                f"ポート {port} は別のプログラムが使っています。終了させてから make dev をやり直してください。",
                file=sys.stderr,
            )
            return 2
    os.environ.setdefault("DAICHO_HOME", str(PROJECT / "var" / "dev"))
    os.environ.pop("DAICHO_NOW", None)
    home = Settings.from_env().home
    marker = home / "dev.json"
    if not marker.exists():
        _live_the_sample_month(home)
        marker.write_text(json.dumps({"sample": "lived"}), encoding="utf-8")
    morning = _next_morning(Store.open())
    os.environ["DAICHO_NOW"] = f"@{morning.replace(tzinfo=None).isoformat()}"
    (home / "clock.json").unlink(missing_ok=True)
    store = Store.open()
    os.environ["DAGSTER_HOME"] = str(dagster_home(store))
    # Ended by a supervisor, or interrupted where a shell started it in the background: stop the servers as well.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    daicho = [sys.executable, "-c", "import sys; from daicho.cli import main; sys.exit(main())"]
    # The portal is a command like others: nothing of it is imported here.
    subprocess.run([*daicho, "portal", "demo"], check=True, cwd=PROJECT)
    subprocess.run([*daicho, "portal", "feed"], check=True, cwd=PROJECT)
    servers = _start(home / "servers.log", [*daicho, "portal", "serve", "--port", str(PORTAL_PORT)])
    try:
        _wait_for(f"http://127.0.0.1:{PORTAL_PORT}/login/")
        _wait_for(f"http://127.0.0.1:{PORT}/server_info")
        _drop_something(store)
        print(
            f"\n  Dagster        http://127.0.0.1:{PORT}\n"
            f"  ポータル       http://127.0.0.1:{PORTAL_PORT}  (ログインは上の表)\n"
            f"  受付フォルダ   {home / 'drop'}/<保険利用者コード>/\n"
            f"  製品の時計     {morning:%Y-%m-%d %H:%M} から進みます\n"
            f"  コマンド       DAICHO_HOME={home} DAICHO_NOW='{os.environ['DAICHO_NOW']}' .venv/bin/daicho status\n"
            f"  サーバの記録   {home / 'servers.log'}\n"
            "  終了           Ctrl-C\n",
            flush=True,
        )
        while all(server.poll() is None for server in servers):
            time.sleep(0.5)
        print("サーバが終了しました。", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(servers)


def _live_the_sample_month(home: Path) -> None:
    print("サンプルの4か月を処理しています(初回だけ、1~2分)…", flush=True)
    script = PROJECT / "sample_ledgers" / "run.py"
    subprocess.run([sys.executable, str(script), "--home", str(home)], check=True, cwd=PROJECT)


def _next_morning(store: Store) -> datetime:
    """09:00 of the first business day after everything that happened in this home."""
    happened = [datetime.fromisoformat(event["at"]) for event in store.events.events()]
    last = max(happened, default=Clock().now()).astimezone(TOKYO)
    day = calendar_of(reference_of(store)).next_business_day(last.date())
    return datetime.combine(day, clock_time(9, 0), TOKYO)


def _drop_something(store: Store) -> None:
    """Generated uploads in the drop, for the sensor to find."""
    from pipelines.generate import generate
    from schemas.products import Product

    reference, today = reference_of(store), store.clock.now().date()
    for name, lines, late in _UPLOADS:
        made_for = today - timedelta(days=late)
        frame = generate(Product(name), lines, made_for.toordinal(), reference, made_for, 0.0)
        holder = frame["policyholder_code"][0]
        folder = store.settings.home / "drop" / holder
        folder.mkdir(parents=True, exist_ok=True)
        content = frame.write_csv(line_terminator="\r\n").encode("cp932")
        told = {"product": name, "user": f"{holder}000", "count": frame.height, "size": len(content)}
        path = folder / f"{name}_{frame.height}_{today:%m%d}.csv"
        path.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
        temporary = path.with_suffix(".part")
        temporary.write_bytes(content)
        temporary.rename(path)


def _start(log: Path, portal: list[str]) -> list[subprocess.Popen[bytes]]:
    folder = Path(sys.executable).parent
    workspace = ["-w", str(PROJECT / "workspace.yaml")]
    commands = [
        [
            str(folder / "dagster-webserver"),
            "-h",
            "127.0.0.1",
            "-p",
            str(PORT),
            *workspace,
            "--log-level",
            "warning",
        ],
        [str(folder / "dagster-daemon"), "run", *workspace, "--log-level", "warning"],
        portal,
    ]
    # Groups of their own: Ctrl-C reaches this process alone, which stops them in order.
    with log.open("ab") as output:
        return [
            subprocess.Popen(command, cwd=PROJECT, start_new_session=True, stdout=output, stderr=output)
            for command in commands
        ]


def _taken(port: int) -> bool:
    """Whether somebody listens there already; its greeting would pass for ours."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(url: str, seconds: int = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError(f"{url} が{seconds}秒以内に応答しませんでした。")


def _stop(servers: list[subprocess.Popen[bytes]]) -> None:
    for server in servers:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGINT)
    for server in servers:
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
