"""A person in front of a browser: tests say what he does and sees, in the words of the screen.

How to write a test (fixtures in ``conftest``; each begins with the demo's data, the clock stands at ``conftest.NOW``):

    def test_the_name_is_changed(person: Person) -> None:
        person.logs_in("990000001000")
        person.opens("管理項目", "Webユーザー（管理者）情報変更")
        person.fills("氏名", "新井 花子")
        person.presses("確認する")
        person.sees("新井 花子")
        person.looks_right()

``looks_right`` belongs to the end of every test and to every page worth a look: axe (WCAG 2.1 A and AA, once for a page in a
state: ``_STATE``), nothing on the console, the strict CSP kept, everything loaded, no scrolling sideways on a wide and a
narrow screen. Labels and buttons
are found as a screen reader finds them; two that cannot be told apart are a fault of the page. A second person:
``people()``; without JavaScript: ``people(scripts=False)``. Mails: ``person.mail("件名の一部")`` is the newest text.
``DAICHO_SCREENSHOTS=folder`` keeps a picture of every page that ``looks_right`` looked at.

What belongs here is the language; what pages must do belongs in tests.
"""

import hashlib
import html
import re
import subprocess
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response, expect

from tests.portal import pages
from tests.portal.serving import Portal

PASSWORD = "Daicho-demo.1"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 375, "height": 740}
PATIENCE_MS = 15_000
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
_AXE = AXE_FILE_PATH.read_text(encoding="utf-8")
_SIDEWAYS = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const told = [...document.querySelectorAll("body *")]
    .filter(part => part.getBoundingClientRect().right > wide + 1 && !part.closest(".table"))
    .map(part => part.outerHTML.slice(0, 120));
  return told.length ? told : ["the page"];
}"""
_UNLOADED = """() => [
  ...[...document.images].filter(image => !image.complete || !image.naturalWidth).map(image => image.src),
  ...[...document.querySelectorAll('link[rel="stylesheet"]')].filter(link => !link.sheet).map(link => link.href),
]"""

_STATE = r"""() => {
  const ids = {}, outline = [], kinds = new Set();
  const behind = part => {
    for (let layer = part; layer; layer = layer.parentElement) {
      const {backgroundColor, backgroundImage, opacity} = getComputedStyle(layer);
      if (backgroundColor !== "rgba(0, 0, 0, 0)" || backgroundImage !== "none" || opacity !== "1")
        return [backgroundColor, backgroundImage, opacity];
    }
    return null;
  };
  for (const part of document.querySelectorAll("html, body, body *:not(script)")) {
    const style = getComputedStyle(part);
    const shown = part.checkVisibility({opacityProperty: true, visibilityProperty: true});
    if (part.id) ids[part.id] = (ids[part.id] || 0) + 1;
    if (/^(H[1-6]|MAIN|NAV|HEADER|FOOTER|ASIDE|FORM|DIALOG|SECTION)$/.test(part.tagName) && shown) outline.push(part.tagName);
    const words = [...part.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const attributes = [...part.attributes].map(({name, value}) =>
      /^(class|role|type|lang|scope|style|tabindex|autocomplete|aria-(?!label|describedby|labelledby|controls|details|owns).*)$/.test(name)
        ? `${name}=${value}` : `${name}:${Boolean(value.trim())}`);
    const references = ["for", "aria-labelledby", "aria-describedby", "aria-controls", "headers"]
      .flatMap(name => (part.getAttribute(name) || "").split(/\s+/).filter(Boolean).map(id => !!document.getElementById(id)));
    kinds.add(JSON.stringify([
      part.parentElement && [part.parentElement.tagName, part.parentElement.className], part.tagName, attributes.sort(),
      references, part.labels ? [...part.labels].map(label => !!label.textContent.trim()) : null, words, !!part.textContent.trim(),
      part.childElementCount > 0, shown, style.color, behind(part),
      style.fontSize, style.fontWeight, style.textDecorationLine, style.display,
    ]));
  }
  return JSON.stringify([
    !!document.title.trim(), outline, Object.values(ids).filter(count => count > 1).length, [...kinds].sort(),
  ]);
}"""
"""What axe judges by, without the words: which kinds of elements a page shows, how they are labelled, nested and coloured.

Rows of a list and other data do not count, nor does the width as long as the same is shown: two looks with the same state
get the same verdict, and only the first is judged.
"""
JUDGED: set[str] = set()
"""The states that passed in this process."""


def pdf_text(content: bytes) -> str:
    """What a PDF says, without spaces."""
    told = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return re.sub(r"\s", "", told.stdout.decode())


@dataclass
class Person:
    """One browser window with its own cookies, and what went wrong in it."""

    portal: Portal
    page: Page
    scripts: bool
    pictures: Path | None = None
    faults: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, portal: Portal, browser: Browser, *, scripts: bool, pictures: Path | None) -> "Person":
        """Somebody with a new window, from which the network beyond the portal cannot be reached."""
        context = browser.new_context(
            base_url=portal.base,
            java_script_enabled=scripts,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            viewport=WIDE,
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        person = cls(portal, page, scripts, pictures)
        page.on("console", person._console)
        page.on("pageerror", lambda error: person.faults.append(f"script: {error}"))
        page.on("requestfailed", person._failed)
        page.on("response", person._answered)
        return person

    # ------------------------------------------------------------------------------------------ doing
    def goes_to(self, path: str) -> None:
        """Types an address."""
        self.page.goto(path)

    def logs_in(self, login_id: str, password: str = PASSWORD) -> None:
        """Logs in on the page meant for this kind of user."""
        staff = not login_id.isdigit()
        self.goes_to("/desk/login/" if staff else "/login/")
        self.fills("担当者ID" if staff else "WebユーザーID", login_id)
        self.fills("パスワード", password)
        self.presses("ログイン")

    def opens_again(self) -> None:
        """Loads the page anew."""
        self.page.reload()

    def opens(self, menu: str, entry: str) -> None:
        """Opens an entry of a menu of ユーザーページ."""
        if not self.page.url.endswith("/menu/"):
            self.goes_to("/menu/")
        title = self.page.get_by_role("heading", name=menu, exact=True)
        self.page.locator("section.menu", has=title).get_by_role("link", name=entry, exact=True).click()
        self.page.wait_for_load_state()

    def fills(self, label: str, text: str) -> None:
        """Types into the item with this label; a date as 2026-04-01."""
        self.item(label).fill(text)

    def chooses(self, label: str, option: str) -> None:
        """Takes one of the radio buttons under a heading, or one line of a list."""
        group = self.page.get_by_role("group", name=_label(label))
        if group.count():
            group.get_by_label(option, exact=True).check()
        else:
            self.item(label).select_option(label=option)

    def ticks(self, label: str) -> None:
        """Ticks a box, or takes a radio button by its own label."""
        self.item(label).check()

    def unticks(self, label: str) -> None:
        """Takes the tick away."""
        self.item(label).uncheck()

    def ticks_row(self, name: str) -> None:
        """Ticks the box of the row of a table that begins with this name."""
        self.page.get_by_role("checkbox", name=re.compile(f"^{re.escape(name)}")).check()

    def uploads(self, label: str, *paths: Path) -> None:
        """Attaches files."""
        self.item(label).set_input_files(list(paths))

    def presses(self, name: str) -> None:
        """Presses the button, or follows the link that looks like one or not, with exactly this name."""
        self.control(name).click()
        self.page.wait_for_load_state()

    def downloads(self, name: str) -> tuple[str, bytes]:
        """Presses what gives a file: its name and content."""
        with self.page.expect_download() as waiting:
            self.control(name).click()
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()

    def reads(self, name: str) -> str:
        """The text of the PDF behind a link, without spaces (a browser without a window would only download it)."""
        link = self.page.get_by_role("link", name=re.compile(f"^{re.escape(name)}"))
        answer = self.page.request.get(str(link.get_attribute("href")))
        assert answer.ok, f"{answer.status}: {answer.url}"
        return pdf_text(answer.body())

    def tabs_to(self, name: str) -> None:
        """Walks with the Tab key to what has this name, and sees on every step where the focus is."""
        for _ in range(100):
            self.page.keyboard.press("Tab")
            focus = self.page.locator("*:focus")
            if not focus.count():
                continue  # between the end of the page and its beginning
            assert focus.evaluate("part => getComputedStyle(part).outlineStyle") != "none", focus.inner_html()
            if self._is(focus, name):
                return
        raise AssertionError(f"{name} cannot be reached with the Tab key")

    def types(self, text: str) -> None:
        """Types where the focus is."""
        self.page.keyboard.type(text)

    def hits(self, key: str) -> None:
        """Hits a key: Enter, Space, ArrowDown."""
        self.page.keyboard.press(key)
        self.page.wait_for_load_state()

    # ------------------------------------------------------------------------------------------ seeing
    def sees(self, *words: str) -> None:
        """All these words are visible on the page, soon: sentences of it. Of figures and states ``page_now`` tells where they stand."""
        for text in words:
            expect(self.page.locator("body")).to_contain_text(text, use_inner_text=True, timeout=PATIENCE_MS)

    def does_not_see(self, *words: str) -> None:
        """None of these words is on the page (say first what the page is: it may not be there yet)."""
        for text in words:
            expect(self.page.locator("body")).not_to_contain_text(text, use_inner_text=True)

    def is_on(self, title: str) -> None:
        """The page has this heading."""
        expect(self.page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible(
            timeout=PATIENCE_MS
        )

    def page_now(self) -> pages.Page:
        """The page as it stands now, for questions about what stands where (``tests/portal/pages.py``).

        It does not wait: say first with ``is_on`` or ``sees`` what has to be there.
        """
        return pages.page_in(self.page.content())

    def sees_typed(self, label: str, text: str) -> None:
        """This stands in the item."""
        expect(self.item(label)).to_have_value(text, timeout=PATIENCE_MS)

    def item(self, label: str) -> Locator:
        """The control with this label, whatever mark of 必須 or 任意 follows it."""
        return self.page.get_by_label(_label(label))

    def control(self, name: str) -> Locator:
        """The button or link with this name."""
        button = self.page.get_by_role("button", name=name, exact=True)
        link = self.page.get_by_role("link", name=name, exact=True)
        main = self.page.locator("main")
        found = main.get_by_role("button", name=name, exact=True).or_(
            main.get_by_role("link", name=name, exact=True)
        )
        return found if found.count() else button.or_(link)

    def mail(self, subject: str) -> str:
        """The newest mail of the portal whose subject has these words: recipient, subject and text."""
        with urllib.request.urlopen(f"{self.portal.base}/demo/mails/") as reply:
            page = reply.read().decode()
        for found in re.findall(r"<article.*?</article>", page, re.DOTALL):
            if subject in re.sub(r"</h2>.*", "", found, flags=re.DOTALL):
                return html.unescape(re.sub(r"<[^>]+>", " ", found))
        raise AssertionError(f"no mail with {subject}")

    def looks_right(self) -> None:
        """Judges the page as it is now; all faults at once."""
        faults = list(self.faults)
        self.page.wait_for_load_state("load")
        for name, size in (("wide", WIDE), ("narrow", NARROW)):
            self.page.set_viewport_size(size)
            faults += [f"{name}: sideways {part}" for part in self.page.evaluate(_SIDEWAYS)]
            if self.scripts:
                faults += [f"{name}: {fault}" for fault in self._axe()]
            self._picture(name)
        self.page.set_viewport_size(WIDE)
        faults += [f"not loaded: {address}" for address in self.page.evaluate(_UNLOADED)]
        assert not faults, f"{self.page.url}\n" + "\n".join(faults)

    # ------------------------------------------------------------------------------------------ inside
    def _axe(self) -> list[str]:
        state = hashlib.sha256(self.page.evaluate(_STATE).encode()).hexdigest()
        if state in JUDGED:
            return []
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_AXE)
        found: dict[str, Any] = self.page.evaluate("rules => axe.run(document, rules)", RULES)
        faults = [
            f"{fault['id']}: {fault['help']}: {node['html'][:200]} ({node['failureSummary']})"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]
        if not faults:
            JUDGED.add(state)
        return faults

    def _picture(self, name: str) -> None:
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            number = len(list(self.pictures.glob(f"*-{name}.png"))) + 1
            self.page.screenshot(path=self.pictures / f"{number:02}-{name}.png", full_page=True)

    def _is(self, focus: Locator, name: str) -> bool:
        wanted = self.item(name).or_(self.control(name))
        return any(part.evaluate("part => part === document.activeElement") for part in wanted.all())

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        # A page that answers 403 or 422 says so in its words; the browser's note of the status is no fault.
        document = message.location.get("url", "").partition("#")[0] == self.page.url.partition("#")[0]
        if message.text.startswith("Failed to load resource: the server responded with a status of 422"):
            return  # a form that is sent back, by whatever way it was sent
        if not (document and message.text.startswith("Failed to load resource: the server responded with")):
            self.faults.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A download ends its navigation; leaving a page ends what was still on its way.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500 or (
            response.status >= 400 and response.status != 422 and not response.request.is_navigation_request()
        ):
            self.faults.append(f"{response.status}: {response.url}")
        if not response.url.startswith(self.portal.base):
            self.faults.append(f"elsewhere: {response.url}")


def _label(label: str) -> re.Pattern[str]:
    """A label with or without its mark."""
    words = re.escape(label).replace("/", r"\x2f")  # a bare slash would end the expression in JavaScript
    return re.compile(rf"^\s*{words}\s*(＊|必須|任意|どちらか必須|異なる場合は必須)?\s*$")
