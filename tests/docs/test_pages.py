"""Links resolve, lists are whole, commands and queries that the pages show can be used."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from unicodedata import category
from zoneinfo import ZoneInfo

import pytest

from daicho.cli.parser import parser
from daicho.clock import Clock
from daicho.querying import query
from daicho.settings import Settings
from daicho.store import Store
from schemas.findings import KINDS
from schemas.reference import TABLES
from tests.catalogue import TEXT_PART, load_requirements

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_REQUIREMENT = re.compile(r"\b[A-Z]-\d{3}\b")
_COMMAND = re.compile(r"^(?:\.venv/bin/)?daicho (?P<words>.+)$")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings as web sites of git repositories make them."""
    return {_slug(heading) for heading in re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)}


def _slug(heading: str) -> str:
    kept = (c for c in heading.lower() if c in "-_ " or category(c)[0] in "LN")
    return "".join(kept).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_resolve(page: Path) -> None:
    broken = []
    for link in _LINK.findall(text_of(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(text_of(page)) if "://" not in link)
        left += [(page.parent / link).resolve() for link in links if link]
    assert not set(PAGES) - reached


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_requirements_that_are_named_exist(page: Path) -> None:
    assert not set(_REQUIREMENT.findall(text_of(page))) - set(load_requirements())


def test_every_term_of_insurance_is_told() -> None:
    told = re.findall(r"^- \*\*([A-Z]-\d{3})\*\*", text_of(DOCS / "terms.md"), re.MULTILINE)
    assert sorted(told) == sorted(row.id for row in load_requirements().values() if row.part == TEXT_PART)


def test_every_open_row_of_the_batch_is_an_assumption() -> None:
    rows = load_requirements().values()
    chosen = {row.id for row in rows if row.part == "batch" and row.kind in ("OPEN", "DIFF")}
    assert not chosen - set(_REQUIREMENT.findall(text_of(DOCS / "assumptions.md")))


def test_codes_shown_to_exporters_exist() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for room in ("daicho", "pipelines", "sensors")
        for path in (ROOT / room).rglob("*.py")
    )
    tables = [line for line in text_of(DOCS / "exporter.md").splitlines() if line.startswith("| ")]
    codes = {code for line in tables for code in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", line)}
    assert len(codes) > 40
    assert not {code for code in codes if code not in KINDS and f'"{code}"' not in source}


def test_operators_find_every_table_column_and_setting() -> None:
    operator = text_of(DOCS / "operator.md")
    listed: dict[str, str] = {}
    for line in operator.splitlines():
        if line.startswith("| `"):
            first = line.split("|")[1]
            listed |= dict.fromkeys(re.findall(r"`(\w+)`", first), line)
    for name, table in TABLES.items():
        columns = {c.name for c in table.columns} - {"remark"}
        assert columns <= set(re.findall(r"`(\w+)`", listed[name])), name
    settings = {f.name for f in fields(Settings) if f.type is int}
    assert settings <= set(listed)


def shown_commands() -> Iterator[tuple[str, list[str]]]:
    """Every ``daicho`` line of a code block, by page."""
    for page in PAGES:
        for block in re.findall(r"^ *```\w*\n(.*?)^ *```", text_of(page), re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                if match := _COMMAND.match(line.strip()):
                    yield page.name, shlex.split(match["words"])


def test_commands_shown_are_commands() -> None:
    commands = list(shown_commands())
    assert len(commands) > 15
    for _, words in commands:
        parser().parse_args(words)  # wrong usage exits


def test_queries_shown_can_be_asked(tmp_path: Path) -> None:
    settings = Settings.from_env({"DAICHO_HOME": str(tmp_path)})
    store = Store.open(settings, Clock(fixed=datetime(2018, 11, 6, 9, tzinfo=ZoneInfo("Asia/Tokyo"))))
    queries = [words[1] for _, words in shown_commands() if words[0] == "sql"]
    assert queries
    for sql in queries:
        query(store, sql)
