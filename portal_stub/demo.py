"""What a demo home holds: the companies of the samples, all of them made up, and something in every list."""

import csv
from pathlib import Path

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import Agreement, Holder, User
from portal_stub.accounts.rules import create_administrator, create_staff, register_applicant
from portal_stub.buyers.demo import load as load_buyers
from portal_stub.desk.demo import load as load_desk
from portal_stub.entries.demo import load as load_entries
from portal_stub.holders.demo import load_applications, load_banks
from portal_stub.inquiries.demo import load as load_inquiries
from portal_stub.ledgers.demo import load as load_ledgers
from portal_stub.pages.models import Notice

DEMO_PASSWORD = "Daicho-demo.1"


def load(samples: Path) -> list[dict[str, str]]:
    """The holders of the samples with users of every kind, banks, buyers and applications; every login. Again: nothing new."""
    person = {"phone": "03-0000-0000", "department": "見本事業部", "title": "事業部長"}
    with transaction.atomic():
        for row in _rows(samples / "policyholders.csv"):
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
        for row in _rows(samples / "agreements.csv"):
            Agreement.objects.get_or_create(
                holder=Holder.objects.get(code=row["holder"]),
                code=row["agreement_code"],
                defaults={"product": row["product"]},
            )
        _demo_applicants()
        load_banks()
        load_buyers(_rows(samples / "buyers.csv"), _rows(samples / "country_categories.csv"))
        for login_id, role, name in (
            ("desk-1", "operator", "審査 一郎"),
            ("desk-2", "supervisor", "決裁 次子"),
            ("desk-3", "reader", "照会 三子"),
        ):
            if not User.objects.filter(login_id=login_id).exists():
                create_staff(login_id, DEMO_PASSWORD, role, name=name, mail=f"{login_id}@desk.example")
        load_desk(User.objects.get(login_id="desk-1"), DEMO_PASSWORD)
        User.objects.update(must_change_password=False)
        load_entries(User.objects.get(login_id="990000001001"))
        load_applications(User.objects.get(login_id="990000001000"), User.objects.get(login_id="desk-1"))
        load_inquiries(User.objects.get(login_id="desk-1"))
        load_ledgers(samples, ("990000001000", "990000001001"))
        if not Notice.objects.exists():
            Notice.objects.create(
                title="これは試用環境です",
                body="会社・人物・データはすべて架空です。",
                shown_from=clock.today(),
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


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
