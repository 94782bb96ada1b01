"""A program as exporters write one: curl against a served portal, from the token of the page to the document."""

import http.cookiejar
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.homes import BIN
from tests.portal.browser.person import PASSWORD
from tests.portal.serving import Portal, demo_home, environment, served
from tests.with_postgres import URL, database

pytestmark = pytest.mark.slow
SAMPLES = Path(__file__).resolve().parents[3] / "sample_ledgers"
NOW = "2018-11-01T10:12:00"
ADMINISTRATOR = "990000001000"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Portal, dict[str, str]]]:
    """A served demo portal beside a pipeline with the samples' tables; on PostgreSQL when the tests are."""
    home = tmp_path_factory.mktemp("served") / "home"
    with ExitStack() as stack:
        changes = {"DAICHO_NOW": NOW}
        if URL in os.environ:
            name = f"programs_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
            changes["DAICHO_DATABASE_URL"] = stack.enter_context(database(name))
        demo_home(home, **changes)
        (home / "settings.toml").write_text("drop_settle_seconds = 0\n", encoding="utf-8")
        daicho(home, changes, "reference", "load", str(SAMPLES / "reference"))
        yield stack.enter_context(served(home, **changes)), changes


def daicho(home: Path, changes: dict[str, str], *words: str) -> str:
    """A command of the operator's on the same home."""
    done = subprocess.run(
        [str(BIN / "daicho"), *words],
        env=environment(home, **changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def a_token(base: str) -> str:
    """As the administrator makes it on the pages."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def send(path: str, page: str, **typed: str) -> str:
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        data = urllib.parse.urlencode({**hidden, **typed}).encode()
        return str(browser.open(base + path, data).read().decode())

    def get(path: str) -> str:
        return str(browser.open(base + path).read().decode())

    send("/login/", get("/login/"), login_id=ADMINISTRATOR, password=PASSWORD)
    typed = {"name": "試験", "login_id": ADMINISTRATOR, "scope": "both", "last_day": "2018-12-31"}
    check = send("/api-token-new/", get("/api-token-new/"), **typed, step="check")
    shown = re.search(r"daicho_[A-Za-z0-9_-]{43}", send("/api-token-new/", check, step="confirm", **typed))
    assert shown
    return shown[0]


def curl(base: str, token: str, *words: str) -> tuple[int, Any]:
    """Status and answer of one request, as the manual shows it."""
    done = subprocess.run(
        [
            "curl",
            "-s",
            "-w",
            "\n%{http_code}",
            "-H",
            f"Authorization: Bearer {token}",
            *words[1:],
            base + words[0],
        ],
        capture_output=True,
        check=True,
        timeout=60,
    )
    content, _, status = done.stdout.rpartition(b"\n")
    return int(status), json.loads(content)


@pytest.mark.night
def test_from_the_token_to_the_document_with_curl(
    portal: tuple[Portal, dict[str, str]], tmp_path: Path
) -> None:
    (here, changes), file = portal, SAMPLES / "month" / "1101_企総_10月契約分.csv"
    token = a_token(here.base)
    form = ("-F", "product=enterprise", "-F", "count=5", "-F", f"file=@{file}")
    status, asked = curl(here.base, token, "/api/v1/checks", *form)
    assert (status, asked["state"]) == (202, "waiting")
    key = ("-H", "Idempotency-Key: k-1")
    status, sent = curl(here.base, token, "/api/v1/submissions", *form, *key)
    assert status == 202, sent
    assert curl(here.base, token, "/api/v1/submissions", *form, *key) == (202, sent)
    status, refused = curl(here.base, token, "/api/v1/submissions", *form)
    assert (status, refused["code"]) == (409, "identical-upload")
    where = f"/api/v1/submissions/{sent['dispatch_id']}"
    assert curl(here.base, token, where)[1]["submission_id"] is None
    daicho(here.home, changes, "run", "intake")
    status, row = curl(here.base, token, where)
    assert (status, row["status"], row["errors"]) == (200, "処理完了", 0), row
    [told] = json.loads(daicho(here.home, changes, "status", row["submission_id"], "--json"))
    assert {name: row[name] for name in told if name != "received_at"} == {
        name: told[name] for name in told if name != "received_at"
    }
    assert curl(here.base, token, f"{where}/findings")[1]["total"] == row["warnings"]
    papers = curl(here.base, token, f"{where}/documents")[1]["items"]
    paper = next(one for one in papers if one["kind"] == "monitor_list" and one["format"] == "pdf")
    target = tmp_path / "monitor.pdf"
    words = ["-s", "-H", f"Authorization: Bearer {token}", "-o", str(target)]
    subprocess.run(
        ["curl", *words, f"{here.base}/api/v1/documents/{paper['document_id']}"], check=True, timeout=60
    )
    assert target.read_bytes().startswith(b"%PDF")
    assert target.stat().st_size == paper["size"]
    for _ in range(200):
        row = curl(here.base, token, f"/api/v1/checks/{asked['check_id']}")[1]
        if row["state"] in {"done", "failed"}:
            break
        time.sleep(0.1)
    assert row["state"] == "done", row
    assert row["premium_total_yen"] == told["premium_total_yen"] == 87541
    status, refused = curl(here.base, f"daicho_{'x' * 43}", where)
    assert (status, refused["code"]) == (401, "unauthorized")
    log = (here.home / "server.log").read_text()
    assert token not in log
    assert "Traceback" not in log


def test_head_tells_headers_only(
    portal: tuple[Portal, dict[str, str]],
) -> None:
    """What came after the headers would be read as the next answer."""
    port = int(portal[0].base.rpartition(":")[2])
    for path in ("/login/", "/api/v1/openapi.json"):
        request = f"HEAD {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(request.encode())
            told = b""
            while piece := line.recv(65536):
                told += piece
        head, _, content = told.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert b"Content-Length: " in head
        assert content == b""
