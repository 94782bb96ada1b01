"""What somebody typed is text on every page, and every answer has the headers that keep browsers safe."""

import html
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from portal_stub.configuration import PortalSettings, values
from portal_stub.procedures.models import Application, Document
from portal_stub.registration.models import Registration
from tests.portal.attacks.conftest import Scene, routes, undone
from tests.portal.attacks.pages import tags_of
from tests.portal.attacks.test_garbage import HIDDEN, QUERIES, known_items
from tests.portal.conftest import PASSWORD, World

pytestmark = pytest.mark.night

EVIL = '"><img src=x onerror=al()>'
ESCAPED = html.escape(EVIL)
KEYS = {"session_token", "token_hash", "password", "password_hash", "token", "request_key", "sha256", "slot"}
KEYS |= {
    "procedure",
    "subject",
    "network",
    "login_id",
    "registered_same",
    "search_name",
    "notice_hash",
    "item",
}
KEYS |= {"document", "value", "event", "verdict", "window", "channel", "product", "submission_id", "code"}


def _poison() -> None:
    """Markup in every column that holds words."""
    for model in apps.get_models():
        if not model.__module__.startswith("portal_stub"):
            continue
        names = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField)
            and not field.choices
            and not field.unique
            and not field.primary_key
            and field.name not in KEYS
            and (field.max_length or 999) >= len(EVIL)
        ]
        if names:
            model._default_manager.update(**dict.fromkeys(names, EVIL))
    Application.objects.update(
        told=[{"step": "entry", "title": EVIL, "rows": [[EVIL, EVIL, True, EVIL]]}],
        answers={"entry": {"name": EVIL, "kind": EVIL}},
    )
    for row in Registration.objects.exclude(answers={}):
        row.answers = {name: value if len(value) < 3 else EVIL for name, value in row.answers.items()}
        row.save()


def test_markup_in_every_word_that_is_kept(scene: Scene) -> None:
    before = {route.name for route in routes("GET")}
    _poison()
    shown, walked = 0, set()
    for route in routes("GET"):
        for who in {scene.who(route), "administrator", "staff_supervisor"}:
            client = scene.browsers[who]
            for address in scene.addresses(route):
                with undone(client):
                    reply = client.get(address)
                assert reply.status_code < 500, (address, getattr(reply, "exc_info", None))
                if reply.headers.get("Content-Type", "").startswith("text/html"):
                    assert not tags_of(reply, "img"), (who, address)
                    shown += ESCAPED in reply.content.decode()
                walked.add(route.name)
    assert walked == before
    assert shown > 60, "otherwise this test sees nothing"


def test_markup_that_comes_back_at_once(scene: Scene) -> None:
    shown = 0
    for route in routes("GET"):
        if not route.path.endswith(".pdf"):
            client = scene.browsers[scene.who(route)]
            with undone(client):
                reply = client.get(scene.address(route), dict.fromkeys(QUERIES, EVIL))
            if not reply.streaming:
                assert not tags_of(reply, "img"), route.path
                shown += ESCAPED in reply.content.decode()
    for route in routes("POST"):
        client, address = scene.browsers[scene.who(route)], scene.address(route)
        for form, step in product(known_items(scene, client, route, address), ("check", "edit")):
            with undone(client):
                reply = client.post(address, dict.fromkeys([*HIDDEN, *form.items], EVIL) | {"step": step})
            assert not tags_of(reply, "img"), address
            shown += ESCAPED in reply.content.decode()
    assert shown > 40, "otherwise this test sees nothing"


def test_a_page_of_markup_would_be_seen(scene: Scene) -> None:
    reply = scene.browsers["nobody"].get("/login/")
    reply.content += b'<p class=""><img src=x></p><p onclick="x">'
    assert tags_of(reply, "img") == 2


@pytest.mark.parametrize(
    "name",
    [
        'a"; filename="b.html.pdf',
        "a\r\nSet-Cookie: x=1.pdf",
        "資料（最終版）.pdf",
        "<img src=x onerror=al()>.pdf",
        "a;b'c%0d%0a.pdf",
        "\\..\\a.pdf",
    ],
)
def test_names_of_files_in_headers(scene: Scene, name: str) -> None:
    client, route = scene.browsers["administrator"], "/procedures/buyer-registration/"
    address = f"{route}{scene.drafts['buyer-registration'].token}/"
    upload = SimpleUploadedFile("x.pdf", b"%PDF-1.7 sample")
    body = encode_multipart(BOUNDARY, {"go": "attach", "file-other": upload})
    raw = name.replace("\\", "\\\\").replace('"', '\\"').encode()
    client.generic(
        "POST",
        f"{address}steps/attachments/",
        body.replace(b'filename="x.pdf"', b'filename="' + raw + b'"'),
        content_type=MULTIPART_CONTENT,
    )
    for row in Document.objects.filter(application__procedure="buyer-registration", size__gt=5):
        assert not {"/", "\\", "\r", "\n"} & set(row.name)
        reply = client.get(f"{address}documents/{row.pk}/")
        disposition = reply.headers["Content-Disposition"]
        assert disposition.startswith("attachment; ")
        assert not {"\r", "\n"} & set(disposition)
        assert "Set-Cookie" not in reply.headers
        assert disposition.count('filename="') <= 1
        assert reply.headers["Content-Type"] == "application/octet-stream"
        assert not tags_of(client.get(f"{address}steps/attachments/"), "img")


# ---------------------------------------------------------------------------------------------- headers
def _judge(reply: Any, about: Any) -> None:
    headers = reply.headers
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert part in policy, about
    assert "unsafe" not in policy, about
    assert headers["X-Content-Type-Options"] == "nosniff", about
    assert headers["Referrer-Policy"] == "same-origin", about
    assert headers["X-Frame-Options"] == "DENY", about
    assert headers["Cache-Control"] == "no-store", about
    kind, disposition = headers.get("Content-Type", ""), headers.get("Content-Disposition", "")
    if not kind.startswith("text/html") and reply.status_code == 200:
        assert disposition.startswith("attachment") or kind == "application/pdf", about


def test_headers_of_every_page(scene: Scene) -> None:
    for method in ("GET", "POST"):
        for route in routes(method):
            client = scene.browsers[scene.who(route)]
            with undone(client):
                reply = client.generic(method, scene.address(route))
            _judge(reply, (method, route.path))
            for cookie in reply.cookies.values():
                if not cookie.value:
                    continue  # taken away
                assert cookie["httponly"], route.path
                assert cookie["samesite"] == "Lax", route.path


def test_headers_of_every_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    found = {
        400: client.get("/", HTTP_HOST="evil.example"),
        403: client.post("/login/"),
        404: client.get("/nowhere/"),
        405: client.options("/login/"),
        413: client.post("/login/", CONTENT_LENGTH=str(10**10)),
    }
    monkeypatch.setattr("portal_stub.pages.views._notices", lambda: 1 / 0)
    found[500] = client.get("/")
    for status, reply in found.items():
        assert reply.status_code == status
        _judge(reply, status)


def test_cookies_are_secure_where_the_portal_is(scene: Scene, settings: Any, tmp_path: Any) -> None:
    from daicho.settings import Settings

    (tmp_path / "portal.toml").write_text("secure_cookies = true", encoding="utf-8")
    told = values(Settings.from_env({"DAICHO_HOME": str(tmp_path)}), secret="x")
    assert isinstance(told["PORTAL"], PortalSettings)
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS"):
        setattr(settings, name, told[name])
    login = {"login_id": scene.world.administrator.login_id, "password": PASSWORD}
    reply = Client().post("/login/", login, secure=True)
    assert reply.cookies["daicho_session"]["secure"]
    assert Client().get("/login/", secure=True).cookies["csrftoken"]["secure"]
    assert "max-age=31536000" in Client().get("/login/", secure=True).headers["Strict-Transport-Security"]
