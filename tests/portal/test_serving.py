"""The real server on loopback: it migrates, serves with its static files, sends its mails, and stops."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest

DAICHO = [sys.executable, "-c", "import sys; from daicho.cli import main; sys.exit(main())", "portal"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Address of a demo portal, and its logins."""
    home = tmp_path_factory.mktemp("served") / "home"
    environ = {**os.environ, "DAICHO_HOME": str(home)}
    for name in ("DAICHO_DATABASE_URL", "DAICHO_NOW"):
        environ.pop(name, None)
    demo = subprocess.run(
        [*DAICHO, "demo", "--json"], env=environ, capture_output=True, text=True, check=True
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (home / "log").open("w") as log:
        server = subprocess.Popen([*DAICHO, "serve", "--port", str(port)], env=environ, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"{base}/login/")
                    break
                except OSError:
                    assert server.poll() is None, (home / "log").read_text()
                    time.sleep(0.1)
            yield base, json.loads(demo.stdout)
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(20) == 0


def test_login_one_time_password_and_back_over_http(served: tuple[str, list[dict[str, str]]]) -> None:
    base, logins = served
    login = next(row for row in logins if row["login_id"] == "990000002001")
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(path: str) -> str:
        return str(browser.open(base + path).read().decode())

    def send(page: str, path: str, **typed: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        data = urllib.parse.urlencode({**typed, "csrfmiddlewaretoken": token[1]}).encode()
        return str(browser.open(base + path, data).read().decode())

    menu = send(get("/login/"), "/login/", login_id=login["login_id"], password=login["password"])
    assert "みほん商事" in menu
    assert {cookie.name for cookie in jar if cookie.has_nonstandard_attr("HttpOnly")} >= {"daicho_session"}
    for asset in re.findall(r'(?:href|src)="(/static/[^"]+)"', menu):
        assert browser.open(base + asset).status == 200
    with pytest.raises(urllib.error.HTTPError, match="403"):
        get("/holder/")
    entry = send(menu, "/otp/issue/")
    for _ in range(100):
        mails = get("/demo/mails/")
        code = re.search(r"ワンタイムパスワード: (\d{6})", mails)
        if code and "送信済み" in mails:
            break
        time.sleep(0.1)
    assert code
    send(entry, "/otp/", code=code[1])
    assert "みほん商事" in get("/holder/")
