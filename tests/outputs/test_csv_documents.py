"""CSV documents, read back by Python's own csv module."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import polars as pl
import pytest

from outputs import documents as d
from tests.outputs.samples import (
    ENTERPRISE,
    INVOICE,
    NOTICE,
    UNIT,
    finding,
    findings_frame,
    frame,
    line,
    notice,
)


def rows_of(content: bytes, encoding: str = "cp932") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline="")))


@pytest.mark.req("D-029")
def test_ledger_csv_is_cp932_with_crlf_every_field_quoted_and_a_header_row() -> None:
    content = d.ledger_csv(frame([line(1), line(2)]), ENTERPRISE)
    text = content.decode("cp932")
    lines = text.split("\r\n")
    assert len(lines) == 4
    assert lines[3] == ""
    assert "\n" not in text.replace("\r\n", "")
    width = len(ENTERPRISE) + 1 + len(d.ledger_columns({})) - 1
    for row in lines[:3]:
        assert row.startswith('"')
        assert row.endswith('"')
        assert len(row[1:-1].split('","')) == width


@pytest.mark.req("D-029")
def test_ledger_csv_has_every_layout_field_and_what_the_insurer_computed() -> None:
    source = line(3)
    (row,) = rows_of(d.ledger_csv(frame([source]), ENTERPRISE))
    for name, label in ENTERPRISE.items():
        assert row[label] == (source[name] or ""), name
    assert row["申込番号"] == "18-000003-00"
    assert row["受理日"] == "20181106"
    assert row["内容変更等通知期限"] == "20190204"
    assert (row["国カテゴリー"], row["国カテゴリー（船前）"], row["格付"]) == ("C", "C", "GS")
    assert (row["船前日数"], row["船後日数"], row["円換算率"]) == ("30", "60", "151.250000")
    assert [row[f"料率{x}（％）"] for x in "ABCD"] == ["0.026", "0.079", "0.003", "0.110"]
    assert [row[f"付保率{x}（％）"] for x in "ABCD"] == ["80.0", "97.5", "80.0", "90.0"]
    assert [row[f"保険金額{x}"] for x in "ABCD"] == [
        str(source[f"insured_amount_{x.lower()}"]) for x in "ABCD"
    ]
    assert [row[f"保険料{x}"] for x in "ABCD"] == [str(source[f"premium_{x.lower()}"]) for x in "ABCD"]
    assert row["合計保険料"] == str(source["premium_total"])
    assert [row[f"割引割増率{x}"] for x in "ABCD"] == ["", "", "", ""]


def test_missing_rate_is_empty_and_factor_is_shown_when_known() -> None:
    source = line(5, factor_d="0.950")
    (row,) = rows_of(d.ledger_csv(frame([source]), ENTERPRISE))
    assert row["料率D（％）"] == ""
    assert row["保険料D"] == "0"
    assert row["割引割増率D"] == "0.950"


def test_shipment_statement_has_the_fields_of_the_notice() -> None:
    (row,) = rows_of(d.ledger_csv(frame([notice(2)]), NOTICE))
    assert row["船積年月"] == "201810"
    assert row["船積分の代金額(前受金を除く)"] == "12469134"
    assert row["料率A（％）"] == ""
    assert row["保険料B"] == "9850"


def test_the_header_of_an_empty_ledger_is_the_header_of_a_full_one() -> None:
    full = d.ledger_csv(frame([line(1)]), ENTERPRISE)
    empty = d.ledger_csv(frame([line(1)]).clear(), ENTERPRISE)
    assert empty == full[: full.index(b"\r\n") + 2]


@pytest.mark.req("D-022")
def test_provided_data_are_the_ledger_byte_for_byte() -> None:
    lines = frame([line(number) for number in range(1, 20)])
    assert d.provided_data_csv(lines, ENTERPRISE) == d.ledger_csv(lines, ENTERPRISE)


def test_cp932_extensions_stay_cp932() -> None:
    content = d.ledger_csv(frame([line(1, export_contract_no="㈱①髙﨑～")]), ENTERPRISE)
    assert rows_of(content)[0]["輸出契約等番号"] == "㈱①髙﨑～"


def test_one_foreign_character_turns_the_whole_file_into_utf8_with_bom() -> None:
    content = d.ledger_csv(frame([line(1), line(2, export_contract_no="MÜNCHEN 東京")]), ENTERPRISE)
    assert content.startswith(b"\xef\xbb\xbf")
    assert rows_of(content, "utf-8-sig")[1]["輸出契約等番号"] == "MÜNCHEN 東京"


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        "+SUM(A1)",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "  =1",
        "＝1＋1",
        "＠SUM(1)",
        "　＋1(",
        '=HYPERLINK("http://example.invalid","x")',
    ],
)
def test_a_formula_in_a_text_cell_is_neutralised(value: str) -> None:
    content = d.ledger_csv(frame([line(1, export_contract_no=value)]), ENTERPRISE)
    (row,) = rows_of(content)
    assert row["輸出契約等番号"] == "'" + value
    report = d.findings_report_csv(findings_frame([finding(1, value=value)]), ENTERPRISE)
    assert rows_of(report)[0]["入力値"] == "'" + value


@pytest.mark.parametrize("value", ["-", "-1234", "+1,234.50", "1000000", "A=1", "東京-1", ""])
def test_numbers_and_plain_text_are_left_alone(value: str) -> None:
    (row,) = rows_of(d.ledger_csv(frame([line(1, export_contract_no=value)]), ENTERPRISE))
    assert row["輸出契約等番号"] == value


def test_negative_premiums_stay_numbers() -> None:
    (row,) = rows_of(d.ledger_csv(frame([line(1, premium_a=-1200, premium_total=-1200)]), ENTERPRISE))
    assert row["保険料A"] == "-1200"


def test_quotes_and_line_breaks_survive() -> None:
    value = 'A "quoted", two\r\nlines'
    (row,) = rows_of(d.ledger_csv(frame([line(1, export_contract_no=value)]), ENTERPRISE))
    assert row["輸出契約等番号"] == value


@pytest.mark.req("D-037")
def test_ledger_file_has_the_columns_of_the_upload_and_its_values_unchanged() -> None:
    sources = [
        line(1, export_contract_no="-ABC1"),
        line(2, settlement_principal="-", export_contract_no="+81"),
    ]
    content = d.ledger_file_csv(frame(sources), ENTERPRISE)
    rows = rows_of(content)
    assert list(rows[0]) == list(ENTERPRISE.values())
    for row, source in zip(rows, sources, strict=True):
        assert row == {label: source[name] or "" for name, label in ENTERPRISE.items()}


def test_ledger_file_neutralises_what_a_spreadsheet_would_run() -> None:
    value = "=cmd|'/C calc'!A0"
    (row,) = rows_of(d.ledger_file_csv(frame([line(1, export_contract_no=value)]), ENTERPRISE))
    assert row["輸出契約等番号"] == "'" + value


def test_findings_report_lists_every_finding_with_names_for_people() -> None:
    content = d.findings_report_csv(
        findings_frame(
            [
                finding(None, field=None, code="empty-file", value=None),
                finding(2, severity="warning", cell="F3"),
            ]
        ),
        ENTERPRISE,
    )
    first, second = rows_of(content)
    assert (first["データ番号"], first["項目名"], first["コード"], first["区分"]) == (
        "",
        "",
        "empty-file",
        "エラー",
    )
    assert (second["データ番号"], second["行"], second["セル"]) == ("2", "3", "F3")
    assert (second["項目名"], second["項目"], second["区分"]) == (
        "支払人バイヤーコード",
        "payer_code",
        "警告",
    )
    assert second["内容"].endswith("登録済みのコードを入力してください。")


def test_no_findings_give_a_header_only() -> None:
    assert rows_of(d.findings_report_csv(findings_frame([]))) == []


@pytest.mark.req("D-040")
def test_premium_statement_csv_shows_base_rate_factor_and_premium_per_danger() -> None:
    source = line(1, factor_d="0.950")
    (row,) = rows_of(d.premium_statement_csv(frame([source]), ENTERPRISE))
    assert row["No."] == "1"
    assert [row[f"保険料対象額{x}（円）"] for x in "ABCD"] == [str(source["base_pre_yen"])] * 4
    assert [row[f"料率{x}（％）"] for x in "ABCD"] == ["0.026", "0.079", "0.003", "0.110"]
    assert [row[f"割引割増率{x}"] for x in "ABCD"] == ["", "", "", "0.950"]
    assert [int(row[f"保険料{x}"]) for x in "ABCD"] == [source[f"premium_{x}"] for x in "abcd"]
    assert int(row["合計保険料"]) == source["premium_total"]


@pytest.mark.req("D-041")
def test_invoice_csv_is_the_sum_of_the_premium_statement() -> None:
    lines = frame([line(number) for number in range(1, 40)])
    statement = rows_of(d.premium_statement_csv(lines, ENTERPRISE))
    (invoice,) = rows_of(d.invoice_csv(UNIT, INVOICE, lines))
    assert int(invoice["請求金額"]) == sum(int(row["合計保険料"]) for row in statement)
    for mark in "ABCD":
        assert int(invoice[f"保険料{mark}"]) == sum(int(row[f"保険料{mark}"]) for row in statement)
    assert (invoice["発行日"], invoice["支払期限"], invoice["明細件数"]) == ("20181228", "20190206", "39")


FINANCE: dict[str, Any] = {
    "month": "2018-12",
    "invoice_no": "I-2018-000007",
    "issued_on": date(2018, 12, 28),
    "due_on": date(2019, 2, 6),
    "product": "enterprise",
    "holder": "012345678",
    "holder_name": "株式会社髙﨑商事",
    "agreement_code": "099999901",
    "department_code": None,
    "acceptance_month": "2018-11",
    "lines": 39,
    "premium_a": 1,
    "premium_b": 2,
    "premium_c": 3,
    "premium_d": 4,
    "premium_total": 10,
    "charged_total": 30,
    "returned_total": 20,
    "payable_yen": 10,
    "refund_yen": 0,
    "listed_only_yen": 0,
}


def test_finance_extract_has_machine_names_utf8_and_iso_dates() -> None:
    rows = pl.DataFrame([{"other": 1, **FINANCE}], schema_overrides={"department_code": pl.String})
    content = d.finance_premiums_csv(rows)
    head, row, end = content.decode("utf-8").split("\n")
    assert head == (
        "month,invoice_no,issued_on,due_on,product,holder,holder_name,agreement_code,department_code,"
        "acceptance_month,lines,premium_a,premium_b,premium_c,premium_d,premium_total,"
        "charged_total,returned_total,payable_yen,refund_yen,listed_only_yen"
    )
    assert row == (
        "2018-12,I-2018-000007,2018-12-28,2019-02-06,enterprise,012345678,株式会社髙﨑商事,099999901,,"
        "2018-11,39,1,2,3,4,10,30,20,10,0,0"
    )
    assert end == ""


def test_finance_extract_names_the_columns_it_misses() -> None:
    with pytest.raises(ValueError, match="holder_name"):
        d.finance_premiums_csv(pl.DataFrame([FINANCE]).drop("holder_name"))


def test_finance_extract_of_no_invoice_is_a_header() -> None:
    empty = pl.DataFrame(schema=d.FINANCE_FIELDS)
    assert d.finance_premiums_csv(empty).decode().count("\n") == 1
