"""What programs can do: hand in, check, ask how things stand, and fetch documents. Each endpoint is declared here.

An endpoint reads a request and calls one function of ``submissions``, ``papers``, ``handing_in`` or ``jobs``. Docstrings
of endpoints are Japanese: they stand in the description that exporters' programmers read.
"""

from datetime import date
from typing import Annotated, Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.http import http_date, quote_etag
from ninja import File, Form, Header, Path, Query
from ninja.files import UploadedFile
from pydantic import StringConstraints

from portal_stub.access import Access, Right
from portal_stub.accounts.models import User
from portal_stub.api import handing_in, papers, shapes, submissions
from portal_stub.api.declaring import declare_all, endpoint
from portal_stub.api.models import Scope
from portal_stub.pages.answers import download
from portal_stub.visibility.resources import Resource
from schemas.products import Product
from schemas.submission import Status

BINARY = {
    "200": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
SubmissionId = Annotated[str, Path(..., description="受付番号（S…）か dispatch_id")]
CheckId = Annotated[str, Path(..., description="事前チェックを依頼したときの check_id")]
DocumentId = Annotated[str, Path(..., description="書類の一覧の document_id")]
Cursor = Annotated[
    str | None,
    StringConstraints(max_length=400, pattern=r"^[A-Za-z0-9_-]+$"),
    Query(None, description="前の応答の next"),
]
Limit = Annotated[int, Query(50, ge=1, le=200, description="1ページの件数")]
Key = Annotated[
    str | None,
    StringConstraints(max_length=200, min_length=1, pattern=r"^[\x21-\x7e]+$"),
    Header(
        None,
        alias="Idempotency-Key",
        description="同じ値で同じ要求をもう一度送っても、申請は一度だけ行われ、同じ応答が返ります（7日間）",
    ),
]


def _user(request: HttpRequest) -> User:
    user: User = request.caller.user
    return user


@endpoint(
    "POST",
    "/submissions",
    name="api-submissions",
    summary="申請・通知を送信する",
    scope=Scope.SEND,
    access=Access.APPLICANT,
    rights=(Right.APPLY,),
    answers={202: shapes.Sent},
    refusals=(409, 413),
    large=True,
)
def submit(
    request: HttpRequest, form: Form[shapes.SubmitForm], file: File[UploadedFile], idempotency_key: Key
) -> Any:
    """CSVまたはExcel（.xlsx）のファイルを1つ送信します。入力・申込権限が必要です。

    受付時間、件数、同じ内容の再送は、画面からの送信と同じ決まりで確かめられ、1つでも合わなければ何も送信されません。
    受付番号は少し後に付きます。状況は dispatch_id で確かめられます。
    """
    status, answer, again = handing_in.submit(
        request.caller,
        file,
        form,
        idempotency_key,
    )
    response = HttpResponse(handing_in.as_json(answer), status=status, content_type="application/json")
    response.headers["Location"] = f"/api/v1/submissions/{answer['dispatch_id']}"
    if again:
        response.headers["Idempotency-Replayed"] = "true"
    return response


@endpoint(
    "GET",
    "/submissions",
    name="api-submissions",
    summary="申請・通知の一覧",
    scope=Scope.READ,
    rights=(Right.APPLICATIONS,),
    answers={200: shapes.Submissions},
)
def list_submissions(
    request: HttpRequest,
    product: Annotated[Product | None, Query(None, description="保険種")],
    status: Annotated[Status | None, Query(None, description="ステータス")],
    start: Annotated[date | None, Query(None, alias="from", description="申請日・受付日（この日から）")],
    end: Annotated[date | None, Query(None, alias="to", description="申請日・受付日（この日まで）")],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """新しい順の一覧です。ポータル以外（受付フォルダなど）から届いたものも含みます。申込データ参照の権限が必要です。"""
    items, more = submissions.found(
        _user(request),
        product=product,
        status=status,
        start=_sane(start),
        end=_sane(end),
        after=cursor,
        limit=limit,
    )
    return {"items": items, "next": more}


def _sane(day: date | None) -> date | None:
    """Days at the ends of the calendar have no midnight in Tokyo; nothing happened there."""
    return None if day is None else min(max(day, date(1900, 1, 1)), date(2999, 12, 31))


@endpoint(
    "GET",
    "/submissions/{str:submission_id}",
    name="api-submission",
    summary="申請・通知の状況",
    scope=Scope.READ,
    rights=(Right.APPLICATIONS,),
    answers={200: shapes.SubmissionNow},
    shows=Resource.DISPATCH,
)
def show_submission(request: HttpRequest, submission_id: SubmissionId) -> Any:
    """受付番号（S…）か dispatch_id で指定した1件の状況です。"""
    return submissions.one(request.shown[Resource.DISPATCH], submission_id)


@endpoint(
    "GET",
    "/submissions/{str:submission_id}/findings",
    name="api-submission-findings",
    summary="申請・通知の検出事項",
    scope=Scope.READ,
    rights=(Right.APPLICATIONS,),
    answers={200: shapes.Findings},
    shows=Resource.DISPATCH,
)
def show_findings(request: HttpRequest, submission_id: SubmissionId, cursor: Cursor, limit: Limit) -> Any:
    """エラーと警告です。申請内容要確認のときは、message のとおりに直して、新しい申請として送信してください。"""
    items, more, total = submissions.findings(request.shown[Resource.DISPATCH], cursor, limit)
    return {"items": items, "next": more, "total": total}


@endpoint(
    "GET",
    "/submissions/{str:submission_id}/documents",
    name="api-submission-documents",
    summary="申請・通知の書類",
    scope=Scope.READ,
    rights=(Right.APPLICATIONS,),
    answers={200: shapes.Documents},
    shows=Resource.DISPATCH,
)
def show_submission_documents(request: HttpRequest, submission_id: SubmissionId) -> Any:
    """受付票、モニタリスト、検出事項一覧です。"""
    items = papers.of_a_submission(
        _user(request), submissions.submission_id(request.shown[Resource.DISPATCH])
    )
    return {"items": items, "next": None}


@endpoint(
    "POST",
    "/checks",
    name="api-checks",
    summary="送信前に事前チェックする",
    scope=Scope.SEND,
    access=Access.APPLICANT,
    answers={202: shapes.CheckAsked},
    refusals=(413,),
    large=True,
)
def ask_check(request: HttpRequest, form: Form[shapes.CheckForm], file: File[UploadedFile]) -> Any:
    """ファイルを、申請したときと同じように検査し、いま送信した場合の保険料を計算します。何も送信されません。

    検査は順番に行われます。結果は check_id で受け取ってください。ファイルと結果は翌日以降に消えます。
    """
    row = handing_in.check(request.caller, file, form)
    response = HttpResponse(
        handing_in.as_json({"check_id": row.pk, "state": row.state}),
        status=202,
        content_type="application/json",
    )
    response.headers["Location"] = f"/api/v1/checks/{row.pk}"
    return response


@endpoint(
    "GET",
    "/checks/{str:check_id}",
    name="api-check",
    summary="事前チェックの結果",
    scope=Scope.SEND,
    access=Access.APPLICANT,
    answers={200: shapes.Check},
    shows=Resource.JOB,
)
def show_check(request: HttpRequest, check_id: CheckId) -> Any:
    """state が done になると、検出事項と保険料があります。failed のときは message に理由があります。"""
    return handing_in.told_of_check(request.shown[Resource.JOB])


@endpoint(
    "GET",
    "/documents",
    name="api-documents",
    summary="書類の一覧",
    scope=Scope.READ,
    rights=(Right.DATA, Right.APPLICATIONS),
    answers={200: shapes.Documents},
)
def list_documents(
    request: HttpRequest,
    kind: Annotated[shapes.DocumentKind | None, Query(None, description="種類")],
    start: Annotated[date | None, Query(None, alias="from", description="作成日（この日から）")],
    end: Annotated[date | None, Query(None, alias="to", description="作成日（この日まで）")],
    cursor: Cursor,
    limit: Limit,
) -> Any:
    """いま受け取れる書類を新しい順に返します。

    申請・通知の書類には申込データ参照の権限、照合台帳・確定台帳・提供データなどには情報データ参照の権限
    （対象特約のみの場合は、その特約のもの）が必要です。権限のないものは含まれません。
    """
    items, more = papers.found(
        _user(request), kind=kind, start=_sane(start), end=_sane(end), after=cursor, limit=limit
    )
    return {"items": items, "next": more}


@endpoint(
    "GET",
    "/documents/{str:document_id}",
    name="api-document",
    summary="書類を受け取る",
    scope=Scope.READ,
    rights=(Right.DATA, Right.APPLICATIONS),
    answers={200: None},
    extra={"responses": BINARY},
    shows=Resource.DOCUMENT,
)
def fetch_document(request: HttpRequest, document_id: DocumentId) -> Any:
    """書類のファイルです。提供データの受取りは、アクセス履歴に[8-1]として残ります。"""
    row = request.shown[Resource.DOCUMENT]
    tag = quote_etag(row.sha256)
    if tag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers={"ETag": tag})
    stream, name = papers.opened(_user(request), request.caller.token, row)
    response: FileResponse = download(stream, name)
    response.headers["ETag"] = tag
    response.headers["Last-Modified"] = http_date(row.created_at.timestamp())
    return response


declare_all()
