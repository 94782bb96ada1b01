"""The portal's numbers: pages over 100,000 applications and 100,000 submissions, and 50 users at once, against the server as it is shipped.

Users are made with one hash for all, and log in before anything is measured: hashing a password is slow on purpose.
A request is timed from the instant at which it was due, so that a server that falls behind does not look quick. The
floor is the same server giving a static file, and a page that asks the database for nothing but its user.
"""

import html
import http.client
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.portal.serving import demo_home, environment, served

APPLICATIONS = SUBMISSIONS = 100_000
USERS, FIRST = 50, 10
PAUSE_SECONDS = 2.0
MINUTE = 60.0
PATIENCE_SECONDS = 5.0
"""How long after the minute a user still waits for what was due within it."""
HOLDER = "990000001"
PASSWORD = "Daicho-bench.1"
NOW = "@2026-04-06T10:00:00"
"""A Monday morning in service hours, from which the clock runs."""
PAGE_PROMISE, BUSY_PROMISE = 0.060, 0.500
SENT_PROMISE = 0.150
"""申請済一覧 is put together from two tables by the database, and follows each row's status."""
_CONTACT = {
    "contact_name": "貿易 花子",
    "contact_department": "見本課",
    "contact_phone": "03-1111-2222",
    "contact_mail": "hanako@example.com",
}
STEPS: dict[str, dict[str, str]] = {
    "entry": {
        "country": "105",
        "name": "NEW TRADING CO., LTD.",
        "address": "1 Example Street, Example City",
        "industry": "機械器具卸売業",
        "kind": "public",
        "related": "no",
        **_CONTACT,
    },
    "attachments": {"separate": "yes", "separate_names": "会社案内"},
}
"""海外商社登録, step by step; other steps are passed as they are."""


# ---------------------------------------------------------------------------------------------- data
def fill() -> None:
    """Users and applications of one holder, in the home of the environment; run as a process of its own."""
    from portal_stub.running import set_up

    set_up()
    from django.contrib.auth.hashers import make_password

    from portal_stub import clock
    from portal_stub.accounts.models import Holder, User
    from portal_stub.procedures.models import Application, State

    now, holder, hashed = clock.now(), Holder.objects.get(code=HOLDER), make_password(PASSWORD)
    User.objects.bulk_create(
        User(
            login_id=f"{HOLDER}{number:03}",
            kind="applicant",
            holder=holder,
            mail=f"user{number}@example.com",
            name=f"計測 {number}",
            entry_right="apply",
            data_scope="all",
            application_scope="all",
            must_change_password=False,
            password=hashed,
            created_at=now,
        )
        for number in range(FIRST, FIRST + USERS)
    )
    users = list(User.objects.filter(holder=holder, kind="applicant", login_id__gte=f"{HOLDER}{FIRST:03}"))
    states = [State.ENTERING, State.PROCESSING, State.REPORT, State.AGAIN, State.COMPLETE, State.CANCELLED]
    told = [
        {
            "title": "海外商社",
            "step": "entry",
            "rows": [["海外商社名称（英文）", "EXAMPLE CO.", False, ""]] * 15,
        }
    ]

    def application(number: int) -> Application:
        state, user = states[number % len(states)], users[number % len(users)]
        at = now - timedelta(minutes=5 * (number + 1))  # almost a year back
        applied = None if state == State.ENTERING else at
        return Application(
            procedure="buyer-registration",
            version=1,
            holder=holder,
            number=f"B{number:09}",
            state=state,
            answers=STEPS,
            told=told,
            reference=f"105 BUYER {number:06} CO., LTD.",
            entered_by=user,
            saved_by=user,
            shown_user=user,
            created_at=at,
            saved_at=at,
            applied_at=applied,
            closed_at=at if state in (State.COMPLETE, State.CANCELLED) else None,
            listed_at=at,
        )

    for begin in range(0, APPLICATIONS, 5_000):
        Application.objects.bulk_create(
            application(number) for number in range(begin, min(begin + 5_000, APPLICATIONS))
        )
    _fill_submissions(users, now)


def _fill_submissions(users: Sequence[Any], now: datetime) -> None:
    """Submissions of the holder as the feed tells them, a year back; the newest wait for their verdict."""
    from portal_stub.feed.models import Submission

    def submission(number: int) -> Submission:
        at = now - timedelta(minutes=5 * (SUBMISSIONS - number))
        verdict = "" if number > SUBMISSIONS - 20 else "rejected" if number % 50 == 0 else "booked"
        return Submission(
            submission_id=f"S{number:08}",
            receipt_no=number,
            product="enterprise",
            holder=HOLDER,
            user=users[number % len(users)].login_id,
            file_name=f"企総_{number:06}.csv",
            sha256=f"{number:064x}",
            declared_count=120,
            channel="drop",
            received_at=at,
            acceptance_date=at.date(),
            verdict=verdict,
            decided_at=at if verdict else None,
            errors=3 if verdict == "rejected" else 0,
            warnings=1,
            premium_total_yen=1_234_567 if verdict == "booked" else None,
        )

    for begin in range(1, SUBMISSIONS + 1, 5_000):
        Submission.objects.bulk_create(submission(number) for number in range(begin, begin + 5_000))


# ---------------------------------------------------------------------------------------------- a browser
class Failed(Exception):
    """An answer that no user should get."""


@dataclass
class Browser:
    """One user: cookies, a kept connection, the last page, and how long every answer took."""

    base: str
    cookies: dict[str, str] = field(default_factory=dict)
    page: str = ""
    at: str = ""
    seconds: list[tuple[str, float]] = field(default_factory=list)
    """What was asked for, and the time from when it was due."""
    connection: http.client.HTTPConnection | None = None

    def get(self, path: str, due: float | None = None) -> str:
        """A page, with what it redirects to."""
        return self._ask("GET", path, None, due)

    def send(self, typed: dict[str, str], path: str | None = None, due: float | None = None) -> str:
        """Sends a form of the last page, to its address or another."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)
        if token is None:
            raise Failed(f"no form at {self.at}: {self.page[:300]}")
        return self._ask("POST", path or self.at, {**typed, "csrfmiddlewaretoken": token[1]}, due)

    def _ask(self, method: str, path: str, typed: dict[str, str] | None, due: float | None) -> str:
        begin = time.perf_counter() if due is None else due
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if typed is not None:
            body = urlencode(typed)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.connection is None:
            self.connection = http.client.HTTPConnection(urlsplit(self.base).netloc, timeout=30)
        self.connection.request(method, quote(path, safe="/?=&%:"), body, headers)
        reply = self.connection.getresponse()
        self.page = reply.read().decode()
        self.seconds.append((f"{method} {_shape(path)}", time.perf_counter() - begin))
        for line in reply.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.at = path
        if reply.status == 302:
            return self._ask("GET", str(reply.headers["Location"]), None, None)
        if reply.status != 200:
            words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.page))
            raise Failed(f"{method} {path}: {reply.status} {words[:600]}")
        return self.page

    def logs_in(self, login_id: str) -> None:
        """Through the login page, before anything is measured."""
        self.get("/login/")
        self.send({"login_id": login_id, "password": PASSWORD})
        if self.at != "/menu/":
            raise Failed(f"{login_id} is at {self.at} after the login")
        self.seconds.clear()


def _shape(path: str) -> str:
    """An address with its variable parts away."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[A-Z]\d+", "…", path.partition("?")[0])


def hidden(page: str) -> dict[str, str]:
    """What a form carries besides its token."""
    found = {}
    for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            found[name[1]] = html.unescape(value[1]) if value else ""
    return found


# ---------------------------------------------------------------------------------------------- what a user does
Acts = Iterator[Callable[[float], object]]


def day(browser: Browser, number: int) -> Acts:
    """Browsing and applying, one request after the other, for ever.

    Users are at different places of their day: in step, fifty would all search within the same two seconds.
    """
    places = [looking, listing, searching, applying]
    place = number
    while True:
        yield from places[place % len(places)](browser)
        place += 1


def looking(browser: Browser) -> Acts:
    """ユーザーページ, and the list behind it."""
    yield lambda due: browser.get("/menu/", due)
    yield lambda due: browser.get("/applications/", due)


def listing(browser: Browser) -> Acts:
    """Leafing."""
    yield lambda due: browser.get("/applications/?page=3", due)
    yield lambda due: browser.get("/applications/?page=4", due)


def searching(browser: Browser) -> Acts:
    """A search that finds thousands, and one of them."""
    yield lambda due: browser.get("/applications/?state=processing&reference=BUYER", due)
    numbers = re.findall(r'href="/applications/(B\d+)/"', browser.page)
    if numbers:
        yield lambda due: browser.get(f"/applications/{numbers[-1]}/", due)


def applying(browser: Browser) -> Acts:
    """海外商社登録 from the first page to 申込完了."""
    yield lambda due: browser.get("/procedures/buyer-registration/", due)
    yield lambda due: browser.send(hidden(browser.page), "/procedures/buyer-registration/start/", due)
    while "/steps/" in browser.at:
        step = browser.at.rstrip("/").rpartition("/")[2]
        yield lambda due, step=step: browser.send(
            {**hidden(browser.page), **STEPS.get(step, {}), "go": "next"}, due=due
        )
    action = re.search(r'action="(/procedures/[^"]*/apply/)"', browser.page)
    if action is None:
        raise Failed(f"no check page but {browser.at}")
    yield lambda due: browser.send(hidden(browser.page), action[1], due)
    if not browser.at.endswith("/done/"):
        raise Failed(f"applying led to {browser.at}")


def one_user(browser: Browser, number: int, begin: float, until: float) -> int:
    """A request every two seconds; returns how many applications were sent."""
    applied, due = 0, begin
    for act in day(browser, number):
        if due >= until:
            break
        if time.perf_counter() > until + PATIENCE_SECONDS:
            raise Failed(f"the server is {time.perf_counter() - due:.0f} s behind")
        time.sleep(max(0.0, due - time.perf_counter()))
        act(due)
        applied += browser.at.endswith("/done/")
        due += PAUSE_SECONDS
    return applied


# ---------------------------------------------------------------------------------------------- measuring
def median_of(title: str, ask: Callable[[], object], runs: int) -> float:
    """Median seconds of one page, and its row of the table."""
    seconds = []
    for n in range(runs + 1):
        begin = time.perf_counter()
        ask()
        if n:
            seconds.append(time.perf_counter() - begin)
    middle = statistics.median(seconds)
    print(f"  {title:56}{middle * 1000:8.1f} ms{max(seconds) * 1000:8.1f} ms")
    return middle


def bench_pages(base: str, browser: Browser, runs: int) -> bool:
    """One user, one page after the other."""
    print(f"\nPortal over {APPLICATIONS:,} applications and {SUBMISSIONS:,} submissions, one user at a time")
    print(f"  {'':56}{'median':>11}{'slowest':>11}")
    median_of("floor: a static file", lambda: browser.get("/static/pages/icon.svg"), runs)
    median_of("floor: a page without data", lambda: browser.get("/contact/"), runs)
    median_of("ユーザーページ", lambda: browser.get("/menu/"), runs)
    last = APPLICATIONS // 20
    found = {
        "Web申込状況一覧": "/applications/",
        "Web申込状況一覧, next page": "/applications/?page=2",
        "Web申込状況一覧, last page": f"/applications/?page={last}",
        "Web申込状況一覧, by ユーザーID": "/applications/?sort=user",
        "Web申込状況一覧, by 手続状況": "/applications/?state=again",
        "Web申込状況一覧, by 参考情報": "/applications/?reference=099999",
        "Web申込状況一覧, by Web申込番号": "/applications/?number=B00005",
        "one application": "/applications/B000000001/",
        "申請済一覧": "/ledger/enterprise/sent/",
        "申請済一覧, last page": f"/ledger/enterprise/sent/?page={last}",
        "申請済一覧, by ステータス": "/ledger/enterprise/sent/?status=申請内容要確認",
        "アップロード": "/ledger/enterprise/upload/",
        "one submission": f"/ledger/enterprise/sent/S{SUBMISSIONS:08}/",
    }
    medians = {
        title: median_of(title, lambda path=path: browser.get(path), runs) for title, path in found.items()
    }
    browser.get("/procedures/buyer-registration/")
    browser.send(hidden(browser.page), "/procedures/buyer-registration/start/")
    step = browser.at
    shown = median_of("a step of 海外商社登録", lambda: browser.get(step), runs)
    good = max(medians["Web申込状況一覧"], shown) < PAGE_PROMISE and medians["申請済一覧"] < SENT_PROMISE
    print(
        f"  promise: Web申込状況一覧 and step under {PAGE_PROMISE * 1000:.0f} ms, 申請済一覧 under {SENT_PROMISE * 1000:.0f} ms: {'kept' if good else 'BROKEN'}",
        flush=True,
    )
    return good


def bench_crowd(browsers: list[Browser], seconds: float) -> bool:
    """All users at once."""
    begin = time.perf_counter() + 1
    faults: list[str] = []
    applied = 0

    def user(number: int) -> int:
        # Not all in the same instant: people are not.
        start = begin + PAUSE_SECONDS * number / len(browsers)
        return one_user(browsers[number], number, start, begin + seconds)

    with ThreadPoolExecutor(len(browsers)) as pool:
        for running in [pool.submit(user, number) for number in range(len(browsers))]:
            try:
                applied += running.result()
            except (Failed, OSError, http.client.HTTPException) as fault:
                faults.append(f"{type(fault).__name__}: {fault}")
    asked = [row for browser in browsers for row in browser.seconds]
    times = sorted(taken for _, taken in asked)
    middle, late = times[len(times) // 2], times[int(len(times) * 0.95)]
    print(
        f"\nPortal with {len(browsers)} users, one request every {PAUSE_SECONDS:.0f} s each, {seconds:.0f} s"
    )
    print(
        f"  {len(times):,} answers, {applied} applications; median {middle * 1000:.0f} ms,"
        f" p95 {late * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms, faults {len(faults)}"
    )
    kinds: dict[str, list[float]] = {}
    for what, taken in asked:
        kinds.setdefault(what, []).append(taken)
    for what, taken in sorted(kinds.items(), key=lambda kind: -statistics.median(kind[1])):
        print(
            f"  {what:56}{statistics.median(taken) * 1000:8.1f} ms{max(taken) * 1000:8.1f} ms{len(taken):6}"
        )
    for fault in faults[:5]:
        print(f"  {fault}")
    good = not faults and late < BUSY_PROMISE and applied > 0
    print(
        f"  promise: no fault, p95 under {BUSY_PROMISE * 1000:.0f} ms: {'kept' if good else 'BROKEN'}",
        flush=True,
    )
    return good


def bench_portal(folder: Path, runs: int, seconds: float = MINUTE) -> bool:
    """Both tables, in a home of their own; whether the promises are kept."""
    home = folder / "portal"
    demo_home(home, DAICHO_NOW=NOW)
    command = [sys.executable, "-m", "tests.benchmarks.portal"]
    subprocess.run(command, env=environment(home, DAICHO_NOW=NOW), check=True)
    os.sync()  # what the filling left for the disk to do is not what is measured
    with served(home, DAICHO_NOW=NOW) as portal:
        browsers = [Browser(portal.base) for _ in range(USERS)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(Browser.logs_in, browsers, [f"{HOLDER}{FIRST + n:03}" for n in range(USERS)]))
        pages = bench_pages(portal.base, browsers[0], max(runs, 5) * 4)
        browsers[0].seconds.clear()
        return bench_crowd(browsers, seconds) and pages


if __name__ == "__main__":
    fill()
