"""照合 in its week, 確定 at the cut-off, invoices, provided data and finance's extract: when, what, and only once."""

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets import papers
from assets.ledgers import Listed, confirm_due, extract_due, reconcile_due
from daicho.store.documents import DocumentStore
from tests import kit
from tests.halves import by_day
from tests.homes import (
    CUT_OFF,
    LINE_YEN,
    TUESDAY,
    WEEK_OVER,
    Home,
    contracts,
    csv_rows,
    load_world,
)

UNIT = f"{kit.AGREEMENT}_-_2018-11"
CONFIRMED = [
    *[("confirmed_ledger", form) for form in ("csv", "pdf")],
    *[("difference_list", form) for form in ("csv", "pdf")],
    *[("invoice", form) for form in ("csv", "pdf")],
    *[("premium_statement", form) for form in ("csv", "pdf")],
]
RECONCILED = [("reconciliation_ledger", "csv"), ("reconciliation_ledger", "pdf")]


def reconcile(home: Home, now: str) -> Listed:
    return reconcile_due(home.at(now))


def confirm(home: Home, now: str = CUT_OFF) -> Listed:
    return confirm_due(home.at(now))


def content(home: Home, document_id: str) -> list[dict[str, str]]:
    """The rows of a CSV document."""
    data = home.at(CUT_OFF).documents.read(document_id)
    assert data is not None, document_id
    return csv_rows(data, "utf-8" if document_id.startswith("finance") else "cp932")


def numbers(home: Home, document_id: str) -> list[str]:
    return [row["申込番号"] for row in content(home, document_id)]


def listed(home: Home, entry: str) -> dict[int, str]:
    """Which booked line stands on which ledger; a line twice is an error."""
    rows = list(home.journal(entry).select("listed_journal_no", "ledger_id").iter_rows())
    assert len(dict(rows)) == len(rows), "a line is listed twice"
    return dict(rows)


# -- 照合 -----------------------------------------------------------------------------------------------------


@pytest.mark.req("D-009", "D-018")
@pytest.mark.parametrize(
    ("accepted", "due", "week"),
    [
        ("2018-11-06T10:00:00", "2018-11-09T20:00:00", "2018W45"),
        ("2018-11-05T08:00:00", "2018-11-09T20:00:00", "2018W45"),  # Monday
        ("2018-11-09T17:29:59", "2018-11-09T20:00:00", "2018W45"),  # Friday afternoon
        ("2018-11-09T17:30:00", "2018-11-16T20:00:00", "2018W46"),  # Friday evening: Monday's acceptance
        ("2018-11-20T10:00:00", "2018-11-22T20:00:00", "2018W47"),  # Friday is a holiday
        ("2018-11-30T10:00:00", "2018-11-30T20:00:00", "2018W48"),
    ],
)
def test_a_line_is_reconciled_on_the_last_business_day_of_its_week(
    home: Home, accepted: str, due: str, week: str
) -> None:
    home.submit(contracts("EX-1"), accepted)
    home.decide("2018-12-03T08:00:00" if accepted > due else due)
    early = f"{due[:11]}19:59:59"
    assert reconcile(home, early).ledgers == []
    assert reconcile(home, due).ledgers == [f"{UNIT}_{week}_1"]


@pytest.mark.req("D-009", "D-018")
def test_a_week_over_the_end_of_a_month_is_split_there(home: Home) -> None:
    home.booked(contracts("EX-1"), "2018-10-30T10:00:00")
    home.booked(contracts("EX-2", "EX-3"), "2018-11-01T10:00:00")
    done = reconcile(home, "2018-11-02T20:00:00")
    october, november = f"{kit.AGREEMENT}_-_2018-10", UNIT
    assert (done.ledgers, done.units) == (
        [f"{october}_2018W44_1", f"{november}_2018W44_1"],
        [october, november],
    )
    assert numbers(home, f"reconciliation_ledger-{october}_2018W44_1-csv") == ["18-000001-00"]
    assert numbers(home, f"reconciliation_ledger-{november}_2018W44_1-csv") == [
        "18-000002-00",
        "18-000003-00",
    ]


@pytest.mark.req("D-018", "D-024")
def test_each_week_has_its_ledger_with_what_no_earlier_one_has(home: Home) -> None:
    home.booked(contracts("EX-1"), TUESDAY)
    reconcile(home, WEEK_OVER)
    home.booked(contracts("EX-2"), "2018-11-13T10:00:00")
    done = reconcile(home, "2018-11-16T20:00:00")
    assert done.ledgers == [f"{UNIT}_2018W46_1"]
    assert numbers(home, f"reconciliation_ledger-{UNIT}_2018W46_1-csv") == ["18-000002-00"]
    assert listed(home, "reconciliation") == {1: f"{UNIT}_2018W45_1", 3: f"{UNIT}_2018W46_1"}


def test_a_line_that_came_late_gets_another_ledger_of_its_week(home: Home) -> None:
    home.booked(contracts("EX-1"), TUESDAY)
    home.submit(contracts("EX-2"), "2018-11-09T17:00:00")
    reconcile(home, WEEK_OVER)
    home.decide("2018-11-12T08:00:00")
    assert reconcile(home, "2018-11-12T20:30:00").ledgers == [f"{UNIT}_2018W45_2"]
    assert numbers(home, f"reconciliation_ledger-{UNIT}_2018W45_2-csv") == ["18-000002-00"]


def test_after_weeks_of_downtime_one_run_makes_the_ledger_of_each_week(home: Home) -> None:
    home.booked(contracts("EX-1"), TUESDAY)
    home.booked(contracts("EX-2"), "2018-11-13T10:00:00")
    home.booked(contracts("EX-3"), "2018-11-27T10:00:00")
    done = reconcile(home, "2018-11-28T20:30:00")
    assert done.ledgers == [f"{UNIT}_2018W45_1", f"{UNIT}_2018W46_1"]


@pytest.mark.req("D-015", "D-018", "D-019")
def test_notices_get_a_statement_to_check(home: Home) -> None:
    notices = [kit.notice_row(), kit.notice_row(shipped_amount="20000000")]
    home.booked(notices, product="simplified-notice")
    (ledger_id,) = reconcile(home, WEEK_OVER).ledgers
    assert home.kinds(WEEK_OVER) == [("shipment_statement_check", "csv"), ("shipment_statement_check", "pdf")]
    rows = content(home, f"shipment_statement_check-{ledger_id}-csv")
    assert [(row["申込番号"], row["合計保険料"]) for row in rows] == [
        ("18-000001-00", "15900"),
        ("18-000002-00", "31800"),
    ]


# -- 確定 -----------------------------------------------------------------------------------------------------


@pytest.mark.req("D-011", "D-012", "D-019", "D-031")
@pytest.mark.parametrize(
    ("accepted", "cut_off", "month"),
    [
        ("2018-11-06T10:00:00", "2018-12-28T20:00:00", "2018-11"),
        ("2018-11-30T17:29:59", "2018-12-28T20:00:00", "2018-11"),
        ("2018-11-30T17:30:00", "2019-01-31T20:00:00", "2018-12"),
        ("2018-10-31T10:00:00", "2018-11-30T20:00:00", "2018-10"),
    ],
)
def test_a_unit_is_confirmed_at_the_end_of_the_next_month(
    home: Home, accepted: str, cut_off: str, month: str
) -> None:
    row = contracts("EX-1", contract_date="20181105" if month == "2018-12" else "20181005")
    home.submit(row, accepted)
    home.decide("2018-12-03T08:00:00" if month == "2018-12" else accepted)
    reconcile(home, "2018-12-07T20:00:00")
    early = f"{cut_off[:11]}19:59:59"
    assert (confirm(home, early).ledgers, home.journal("confirmation").height) == ([], 0)
    unit = f"{kit.AGREEMENT}_-_{month}"
    done = confirm(home, cut_off)
    assert (done.ledgers, done.units) == ([f"{unit}_C_1"], [unit])
    assert home.kinds(cut_off) == sorted([*CONFIRMED, *RECONCILED])


@pytest.mark.req("D-016", "D-019")
def test_notices_are_confirmed_with_statement_premium_and_invoice(home: Home) -> None:
    home.booked([kit.notice_row()], product="simplified-notice")
    confirm(home)
    kinds = Counter(kind for kind, _ in home.kinds())
    assert kinds == {
        "shipment_statement": 2,
        "difference_list": 2,
        "premium_statement": 2,
        "invoice": 2,
        "shipment_statement_check": 2,
    }


def test_confirming_reconciles_first_what_was_not(home: Home) -> None:
    home.booked(contracts("EX-1", "EX-2"), TUESDAY)
    reconcile(home, WEEK_OVER)
    home.booked(contracts("EX-3"), "2018-11-27T10:00:00")  # nothing ran at the end of that week
    done = confirm(home)
    assert done.ledgers == [f"{UNIT}_C_1"]
    assert listed(home, "reconciliation").keys() == listed(home, "confirmation").keys() == {1, 2, 5}
    assert numbers(home, f"confirmed_ledger-{UNIT}_C_1-csv") == [
        "18-000001-00",
        "18-000002-00",
        "18-000003-00",
    ]
    assert [d for d in done.documents if d.startswith("reconciliation")] == [
        f"reconciliation_ledger-{UNIT}_2018W48_1-pdf",
        f"reconciliation_ledger-{UNIT}_2018W48_1-csv",
    ]


def test_what_another_run_books_meanwhile_is_not_confirmed_without_reconciliation(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.booked(contracts("EX-1"))
    home.submit(contracts("EX-2"), "2018-11-30T10:00:00")
    issue = papers.issue_reconciliation_ledger

    def meanwhile(store: Any, ledger_id: str) -> list[str]:
        home.decide(CUT_OFF)
        return issue(store, ledger_id)

    monkeypatch.setattr(papers, "issue_reconciliation_ledger", meanwhile)
    assert confirm(home).ledgers == [f"{UNIT}_C_1"]
    assert home.journal().height == 2
    assert listed(home, "confirmation").keys() == listed(home, "reconciliation").keys() == {1}
    monkeypatch.undo()
    assert confirm(home).ledgers == [f"{UNIT}_C_2"]
    assert listed(home, "confirmation").keys() == listed(home, "reconciliation").keys()


def test_other_units_are_left_alone_by_a_confirmation(home: Home) -> None:
    home.booked(contracts("EX-1"), "2018-10-30T10:00:00")
    home.booked(contracts("EX-2"), "2018-11-27T10:00:00")
    confirm(home, "2018-11-30T20:00:00")
    assert listed(home, "confirmation") == {1: f"{kit.AGREEMENT}_-_2018-10_C_1"}
    assert listed(home, "reconciliation").keys() == {1}, "November's week is reconciled by its own run"


def test_what_is_booked_after_the_confirmation_gets_another_one(home: Home) -> None:
    home.booked(contracts("EX-1"), TUESDAY)
    home.submit(contracts("EX-2"), "2018-11-30T10:00:00")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assets.booking.RETRY_PAUSE_SECONDS", 0)
        patch.setattr("assets.booking.assess_decoded", lambda *_: 1 / 0)
        from assets.booking import decide_due

        assert len(decide_due(home.at("2018-11-30T10:00:00"), "test").failed) == 1
    confirm(home)
    home.cli("decide", "S00000002", "--release", "--by", "山田", "--reason", "直した", now=CUT_OFF)
    home.decide(CUT_OFF)
    done = confirm(home)
    assert done.ledgers == [f"{UNIT}_C_2"]
    assert numbers(home, f"confirmed_ledger-{UNIT}_C_2-csv") == ["18-000002-00"]
    assert content(home, f"invoice-{UNIT}_C_2-csv")[0]["請求番号"] == f"INV-{UNIT}_C_2"
    assert listed(home, "reconciliation").keys() == listed(home, "confirmation").keys()
    assert home.verify() == []


@pytest.mark.req("A-054")
def test_running_again_changes_nothing(home: Home) -> None:
    home.booked(contracts("EX-1", "EX-2"))
    reconcile(home, WEEK_OVER)
    confirm(home)
    extract_due(home.at(CUT_OFF))
    before = (home.at().journal.open().version, home.papers(), len(home.at().events.events()))
    for now in (CUT_OFF, "2018-12-28T20:30:00", "2019-01-04T20:30:00"):
        for stage in (reconcile, confirm):
            done = stage(home, now)
            assert (done.ledgers, done.units, done.documents, done.failed) == ([], [], [], [])
        assert extract_due(home.at(now)) == []
    assert (home.at().journal.open().version, home.papers(), len(home.at().events.events())) == before


@pytest.mark.req("D-043")
def test_ledgers_and_invoices_are_cut_by_department_for_those_who_want_it(home: Home) -> None:
    rows = [
        kit.enterprise_row(
            agreement_code=kit.DEPARTMENTAL_AGREEMENT,
            policyholder_code=kit.DEPARTMENTAL,
            export_contract_no=number,
            department_code=department,
        )
        for number, department in (("EX-1", "D1"), ("EX-2", "D2"), ("EX-3", "D1"))
    ]
    home.booked(rows, holder=kit.DEPARTMENTAL)
    home.booked(contracts("EX-5", department_code="D1") + contracts("EX-6", department_code="D2"))
    done = confirm(home)
    stem = f"{kit.DEPARTMENTAL_AGREEMENT}_{{}}_2018-11_C_1"
    assert sorted(done.ledgers) == sorted([stem.format("D1"), stem.format("D2"), f"{UNIT}_C_1"])
    invoiced = {name: content(home, f"invoice-{name}-csv")[0] for name in done.ledgers}
    assert {name: row["請求金額"] for name, row in invoiced.items()} == {
        stem.format("D1"): str(2 * LINE_YEN),
        stem.format("D2"): str(LINE_YEN),
        f"{UNIT}_C_1": str(2 * LINE_YEN),
    }
    assert invoiced[stem.format("D1")]["部門"] == "D1"
    assert invoiced[f"{UNIT}_C_1"]["部門"] == ""


# -- money --------------------------------------------------------------------------------------------------


@pytest.mark.req("D-040", "D-041")
def test_ledger_statement_invoice_journal_and_extract_agree_to_the_yen(home: Home) -> None:
    home.booked(
        [
            *contracts("EX-1", contract_amount="10000001", pre_shipment_amount="10000001"),
            *contracts("EX-2", payer_code=kit.buyer("EF"), counterparty_code=kit.buyer("EF")),
            *contracts("EX-3", currency="USD", contract_amount="12345.67", pre_shipment_amount="12345.67",
                       post_shipment_amount="12345.67", settlement_principal="12345.67"),
        ]
    )  # fmt: skip
    home.booked([kit.notice_row(), kit.notice_row(shipped_amount="1234567")], product="simplified-notice")
    done = confirm(home)
    assert extract_due(home.at(CUT_OFF)) == ["finance_premiums-2018-12-v1"]
    journal = home.journal()
    extract = {row["invoice_no"]: row for row in content(home, "finance_premiums-2018-12-v1")}
    assert len(extract) == len(done.ledgers) == 2
    for ledger_id in done.ledgers:
        kind = "confirmed_ledger" if ledger_id.startswith(kit.AGREEMENT) else "shipment_statement"
        ledger = content(home, f"{kind}-{ledger_id}-csv")
        statement = content(home, f"premium_statement-{ledger_id}-csv")
        (invoice,) = content(home, f"invoice-{ledger_id}-csv")
        booked = journal.filter(pl.col("unit") == ledger_id.removesuffix("_C_1"))
        row = extract[invoice["請求番号"]]
        assert invoice["明細件数"] == row["lines"] == str(booked.height)
        columns = [(f"保険料{d.upper()}", f"premium_{d}") for d in "abcd"]
        for label, column in [*columns, ("合計保険料", "premium_total")]:
            yen = str(booked[column].sum())
            assert str(sum(int(line[label] or 0) for line in ledger)) == yen
            assert str(sum(int(line[label] or 0) for line in statement)) == yen
            assert invoice["請求金額" if label == "合計保険料" else label] == yen
            assert row[column] == yen
        assert int(invoice["請求金額"]) > 0


@pytest.mark.req("D-013", "D-014")
@pytest.mark.parametrize(
    ("issued", "due"),
    [
        ("2018-12-28T20:00:00", "20190206"),
        ("2019-01-02T10:00:00", "20190212"),  # 2019-02-11 is a holiday
        ("2018-12-31T10:00:00", "20190212"),  # 2019-02-09 is a Saturday, the Monday after it the holiday
    ],
)
def test_an_invoice_is_payable_forty_days_later_on_a_business_day(home: Home, issued: str, due: str) -> None:
    home.booked(contracts("EX-1"))
    confirm(home, issued)
    (invoice,) = content(home, f"invoice-{UNIT}_C_1-csv")
    assert (invoice["発行日"], invoice["支払期限"]) == (issued[:10].replace("-", ""), due)


def test_the_days_to_pay_are_a_setting(home: Home) -> None:
    home.settings(payment_days=30)
    home.booked(contracts("EX-1"))
    confirm(home)
    assert content(home, f"invoice-{UNIT}_C_1-csv")[0]["支払期限"] == "20190128"  # the 27th is a Sunday


def test_papers_are_made_with_the_tables_of_their_day_whenever_they_are_made(home: Home) -> None:
    home.booked(contracts("EX-1"))
    done = confirm(home)
    extract_due(home.at(CUT_OFF))
    before = {name: home.at().documents.read(name) for name in done.documents}
    world = kit.world()
    world["policyholders"][0]["name"] = "新社名㈱"
    tables = {"policyholders": world["policyholders"], "holidays": [{"date": "2019-02-06", "name": "臨時"}]}
    home.cli("reference", "load", str(kit.write_reference(home.path.parent / "later", tables)), now=CUT_OFF)
    assert extract_due(home.at("2019-01-04T20:30:00")) == [], "an invoice that is out does not change"
    store = home.at("2019-01-04T20:30:00")
    papers.issue_reconciliation_ledger(store, f"{UNIT}_2018W45_1")
    papers.issue_confirmed_ledger(store, f"{UNIT}_C_1")
    assert {name: store.documents.read(name) for name in before} == before


# -- 提供データ ------------------------------------------------------------------------------------------------


@pytest.fixture
def providing(tmp_path: Path) -> Home:
    """A home in which HOLDER asked for 提供データ beforehand."""
    world = kit.world()
    world["policyholders"][0]["provided_data"] = "1"
    return load_world(tmp_path, world)


@pytest.mark.req("D-022", "D-023", "D-024", "B-042")
def test_provided_data_are_the_ledgers_as_csv_for_those_who_asked(providing: Home) -> None:
    providing.booked(contracts("EX-1"))
    providing.booked([kit.notice_row()], product="simplified-notice")
    providing.booked(
        contracts("EX-2", agreement_code=kit.MEMBER_AGREEMENT, policyholder_code=kit.MEMBER),
        holder=kit.MEMBER,
    )
    reconcile(providing, WEEK_OVER)
    found = {row["document_id"]: row for row in providing.papers(WEEK_OVER, kind="provided_data")}
    assert {row["holder"] for row in found.values()} == {kit.HOLDER}
    assert len(found) == 2, "one for the ledger, one for the statement of notices"
    data = providing.at(WEEK_OVER).documents.read(f"provided_data-{UNIT}_2018W45_1")
    assert data == providing.at().documents.read(f"reconciliation_ledger-{UNIT}_2018W45_1-csv")
    (row,) = csv_rows(data or b"")
    assert (row["申込番号"], row["受理日"], row["合計保険料"]) == ("18-000001-00", "20181106", str(LINE_YEN))
    assert row["内容変更等通知期限"] == "20190505"
    confirm(providing)
    assert f"provided_data-{UNIT}_C_1" in {
        row["document_id"] for row in providing.papers(CUT_OFF, kind="provided_data")
    }


@pytest.mark.req("D-023", "B-042")
def test_others_get_no_provided_data(home: Home) -> None:
    home.booked(contracts("EX-1"))
    home.booked([kit.notice_row()], product="simplified-notice")
    reconcile(home, WEEK_OVER)
    confirm(home)
    assert home.papers(CUT_OFF, kind="provided_data") == []


@pytest.mark.req("C-025", "C-026", "C-027", "D-024")
def test_provided_data_and_monitor_lists_can_be_fetched_for_thirty_days(providing: Home) -> None:
    providing.booked(contracts("EX-1"), "2018-11-09T09:00:00")
    providing.print_papers("2018-11-09T09:00:00")
    reconcile(providing, WEEK_OVER)
    passing = {"provided_data", "monitor_list", "findings_report", "ledger_file"}
    at_end = {row["kind"]: row for row in providing.papers("2018-12-09T23:59:59")}
    assert passing < at_end.keys()
    assert {at_end[kind]["expires_at"] for kind in passing} == {"2018-12-10T00:00:00+09:00"}
    assert {row["kind"] for row in providing.papers("2018-12-10T00:00:00")} == at_end.keys() - passing

    store = providing.at("2018-12-09T23:59:59")
    assert store.documents.remove_expired(store.clock.now()) == []
    store = providing.at("2018-12-10T20:30:00")
    removed = store.documents.remove_expired(store.clock.now())
    assert {name.split("-")[0] for name in removed} == passing
    assert [Path(at_end[kind]["path"]).exists() for kind in sorted(passing)] == [False] * 4
    kept = at_end.keys() - passing
    assert all(Path(at_end[kind]["path"]).exists() for kind in kept)
    assert providing.verify("2018-12-10T20:30:00") == []
    assert providing.at().archive.get_bytes(next(providing.at().archive.hashes())), "never what was handed in"
    # What is over stays over, also when papers are made again.
    papers.issue_reconciliation_ledger(store, f"{UNIT}_2018W45_1")
    assert {row["kind"] for row in providing.papers("2018-12-10T20:30:00")} == kept


# -- finance ------------------------------------------------------------------------------------------------


def test_the_extract_comes_with_the_end_of_the_month_and_again_only_when_it_changed(home: Home) -> None:
    home.booked(contracts("EX-1"), "2018-10-30T10:00:00")
    home.booked(contracts("EX-2"), TUESDAY)
    confirm(home, "2018-11-30T20:00:00")
    assert extract_due(home.at("2018-11-30T19:59:59")) == []
    assert extract_due(home.at("2018-11-30T20:00:00")) == ["finance_premiums-2018-11-v1"]
    assert extract_due(home.at("2018-12-03T20:30:00")) == []
    confirm(home, CUT_OFF)
    assert extract_due(home.at(CUT_OFF)) == ["finance_premiums-2018-12-v1"], "November's is as it was"
    (row,) = content(home, "finance_premiums-2018-11-v1")
    assert row == {
        "month": "2018-11",
        "invoice_no": f"INV-{kit.AGREEMENT}_-_2018-10_C_1",
        "issued_on": "2018-11-30",
        "due_on": "2019-01-09",
        "product": "enterprise",
        "holder": kit.HOLDER,
        "holder_name": "髙橋貿易㈱",
        "agreement_code": kit.AGREEMENT,
        "department_code": "-",
        "acceptance_month": "2018-10",
        "lines": "1",
        "premium_a": "2600",
        "premium_b": "7900",
        "premium_c": "300",
        "premium_d": "7600",
        "premium_total": "18400",
        "charged_total": "18400",
        "returned_total": "0",
        "payable_yen": "18400",
        "refund_yen": "0",
        "listed_only_yen": "0",
    }


def test_a_late_invoice_makes_a_new_version_of_its_month(home: Home) -> None:
    home.booked(contracts("EX-1"))
    home.submit(contracts("EX-2"), "2018-11-30T10:00:00")  # decided only after the cut-off
    store = home.at(CUT_OFF)
    claimed = store.events.claim("slow", store.clock.now(), 1)
    confirm(home)
    assert extract_due(home.at(CUT_OFF)) == ["finance_premiums-2018-12-v1"]
    store.events.release("slow", claimed[0]["receipt_no"])
    home.decide(CUT_OFF)
    confirm(home)
    assert extract_due(home.at("2018-12-28T21:00:00")) == ["finance_premiums-2018-12-v2"]
    assert [len(content(home, f"finance_premiums-2018-12-v{n}")) for n in (1, 2)] == [1, 2]


# -- faults -------------------------------------------------------------------------------------------------


def _issued(home: Home) -> list[tuple[str, str]]:
    return sorted((row["document_id"], row["sha256"]) for row in home.papers())


@pytest.fixture(scope="module")
def whole(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """The documents of an undisturbed run."""
    home = _with_two_units(tmp_path_factory.mktemp("whole"), loaded)
    confirm(home)
    return _issued(home)


def _with_two_units(folder: Path, loaded: Path) -> Home:
    import shutil

    shutil.copytree(loaded, folder / "home")
    home = Home(folder / "home")
    world = {"policyholders": [{"holder": kit.HOLDER, "name": "髙橋貿易㈱", "provided_data": "1"}]}
    home.cli("reference", "load", str(kit.write_reference(folder / "tables", world)))
    home.booked(contracts("EX-1"))
    home.booked([kit.notice_row()], product="simplified-notice")
    return home


@pytest.mark.parametrize("at", by_day(range(0, 24, 3), 0, 12))
def test_papers_that_a_crash_left_out_are_made_by_the_next_run(
    tmp_path: Path, loaded: Path, whole: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    assert len(whole) == 24
    home = _with_two_units(tmp_path, loaded)
    issue, calls = DocumentStore.issue, []

    def dies(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == at + 1:
            raise KeyboardInterrupt
        return issue(*arguments)

    monkeypatch.setattr(DocumentStore, "issue", dies)
    with pytest.raises(KeyboardInterrupt):
        confirm(home)
    monkeypatch.setattr(DocumentStore, "issue", issue)
    confirm(home)
    assert _issued(home) == whole
    assert home.verify() == []
    assert confirm(home).documents == []


def test_a_ledger_whose_papers_fail_keeps_no_other_waiting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.booked(contracts("EX-1"))
    home.booked([kit.notice_row()], product="simplified-notice")
    whole = papers.paper.ledger_pdf

    def breaks(header: Any, unit: Any, *arguments: Any, **named: Any) -> bytes:
        if unit.agreement_code == kit.AGREEMENT:
            raise RuntimeError("a sign that no font has")
        return whole(header, unit, *arguments, **named)

    monkeypatch.setattr(papers.paper, "ledger_pdf", breaks)
    done = reconcile(home, WEEK_OVER)
    assert [(name, str(error)) for name, error in done.failed] == [
        (f"{UNIT}_2018W45_1", "a sign that no font has")
    ]
    assert home.kinds(WEEK_OVER) == [("shipment_statement_check", "csv"), ("shipment_statement_check", "pdf")]
    assert len(listed(home, "reconciliation")) == 2, "on its ledger it stands nevertheless"
    monkeypatch.undo()
    again = reconcile(home, "2018-11-12T20:30:00")
    assert (again.ledgers, again.failed, len(again.documents)) == ([], [], 2)
    (paper,) = home.papers(kind="reconciliation_ledger", format="csv")
    assert paper["created_at"] == "2018-11-09T20:00:00+09:00", "of the day on which it was listed"


# -- views --------------------------------------------------------------------------------------------------


def test_the_ledger_as_it_stood(home: Home) -> None:
    home.booked(contracts("EX-1"))
    home.booked(contracts("EX-2"), "2018-11-07T10:00:00")
    confirm(home)

    def stood(*arguments: str) -> list[tuple[str, str]]:
        rows = home.cli("ledger", "--json", *arguments, now="2019-01-04T10:00:00").json
        return [(row["application_no"], row["stage"]) for row in rows]

    assert stood() == [("18-000001-00", "confirmed"), ("18-000002-00", "confirmed")]
    assert stood("--as-of", "2018-11-06T09:59:59") == []
    assert stood("--as-of", "2018-11-06T10:00:00") == [("18-000001-00", "unconfirmed")]
    assert stood("--as-of", "2018-11-06T01:00:00+00:00") == [("18-000001-00", "unconfirmed")]
    assert stood("--as-of", "2018-11-07") == [("18-000001-00", "unconfirmed")], "a day is its first instant"
    assert stood("--as-of", "2018-12-28T19:59:59") == [
        ("18-000001-00", "unconfirmed"),
        ("18-000002-00", "unconfirmed"),
    ]
    assert stood("--as-of", CUT_OFF) == stood()


def test_the_ledger_of_one_holder_or_product_and_its_sums_as_csv(home: Home) -> None:
    import csv
    import io

    home.booked(contracts("EX-1", "EX-2"))
    home.booked([kit.notice_row()], product="simplified-notice")
    home.booked(
        contracts("EX-3", agreement_code=kit.MEMBER_AGREEMENT, policyholder_code=kit.MEMBER),
        holder=kit.MEMBER,
    )

    def total(*arguments: str) -> tuple[int, int]:
        text = home.cli("ledger", "--csv", *arguments).out
        rows = list(csv.DictReader(io.StringIO(text)))
        assert text.startswith("product,process_type,")
        return len(rows), sum(int(row["premium_total"]) for row in rows)

    assert total() == (4, 3 * LINE_YEN + 15_900)
    assert total("--holder", kit.HOLDER) == (3, 2 * LINE_YEN + 15_900)
    assert total("--holder", kit.MEMBER) == (1, LINE_YEN)
    assert total("--product", "simplified-notice") == (1, 15_900)
    assert total("--holder", kit.MEMBER, "--product", "simplified-notice") == (0, 0)
