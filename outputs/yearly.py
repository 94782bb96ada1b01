"""保険料計算書 and 保険料請求書 of a yearly billing of 簡易: the premium before shipment (船積前保険料).

The lines are buyers, not ledger lines: limit before shipment × yearly rate, for the whole insurance year or the days that
are left of it. Same look and same kinds of document as ``statements``; the CSV of the invoice is ``invoice_csv``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from outputs import formats, linetexts
from outputs.columns import Column
from outputs.csv_text import csv_bytes
from outputs.headers import NO_NAMES, TITLES, DocumentHeader, InvoiceFacts, Names
from outputs.paper import (
    ACCENT,
    BODY,
    INK,
    LABEL,
    STRONG,
    SUB,
    VALUE,
    Box,
    Paper,
    Slot,
    Style,
    TableColumn,
    figures,
    numbering,
    plain,
)
from outputs.statements import BANK_PLACEHOLDER

SUBTITLE = "船積前保険料（年額）"
FORMULA = "保険料 ＝（船前支払限度額 − 支払済の限度額）× 年率 × 日数 ÷ 保険年度の日数　1円未満切捨て"


@dataclass(frozen=True)
class YearlyFacts:
    """What a yearly billing is about: the agreement, its insurance year, and the billing's own number."""

    agreement_code: str
    year_from: date
    year_until: date
    billing_id: str


COLUMNS: tuple[Column, ...] = (
    Column("line_no", "No.", "number"),
    Column("agreement_code", "特約コード"),
    Column("year_from", "保険年度開始日", "date"),
    Column("year_until", "保険年度終了日", "date"),
    Column("payer_code", "バイヤーコード"),
    Column("buyer_name", "バイヤー名"),
    Column("payer_country", "国"),
    Column("country_category", "国カテゴリー"),
    Column("buyer_rating", "格付"),
    Column("reason", "区分"),
    Column("acceptance_date", "計算開始日", "date"),
    Column("paid_limit_yen", "支払済の船前支払限度額（円）", "number"),
    Column("pre_limit_yen", "船前支払限度額（円）", "number"),
    Column("base_pre_yen", "保険料対象額（円）", "number"),
    Column("rate_p", "年率（％）", "milli"),
    Column("days_pre", "日数", "number"),
    Column("year_days", "保険年度の日数", "number"),
    Column("premium_total", "合計保険料", "number"),
)
"""The columns of the 保険料計算書 as CSV: all that is needed to reckon each premium by hand."""


def yearly_statement_csv(rows: pl.DataFrame, names: Names = NO_NAMES) -> bytes:
    """保険料計算書 of a yearly billing as CSV, one row per buyer. ``rows``: journal rows of entry ``yearly``."""
    frame = rows.with_row_index("line_no", offset=1).with_columns(
        _year_days().alias("year_days"),
        pl.Series("reason", _reasons(rows), dtype=pl.String),
        pl.Series("buyer_name", [names.buyers.get(c, "") for c in rows["payer_code"]], dtype=pl.String),
    )
    return csv_bytes(frame, COLUMNS)


def yearly_statement_pdf(
    header: DocumentHeader, facts: YearlyFacts, rows: pl.DataFrame, names: Names = NO_NAMES
) -> bytes:
    """保険料計算書 of a yearly billing: per buyer limit, rate, days and premium, and the total."""
    total = _total(rows)
    paper = Paper(TITLES["premium_statement"], header, subtitle=SUBTITLE)
    paper.facts(_facts(facts, rows))
    paper.boxes(
        [
            Box("保険料対象額（円）", formats.yen(_sum(rows, "base_pre_yen"))),
            Box("合計保険料", f"{formats.yen(total)} 円", main=True),
        ]
    )
    paper.heading("計算明細", FORMULA)
    paper.table(_columns(rows, names, total), total_label=f"合計　{rows.height:,} 件")
    paper.note(
        "船積前危険（A 船前非常、C 船前信用）の総合料率による保険年度分の保険料です。船積通知ごとの保険料には含まれません。"
    )
    paper.note(
        "期中に限度額を減らしても保険料は返還されません。増やした分と期中に登録した分は、保険年度の残りの日数で計算します。"
    )
    return paper.render()


def _columns(rows: pl.DataFrame, names: Names, total: int) -> list[TableColumn]:
    buyers = [names.buyers.get(code, "") for code in rows["payer_code"]]
    category, rating = linetexts.text(rows, "country_category"), linetexts.text(rows, "buyer_rating")
    classes = [f"国カテゴリー {c}　格付 {r}" for c, r in zip(category, rating, strict=True)]
    until = [formats.day(day) for day in rows["year_until"]]
    period = [
        f"{first} ～ {last}"
        for first, last in zip(formats.day_texts(rows["acceptance_date"]), until, strict=True)
    ]
    days = [
        f"{days:,} 日 ／ {of:,} 日"
        for days, of in rows.select("days_pre", _year_days().alias("of")).iter_rows()
    ]
    return [
        numbering(rows.height),
        TableColumn(
            ("バイヤー", "名称"), 58, (Slot(rows["payer_code"].to_list(), STRONG, whole=True), Slot(buyers))
        ),
        TableColumn(
            ("国", "国カテゴリー・格付"),
            40,
            (Slot(linetexts.coded(rows["payer_country"], names.countries)), Slot(classes, SUB)),
        ),
        TableColumn(
            ("区分", "計算期間", "日数"),
            48,
            (Slot(_reasons(rows), STRONG), Slot(period, whole=True), Slot(days, SUB, whole=True)),
        ),
        TableColumn(
            ("船前支払限度額（円）", "支払済の限度額"),
            38,
            (
                Slot(linetexts.yen_column(rows, "pre_limit_yen"), whole=True),
                Slot(linetexts.yen_column(rows, "paid_limit_yen"), SUB, whole=True),
            ),
            "right",
        ),
        figures("保険料対象額（円）", 36, linetexts.yen_column(rows, "base_pre_yen")),
        figures("年率（％）", 20, formats.rate_texts(rows["rate_p"])),
        figures("保険料（円）", 30, linetexts.yen_column(rows, "premium_total"), formats.yen(total), STRONG),
    ]


def yearly_invoice_pdf(
    header: DocumentHeader,
    facts: YearlyFacts,
    invoice: InvoiceFacts,
    rows: pl.DataFrame,
    *,
    bank_account: str = BANK_PLACEHOLDER,
) -> bytes:
    """保険料請求書 of a yearly billing: one page. The amount is the sum of the 保険料計算書."""
    total = _total(rows)
    paper = Paper(TITLES["invoice"], header, orientation="portrait", subtitle=SUBTITLE)
    paper.y += 5
    top = paper.y
    half = (paper.right - paper.left) * 0.6
    addressee = Style(14.0, INK, bold=True)
    for line in paper.wrapped(f"{header.holder_name}　御中", half, addressee):
        paper.text(paper.left, paper.y + 5, line, addressee)
        paper.y += 7
    paper.rule(paper.y + 0.5, ACCENT, 0.6, right=paper.left + half)
    told = (
        ("請求番号", invoice.invoice_no),
        ("発行日", formats.day_long(invoice.issued_on)),
        ("発行者", header.issuer),
    )
    for place, (label, value) in enumerate(told):
        y = top + 4.5 + place * 5.6
        paper.text(paper.right - 62, y, label, LABEL)
        paper.text(paper.right, y, value, VALUE, "right", width=48)
    paper.y = max(paper.y, top + 17) + 8
    sentence = "下記のとおり船積前保険料をご請求申し上げます。支払期限までにお支払いください。"
    paper.text(paper.left, paper.y, sentence, VALUE)
    paper.y += 5
    paper.boxes(
        [
            Box("支払期限", formats.day_long(invoice.due_on)),
            Box("ご請求金額", f"{formats.yen(total)} 円", main=True),
        ],
        height=20,
    )
    paper.skip(2)
    paper.facts([*_facts(facts, rows), ("保険種", header.product_name)], columns=3)
    paper.heading("内訳")
    style, strong = replace(BODY, size=9.0), replace(STRONG, size=9.2)
    reasons = _reasons(rows)
    parts = [
        (reason, rows.filter(pl.Series([other == reason for other in reasons])))
        for reason in dict.fromkeys(reasons)
    ]
    paper.table(
        [
            plain("区分", 60, [reason for reason, _ in parts], style=style),
            figures("件数", 26, [f"{part.height:,}" for _, part in parts], f"{rows.height:,}", style),
            figures(
                "保険料対象額（円）",
                50,
                [formats.yen(_sum(part, "base_pre_yen")) for _, part in parts],
                formats.yen(_sum(rows, "base_pre_yen")),
                style,
            ),
            figures(
                "保険料（円）",
                50,
                [formats.yen(_total(part)) for _, part in parts],
                formats.yen(total),
                strong,
            ),
        ],
        total_label="合計",
        pitch=5.4,
    )
    paper.heading("お支払い")
    for line in bank_account.split("\n"):
        paper.y += 5.2
        paper.text(paper.left + 3, paper.y, line, VALUE, width=paper.right - paper.left - 6)
    paper.y += 4
    paper.note(
        "内訳の明細は、同じ番号の保険料計算書をご覧ください。請求金額は保険料計算書の合計保険料と一致します。"
    )
    return paper.render()


def _facts(facts: YearlyFacts, rows: pl.DataFrame) -> list[tuple[str, str]]:
    return [
        ("特約コード", facts.agreement_code),
        ("保険年度", f"{formats.day(facts.year_from)} ～ {formats.day(facts.year_until)}"),
        ("件数", f"{rows.height:,} 件（バイヤー {rows['payer_code'].n_unique():,} 社）"),
        ("計算書・請求書の番号", facts.billing_id),
    ]


def _reasons(rows: pl.DataFrame) -> list[str]:
    """Why each buyer pays: for the year, for a larger limit, or for one that came during the year."""
    columns = ("acceptance_date", "year_from", "paid_limit_yen")
    return [
        "保険年度分" if day == first else "限度額の増額" if paid else "期中の登録"
        for day, first, paid in rows.select(columns).iter_rows()
    ]


def _year_days() -> pl.Expr:
    return (pl.col("year_until") - pl.col("year_from")).dt.total_days() + 1


def _total(rows: pl.DataFrame) -> int:
    return _sum(rows, "premium_total")


def _sum(rows: pl.DataFrame, name: str) -> int:
    return int(rows[name].cast(pl.Int128).sum() or 0)
