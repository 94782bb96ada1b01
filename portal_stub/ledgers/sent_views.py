"""申請済一覧・通知済一覧, and one hand-in with all that became of it. Seed 000 ch. 9 §4-1 C, D, §4-3, §5-1.

What stands in the list is ``listing``; 「データ作成」 asks ``ledger_files``. Detailed ledger data are not shown but fetched as
台帳ファイル (P-038).
"""

from collections.abc import Iterator

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render

from portal_stub import clock
from portal_stub.access import Access, Right, page
from portal_stub.csv_rows import MARK, csv_line
from portal_stub.feed.models import MOST_FINDINGS, Submission
from portal_stub.feed.views import DOCUMENTS
from portal_stub.history.recording import audit
from portal_stub.ledgers import documents, ledger_files, listing
from portal_stub.ledgers.common import answered, function_named
from portal_stub.ledgers.forms import SentSearch
from portal_stub.ledgers.functions import LedgerFunction
from portal_stub.pages.paging import paged
from portal_stub.visibility.resources import Resource

BOTH = ("GET", "POST")
FIRST_FINDINGS = 20


@page(
    "ledger-sent",
    "ledger/<str:product>/sent/",
    methods=BOTH,
    chapter="9章3-2・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
)
def sent(request: HttpRequest, product: str) -> HttpResponse:
    """Uploaded files with their status (P-032, P-036, P-037, A-014, B-007); 「データ作成」 for what is selected."""
    return _list(request, function_named(product), entries=False)


@page(
    "ledger-sent-entries",
    "ledger/<str:product>/sent-entries/",
    methods=BOTH,
    chapter="9章3-1・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
)
def sent_entries(request: HttpRequest, product: str) -> HttpResponse:
    """The same for what was typed in (P-036); 消費財包括保険 has no such list (A-003)."""
    function = function_named(product)
    if not function.typed:
        raise Http404
    return _list(request, function, entries=True)


def _list(request: HttpRequest, function: LedgerFunction, *, entries: bool) -> HttpResponse:
    chosen = request.POST.getlist("chosen")[: ledger_files.MOST_CHOSEN]
    if request.method == "POST" and chosen:
        rows = [row for key in chosen if (row := _find(request, function, key))]
        if rows:
            ledger_files.ask(request.user, function, rows)
            return redirect("ledger-files", product=function.key)
    now = clock.now()
    form = SentSearch(function, request.GET)
    holds = form.is_valid()
    keys = listing.sent(
        request.user, function, entries=entries, now=now, wanted=form.cleaned_data if holds else {}
    )
    shown = paged(keys if holds else keys.none(), request.GET.get("page"), listing.PER_PAGE)
    context = {
        "function": function,
        "entries": entries,
        "form": form,
        "searched": any(request.GET.get(name) for name in form.fields),
        "page": shown,
        "rows": listing.rows_of([key for key, _ in shown], now),
        "nothing_chosen": request.method == "POST",
        "most": ledger_files.MOST_CHOSEN,
    }
    return render(
        request, "ledgers/sent.html", context, status=200 if holds and request.method == "GET" else 422
    )


def _find(request: HttpRequest, function: LedgerFunction, key: str) -> listing.Row | None:
    return listing.find(request.user, function.key, key, clock.now())


def _named(request: HttpRequest, function: LedgerFunction) -> listing.Row:
    """The hand-in that the address names; of another function it does not exist."""
    found = request.shown[Resource.HAND_IN]
    if found.product != function.key:
        raise Http404
    [row] = listing.rows_of([found.pk], clock.now())
    return row


@page(
    "ledger-submission",
    "ledger/<str:product>/sent/<str:key>/",
    methods=BOTH,
    chapter="9章3-2・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    shows=Resource.HAND_IN,
)
def submission(request: HttpRequest, product: str, key: str) -> HttpResponse:
    """One hand-in: how it stands, the first findings, its papers. Sent, it asks for its 台帳ファイル."""
    function = function_named(product)
    row = _named(request, function)
    if request.method == "POST":
        ledger_files.ask(request.user, function, [row])
        return redirect("ledger-files", product=function.key)
    told = row.submission
    findings = list(told.findings.all()[:FIRST_FINDINGS]) if told else []
    for one in findings:
        one.label = function.layout.labels.get(one.field, "")
    papers = documents.of_submission(request.user, told) if told else []
    context = {
        "function": function,
        "row": row,
        "findings": findings,
        "papers": [(paper, DOCUMENTS.get(paper.kind, paper.kind)) for paper in papers],
    }
    return render(request, "ledgers/submission.html", context)


@page(
    "ledger-findings",
    "ledger/<str:product>/sent/<str:key>/findings.csv",
    chapter="9章3-2・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    shows=Resource.HAND_IN,
)
def findings(request: HttpRequest, product: str, key: str) -> HttpResponse | FileResponse:
    """All findings as CSV: 検出事項一覧 while it is provided; else those that are kept here (A-027)."""
    row = _named(request, function_named(product))
    told = row.submission
    if told is None or not told.findings_total:
        raise Http404
    report = documents.of_submission(request.user, told).filter(kind="findings_report").first()
    if report is not None:
        return answered(request, report)
    return StreamingHttpResponse(
        _findings_csv(told),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{told.pk}_findings.csv"'},
    )


def _findings_csv(told: Submission) -> Iterator[bytes]:
    """UTF-8 with BOM and CRLF, as spreadsheets open it; it says so itself when it is not all."""
    yield MARK + csv_line(["件", "行", "セル", "項目", "コード", "区分", "内容", "入力値"])
    for one in told.findings.iterator(chunk_size=MOST_FINDINGS):
        severity = "エラー" if one.severity == "error" else "警告"
        place = (one.record, one.line, one.cell, one.field, one.code, severity)
        yield csv_line([*place, one.message, one.value])
    if told.findings_total > MOST_FINDINGS:
        yield csv_line(
            ["", "", "", "", "", "", f"先頭の{MOST_FINDINGS:,}件（全{told.findings_total:,}件）", ""]
        )


@page(
    "ledger-submission-document",
    "ledger/<str:product>/sent/<str:key>/documents/<str:document_id>/",
    chapter="9章3-2・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    shows=(Resource.HAND_IN, Resource.DOCUMENT),
)
def submission_document(
    request: HttpRequest, product: str, key: str, document_id: str
) -> HttpResponse | FileResponse:
    """A paper of a hand-in, stored or shown."""
    row = _named(request, function_named(product))
    if row.submission is None:
        raise Http404
    found = request.shown[Resource.DOCUMENT]
    if found.submission_id != row.submission.pk:
        raise Http404
    reply = answered(request, found)
    audit(request.user.login_id, "document-read", found.pk)
    return reply
