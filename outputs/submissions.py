"""受付票 and モニタリスト as PDF: what was received, and what came of it.

The monitor list of a rejected submission has no premium and shows every finding; that of an accepted one
shows a line per record, totals per 処理種別, and the warnings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl

from outputs import formats, linetexts
from outputs.headers import (
    DANGERS,
    NO_NAMES,
    PROCESS_TYPES,
    RECEIPT_RESULT,
    TITLES,
    Control,
    DocumentHeader,
    Names,
    SubmissionFacts,
)
from outputs.ledgers import change_slots, more_in_csv, premium_boxes
from outputs.linetexts import LineTotals
from outputs.paper import (
    ALERT,
    CAUTION,
    STRONG,
    SUB,
    VALUE,
    Box,
    Paper,
    Slot,
    TableColumn,
    figures,
    numbering,
    plain,
)

WINDOWS: dict[str, str] = {
    "same-day": "当日受理（8:00〜17:30）",
    "next-business-day": "翌営業日受理（17:30〜20:00）",
}
CHANNELS: dict[str, str] = {"cli": "コマンド", "drop": "ファイル投入", "portal": "Webサービス"}
MAX_ROWS = 20_000


def receipt_pdf(
    receipt: Mapping[str, Any], holder_name: str, product_name: str, issued_at: datetime, *, issuer: str = ""
) -> bytes:
    """受付票: proof that a file came in – number, times, acceptance day, hash, counts, remarks."""
    received = datetime.fromisoformat(str(receipt["received_at"]))
    header = DocumentHeader(
        holder_code=str(receipt["holder"]),
        holder_name=holder_name,
        product_name=product_name,
        created_at=issued_at,
        document_id=str(receipt["submission_id"]),
        issuer=issuer,
    )
    paper = Paper(TITLES["receipt"], header, orientation="portrait")
    paper.skip(4)
    paper.note(
        "下記のファイルを受け付けました。受理の可否は、モニタリストでお知らせします。",
        replace(VALUE, size=9.0),
    )
    paper.skip(3)
    paper.boxes(
        [
            Box("受付番号", str(receipt["submission_id"])),
            Box("件数", f"{int(receipt['counted']):,} 件"),
            Box("受理日", formats.day_long(date.fromisoformat(str(receipt["acceptance_date"]))), main=True),
        ],
        height=18,
    )
    paper.skip(1)
    window = str(receipt["window"])
    channel = str(receipt.get("channel") or "")
    paper.facts(
        [
            ("受付日時", formats.instant(received)),
            ("受付区分", WINDOWS.get(window, window)),
            ("受付経路", CHANNELS.get(channel, channel)),
            ("保険種", product_name),
            ("申請者（ユーザーID）", str(receipt["user"])),
            ("再送の申告", "あり" if receipt.get("resend") else "なし"),
        ],
        columns=3,
    )
    paper.facts(
        [
            ("申告件数", f"{int(receipt['declared_count']):,} 件"),
            ("ファイル内の件数", f"{int(receipt['counted']):,} 件"),
            ("ファイルサイズ", f"{int(receipt['size']):,} バイト"),
        ],
        columns=3,
    )
    paper.paragraph("ファイル名", str(receipt["file_name"]))
    paper.paragraph("ファイルの指紋（SHA-256）", str(receipt["sha256"]))
    paper.paragraph("備考情報", str(receipt.get("remarks") or "なし"))
    paper.note(
        "受理日は受付時に定まり、以後変わりません。ファイルの指紋は、お手元のファイルと受け付けたファイルが同一であることの確認に使えます。"
    )
    return paper.render()


def result_pdf(
    header: DocumentHeader, submission: SubmissionFacts, controls: Sequence[Control], *, sha256: str = ""
) -> bytes:
    """処理結果受付票: what came of a submission, with its control totals by place, each 一致 or what differs."""
    paper = Paper(RECEIPT_RESULT, header, orientation="portrait")
    paper.skip(3)
    agree = not any(control.differs for control in controls)
    paper.boxes(
        [
            Box("受付番号", submission.submission_id),
            Box("ステータス", submission.status),
            Box("件数・保険料の照合", "すべて一致" if agree else "不一致あり", main=True, alert=not agree),
        ],
        height=18,
    )
    paper.skip(1)
    paper.facts(
        [
            ("申請日時", formats.instant(submission.received_at)),
            ("受理日", formats.day(submission.acceptance_date)),
            ("申請者（ユーザーID）", submission.user),
        ],
        columns=3,
    )
    paper.paragraph("ファイル名", submission.file_name)
    if sha256:
        paper.paragraph("ファイルの指紋（SHA-256）", sha256)
    paper.heading("件数と保険料")
    titles, places, values, verdicts = [], [], [], []
    for control in controls:
        for number, (place, value) in enumerate(control.counts.items()):
            titles.append("" if number else control.title)
            places.append(place)
            values.append(f"{formats.yen(value)} {control.unit}")
            verdicts.append("" if number else (control.differs or AGREES))
    style = replace(SUB, size=8.4)
    alert = replace(STRONG, size=8.4, colour=ALERT)
    paper.table(
        [
            plain("確認すること", 52, titles, style=replace(STRONG, size=8.4)),
            plain("数えた場所", 52, places, style=style),
            figures("数", 34, values, style=replace(STRONG, size=8.8)),
            TableColumn(
                ("結果",),
                48,
                (
                    Slot([word if word == AGREES else "" for word in verdicts], replace(STRONG, size=8.4)),
                    Slot(["" if word == AGREES else word for word in verdicts], alert, whole=True, over=True),
                ),
                "left",
            ),
        ],
        pitch=5.2,
    )
    if submission.rejected:
        paper.note(
            "エラーがあるため、この申請は1件も計上していません。誤りはモニタリストと検出事項一覧をご覧ください。",
            replace(STRONG, size=8.4, colour=ALERT),
        )
    paper.note(
        "申告した件数が、ファイル、台帳、帳票のどこにも過不足なく届いたことの確認に使えます。"
        "1件の変更は枝番のすべての行に新しい履歴を作るため、台帳行の数は件数と同じとは限りません。"
    )
    return paper.render()


AGREES = "一致"


def monitor_list_pdf(
    header: DocumentHeader,
    submission: SubmissionFacts,
    lines: pl.DataFrame,
    findings: pl.DataFrame,
    *,
    labels: Mapping[str, str],
    names: Names = NO_NAMES,
    keys: pl.DataFrame | None = None,
    max_rows: int | None = MAX_ROWS,
) -> bytes:
    """モニタリスト of one submission, whatever its verdict (D-001, D-007, D-008).

    ``lines``: the booked ledger lines (ignored when the submission is rejected: no premium is shown then).
    ``findings``: all findings, errors and warnings; with ``keys`` each tells the line that it speaks of (A-027, see
    :func:`outputs.csv_documents.findings_report_csv`). Of each table at most ``max_rows`` rows are printed and
    the rest is said to stand in the CSV; counts and totals are of all.
    """
    paper = Paper(TITLES["monitor_list"], header)
    errors, warnings = (findings.filter(pl.col("severity") == kind).height for kind in ("error", "warning"))
    paper.facts(
        [
            ("受付番号", submission.submission_id),
            ("保険種", header.product_name),
            ("申請日時", formats.instant(submission.received_at)),
            ("受理日", formats.day(submission.acceptance_date)),
            ("ファイル名", submission.file_name),
            ("申請者（ユーザーID）", submission.user),
            (
                "申告件数 ／ ファイル内の件数",
                f"{submission.declared_count:,} 件 ／ {submission.counted:,} 件",
            ),
            ("ステータス", submission.status),
        ]
    )
    paper.paragraph("備考情報", submission.remarks or "なし")
    if submission.rejected:
        paper.boxes(
            [
                Box("ステータス", submission.status, main=True, alert=True),
                Box("エラー", f"{errors:,} 件"),
                Box("警告", f"{warnings:,} 件"),
            ]
        )
        paper.note(
            "エラーがあるため、この申請は1件も受理されていません。下記のエラーをすべて直し、ファイル全体をもう一度申請してください。",
            replace(STRONG, size=8.2, colour=ALERT),
        )
    else:
        totals = linetexts.totals_of(lines)
        boxes = _change_boxes(totals) if totals.changed else premium_boxes(totals)
        paper.boxes([*boxes, Box("警告", f"{warnings:,} 件")])
        _by_process_type(paper, lines, totals)
        printed = lines if max_rows is None else lines.head(max_rows)
        paper.heading("明細", "金額の単位: 円（通貨の表示があるものはその通貨）")
        paper.table(_line_columns(printed, labels, names, totals), total_label=f"合計　{totals.lines:,} 件")
        more_in_csv(paper, printed.height, totals.lines)
    _findings(paper, findings, labels, errors, warnings, max_rows, keys)
    return paper.render()


def _change_boxes(totals: LineTotals) -> list[Box]:
    """What the acts of a submission changed: before, after, 追加, 返還 and, filled, the difference."""
    return [
        Box("変更前保険料", formats.yen(totals.before)),
        Box("変更後保険料", formats.yen(totals.after)),
        Box("追加保険料", formats.yen(totals.more)),
        Box("返還保険料", formats.yen(totals.less)),
        Box("差額合計", f"{formats.signed(totals.difference)} 円", main=True),
    ]


def _by_process_type(paper: Paper, lines: pl.DataFrame, totals: LineTotals) -> None:
    groups: list[tuple[str, LineTotals]] = []
    if "process_type" in lines.columns and lines.height:
        parts = lines.partition_by("process_type", as_dict=True)
        groups = sorted(
            ((str(key[0]), linetexts.totals_of(part)) for key, part in parts.items()), key=lambda g: g[0]
        )
    paper.heading("処理種別ごとの集計")
    parts_of = [group for _, group in groups]
    if totals.changed:
        wanted = (
            ("変更前保険料", formats.yen, "before"),
            ("変更後保険料", formats.yen, "after"),
            ("追加保険料", formats.yen, "more"),
            ("返還保険料", formats.yen, "less"),
            ("差額", formats.signed, "difference"),
        )
        paper.table(
            [
                plain("処理種別", 60, [f"{code} {PROCESS_TYPES.get(code, '')}" for code, _ in groups]),
                figures("台帳行", 25, [f"{part.lines:,}" for part in parts_of], f"{totals.lines:,}"),
                *(
                    figures(
                        title,
                        38,
                        [form(getattr(part, name)) for part in parts_of],
                        form(getattr(totals, name)),
                    )
                    for title, form, name in wanted
                ),
            ],
            total_label="合計",
            pitch=3.8,
        )
        return
    paper.table(
        [
            plain("処理種別", 60, [f"{code} {PROCESS_TYPES.get(code, '')}" for code, _ in groups]),
            figures("件数", 25, [f"{part.lines:,}" for part in parts_of], f"{totals.lines:,}"),
            *(
                figures(
                    f"保険料 {name}",
                    36,
                    [formats.yen(part.premium[danger]) for part in parts_of],
                    formats.yen(totals.premium[danger]),
                )
                for danger, name in DANGERS.items()
            ),
            figures(
                "合計保険料",
                40,
                [formats.yen(part.total) for part in parts_of],
                formats.yen(totals.total),
                STRONG,
            ),
        ],
        total_label="合計",
        pitch=3.8,
    )


def _line_columns(
    lines: pl.DataFrame, labels: Mapping[str, str], names: Names, totals: LineTotals
) -> list[TableColumn]:
    notice = linetexts.is_notice(labels)
    counterparty, payer, _ = linetexts.parties(lines, names)
    first, second, third = linetexts.amounts(lines, labels)
    types = [PROCESS_TYPES.get(code, code) for code in linetexts.text(lines, "process_type")]
    days = [
        f"前 {a}・後 {b}"
        for a, b in zip(linetexts.text(lines, "days_pre"), linetexts.text(lines, "days_post"), strict=True)
    ]
    rating = linetexts.text(lines, "buyer_rating")
    changed = totals.changed
    before, after, difference = linetexts.costs(lines)
    reasons = [f"事由{code}" if code else "" for code in linetexts.field(lines, "change_reason").to_list()]
    return [
        TableColumn(
            ("データ", "番号"), 10, (Slot(linetexts.text(lines, "record"), SUB, whole=True),), "right"
        ),
        TableColumn(
            ("処理", "種別"), 12, (Slot(types), *((Slot(reasons, SUB),) if changed else ())), "center"
        ),
        TableColumn(
            ("申込番号-枝番", "履歴" if notice else "船積No.・決済No.・履歴"),
            33,
            (
                Slot(linetexts.text(lines, "application_no"), STRONG, whole=True),
                Slot(linetexts.subkeys(lines, labels), SUB, whole=True),
            ),
        ),
        TableColumn(
            ("船積年月・期間区分" if notice else "輸出契約等番号", "受理日"),
            28,
            (
                Slot(linetexts.references(lines, labels), whole=True),
                Slot(formats.day_texts(linetexts.field(lines, "acceptance_date")), SUB),
            ),
        ),
        TableColumn(
            ("契約相手方", "支払人", *(("変更日・事由",) if changed else ())),
            46,
            (
                Slot(counterparty),
                Slot(payer),
                *(change_slots(lines, names) if changed else ()),
            ),
        ),
        TableColumn(
            ("船積代金額", "円換算額") if notice else ("契約金額", "船積前対象額"),
            27,
            (
                Slot(first, whole=True),
                Slot(third if notice else second, whole=True),
            ),
            "right",
        ),
        TableColumn(
            ("日数",) if notice else ("日数", "船積後対象額"),
            23,
            (Slot(days, SUB), Slot([""] * lines.height if notice else third, whole=True)),
            "right",
        ),
        TableColumn(("格付",), 9, (Slot(rating),), "center"),
        *(
            TableColumn(
                (name, "料率", "保険料"),
                18.5,
                (
                    Slot(formats.rate_texts(linetexts.field(lines, f"rate_{danger}")), SUB, whole=True),
                    Slot(linetexts.yen_column(lines, f"premium_{danger}"), whole=True),
                ),
                "right",
                () if changed else (formats.yen(totals.premium[danger]),),
            )
            for danger, name in DANGERS.items()
        ),
        TableColumn(
            ("変更前", "変更後", "差額"),
            19,
            (Slot(before, SUB, whole=True), Slot(after, whole=True), Slot(difference, STRONG, whole=True)),
            "right",
            (formats.yen(totals.before), formats.yen(totals.after), formats.signed(totals.difference)),
        )
        if changed
        else TableColumn(
            ("合計保険料",),
            19,
            (
                Slot([""] * lines.height),
                Slot(linetexts.yen_column(lines, "premium_total"), STRONG, whole=True),
            ),
            "right",
            (formats.yen(totals.total),),
        ),
    ]


def _findings(
    paper: Paper,
    findings: pl.DataFrame,
    labels: Mapping[str, str],
    errors: int,
    warnings: int,
    max_rows: int | None,
    keys: pl.DataFrame | None,
) -> None:
    paper.heading("検出事項", f"エラー {errors:,} 件　警告 {warnings:,} 件")
    if findings.is_empty():
        paper.note("エラー・警告はありません。", replace(SUB, size=7.6))
        return
    printed = findings if max_rows is None else findings.head(max_rows)
    severities = printed["severity"].to_list()
    fields = [labels.get(name, name) if name else formats.BLANK for name in printed["field"].to_list()]
    # Two slots on the same line, so that each severity has its own colour.
    severity = (
        Slot(["エラー" if s == "error" else "" for s in severities], replace(STRONG, colour=ALERT)),
        Slot(
            ["" if s == "error" else "警告" for s in severities], replace(STRONG, colour=CAUTION), over=True
        ),
    )
    paper.table(
        [
            numbering(printed.height, 9),
            TableColumn(("区分",), 12, severity, "center"),
            figures("データ番号", 14, formats.texts(printed["record"])),
            *([] if keys is None else [plain("申込番号-枝番 船積No. 決済No.", 35, _keys_of(printed, keys))]),
            figures("行", 13, formats.texts(printed["line"])),
            plain("セル", 13, formats.texts(printed["cell"]), "center"),
            plain("項目", 42, fields),
            plain("コード", 34, formats.texts(printed["code"]), style=SUB),
            plain("内容と対処", 102, formats.texts(printed["message"]), wrap=True),
            plain("入力値", 34, formats.texts(printed["value"])),
        ]
    )
    if printed.height < findings.height:
        paper.note(
            f"印字は先頭の {printed.height:,} 件までです。残り {findings.height - printed.height:,} 件は"
            "検出事項一覧（CSV）をご覧ください。",
            replace(STRONG, size=8.0),
        )


def _keys_of(findings: pl.DataFrame, keys: pl.DataFrame) -> list[str]:
    """Which line of the ledger each finding speaks of, as far as its record tells."""
    rows = findings.select("record").join(keys, on="record", how="left", maintain_order="left")
    result = []
    for number, branch, shipment, settlement in rows.select(
        "application_no", "branch_no", "shipment_no", "settlement_no"
    ).iter_rows():
        head = f"{number}-{branch}" if number and branch else number or (f"枝番{branch}" if branch else "")
        parts = [head, f"船積{shipment}" if shipment else "", f"決済{settlement}" if settlement else ""]
        result.append(" ".join(part for part in parts if part) or formats.BLANK)
    return result
