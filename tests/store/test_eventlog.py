"""The event log: numbers in order of receipt, claims with a lease, one verdict, a status that follows from facts."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daicho.clock import Clock
from daicho.store.archive import Archive
from daicho.store.database import Database, SqliteDatabase, open_database
from daicho.store.eventlog import ClaimLost, EventLog, IdenticalUpload, NotHeld, VerdictDiffers
from daicho.store.files import LocalFiles
from schemas.reading import CURRENT_READING
from sensors.windows import TOKYO
from tests.store import workers
from tests.store.made import NINE, RealSeconds, a_receipt

pytestmark = pytest.mark.dialect

OTHER = {"holder": "200000002", "user": "200000002000"}


class PowerCut(BaseException):
    """The process dies here."""


def numbers(receipts: list[Any]) -> list[int]:
    return [receipt["receipt_no"] for receipt in receipts]


def book(events: EventLog, receipt_no: int, worker: str = "w", **changes: Any) -> None:
    given = {"errors": 0, "warnings": 0, "premium_total": 100, "reference_load": 1, **changes}
    events.decide(receipt_no, "booked", at=NINE, worker=worker, **given)


def reject(events: EventLog, receipt_no: int, worker: str = "w") -> None:
    events.decide(receipt_no, "rejected", 3, 1, None, 1, NINE, worker)


def hold(database: Database, receipt_no: int, decision: str | None = None) -> None:
    with database.writing() as connection:
        connection.run(
            "INSERT INTO holds (receipt_no, held_at, reasons, decision) VALUES (:receipt_no, :at, '[]', :decision)",
            receipt_no=receipt_no,
            at=NINE.isoformat(),
            decision=decision,
        )


# ---------------------------------------------------------------------------------------------- receipt


def test_a_receipt_gets_the_next_number_and_is_kept_in_archive_and_log(
    events: EventLog, archive: Archive
) -> None:
    given = a_receipt(remarks="契約発効日 2018-11-01")
    received = events.receive(given)
    assert received == {**given, "receipt_no": 1, "submission_id": "S00000001", "resend": False}
    assert archive.read_receipt(1) == received
    assert events.receipt("S00000001") == received
    assert events.receipt("S00000002") is None
    assert events.receive(a_receipt())["submission_id"] == "S00000002"
    assert [(event["kind"], event["submission_id"], event["actor"]) for event in events.events()] == [
        ("received", "S00000001", "100000001000"),
        ("received", "S00000002", "100000001000"),
    ]


def test_the_same_bytes_waiting_or_booked_are_refused_and_nothing_is_kept(
    events: EventLog, archive: Archive
) -> None:
    upload = a_receipt(sha256="a" * 64)
    events.receive(upload)
    with pytest.raises(IdenticalUpload, match="申請 S00000001 として受付済み") as waiting:
        events.receive(upload)
    assert waiting.value.submission_id == "S00000001"
    events.claim("w", NINE, 1)
    book(events, 1)
    with pytest.raises(IdenticalUpload):
        events.receive(upload)
    assert len(events.submissions(NINE)) == 1
    assert archive.read_receipt(2) is None
    assert len(events.events(kind="received")) == 1


def test_the_same_bytes_are_welcome_after_a_rejection_resent_or_for_another(events: EventLog) -> None:
    upload = a_receipt(sha256="a" * 64)
    events.receive(upload)
    events.claim("w", NINE, 1)
    reject(events, 1)
    assert events.receive(upload)["receipt_no"] == 2
    resent = events.receive(upload, resend=True)
    assert (resent["receipt_no"], resent["resend"]) == (3, True)
    assert events.receive(upload | OTHER)["receipt_no"] == 4
    assert events.receive(upload | {"product": "simplified-notice"})["receipt_no"] == 5
    with pytest.raises(IdenticalUpload, match="S00000003"):
        events.receive(upload)


def test_a_dropped_file_taken_twice_has_one_receipt(events: EventLog, archive: Archive) -> None:
    upload = a_receipt(channel="drop", source="drop/100000001/a.csv#17")
    first = events.receive(upload)
    assert events.receive(upload) == first
    assert events.receive({**upload, "received_at": "2018-11-06T09:05:00+09:00"}) == first
    assert archive.read_receipt(2) is None
    assert len(events.events()) == 1


@pytest.mark.parametrize("moment", ["before the receipt", "after the receipt", "before the commit"])
def test_a_crash_while_receiving_loses_nothing_that_was_written(
    events: EventLog, archive: Archive, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise PowerCut

    def die_after(function: Callable[..., Any]) -> Callable[..., None]:
        def wrapped(*arguments: Any, **named: Any) -> None:
            function(*arguments, **named)
            raise PowerCut

        return wrapped

    events.receive(a_receipt())
    upload = a_receipt(file_name="停電.csv")
    with monkeypatch.context() as patched:
        if moment == "before the receipt":
            patched.setattr(archive, "write_receipt", die)
        elif moment == "after the receipt":
            patched.setattr(archive, "write_receipt", die_after(archive.write_receipt))
        else:
            patched.setattr(events, "_insert_receipt", die_after(events._insert_receipt))
        with pytest.raises(PowerCut):
            events.receive(upload)
    written = moment != "before the receipt"
    assert [row["file_name"] for row in events.submissions(NINE)] == ["十一月分.csv"]
    assert (archive.read_receipt(2) is not None) is written
    assert events.recover() == int(written)
    assert events.recover() == 0
    if written:
        assert [row["file_name"] for row in events.submissions(NINE)] == ["十一月分.csv", "停電.csv"]
        assert events.events(submission_id="S00000002")[0]["details"]["recovered"] is True
        with pytest.raises(IdenticalUpload, match="S00000002"):
            events.receive(upload)
    else:
        assert events.receive(upload)["receipt_no"] == 2


def test_the_next_receipt_takes_in_what_a_crash_left_and_goes_behind_it(
    events: EventLog, archive: Archive
) -> None:
    orphan = {**a_receipt(), "receipt_no": 1, "submission_id": "S00000001", "resend": False}
    archive.write_receipt(orphan)
    assert events.receive(a_receipt())["receipt_no"] == 2
    assert numbers(events.due(NINE)) == [1, 2]
    assert events.receipt("S00000001") == orphan


def test_a_lost_database_comes_back_from_the_receipts(archive: Archive, tmp_path: Path) -> None:
    clock = Clock(fixed=NINE)
    before = EventLog(SqliteDatabase(tmp_path / "one.db"), archive, clock)
    for _ in range(3):
        before.receive(a_receipt())
    after = EventLog(SqliteDatabase(tmp_path / "two.db"), archive, clock)
    assert after.recover() == 3
    assert after.due(NINE) == before.due(NINE)


def test_many_processes_receive_at_once_in_a_fresh_home(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    url = None if isinstance(database, SqliteDatabase) else database_url
    home = tmp_path / "home"
    given = workers.together(workers.receive_some, home, url, processes=4, each=15)
    assert all(own == sorted(own) for own in given)
    assert sorted(number for own in given for number in own) == list(range(1, 61))
    receipts = Archive(LocalFiles(home / "files"))
    assert list(receipts.receipt_numbers()) == list(range(1, 61))


def test_the_same_upload_from_many_processes_is_received_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    url = None if isinstance(database, SqliteDatabase) else database_url
    same = workers.together(
        workers.receive_the_same, tmp_path / "a", url, processes=3, changes={"sha256": "a" * 64}
    )
    assert sorted(same) == ["IdenticalUpload", "IdenticalUpload", "S00000001"]
    source = {"sha256": "b" * 64, "source": "drop/x"}
    dropped = workers.together(workers.receive_the_same, tmp_path / "b", url, processes=3, changes=source)
    assert len(set(dropped)) == 1


# ---------------------------------------------------------------------------------------------- events


def test_events_tell_who_and_why_and_in_which_order(events: EventLog) -> None:
    first = events.record("run-started", "operator:sato", reason="再実行", job="nightly", day=NINE.date())
    second = events.refuse("count-mismatch", "件数が一致しません。", "100000001000", counted=119)
    assert second > first
    assert events.events() == [
        {
            "id": first,
            "at": "2018-11-06T09:00:00+09:00",
            "kind": "run-started",
            "submission_id": None,
            "actor": "operator:sato",
            "reason": "再実行",
            "details": {"job": "nightly", "day": "2018-11-06"},
        },
        {
            "id": second,
            "at": "2018-11-06T09:00:00+09:00",
            "kind": "refused",
            "submission_id": None,
            "actor": "100000001000",
            "reason": "件数が一致しません。",
            "details": {"code": "count-mismatch", "counted": 119},
        },
    ]
    assert [event["id"] for event in events.events(kind="refused")] == [second]


def test_nobody_is_no_actor(events: EventLog) -> None:
    with pytest.raises(ValueError, match="needs an actor"):
        events.record("run-started", "")
    assert events.events() == []


@pytest.mark.parametrize("change", ["UPDATE {} SET at = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["events", "verdicts", "receipts"])
def test_what_was_written_stays(events: EventLog, database: Database, change: str, table: str) -> None:
    events.receive(a_receipt())
    events.claim("w", NINE, 1)
    book(events, 1)
    sql = change.format(table).replace("SET at", "SET received_at" if table == "receipts" else "SET at")
    with pytest.raises(Exception, match=f"{table} is append-only"), database.writing() as connection:
        connection.run(sql)
    assert len(events.events()) == 2
    assert events.accounting()["booked"] == 1


# ---------------------------------------------------------------------------------------------- queue


def test_due_from_eight_on_the_acceptance_day_in_order_of_receipt(events: EventLog) -> None:
    events.receive(a_receipt(acceptance_date="2018-11-07"))
    events.receive(a_receipt(acceptance_date="2018-11-06"))
    events.receive(a_receipt(acceptance_date="2018-11-05"))
    eight = datetime(2018, 11, 6, 8, 0, tzinfo=TOKYO)
    assert numbers(events.due(eight - timedelta(microseconds=1))) == [3]
    assert numbers(events.due(eight)) == [2, 3]
    assert numbers(events.due(eight + timedelta(days=1))) == [1, 2, 3]


def test_what_has_a_verdict_or_is_held_is_not_due_and_a_released_hold_is(
    events: EventLog, database: Database
) -> None:
    for _ in range(4):
        events.receive(a_receipt())
    events.claim("w", NINE, 1)
    book(events, 1)
    hold(database, 2)
    hold(database, 3, decision="release")
    assert numbers(events.due(NINE)) == [3, 4]
    assert numbers(events.claim("w", NINE, 10)) == [3, 4]


def test_claims_are_given_in_order_up_to_the_limit_and_to_one_worker_only(events: EventLog) -> None:
    for holder in range(4):
        events.receive(a_receipt(holder=f"{holder:09d}"))
    events.receive(a_receipt(acceptance_date="2018-11-07"))
    taken = events.claim("a", NINE, 2)
    assert numbers(taken) == [1, 2]
    assert [receipt["attempt"] for receipt in taken] == [1, 1]
    assert numbers(events.claim("b", NINE, 10)) == [3, 4]
    assert events.claim("a", NINE, 10) == []
    assert numbers(events.due(NINE)) == [1, 2, 3, 4]


def test_a_holder_waits_for_its_earlier_submission_in_other_hands(
    events: EventLog, database: Database
) -> None:
    events.receive(a_receipt())
    events.receive(a_receipt())
    events.receive(a_receipt(**OTHER))
    events.receive(a_receipt())
    assert numbers(events.claim("a", NINE, 1)) == [1]
    assert numbers(events.claim("b", NINE, 10)) == [3]
    # The same worker goes on with the holder's next one: it works in order itself.
    assert numbers(events.claim("a", NINE, 1)) == [2]
    book(events, 1, "a")
    assert events.claim("b", NINE, 10) == []
    hold(database, 2)
    assert numbers(events.claim("b", NINE, 10)) == [4]


def test_an_expired_claim_is_taken_over_with_a_higher_attempt(
    events: EventLog, real_seconds: RealSeconds
) -> None:
    events.receive(a_receipt())
    events.receive(a_receipt())
    assert numbers(events.claim("dead", NINE, 1)) == [1]
    real_seconds.value += 119
    assert events.claim("b", NINE, 10) == []
    real_seconds.value += 1
    taken = events.claim("b", NINE, 10)
    assert [(receipt["receipt_no"], receipt["attempt"]) for receipt in taken] == [(1, 2), (2, 1)]
    with pytest.raises(ClaimLost, match="受付番号 1 は dead の担当ではなくなりました"):
        book(events, 1, "dead")
    assert events.accounting()["booked"] == 0
    book(events, 1, "b")


def test_a_renewed_lease_lasts_and_tells_what_was_lost(events: EventLog, real_seconds: RealSeconds) -> None:
    for holder in range(3):
        events.receive(a_receipt(holder=f"{holder:09d}"))
    events.claim("a", NINE, 2)
    real_seconds.value += 100
    assert events.renew("a") == {1, 2}
    real_seconds.value += 100
    assert numbers(events.claim("b", NINE, 10)) == [3]
    real_seconds.value += 100
    assert numbers(events.claim("b", NINE, 1)) == [1]
    assert events.renew("a") == {2}
    assert events.renew("b") == {1, 3}
    assert events.renew("stranger") == set()


def test_a_late_worker_that_nobody_replaced_may_still_decide(
    events: EventLog, real_seconds: RealSeconds
) -> None:
    events.receive(a_receipt())
    events.claim("a", NINE, 1)
    real_seconds.value += 1000
    book(events, 1, "a")
    assert events.accounting()["booked"] == 1


def test_a_released_claim_is_free_at_once_for_others(events: EventLog) -> None:
    events.receive(a_receipt())
    events.claim("a", NINE, 1)
    events.release("b", 1)
    assert events.claim("b", NINE, 1) == []
    events.release("a", 1)
    assert events.renew("a") == set()
    with pytest.raises(ClaimLost):
        book(events, 1, "a")
    assert [receipt["attempt"] for receipt in events.claim("b", NINE, 1)] == [2]


def test_booking_waits_for_every_earlier_due_submission_of_any_holder(
    events: EventLog, database: Database
) -> None:
    events.receive(a_receipt(acceptance_date="2018-11-07"))
    events.receive(a_receipt(**OTHER))
    events.receive(a_receipt())
    events.receive(a_receipt())
    assert not events.earlier_undecided(2, NINE)
    assert events.earlier_undecided(3, NINE)
    events.claim("w", NINE, 1)
    assert events.earlier_undecided(3, NINE)
    reject(events, 2)
    assert not events.earlier_undecided(3, NINE)
    assert events.earlier_undecided(4, NINE)
    hold(database, 3)
    assert not events.earlier_undecided(4, NINE)
    assert events.earlier_undecided(4, NINE + timedelta(days=1))


def test_many_workers_share_the_queue_and_nothing_is_given_twice(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    url = None if isinstance(database, SqliteDatabase) else database_url
    home = tmp_path / "home"
    opened = database if url else open_database(f"sqlite:///{home / 'daicho.db'}")
    events = EventLog(opened, Archive(LocalFiles(home / "files")), Clock(fixed=NINE))
    for index in range(60):
        events.receive(a_receipt(holder=f"{index:09d}"))
    taken = workers.together(workers.claim_some, home, url, processes=3, limit=3)
    assert sorted(number for own in taken for number in own) == list(range(1, 61))
    opened.close()


# ---------------------------------------------------------------------------------------------- verdict


def test_a_verdict_is_given_once_and_ends_the_claim(events: EventLog) -> None:
    events.receive(a_receipt())
    events.claim("a", NINE, 1)
    book(events, 1, "a", warnings=2, premium_total=9_999_999_999_999, agreements=["880000011"])
    assert events.claim("b", NINE, 1) == []
    assert events.renew("a") == set()
    last = events.events()[-1]
    assert (last["kind"], last["actor"], last["submission_id"]) == ("booked", "a", "S00000001")
    assert last["details"] == {
        "verdict": "booked",
        "errors": 0,
        "warnings": 2,
        "premium_total": 9_999_999_999_999,
        "reference_load": 1,
        "agreements": ["880000011"],
    }


def test_the_same_verdict_again_changes_nothing_and_another_is_an_error(events: EventLog) -> None:
    events.receive(a_receipt())
    events.claim("a", NINE, 1)
    book(events, 1, "a")
    count = len(events.events())
    book(events, 1, "b")
    assert len(events.events()) == count
    with pytest.raises(VerdictDiffers, match="受付番号 1 には既に別の判定があります"):
        book(events, 1, "a", premium_total=101)
    with pytest.raises(VerdictDiffers):
        reject(events, 1, "a")
    assert events.submissions(NINE)[0]["premium_total_yen"] == 100
    assert len(events.events()) == count


def test_who_has_no_claim_gives_no_verdict(events: EventLog) -> None:
    events.receive(a_receipt())
    with pytest.raises(ClaimLost):
        book(events, 1)
    assert numbers(events.due(NINE)) == [1]
    assert [event["kind"] for event in events.events()] == ["received"]


@pytest.mark.parametrize(
    ("verdict", "errors", "premium"),
    [("booked", 0, None), ("rejected", 1, 0), ("booked", 1, 100), ("maybe", 0, 100), ("maybe", 0, None)],
)
def test_a_verdict_that_contradicts_itself_is_none(
    events: EventLog, verdict: Any, errors: int, premium: int | None
) -> None:
    events.receive(a_receipt())
    events.claim("a", NINE, 1)
    with pytest.raises(ValueError, match=r"no possible verdict|nothing is booked"):
        events.decide(1, verdict, errors, 0, premium, 1, NINE, "a")
    assert events.accounting()["waiting"] == 1


# ---------------------------------------------------------------------------------------------- status


def test_status_follows_from_receipt_clock_and_verdict(events: EventLog, database: Database) -> None:
    events.receive(a_receipt(acceptance_date="2018-11-07", received_at="2018-11-06T17:30:00+09:00"))
    for _ in range(4):
        events.receive(a_receipt())
    events.claim("w", NINE, 2)
    book(events, 2, warnings=1, premium_total=0)
    reject(events, 3)
    hold(database, 4)
    shown = [
        (row["status"], row["held"], row["errors"], row["warnings"], row["premium_total_yen"])
        for row in events.submissions(NINE)
    ]
    assert shown == [
        ("受付前", False, None, None, None),
        ("処理完了", False, 0, 1, 0),
        ("申請内容要確認", False, 3, 1, None),
        ("処理中", True, None, None, None),
        ("処理中", False, None, None, None),
    ]
    eight = datetime(2018, 11, 7, 8, 0, tzinfo=TOKYO)
    assert events.submissions(eight - timedelta(microseconds=1))[0]["status"] == "受付前"
    assert events.submissions(eight)[0]["status"] == "処理中"
    assert events.status_counts(NINE) == {"受付前": 1, "処理中": 2, "処理完了": 1, "申請内容要確認": 1}
    assert events.accounting() == {"received": 5, "booked": 1, "rejected": 1, "held": 1, "waiting": 2}


def test_status_has_exactly_the_fields_of_the_contract(events: EventLog) -> None:
    events.receive(a_receipt())
    events.receive(a_receipt())
    assert events.submissions(NINE, "S00000002") == [
        {
            "submission_id": "S00000002",
            "product": "enterprise",
            "holder": "100000001",
            "user": "100000001000",
            "file_name": "十一月分.csv",
            "declared_count": 2,
            "received_at": "2018-11-06T09:00:00+09:00",
            "acceptance_date": "2018-11-06",
            "status": "処理中",
            "held": False,
            "errors": None,
            "warnings": None,
            "premium_total_yen": None,
        }
    ]
    assert events.submissions(NINE, "S00000003") == []


# ---------------------------------------------------------------------------------------------- what is owed


def test_a_held_submission_waits_for_a_decision_and_is_due_again_when_released(events: EventLog) -> None:
    events.receive(a_receipt())
    events.receive(a_receipt())
    events.claim("w", NINE, 2)
    events.hold(1, "期限経過", NINE, "w")
    assert numbers(events.due(NINE)) == [2]
    assert events.submissions(NINE)[0]["held"] is True
    assert events.accounting()["held"] == 1
    events.end_hold(1, "release", "operator:sato", "船積前", NINE)
    assert numbers(events.due(NINE)) == [1, 2]
    assert numbers(events.claim("x", NINE, 2)) == [1]
    last = events.events()[-1]
    assert (last["kind"], last["actor"], last["reason"]) == ("hold-release", "operator:sato", "船積前")


def test_a_held_submission_that_is_refused_is_rejected(events: EventLog) -> None:
    events.receive(a_receipt())
    events.claim("w", NINE, 1)
    events.hold(1, "期限経過", NINE, "w")
    events.end_hold(1, "refuse", "operator:sato", "期限後", NINE)
    shown = events.submissions(NINE)[0]
    assert (shown["status"], shown["held"]) == ("申請内容要確認", False)
    found = events.verdict(1)
    assert found is not None
    assert (found["verdict"], found["premium_total"]) == ("rejected", None)
    assert events.due(NINE) == []


def test_what_is_not_held_cannot_be_decided(events: EventLog) -> None:
    events.receive(a_receipt())
    with pytest.raises(NotHeld, match="申請 S00000001 は保留されていません"):
        events.end_hold(1, "release", "operator:sato", "x", NINE)
    assert [event["kind"] for event in events.events()] == ["received"]


def test_owed_documents_and_days_are_queries(events: EventLog) -> None:
    events.receive(a_receipt(acceptance_date="2018-11-05"))
    events.receive(a_receipt())
    events.receive(a_receipt())
    events.claim("w", NINE, 2)
    assert events.verdict(2) is None
    reject(events, 2)
    assert numbers(events.accepted_on(NINE.date())) == [2, 3]
    assert numbers(events.without_document("monitor_list", decided=True)) == [2]
    assert numbers(events.without_document("receipt", decided=False)) == [1, 2, 3]
    document = {
        "document_id": "receipt-S00000002",
        "kind": "receipt",
        "format": "pdf",
        "path": "x",
        "sha256": "0" * 64,
        "size": 1,
        "holder": "100000001",
        "submission_id": "S00000002",
        "created_at": NINE.isoformat(),
    }
    assert events.register_document(document) == "new"
    assert numbers(events.without_document("receipt", decided=False)) == [1, 3]
    assert numbers(events.without_document("monitor_list", decided=True)) == [2]
    assert events.issued_ids("receipt") == {"receipt-S00000002"}
    assert events.issued_ids("invoice") == set()


# ---------------------------------------------------------------------------------------------- drop


def test_a_dropped_file_settles_from_its_first_unchanged_look(
    events: EventLog, real_seconds: RealSeconds
) -> None:
    assert events.drop_look("drop/x/a.csv", "10 bytes") == 0
    real_seconds.value += 2
    assert events.drop_look("drop/x/a.csv", "10 bytes") == 2
    assert events.drop_look("drop/x/b.csv", "10 bytes") == 0
    real_seconds.value += 1
    assert events.drop_look("drop/x/a.csv", "11 bytes") == 0
    real_seconds.value += 1
    assert events.drop_look("drop/x/a.csv", "11 bytes") == 1
    assert events.drop_looked("drop/x/a.csv")
    assert not events.drop_looked("drop/x/c.csv")
    events.forget_drop_looks(1.5)
    assert (events.drop_looked("drop/x/a.csv"), events.drop_looked("drop/x/b.csv")) == (True, False)


def test_attempts_at_a_dropped_file_are_counted_until_it_is_finished_or_given_up(events: EventLog) -> None:
    assert [events.drop_attempt("1-1"), events.drop_attempt("1-1"), events.drop_attempt("2-2")] == [1, 2, 1]
    events.take_back_drop_attempt("1-1")
    assert events.drop_attempt("1-1") == 2
    events.forget_drop("1-1")
    assert events.drop_attempt("1-1") == 1
    assert events.parked_drops() == {}
    events.park_drop("1-1", "as it looked", "a.csv", "100000001", "ValueError()")
    assert events.parked_drops() == {"1-1": "as it looked"}
    [told] = events.events(kind="drop-parked")
    assert (told["reason"], told["details"]["file_name"]) == ("ValueError()", "a.csv")
    assert events.drop_attempt("1-1") == 1, "whoever mends it gets all attempts again"


@pytest.mark.parametrize("source", ["drop:1/a.csv:1:2", 'drop:1/a%_!"\\㈱.csv:1:2'])
def test_a_refusal_is_found_by_its_source(events: EventLog, source: str) -> None:
    events.refuse("other", "別", actor="1", source=source.replace("a", "b"))
    events.refuse("other", "別", actor="1", source=source + "3")
    events.refuse("other", "別", actor="1", file_name=source)
    assert events.refusal_of(source) is None
    events.refuse("code", "理由", actor="1", source=source)
    assert events.refusal_of(source) == ("code", "理由")
    assert events.refusal_of("drop:1/_.csv:1:2") is None


# ---------------------------------------------------------------------------------------------- database


def test_sqlite_is_set_up_to_survive_a_power_cut(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "x.db")
    with database.reading() as connection:
        settings = {
            name: next(iter(connection.rows(f"PRAGMA {name}")[0].values()))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 60_000, "foreign_keys": 1}
    database.close()


def test_a_reader_is_not_blocked_by_a_writer_and_sees_only_what_is_committed(
    events: EventLog, database: Database, database_url: str
) -> None:
    other = open_database(database_url)
    with other.reading() as connection:
        assert connection.rows("SELECT count(*) AS n FROM events") == [{"n": 0}]
    with database.writing() as writer:
        writer.run("INSERT INTO events (at, kind, actor, details) VALUES ('t', 'k', 'a', '{}')")
        with other.reading() as connection:
            assert connection.rows("SELECT count(*) AS n FROM events") == [{"n": 0}]
    with other.reading() as connection:
        assert connection.rows("SELECT count(*) AS n FROM events") == [{"n": 1}]
    other.close()


def test_a_forked_process_and_its_parent_both_go_on(database: Database, database_url: str) -> None:
    """In a process of its own, since a fork of the test runner would inherit much more."""
    program = (
        "import os, sys; from daicho.store.database import open_database; database = open_database(sys.argv[1])\n"
        "def write(actor):\n"
        "    with database.writing() as connection:\n"
        "        connection.run(\"INSERT INTO events (at, kind, actor, details) VALUES ('t', 'k', :a, '{}')\", a=actor)\n"
        "write('before'); child = os.fork()\n"
        "write('parent' if child else 'child')\n"
        "if child: os.waitpid(child, 0); write('after')\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, database_url], env={"PYTHONPATH": ":".join(sys.path)}, check=True
    )
    with database.reading() as connection:
        actors = [row["actor"] for row in connection.rows("SELECT actor FROM events ORDER BY id")]
    assert sorted(actors) == ["after", "before", "child", "parent"]
    assert (actors[0], actors[-1]) == ("before", "after")


def test_threads_share_a_log(events: EventLog) -> None:
    def receive() -> int:
        number = events.receive(a_receipt())["receipt_no"]
        events.close()
        return number

    with ThreadPoolExecutor(4) as pool:
        found = [future.result() for future in [pool.submit(receive) for _ in range(20)]]
    assert sorted(found) == list(range(1, 21))


def test_a_fault_in_a_transaction_undoes_all_of_it(database: Database) -> None:
    def write_and_die() -> None:
        with database.writing() as connection:
            connection.run("INSERT INTO events (at, kind, actor, details) VALUES ('t', 'k', 'a', '{}')")
            raise PowerCut

    with pytest.raises(PowerCut):
        write_and_die()
    with database.reading() as connection:
        assert connection.rows("SELECT count(*) AS n FROM events") == [{"n": 0}]


def test_a_reader_that_keeps_up_is_told_events_and_how_things_stand(events: EventLog) -> None:
    assert (events.last_event(), events.since(0, 10), events.portraits(["S00000001"])) == (0, [], [])
    first, second = (events.receive(a_receipt()) for _ in range(2))
    events.claim("worker", NINE, 2)
    events.hold(first["receipt_no"], "期限を過ぎています。", NINE, "worker", ["late-application"], ["a"])
    events.wait(second["receipt_no"], first["receipt_no"], ["a"], "worker")
    told = events.since(0, 2)
    assert [event["kind"] for event in told] == ["received", "received"]
    assert [event["kind"] for event in events.since(told[-1]["id"], 9)] == ["held", "waiting"]
    assert events.last_event() == events.events()[-1]["id"]
    held, waiting = events.portraits([second["submission_id"], first["submission_id"], "S99999999"])
    assert (held["held"], held["hold_codes"], held["hold_reason"]) == (
        True,
        ["late-application"],
        "期限を過ぎています。",
    )
    assert (waiting["held"], waiting["waits_for"]) == (False, first["submission_id"])
    assert events.documents_named(["none"]) == []


# ---------------------------------------------------------------------------------------------- older homes


def as_before_readings(database: Database, files: LocalFiles, receipt_no: int) -> None:
    """Takes the version of the reading out of a receipt and of the database, as homes of before have them."""
    with database.writing() as connection:
        connection.run("ALTER TABLE receipts DROP COLUMN reading_version")
        if isinstance(database, SqliteDatabase):
            connection.run("PRAGMA user_version = 1")
    key = f"receipts/{receipt_no:08d}.json"
    receipt = json.loads(files.read(key))
    del receipt["reading_version"]
    files.write(key, json.dumps(receipt, ensure_ascii=False, indent=1).encode())


def test_receipts_of_before_the_reading_had_versions_are_of_the_first(
    events: EventLog, archive: Archive, database: Database, files: LocalFiles
) -> None:
    received = events.receive(a_receipt())
    as_before_readings(database, files, received["receipt_no"])
    events.close()
    old = events.receipt("S00000001")
    assert old == {**received, "reading_version": 1} == archive.read_receipt(1)
    new = events.receive(a_receipt())
    assert new["reading_version"] == CURRENT_READING
    assert [row["reading_version"] for row in events.portraits(["S00000001", "S00000002"])] == [1, 2]


def test_a_receipt_of_before_that_a_crash_left_in_the_archive_is_taken_in(
    events: EventLog, archive: Archive
) -> None:
    orphan = {**a_receipt(), "receipt_no": 1, "submission_id": "S00000001", "resend": False}
    del orphan["reading_version"]
    archive.write_receipt(orphan)
    assert events.recover() == 1
    assert events.receipt("S00000001") == {**orphan, "reading_version": 1}
