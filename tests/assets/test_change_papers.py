"""The papers of changes, from uploads to print: files to send again, results, differences, refunds, findings by line."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.ledgers import confirm_due, extract_due, reconcile_due
from pipelines.judge import judge
from pipelines.reading.decode import decode
from schemas.layouts import layout_of
from schemas.products import Product
from tests import kit
from tests.book import change
from tests.homes import CUT_OFF, LINE_YEN, TUESDAY, WEEK_OVER, Home, contracts, csv_rows
from tests.outputs.samples import Pdf

UNIT = f"{kit.AGREEMENT}_-_2018-11"
LATER, NEXT_MONTH = "2018-11-13T10:00:00", "2018-12-04T10:00:00"
JANUARY, NEXT_CUT_OFF = "2019-01-08T10:00:00", "2019-02-28T20:00:00"
BIG = dict.fromkeys(
    ("contract_amount", "pre_shipment_amount", "post_shipment_amount", "settlement_principal"), "2000000000"
)
BIG_YEN = 200 * LINE_YEN


def text_of(home: Home, document_id: str, now: str = CUT_OFF) -> str:
    """The text of a PDF without spaces."""
    store = home.at(now)
    row = store.events.document(document_id)
    assert row is not None, document_id
    return re.sub(r"\s", "", Pdf(Path(store.documents.path(row))).text())


def rows_of(home: Home, document_id: str, now: str = CUT_OFF) -> list[dict[str, str]]:
    data = home.at(now).documents.read(document_id)
    assert data is not None, document_id
    return csv_rows(data, "utf-8" if document_id.startswith("finance") else "cp932")


def corrected(history_no: str = "00", number: str = "18-000001-00", **fields: str) -> dict[str, str]:
    return change("4", number, history_no=history_no, shipment_no="01", settlement_no="01", **fields)


def reduced(number: str = "18-000001-00", yen: str = "10000000") -> dict[str, str]:
    """A decrease (変更事由02) of the whole contract before anything was shipped."""
    places = {"shipment_no": "01", "settlement_no": "01"}
    flags = dict.fromkeys(("shipment_process_type", "settlement_process_type"), "2")
    why = {"change_date": "20190107", "change_reason": "02"}
    return change("2", number, **why, **places, **flags, **dict.fromkeys(BIG, yen))


# -- 台帳ファイル -----------------------------------------------------------------------------------------------


def normalised(content: bytes, product: Product = Product.ENTERPRISE) -> list[dict[str, Any]]:
    """The records of an upload as processing reads them."""
    layout = layout_of(product)
    return judge(decode(content, "upload.csv", layout)).records.select(layout.names).to_dicts()


@pytest.mark.req("D-037", "D-038", "D-035", "C-027")
def test_the_ledger_file_holds_the_records_by_branch_and_shipment_and_can_be_sent_again(home: Home) -> None:
    def row(branch: str, shipment: str, number: str = "EX-1", **more: str) -> dict[str, str]:
        amounts = {"contract_amount": "20000000"} if branch == "01" else {}
        return kit.enterprise_row(
            export_contract_no=number, branch_no=branch, shipment_no=shipment, **amounts, **more
        )

    rows = [
        row("1", "02", last_shipment_date="2018-12-07"),
        row("00", "", "EX-2") | {"branch_no": "", "shipment_no": "01"},
        row("1", "1"),
        row("00", "01"),
    ]
    rows[0]["contract_amount"] = rows[2]["contract_amount"] = "20,000,000"
    home.booked(rows)
    home.print_papers()
    (paper,) = home.papers(TUESDAY, kind="ledger_file")
    assert (paper["document_id"], paper["format"]) == ("ledger_file-S00000001", "csv")
    assert paper["expires_at"] == "2018-12-07T00:00:00+09:00"
    content = Path(paper["path"]).read_bytes()
    labels = layout_of(Product.ENTERPRISE).labels
    told = csv_rows(content)
    assert list(told[0]) == list(labels.values())
    places = [(r["輸出契約等番号"], r["申込番号_枝番"], r["船積No."]) for r in told]
    assert places == [("EX-1", "00", "01"), ("EX-1", "01", "01"), ("EX-1", "01", "02"), ("EX-2", "", "01")]
    before, after = normalised(kit.csv_bytes(rows)), normalised(content)
    assert after == [before[3], before[2], before[0], before[1]]
    assert home.papers("2018-12-07T00:00:00", kind="ledger_file") == []


@pytest.mark.req("D-038")
def test_changes_and_notices_have_a_ledger_file_of_what_was_sent(home: Home) -> None:
    home.booked(contracts("EX-1", "EX-2"))
    sent = [corrected(number="18-000002-00", **BIG), corrected(department_code="D9")]
    home.booked(sent, LATER)
    notices = [kit.notice_row(), kit.notice_row(shipped_amount="1234567")]
    home.booked(notices, LATER, product="simplified-notice")
    home.print_papers(LATER)
    data = [home.at(LATER).documents.read(f"ledger_file-S0000000{n}") for n in (2, 3)]
    assert normalised(data[0] or b"") == normalised(kit.csv_bytes(sent)), "in order of their first record"
    product = Product.SIMPLIFIED_NOTICE
    assert normalised(data[1] or b"", product) == normalised(kit.csv_bytes(notices), product)


def test_an_upload_that_was_not_accepted_has_no_ledger_file(home: Home) -> None:
    home.submit(contracts("EX-1", currency=""))
    home.decide()
    home.print_papers()
    kinds = [kind for kind, _ in home.kinds(TUESDAY)]
    assert kinds == ["findings_report", "monitor_list", "receipt", "receipt"]


# -- 処理結果受付票 -------------------------------------------------------------------------------------------


@pytest.mark.req("A-052")
def test_the_result_counts_what_was_declared_sent_booked_and_printed(home: Home) -> None:
    home.booked(contracts("EX-1", "EX-2"), name="十一月分.csv")
    home.booked([corrected(**BIG)], LATER)
    home.submit(contracts("EX-3") + contracts("EX-4", currency=""), LATER)
    home.decide(LATER)
    home.print_papers(LATER)
    new = text_of(home, "receipt-S00000001-result")
    for words in (
        *("処理結果受付票", "S00000001", "処理完了", "十一月分.csv", "すべて一致"),
        *("申告した件数2件一致", "ファイルのデータ2件", "台帳に計上したデータ2件", "台帳ファイルのデータ2件"),
        *("台帳の行2行", "モニタリストの明細2行", f"判定の記録{2 * LINE_YEN:,}円"),
        *(f"台帳の合計{2 * LINE_YEN:,}円", f"モニタリストの合計{2 * LINE_YEN:,}円"),
    ):
        assert words in new, words
    difference = BIG_YEN - LINE_YEN
    for words in ("すべて一致", "申告した件数1件一致", f"モニタリストの合計{difference:,}円"):
        assert words in text_of(home, "receipt-S00000002-result"), words
    assert home.status("S00000002", LATER)["premium_total_yen"] == difference
    assert f"{difference:+,}円" in text_of(home, "monitor_list-S00000002")
    rejected = text_of(home, "receipt-S00000003-result")
    for words in ("申請内容要確認", "申告した件数2件一致", "台帳に計上した行0件", "1件も計上していません"):
        assert words in rejected, words


def test_a_result_that_does_not_add_up_says_so(home: Home) -> None:
    home.booked(contracts("EX-1"))
    store = home.at()
    from assets.papers_submissions import _Decided

    receipt = store.events.receipt("S00000001")
    assert receipt is not None
    told = _Decided(store, receipt)
    assert [control.differs for control in told.controls] == [""] * 4
    told.lines = pl.concat([told.lines, told.lines])
    assert [bool(control.differs) for control in told.controls] == [False, True, False, True]
    told.lines = told.lines.clear()
    wrong = {control.title: control.differs for control in told.controls if control.differs}
    assert "台帳に計上したデータ" in wrong["計上したデータ"]
    assert f"-{LINE_YEN:,} 円" in wrong["保険料（変更は差額）"]


def test_a_receipt_that_could_not_be_printed_comes_with_the_result(home: Home) -> None:
    home.submit(contracts("EX-1"))
    home.decide()
    from assets.papers import issue_monitor_list

    store = home.at()
    receipt = store.events.receipt("S00000001")
    assert receipt is not None
    issue_monitor_list(store, receipt)
    ids = {row["document_id"] for row in home.papers(TUESDAY, kind="receipt")}
    assert ids == {"receipt-S00000001", "receipt-S00000001-result"}


# -- findings by line ---------------------------------------------------------------------------------------


@pytest.mark.req("A-027")
def test_each_finding_names_the_line_that_its_record_speaks_of(home: Home) -> None:
    home.booked(contracts("EX-1"))
    wrong = [
        corrected("07", **BIG),
        *contracts("EX-2", branch_no="03", currency=""),
    ]
    home.submit(wrong, LATER)
    home.decide(LATER)
    home.print_papers(LATER)
    rows = rows_of(home, "findings_report-S00000002", LATER)
    told = {
        (r["データ番号"], r["申込番号"], r["枝番"], r["船積No."], r["決済No."], r["項目"], r["コード"])
        for r in rows
    }
    assert ("1", "18-000001", "00", "01", "01", "history_no", "stale-history") in told
    assert ("2", "", "03", "01", "01", "currency", "mandatory") in told
    assert all(r["内容"] for r in rows)
    printed = text_of(home, "monitor_list-S00000002", LATER)
    assert "18-000001-00船積01決済01" in printed
    assert "枝番03船積01決済01" in printed


@pytest.mark.req("A-027")
def test_a_warning_about_a_booked_line_names_the_number_it_got(home: Home) -> None:
    home.booked(
        contracts("EX-1") + contracts("EX-2", payer_code=kit.buyer("EC"), counterparty_code=kit.buyer("EC"))
    )
    home.print_papers()
    rows = rows_of(home, "findings_report-S00000001", TUESDAY)
    assert rows
    assert {(r["データ番号"], r["申込番号"], r["枝番"]) for r in rows} == {("2", "18-000002", "00")}


# -- ledgers with changes -----------------------------------------------------------------------------------


@pytest.mark.req("D-021", "D-020")
def test_a_confirmation_lists_what_changed_since_the_ledger_to_check(home: Home) -> None:
    home.booked(contracts("EX-1", "EX-2", "EX-3"))
    reconcile_due(home.at(WEEK_OVER))
    home.booked([corrected(**BIG), change("5", "18-000003-00", history_no="00")], LATER)
    done = confirm_due(home.at(CUT_OFF))
    ledger_id = f"{UNIT}_C_1"
    assert {f"difference_list-{ledger_id}-pdf", f"difference_list-{ledger_id}-csv"} <= set(done.documents)
    rows = rows_of(home, f"difference_list-{ledger_id}-csv")
    first = {row["申込番号"]: row for row in reversed(rows)}
    assert {n: (r["理由"], r["履歴（照合）"], r["履歴（確定）"], r["差額"]) for n, r in first.items()} == {
        "18-000001-00": ("修正", "00", "01", str(BIG_YEN - LINE_YEN)),
        "18-000003-00": ("取消", "00", "", str(-LINE_YEN)),
    }
    amounts = [(r["照合の値"], r["確定の値"]) for r in rows if r["項目"] == "contract_amount"]
    assert amounts == [("10000000", "2000000000")]
    printed = text_of(home, f"difference_list-{ledger_id}-pdf")
    for words in (
        "照合・確定差異一覧",
        "輸出契約等元本:10,000,000→2,000,000,000",
        f"{BIG_YEN - 2 * LINE_YEN:+,}円",
    ):
        assert words in printed, words
    confirmed = rows_of(home, f"confirmed_ledger-{ledger_id}-csv")
    assert [(r["申込番号"], r["履歴"], r["請求額"]) for r in confirmed] == [
        ("18-000002-00", "00", str(LINE_YEN)),
        ("18-000001-00", "01", str(BIG_YEN)),
    ]


@pytest.mark.req("D-021")
def test_a_confirmation_without_corrections_says_that_nothing_differs(home: Home) -> None:
    home.booked([kit.notice_row()], product="simplified-notice")
    (ledger_id,) = confirm_due(home.at(CUT_OFF)).ledgers
    assert "差異なし" in text_of(home, f"difference_list-{ledger_id}-pdf")
    assert rows_of(home, f"difference_list-{ledger_id}-csv") == []


@pytest.mark.req("D-042")
@pytest.mark.parametrize(
    ("threshold", "words", "columns"),
    [
        (100_000, "を登録口座へ返還", ("refund_yen", "listed_only_yen")),
        (100_000_000, "記載のみ（10,000万円未満のため支払いません）", ("listed_only_yen", "refund_yen")),
    ],
)
def test_a_ledger_that_returns_more_than_it_charges(
    home: Home, threshold: int, words: str, columns: tuple[str, str]
) -> None:
    if threshold != 100_000:
        home.settings(refund_threshold_yen=threshold)
    home.booked(contracts("EX-1", last_shipment_date="20190930", **BIG))
    confirm_due(home.at(CUT_OFF))
    home.booked([reduced()], JANUARY)
    (ledger_id,) = confirm_due(home.at(NEXT_CUT_OFF)).ledgers
    extract_due(home.at(NEXT_CUT_OFF))
    due = home.journal().filter(pl.col("history_no") == "01")["due_total"].sum()
    assert due < -100_000
    (invoice,) = rows_of(home, f"invoice-{ledger_id}-csv", NEXT_CUT_OFF)
    assert (invoice["請求金額"], invoice["差引合計"], invoice["返還保険料"]) == ("0", str(due), str(-due))
    for kind in ("invoice", "confirmed_ledger", "premium_statement"):
        printed = text_of(home, f"{kind}-{ledger_id}-pdf", NEXT_CUT_OFF)
        assert f"返還保険料{-due:,}円{words}" in printed, kind
    assert f"返還保険料ご請求金額{-due:,}円0円" in text_of(home, f"invoice-{ledger_id}-pdf", NEXT_CUT_OFF)
    statement = rows_of(home, f"premium_statement-{ledger_id}-csv", NEXT_CUT_OFF)
    assert sum(int(row["請求額"]) for row in statement) == due
    (row,) = rows_of(home, "finance_premiums-2019-02-v1", NEXT_CUT_OFF)
    assert (row["premium_total"], row["charged_total"], row["returned_total"]) == (str(due), "0", str(-due))
    assert (row["payable_yen"], row[columns[0]], row[columns[1]]) == ("0", str(-due), "0")


@pytest.mark.req("D-042")
def test_a_later_setting_changes_no_invoice_that_is_out(home: Home) -> None:
    home.booked(contracts("EX-1"))
    confirm_due(home.at(CUT_OFF))
    assert extract_due(home.at(CUT_OFF)) == ["finance_premiums-2018-12-v1"]
    before = home.papers(CUT_OFF)
    home.settings(payment_days=10, refund_threshold_yen=1)
    from assets.papers import issue_confirmed_ledger

    assert extract_due(home.at("2019-01-04T20:30:00")) == [], "no new version of what is told"
    issue_confirmed_ledger(home.at("2019-01-04T20:30:00"), f"{UNIT}_C_1")
    assert home.papers(CUT_OFF) == before


# -- on the portal ------------------------------------------------------------------------------------------


def test_ledgers_are_issued_as_pdf_with_the_day_they_went_out(home: Home) -> None:
    home.booked(contracts("EX-1"))
    home.booked([kit.notice_row()], product="simplified-notice")
    reconcile_due(home.at(WEEK_OVER))
    confirm_due(home.at(CUT_OFF))
    days = {
        **dict.fromkeys(("reconciliation_ledger", "shipment_statement_check"), WEEK_OVER),
        **dict.fromkeys(("confirmed_ledger", "shipment_statement", "premium_statement", "invoice"), CUT_OFF),
    }
    for kind, day in days.items():
        for paper in home.papers(CUT_OFF, kind=kind, format="pdf"):
            assert paper["created_at"] == f"{day}+09:00"
            assert paper["holder"] == kit.HOLDER
            date = f"作成日{int(day[:4])}年{int(day[5:7])}月{int(day[8:10])}日"
            assert date in text_of(home, paper["document_id"])
            issued = [
                e
                for e in home.events("document-issued")
                if e["details"]["document_id"] == paper["document_id"]
            ]
            assert [event["at"] for event in issued] == [f"{day}+09:00"], "the log keeps when it went out"
    listed = home.cli("outputs", "--holder", kit.HOLDER, "--json", now=CUT_OFF).json
    assert {row["kind"] for row in listed} >= set(days), "what the portal offers"


def test_ledgers_have_one_name_throughout(home: Home) -> None:
    home.booked(contracts("EX-1"))
    reconcile_due(home.at(WEEK_OVER))
    confirm_due(home.at(CUT_OFF))
    titles = {"reconciliation_ledger": "照合台帳", "confirmed_ledger": "確定台帳"}
    for kind, title in titles.items():
        for paper in home.papers(CUT_OFF, kind=kind):
            assert title in Path(paper["path"]).name
        (printed,) = home.papers(CUT_OFF, kind=kind, format="pdf")
        assert title in text_of(home, printed["document_id"])
