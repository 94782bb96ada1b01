"""Ledger lines, findings and labels made by hand for the tests of the documents.

The premiums are made-up but exact integers; no rule of the product is used to make them.
"""

from __future__ import annotations

import subprocess
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl

from outputs.documents import DocumentHeader, InvoiceFacts, LedgerUnit, Names, SubmissionFacts

JST = timezone(timedelta(hours=9))

ENTERPRISE: dict[str, str] = {
    "process_type": "処理種別",
    "application_year": "申込番号_年度",
    "application_serial": "申込番号_一連番号",
    "branch_no": "申込番号_枝番",
    "history_no": "履歴",
    "agreement_code": "特約コード",
    "policyholder_code": "保険利用者コード",
    "department_code": "部門",
    "export_contract_no": "輸出契約等番号",
    "contract_date": "輸出契約等締結日",
    "counterparty_code": "契約相手方バイヤーコード",
    "payer_code": "支払人バイヤーコード",
    "guarantor_code": "保証人(L/C発行・確認銀行)バイヤーコード",
    "destination_country": "仕向国",
    "payer_country": "支払国",
    "guarantor_country": "保証国",
    "currency": "表示通貨",
    "contract_amount": "輸出契約等元本",
    "shipment_no": "船積No.",
    "last_shipment_date": "最終船積期日",
    "pre_shipment_amount": "船積前保険対象額",
    "post_shipment_amount": "船積後保険対象額",
    "settlement_no": "決済No.",
    "settlement_principal": "決済元本",
}

NOTICE: dict[str, str] = {
    "process_type": "処理種別",
    "notice_year": "通知番号_年度",
    "notice_serial": "通知番号_一連番号",
    "branch_no": "枝番",
    "history_no": "履歴",
    "agreement_code": "包括保険契約番号/特約コード",
    "policyholder_code": "保険利用者コード",
    "shipment_month": "船積年月",
    "counterparty_code": "契約相手方バイヤーコード",
    "payer_code": "支払人バイヤーコード",
    "destination_country": "仕向国",
    "payer_country": "支払国",
    "currency": "表示通貨",
    "period_band": "決済期間区分(1-6)",
    "shipped_amount": "船積分の代金額(前受金を除く)",
}

NAMES = Names(
    buyers={
        "105000001": "SHANGHAI PRECISION MACHINERY CO., LTD.",
        "112000123": "MERLION TRADING PTE LTD",
        "304000777": "GREAT LAKES INDUSTRIAL SUPPLY AND ENGINEERING CORPORATION OF MICHIGAN",
        "111000009": "THAI INDUSTRIES",
    },
    countries={"105": "中国", "112": "シンガポール", "304": "アメリカ", "111": "タイ"},
    reasons={"02": "減額変更", "03": "通貨の変更"},
)

_BUYERS = ("105000001", "112000123", "304000777", "111000009")
_RATINGS = ("EF", "EA", "EE", "GS")
_MONEY = pl.Int64
_LINE_TYPES: dict[str, Any] = {
    "acceptance_date": pl.Date,
    "change_notice_limit": pl.Date,
    "record": _MONEY,
    "days_pre": pl.Int32,
    "days_post": pl.Int32,
    "yen_rate_micro": _MONEY,
    **dict.fromkeys(("contract_yen", "base_pre_yen", "base_post_yen", "premium_total"), _MONEY),
    **{f"cover_{d}": pl.Int32 for d in "abcd"},
    **{f"rate_{d}": pl.Int32 for d in "abcd"},
    **{f"insured_amount_{d}": _MONEY for d in "abcd"},
    **{f"premium_{d}": _MONEY for d in "abcd"},
    **dict.fromkeys(
        ("notice_date", "uncovered_from", "uncovered_until", "policy_type_from"),
        pl.Date,
    ),
    "removed": pl.Boolean,
    **{f"due_{d}": _MONEY for d in (*"abcd", "total")},
    "difference_total": _MONEY,
}


def line(number: int = 1, **changed: Any) -> dict[str, Any]:
    """One enterprise ledger line; every third is in US dollars, every fifth has no cover after shipment."""
    buyer = _BUYERS[number % 4]
    country = buyer[:3]
    dollars = number % 3 == 0
    base = 10_000_000 + 1_234_567 * (number % 17)
    yen_rate = 151_250_000 if dollars else 1_000_000
    credit = number % 5 != 0
    rates = {"a": 26, "b": 79, "c": 3, "d": 110 if credit else None}
    premiums = {d: 0 if r is None else base * r // 100_000 for d, r in rates.items()}
    covers = {"a": 800, "b": 975, "c": 800, "d": 900 if credit else None}
    row: dict[str, Any] = {
        "process_type": "1",
        "application_year": None,
        "application_serial": None,
        "branch_no": None,
        "history_no": "00",
        "agreement_code": "999999901",
        "policyholder_code": "123456789",
        "department_code": "DEPT01",
        "export_contract_no": f"EX-2018-{number:05d}",
        "contract_date": "20181018",
        "counterparty_code": buyer,
        "payer_code": buyer,
        "guarantor_code": None,
        "destination_country": country,
        "payer_country": country,
        "guarantor_country": None,
        "currency": "USD" if dollars else "JPY",
        "contract_amount": "66115.70" if dollars else str(base),
        "shipment_no": "01",
        "last_shipment_date": "20181206",
        "pre_shipment_amount": "66115.70" if dollars else str(base),
        "post_shipment_amount": "66115.70" if dollars else str(base),
        "settlement_no": "01",
        "settlement_principal": "66115.70" if dollars else str(base),
        "application_no": f"18-{number:06d}-00",
        "record": number,
        "acceptance_date": date(2018, 11, 6),
        "country_category": "C",
        "country_category_pre": "C",
        "buyer_rating": _RATINGS[number % 4],
        "days_pre": 30,
        "days_post": 60,
        "yen_rate_micro": yen_rate,
        "contract_yen": base,
        "base_pre_yen": base,
        "base_post_yen": base,
        "premium_total": sum(premiums.values()),
        "change_notice_limit": date(2019, 2, 4),
    }
    for danger in "abcd":
        row[f"cover_{danger}"] = covers[danger]
        row[f"rate_{danger}"] = rates[danger]
        row[f"insured_amount_{danger}"] = base * (covers[danger] or 0) // 1000
        row[f"premium_{danger}"] = premiums[danger]
    return row | changed


def version(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A line as the journal holds it: with what tells how a version stands to those before it; new unless changed.

    ``due`` (a number per danger) sets ``due_a`` … ``due_total`` and the difference.
    """
    base = line(number) if "shipped_amount" not in changed else notice(number)
    due = changed.pop("due", None)
    row = base | {
        "change_date": None,
        "change_reason": None,
        "notice_date": base["acceptance_date"],
        "replaced_history_no": None,
        "removed": False,
        "uncovered_from": None,
        "uncovered_until": None,
        "policy_type_from": None,
        **{f"due_{d}": base[f"premium_{d}"] for d in (*"abcd", "total")},
        "difference_total": base["premium_total"],
    }
    if due is not None:
        row |= {f"due_{d}": yen for d, yen in zip("abcd", due, strict=True)}
        row |= {"due_total": sum(due), "difference_total": sum(due)}
    return row | changed


def changes(**more: Any) -> list[dict[str, Any]]:
    """A new line, an increase (2), a decrease (2), a correction (4) and a line taken out; versions of four cases."""
    return [
        version(1),
        version(2, process_type="2", history_no="01", change_date="20181203", change_reason="03",
                notice_date=date(2018, 12, 4), due=[600, 1_200, 30, 900]),
        version(3, process_type="2", history_no="02", change_date="20181130", change_reason="02",
                notice_date=date(2018, 12, 6), due=[-1_000, -12_345, 0, -40_000],
                uncovered_from=date(2018, 12, 1), uncovered_until=date(2018, 12, 5),
                policy_type_from=date(2018, 12, 6)),
        version(4, process_type="4", history_no="01", replaced_history_no="00", difference_total=-2_500),
        version(6, process_type="3", history_no="01", removed=True, change_date="20181201",
                due=[0, 0, 0, -60_000]),
    ]  # fmt: skip


def notice(number: int = 1, **changed: Any) -> dict[str, Any]:
    """One line of a shipment notice: B and D only."""
    base = line(number)
    row = {name: value for name, value in base.items() if name not in ENTERPRISE or name in NOTICE}
    row |= {
        "notice_year": None,
        "notice_serial": None,
        "shipment_month": "201810",
        "period_band": "3",
        "shipped_amount": base["contract_amount"],
        "days_pre": None,
        "country_category_pre": None,
        "base_pre_yen": None,
        "application_no": f"18-{number:06d}-00",
    }
    for danger in "ac":
        row |= {
            f"cover_{danger}": None,
            f"rate_{danger}": None,
            f"premium_{danger}": 0,
            f"insured_amount_{danger}": 0,
        }
    row["premium_total"] = row["premium_b"] + row["premium_d"]
    return row | changed


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame with the types of ledger lines."""
    names = list(dict.fromkeys(name for row in rows for name in row)) if rows else list(line())
    schema = {name: _LINE_TYPES.get(name, pl.String) for name in names}
    return pl.DataFrame(rows, schema=schema)


FINDING_TYPES: dict[str, Any] = {
    "record": pl.Int64,
    "line": pl.Int64,
    "cell": pl.String,
    "field": pl.String,
    "code": pl.String,
    "severity": pl.String,
    "message": pl.String,
    "value": pl.String,
}


def finding(record: int | None = 1, **changed: Any) -> dict[str, Any]:
    """One error."""
    row = {
        "record": record,
        "line": None if record is None else record + 1,
        "cell": None,
        "field": "payer_code",
        "code": "buyer-unknown",
        "severity": "error",
        "message": "支払人バイヤーコードが登録されていません。登録済みのコードを入力してください。",
        "value": "999999999",
    }
    return row | changed


def findings_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Findings as a frame."""
    return pl.DataFrame(rows, schema=FINDING_TYPES)


def header(**changed: Any) -> DocumentHeader:
    """The head that the tests use unless they say otherwise."""
    values: dict[str, Any] = {
        "holder_code": "123456789",
        "holder_name": "株式会社髙﨑商事",
        "product_name": "企業総合保険",
        "created_at": datetime(2018, 11, 9, 20, 30, 5, tzinfo=JST),
        "document_id": "D00000012",
        "issuer": "貿易保険 保険者",
    }
    return DocumentHeader(**(values | changed))


UNIT = LedgerUnit("999999901", "DEPT01", "2018-11")
INVOICE = InvoiceFacts("I-2018-000007", date(2018, 12, 28), date(2019, 2, 6))


def submission(**changed: Any) -> SubmissionFacts:
    """One upload of three records, done."""
    values: dict[str, Any] = {
        "submission_id": "S00000001",
        "receipt_no": 1,
        "user": "123456789001",
        "file_name": "企総_11月分.csv",
        "received_at": datetime(2018, 11, 6, 17, 29, 59, tzinfo=JST),
        "acceptance_date": date(2018, 11, 6),
        "declared_count": 3,
        "counted": 3,
        "status": "処理完了",
        "remarks": "11月上旬分です。",
    }
    return SubmissionFacts(**(values | changed))


RECEIPT: dict[str, Any] = {
    "receipt_no": 1,
    "submission_id": "S00000001",
    "product": "enterprise",
    "holder": "123456789",
    "user": "123456789001",
    "file_name": "企総_11月分.csv",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 123456,
    "declared_count": 3,
    "counted": 3,
    "remarks": "11月上旬分です。",
    "resend": False,
    "channel": "drop",
    "source": None,
    "received_at": "2018-11-06T17:29:59+09:00",
    "acceptance_date": "2018-11-06",
    "window": "same-day",
    "layout_version": 1,
    "reading_version": 2,
}


class Pdf:
    """A rendered PDF, read back by poppler."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pages(self) -> list[str]:
        """Text of every page, as laid out."""
        out = self._run("pdftotext", "-layout", "-enc", "UTF-8", str(self.path), "-")
        return out.split("\f")[:-1]

    def text(self) -> str:
        """Text of the whole document."""
        return "\n".join(self.pages())

    def fonts(self) -> list[list[str]]:
        """Rows of ``pdffonts``."""
        return [row.split() for row in self._run("pdffonts", str(self.path)).splitlines()[2:]]

    def info(self) -> dict[str, str]:
        """Metadata."""
        rows = self._run("pdfinfo", str(self.path)).splitlines()
        return {key.strip(): value.strip() for key, _, value in (row.partition(":") for row in rows)}

    @staticmethod
    def _run(*command: str) -> str:
        return subprocess.run(command, check=True, capture_output=True).stdout.decode()
