"""The desk's pages about uploads and reference tables. They read the read model; what is decided is ``asking``."""

import re
import secrets
from pathlib import PurePosixPath
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal_stub import clock
from portal_stub.access import Access, has_role, page
from portal_stub.accounts.models import StaffRole
from portal_stub.feed import asking, papers
from portal_stub.feed.forms import PRODUCTS, DecisionForm, ReasonForm, TablesForm, UploadSearch, known_tables
from portal_stub.feed.models import MOST_FINDINGS, DeskRequest, Document, Policyholder, Submission
from portal_stub.history.recording import audit
from portal_stub.pages.answers import download
from portal_stub.pages.paging import paged
from schemas.desk import Wish

BOTH = ("GET", "POST")
FINDINGS_PER_PAGE = 100
_ONCE = re.compile(r"[\w-]{1,43}", re.ASCII)
CHANNELS = {"cli": "コマンド", "drop": "受付フォルダ", "portal": "ポータル"}
DOCUMENTS = {
    "receipt": "受付票",
    "monitor_list": "モニタリスト",
    "findings_report": "検出事項一覧",
    "reconciliation_ledger": "照合台帳",
    "difference_list": "差異一覧",
    "confirmed_ledger": "確定台帳",
    "premium_statement": "保険料計算書",
    "invoice": "保険料請求書",
    "provided_data": "提供データ",
    "ledger_file": "台帳ファイル",
    "shipment_statement_check": "船積通知明細書（照合用）",
    "shipment_statement": "船積通知明細書",
    "finance_premiums": "経理データ",
}


@page("desk-uploads", "desk/uploads/", chapter="-", access=Access.STAFF, otp=False)
def uploads(request: HttpRequest) -> HttpResponse:
    """All uploads, newest first, by any conditions."""
    form = UploadSearch(request.GET)
    now = clock.now()
    rows = Submission.objects.defer("remarks", "hold_reason")
    valid = form.is_valid()
    if valid:
        wanted = form.cleaned_data
        if wanted["held"]:
            rows = rows.filter(held=True)
        if wanted["status"]:
            rows = rows.in_status(wanted["status"], now)
        for name, condition in (
            ("product", "product"),
            ("holder", "holder"),
            ("start", "acceptance_date__gte"),
            ("end", "acceptance_date__lte"),
        ):
            if wanted[name]:
                rows = rows.filter(**{condition: wanted[name]})
    shown = paged(rows if valid else rows.none(), request.GET.get("page"))
    names = _holder_names(row.holder for row in shown)
    listed = [(row, *_words(row, now), names.get(row.holder, "")) for row in shown]
    context = {"form": form, "page": shown, "listed": listed, "url": request.get_full_path()}
    return render(request, "feed/uploads.html", context, status=200 if valid else 422)


def _words(row: Submission, now: Any) -> tuple[str, str]:
    return PRODUCTS.get(row.product, row.product), str(row.status_at(now))


def _holder_names(codes: Any) -> dict[str, str]:
    return dict(Policyholder.objects.filter(pk__in=set(codes)).values_list("code", "name"))


def _submission(submission_id: str) -> Submission:
    found: Submission | None = Submission.objects.filter(pk=submission_id[:20]).first()
    if found is None or found.pk != submission_id:
        raise Http404
    return found


@page("desk-upload", "desk/uploads/<str:submission_id>/", chapter="-", access=Access.STAFF, otp=False)
def upload(request: HttpRequest, submission_id: str) -> HttpResponse:
    """One upload: what is known of it, what was found, what was made of it, what was asked about it."""
    row, now = _submission(submission_id), clock.now()
    product, status = _words(row, now)
    documents = [
        (
            paper,
            DOCUMENTS.get(paper.kind, paper.kind),
            _is_over(paper, now),
        )
        for paper in Document.objects.filter(submission_id=submission_id)
    ]
    requests = list(DeskRequest.objects.filter(subject=submission_id))
    waits = any(one.state == DeskRequest.State.WAITING for one in requests)
    context = {
        "row": row,
        "product": product,
        "status": status,
        "channel": CHANNELS.get(row.channel, row.channel),
        "holder_name": _holder_names([row.holder]).get(row.holder, ""),
        "findings": paged(row.findings.all(), request.GET.get("page"), FINDINGS_PER_PAGE),
        "most": MOST_FINDINGS,
        "documents": documents,
        "requests": requests,
        "waits": waits,
        "may_decide": row.held and not waits and has_role(request.user, StaffRole("operator")),
        "blocked": bool(row.waits_for)
        and not row.verdict
        and Submission.objects.filter(pk=row.waits_for, held=True).exists(),
        "url": request.get_full_path(),
    }
    return render(request, "feed/upload.html", context)


def _is_over(paper: Document, now: Any) -> bool:
    return paper.removed or (paper.expires_at is not None and paper.expires_at <= now)


@page(
    "desk-upload-document",
    "desk/uploads/<str:submission_id>/documents/<str:document_id>/",
    chapter="-",
    access=Access.STAFF,
    otp=False,
)
def upload_document(request: HttpRequest, submission_id: str, document_id: str) -> FileResponse:
    """A document that was made of an upload, as long as it is provided; reading it is in the log."""
    rows = Document.objects.obtainable_at(clock.now())
    row = rows.filter(pk=document_id[:200], submission_id=submission_id[:20]).first()
    if row is None or not submission_id:
        raise Http404
    try:
        stream = papers.opened(row.path)
    except papers.NoFile as reason:
        raise Http404 from reason
    audit(request.user.login_id, "upload-document-read", submission_id, document=row.pk)
    name = PurePosixPath(row.path).name
    return download(stream, name)


@page(
    "desk-upload-decide",
    "desk/uploads/<str:submission_id>/decide/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def decide(request: HttpRequest, submission_id: str) -> HttpResponse:
    """保留の決定: entry, check, and back to the upload, which tells how the request stands."""
    row, step = _submission(submission_id), request.POST.get("step", "")
    once = str(request.POST.get("once", ""))
    form = DecisionForm(request.POST if request.method == "POST" and step != "edit" else None)
    if step == "edit":
        form = DecisionForm(initial={name: request.POST.get(name, "") for name in DecisionForm.base_fields})
    context = {"row": row, "form": form, "product": PRODUCTS.get(row.product, row.product)}
    if form.is_bound and form.is_valid() and step == "confirm" and _ONCE.fullmatch(once):
        wanted = form.cleaned_data
        try:
            asking.decide(request.user, submission_id, wanted["wish"], wanted["reason"], once)
        except asking.NothingToDecide:
            return render(request, "feed/decide_closed.html", context, status=409)
        return redirect("desk-upload", submission_id=submission_id)
    if not row.held or asking.under_way(submission_id) is not None:
        return render(request, "feed/decide_closed.html", context, status=409)
    if form.is_bound and form.is_valid():
        context["once"] = secrets.token_urlsafe(32)
        return render(request, "feed/decide_check.html", context)
    return render(request, "feed/decide.html", context, status=422 if form.errors else 200)


@page(
    "desk-tables",
    "desk/tables/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.SUPERVISOR,
)
def tables(request: HttpRequest) -> HttpResponse:
    """参照表: upload of files, and the loads of the past with their answers."""
    form = TablesForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = TablesForm(request.POST, request.FILES)
        if form.is_valid():
            files = {name: _pieces(file) for name, file in form.cleaned_data["files"].items()}
            draft = asking.keep_draft(request.user, files, [looked.shown() for looked in form.looked])
            return redirect("desk-tables-check", request_id=draft.pk)
    loads = DeskRequest.objects.filter(kind=Wish.TABLES).exclude(state=DeskRequest.State.DRAFT)
    context = {
        "form": form,
        "known": known_tables(),
        "page": paged(loads, request.GET.get("page")),
        "url": request.get_full_path(),
    }
    return render(request, "feed/tables.html", context, status=422 if form.errors else 200)


def _pieces(file: Any) -> Any:
    file.seek(0)
    return file.chunks()


@page(
    "desk-tables-check",
    "desk/tables/<str:request_id>/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.SUPERVISOR,
)
def tables_check(request: HttpRequest, request_id: str) -> HttpResponse:
    """What was uploaded, why it is loaded, and sending; a sent one tells how it stands."""
    row = DeskRequest.objects.filter(pk=request_id[:32], kind=Wish.TABLES).first()
    if row is None or row.pk != request_id:
        raise Http404
    draft = row.state == DeskRequest.State.DRAFT
    if draft and row.login_id != request.user.login_id:
        raise Http404
    form = ReasonForm()
    if request.method == "POST":
        if request.POST.get("step") == "drop":
            asking.drop_draft(request.user, request_id)
            return redirect("desk-tables")
        form = ReasonForm(request.POST)
        if not draft:
            return redirect("desk-tables-check", request_id=request_id)
        if form.is_valid():
            if asking.send_draft(request.user, request_id, form.cleaned_data["reason"]):
                return redirect("desk-tables-check", request_id=request_id)
            form.add_error(None, "読み込んだファイルの保存期限が切れました。ファイルを選び直してください。")
    context = {"row": row, "draft": draft, "form": form}
    return render(request, "feed/tables_check.html", context, status=422 if form.errors else 200)
