"""Every name that people meet stands in the glossary."""

import re
from functools import cache
from pathlib import Path

import pytest

from outputs.documents import KIND_FORMATS
from outputs.headers import PROCESS_TYPES, TITLES
from schemas import journal
from schemas.layouts import layout_of
from schemas.products import FACTS, Product
from schemas.reference import TABLES
from schemas.submission import Status

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


@cache
def rows() -> dict[str, tuple[str, ...]]:
    """First cell's names in backticks (or the cell itself) → the other cells of that row."""
    found: dict[str, tuple[str, ...]] = {}
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        if line.startswith("| "):
            first, *others = (cell.strip() for cell in line.strip("|").split(" | "))
            for name in re.findall(r"`([^`]+)`", first) or [first]:
                found[name] = tuple(others)
    return found


@pytest.mark.parametrize("product", Product)
def test_every_product_with_its_japanese_name(product: Product) -> None:
    assert FACTS[product].name_ja in rows()[product][0]


@pytest.mark.parametrize("product", Product)
def test_every_field_with_its_header(product: Product) -> None:
    missing = {
        field.field: field.name_ja
        for field in layout_of(product).fields
        if field.name_ja not in rows().get(field.field, ("",))[0]
    }
    assert not missing


def test_every_kind_of_document_with_title_and_forms() -> None:
    for kind, title in TITLES.items():
        assert rows()[kind][0] == title
    for kind, forms in KIND_FORMATS.items():
        assert rows()[kind][1] == ", ".join(form.upper() for form in forms)


def test_every_status_process_type_table_and_journal_column() -> None:
    names = {*Status, *TABLES, *PROCESS_TYPES}
    names |= {
        *journal.META,
        *journal.TEXT,
        *journal.RATED,
        *journal.LISTING,
        *journal.CHAIN,
    }
    assert not names - set(rows())


def test_no_field_is_explained_that_does_not_exist() -> None:
    section = GLOSSARY.read_text(encoding="utf-8").split("## Fields of the uploads")[1].split("\n## ")[0]
    explained = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert explained
    assert not set(explained) - set(journal.TEXT)
