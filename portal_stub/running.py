"""What ``daicho portal …`` does: serve, demo, routes, mails, lift. Django is set up here and nowhere earlier."""

import io
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import django
from django.conf import settings as configured

from daicho.settings import Settings
from portal_stub.configuration import values
from schemas.reasons import of_system
from schemas.submission import Refusal

HOST = "127.0.0.1"
SAMPLES = Path(__file__).resolve().parent.parent / "sample_ledgers" / "reference"
_DEMO_SETTINGS = (
    "# 試用環境です。メールはどこにも送信されず、画面に並びます。\ndevelopment = true\n"
    "# 夜間・休日でも試せるように、利用時間の制限を外しています。\nservice_hours = false\n"
    "# デスクにもすぐ入れるように、担当者のワンタイムパスワードを省いています。\nstaff_otp = false\n"
)


def set_up(*, secret: str | None = None, quiet: bool = False) -> None:
    """Prepares Django for the home of the environment; with ``secret`` no key is made in it.

    ``quiet``: in a process that has a log of its own, Django keeps its hands off it.
    """
    if not configured.configured:
        told = values(Settings.from_env(), secret=secret)
        configured.configure(**told | ({"LOGGING_CONFIG": None} if quiet else {}))
    django.setup()


def prepare() -> None:
    """Makes the portal's database, or brings it up to date, and nothing else."""
    set_up()
    _migrate()


def _migrate() -> None:
    from django.core.management import call_command

    Settings.from_env().home.mkdir(parents=True, exist_ok=True)
    # What the check says when all is well is nobody's result.
    call_command("check", fail_level="ERROR", stdout=io.StringIO())
    call_command("migrate", interactive=False, verbosity=0)
    call_command("clearsessions")


def routes() -> list[dict[str, object]]:
    """Every page as declared (contract §4)."""
    set_up(secret="routes are listed, nothing is signed")
    from portal_stub import urls  # noqa: F401 - declares all pages
    from portal_stub.access import ROUTES

    return [route.row() for route in ROUTES.values()]


def serve(port: int, say: Callable[[str], None]) -> None:
    """Brings the database up to date and serves on this machine until Ctrl-C.

    Raises:
        Refusal: ``port-taken``.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise Refusal(
            "port-taken",
            f"ポート {port} は使えません（{of_system(error)}）。--port で別の番号を指定してください。",
        ) from error
    with listener:
        set_up()
        _migrate()
        if configured.PORTAL.base_url == type(configured.PORTAL).base_url:
            configured.PORTAL = replace(configured.PORTAL, base_url=f"http://{HOST}:{port}")
        from portal_stub import serving

        say(f"ポータル: http://{HOST}:{port}/ （終了は Ctrl-C）")
        options: dict[str, Any] = {}
        if proxy := configured.PORTAL.trusted_proxy:
            options = {
                "trusted_proxy": proxy,
                "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
                "clear_untrusted_proxy_headers": True,
            }
        workers = configured.PORTAL.processes or min(os.cpu_count() or 1, 8)
        serving.serve(listener, workers, options)


def mails() -> dict[str, int]:
    """Sends once what is due in the outbox."""
    set_up()
    _migrate()
    from portal_stub.mails.models import Mail, State
    from portal_stub.mails.sending import send_due

    sent, failed = send_due()
    return {"sent": sent, "failed": failed, "waiting": Mail.objects.filter(state=State.WAITING).count()}


def supervisor(login_id: str, name: str, mail: str) -> dict[str, str]:
    """The first supervisor of the desk, who adds the others there; tells the first password, once.

    Raises:
        Refusal: ``supervisor-exists``, ``staff-invalid``.
    """
    set_up()
    _migrate()
    from portal_stub.accounts.staffing import NotAllowed, first_supervisor
    from portal_stub.desk.forms import StaffForm

    typed = {"login_id": login_id, "name": name, "mail": mail, "role": "supervisor", "reason": "最初の担当者"}
    form = StaffForm(typed)
    if not form.is_valid():
        raise Refusal("staff-invalid", "".join(fault for faults in form.errors.values() for fault in faults))
    found = form.cleaned_data
    try:
        password = first_supervisor(found["login_id"], {"name": found["name"], "mail": found["mail"]})
    except NotAllowed as error:
        raise Refusal("supervisor-exists", str(error)) from error
    return {"login_id": found["login_id"], "password": password, "page": "/desk/login/"}


def lift(holder_code: str, by: str, reason: str) -> dict[str, str]:
    """Lifts the IPアドレス制限 of a holder whose 管理者 locked himself out (G-133).

    Raises:
        Refusal: ``unknown-holder``, ``reason-missing``.
    """
    set_up()
    _migrate()
    from portal_stub.accounts.models import Holder
    from portal_stub.accounts.rules import lift_addresses

    if not by.strip() or not reason.strip():
        raise Refusal("reason-missing", "--by と --reason には、解除した人と理由を書いてください。")
    holder = Holder.objects.filter(code=holder_code).first()
    if holder is None:
        raise Refusal("unknown-holder", f"保険利用者コード「{holder_code}」はポータルに登録されていません。")
    lift_addresses(holder, by, reason)
    return {"holder": holder.code, "addresses_restricted": "no"}


def demo() -> list[dict[str, str]]:
    """The holders of the samples with users of every kind; tells every login. Again: nothing new.

    Raises:
        Refusal: ``no-demo-home`` in a home that is in real use, ``no-samples`` without the sample files.
    """
    home = Settings.from_env().home
    file = home / "portal.toml"
    if not SAMPLES.is_dir():
        raise Refusal(
            "no-samples",
            f"見本のフォルダ {SAMPLES} がありません。ソースコードのあるフォルダで実行してください。",
        )
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        if (home / "portal.db").exists():
            raise _in_use()
        file.write_text(_DEMO_SETTINGS, encoding="utf-8")
    set_up()
    if not configured.PORTAL.development:
        raise _in_use()
    _migrate()
    from portal_stub.demo import load

    return load(SAMPLES)


def _in_use() -> Refusal:
    return Refusal(
        "no-demo-home",
        "このホームは試用環境ではありません。DAICHO_HOME に別のフォルダを指定してください。",
    )
