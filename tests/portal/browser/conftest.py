"""One Chromium and one portal per worker; every test begins with the demo's data and browsers of its own."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.once import made_once
from tests.portal.browser.person import Person
from tests.portal.serving import Portal, copy_of, demo_home, served

NOW = "2026-04-06T10:00:00"
"""A Monday; the clock of the portal stands there."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Playwright's loop runs in this thread while it is open: it must be closed before other rooms' tests are next.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    program = shutil.which("chromium")
    assert program, "chromium is missing: bash tests/setup_servers.sh"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def portal_of_worker(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A served demo home; passwords are hashed once for all workers."""
    demo = made_once(shared, "browser-demo", lambda folder: demo_home(folder, DAICHO_NOW=NOW))
    home = copy_of(demo, tmp_path_factory.mktemp("served") / "home")
    with served(home, DAICHO_NOW=NOW) as portal:
        portal.keep_start()
        yield portal


@pytest.fixture
def portal(portal_of_worker: Portal) -> Portal:
    """The portal with the data of the demo, whatever the test before did."""
    portal_of_worker.as_at_start()
    return portal_of_worker


@pytest.fixture
def people(
    portal: Portal, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Person]]:
    """Makes persons, each with a browser window of his own; ``scripts=False``: JavaScript is switched off."""
    made: list[Person] = []
    pictures = os.environ.get("DAICHO_SCREENSHOTS")

    def person(*, scripts: bool = True) -> Person:
        folder = Path(pictures) / re.sub(r"\W+", "_", request.node.name) if pictures else None
        made.append(Person.at(portal, chromium, scripts=scripts, pictures=folder))
        return made[-1]

    yield person
    for one in made:
        one.page.context.close()


@pytest.fixture
def person(people: Callable[..., Person]) -> Person:
    """Somebody in front of a browser."""
    return people()
