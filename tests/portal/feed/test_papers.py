"""Documents of an upload at the desk: read, logged, and nothing outside of the folder of files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal_stub.feed import papers
from portal_stub.history.models import AuditEvent
from tests.portal.conftest import Hand, World
from tests.portal.feed.conftest import paper, portrait, tell
from tests.portal.pages import page_of

Visit = Callable[..., Client]
ADDRESS = "/desk/uploads/S00000001/documents/R-1/"


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Path:
    """The folder of files, with one document in it."""
    settings.PIPELINE_FILES = str(tmp_path / "files")
    place = tmp_path / "files" / "documents" / "receipt" / "R-1"
    place.mkdir(parents=True)
    (place / "受付票.pdf").write_bytes(b"%PDF-1.7 receipt")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return tmp_path / "files"


def told(**changes: Any) -> None:
    path = "documents/receipt/R-1/受付票.pdf"
    row = paper("R-1", **{"kind": "receipt", "submission_id": "S00000001", "path": path} | changes)
    tell(portrait(1), documents=[row])


def test_the_desk_reads_a_document(world: World, visit: Visit, files: Path) -> None:
    told()
    client = visit(world.staff_reader)
    papers = page_of(client.get("/desk/uploads/S00000001/")).section("帳票（1件）")
    assert papers.links == {"受付票（PDF、R-1）をダウンロード": ADDRESS}
    reply = client.get(ADDRESS)
    assert b"".join(reply) == b"%PDF-1.7 receipt"
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.headers["Content-Type"] == "application/octet-stream"
    event = AuditEvent.objects.get(event="upload-document-read")
    assert (event.actor, event.subject, event.detail) == ("desk-2", "S00000001", {"document": "R-1"})
    assert client.get("/desk/uploads/S00000002/documents/R-1/").status_code == 404, "of another upload"
    assert visit(world.administrator).get(ADDRESS).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"removed_at": "2026-04-01T08:40:00+09:00"},
        {"expires_at": "2026-04-01T09:00:00+09:00"},
        {"path": "documents/receipt/R-1/gone.pdf"},
        {"path": "documents/receipt/R-1"},
        {"path": "../secret.txt"},
    ],
)
def test_what_is_not_provided_is_not_there(
    world: World, visit: Visit, files: Path, changes: dict[str, str]
) -> None:
    told(**changes)
    assert visit(world.staff).get(ADDRESS).status_code == 404
    assert not AuditEvent.objects.filter(event="upload-document-read").exists()


def test_a_document_is_there_until_its_last_moment(
    world: World, visit: Visit, files: Path, hand: Hand
) -> None:
    told(expires_at="2026-04-01T09:00:01+09:00")
    client = visit(world.staff)
    assert client.get(ADDRESS).status_code == 200
    hand.on(seconds=1)
    assert client.get(ADDRESS).status_code == 404
    papers = page_of(client.get("/desk/uploads/S00000001/")).section("帳票（1件）")
    assert papers.table().column("提供期限") == ["提供期間終了"]
    assert papers.links == {}


@pytest.mark.parametrize("path", ["", "../secret.txt", "documents/../../secret.txt", "link", "a\0b", "{out}"])
def test_no_path_leaves_the_folder(files: Path, path: str) -> None:
    (files / "link").symlink_to(files.parent / "secret.txt")
    with pytest.raises(papers.NoFile):
        papers.opened(path.replace("{out}", str(files.parent / "secret.txt")))
