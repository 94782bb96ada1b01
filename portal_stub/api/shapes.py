"""The shapes of what programs send and get; the OpenAPI description is made of them. No rules here.

Amounts are integers of yen, days are ISO dates, instants ISO with the offset of Tokyo. Names are those of ``daicho status``,
``daicho findings`` and ``daicho outputs`` wherever they mean the same.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from schemas.products import Product
from schemas.submission import Status


class ProblemPlace(Schema):
    """One fault of a request."""

    place: str = Field(description="誤りのある場所")
    message: str = Field(description="何が誤りで、どう直すか")


class ProblemDetails(Schema):
    """problem+json of RFC 9457."""

    type: str
    title: str
    status: int
    code: str = Field(description="プログラム用の種類。意味は変わりません")
    detail: str = Field(description="人のための説明と、どうするか")
    errors: list[ProblemPlace] | None = None


class SubmitForm(Schema):
    """What goes with an uploaded file."""

    product: Product = Field(description="保険種")
    count: int = Field(ge=1, le=9_999_999, description="申請件数（空行を除くデータ行の数）")
    remarks: Annotated[str, StringConstraints(max_length=5000)] = Field(
        "", description="備考情報（500文字以内）"
    )
    resend: bool = Field(False, description="同じ内容をもう一度送るときだけ true")


class CheckForm(Schema):
    """The same of a check; remarks and resend are taken, and mean nothing."""

    product: Product = Field(description="保険種")
    count: int = Field(ge=1, le=9_999_999, description="申請件数（空行を除くデータ行の数）")


class Sent(Schema):
    """A submission that was taken."""

    dispatch_id: str = Field(description="送信番号。受付番号が付くまでも、付いた後も使えます")
    status: Status
    acceptance_date: date = Field(description="受理日")
    sent_at: datetime = Field(description="申請日時")


class RefusedAtDoor(Schema):
    """Why the insurer refused a submission that had been sent."""

    code: str
    message: str
    at: datetime


class Submission(Schema):
    """An upload (申請・通知) as ``daicho status`` tells it."""

    dispatch_id: str | None = Field(description="送信番号。ポータル以外から届いたものは null")
    submission_id: str | None = Field(description="受付番号（S…）。受付前の短い間は null")
    product: Product
    holder: str
    user: str
    file_name: str
    declared_count: int
    received_at: datetime = Field(description="受付日時。受付番号が付くまでは申請日時")
    acceptance_date: date | None
    status: Status
    held: bool = Field(description="保険者の判断を待っているとき true")
    errors: int | None
    warnings: int | None
    premium_total_yen: int | None
    refused: RefusedAtDoor | None = Field(description="受付で却下されたときの理由。それ以外は null")


class SubmissionNow(Submission):
    """One of them, and what is behind its status."""

    words: list[str] = Field(description="順番やモニタリストの見込みなど、人のための説明")
    ask_again_seconds: int | None = Field(
        description="次に状況を確かめるまでの秒数の目安。もう変わらないときは null"
    )


class Submissions(Schema):
    """A page of the list, newest first."""

    items: list[Submission]
    next: str | None = Field(description="次のページの cursor。最後のページでは null")


class Finding(Schema):
    """One finding."""

    record: int | None = Field(description="データの件目（1から）")
    line: int | None = Field(description="ファイルの行")
    cell: str | None = Field(description="Excelのセル")
    field: str | None
    code: str
    severity: Literal["error", "warning"]
    message: str
    value: str | None


class Findings(Schema):
    """A page of findings."""

    items: list[Finding]
    next: str | None = Field(description="次のページの cursor。最後のページでは null")
    total: int = Field(
        description="検出事項の総数。ここで見られるのは先頭の1000件までで、全件は検出事項一覧（findings_report）にあります"
    )


class CheckState(StrEnum):
    """How far a check is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class CheckAsked(Schema):
    """A check that was asked for."""

    check_id: str
    state: CheckState


class Check(Schema):
    """A check: how far it is, and what was found."""

    check_id: str
    state: CheckState
    progress: int = Field(description="進み具合（%）")
    place: int = Field(description="順番待ちの位置。0は実行中か終了")
    message: str = Field(description="実行中の段階、または failed の理由")
    refused: str | None = Field(description="ファイルが受け付けられないときの code")
    records: int | None
    acceptance_date: date | None = Field(description="いま送信した場合の受理日")
    premium_total_yen: int | None
    identical_to: str | None = Field(
        description="同じ内容で受付済みの申請の受付番号。参照できない申請のときは「別の利用者の申請」。送信するときは resend が必要です"
    )
    errors: int | None
    warnings: int | None
    findings_total: int | None
    findings: list[Finding] = Field(description="検出事項（先頭の1000件まで）")


class Document(Schema):
    """A document as ``daicho outputs`` tells it."""

    document_id: str
    kind: str
    format: str
    file_name: str
    size: int
    sha256: str
    submission_id: str | None
    agreement: str | None
    department: str | None
    month: str | None = Field(description="受理月（YYYY-MM）")
    created_at: datetime
    expires_at: datetime | None


class Documents(Schema):
    """A page of documents, newest first."""

    items: list[Document]
    next: str | None = Field(description="次のページの cursor。最後のページでは null")


class DocumentKind(StrEnum):
    """The kinds that holders get."""

    RECEIPT = "receipt"
    MONITOR_LIST = "monitor_list"
    FINDINGS_REPORT = "findings_report"
    RECONCILIATION_LEDGER = "reconciliation_ledger"
    DIFFERENCE_LIST = "difference_list"
    CONFIRMED_LEDGER = "confirmed_ledger"
    PREMIUM_STATEMENT = "premium_statement"
    INVOICE = "invoice"
    PROVIDED_DATA = "provided_data"
    LEDGER_FILE = "ledger_file"
    SHIPMENT_STATEMENT_CHECK = "shipment_statement_check"
    SHIPMENT_STATEMENT = "shipment_statement"
