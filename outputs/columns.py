"""The columns of CSV documents: which field, under which label, written in which form.

Labels of layout fields come from the caller (``field -> name_ja``, in layout order); the labels of computed
values are fixed here, because they are wording of the documents. Column lists only: bytes are made in
``csv_text``, paper tables in the modules of the documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

Kind = Literal["text", "number", "milli", "permille", "micro", "date"]


@dataclass(frozen=True)
class Column:
    """One column of a CSV document.

    ``kind``: ``text`` as it is; ``number`` an integer; ``milli`` an integer of thousandths (rates:
    ``0.026``); ``permille`` a ratio shown in percent with one decimal (``97.5``); ``micro`` an integer of
    millionths (exchange rates: ``151.250000``); ``date`` a date as ``YYYYMMDD``, the form of the layouts.
    """

    field: str
    label: str
    kind: Kind = "text"

    @property
    def is_text(self) -> bool:
        """Whether the cell holds free text, and so could be taken for a formula."""
        return self.kind == "text"

    def text(self, frame: pl.DataFrame) -> pl.Expr:
        """The column as text; null where the frame has no such field."""
        if self.field not in frame.columns:
            return pl.lit(None, dtype=pl.String)
        values = pl.col(self.field)
        match self.kind:
            case "date":
                return values.dt.strftime("%Y%m%d") if frame.schema[self.field] == pl.Date else values
            case "milli":
                return _scaled(values, 3)
            case "permille":
                return _scaled(values, 1)
            case "micro":
                return _scaled(values, 6)
            case _:
                return values.cast(pl.String)


def _scaled(values: pl.Expr, decimals: int) -> pl.Expr:
    digits = values.abs().cast(pl.String).str.zfill(decimals + 1)
    text = pl.concat_str(digits.str.head(-decimals), pl.lit("."), digits.str.tail(decimals))
    return pl.when(values < 0).then(pl.concat_str(pl.lit("-"), text)).otherwise(text)


COMPUTED: tuple[Column, ...] = (
    Column("acceptance_date", "受理日", "date"),
    Column("country_category", "国カテゴリー"),
    Column("country_category_pre", "国カテゴリー（船前）"),
    Column("buyer_rating", "格付"),
    Column("days_pre", "船前日数", "number"),
    Column("days_post", "船後日数", "number"),
    Column("yen_rate_micro", "円換算率", "micro"),
    Column("contract_yen", "契約金額（円）", "number"),
    Column("base_pre_yen", "船前保険料対象額（円）", "number"),
    Column("base_post_yen", "船後保険料対象額（円）", "number"),
    *(Column(f"cover_{d}", f"付保率{d.upper()}（％）", "permille") for d in "abcd"),
    *(Column(f"insured_amount_{d}", f"保険金額{d.upper()}", "number") for d in "abcd"),
    *(Column(f"rate_{d}", f"料率{d.upper()}（％）", "milli") for d in "abcd"),
    *(Column(f"factor_{d}", f"割引割増率{d.upper()}") for d in "abcd"),
    *(Column(f"premium_{d}", f"保険料{d.upper()}", "number") for d in "abcd"),
    Column("premium_total", "合計保険料", "number"),
    Column("change_notice_limit", "内容変更等通知期限", "date"),
)
"""What the insurer adds to a record (D-029)."""

VERSIONS: tuple[Column, ...] = (
    Column("notice_date", "変更受理日", "date"),
    Column("replaced_history_no", "訂正した履歴"),
    Column("removed_mark", "削除"),
    Column("before_total", "変更前保険料", "number"),
    Column("after_total", "変更後保険料", "number"),
    Column("difference_total", "差額", "number"),
    *(Column(f"due_{d}", f"請求額{d.upper()}", "number") for d in "abcd"),
    Column("due_total", "請求額", "number"),
    Column("uncovered_from", "無保険期間開始", "date"),
    Column("uncovered_until", "無保険期間終了", "date"),
    Column("policy_type_from", "証券型移行日", "date"),
)
"""How a line stands to its version before, and what it bills (negative: 返還)."""

KEY = Column("application_no", "申込番号")


def layout_columns(labels: Mapping[str, str]) -> list[Column]:
    """The columns of an upload file, in layout order."""
    return [Column(field, label) for field, label in labels.items()]


def ledger_columns(labels: Mapping[str, str]) -> list[Column]:
    """Number, every layout field, every computed value (D-029), what a change changed."""
    return [KEY, *layout_columns(labels), *COMPUTED, *VERSIONS]


def premium_columns(labels: Mapping[str, str]) -> list[Column]:
    """What a 保険料計算書 needs to be recomputed by hand (D-040)."""
    wanted = (
        "shipment_no",
        "settlement_no",
        "export_contract_no",
        "shipment_month",
        "period_band",
        "currency",
    )
    columns = [Column("line_no", "No.", "number"), KEY]
    columns += [Column(name, labels[name]) for name in wanted if name in labels]
    columns += [Column("country_category", "国カテゴリー"), Column("buyer_rating", "格付")]
    for danger in "abcd":
        base = "base_pre_yen" if danger in "ac" else "base_post_yen"
        mark = danger.upper()
        columns += [
            Column(base, f"保険料対象額{mark}（円）", "number"),
            Column(f"rate_{danger}", f"料率{mark}（％）", "milli"),
            Column(f"factor_{danger}", f"割引割増率{mark}"),
            Column(f"premium_{danger}", f"保険料{mark}", "number"),
        ]
    columns.append(Column("premium_total", "合計保険料", "number"))
    versions = ("process_type", "history_no", "change_date", "change_reason")
    return [*columns, *(Column(name, labels[name]) for name in versions if name in labels), *VERSIONS]


FINDINGS: tuple[Column, ...] = (
    Column("record", "データ番号", "number"),
    Column("line", "行", "number"),
    Column("cell", "セル"),
    Column("application_no", "申込番号"),
    Column("branch_no", "枝番"),
    Column("shipment_no", "船積No."),
    Column("settlement_no", "決済No."),
    Column("field_label", "項目名"),
    Column("field", "項目"),
    Column("code", "コード"),
    Column("severity_label", "区分"),
    Column("message", "内容"),
    Column("value", "入力値"),
)

DIFFERENCES: tuple[Column, ...] = (
    Column("no", "No.", "number"),
    Column("checked_ledger_id", "照合台帳番号"),
    Column("ledger_id", "確定台帳番号"),
    KEY,
    Column("shipment_no", "船積No."),
    Column("settlement_no", "決済No."),
    Column("history_no", "履歴（照合）"),
    Column("history_after", "履歴（確定）"),
    Column("how_label", "理由"),
    Column("field_label", "項目名"),
    Column("field", "項目"),
    Column("before", "照合の値"),
    Column("after", "確定の値"),
    Column("premium_before", "照合の保険料", "number"),
    Column("premium_after", "確定の保険料", "number"),
    Column("difference", "差額", "number"),
)
"""照合・確定差異一覧: a row per field that differs; the premiums stand on the first row of a line only."""

FINANCE_FIELDS: dict[str, type[pl.DataType]] = {
    "month": pl.String,
    "invoice_no": pl.String,
    "issued_on": pl.Date,
    "due_on": pl.Date,
    "product": pl.String,
    "holder": pl.String,
    "holder_name": pl.String,
    "agreement_code": pl.String,
    "department_code": pl.String,
    "acceptance_month": pl.String,
    "lines": pl.Int64,
    "premium_a": pl.Int64,
    "premium_b": pl.Int64,
    "premium_c": pl.Int64,
    "premium_d": pl.Int64,
    "premium_total": pl.Int64,
    "charged_total": pl.Int64,
    "returned_total": pl.Int64,
    "payable_yen": pl.Int64,
    "refund_yen": pl.Int64,
    "listed_only_yen": pl.Int64,
}
"""Machine names and types of the month extract for finance."""
