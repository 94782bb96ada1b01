"""Web申込状況一覧 and what is behind a Web申込番号. Seed 000 ch. 4; group H."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal_stub.access import Access, Right, page
from portal_stub.history.recording import record
from portal_stub.hours import Hours
from portal_stub.pages.answers import pdf
from portal_stub.pages.paging import paged
from portal_stub.procedures import rules, searching
from portal_stub.procedures.declaration import NotEligible
from portal_stub.procedures.models import Application, State
from portal_stub.procedures.papers import content_of, cover_sheet_of
from portal_stub.procedures.registry import PROCEDURES
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource


@page(
    "applications",
    "applications/",
    chapter="4章1",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
)
def applications(request: HttpRequest) -> HttpResponse:
    """The list with its conditions, 20 rows a page (H-001 to H-010)."""
    asked = set(searching.SearchForm.base_fields) & set(request.GET)
    form = searching.SearchForm(request.GET if asked else None)
    holds = not asked or form.is_valid()
    order = request.GET.get("sort", "")
    order = order if order in searching.ORDERS else searching.INITIAL_ORDER
    rows = searching.shown(seen(Resource.LISTED_APPLICATION, request.user))
    if not holds:
        rows = rows.none()
    found = paged(
        searching.search(rows, form.cleaned_data if asked and holds else {}, order),
        request.GET.get("page"),
        searching.PER_PAGE,
    )
    for row in found:
        row.procedure_title = PROCEDURES[row.procedure].title
        row.has_notice = row.state == State.COMPLETE and PROCEDURES[row.procedure].notice is not None
        row.deletable = rules.may_delete(request.user, row)
    if not {"page", "sort"} & set(request.GET):
        record(request.user, "1-4")
    context = {"form": form, "rows": found, "order": order, "searched": bool(asked)}
    return render(request, "procedures/list.html", context, status=200 if holds else 422)


@page(
    "application",
    "applications/<str:number>/",
    chapter="4章2",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    hours=Hours.CONTRACT,
    shows=Resource.LISTED_APPLICATION,
)
def application(request: HttpRequest, number: str) -> HttpResponse:
    """Behind a Web申込番号: an open one goes on at its check page, others are shown (H-027, H-031, H-036)."""
    row = request.shown[Resource.LISTED_APPLICATION]
    procedure = PROCEDURES[row.procedure]
    if row.is_open and rules.may_continue(request.user, row) and _may_use(request, row):
        return redirect(f"{row.procedure}-check", token=row.token)
    separate = procedure.separate.said(row) if procedure.separate else ()
    context = {
        "application": row,
        "procedure": procedure,
        "documents": list(row.documents.all()),
        "acts": [
            act
            for act in row.acts.all()
            if act.what in {"applied", "ask-again", "cancel", "complete", "review"}
        ],
        "separate": separate if row.applied_at else (),
        "reusable": row.state == State.CANCELLED and _may_use(request, row),
        "deletable": rules.may_delete(request.user, row),
        "has_notice": row.state == State.COMPLETE and row.notice is not None,
    }
    return render(request, "procedures/application.html", context)


def _may_use(request: HttpRequest, row: Application) -> bool:
    """Whether the user may use the procedure at all."""
    access = PROCEDURES[row.procedure].access
    return bool(request.user.is_administrator if access is Access.ADMINISTRATOR else request.user.may_enter)


@page(
    "application-content",
    "applications/<str:number>/content.pdf",
    chapter="4章2",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    hours=Hours.CONTRACT,
    shows=Resource.LISTED_APPLICATION,
)
def application_content(request: HttpRequest, number: str) -> HttpResponse:
    """申込内容 to print."""
    row = request.shown[Resource.LISTED_APPLICATION]
    return pdf(content_of(row), f"{row.number}_content")


@page(
    "application-notice",
    "applications/<str:number>/notice.pdf",
    chapter="4章5",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    shows=Resource.LISTED_APPLICATION,
)
def application_notice(request: HttpRequest, number: str) -> HttpResponse:
    """通知書, any number of times while the row exists (H-020 to H-022)."""
    row = request.shown[Resource.LISTED_APPLICATION]
    if row.state != State.COMPLETE or row.notice is None:
        raise Http404
    record(request.user, "1-5")
    return pdf(bytes(row.notice), f"{row.number}_notice")


@page(
    "application-cover",
    "applications/<str:number>/cover.pdf",
    chapter="7章3",
    access=Access.USER,
    otp=False,
    shows=Resource.COVER,
)
def application_cover(request: HttpRequest, number: str) -> HttpResponse:
    """「送付状を印刷する」 (K-038); for who applied also without the right to see the list."""
    row = request.shown[Resource.COVER]
    try:
        return pdf(cover_sheet_of(row), f"{row.number}_cover")
    except ValueError as nothing:
        raise Http404 from nothing


@page(
    "application-reuse",
    "applications/<str:number>/reuse/",
    methods=("POST",),
    chapter="4章3",
    access=Access.APPLICANT,
    otp=True,
    right=Right.APPLICATIONS,
    hours=Hours.CONTRACT,
    shows=Resource.LISTED_APPLICATION,
)
def application_reuse(request: HttpRequest, number: str) -> HttpResponse:
    """別の申込みへ: a closed application's answers in a new one, with a new number (H-032)."""
    row = request.shown[Resource.LISTED_APPLICATION]
    if row.state != State.CANCELLED or not _may_use(request, row):
        raise Http404
    procedure = PROCEDURES[row.procedure]
    try:
        fresh = rules.start(request.user, procedure, row.subject, copied=row)
    except NotEligible as reason:
        context = {"procedure": procedure, "reason": str(reason)}
        return render(request, "procedures/not_eligible.html", context, status=409)
    return redirect(f"{procedure.key}-check", token=fresh.token)


@page(
    "application-delete",
    "applications/<str:number>/delete/",
    methods=("GET", "POST"),
    chapter="4章6",
    access=Access.APPLICANT,
    otp=True,
    right=Right.APPLICATIONS,
    shows=Resource.LISTED_APPLICATION,
)
def application_delete(request: HttpRequest, number: str) -> HttpResponse:
    """「削除」: the question, then the deed (H-034, H-035)."""
    row = request.shown[Resource.LISTED_APPLICATION]
    if not rules.may_delete(request.user, row):
        raise Http404
    if request.method == "POST":
        try:
            rules.delete(request.user, row)
        except rules.Closed:
            return redirect("application", number=number)
        return redirect("applications")
    return render(
        request, "procedures/delete.html", {"application": row, "procedure": PROCEDURES[row.procedure]}
    )


@page(
    "application-user",
    "applications/users/<str:login_id>/",
    chapter="4章2",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    shows=Resource.COLLEAGUE,
)
def application_user(request: HttpRequest, login_id: str) -> HttpResponse:
    """Webユーザー behind a ユーザーID of the list (H-012)."""
    return render(request, "procedures/user.html", {"person": request.shown[Resource.COLLEAGUE]})
