"""Deciding submissions: all or nothing, once and only once, in order of receipt, and nobody waits for a bad one."""

from collections.abc import Callable
from typing import Any

import pytest

from assets import booking
from assets.booking import decide_due
from daicho.reading.uploads import Wanted
from schemas.submission import Refusal
from tests import kit
from tests.book import change
from tests.homes import LINE_YEN, TUESDAY, Home, contracts, csv_rows

NIGHT = "2018-11-06T20:30:00"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "RETRY_PAUSE_SECONDS", 0)


def numbers(home: Home) -> list[tuple[str, str]]:
    """(submission, application number) of every booked line in journal order."""
    return list(home.journal().select("submission_id", "application_no").iter_rows())


@pytest.mark.req("A-025", "A-026", "A-018", "C-016")
@pytest.mark.parametrize(
    ("process_type", "code"), [("7", "process-type"), ("0", "process-type"), ("", "mandatory")]
)
def test_one_bad_record_and_nothing_of_its_file_is_booked(home: Home, process_type: str, code: str) -> None:
    rows = [*contracts("EX-1", "EX-2"), *contracts("EX-3", process_type=process_type), *contracts("EX-4")]
    bad = home.submit(rows)
    good = home.submit(contracts("EX-5"))
    assert home.decide() == ["S00000001", "S00000002"]
    assert home.status(bad["submission_id"])["status"] == "申請内容要確認"
    assert home.status(bad["submission_id"])["premium_total_yen"] is None
    assert home.findings(bad["submission_id"]) == [(3, "process_type", code)]
    assert numbers(home) == [(good["submission_id"], "18-000001-00")], "no number was used up either"
    assert home.verify() == []


@pytest.mark.req("A-026")
def test_all_findings_of_all_records_are_told_at_once(home: Home) -> None:
    rows = [
        *contracts("EX-1", payer_code="999999999", contract_amount="12,34"),
        *contracts("EX-2", contract_date="20180231"),
        *contracts("EX-3", currency=""),
    ]
    receipt = home.submit(rows)
    home.decide()
    assert home.findings(receipt["submission_id"]) == [
        (1, "contract_amount", "invalid-amount"),
        (1, "payer_code", "buyer-unregistered"),
        (2, "contract_date", "invalid-date"),
        (3, "currency", "mandatory"),
    ]
    home.print_papers()
    (report,) = home.papers(TUESDAY, kind="findings_report")
    told = csv_rows(home.at().documents.read(report["document_id"]) or b"")
    assert len(told) == 4


@pytest.mark.req("B-011", "B-009")
def test_a_defective_notice_has_the_same_status_word(home: Home) -> None:
    receipt = home.submit([kit.notice_row(process_type="0")], product="simplified-notice")
    home.decide()
    assert home.status(receipt["submission_id"])["status"] == "申請内容要確認"
    assert home.findings(receipt["submission_id"]) == [(1, "process_type", "process-type")]
    assert home.journal().is_empty()


@pytest.mark.req("C-002", "C-010", "C-011", "C-014", "C-015", "C-016", "C-017", "A-055")
@pytest.mark.parametrize(
    ("rows", "end"), [(contracts("EX-1"), "処理完了"), (contracts("EX-1", currency=""), "申請内容要確認")]
)
def test_the_status_over_the_clock(home: Home, rows: list[kit.Row], end: str) -> None:
    receipt = home.submit(rows, "2018-11-06T17:30:00")
    name = receipt["submission_id"]
    seen = []
    for now in ("2018-11-06T17:30:00", "2018-11-06T20:30:00", "2018-11-07T07:59:59"):
        assert home.decide(now) == []
        seen.append(home.status(name, now)["status"])
    assert seen == ["受付前"] * 3
    assert home.status(name, "2018-11-07T08:00:00")["status"] == "処理中", (
        "the day has opened, nothing ran yet"
    )
    assert home.decide("2018-11-07T08:00:00") == [name]
    for now in ("2018-11-07T08:00:00", "2018-11-08T10:00:00", "2020-01-06T10:00:00"):
        assert home.decide(now) == []
        assert home.status(name, now)["status"] == end, "final"
    if end == "処理完了":
        assert [str(day) for day in home.journal()["acceptance_date"]] == ["2018-11-07"]


@pytest.mark.req("C-001", "A-045")
def test_a_same_day_submission_is_processed_at_once_and_accepted_that_day(home: Home) -> None:
    home.booked(contracts("EX-1"), "2018-11-06T08:00:00")
    (row,) = home.cli("ledger", "--json").json
    assert row["acceptance_date"] == "2018-11-06"


@pytest.mark.req("A-052", "A-019")
def test_numbers_follow_the_receipts_then_the_file(home: Home) -> None:
    first = home.submit(contracts("EX-3", "EX-1"))
    second = home.submit([kit.notice_row(), kit.notice_row(shipped_amount="5")], product="simplified-notice")
    third = home.submit(contracts("EX-2"))
    home.decide()
    assert numbers(home) == [
        (first["submission_id"], "18-000001-00"),
        (first["submission_id"], "18-000002-00"),
        (second["submission_id"], "18-000003-00"),
        (second["submission_id"], "18-000004-00"),
        (third["submission_id"], "18-000005-00"),
    ]
    assert home.journal()["export_contract_no"].to_list()[:2] == ["EX-3", "EX-1"]


def test_each_year_has_a_series_of_its_own(home: Home) -> None:
    home.booked(
        contracts("EX-1", contract_date="20181120", last_shipment_date="20190206"), "2018-12-28T10:00:00"
    )
    # The evening of the last business day counts for the new year.
    home.submit(
        contracts("EX-2", contract_date="20181201", last_shipment_date="20190206"), "2018-12-28T18:00:00"
    )
    assert home.decide("2018-12-31T10:00:00") == []
    assert home.decide("2019-01-04T08:00:00") == ["S00000002"]
    home.booked(
        contracts("EX-3", contract_date="20181201", last_shipment_date="20190206"), "2019-01-04T10:00:00"
    )
    assert [number for _, number in numbers(home)] == ["18-000001-00", "19-000001-00", "19-000002-00"]


@pytest.mark.req("A-054")
def test_running_again_changes_nothing(home: Home) -> None:
    home.booked(contracts("EX-1"))
    home.submit(contracts("EX-2", currency=""))
    home.decide()
    home.print_papers()
    before = (
        home.journal().rows(),
        home.cli("status", "--json").json,
        home.papers(),
        len(home.at().events.events()),
    )
    for now in (TUESDAY, NIGHT, "2018-11-07T08:00:00"):
        assert home.decide(now) == []
        home.print_papers(now)
    after = (
        home.journal().rows(),
        home.cli("status", "--json").json,
        home.papers(),
        len(home.at().events.events()),
    )
    assert after == before


@pytest.mark.req("A-019")
def test_a_contract_that_is_insured_is_not_insured_again(home: Home) -> None:
    home.booked(contracts("EX-1"))
    again = home.submit(contracts("EX-1", contract_amount="20000000"), "2018-11-07T10:00:00")
    # Also between files that are decided together.
    home.submit(contracts("EX-2"), "2018-11-07T10:00:00")
    other = home.submit(contracts("EX-2", shipment_no="02"), "2018-11-07T10:00:00")
    home.decide("2018-11-07T10:00:00")
    for receipt in (again, other):
        assert home.findings(receipt["submission_id"]) == [(1, "export_contract_no", "already-insured")]
    message = home.at().findings.read(again["submission_id"])
    assert message is not None
    assert "18-000001" in message["message"][0]
    assert [number for _, number in numbers(home)] == ["18-000001-00", "18-000002-00"]


# -- crashes ------------------------------------------------------------------------------------------------


def dies_once(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """The process dies when it comes to that function for the first time."""
    module, _, name = target.rpartition(".")
    import importlib

    parts = module.split(".")
    for split in range(len(parts), 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:split]))
        except ModuleNotFoundError:
            continue
        for part in parts[split:]:
            owner = getattr(owner, part)
        break
    whole: Callable[..., Any] = getattr(owner, name)

    def die(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(owner, name, whole)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, die)


@pytest.mark.req("A-054", "A-026")
@pytest.mark.parametrize(
    ("place", "booked_before"),
    [
        ("assets.booking.assess_decoded", 0),
        ("assets.booking.post", 0),
        ("daicho.store.journal.Snapshot.append", 0),
        ("daicho.store.findings.FindingsStore.write", 3),
        ("daicho.store.eventlog.EventLog.decide", 3),
    ],
)
def test_a_crash_anywhere_ends_in_one_booking(
    home: Home, monkeypatch: pytest.MonkeyPatch, place: str, booked_before: int
) -> None:
    home.submit(contracts("EX-1", "EX-2"))
    home.submit(contracts("EX-3"))
    home.submit(contracts("EX-4", currency=""))
    dies_once(monkeypatch, place)
    with pytest.raises(KeyboardInterrupt):
        home.decide(worker="first")
    assert home.journal().height == booked_before
    assert [row["status"] for row in home.cli("status", "--json").json] == ["処理中"] * 3, (
        "no verdict was told"
    )

    assert home.decide(NIGHT, worker="second") == ["S00000001", "S00000002", "S00000003"]
    assert [row["status"] for row in home.cli("status", "--json").json] == [
        "処理完了",
        "処理完了",
        "申請内容要確認",
    ]
    assert [number for _, number in numbers(home)] == ["18-000001-00", "18-000002-00", "18-000003-00"]
    assert home.status("S00000001")["premium_total_yen"] == 2 * LINE_YEN
    assert home.verify() == []
    assert home.decide(NIGHT) == []


@pytest.mark.req("A-054")
@pytest.mark.parametrize("kind", ["4", "5"])
def test_a_crash_after_the_booking_of_a_change_tells_the_same_verdict(
    home: Home, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The ledger holds the change already; what was found is asked of the ledger before it."""
    home.booked(contracts("EX-1"))
    record = change(kind, history_no="00", goods_code="850000" if kind == "4" else "")
    second = home.submit([record], name="change.csv")["submission_id"]
    dies_once(monkeypatch, "daicho.store.eventlog.EventLog.decide")
    with pytest.raises(KeyboardInterrupt):
        home.decide()
    assert home.decide(NIGHT) == [second]
    assert home.status(second)["status"] == "処理完了"
    assert home.status(second)["premium_total_yen"] == (0 if kind == "4" else -LINE_YEN)
    assert home.findings(second) == []
    assert home.verify() == []


@pytest.mark.req("A-054")
def test_a_booking_without_verdict_is_told_as_booked_even_when_the_tables_changed_since(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.submit(contracts("EX-1"))
    dies_once(monkeypatch, "daicho.store.eventlog.EventLog.decide")
    with pytest.raises(KeyboardInterrupt):
        home.decide()
    world = kit.world()
    for row in world["buyers"]:
        row["rating"] = "B"  # from now on all would be refused
    home.cli("reference", "load", str(kit.write_reference(home.path.parent / "changed", world)))
    assert home.decide(NIGHT) == ["S00000001"]
    assert home.status("S00000001")["status"] == "処理完了"
    assert home.status("S00000001")["premium_total_yen"] == LINE_YEN
    assert home.verify() == []


def test_a_lease_that_ran_out_is_taken_over(home: Home) -> None:
    home.settings(lease_seconds=0)
    home.submit(contracts("EX-1"))
    store = home.at()
    assert len(store.events.claim("dead", store.clock.now(), 10)) == 1
    assert home.decide(worker="alive") == ["S00000001"]


def test_what_is_in_living_hands_is_left_alone(home: Home) -> None:
    home.submit(contracts("EX-1"))
    home.submit(contracts("EX-2"))
    store = home.at()
    assert len(store.events.claim("other", store.clock.now(), 1)) == 1
    assert home.decide() == [], "the second is of the same holder and waits for the first"
    assert home.journal().is_empty()


# -- unknown errors -----------------------------------------------------------------------------------------


def breaking(monkeypatch: pytest.MonkeyPatch, content: bytes, times: int = 99) -> list[int]:
    """Reading breaks on one content, that many times; the calls it got for it."""
    whole = booking.read
    calls: list[int] = []

    def read(wanted: Wanted) -> Any:
        if wanted.content == content:
            calls.append(len(calls) + 1)
            if len(calls) <= times:
                raise RuntimeError("a bug nobody knows")
        return whole(wanted)

    monkeypatch.setattr(booking, "read", read)
    return calls


def test_an_upload_that_breaks_us_is_held_at_the_third_attempt_and_the_others_go_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = contracts("EX-2")
    for rows in (contracts("EX-1"), poison, contracts("EX-3")):
        home.submit(rows)
    calls = breaking(monkeypatch, kit.csv_bytes(poison))
    decided = decide_due(home.at(), "test")
    assert calls == [1, 2, 3]
    assert decided.submissions == ["S00000001", "S00000003"]
    assert [(name, str(error)) for name, error in decided.failed] == [("S00000002", "a bug nobody knows")]
    first, held, third = home.cli("status", "--json").json
    assert (first["status"], third["status"]) == ("処理完了", "処理完了")
    assert (held["status"], held["held"], held["errors"], held["premium_total_yen"]) == (
        "処理中",
        True,
        None,
        None,
    )
    (event,) = home.events("held")
    assert (event["submission_id"], event["actor"]) == ("S00000002", "test")
    assert event["reason"] == (
        "処理中に予期しないエラーが3回続いたため保留しました。運用担当に連絡してください。"
    ), "what the fault says is for the log"
    assert [number for _, number in numbers(home)] == ["18-000001-00", "18-000002-00"]
    assert home.verify() == []
    assert decide_due(home.at(), "test").submissions == [], "held until somebody decides"


def test_an_error_that_passes_is_forgotten(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.submit(contracts("EX-1"))
    assert breaking(monkeypatch, kit.csv_bytes(contracts("EX-1")), times=2) == []
    decided = decide_due(home.at(), "test")
    assert (decided.submissions, decided.failed) == (["S00000001"], [])
    assert home.events("held") == []


def test_attempts_count_over_processes_that_died(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings(lease_seconds=0)
    killer = contracts("EX-2")
    home.submit(contracts("EX-1"))
    home.submit(killer)
    home.submit(contracts("EX-3"))
    whole = booking.read

    def read(wanted: Wanted) -> Any:
        if wanted.content == kit.csv_bytes(killer):
            raise KeyboardInterrupt  # as when memory runs out: no handler gets a say
        return whole(wanted)

    monkeypatch.setattr(booking, "read", read)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            decide_due(home.at(), "test")
    decided = decide_due(home.at(), "test")
    assert [name for name, _ in decided.failed] == ["S00000002"]
    assert [row["status"] for row in home.cli("status", "--json").json] == ["処理完了", "処理中", "処理完了"]
    assert [row["held"] for row in home.cli("status", "--json").json] == [False, True, False]


def test_damaged_bytes_hold_only_their_own_submission(home: Home) -> None:
    receipt = home.submit(contracts("EX-1"))
    home.submit(contracts("EX-2"))
    sha256 = receipt["sha256"]
    (home.path / "files" / "archive" / sha256[:2] / sha256).write_bytes(b"changed")
    decided = decide_due(home.at(), "test")
    assert decided.submissions == ["S00000002"]
    assert home.status("S00000001")["held"] is True


def test_hands_full_of_records_still_reach_for_what_comes_before(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise nobody would go on: the first has no worker, and this one waits for it for ever."""
    monkeypatch.setattr(booking, "RECORDS_AT_ONCE", 1)
    home.submit(contracts("EX-1"))
    home.submit(
        [kit.enterprise_row(policyholder_code=kit.MEMBER, agreement_code=kit.MEMBER_AGREEMENT)],
        holder=kit.MEMBER,
    )
    store = home.at()
    store.events.claim("other", store.clock.now(), 1)
    whole = booking._whose_turn
    looks: list[int] = []

    def whose_turn(store_: Any, pending: Any) -> Any:
        looks.append(1)
        if len(looks) == 3:  # meanwhile the other one gives up
            store.events.release("other", 1)
        assert len(looks) < 50, "it waits for ever"
        return whole(store_, pending)

    monkeypatch.setattr(booking, "_whose_turn", whose_turn)
    assert sorted(decide_due(home.at(), "test").submissions) == ["S00000001", "S00000002"]
    assert [name for name, _ in numbers(home)] == ["S00000001", "S00000002"]


# -- decisions ----------------------------------------------------------------------------------------------


@pytest.fixture
def held(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with one held submission."""
    rows = contracts("EX-1")
    home.submit(rows)
    with pytest.MonkeyPatch.context() as patch:
        breaking(patch, kit.csv_bytes(rows))
        decide_due(home.at(), "test")
    assert home.status("S00000001")["held"] is True
    return home


BY = ("--by", "山田 花子", "--reason", "原因を修正した")


def test_a_released_submission_is_processed_with_its_acceptance_day(held: Home) -> None:
    ran = held.cli("decide", "S00000001", "--release", *BY, "--json", now="2018-11-08T10:00:00")
    assert (ran.code, ran.json["submission_id"], ran.json["status"], ran.json["held"]) == (
        0,
        "S00000001",
        "処理中",
        False,
    )
    assert held.decide("2018-11-08T10:00:00") == ["S00000001"]
    assert held.status("S00000001")["status"] == "処理完了"
    (line,) = held.cli("ledger", "--json").json
    assert line["acceptance_date"] == "2018-11-06", "it stands"
    (event,) = held.events("hold-release")
    assert (event["actor"], event["reason"], event["at"]) == (
        "山田 花子",
        "原因を修正した",
        "2018-11-08T10:00:00+09:00",
    )


@pytest.mark.fires("refused-by-desk")
def test_a_refused_submission_needs_checking_and_tells_why(held: Home) -> None:
    ran = held.cli("decide", "S00000001", "--refuse", *BY, "--json")
    assert (ran.code, ran.json["status"], ran.json["held"], ran.json["errors"]) == (
        0,
        "申請内容要確認",
        False,
        1,
    )
    (found,) = held.cli("findings", "S00000001", "--json").json
    assert (found["code"], found["severity"], found["record"]) == ("refused-by-desk", "error", None)
    assert "原因を修正した" in found["message"]
    assert held.decide() == []
    assert held.journal().is_empty()
    held.print_papers()
    assert [row["kind"] for row in held.papers(TUESDAY, submission_id="S00000001")].count("monitor_list") == 1
    assert held.verify() == []
    assert held.cli("decide", "S00000001", "--release", *BY, "--json").refused == "not-held", "final"


LATE = {"contract_date": "20180905"}
"""A contract whose deadline was 2018-10-31."""


@pytest.mark.req("A-040")
def test_a_late_application_is_held_whole_and_the_others_go_on(home: Home) -> None:
    late = home.submit([*contracts("EX-1"), *contracts("EX-2", **LATE)])
    other = home.submit(contracts("EX-3"))
    decided = decide_due(home.at(), "test")
    assert (decided.submissions, decided.failed) == (["S00000001", "S00000002"], [])
    assert [posted.receipt["submission_id"] for posted in decided.held] == ["S00000001"]
    status = home.status(late["submission_id"])
    assert (status["status"], status["held"], status["premium_total_yen"]) == ("処理中", True, None)
    assert home.findings(late["submission_id"]) == [(2, "contract_date", "late-application")]
    assert numbers(home) == [(other["submission_id"], "18-000001-00")]
    (event,) = home.events("held")
    assert "2018-10-31" in event["reason"]
    assert home.verify() == []
    # Held is no verdict: no monitor list yet, and the same bytes are waiting.
    with pytest.raises(Refusal, match="S00000001"):
        home.submit([*contracts("EX-1"), *contracts("EX-2", **LATE)])
    home.print_papers()
    assert [row["submission_id"] for row in home.papers(TUESDAY, kind="monitor_list")] == [
        other["submission_id"]
    ]
    assert decide_due(home.at("2018-11-08T10:00:00"), "test").submissions == []


def test_nobody_needs_to_decide_about_a_late_file_with_errors(home: Home) -> None:
    receipt = home.submit(contracts("EX-1", currency="", **LATE))
    home.decide()
    assert home.status(receipt["submission_id"])["status"] == "申請内容要確認"


@pytest.mark.parametrize(
    ("decision", "status", "found"),
    [
        ("--release", "処理完了", [(1, "contract_date", "late-application")]),
        (
            "--refuse",
            "申請内容要確認",
            [(None, None, "refused-by-desk"), (1, "contract_date", "late-application")],
        ),
    ],
)
def test_somebody_decides_a_late_application(
    home: Home, decision: str, status: str, found: list[tuple[int | None, str | None, str]]
) -> None:
    receipt = home.submit(contracts("EX-1", **LATE))
    decide_due(home.at(), "test")
    assert home.cli("decide", "S00000001", decision, *BY, now="2018-11-08T10:00:00").code == 0
    decide_due(home.at("2018-11-08T10:00:00"), "test")
    row = home.status(receipt["submission_id"])
    assert (row["status"], row["held"], row["warnings"]) == (status, False, 1)
    assert home.findings(receipt["submission_id"]) == found
    assert [str(day) for day in home.journal()["acceptance_date"]] == (
        ["2018-11-06"] if status == "処理完了" else []
    )
    assert home.verify() == []


def test_only_held_submissions_are_decided_and_only_with_name_and_reason(held: Home) -> None:
    held.submit(contracts("EX-2"))
    assert held.cli("decide", "S00000002", "--refuse", *BY, "--json").refused == "not-held"
    assert held.cli("findings", "S00000002", "--json").json == []
    for by, reason in (("", "理由"), ("氏名", " "), (" ", "")):
        arguments = ("decide", "S00000001", "--release", "--by", by, "--reason", reason, "--json")
        assert held.cli(*arguments).refused == "reason-missing"
    assert held.status("S00000001")["held"] is True


def test_a_released_submission_may_be_held_again(held: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    held.cli("decide", "S00000001", "--release", *BY)
    calls = breaking(monkeypatch, kit.csv_bytes(contracts("EX-1")))
    decide_due(held.at(), "test")
    assert calls == [1, 2, 3], "it gets its attempts anew"
    assert held.status("S00000001")["held"] is True
    assert held.cli("decide", "S00000001", "--release", *BY).code == 0
