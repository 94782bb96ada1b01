"""Every yen of a confirmed ledger in all places that tell it – and what is told when one of them differs."""

import re
from pathlib import Path

import pytest

from assets.ledgers import confirm_due, extract_due, reconcile_due
from daicho.conserving import conserved, printed_total
from outputs import documents as d
from tests import kit
from tests.book import change
from tests.homes import CUT_OFF, LINE_YEN, WEEK_OVER, Home, contracts
from tests.outputs.samples import ENTERPRISE, INVOICE, UNIT, frame, header, line

UNIT_ID = f"{kit.AGREEMENT}_-_2018-11"
LEDGER = f"{UNIT_ID}_C_1"
JANUARY, NEXT_CUT_OFF = "2019-01-08T10:00:00", "2019-02-28T20:00:00"
AMOUNTS = ("contract_amount", "pre_shipment_amount", "post_shipment_amount", "settlement_principal")


@pytest.fixture
def confirmed(home: Home) -> Home:
    """Two confirmed ledgers, the extract of their month, and a ledger that returns more than it charges."""
    amounts = dict.fromkeys(AMOUNTS, "2000000000")
    home.booked(contracts("EX-1", last_shipment_date="20190930", **amounts) + contracts("EX-2"))
    home.booked([kit.notice_row()], product="simplified-notice")
    reconcile_due(home.at(WEEK_OVER))
    confirm_due(home.at(CUT_OFF))
    extract_due(home.at(CUT_OFF))
    half = {
        "change_date": "20190107",
        "change_reason": "02",
        "shipment_no": "01",
        "settlement_no": "01",
        "shipment_process_type": "2",
        "settlement_process_type": "2",
        **dict.fromkeys(AMOUNTS, "10000000"),
    }
    home.booked([change("2", **half)], JANUARY)
    confirm_due(home.at(NEXT_CUT_OFF))
    extract_due(home.at(NEXT_CUT_OFF))
    return home


def test_every_place_tells_the_same(confirmed: Home) -> None:
    problems, counts = conserved(confirmed.at(NEXT_CUT_OFF))
    assert problems == []
    due = int(confirmed.journal()["due_total"].sum())
    assert counts == {"ledgers_conserved": 3, "totals_compared": 3 * 8, "due_total_yen": due}


def test_a_fresh_home_and_one_without_papers_are_in_order(home: Home) -> None:
    assert conserved(home.at()) == ([], {"ledgers_conserved": 0, "totals_compared": 0, "due_total_yen": 0})


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (f"confirmed_ledger-{LEDGER}-csv", "確定台帳(CSV)"),
        (f"premium_statement-{LEDGER}-csv", "保険料計算書(CSV)"),
        (f"invoice-{LEDGER}-csv", "保険料請求書(CSV)"),
        ("finance_premiums-2018-12-v1", "経理データ"),
    ],
)
def test_one_yen_more_in_a_file_is_told(confirmed: Home, document: str, place: str) -> None:
    store = confirmed.at(NEXT_CUT_OFF)
    row = store.events.document(document)
    assert row is not None
    path = Path(store.documents.path(row))
    text = path.read_bytes().decode(
        "cp932" if path.name.endswith(".csv") and "finance" not in document else "utf-8"
    )
    due = int(confirmed.journal().filter(history_no="00", product="enterprise")["due_total"].sum())
    alone = document.startswith(("invoice", "finance"))
    wrong = str(due if alone else LINE_YEN)
    assert wrong in text
    changed = re.sub(rf"(?<!\d){wrong}(?!\d)", str(int(wrong) + 1), text)
    path.write_bytes(changed.encode("utf-8" if "finance" in document else "cp932"))
    problems, _ = conserved(confirmed.at(NEXT_CUT_OFF))
    assert problems
    assert all(problem.startswith(f"{LEDGER} の{place}") for problem in problems)
    assert any(f"{due + 1:,}円、台帳 {due:,}円" in problem for problem in problems)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("confirmed_ledger", "確定台帳(PDF)"),
        ("premium_statement", "保険料計算書(PDF)"),
        ("invoice", "保険料請求書(PDF)の請求金額"),
    ],
)
def test_another_amount_in_print_is_told(confirmed: Home, kind: str, place: str) -> None:
    store = confirmed.at(NEXT_CUT_OFF)
    row = store.events.document(f"{kind}-{LEDGER}-pdf")
    assert row is not None
    lines = frame([line(1)])
    other = {
        "confirmed_ledger": lambda: d.ledger_pdf(
            header(), UNIT, lines, kind="confirmed_ledger", labels=ENTERPRISE
        ),
        "premium_statement": lambda: d.premium_statement_pdf(header(), UNIT, lines, labels=ENTERPRISE),
        "invoice": lambda: d.invoice_pdf(header(), UNIT, INVOICE, lines),
    }[kind]
    path = Path(store.documents.path(row))
    for content, told in (
        (other(), f"{lines['premium_total'][0]:,}円"),
        (b"%PDF-1.7 torn", "読み取れません"),
    ):
        path.write_bytes(content)
        (problem,) = conserved(confirmed.at(NEXT_CUT_OFF))[0]
        assert problem.startswith(f"{LEDGER} の{place}")
        assert told in problem


def test_a_paper_that_is_not_there_is_not_asked(confirmed: Home) -> None:
    store = confirmed.at(NEXT_CUT_OFF)
    row = store.events.document(f"invoice-{LEDGER}-csv")
    assert row is not None
    Path(store.documents.path(row)).unlink()
    problems, counts = conserved(store)
    assert (problems, counts["totals_compared"]) == ([], 3 * 8 - 2)


def test_the_total_is_read_from_papers_of_any_size() -> None:
    lines = frame([line(number) for number in range(1, 801)])
    total = int(lines["premium_total"].sum())
    ledger = d.ledger_pdf(header(), UNIT, lines, kind="confirmed_ledger", labels=ENTERPRISE)
    assert printed_total(ledger, (d.NET, d.TOTAL)) == total
    assert printed_total(d.invoice_pdf(header(), UNIT, INVOICE, lines), (d.PAYABLE,)) == total
    huge = frame([line(1, premium_d=9_999_999_999_999, premium_total=9_999_999_999_999)])
    ledger = d.ledger_pdf(header(), UNIT, huge, kind="confirmed_ledger", labels=ENTERPRISE)
    assert printed_total(ledger, (d.TOTAL,)) == 9_999_999_999_999
    assert printed_total(b"no paper", (d.TOTAL,)) is None
