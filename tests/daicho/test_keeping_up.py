"""What a reader that keeps up with the event log is told: events in order, submissions and documents as they stand."""

from tests import kit
from tests.homes import LINE_YEN, TUESDAY, Home, contracts

LATE = kit.enterprise_row(export_contract_no="LATE-1", contract_date="20180928")


def test_events_come_in_order_from_where_one_stopped(home: Home) -> None:
    home.booked(contracts("EX-1"))
    log = home.at().events
    known = log.events()
    assert log.last_event() == known[-1]["id"]
    assert log.since(0, 1000) == known
    first = log.since(0, 2)
    assert [*first, *log.since(first[-1]["id"], 1000)] == known
    assert log.since(log.last_event(), 10) == []


def test_a_fresh_log_has_no_last_event(empty_home: Home) -> None:
    assert empty_home.at().events.last_event() == 0


def test_portraits_tell_verdict_hold_and_wait(home: Home) -> None:
    booked = home.booked(contracts("EX-1"))
    late = home.submit([LATE], name="late.csv")["submission_id"]
    behind = home.submit([{**LATE, "goods_code": "850000"}], name="again.csv")["submission_id"]
    home.decide()
    log = home.at().events
    told = {row["submission_id"]: row for row in log.portraits([behind, booked, late, "S99999999"])}
    assert list(told) == [booked, late, behind], "in order of receipt, unknown ones left out"
    assert (told[booked]["verdict"], told[booked]["premium_total"]) == ("booked", LINE_YEN)
    assert (told[late]["held"], told[late]["hold_codes"]) == (True, ["late-application"])
    assert told[late]["hold_reason"]
    assert (told[behind]["held"], told[behind]["waits_for"]) == (False, late)
    assert log.portraits([]) == []
    log.end_hold(told[late]["receipt_no"], "release", "審査 花子", "確認", home.at().clock.now(), request="x")
    [row] = log.portraits([late])
    assert not row["held"]
    assert home.events("hold-release")[0]["details"] == {"request": "x"}


def test_documents_are_told_by_name_removed_ones_too(home: Home) -> None:
    home.booked(contracts("EX-1"))
    store = home.at()
    now = store.clock.now()
    for name in ("a", "b"):
        store.documents.issue(name, "receipt", "pdf", f"{name}.pdf", b"x", kit.HOLDER, now, expires_at=now)
    store.documents.remove_expired(home.at(TUESDAY).clock.now())
    rows = store.events.documents_named(["b", "a", "none"])
    assert [(row["document_id"], row["removed_at"] is not None) for row in rows] == [("a", True), ("b", True)]
