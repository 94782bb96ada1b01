"""A newcomer at a browser: asks for the URL, opens it, fills the forms."""

import re
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal_stub.mails.models import Mail
from portal_stub.registration import rules
from portal_stub.registration.models import Registration
from tests.portal.conftest import hidden

ADDRESS = "shinki@new.example"
PERSON = {
    "department": "総務部",
    "title": "",
    "person_name": "新規 太郎",
    "person_phone": "03-1234-5678",
    "mail": "kanri@new.example",
    "mail_again": "kanri@new.example",
    "otp_wish": "0",
}
_PLACE = {
    "company_kind": "company",
    "introducer": "",
    "name": "株式会社新規商事",
    "name_kana": "カブシキガイシャシンキショウジ",
    "postal_code": "1000001",
    "address": "東京都架空区新規1-2-3",
    "phone": "03-1111-2222",
    "homepage": "https://new.example/",
}
ANSWERS: dict[str, dict[str, str]] = {
    "head-office": {
        **_PLACE,
        **PERSON,
        "registered_same": "1",
        "registered_address": "",
        "representative_title": "代表取締役社長",
        "representative_name": "新規 一郎",
    },
    "branch": {**_PLACE, **PERSON, "name": "株式会社見本商事　大阪支店", "head_office_code": "123456789"},
    "web-user": {**PERSON, "holder_code": "555555555", "name": "株式会社登録済"},
}


def ask(client: Client, address: str = ADDRESS) -> Any:
    """Step 1, as typed."""
    page = client.get("/registration/mail/")
    return client.post("/registration/mail/", {"mail": address, "mail_again": address, **hidden(page)})


def mailed(kind: str = "registration-url") -> tuple[str, str]:
    """Path and password of the newest mail of a kind."""
    secret = Mail.objects.filter(kind=kind).order_by("-id")[0].secret
    path = re.search(r"https://portal\.example(\S+)", secret)
    password = re.search(r"登録用パスワード: (\S+)", secret)
    assert path
    assert password
    return path[1], password[1]


def pdf_text(content: bytes, folder: Path) -> str:
    """What a PDF says, without spaces."""
    path = folder / "document.pdf"
    path.write_bytes(content)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return re.sub(r"\s", "", done.stdout.decode())


class Newcomer:
    """One browser and what it has reached."""

    def __init__(self, kind: str = "head-office", **changes: str) -> None:
        self.client = Client()
        self.kind = kind
        self.answers = {**ANSWERS[kind], **changes}

    @property
    def row(self) -> Registration:
        return Registration.objects.order_by("-id")[0]

    def authenticate(self) -> "Newcomer":
        ask(self.client)
        path, password = mailed()
        assert self.client.post(path, {"password": password}).headers["Location"] == "/registration/kind/"
        return self

    def choose(self) -> "Newcomer":
        self.authenticate()
        reply = self.client.post("/registration/kind/", {"kind": self.kind})
        assert reply.headers["Location"] == "/registration/entry/"
        return self

    def enter(self, **changes: str) -> Any:
        typed = {**self.answers, "kind": self.kind, "step": "check", **changes}
        return self.client.post("/registration/entry/", typed)

    def confirm(self) -> "Newcomer":
        self.choose()
        reply = self.enter()
        assert reply.status_code == 302, reply.content.decode()
        assert reply.headers["Location"] == "/registration/check/"
        return self

    def agree(self) -> Any:
        page = self.client.get("/registration/terms/")
        return self.client.post("/registration/terms/", {**hidden(page), "agreed": "1"})

    def send(self) -> "Newcomer":
        self.confirm()
        assert self.agree().headers["Location"] == "/registration/print/"
        return self

    def in_process(self, arrived_on: date = date(2026, 4, 1)) -> Registration:
        self.send()
        rules.start_processing(self.row, "desk-1", arrived_on)
        return self.row


@pytest.fixture
def newcomer(db: None) -> Callable[..., Newcomer]:
    return Newcomer
