"""照合台帳, 確定台帳, 船積通知明細書（照合用）and 船積通知明細書 as PDF.

One layout for all four; the kind gives the title, the labels of the layout tell whether the lines are
applications or shipment notices. The CSV with the same content is in ``csv_documents``.
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
    SUBTITLES,
    TITLES,
    DocumentHeader,
    LedgerKind,
    LedgerUnit,
    Names,
    Refund,
)
from outputs.linetexts import LineTotals
from outputs.paper import ACCENT, ALERT, BODY, STRONG, SUB, Box, Paper, Slot, Style, TableColumn, numbering

CHANGED = Style(6.6, ACCENT)
GAP = Style(6.4, ALERT)
CHANGE_NOTE = "変更前・変更後・差額は直前の版とのちがい、請求（－は返還）は確定済みの版に対して請求・返還する保険料です。"
CHECK_NOTE = "内容をご確認ください。誤りがある場合は、確定の締切までに担当窓口へご連絡ください。"


def ledger_pdf(
    header: DocumentHeader,
    unit: LedgerUnit,
    lines: pl.DataFrame,
    *,
    kind: LedgerKind,
    labels: Mapping[str, str],
    names: Names = NO_NAMES,
    notes: Sequence[str] = (),
    refund: Refund = NO_REFUND,
    max_lines: int | None = 20_000,
) -> bytes:
    """A ledger or shipment statement: three lines of text per ledger line, totals, count.

    With versions that change others (処理種別2~5) a fourth line tells the act, what it changed, and what is billed
    for it. ``lines`` in the order of the ledger. At most ``max_lines`` are printed (``None``: all); if there are
    more, the document says how many stand in the CSV only. Counts and totals are always those of all lines.
    """
    notice = linetexts.is_notice(labels)
    totals = linetexts.totals_of(lines)
    paper = Paper(TITLES[kind], header, subtitle=SUBTITLES.get(kind, ""))
    unit_head(paper, unit, totals, notes, refund)
    if kind in ("reconciliation_ledger", "shipment_statement_check"):
        paper.note(CHECK_NOTE)
    printed = lines if max_lines is None else lines.head(max_lines)
    paper.heading("明細", "金額の単位: 円（通貨の表示があるものはその通貨）　料率の単位: ％")
    paper.table(_columns(printed, labels, names, totals, notice), total_label=f"合計　{totals.lines:,} 件")
    more_in_csv(paper, printed.height, totals.lines)
    return paper.render()


def unit_head(
    paper: Paper, unit: LedgerUnit, totals: LineTotals, notes: Sequence[str], refund: Refund = NO_REFUND
) -> None:
    """The head of a paper about one ledger unit: what it covers, its sums, the caller's notes."""
    paper.facts(
        [
            ("特約コード", unit.agreement_code),
            ("部門", unit.department_code or "部門別の区分なし"),
            ("受理月", formats.month(unit.acceptance_month)),
            ("件数", f"{totals.lines:,} 件（申込番号 {totals.applications:,} 件）"),
        ]
    )
    paper.boxes(premium_boxes(totals))
    if totals.changed:
        paper.facts(
            [
                ("変更前保険料 計", f"{formats.yen(totals.before)} 円"),
                ("変更後保険料 計", f"{formats.yen(totals.after)} 円"),
                ("差額 計", f"{formats.signed(totals.difference)} 円"),
                ("追加保険料 計", f"{formats.yen(totals.charged)} 円"),
                ("返還保険料 計", f"{formats.yen(totals.returned)} 円"),
            ],
            columns=5,
        )
        paper.note(CHANGE_NOTE)
    if refund.sentence:
        paper.note(refund.sentence, replace(STRONG, size=8.6))
    for note in notes:
        paper.note(note)


TOTAL, NET = "合計保険料", "差引合計"
"""The label of the total: of new lines, and of lines with changes (追加 less 返還)."""


def premium_boxes(totals: LineTotals) -> list[Box]:
    """Premium of each danger and, filled, the total; with changes what is billed less what is returned."""
    word = "請求" if totals.changed else "保険料"
    boxes = [Box(f"{word} {name}", formats.yen(totals.premium[danger])) for danger, name in DANGERS.items()]
    label = NET if totals.changed else TOTAL
    return [*boxes, Box(label, f"{formats.yen(totals.total)} 円", main=True)]


def change_slots(lines: pl.DataFrame, names: Names) -> list[Slot]:
    """What a change was and, where any line has it, the days without cover and the passage to 証券型."""
    serious = (linetexts.cover_gaps(lines), linetexts.passages(lines))
    return [
        Slot(linetexts.remarks(lines, names), CHANGED),
        *(Slot(values, GAP, whole=True) for values in serious if any(values)),
    ]


def danger_slots(lines: pl.DataFrame, danger: str, changed: bool) -> tuple[Slot, ...]:
    """Premium of a danger and, with changes, what is billed of it."""
    premium = linetexts.yen_column(lines, f"premium_{danger}")
    if not changed:
        return (Slot(premium, STRONG, whole=True),)
    return Slot(premium, whole=True), Slot(linetexts.billed(lines, danger), STRONG, whole=True)


def total_column(lines: pl.DataFrame, totals: LineTotals, depth: int, width: float) -> TableColumn:
    """The last column: the premium on line ``depth``, or with changes before, after, difference and what is billed."""
    empty = [""] * lines.height
    if not totals.changed:
        return TableColumn(
            (TOTAL,),
            width,
            (
                *(Slot(empty) for _ in range(depth - 1)),
                Slot(linetexts.yen_column(lines, "premium_total"), STRONG, whole=True),
            ),
            "right",
        )
    before, after, difference = linetexts.costs(lines)
    return TableColumn(
        ("変更前", "変更後", "差額", "請求（－返還）"),
        width,
        (
            Slot(before, SUB, whole=True),
            Slot(after, whole=True),
            Slot(difference, whole=True),
            Slot(linetexts.billed(lines, "total"), STRONG, whole=True),
        ),
        "right",
    )


def more_in_csv(paper: Paper, printed: int, count: int) -> None:
    """Say so when not every line is printed."""
    if printed < count:
        paper.note(
            f"印字は先頭の {printed:,} 件までです。残り {count - printed:,} 件は同じ内容のCSVをご覧ください。"
            f"件数と合計は全 {count:,} 件のものです。",
            replace(STRONG, size=8.0),
        )


def _columns(
    lines: pl.DataFrame, labels: Mapping[str, str], names: Names, totals: LineTotals, notice: bool
) -> list[TableColumn]:
    counterparty, payer, guarantor = linetexts.parties(lines, names)
    destination, payer_country, guarantor_country = linetexts.countries(lines, names)
    first, second, third = linetexts.amounts(lines, labels)
    key = (
        Slot(linetexts.text(lines, "application_no"), STRONG, whole=True),
        Slot(linetexts.references(lines, labels), whole=True),
        Slot(linetexts.subkeys(lines, labels), SUB, whole=True),
    )
    last = (
        [formats.month(value) for value in linetexts.field(lines, "shipment_month").to_list()]
        if notice
        else formats.day_texts(linetexts.field(lines, "last_shipment_date"))
    )
    changed = totals.changed
    act = (Slot(linetexts.acts(lines), STRONG),) if changed else ()
    fourth = ("処理種別",) if changed else ()
    keys = ("船積年月・期間区分", "履歴") if notice else ("輸出契約等番号", "船積No.・決済No.・履歴")
    money = ("船積代金額", "換算率", "円換算額") if notice else ("契約金額", "船積前対象額", "船積後対象額")
    return [
        numbering(lines.height),
        TableColumn(("申込番号-枝番", *keys, *fourth), 31, (*key, *act)),
        TableColumn(
            ("契約相手方", "支払人", "保証人", *(("変更日・事由",) if changed else ())),
            49,
            (
                Slot(counterparty),
                Slot(payer),
                Slot(guarantor, SUB),
                *(change_slots(lines, names) if changed else ()),
            ),
        ),
        TableColumn(
            ("仕向国", "支払国", "保証国"),
            21,
            (Slot(destination), Slot(payer_country), Slot(guarantor_country, SUB)),
        ),
        TableColumn(
            ("国カテゴリー", "（前・後）", "格付"),
            14.5,
            (
                Slot(linetexts.prefixed("前", linetexts.text(lines, "country_category_pre"))),
                Slot(linetexts.prefixed("後", linetexts.text(lines, "country_category"))),
                Slot(linetexts.text(lines, "buyer_rating"), STRONG),
            ),
            "center",
        ),
        TableColumn(
            (
                "受理日",
                "船積年月" if notice else "最終船積期日",
                "通知期限",
                *(("変更受理日",) if changed else ()),
            ),
            16,
            (
                Slot(formats.day_texts(linetexts.field(lines, "acceptance_date"))),
                Slot(last),
                Slot(formats.day_texts(linetexts.field(lines, "change_notice_limit"))),
                *((Slot(formats.day_texts(linetexts.field(lines, "notice_date"))),) if changed else ()),
            ),
            "center",
        ),
        TableColumn(
            ("日数",),
            10,
            (
                Slot(linetexts.prefixed("前", linetexts.text(lines, "days_pre"))),
                Slot(linetexts.prefixed("後", linetexts.text(lines, "days_post"))),
            ),
            "right",
        ),
        TableColumn(
            money,
            26.5,
            (
                Slot(first, whole=True),
                Slot(second, whole=True),
                Slot(third, whole=True),
            ),
            "right",
            ("保険金額 計", "請求 計" if changed else "保険料 計"),
        ),
        *(
            TableColumn(
                (name, "料率", "保険金額", "保険料", *(("請求（－返還）",) if changed else ())),
                19.5,
                (
                    Slot(formats.rate_texts(linetexts.field(lines, f"rate_{danger}")), SUB, whole=True),
                    Slot(linetexts.yen_column(lines, f"insured_amount_{danger}"), BODY, whole=True),
                    *danger_slots(lines, danger, changed),
                ),
                "right",
                (formats.yen(totals.insured[danger]), formats.yen(totals.premium[danger])),
            )
            for danger, name in DANGERS.items()
        ),
        replace(total_column(lines, totals, 3, 19), totals=("", formats.yen(totals.total))),
    ]
