"""A small world for the portal: one clock, two holders, users of every kind, browsers that are logged in."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models.signals import pre_save
from django.test import Client

from daicho.clock import Clock
from portal_stub import clock
from portal_stub.accounts import readers, rules
from portal_stub.accounts.models import Agreement, Holder, User
from portal_stub.desk.events import EVENTS
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from sensors.windows import TOKYO

PASSWORD = "Right-horse.1"
HOLDER, OTHER = "123456789", "987654321"


class Hand:
    """The hand on the clock."""

    def __init__(self) -> None:
        self.at = datetime(2026, 4, 1, 9, 0, tzinfo=TOKYO)

    def now(self) -> datetime:
        return self.at

    def on(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture(autouse=True)
def hand() -> Iterator[Hand]:
    moved = Hand()
    clock.use(moved)  # type: ignore[arg-type]
    yield moved
    clock.use(Clock())
    clock.use(None)


@pytest.fixture(autouse=True)
def _told_events() -> Iterator[None]:
    """No event is written into the internal log that the desk has no words for."""

    def look(instance: AuditEvent, **_: Any) -> None:
        assert instance.event in EVENTS, f"no words for {instance.event!r} in desk/events.py"

    pre_save.connect(look, sender=AuditEvent)
    yield
    pre_save.disconnect(look, sender=AuditEvent)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    """Files of the test's own, and no counts of another one's in memory."""
    cache.clear()
    settings.PORTAL_FILES = str(tmp_path / "portal-files")


@dataclass
class World:
    """Users by what they are; all have changed their first password."""

    holder: Holder
    administrator: User
    applicant: User
    """Widest rights."""
    enterer: User
    """入力権限のみ, one 特約, own applications."""
    reader: User
    """No right at all."""
    stranger: User
    """管理者 of another holder."""
    company_reader: User
    """全社閲覧用ID that reads ``holder`` and the holder of ``stranger``."""
    staff: User
    """審査・処理."""
    staff_reader: User
    staff_supervisor: User


def applicant(administrator: User, codes: tuple[str, ...] = (), **changes: Any) -> User:
    person = {
        "mail": "hanako@example.com",
        "name": "貿易 花子",
        "phone": "03-1111-2222",
        "department": "見本課",
        "title": "",
        "entry_right": "apply",
        "data_scope": "all",
        "application_scope": "all",
    } | changes
    user = rules.register_applicant(administrator, person, codes, once=f"test-{User.objects.count()}")
    return ready(user)


def ready(user: User) -> User:
    user.set_password(PASSWORD)
    user.must_change_password = False
    user.save()
    return user


@pytest.fixture
def world(db: None) -> World:
    def a_holder(code: str, name: str) -> User:
        holder = Holder.objects.create(
            code=code,
            name=name,
            registered_address="東京都架空区登記1-1",
            representative_name="代表 一郎",
            address="東京都架空区1-1",
        )
        for number, product in ((1, "enterprise"), (2, "simplified-notice")):
            Agreement.objects.create(holder=holder, code=f"{code[:8]}{number}", product=product)
        person = {
            "name": "日本 太郎",
            "mail": f"admin@{code}.example",
            "department": "総務部",
            "phone": "03-1",
        }
        return ready(rules.create_administrator(holder, PASSWORD, **person))

    administrator, stranger = a_holder(HOLDER, "見本商事"), a_holder(OTHER, "他社")
    desk = [
        ready(rules.create_staff(login_id, PASSWORD, role, name=name, mail=f"{login_id}@example.com"))
        for login_id, role, name in (
            ("desk-1", "operator", "審査 一郎"),
            ("desk-2", "reader", "照会 三郎"),
            ("desk-3", "supervisor", "決裁 次子"),
        )
    ]
    made = World(
        administrator.holder,
        administrator,
        applicant(administrator),
        applicant(
            administrator,
            (f"{HOLDER[:8]}1",),
            name="入力 次郎",
            entry_right="enter",
            data_scope="listed",
            application_scope="own",
        ),
        applicant(
            administrator, name="閲覧 三郎", entry_right="none", data_scope="none", application_scope="none"
        ),
        stranger,
        ready(
            readers.issue_reader(
                desk[0],
                administrator.holder,
                {
                    "mail": "all@example.com",
                    "name": "全社 花子",
                    "phone": "",
                    "department": "本社",
                    "title": "",
                },
                [OTHER],
                "依頼書による",
                once="test-reader",
            )
        ),
        *desk,
    )
    Mail.objects.all().delete()
    return made


@pytest.fixture
def visit(db: None) -> Callable[..., Client]:
    """A browser, logged in when a user is named; with ``otp`` the one-time password was entered."""

    def browser(
        user: User | None = None, *, otp: bool = False, password: str = PASSWORD, **options: Any
    ) -> Client:
        client = Client(**options)
        if user is not None:
            path = "/desk/login/" if user.is_staff_member else "/login/"
            reply = client.post(path, {"login_id": user.login_id, "password": password})
            assert reply.status_code == 302, reply.content.decode()
        if otp:
            client.post("/otp/issue/")
            reply = client.post("/otp/", {"code": last_mail("one-time-password").secret})
            assert reply.status_code == 302, reply.content.decode()
        return client

    return browser


def last_mail(kind: str) -> Mail:
    found = Mail.objects.filter(kind=kind).order_by("-id").first()
    assert found is not None, f"no mail of kind {kind}"
    return found


def text(reply: Any) -> str:
    """The words of a page, tags away."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def hidden(reply: Any) -> dict[str, Any]:
    """What a check page carries."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", reply.content.decode()):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            found.setdefault(name[1], []).append(value[1] if value else "")
    return dict(found)
