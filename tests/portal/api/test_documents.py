"""Documents by program: whose, which agreements, how long; files, and what the history keeps."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portal_stub import clock
from portal_stub.feed.models import Document, Submission
from portal_stub.history.models import AccessRecord, AuditEvent
from tests.portal.api.conftest import Program, code
from tests.portal.conftest import HOLDER, OTHER, Hand, World
from tests.portal.feed.conftest import portrait, tell

Made = Callable[..., Program]
LISTED, UNLISTED = f"{HOLDER[:8]}1", f"{HOLDER[:8]}2"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PIPELINE_FILES = str(tmp_path / "files")
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def a_paper(folder: Path, name: str, kind: str, **changes: Any) -> Document:
    (folder / f"{name}.csv").write_bytes(f"content of {name}".encode())
    made = {
        "document_id": name,
        "kind": kind,
        "format": "csv",
        "path": f"{name}.csv",
        "sha256": f"{len(name):064d}",
        "size": len(f"content of {name}"),
        "holder": HOLDER,
        "created_at": clock.now(),
        "expires_at": clock.now() + timedelta(days=30),
    } | changes
    return Document.objects.create(**made)


def ids(caller: Program, **query: Any) -> list[str]:
    reply = caller.get("/documents", **query)
    assert reply.status_code == 200, reply.content
    return [row["document_id"] for row in reply.json()["items"]]


def test_provided_data_is_fetched_and_in_the_access_history(
    world: World, program: Made, folder: Path
) -> None:
    row = a_paper(folder, "data", "provided_data", agreement=LISTED, month="2026-03", department="見本部")
    caller = program(world.applicant)
    [told] = caller.get("/documents", kind="provided_data").json()["items"]
    assert told == {
        "document_id": "data",
        "kind": "provided_data",
        "format": "csv",
        "file_name": "data.csv",
        "size": 15,
        "sha256": row.sha256,
        "submission_id": None,
        "agreement": LISTED,
        "department": "見本部",
        "month": "2026-03",
        "created_at": "2026-04-01T09:00:00+09:00",
        "expires_at": "2026-05-01T09:00:00+09:00",
    }
    assert not AccessRecord.objects.filter(code="8-1").exists(), "a list is no download"
    reply = caller.get("/documents/data")
    assert b"".join(reply.streaming_content) == b"content of data"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="data.csv"'
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert AccessRecord.objects.get(code="8-1").login_id == world.applicant.login_id
    assert AuditEvent.objects.get(event="api-document-read").detail["document"] == "data"
    again = caller.client.get(
        "/api/v1/documents/data", headers=caller.headers() | {"If-None-Match": reply.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert AccessRecord.objects.filter(code="8-1").count() == 1, "nothing was downloaded again"


def test_other_papers_are_in_the_log_only(world: World, program: Made, folder: Path) -> None:
    a_paper(folder, "ledger", "confirmed_ledger", agreement=LISTED)
    assert program(world.applicant).get("/documents/ledger").status_code == 200
    assert not AccessRecord.objects.filter(code="8-1").exists()
    assert AuditEvent.objects.filter(event="api-document-read").count() == 1


@pytest.mark.req("G-021")
def test_concluded_data_follow_the_listed_agreements(world: World, program: Made, folder: Path) -> None:
    a_paper(folder, "one", "confirmed_ledger", agreement=LISTED)
    a_paper(folder, "two", "confirmed_ledger", agreement=UNLISTED)
    a_paper(folder, "none", "invoice")
    tell(portrait(1), portrait(2))
    Submission.objects.filter(receipt_no=1).update(agreements=LISTED)
    Submission.objects.filter(receipt_no=2).update(agreements=f"{LISTED} {UNLISTED}")
    a_paper(folder, "own", "monitor_list", submission_id="S00000001")
    a_paper(folder, "mixed", "monitor_list", submission_id="S00000002")
    world.enterer.application_scope = "all"
    world.enterer.save()
    assert set(ids(program(world.applicant))) == {"one", "two", "none", "own", "mixed"}
    caller = program(world.enterer)
    assert set(ids(caller)) == {"one", "own"}
    for name in ("two", "none", "mixed"):
        assert code(caller.get(f"/documents/{name}"), 404) == "not-found"
    assert code(caller.get("/submissions/S00000002/documents"), 404) == "not-found"
    world.enterer.listed_agreements.clear()
    assert ids(caller) == []


def test_each_right_opens_its_own_papers(world: World, program: Made, folder: Path) -> None:
    tell(portrait(1))
    a_paper(folder, "unit", "invoice", agreement=LISTED)
    a_paper(folder, "sub", "receipt", submission_id="S00000001")
    caller = program(world.reader)
    for data, applications, expected in (
        ("all", "none", ["unit"]),
        ("none", "all", ["sub"]),
        ("none", "own", []),
    ):
        world.reader.data_scope, world.reader.application_scope = data, applications
        world.reader.save()
        assert ids(caller) == expected


def test_papers_of_others_and_of_nobody_do_not_exist(world: World, program: Made, folder: Path) -> None:
    a_paper(folder, "theirs", "provided_data", holder=OTHER, agreement=f"{OTHER[:8]}1")
    a_paper(folder, "finance", "finance_premiums", holder="")
    tell(portrait(1, holder=OTHER, user=f"{OTHER}000"))
    a_paper(folder, "crossed", "receipt", submission_id="S00000001")
    caller = program(world.administrator)
    assert ids(caller) == []
    for name in ("theirs", "finance", "crossed"):
        assert code(caller.get(f"/documents/{name}"), 404) == "not-found"
    assert ids(program(world.stranger)) == ["theirs"]


def test_papers_end(world: World, program: Made, folder: Path, hand: Hand) -> None:
    a_paper(folder, "young", "provided_data", agreement=LISTED)
    a_paper(folder, "gone", "provided_data", agreement=LISTED, removed=True)
    a_paper(folder, "lasting", "invoice", agreement=LISTED, expires_at=None)
    caller = program(world.applicant, days=60)
    assert set(ids(caller)) == {"young", "lasting"}
    hand.on(days=30)
    assert ids(caller) == ["lasting"]
    assert code(caller.get("/documents/young"), 404) == "not-found"
    assert code(caller.get("/documents/gone"), 404) == "not-found"


def test_pages_and_conditions(world: World, program: Made, folder: Path, hand: Hand) -> None:
    for n in range(5):
        a_paper(folder, f"p{n}", "invoice" if n % 2 else "provided_data", agreement=LISTED)
        hand.on(days=1 if n == 2 else 0)
    caller = program(world.applicant)
    got: list[str] = []
    following: dict[str, Any] = {}
    while True:
        page = caller.get("/documents", limit=2, **following).json()
        got += [row["document_id"] for row in page["items"]]
        if not page["next"]:
            break
        following = {"cursor": page["next"]}
    assert got == ["p4", "p3", "p2", "p1", "p0"]
    assert ids(caller, kind="invoice") == ["p3", "p1"]
    assert ids(caller, **{"from": "2026-04-02"}) == ["p4", "p3"]
    assert ids(caller, to="2026-04-01") == ["p2", "p1", "p0"]
    assert code(caller.get("/documents", kind="finance_premiums"), 422) == "invalid-request"


@pytest.mark.parametrize(
    "path", ["../secret.csv", "/etc/passwd", "", "a\0b", "link.csv", "missing.csv", ".", "x/../../secret.csv"]
)
def test_a_row_that_leads_out_of_the_folder_opens_nothing(
    world: World, program: Made, folder: Path, path: str
) -> None:
    (folder.parent / "secret.csv").write_bytes(b"secret")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    a_paper(folder, "paper", "invoice", agreement=LISTED)
    if "\0" not in path:
        Document.objects.update(path=path)
    else:
        (folder / "paper.csv").unlink()
    assert code(program(world.applicant).get("/documents/paper"), 404) == "not-found"
    assert not AuditEvent.objects.filter(event="api-document-read").exists()


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "paper%00",
        "paper%0a",
        "PAPER",
        "paper%20",
        "x" * 5000,
        "%ff%fe",
        "%ed%a0%80",
        "'%20OR%201=1--",
        "１",
    ],
)
def test_names_that_are_none(world: World, program: Made, folder: Path, name: str) -> None:
    a_paper(folder, "paper", "invoice", agreement=LISTED)
    caller = program(world.applicant)
    for path in (f"/documents/{name}", f"/submissions/{name}", f"/submissions/{name}/findings"):
        assert code(caller.get(path), 404) == "not-found"
    assert code(caller.get(f"/checks/{name}"), 404) == "not-found"
