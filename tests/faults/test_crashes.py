"""The machine stops or fills up in the middle of handing in: nothing is lost that was answered, nothing kept twice."""

from typing import Any

import pytest

from tests import kit
from tests.homes import LINE_YEN, TUESDAY, USER, Home, Ran, contracts

ARGUMENTS = ("--product", "enterprise", "--holder", kit.HOLDER, "--user", USER, "--count", "1", "--json")


def submit(home: Home, *more: str) -> Ran:
    return home.cli("submit", str(home.file(contracts("EX-1"))), *ARGUMENTS, *more)


def raising(error: BaseException) -> Any:
    def act(*_: object, **__: object) -> None:
        raise error

    return act


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ("daicho.store.archive.Archive.put_bytes", False),
        ("daicho.store.archive.Archive.write_receipt", False),
        ("daicho.store.eventlog.EventLog._insert_receipt", True),
    ],
)
def test_a_crash_while_handing_in(
    home: Home, monkeypatch: pytest.MonkeyPatch, place: str, kept: bool
) -> None:
    """From the receipt on the upload counts as received: the next run takes it in, and sending it again is told."""
    with monkeypatch.context() as patch:
        patch.setattr(place, raising(KeyboardInterrupt()))
        assert submit(home).code == 130
    assert home.cli("status", "--json").json == []
    store = home.at()
    assert store.events.recover() == (1 if kept else 0)
    again = submit(home)
    if kept:
        assert again.refused == "identical-upload"
    else:
        assert again.json["submission_id"] == "S00000001"
    assert home.decide() == ["S00000001"]
    assert home.journal()["premium_total"].to_list() == [LINE_YEN]
    assert home.verify() == []


def test_a_full_disk_is_a_fault_that_keeps_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("daicho.store.files.os.fsync", raising(OSError(28, "No space left on device")))
        ran = submit(home)
    assert ran.code == 3
    assert "ディスクに空きがありません" in ran.err
    assert list(home.at().archive.hashes()) == []
    assert submit(home).json["submission_id"] == "S00000001"


def test_a_full_disk_while_booking_books_nothing_and_the_next_run_everything(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.submit(contracts("EX-1"))
    with monkeypatch.context() as patch:
        patch.setattr("daicho.store.lake.write_deltalake", raising(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            home.decide()
    assert home.journal().is_empty()
    assert home.status("S00000001")["held"] is False, "no fault of the upload"
    assert home.decide() == ["S00000001"]
    assert home.verify() == []


@pytest.mark.parametrize(
    "place", ["daicho.store.files.LocalFiles.write", "daicho.store.eventlog.EventLog.register_document"]
)
def test_a_crash_while_printing_leaves_the_papers_owed(
    home: Home, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    home.submit(contracts("EX-1"))
    home.decide()
    with monkeypatch.context() as patch:
        patch.setattr(place, raising(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            home.print_papers()
    home.print_papers()
    assert home.kinds(TUESDAY) == [
        ("findings_report", "csv"),
        ("ledger_file", "csv"),
        ("monitor_list", "pdf"),
        ("receipt", "pdf"),
        ("receipt", "pdf"),
    ]
    assert home.verify(TUESDAY) == []
