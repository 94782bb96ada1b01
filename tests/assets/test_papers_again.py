"""Any earlier paper byte for byte: after its file is gone, its time is over, tables and settings are others."""

from pathlib import Path

import pytest

from assets.ledgers import confirm_due, extract_due, reconcile_due
from assets.papers_again import reissued
from daicho.store.documents import DocumentStore
from outputs.documents import KIND_FORMATS
from schemas.submission import Refusal
from tests import kit
from tests.book import change
from tests.homes import CUT_OFF, TUESDAY, WEEK_OVER, Home, contracts, load_world

LATER, MUCH_LATER = "2018-11-13T10:00:00", "2019-03-29T21:00:00"


def lived(folder: Path) -> Home:
    """A home with every kind of document and several versions of some, removed ones too; later all is different."""
    world = kit.world()
    world["policyholders"][0]["provided_data"] = "1"
    home = load_world(folder, world)
    home.booked(contracts("EX-1", "EX-2"), name="十一月分.csv")
    home.booked([kit.notice_row()], product="simplified-notice")
    home.submit(contracts("EX-3", currency=""))
    home.submit(contracts("EX-9", contract_date="20180905"))  # late: held
    home.decide()
    home.print_papers()
    reconcile_due(home.at(WEEK_OVER))
    home.booked(
        [change("4", history_no="00", shipment_no="01", settlement_no="01", department_code="D9")], LATER
    )
    home.cli("decide", "S00000004", "--refuse", "--by", "山田", "--reason", "期限を過ぎた", now=LATER)
    home.print_papers(LATER)
    claimed = home.at(CUT_OFF)
    home.submit(contracts("EX-4"), "2018-11-30T10:00:00")
    slow = claimed.events.claim("slow", claimed.clock.now(), 1)
    confirm_due(home.at(CUT_OFF))
    assert extract_due(home.at(CUT_OFF)) == ["finance_premiums-2018-12-v1"]
    claimed.events.release("slow", slow[0]["receipt_no"])
    home.decide(CUT_OFF)
    home.print_papers(CUT_OFF)
    confirm_due(home.at(CUT_OFF))
    assert extract_due(home.at(CUT_OFF)) == ["finance_premiums-2018-12-v2"], "at the same instant"
    store = home.at(MUCH_LATER)
    assert store.documents.remove_expired(store.clock.now())
    renamed = {
        "policyholders": [{"holder": kit.HOLDER, "name": "新社名㈱", "provided_data": "0"}],
        "holidays": [{"date": "2019-02-06", "name": "臨時"}],
    }
    home.cli("reference", "load", str(kit.write_reference(folder / "later", renamed)), now=MUCH_LATER)
    home.settings(payment_days=7, refund_threshold_yen=1, provided_data_days=1)
    return home


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return lived(tmp_path_factory.mktemp("lived"))


def issued(home: Home) -> dict[str, dict[str, str]]:
    """Every document that was ever issued, by its id."""
    events = home.at(MUCH_LATER).events
    ids = sorted({name for kind in KIND_FORMATS for name in events.issued_ids(kind)})
    return {name: row for name in ids if (row := events.document(name)) is not None}


@pytest.mark.night
@pytest.mark.slow
def test_every_document_of_every_kind_is_made_again_byte_for_byte(old: Home) -> None:
    documents = issued(old)
    assert {row["kind"] for row in documents.values()} == set(KIND_FORMATS)
    assert sum(row["removed_at"] is not None for row in documents.values()) > 5
    store = old.at(MUCH_LATER)
    for row in documents.values():
        store.files.remove(row["path"])
    before = len(store.events.events())
    for name, row in documents.items():
        again = reissued(old.at(MUCH_LATER), name)
        assert again.sha256 == row["sha256"], name
        assert again.identical
    assert len(old.at(MUCH_LATER).events.events()) == before, "making again is no event"


def test_what_would_be_made_otherwise_now_is_told(old: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outputs.documents.invoice_csv", lambda *_: b"another form")
    name = next(
        name for name, row in issued(old).items() if row["kind"] == "invoice" and name.endswith("csv")
    )
    again = reissued(old.at(MUCH_LATER), name)
    assert not again.identical
    assert again.data == b"another form"
    done = old.cli("reissue", name, now=MUCH_LATER)
    assert done.code == 0
    assert "作成時と異なります" in done.out


def test_the_command_writes_the_document_and_says_that_it_is_the_same(old: Home, tmp_path: Path) -> None:
    out = tmp_path / "list.pdf"
    done = old.cli("reissue", "monitor_list-S00000001", "--out", str(out), "--json", now=MUCH_LATER)
    row = issued(old)["monitor_list-S00000001"]
    assert done.code == 0
    assert done.json == {
        "document_id": "monitor_list-S00000001",
        "kind": "monitor_list",
        "format": "pdf",
        "sha256": row["sha256"],
        "issued_sha256": row["sha256"],
        "identical": True,
        "out": str(out),
        "restored": False,
    }
    assert out.read_bytes().startswith(b"%PDF")
    assert old.at(MUCH_LATER).documents.read("monitor_list-S00000001") is None, "what is over stays over"


def test_a_lost_file_comes_back_to_its_place(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.booked(contracts("EX-1"))
    home.print_papers()
    (row,) = home.papers(TUESDAY, kind="ledger_file")
    content = Path(row["path"]).read_bytes()
    Path(row["path"]).unlink()
    assert any("ファイルがありません" in problem for problem in home.verify(TUESDAY))
    monkeypatch.setattr(DocumentStore, "issue", None)  # nothing is issued again
    done = home.cli("reissue", row["document_id"])
    assert (done.code, Path(row["path"]).read_bytes()) == (0, content)
    assert "作成時と同一です" in done.out
    assert "元に戻しました" in done.err
    assert home.verify(TUESDAY) == []


def test_an_unknown_document_and_a_place_that_cannot_be_written_are_refused(
    home: Home, tmp_path: Path
) -> None:
    assert home.cli("reissue", "invoice-nothing-pdf", "--json").refused == "unknown-document"
    home.booked(contracts("EX-1"))
    home.print_papers()
    place = str(tmp_path / "no" / "folder.pdf")
    assert home.cli("reissue", "receipt-S00000001", "--out", place, "--json").refused == "unwritable-file"


def test_a_document_whose_source_is_gone_is_refused(home: Home) -> None:
    store = home.at()
    store.documents.issue(
        "invoice-X_C_1-pdf", "invoice", "pdf", "x.pdf", b"%PDF", kit.HOLDER, store.clock.now()
    )
    with pytest.raises(Refusal) as refusal:
        reissued(home.at(), "invoice-X_C_1-pdf")
    assert refusal.value.code == "document-without-source"
