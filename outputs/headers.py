"""What stands at the head of a document: plain facts handed in by the caller.

Frozen dataclasses only. They carry finished values (names, dates, amounts) and know neither where these come
from nor how they are printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

REJECTED = "申請内容要確認"
"""Status of a submission with errors: its モニタリスト shows findings and no premium."""

LedgerKind = Literal[
    "reconciliation_ledger", "confirmed_ledger", "shipment_statement_check", "shipment_statement"
]

TITLES: dict[str, str] = {
    "receipt": "受付票",
    "monitor_list": "モニタリスト",
    "findings_report": "検出事項一覧",
    "reconciliation_ledger": "照合台帳",
    "difference_list": "照合・確定差異一覧",
    "confirmed_ledger": "確定台帳",
    "premium_statement": "保険料計算書",
    "invoice": "保険料請求書",
    "provided_data": "提供データ",
    "ledger_file": "台帳ファイル",
    "shipment_statement_check": "船積通知明細書（照合用）",
    "shipment_statement": "船積通知明細書",
    "finance_premiums": "経理データ",
}
"""Japanese name of every kind of document (contract §4, D-019)."""

SUBTITLES: dict[str, str] = {
    "reconciliation_ledger": "保険契約台帳（照合用）",
    "confirmed_ledger": "保険契約台帳",
}

PROCESS_TYPES: dict[str, str] = {"1": "新規", "2": "変更", "3": "訂正内変", "4": "修正", "5": "取消"}
DIFFERENCE_WORDS: dict[str, str] = {
    "corrected": "修正",
    "withdrawn": "取消",
    "added": "修正による追加",
    "missing": "不明",
}
"""Why a line of a 照合台帳 is not on the 確定台帳 as it was."""
COMPARED: dict[str, str] = {
    **{f"insured_amount_{d}": f"保険金額{d.upper()}" for d in "abcd"},
    **{f"premium_{d}": f"保険料{d.upper()}" for d in "abcd"},
}
"""Names of the computed values that a 照合・確定差異一覧 compares beside the fields of the layout."""
DANGERS: dict[str, str] = {"a": "A 船前非常", "b": "B 船後非常", "c": "C 船前信用", "d": "D 船後信用"}


@dataclass(frozen=True)
class DocumentHeader:
    """What every document shows on every page (D-044).

    ``created_at`` is the instant of making, in the zone to be shown (Asia/Tokyo); ``document_id`` is printed
    small in the foot when given; ``issuer`` names the sender (on the invoice, in the foot).
    """

    holder_code: str
    holder_name: str
    product_name: str
    created_at: datetime
    document_id: str = ""
    issuer: str = ""


@dataclass(frozen=True)
class SubmissionFacts:
    """One upload, as the head of its モニタリスト tells it (D-007)."""

    submission_id: str
    receipt_no: int
    user: str
    file_name: str
    received_at: datetime
    acceptance_date: date
    declared_count: int
    counted: int
    status: str
    remarks: str = ""

    @property
    def rejected(self) -> bool:
        """Whether the document shows findings only."""
        return self.status == REJECTED


@dataclass(frozen=True)
class Control:
    """One row of the control totals of a submission (control figures by place, in reading order).

    ``counts``: the same thing as several places tell it, name of the place → number; they must be equal.
    """

    title: str
    counts: Mapping[str, int]
    unit: str = "件"

    @property
    def differs(self) -> str:
        """What differs from the first place, in words; empty when all agree (一致)."""
        (name, first), *others = self.counts.items()
        return "、".join(
            f"{other}は{name}より {value - first:+,} {self.unit}" for other, value in others if value != first
        )


RECEIPT_RESULT = "処理結果受付票"
"""Title of the second ``receipt`` of a submission: what came of it, counted in four places."""


@dataclass(frozen=True)
class LedgerUnit:
    """Agreement × department × month of acceptance (``YYYY-MM``); department ``None`` = not split."""

    agreement_code: str
    department_code: str | None
    acceptance_month: str


@dataclass(frozen=True)
class Refund:
    """What becomes of a ledger whose returns are more than its charges (D-042), in yen; zeros otherwise.

    ``paid`` goes to the registered account, ``listed_only`` stands on the papers and is not paid, because it is less
    than ``threshold``.
    """

    paid: int = 0
    listed_only: int = 0
    threshold: int = 100_000

    @property
    def sentence(self) -> str:
        """What the papers say of it; empty when nothing is returned."""
        if self.paid:
            return f"返還保険料 {self.paid:,} 円を登録口座へ返還"
        if self.listed_only:
            whole, rest = divmod(self.threshold, 10_000)
            limit = f"{self.threshold:,}円" if rest else f"{whole:,}万円"
            return f"返還保険料 {self.listed_only:,} 円 記載のみ（{limit}未満のため支払いません）"
        return ""


NO_REFUND = Refund()


@dataclass(frozen=True)
class InvoiceFacts:
    """Number and dates of one 保険料請求書. Amounts come from the lines it is made for.

    ``refund``: what becomes of their sum when it is negative; then nothing is to be paid by the holder.
    """

    invoice_no: str
    issued_on: date
    due_on: date
    refund: Refund = NO_REFUND


@dataclass(frozen=True)
class Names:
    """Names shown beside codes: buyer, country, change reason (変更事由) → name. Unknown codes stand alone."""

    buyers: Mapping[str, str] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


NO_NAMES = Names()
