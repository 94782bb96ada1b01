"""What ``daicho portal …`` does: serve, demo, routes, mails, lift. Django is set up here and nowhere earlier."""

import csv
import io
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import django
from django.conf import settings as configured

from daicho.settings import Settings
from portal_stub.configuration import values
from schemas.submission import Refusal

HOST = "127.0.0.1"
SAMPLES = Path(__file__).resolve().parent.parent / "sample_ledgers" / "reference"
DEMO_PASSWORD = "Daicho-demo.1"
_MAIL_SECONDS = 2
_DEMO_SETTINGS = (
    "# 試用環境です。メールはどこにも送信されず、画面に並びます。\ndevelopment = true\n"
    "# 夜間・休日でも試せるように、利用時間の制限を外しています。\nservice_hours = false\n"
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
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Refusal(
                "port-taken",
                f"ポート {port} は使えません（{error.strerror}）。--port で別の番号を指定してください。",
            ) from error
    set_up()
    _migrate()
    if configured.PORTAL.base_url == type(configured.PORTAL).base_url:
        configured.PORTAL = replace(configured.PORTAL, base_url=f"http://{HOST}:{port}")
    import waitress

    from portal_stub.wsgi import application

    threading.Thread(target=_send_mails_forever, daemon=True, name="mails").start()
    say(f"ポータル: http://{HOST}:{port}/ （終了は Ctrl-C）")
    options: dict[str, Any] = {"host": HOST, "port": port, "threads": 8, "ident": None}
    if proxy := configured.PORTAL.trusted_proxy:
        options |= {
            "trusted_proxy": proxy,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
            "clear_untrusted_proxy_headers": True,
        }
    waitress.serve(application, **options)


def _send_mails_forever() -> None:
    from django.db import close_old_connections

    from portal_stub.mails.sending import send_due

    while True:
        try:
            send_due()
        except Exception:
            # The next round tries again; the portal itself must not suffer (S-038).
            logging.getLogger(__name__).exception("the outbox could not be worked off")
        close_old_connections()
        time.sleep(_MAIL_SECONDS)


def mails() -> dict[str, int]:
    """Sends once what is due in the outbox."""
    set_up()
    _migrate()
    from portal_stub.mails.models import Mail, State
    from portal_stub.mails.sending import send_due

    sent, failed = send_due()
    return {"sent": sent, "failed": failed, "waiting": Mail.objects.filter(state=State.WAITING).count()}


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
    return _load_demo()


def _in_use() -> Refusal:
    return Refusal(
        "no-demo-home",
        "このホームは試用環境ではありません。DAICHO_HOME に別のフォルダを指定してください。",
    )


def _load_demo() -> list[dict[str, str]]:
    from django.db import transaction

    from portal_stub import clock
    from portal_stub.accounts.models import Agreement, Holder, User
    from portal_stub.accounts.rules import create_administrator, create_staff
    from portal_stub.buyers.demo import load as load_buyers
    from portal_stub.pages.models import Notice, Office

    person = {"phone": "03-0000-0000", "department": "見本事業部", "title": "事業部長"}
    with transaction.atomic():
        for row in _rows("policyholders.csv"):
            holder, new = Holder.objects.get_or_create(
                code=row["holder"],
                defaults={
                    "name": row["name"],
                    "name_kana": "ミホン",
                    "postal_code": "100-0000",
                    "address": "東京都架空区見本1-1-1",
                    "phone": "03-0000-0000",
                    "registered_address": "東京都架空区見本1-1-1",
                    "representative_title": "代表取締役",
                    "representative_name": "見本 太郎",
                    "otp_required": row["holder"] == "990000002",
                },
            )
            if new:
                mail = f"administrator@{holder.code}.example"
                create_administrator(holder, DEMO_PASSWORD, name="日本 太郎", mail=mail, **person)
        for row in _rows("agreements.csv"):
            Agreement.objects.get_or_create(
                holder=Holder.objects.get(code=row["holder"]),
                code=row["agreement_code"],
                defaults={"product": row["product"]},
            )
        _demo_applicants()
        load_buyers(_rows("buyers.csv"), _rows("country_categories.csv"))
        for login_id, role, name in (
            ("desk-1", "operator", "審査 一郎"),
            ("desk-2", "supervisor", "決裁 次子"),
        ):
            if not User.objects.filter(login_id=login_id).exists():
                create_staff(login_id, DEMO_PASSWORD, role, name=name, mail=f"{login_id}@desk.example")
        User.objects.update(must_change_password=False)
        if not Notice.objects.exists():
            Notice.objects.create(
                title="これは試用環境です",
                body="会社・人物・データはすべて架空です。",
                shown_from=clock.today(),
            )
            Office.objects.create(
                business="Webサービスの操作", office="お客様相談窓口（架空）", hours="平日 9:00–17:20"
            )
    users = User.objects.select_related("holder").order_by("kind", "login_id")
    return [
        {
            "login_id": user.login_id,
            "password": DEMO_PASSWORD,
            "kind": user.get_kind_display(),
            "name": user.name,
            "holder": user.holder.name if user.holder else "",
            "page": "/desk/login/" if user.is_staff_member else "/login/",
        }
        for user in users
    ]


def _demo_applicants() -> None:
    """Three 申込者 of the first holder, wide to narrow, and one of the holder with one-time passwords."""
    from portal_stub.accounts.models import User
    from portal_stub.accounts.rules import register_applicant

    wanted = [
        ("990000001", "貿易 花子", "apply", "all", "all"),
        ("990000001", "入力 次郎", "enter", "listed", "own"),
        ("990000001", "閲覧 三郎", "none", "none", "none"),
        ("990000002", "貿易 四郎", "apply", "all", "all"),
    ]
    for number, (code, name, entry, data, applications) in enumerate(wanted):
        administrator = User.objects.get(login_id=f"{code}000")
        codes = [row.code for row in administrator.holder.agreements.all()[:1]]
        user = register_applicant(
            administrator,
            {
                "mail": f"applicant{number}@{code}.example",
                "name": name,
                "phone": "",
                "department": "見本課",
                "title": "",
                "entry_right": entry,
                "data_scope": data,
                "application_scope": applications,
            },
            codes,
            once=f"demo-{number}",
        )
        if not user.check_password(DEMO_PASSWORD):
            user.set_password(DEMO_PASSWORD)
            user.save(update_fields=["password"])


def _rows(name: str) -> list[dict[str, str]]:
    with (SAMPLES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
