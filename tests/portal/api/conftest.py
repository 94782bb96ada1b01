"""Programs with tokens, and what they send."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.api import rules
from portal_stub.api.models import ApiToken, Scope
from tests import kit
from tests.homes import contracts

MADE: list[int] = []


def a_token(user: User, scope: str = "both", days: int = 30) -> tuple[ApiToken, str]:
    """A token of the user's holder that acts as him."""
    assert user.holder is not None
    administrator = User.objects.get(holder=user.holder, kind="administrator")
    MADE.append(1)
    return rules.make_token(
        administrator, user, "試験", Scope(scope), clock.today() + timedelta(days), f"once-{len(MADE)}"
    )


@dataclass
class Program:
    """A program of an exporter: no cookies, one token, answers as JSON."""

    text: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers=self.headers())

    def post(self, path: str, sent: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Any:
        return self.client.post(f"/api/v1{path}", sent, headers=self.headers() | (headers or {}), **more)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"} if self.text else {}

    def submit(self, *numbers: str, key: str = "", **changes: Any) -> Any:
        """Sends one line per export contract."""
        return self.post(
            "/submissions", upload(*numbers, **changes), {"Idempotency-Key": key} if key else None
        )


def upload(
    *numbers: str, name: str = "11月分.csv", content: bytes | None = None, **changes: Any
) -> dict[str, Any]:
    """What a good submission sends."""
    rows = contracts(*(numbers or ("EX-0001",)))
    file = SimpleUploadedFile(name, kit.csv_bytes(rows) if content is None else content)
    return {"product": "enterprise", "count": len(rows), "file": file} | changes


def code(reply: Any, status: int) -> str:
    """The code of a problem, which must be one in every respect."""
    assert reply.status_code == status, (reply.status_code, reply.content[:500])
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Content-Length"] == str(len(reply.content))
    told = reply.json()
    assert told["status"] == status
    assert told["type"] == f"urn:daicho:problem:{told['code']}"
    assert any(ord(character) > 0x3000 for character in told["detail"]), told
    assert not reply.cookies
    return str(told["code"])


@pytest.fixture(autouse=True)
def _pages() -> None:
    get_resolver().url_patterns  # noqa: B018 - declares all pages


@pytest.fixture
def program(db: None) -> Callable[..., Program]:
    """A program that acts as a user."""

    def made(user: User, scope: str = "both", days: int = 30) -> Program:
        return Program(a_token(user, scope, days)[1])

    return made
