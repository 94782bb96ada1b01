"""Documents about versions: what a change cost before and after, what is billed, what is returned, what differed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from outputs import documents as d
from outputs import formats
from tests.outputs.samples import (
    ENTERPRISE,
    INVOICE,
    NAMES,
    UNIT,
    Pdf,
    changes,
    finding,
    findings_frame,
    frame,
    header,
    line,
    submission,
    version,
)

Reader = Callable[[bytes], Pdf]
ROWS = changes()
LINES = frame(ROWS)
LABELS = ENTERPRISE | {"change_date": "輸出契約等変更日", "change_reason": "変更事由"}
NEW = frame([version(number) for number in range(1, 6)])
DUE = [row["due_total"] for row in ROWS]
NET, CHARGED, RETURNED = sum(DUE), sum(x for x in DUE if x > 0), -sum(x for x in DUE if x < 0)
BEFORE = [row["premium_total"] - row["difference_total"] for row in ROWS]
AFTER = [row["premium_total"] for row in ROWS]
LISTED = d.Refund(listed_only=-NET)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("cp932"), newline="")))


def squeezed(text: str) -> str:
    return re.sub(r"[\s　]+", " ", text)


def blocks(text: str, lines: int) -> list[list[list[str]]]:
    """The words of every line of text of each ledger line, from the one that begins with its number."""
    rows = [row.split() for row in text.splitlines() if row.strip()]
    starts = [n for n, row in enumerate(rows) if any(re.fullmatch(r"18-\d{6}-00", word) for word in row)]
    return [rows[start : start + lines] for start in starts]


# -- ledgers ------------------------------------------------------------------------------------------------


def test_a_ledger_with_changes_tells_each_act_and_its_cost_before_and_after(read: Reader) -> None:
    text = read(
        d.ledger_pdf(header(), UNIT, LINES, kind="confirmed_ledger", labels=LABELS, names=NAMES)
    ).text()
    told = blocks(text, 4)
    assert len(told) == len(ROWS)
    for row, block in zip(ROWS, told, strict=True):
        cost = [block[n][-1] for n in range(4)]
        assert cost == [
            formats.yen(row["premium_total"] - row["difference_total"]),
            formats.yen(row["premium_total"]),
            formats.signed(row["difference_total"]),
            formats.signed(row["due_total"]),
        ]
        assert block[3][-5:-1] == [formats.signed(row[f"due_{x}"]) for x in "abcd"]
        assert f"履歴{row['history_no']}" in block[2]
    acts = [" ".join(block[3][:3]) for block in told]
    assert [act.split()[:2] for act in acts] == [
        ["1", "新規"],
        ["2", "変更"],
        ["2", "変更"],
        ["4", "修正"],
        ["3", "訂正内変"],
    ]
    words = squeezed(text)
    for expected in (
        "2 変更 事由03 変更日 2018/12/03 通貨の変更",
        "2 変更 事由02 変更日 2018/11/30 減額変更",
        "2018/12/06",  # accepted on
        "無保険期間 2018/12/01〜2018/12/05",
        "証券型移行 2018/12/06",
        "履歴00に代わる",
        "削除 変更日 2018/12/01",
    ):
        assert expected in words, expected


def test_the_totals_of_a_ledger_with_changes_are_what_is_billed(read: Reader) -> None:
    by_danger = [formats.yen(sum(row[f"due_{x}"] for row in ROWS)) for x in "abcd"]
    text = squeezed(
        read(
            d.ledger_pdf(header(), UNIT, LINES, kind="confirmed_ledger", labels=LABELS, refund=LISTED)
        ).text()
    )
    assert f"差引合計 {' '.join(by_danger)} {NET:,} 円" in text
    for title, yen in (
        ("変更前保険料 計", formats.yen(sum(BEFORE))),
        ("変更後保険料 計", formats.yen(sum(AFTER))),
        ("追加保険料 計", formats.yen(CHARGED)),
        ("返還保険料 計", formats.yen(RETURNED)),
    ):
        assert title in text
        assert f"{yen} 円" in text, title
    assert f"請求 計 {' '.join(by_danger)} {formats.yen(NET)}" in text
    assert "合計保険料" not in text


def test_a_ledger_of_new_lines_looks_as_it_always_did() -> None:
    plain = frame([line(number) for number in range(1, 6)])
    for make in (
        lambda lines: d.ledger_pdf(header(), UNIT, lines, kind="reconciliation_ledger", labels=LABELS),
        lambda lines: d.premium_statement_pdf(header(), UNIT, lines, labels=LABELS),
        lambda lines: d.invoice_pdf(header(), UNIT, INVOICE, lines),
        lambda lines: d.monitor_list_pdf(header(), submission(), lines, findings_frame([]), labels=LABELS),
    ):
        assert make(NEW) == make(plain)


def test_a_withdrawal_on_a_ledger_to_check_costs_nothing_and_says_what_fell_away(read: Reader) -> None:
    gone = version(2, process_type="5", due=[0, 0, 0, 0], difference_total=-18_400)
    gone |= dict.fromkeys([f"premium_{x}" for x in (*"abcd", "total")], 0)
    text = read(
        d.ledger_pdf(header(), UNIT, frame([version(1), gone]), kind="reconciliation_ledger", labels=LABELS)
    ).text()
    (_, block) = blocks(text, 4)
    assert [block[n][-1] for n in range(4)] == ["18,400", "0", "-18,400", "0"]
    assert block[3][:2] == ["5", "取消"]


def test_the_csv_of_a_ledger_tells_the_same_at_its_end() -> None:
    rows = rows_of(d.ledger_csv(LINES, LABELS))
    assert [int(row["変更前保険料"]) for row in rows] == BEFORE
    assert [int(row["変更後保険料"]) for row in rows] == AFTER
    assert [int(row["差額"]) for row in rows] == [row["difference_total"] for row in ROWS]
    assert [int(row["請求額"]) for row in rows] == DUE
    assert [sum(int(row[f"請求額{x}"]) for x in "ABCD") for row in rows] == DUE
    assert [row["変更受理日"] for row in rows][1:3] == ["20181204", "20181206"]
    late = rows[2]
    assert (late["無保険期間開始"], late["無保険期間終了"], late["証券型移行日"]) == (
        "20181201",
        "20181205",
        "20181206",
    )
    assert [row["訂正した履歴"] for row in rows] == ["", "", "", "00", ""]
    assert [row["削除"] for row in rows] == ["", "", "", "", "1"]
    names = list(rows[0])
    assert names.index("内容変更等通知期限") < names.index("変更受理日"), "earlier columns keep their places"
    (new,) = rows_of(d.ledger_csv(frame([line(1)]), ENTERPRISE))
    assert (new["変更前保険料"], new["差額"], new["請求額"]) == ("0", new["合計保険料"], new["合計保険料"])


# -- statement, invoice, refund -----------------------------------------------------------------------------


@pytest.mark.req("D-042")
def test_the_statement_carries_the_return(read: Reader) -> None:
    text = squeezed(read(d.premium_statement_pdf(header(), UNIT, LINES, labels=LABELS, refund=LISTED)).text())
    assert f"追加保険料 {CHARGED:+,}" in text
    assert f"返還保険料 {-RETURNED:,}" in text
    assert f"差引 {NET:,}" in text
    assert LISTED.sentence in text
    rows = rows_of(d.premium_statement_csv(LINES, LABELS))
    assert sum(int(row["請求額"]) for row in rows) == NET
    assert [(row["処理種別"], row["履歴"], row["変更事由"]) for row in rows][1] == ("2", "01", "03")
    assert int(rows[1]["変更後保険料"]) - int(rows[1]["変更前保険料"]) == int(rows[1]["差額"])


@pytest.mark.req("D-042")
@pytest.mark.parametrize(
    ("refund", "words"),
    [
        (d.Refund(paid=-NET), f"返還保険料 {-NET:,} 円を登録口座へ返還"),
        (d.Refund(listed_only=-NET), f"返還保険料 {-NET:,} 円 記載のみ（10万円未満のため支払いません）"),
        (
            d.Refund(listed_only=-NET, threshold=55_555),
            f"返還保険料 {-NET:,} 円 記載のみ（55,555円未満のため支払いません）",
        ),
    ],
)
def test_an_invoice_over_more_returns_than_charges_asks_for_nothing(
    refund: d.Refund, words: str, read: Reader
) -> None:
    facts = replace(INVOICE, refund=refund)
    text = squeezed(read(d.invoice_pdf(header(), UNIT, facts, LINES)).text())
    assert words in text
    assert f"返還保険料ご請求金額{-NET:,}円0円" in text.replace(" ", "")
    assert "支払期限までにお支払いください" not in text
    assert d.BANK_PLACEHOLDER not in text
    ledger = d.ledger_pdf(header(), UNIT, LINES, kind="confirmed_ledger", labels=LABELS, refund=refund)
    assert words in squeezed(read(ledger).text())
    (row,) = rows_of(d.invoice_csv(UNIT, facts, LINES))
    assert (int(row["請求金額"]), int(row["差引合計"])) == (0, NET)
    assert (int(row["追加保険料"]), int(row["返還保険料"])) == (CHARGED, RETURNED)
    assert (int(row["返還金額（口座へ返還）"]), int(row["記載のみの返還保険料"])) == (
        refund.paid,
        refund.listed_only,
    )


def test_an_invoice_with_returns_asks_for_the_net(read: Reader) -> None:
    lines = frame([*ROWS, version(7, due=[50_000, 50_000, 0, 0])])
    text = squeezed(read(d.invoice_pdf(header(), UNIT, INVOICE, lines)).text())
    net = NET + 100_000
    assert f"{net:,} 円" in text
    assert "支払期限までにお支払いください" in text
    assert "返還保険料 計" in text
    (row,) = rows_of(d.invoice_csv(UNIT, INVOICE, lines))
    assert int(row["請求金額"]) == int(row["差引合計"]) == net
    assert sum(int(row[f"保険料{x}"]) for x in "ABCD") == net


# -- monitor list, findings, result -------------------------------------------------------------------------


def test_the_monitor_list_of_changes_tells_before_after_and_difference(read: Reader) -> None:
    lines = LINES.with_columns(record=pl.Series([1, 2, 3, None, 4]))
    pdf = read(
        d.monitor_list_pdf(header(), submission(), lines, findings_frame([]), labels=LABELS, names=NAMES)
    )
    text = pdf.text()
    words = squeezed(text)
    difference = sum(AFTER) - sum(BEFORE)
    assert f"{difference:+,} 円" in words
    for code, name in (("2", "変更"), ("4", "修正")):
        part = [row for row in ROWS if row["process_type"] == code]
        after = sum(row["premium_total"] for row in part)
        change = [row["difference_total"] for row in part]
        expected = [
            f"{len(part)}",
            *(formats.yen(x) for x in (after - sum(change), after)),
            formats.yen(sum(x for x in change if x > 0)),
            formats.yen(-sum(x for x in change if x < 0)),
            formats.signed(sum(change)),
        ]
        assert f"{code} {name} {' '.join(expected)}" in words
    for row, block in zip(ROWS, blocks(text, 3), strict=True):
        assert [block[n][-1] for n in range(3)] == [
            formats.yen(row["premium_total"] - row["difference_total"]),
            formats.yen(row["premium_total"]),
            formats.signed(row["difference_total"]),
        ]
    for expected_words in ("事由03", "変更日 2018/11/30 減額変更", "無保険期間 2018/12/01〜2018/12/05"):
        assert expected_words in words


KEYS = pl.DataFrame(
    {
        "record": [1, 2],
        "application_no": ["18-000007", None],
        "branch_no": ["00", "03"],
        "shipment_no": ["01", None],
        "settlement_no": ["02", None],
    }
)


@pytest.mark.req("A-027")
def test_each_finding_tells_the_line_of_the_ledger_it_speaks_of(read: Reader) -> None:
    found = findings_frame([finding(1), finding(2), finding(None, field=None)])
    rows = rows_of(d.findings_report_csv(found, ENTERPRISE, KEYS))
    told = [(r["データ番号"], r["申込番号"], r["枝番"], r["船積No."], r["決済No."]) for r in rows]
    assert told == [("1", "18-000007", "00", "01", "02"), ("2", "", "03", "", ""), ("", "", "", "", "")]
    assert (rows[0]["項目名"], rows[0]["コード"]) == ("支払人バイヤーコード", "buyer-unknown")
    pdf = d.monitor_list_pdf(
        header(), submission(status="申請内容要確認"), LINES, found, labels=ENTERPRISE, keys=KEYS
    )
    assert "1 18-000007-00 船積01 決済02 2 — 支払人バイヤーコード buyer-unknown" in squeezed(read(pdf).text())


def test_the_result_says_where_counts_agree_and_what_differs(read: Reader) -> None:
    good = d.Control("申告とファイル", {"申告した件数": 3, "ファイルのデータ": 3})
    bad = d.Control(
        "保険料", {"台帳の合計": 18_400, "モニタリストの合計": 18_401, "判定の記録": 18_400}, "円"
    )
    agree = squeezed(read(d.result_pdf(header(), submission(), [good])).text())
    assert "処理結果受付票" in agree
    assert "すべて一致" in agree
    assert "申告とファイル 申告した件数 3 件 一致" in agree
    differ = squeezed(read(d.result_pdf(header(), submission(), [good, bad])).text())
    assert "不一致あり" in differ
    assert "モニタリストの合計は台帳の合計より +1 円" in differ
    assert "申告した件数 3 件 一致" in differ, "the good row stays good"


# -- differences --------------------------------------------------------------------------------------------


def differing(**changed: Any) -> dict[str, Any]:
    row = {
        "checked_ledger_id": "999999901_DEPT01_2018-11_2018W45_1",
        "ledger_id": "999999901_DEPT01_2018-11_C_1",
        "application_no": "18-000004-00",
        "shipment_no": "01",
        "settlement_no": "01",
        "history_no": "00",
        "history_after": "01",
        "how": "corrected",
        "changes": [
            {"field": "payer_code", "before": "105000001", "after": "112000123"},
            {"field": "guarantor_code", "before": None, "after": "111000009"},
            {"field": "premium_b", "before": "7900", "after": "9480"},
        ],
        "premium_before": 18_400,
        "premium_after": 19_980,
        "difference": 1_580,
    }
    return row | changed


GONE = differing(
    application_no="18-000009-00", history_after=None, how="withdrawn", changes=[],
    premium_after=0, difference=-18_400,
)  # fmt: skip
DIFFERENCES = pl.DataFrame([differing(), GONE])


@pytest.mark.req("D-021")
def test_the_difference_list_tells_every_field_before_and_after(read: Reader) -> None:
    ledger_id = "999999901_DEPT01_2018-11_C_1"
    text = squeezed(
        read(d.difference_list_pdf(header(), UNIT, ledger_id, DIFFERENCES, labels=ENTERPRISE)).text()
    )
    for expected in (
        "照合・確定差異一覧",
        ledger_id,
        "999999901_DEPT01_2018-11_2018W45_1",
        "支払人バイヤーコード: 105000001 → 112000123",
        "111000009",
        "保険料B: 7,900 → 9,480",
        "履歴 00 → 01",
        "修正",
        "取消",
        "行のすべて",
        "18,400 19,980 +1,580",
        "18,400 0 -18,400",
        "36,800 19,980 -16,820",
    ):
        assert expected in text, expected
    rows = rows_of(d.difference_list_csv(DIFFERENCES, ENTERPRISE))
    assert [(r["申込番号"], r["理由"], r["項目"], r["照合の値"], r["確定の値"]) for r in rows] == [
        ("18-000004-00", "修正", "payer_code", "105000001", "112000123"),
        ("18-000004-00", "修正", "guarantor_code", "", "111000009"),
        ("18-000004-00", "修正", "premium_b", "7900", "9480"),
        ("18-000009-00", "取消", "", "", ""),
    ]
    assert [r["差額"] for r in rows] == ["1580", "", "", "-18400"], "once per line, so that they add up"


@pytest.mark.req("D-021")
def test_no_differences_are_said_in_words(read: Reader) -> None:
    text = read(d.difference_list_pdf(header(), UNIT, "U_C_1", DIFFERENCES.clear(), labels=ENTERPRISE)).text()
    assert "差異なし" in text
    assert rows_of(d.difference_list_csv(DIFFERENCES.clear(), ENTERPRISE)) == []
