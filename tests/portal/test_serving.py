"""The real server on loopback: it migrates, serves with its static files, sends its mails, and stops."""

import http.cookiejar
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.portal.serving import demo_home, served
from tests.with_postgres import URL, database


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Address of a demo portal, and its logins; on PostgreSQL when the tests are."""
    home = tmp_path_factory.mktemp("served") / "home"
    with ExitStack() as stack:
        changes = {}
        if URL in os.environ:
            name = f"serving_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
            changes["DAICHO_DATABASE_URL"] = stack.enter_context(database(name))
        logins = demo_home(home, **changes)
        portal = stack.enter_context(served(home, **changes))
        yield portal.base, logins
        assert (home / "portal.db").exists() != bool(changes)


def test_login_one_time_password_and_back_over_http(told: tuple[str, list[dict[str, str]]]) -> None:
    base, logins = told
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
