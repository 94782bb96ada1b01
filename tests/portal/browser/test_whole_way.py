"""What an exporter does every week, with everything running: portal, Dagster's daemon, and two people in browsers.

One uploads a file, the other types a contract in; both see their hand-in go 受付前 → 処理中 → 処理完了 without touching
the page, and find the same totals on the PDFs, in the CSV and in the list.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.homes import PROJECT, Home, csv_rows
from tests.portal.browser.person import Person, pdf_text
from tests.portal.browser.test_entries import begins, types_a_contract
from tests.portal.serving import Portal, demo_home, served
from tests.programs import programs

TUESDAY, WEEK_OVER, MONDAY = "@2018-11-06T10:00:00", "2018-11-09T20:00:00", "2018-11-12T09:00:00"
UPLOADER, TYPIST = "990000001001", "990000001000"
LINES = 2000
"""So many that people see 処理中 before it is over."""
PATIENCE_MS = 120_000
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const word = document.querySelector(".standing .state")?.textContent.trim();
    if (word && window.seen.at(-1) !== word) window.seen.push(word);
  };
  look();
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
WAY = ["受付前", "処理中", "処理完了"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "DAICHO_TEST_POSTGRES_URL" in os.environ, reason="its processes choose their own database"
    ),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A demo home that knows the sample's reference tables."""
    made = Home(tmp_path_factory.mktemp("whole") / "home")
    demo_home(made.path, DAICHO_NOW=TUESDAY)
    for arguments in (
        ("reference", "load", str(PROJECT / "sample_ledgers" / "reference")),
        ("portal", "feed"),
    ):
        ran = made.command(*arguments, now=TUESDAY)
        assert ran.code == 0, ran.err
    return made


@pytest.fixture
def somebody(chromium: Browser) -> Iterator[Callable[[Portal], Person]]:
    """Persons in front of a portal of the test's own."""
    made: list[Person] = []
    pictures = os.environ.get("DAICHO_SCREENSHOTS")

    def person(portal: Portal) -> Person:
        made.append(
            Person.at(
                portal, chromium, scripts=True, pictures=Path(pictures) / "whole_way" if pictures else None
            )
        )
        return made[-1]

    yield person
    for one in made:
        one.page.context.close()


def listed(person: Person, name: str) -> int:
    """The premium that the list shows in the row of a hand-in."""
    row = person.page.get_by_role("row").filter(has_text=name)
    return int(row.get_by_role("cell").last.inner_text().replace(",", ""))


def provided(person: Person) -> tuple[int, int]:
    """All 提供データ that the page offers: how many lines, and their premium."""
    rows: list[dict[str, str]] = []
    for link in person.page.get_by_role("link", name=re.compile("提供データ（.*）をダウンロード")).all():
        with person.page.expect_download() as waiting:
            link.click()
        rows += csv_rows(Path(waiting.value.path()).read_bytes())
    return len(rows), sum(int(row["合計保険料"]) for row in rows)


def monitor_list(person: Person, name: str) -> str:
    """The text of the モニタリスト of a hand-in, as soon as it is offered."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while True:
        person.goes_to("/ledger-papers/monitor-lists/?search=1")
        link = (
            person.page.get_by_role("row").filter(has_text=name).get_by_role("link", name=re.compile("表示"))
        )
        if link.count():
            return shown(person, link)
        assert time.monotonic() < until, f"no モニタリスト of {name}"
        time.sleep(1)


def shown(person: Person, link: Locator) -> str:
    """The text of the PDF that a link shows."""
    answer = person.page.request.get(str(link.get_attribute("href")))
    assert answer.ok, answer.status
    return pdf_text(answer.body())


@pytest.mark.req("A-013", "A-030", "C-018", "D-001", "P-022", "P-032", "P-036", "P-040", "P-041")
def test_a_week_of_an_exporter(home: Home, somebody: Callable[[Portal], Person], tmp_path: Path) -> None:
    file = tmp_path / "企総_11月分.csv"
    arguments = (
        "generate",
        "--product",
        "enterprise",
        "--lines",
        str(LINES),
        "--out",
        str(file),
        "--seed",
        "7",
    )
    made = home.command(*arguments, "--json", now=TUESDAY)
    assert made.code == 0, made.err
    with served(home.path, DAICHO_NOW=TUESDAY) as portal:
        uploader, typist = somebody(portal), somebody(portal)
        uploader.logs_in(UPLOADER)
        uploader.goes_to("/ledger/enterprise/upload/")
        uploader.uploads("申請ファイル", file)
        uploader.fills("申請件数", str(made.json["count"]))
        uploader.presses("申請")
        uploader.is_on("企業総合保険　申請完了")
        uploader.sees("企総_11月分.csv", "受付前", "2018年11月6日")
        uploader.looks_right()

        typist.logs_in(TYPIST)
        begins(typist)
        dates = {"輸出契約等締結日": "20181015", "最終船積期日": "20181220"}
        types_a_contract(typist, "TYPED-1", **dates)
        typist.presses("保存")
        typist.is_on("企業総合保険　申請待一覧")
        typist.presses("一括申請")
        typist.is_on("企業総合保険　申請完了")
        typist.presses("申請済一覧")
        typist.sees("受付前")
        typist.looks_right()

        for person in (uploader, typist):
            person.page.evaluate(WATCH)
        with programs(home, now=TUESDAY):
            for person in (uploader, typist):
                standing = person.page.locator(".standing .state")
                expect(standing.first).to_have_text("処理完了", timeout=PATIENCE_MS)
                # The page looks every few seconds: what takes less in between is not seen.
                assert person.page.evaluate("window.seen") in (WAY, [WAY[0], WAY[-1]])
            uploader.looks_right()
            totals = []
            for person, list_name, name in (
                (uploader, "sent", "企総_11月分.csv"),
                (typist, "sent-entries", "TYPED-1"),
            ):
                person.goes_to(f"/ledger/enterprise/{list_name}/")
                totals.append(listed(person, name))
                person.looks_right()
                assert f"{totals[-1]:,}" in monitor_list(person, name)
    ran = home.command("run", "reconcile", now=WEEK_OVER)
    assert ran.code == 0, ran.err
    with served(home.path, DAICHO_NOW=f"@{MONDAY}") as portal:
        reader = somebody(portal)
        reader.logs_in(UPLOADER)
        reader.goes_to("/ledger-papers/provided-data/?search=1")
        reader.looks_right()
        assert provided(reader) == (LINES + 1, sum(totals))
        reader.goes_to("/ledger-papers/")
        reader.looks_right()
        ledger = reader.page.get_by_role("link", name=re.compile("^照合台帳.*を表示"))
        assert f"{sum(totals):,}" in shown(reader, ledger)
    assert home.verify(WEEK_OVER) == []
