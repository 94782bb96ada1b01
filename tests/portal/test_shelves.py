"""Files of users on a shelf: looked at by a scanner before they are kept, where there is one."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub.ledgers.models import Upload
from portal_stub.shelves import FileRefused, Shelf
from tests.portal.conftest import World, hidden
from tests.portal.pages import page_of

_SCANNER = (
    "import sys; found = sys.stdin.buffer.read(); sys.exit(3 if b'BROKEN' in found else b'EICAR' in found)"
)


@pytest.fixture
def scanned(settings: Any, tmp_path: Path) -> Path:
    """A portal with a scanner; its files."""
    command = shlex.join([sys.executable, "-c", _SCANNER])
    settings.PORTAL = replace(settings.PORTAL, scan_command=command)
    settings.PORTAL_FILES = str(tmp_path)
    return tmp_path


def test_what_the_scanner_lets_pass_is_kept_whole(scanned: Path) -> None:
    kept = Shelf("a").keep([b"har", b"mless"])
    assert (Shelf("a").path(kept.sha256).read_bytes(), kept.size) == (b"harmless", 8)


@pytest.mark.parametrize(("content", "code"), [(b"EICAR", "infected-file"), (b"BROKEN", "scan-failed")])
def test_what_it_finds_or_cannot_look_at_is_not_kept(scanned: Path, content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as told:
        Shelf("a").keep([b"x" * 100_000, content])
    assert told.value.code == code
    assert [path for path in scanned.rglob("*") if path.is_file()] == []


def test_a_scanner_that_is_not_there_lets_nothing_pass(scanned: Path, settings: Any) -> None:
    settings.PORTAL = replace(settings.PORTAL, scan_command="/nowhere/scanner")
    with pytest.raises(FileRefused, match="検査"):
        Shelf("a").keep([b"harmless"])


def test_its_sender_is_told_at_the_file(scanned: Path, world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.applicant)
    once = hidden(client.get("/ledger/enterprise/upload/"))["once"][0]
    form = {"once": once, "count": "1", "remarks": "", "file": SimpleUploadedFile("a.csv", b"EICAR")}
    page = page_of(client.post("/ledger/enterprise/upload/", form), 422)
    assert page.errors["file"].startswith("ファイルからウイルスなどの危険なものが見つかった")
    assert not Upload.objects.exists()
