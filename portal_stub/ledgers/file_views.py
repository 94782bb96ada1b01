"""作成済台帳ファイルリスト with 「ダウンロード」 and 「リスト更新」. Seed 000 ch. 9 §4-1 D, §4-3; D-032 to D-036, P-033 to P-035."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub.access import Access, Right, page
from portal_stub.history.recording import audit
from portal_stub.jobs import rules as jobs
from portal_stub.ledgers import ledger_files, listing
from portal_stub.ledgers.common import function_named
from portal_stub.ledgers.functions import LedgerFunction
from portal_stub.pages.answers import download
from portal_stub.pages.paging import paged
from portal_stub.visibility.judging import whole
from portal_stub.visibility.resources import Resource


@page(
    "ledger-files",
    "ledger/<str:product>/files/",
    chapter="9章3-2・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
)
def files(request: HttpRequest, product: str) -> HttpResponse:
    """The user's files of a function; one that is being made cannot be downloaded yet (P-035)."""
    return _list(request, function_named(product))


@page(
    "ledger-files-now",
    "ledger/<str:product>/files-now/",
    chapter="9章3-2・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    passive=True,
)
def files_now(request: HttpRequest, product: str) -> HttpResponse:
    """The same, asked for by the page itself while something is being made."""
    return _list(request, function_named(product))


def _list(request: HttpRequest, function: LedgerFunction) -> HttpResponse:
    shown = paged(ledger_files.made(request.user, function), request.GET.get("page"), listing.PER_PAGE)
    rows = [(row, jobs.place(row)) for row in whole(Resource.JOB, request.user, shown)]
    query = request.GET.urlencode()
    context = {
        "function": function,
        "page": shown,
        "rows": rows,
        "query": query,
        "url": reverse("ledger-files", args=[function.key]) + (f"?{query}" if query else ""),
        "unfinished": any(not row.is_over for row, _ in rows),
        "days": ledger_files.LIVES_DAYS - 1,
    }
    return render(request, "ledgers/files.html", context)


def _file(request: HttpRequest, product: str) -> ledger_files.Job:
    found: ledger_files.Job = request.shown[Resource.JOB]
    if found.kind != ledger_files.KIND or found.parameters["product"] != function_named(product).key:
        raise Http404
    return found


@page(
    "ledger-file",
    "ledger/<str:product>/files/<str:file_id>/",
    chapter="9章3-2・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    shows=Resource.JOB,
)
def file(request: HttpRequest, product: str, file_id: str) -> HttpResponse | FileResponse:
    """「ダウンロード」."""
    row = _file(request, product)
    try:
        stream = jobs.opened(row)
    except jobs.NoFile as reason:
        raise Http404 from reason
    audit(request.user.login_id, "ledger-file-read", row.pk)
    return download(stream, row.file_name)


@page(
    "ledger-file-drop",
    "ledger/<str:product>/files/<str:file_id>/drop/",
    methods=("POST",),
    chapter="9章3-2・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    shows=Resource.JOB,
)
def drop(request: HttpRequest, product: str, file_id: str) -> HttpResponse:
    """Takes a file out of the list."""
    jobs.remove(_file(request, product))
    return redirect("ledger-files", product=product)
