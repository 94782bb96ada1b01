"""保険料計算書 and 保険料請求書 as PDF: what is owed, how it came about, when it is payable.

Both take the lines of one ledger, so their totals are the same number. The bank account is wording handed in
by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from outputs import formats, linetexts
from outputs.headers import (
    DANGERS,
    NO_NAMES,
    NO_REFUND,
    TITLES,
    DocumentHeader,
    InvoiceFacts,
    LedgerUnit,
    Names,
    Refund,
)
from outputs.ledgers import NET, change_slots, danger_slots, more_in_csv, total_column, unit_head
from outputs.linetexts import LineTotals
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

PAYABLE = "ご請求金額"
BANK_PLACEHOLDER = "振込先は別途ご案内する口座です。"
"""Stands on the invoice until the insurer sets its account."""


def premium_statement_pdf(
    header: DocumentHeader,
    unit: LedgerUnit,
    lines: pl.DataFrame,
    *,
    labels: Mapping[str, str],
    names: Names = NO_NAMES,
    notes: Sequence[str] = (),
    refund: Refund = NO_REFUND,
    max_lines: int | None = 20_000,
) -> bytes:
    """Per record base amount, rate, discount or surcharge and premium of A, B, C, D, and the total (D-040).

    The factors are optional text columns ``factor_a`` … ``factor_d`` (``'0.950'``); without them the paper
    shows the rates only, which contain every factor. With changes it ends with what is charged, what is returned
    (返還), and what becomes of the difference (D-042). ``max_lines``: see :func:`outputs.ledgers.ledger_pdf`.
    """
    totals = linetexts.totals_of(lines)
    paper = Paper(TITLES["premium_statement"], header)
    unit_head(paper, unit, totals, notes)
    printed = lines if max_lines is None else lines.head(max_lines)
    paper.heading(
        "計算明細", "保険料 ＝ 保険料対象額（円）× 料率（％）　1円未満切捨て　料率は割引・割増を含みます"
    )
    paper.table(_columns(printed, labels, names, totals), total_label=f"合計　{totals.lines:,} 件")
    more_in_csv(paper, printed.height, totals.lines)
    if totals.changed:
        _settlement(paper, totals, refund)
    return paper.render()


def _settlement(paper: Paper, totals: LineTotals, refund: Refund) -> None:
    """What is charged, what is returned, and what is left to pay or to pay out."""
    paper.need(40)
    paper.heading("追加と返還")
    returned = formats.signed(-totals.returned)
    paper.table(
        [
            plain("区分", 60, ["追加保険料", "返還保険料"]),
            figures(
                "金額（円）",
                50,
                [formats.signed(totals.charged), returned],
                formats.yen(totals.total),
                STRONG,
            ),
            plain("", 160, ["", ""]),
        ],
        total_label="差引",
        pitch=4.4,
    )
    if refund.sentence:
        paper.note(refund.sentence, replace(STRONG, size=8.6))


def _columns(
    lines: pl.DataFrame, labels: Mapping[str, str], names: Names, totals: LineTotals
) -> list[TableColumn]:
    _, payer, _ = linetexts.parties(lines, names)
    _, payer_country, _ = linetexts.countries(lines, names)
    pre = linetexts.text(lines, "country_category_pre")
    post = linetexts.text(lines, "country_category")
    rating = linetexts.text(lines, "buyer_rating")
    classes = [f"格付 {r}　国カテゴリー 前 {a}・後 {b}" for a, b, r in zip(pre, post, rating, strict=True)]
    days = [
        f"日数 前 {a}・後 {b}"
        for a, b in zip(linetexts.text(lines, "days_pre"), linetexts.text(lines, "days_post"), strict=True)
    ]
    first, _, _ = linetexts.amounts(lines, labels)
    notice = linetexts.is_notice(labels)
    keys = ("船積年月・期間区分", "履歴") if notice else ("輸出契約等番号", "船積No.・決済No.・履歴")
    changed = totals.changed
    columns = [
        numbering(lines.height),
        TableColumn(
            ("申込番号-枝番", *keys, *(("処理種別",) if changed else ())),
            33,
            (
                Slot(linetexts.text(lines, "application_no"), STRONG, whole=True),
                Slot(linetexts.references(lines, labels), whole=True),
                Slot(linetexts.subkeys(lines, labels), SUB, whole=True),
                *((Slot(linetexts.acts(lines), STRONG),) if changed else ()),
            ),
        ),
        TableColumn(
            ("支払人", "支払国", "格付・国カテゴリー", *(("変更日・事由",) if changed else ())),
            47,
            (
                Slot(payer),
                Slot(payer_country),
                Slot(classes, SUB),
                *(change_slots(lines, names) if changed else ()),
            ),
        ),
        TableColumn(
            ("金額", "換算率", "日数"),
            31,
            (
                Slot(first, whole=True),
                Slot(linetexts.exchange(lines), SUB),
                Slot(days, SUB),
            ),
            "right",
        ),
    ]
    for danger, name in DANGERS.items():
        base = "base_pre_yen" if danger in "ac" else "base_post_yen"
        rates = formats.rate_texts(linetexts.field(lines, f"rate_{danger}"))
        factors = linetexts.field(lines, f"factor_{danger}").to_list()
        shown = [
            rate if rate == formats.BLANK else f"{rate}％" if not factor else f"{rate}％（割引割増 {factor}）"
            for rate, factor in zip(rates, factors, strict=True)
        ]
        columns.append(
            TableColumn(
                (
                    name,
                    "保険料対象額",
                    "料率（割引割増）",
                    "保険料",
                    *(("請求（－返還）",) if changed else ()),
                ),
                30,
                (
                    Slot(linetexts.yen_column(lines, base), BODY, whole=True),
                    Slot(shown, SUB, whole=True),
                    *danger_slots(lines, danger, changed),
                ),
                "right",
                (formats.yen(totals.premium[danger]),),
            )
        )
    columns.append(replace(total_column(lines, totals, 3, 26), totals=(formats.yen(totals.total),)))
    return columns


def invoice_pdf(
    header: DocumentHeader,
    unit: LedgerUnit,
    invoice: InvoiceFacts,
    lines: pl.DataFrame,
    *,
    bank_account: str = BANK_PLACEHOLDER,
    notes: Sequence[str] = (),
) -> bytes:
    """保険料請求書: one page. The amount is the sum over ``lines``, the lines of the 保険料計算書 (D-041).

    When the returns are more than the charges, nothing is to be paid and the paper tells what becomes of the rest
    (``invoice.refund``, D-042). ``bank_account`` may have several lines of text.
    """
    totals = linetexts.totals_of(lines)
    paper = Paper(TITLES["invoice"], header, orientation="portrait")
    paper.y += 5
    top = paper.y
    addressee = Style(14.0, INK, bold=True)
    half = (paper.right - paper.left) * 0.6
    for line in paper.wrapped(f"{header.holder_name}　御中", half, addressee):
        paper.text(paper.left, paper.y + 5, line, addressee)
        paper.y += 7
    paper.rule(paper.y + 0.5, ACCENT, 0.6, right=paper.left + half)
    for place, (label, value) in enumerate(
        [
            ("請求番号", invoice.invoice_no),
            ("発行日", formats.day_long(invoice.issued_on)),
            ("発行者", header.issuer),
        ]
    ):
        if value:
            y = top + 4.5 + place * 5.6
            paper.text(paper.right - 62, y, label, LABEL)
            paper.text(paper.right, y, value, VALUE, "right", width=48)
    paper.y = max(paper.y, top + 17) + 8
    refunded = invoice.refund.paid + invoice.refund.listed_only
    opening = (
        "下記のとおり返還保険料が追加保険料を上回りましたので、お支払いいただく保険料はありません。"
        if refunded
        else "下記のとおり保険料をご請求申し上げます。支払期限までにお支払いください。"
    )
    paper.text(paper.left, paper.y, opening, VALUE)
    paper.y += 5
    paper.boxes(
        [
            Box("返還保険料", f"{formats.yen(refunded)} 円")
            if refunded
            else Box("支払期限", formats.day_long(invoice.due_on)),
            Box(PAYABLE, f"{formats.yen(totals.total + refunded)} 円", main=True),
        ],
        height=20,
    )
    if refunded:
        paper.note(invoice.refund.sentence, replace(STRONG, size=10.0))
    paper.skip(2)
    paper.facts(
        [
            ("特約コード", unit.agreement_code),
            ("部門", unit.department_code or "部門別の区分なし"),
            ("受理月", formats.month(unit.acceptance_month)),
            ("保険種", header.product_name),
            ("明細件数", f"{totals.lines:,} 件"),
            ("申込番号の件数", f"{totals.applications:,} 件"),
        ],
        columns=3,
    )
    paper.heading("内訳")
    style = replace(BODY, size=9.0)
    strong = replace(STRONG, size=9.2)
    insured = [formats.yen(totals.insured[danger]) for danger in DANGERS]
    premium = [formats.yen(totals.premium[danger]) for danger in DANGERS]
    paper.table(
        [
            plain("危険", 80, list(DANGERS.values()), style=style),
            figures("保険金額（円）", 53, insured, formats.yen(sum(totals.insured.values())), style),
            figures(
                "請求（－は返還）（円）" if totals.changed else "保険料（円）",
                53,
                premium,
                formats.yen(totals.total),
                strong,
            ),
        ],
        total_label="合計",
        pitch=5.4,
    )
    if totals.changed:
        paper.facts(
            [
                ("追加保険料 計", f"{formats.yen(totals.charged)} 円"),
                ("返還保険料 計", f"{formats.yen(totals.returned)} 円"),
                (NET, f"{formats.yen(totals.total)} 円"),
            ],
            columns=3,
        )
    paper.heading("お支払い")
    for line in [invoice.refund.sentence] if refunded else bank_account.split("\n"):
        paper.y += 5.2
        paper.text(paper.left + 3, paper.y, line, VALUE, width=paper.right - paper.left - 6)
    paper.y += 4
    paper.note(
        "内訳の明細は、同じ単位の保険料計算書をご覧ください。"
        + (
            "差引合計は保険料計算書の差引合計と一致します。"
            if totals.changed
            else "請求金額は保険料計算書の合計保険料と一致します。"
        )
    )
    for note in notes:
        paper.note(note)
    return paper.render()
