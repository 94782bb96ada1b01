"""Documents: the file before the fact, one document per id, gone when its time is over. Findings: derived."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from daicho.store.documents import DocumentStore
from daicho.store.eventlog import EventLog
from daicho.store.files import LocalFiles
from daicho.store.findings import FindingsStore
from tests.store.made import NINE

pytestmark = pytest.mark.dialect


@pytest.fixture
def documents(files: LocalFiles, events: EventLog) -> DocumentStore:
    return DocumentStore(files, events)


def issue(documents: DocumentStore, document_id: str = "receipt-S00000001", **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "kind": "receipt",
        "format": "pdf",
        "name": "受付票_S00000001.pdf",
        "data": b"%PDF-1",
        "holder": "100000001",
        "created_at": NINE,
        **changes,
    }
    return documents.issue(document_id, **given)


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [document["document_id"] for document in found]


def kinds(events: EventLog) -> list[str]:
    return [event["kind"] for event in events.events()]


def test_an_issued_document_is_there_and_listed(
    documents: DocumentStore, events: EventLog, files: LocalFiles
) -> None:
    issued = issue(documents, submission_id="S00000001", expires_at=NINE + timedelta(days=30))
    assert issued == {
        "document_id": "receipt-S00000001",
        "kind": "receipt",
        "format": "pdf",
        "path": str(files.root / "documents/receipt/receipt-S00000001/受付票_S00000001.pdf"),
        "sha256": "21af8e71c8703196df7fe1ff901869a88fe64c07bbaa83d838efb45a52b4f303",
        "size": 6,
        "holder": "100000001",
        "submission_id": "S00000001",
        "unit": None,
        "created_at": "2018-11-06T09:00:00+09:00",
        "expires_at": "2018-12-06T09:00:00+09:00",
    }
    assert Path(issued["path"]).read_bytes() == documents.read("receipt-S00000001") == b"%PDF-1"
    assert documents.find({}, NINE) == [issued]
    assert events.events()[0]["kind"] == "document-issued"
    assert events.events()[0]["submission_id"] == "S00000001"


def test_the_same_document_again_changes_nothing(documents: DocumentStore, events: EventLog) -> None:
    first = issue(documents)
    assert issue(documents, created_at=NINE + timedelta(days=1)) == first
    assert kinds(events) == ["document-issued"]


def test_a_rebuilt_document_tells_that_its_bytes_changed(
    documents: DocumentStore, events: EventLog, files: LocalFiles
) -> None:
    first = issue(documents)
    second = issue(documents, data=b"%PDF-2", name="other.pdf", created_at=NINE + timedelta(days=1))
    assert second["sha256"] != first["sha256"]
    assert second["created_at"] == first["created_at"]
    assert list(files.keys("documents")) == ["documents/receipt/receipt-S00000001/other.pdf"]
    assert documents.read("receipt-S00000001") == b"%PDF-2"
    assert kinds(events) == ["document-issued", "document-rebuilt"]
    assert events.events()[1]["details"]["replaced_sha256"] == first["sha256"]
    assert len(documents.find({}, NINE)) == 1


def test_documents_are_found_by_what_they_belong_to(documents: DocumentStore) -> None:
    issue(documents, "a", submission_id="S1")
    issue(
        documents,
        "b",
        kind="invoice",
        holder="200000002",
        unit="U_-_2018-11",
        created_at=NINE + timedelta(days=1),
    )
    later = NINE + timedelta(days=2)
    assert ids(documents.find({}, later)) == ["a", "b"]
    assert ids(documents.find({"submission_id": "S1", "holder": None}, later)) == ["a"]
    assert ids(documents.find({"holder": "200000002"}, later)) == ["b"]
    assert ids(documents.find({"kind": "invoice", "unit": "U_-_2018-11"}, later)) == ["b"]
    assert ids(documents.find({"date": NINE.date()}, later)) == ["a"]
    assert ids(documents.find({"date": "2018-11-07"}, later)) == ["b"]
    assert documents.find({"kind": "invoice", "holder": "100000001"}, later) == []
    with pytest.raises(ValueError, match="unknown filters: \\['owner'\\]"):
        documents.find({"owner": "x"}, later)


def test_a_document_is_hidden_from_the_second_its_time_is_over(documents: DocumentStore) -> None:
    end = NINE + timedelta(days=30)
    issue(documents, expires_at=end)
    assert ids(documents.find({}, end - timedelta(microseconds=1))) == ["receipt-S00000001"]
    assert documents.find({}, end) == []


def test_expired_documents_are_removed_once_and_stay_removed(
    documents: DocumentStore, events: EventLog, files: LocalFiles
) -> None:
    end = NINE + timedelta(days=30)
    issue(documents, expires_at=end)
    issue(documents, "for ever")
    assert documents.remove_expired(end - timedelta(seconds=1)) == []
    assert documents.remove_expired(end) == ["receipt-S00000001"]
    assert documents.remove_expired(end) == []
    assert list(files.keys("documents")) == ["documents/receipt/for ever/受付票_S00000001.pdf"]
    assert documents.read("receipt-S00000001") is None
    issue(documents, expires_at=end)
    assert documents.read("receipt-S00000001") is None
    assert documents.find({"document_id": "receipt-S00000001"}, NINE) == []
    assert list(files.keys("documents")) == ["documents/receipt/for ever/受付票_S00000001.pdf"]
    assert kinds(events) == ["document-issued", "document-issued", "document-removed"]


def test_a_crash_between_removing_and_telling_is_made_good(
    documents: DocumentStore, events: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    issue(documents, expires_at=NINE)
    with monkeypatch.context() as patched:
        patched.setattr(events, "mark_document_removed", die)
        with pytest.raises(KeyboardInterrupt):
            documents.remove_expired(NINE)
    assert documents.remove_expired(NINE) == ["receipt-S00000001"]
    assert kinds(events) == ["document-issued", "document-removed"]


def test_a_crash_between_file_and_fact_leaves_an_unissued_document(
    documents: DocumentStore, events: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(events, "register_document", die)
        with pytest.raises(KeyboardInterrupt):
            issue(documents)
    assert documents.find({}, NINE) == []
    assert documents.read("receipt-S00000001") is None
    issue(documents)
    assert len(documents.find({}, NINE)) == 1


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "a\\b", "a\nb", ".hidden"])
@pytest.mark.parametrize("where", ["document_id", "kind", "name"])
def test_names_stay_inside_their_folder(
    documents: DocumentStore, events: EventLog, files: LocalFiles, part: str, where: str
) -> None:
    with pytest.raises(ValueError, match="not usable in a path"):
        issue(documents, **{where: part})
    assert not files.root.exists()
    assert events.events() == []


def test_findings_are_kept_per_submission_and_may_be_rebuilt(files: LocalFiles) -> None:
    store = FindingsStore(files)
    frame = pl.DataFrame(
        {"record": [3, None], "code": ["no-rate", "x"], "message": ["料率がありません。", None]}
    )
    assert store.read("S00000001") is None
    store.write("S00000001", frame)
    back = store.read("S00000001")
    assert back is not None
    assert back.equals(frame)
    store.write("S00000001", frame.clear())
    again = store.read("S00000001")
    assert again is not None
    assert again.schema == frame.schema
    assert again.is_empty()
    assert store.submissions() == ["S00000001"]
