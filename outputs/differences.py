"""照合・確定差異一覧 as PDF: what stood on a 照合台帳 and is not on the 確定台帳 as it was (D-021).

Which lines these are is told by the caller; the CSV with the same content is in ``csv_documents``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from outputs import formats
from outputs.headers import COMPARED, DIFFERENCE_WORDS, TITLES, DocumentHeader, LedgerUnit
from outputs.paper import BODY, STRONG, SUB, VALUE, Box, Paper, Slot, TableColumn, figures, numbering, plain

NONE = "差異なし"
MAX_ROWS = 20_000
_MONEY = ("_amount", "_principal", "_interest")


def difference_list_pdf(
    header: DocumentHeader,
    unit: LedgerUnit,
    ledger_id: str,
    differences: pl.DataFrame,
    *,
    labels: Mapping[str, str],
    max_rows: int = MAX_ROWS,
) -> bytes:
    """Every line that differs, with its fields and its premium before → after; or that there are none.

    ``differences``: ``checked_ledger_id``, ``ledger_id``, ``application_no``, ``shipment_no``, ``settlement_no``,
    ``history_no`` (null: added), ``history_after`` (null: gone), ``how`` (see ``DIFFERENCE_WORDS``), ``changes`` (list
    of ``field``, ``before``, ``after``), ``premium_before``, ``premium_after``, ``difference`` in yen. ``labels`` names
    the fields.
    """
    paper = Paper(TITLES["difference_list"], header)
    before, after, difference = (
        int(differences[name].cast(pl.Int128).sum() or 0)
        for name in ("premium_before", "premium_after", "difference")
    )
    paper.facts(
        [
            ("特約コード", unit.agreement_code),
            ("部門", unit.department_code or "部門別の区分なし"),
            ("受理月", formats.month(unit.acceptance_month)),
            ("確定台帳番号", ledger_id),
        ]
    )
    paper.boxes(
        [
            Box("照合の保険料", formats.yen(before)),
            Box("確定の保険料", formats.yen(after)),
            Box("差額", f"{formats.signed(difference)} 円"),
            Box("差異のある台帳行", f"{differences.height:,} 件" if differences.height else NONE, main=True),
        ]
    )
    if differences.is_empty():
        paper.note(
            "照合台帳に載せた行は、すべてそのまま確定台帳に載っています。差異なし。", replace(VALUE, size=9.0)
        )
        return paper.render()
    paper.note(
        "照合台帳（船積通知明細書（照合用）を含む）に載せた版のうち、修正（処理種別4）または取消（処理種別5）により"
        "確定台帳に載らなかったものと、修正で加わった行の一覧です。"
    )
    paper.heading("差異", "金額の単位: 円　項目: 照合の値 → 確定の値")
    printed = differences.head(max_rows)
    numbers = formats.texts(printed["application_no"])
    lines = [
        f"船積{shipment} 決済{settlement}" if shipment else ""
        for shipment, settlement in printed.select("shipment_no", "settlement_no").iter_rows()
    ]
    versions = [
        f"履歴 {old or formats.BLANK} → {new or formats.BLANK}"
        for old, new in printed.select("history_no", "history_after").iter_rows()
    ]
    names = {**COMPARED, **labels}
    paper.table(
        [
            numbering(printed.height, 8),
            TableColumn(
                ("申込番号-枝番", "船積No.・決済No.", "履歴"),
                33,
                (Slot(numbers, STRONG, whole=True), Slot(lines, BODY), Slot(versions, SUB)),
            ),
            plain("照合台帳番号", 44, formats.texts(printed["checked_ledger_id"]), style=SUB),
            plain(
                "理由", 18, [DIFFERENCE_WORDS.get(how, how) for how in printed["how"].to_list()], style=STRONG
            ),
            plain(
                "変わった項目",
                104,
                [_changes(part, names) for part in printed["changes"].to_list()],
                wrap=True,
            ),
            figures("照合の保険料", 22, formats.yen_texts(printed["premium_before"]), formats.yen(before)),
            figures("確定の保険料", 22, formats.yen_texts(printed["premium_after"]), formats.yen(after)),
            figures(
                "差額", 22, formats.signed_texts(printed["difference"]), formats.signed(difference), STRONG
            ),
        ],
        total_label=f"合計　{differences.height:,} 件",
    )
    if printed.height < differences.height:
        paper.note(f"印字は先頭の {printed.height:,} 件までです。すべての差異は同じ内容のCSVをご覧ください。")
    return paper.render()


def _changes(changes: list[dict[str, str | None]] | None, names: Mapping[str, str]) -> str:
    parts = [
        f"{names.get(change['field'] or '', change['field'])}: "
        f"{_shown(change['field'], change['before'])} → {_shown(change['field'], change['after'])}"
        for change in changes or []
    ]
    return "\n".join(parts) or "行のすべて"


def _shown(field: str | None, text: str | None) -> str:
    """A value as the ledgers print it: amounts with commas, days with slashes."""
    name = field or ""
    if text and (name.endswith(_MONEY) or name.startswith(("insured_amount_", "premium_"))):
        return formats.amount(text)
    if text and name.endswith("_date"):
        return formats.day(text)
    return text or formats.BLANK
