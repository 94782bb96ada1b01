"""What stands in ``portal.toml``: mixtures that would expose users refuse to start, and small slips do no harm."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

from daicho.settings import Settings, SettingsError
from portal_stub.configuration import PortalSettings, values
from portal_stub.pages.middleware import PrivatePages

HTTPS = {
    "base_url": "https://portal.example.jp",
    "allowed_hosts": "portal.example.jp",
    "trusted_proxy": "10.0.0.5",
}


def told(folder: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    words = {True: "true", False: "false"}
    lines = [
        f"{name} = {words[value] if isinstance(value, bool) else repr(value)}"
        for name, value in wanted.items()
    ]
    (folder / "portal.toml").write_text("\n".join(lines), encoding="utf-8")
    return values(Settings.from_env({"DAICHO_HOME": str(folder)}), secret="of a test")


def test_https_means_secure_cookies_and_hsts_without_another_word(tmp_path: Path) -> None:
    found = told(tmp_path, HTTPS)
    cookies = (found["SESSION_COOKIE_SECURE"], found["CSRF_COOKIE_SECURE"], found["SECURE_HSTS_SECONDS"])
    assert cookies == (True, True, 365 * 24 * 60 * 60)
    assert told(tmp_path, {})["SESSION_COOKIE_SECURE"] is False, (
        "on this machine alone it would let nobody in"
    )


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({**HTTPS, "secure_cookies": False}, "secure_cookies"),
        ({**HTTPS, "trusted_proxy": ""}, "trusted_proxy"),
        ({**HTTPS, "trusted_proxy": "*"}, "trusted_proxy"),
        ({**HTTPS, "trusted_proxy": "proxy.example.jp"}, "trusted_proxy"),
        ({**HTTPS, "development": True}, "development"),
        ({"development": True, "trusted_proxy": "127.0.0.1"}, "development"),
        ({**HTTPS, "allowed_hosts": "127.0.0.1,localhost"}, "allowed_hosts"),
        ({**HTTPS, "allowed_hosts": "portal.example.jp,*"}, "allowed_hosts"),
        ({**HTTPS, "allowed_hosts": "portal.example.jp,.example.jp"}, "allowed_hosts"),
        ({**HTTPS, "base_url": "http://portal.example.jp"}, "base_url"),
        ({**HTTPS, "base_url": "https://portal.example.jp/app"}, "base_url"),
        ({**HTTPS, "base_url": "https://user@portal.example.jp"}, "base_url"),
        ({**HTTPS, "base_url": "https://portal.example.jp:x"}, "base_url"),
        ({**HTTPS, "base_url": "portal.example.jp"}, "base_url"),
        ({**HTTPS, "base_url": "ftp://portal.example.jp"}, "base_url"),
    ],
)
def test_an_unsafe_mixture_refuses_to_start_and_names_what_to_change(
    tmp_path: Path, wanted: dict[str, Any], name: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        told(tmp_path, wanted)


@pytest.mark.django_db
@pytest.mark.parametrize("base", ["https://portal.example.jp", "https://portal.example.jp/"])
def test_forms_are_taken_whether_a_slash_stands_behind_the_address_or_not(tmp_path: Path, base: str) -> None:
    """Behind the proxy the browser names its origin, and Django compares it with what it was told."""
    found = told(tmp_path, {**HTTPS, "base_url": base})
    assert found["PORTAL"].base_url == "https://portal.example.jp", "links in mails have one slash"
    names = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_SECURE")
    with override_settings(**{name: found[name] for name in names}):
        client = Client(enforce_csrf_checks=True, headers={"host": "portal.example.jp"})
        token = client.get("/login/", secure=True).context["csrf_token"]
        form = {"csrfmiddlewaretoken": str(token), "login_id": "x", "password": "y"}
        headers = {"origin": "https://portal.example.jp", "referer": "https://portal.example.jp/login/"}
        # The proxy speaks HTTP with the portal: an origin is ours only because it was told.
        assert client.post("/login/", form, headers=headers).status_code == 200
        foreign = client.post("/login/", form, headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403


def test_without_a_file_the_portal_is_for_this_machine_alone(tmp_path: Path) -> None:
    assert PortalSettings.of(tmp_path) == PortalSettings()


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("/login/", True),
        ("?page=2", True),
        ("../check/", True),
        ("//evil.example/", False),
        ("/\\evil.example/", False),
        ("https://evil.example/", False),
        ("javascript:alert(1)", False),
        ("\\\\evil.example", False),
    ],
)
def test_no_page_leads_to_another_site(address: str, is_ours: bool) -> None:
    """Whoever puts an address together: it is looked at where every answer passes."""

    def page(_: HttpRequest) -> HttpResponse:
        return HttpResponse(status=302, headers={"Location": address})

    pages = PrivatePages(page)
    if is_ours:
        assert pages(HttpRequest()).headers["Location"] == address
    else:
        with pytest.raises(SuspiciousOperation):
            pages(HttpRequest())


def test_django_has_nothing_to_say_against_a_deployment(tmp_path: Path) -> None:
    """``check --deploy`` in a process of its own, since this one's Django is set up for tests."""
    told(tmp_path, HTTPS)
    environ = {**os.environ, "DAICHO_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal_stub.settings"}
    words = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    ran = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
