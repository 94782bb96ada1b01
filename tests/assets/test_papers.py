"""From facts to print: what the papers of a submission and of a ledger say, read back from the PDF."""

import re
from pathlib import Path

import pytest

from assets.ledgers import confirm_due, reconcile_due
from assets.papers import issue_monitor_list
from tests import kit
from tests.homes import CUT_OFF, LINE_YEN, TUESDAY, USER, WEEK_OVER, Home, contracts, csv_rows
from tests.outputs.samples import Pdf


def pdf(home: Home, kind: str, now: str = CUT_OFF, submission_id: str | None = None) -> str:
    """The text of the one PDF of a kind, without spaces."""
    (row,) = home.papers(now, kind=kind, format="pdf", submission_id=submission_id)
    paper = Pdf(Path(row["path"]))
    assert all(font[-5] == "yes" for font in paper.fonts()), "every font is embedded"
    return re.sub(r"\s", "", paper.text())


@pytest.mark.req("D-001", "D-007", "D-008", "A-012")
def test_the_monitor_list_of_a_booked_and_of_a_rejected_upload(home: Home) -> None:
    home.submit(contracts("EX-1", "EX-2"), name="十一月分.csv", remarks="契約発効日は十一月一日")
    home.submit(contracts("EX-3") + contracts("EX-4", currency="", payer_code="999999999"), name="誤り.csv")
    home.decide()
    home.print_papers()
    booked = pdf(home, "monitor_list", TUESDAY, "S00000001")
    for words in (
        *("髙橋貿易㈱", kit.HOLDER, "企業総合保険", "S00000001", USER, "十一月分.csv", "処理完了"),
        *(
            "契約発効日は十一月一日",
            "18-000001-00",
            "18-000002-00",
            "2,600",
            "7,900",
            "7,600",
            f"{2 * LINE_YEN:,}",
        ),
    ):
        assert words in booked, words
    rejected = pdf(home, "monitor_list", TUESDAY, "S00000002")
    for words in (
        "誤り.csv",
        "申請内容要確認",
        "999999999",
        "先に海外商社登録をしてください",
        "「表示通貨」は必須です",
    ):
        assert words in rejected, words
    assert "18-0000" not in rejected, "no number"
    assert f"{LINE_YEN:,}" not in rejected, "no premium"
    (report,) = home.papers(TUESDAY, kind="findings_report", submission_id="S00000002")
    rows = csv_rows(Path(report["path"]).read_bytes())
    assert {(row["データ番号"], row["行"], row["コード"]) for row in rows} == {
        ("2", "3", "mandatory"),
        ("2", "3", "buyer-unregistered"),
    }


def test_the_receipt_tells_what_was_handed_in(home: Home) -> None:
    receipt = home.submit(contracts("EX-1"), "2018-11-06T18:00:00", name="十一月分.csv")
    home.print_papers("2018-11-06T18:00:00")
    text = pdf(home, "receipt")
    for words in ("S00000001", "十一月分.csv", receipt["sha256"][:16], "髙橋貿易㈱", kit.HOLDER):
        assert words in text, words
    assert "2018年11月7日" in text, "the acceptance day"


@pytest.mark.req("D-011", "D-016", "D-019", "D-040", "D-041")
@pytest.mark.parametrize("product", ["enterprise", "simplified-notice"])
def test_printed_totals_are_those_of_the_csv(home: Home, product: str) -> None:
    notices = product == "simplified-notice"
    rows = (
        [kit.notice_row(), kit.notice_row(shipped_amount="12345678")]
        if notices
        else contracts("EX-1") + contracts("EX-2", contract_amount="12345678", pre_shipment_amount="12345678")
    )
    home.booked(rows, product=product)
    reconcile_due(home.at(WEEK_OVER))
    confirm_due(home.at(CUT_OFF))
    total = int(home.journal()["premium_total"].sum())
    kinds = (
        ("shipment_statement_check", "shipment_statement")
        if notices
        else ("reconciliation_ledger", "confirmed_ledger")
    )
    for kind in (*kinds, "premium_statement", "invoice"):
        text = pdf(home, kind)
        (row,) = home.papers(kind=kind, format="csv")
        told = csv_rows(Path(row["path"]).read_bytes())
        column = "請求金額" if kind == "invoice" else "合計保険料"
        assert sum(int(line[column]) for line in told) == total
        for words in (f"{total:,}", "髙橋貿易㈱", kit.HOLDER, "1/1"):
            assert words in text, (kind, words)
    assert "支払期限" in pdf(home, "invoice")
    assert (
        "2019-02-06" in pdf(home, "invoice")
        or "2019年2月6日" in pdf(home, "invoice")
        or "2019年02月06日" in pdf(home, "invoice")
    )


def test_ledgers_are_called_by_their_names(home: Home) -> None:
    home.booked(contracts("EX-1"))
    confirm_due(home.at(CUT_OFF))
    names = [Path(row["path"]).name for row in home.papers()]
    for title in ("照合台帳", "確定台帳", "保険料計算書", "保険料請求書"):
        assert any(title in name for name in names), title
    assert "照会台帳" not in "".join(names)


def test_a_paper_made_again_is_the_same_paper(home: Home) -> None:
    home.submit(contracts("EX-1"))
    home.decide()
    home.print_papers()
    (before,) = home.papers(TUESDAY, kind="monitor_list")
    renamed = {"policyholders": [{"holder": kit.HOLDER, "name": "新社名㈱"}]}
    home.cli("reference", "load", str(kit.write_reference(home.path.parent / "renamed", renamed)))
    receipt = home.at().events.receipt("S00000001")
    assert receipt is not None
    issue_monitor_list(home.at("2018-11-20T10:00:00"), receipt)
    (after,) = home.papers(TUESDAY, kind="monitor_list")
    assert after == before


@pytest.mark.req("A-043")
def test_late_records_that_were_released_are_listed_as_late(home: Home) -> None:
    home.submit(contracts("EX-1") + contracts("EX-2", contract_date="20180905"))
    home.decide()
    assert home.status("S00000001")["held"] is True
    home.cli("decide", "S00000001", "--release", "--by", "山田", "--reason", "承認済み")
    home.decide()
    home.print_papers()
    text = pdf(home, "monitor_list", TUESDAY)
    assert text.count("期限経過") == 1
    assert "2018-10-31" in text
    assert "処理完了" in text


def test_a_submission_without_verdict_has_no_monitor_list(home: Home) -> None:
    receipt = home.submit(contracts("EX-1"))
    with pytest.raises(ValueError, match="no verdict"):
        issue_monitor_list(home.at(), receipt)
    home.print_papers()
    assert [kind for kind, _ in home.kinds(TUESDAY)] == ["receipt"]
