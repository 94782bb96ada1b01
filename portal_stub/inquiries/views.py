"""The pages of 各種情報照会 for users: changes of ratings, data of contracts and losses, lists of claims. Seed 000 ch. 5.

海外商社情報照会 is the search of ``buyers``. The desk's pages are in ``desk_views``.
"""

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub import clock
from portal_stub.access import Access, Right, page
from portal_stub.accounts.choosing import holder_choice
from portal_stub.buyers.models import RATINGS, Buyer, Country
from portal_stub.csv_rows import MARK, csv_line
from portal_stub.desk.steps import once
from portal_stub.feed.models import RatingChange
from portal_stub.inquiries import rules
from portal_stub.inquiries.conditions import Conditions
from portal_stub.inquiries.forms import ContractsForm, KindForm, LossesForm, RatingChangesForm
from portal_stub.inquiries.kinds import KINDS
from portal_stub.jobs import rules as jobs
from portal_stub.jobs.models import Job
from portal_stub.pages.answers import download
from portal_stub.pages.paging import paged
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource

BOTH = ("GET", "POST")
_TOLD = {"asked": "データの作成を受け付けました。作成が終わると「ダウンロード」が表示されます。"}


# ---------------------------------------------------------------------------------------------- changes of ratings
@page("rating-changes", "rating-changes/", chapter="5章1", access=Access.USER, otp=False)
def rating_changes(request: HttpRequest) -> HttpResponse:
    """海外商社格付変更一覧: of the last twelve months, newest first (I-003, I-004)."""
    form = RatingChangesForm(request.GET)
    valid = form.is_valid()
    found = _changes(form) if valid else RatingChange.objects.none()
    shown = paged(found, request.GET.get("page"))
    context = {
        "form": form,
        "page": shown,
        "rows": list(_named(shown)),
        "first_day": RatingChangesForm.first_day(),
        "countries": Country.objects.exclude(name=""),
        "query": urlencode({name: request.GET.get(name, "") for name in form.fields}),
        "url": request.get_full_path(),
    }
    return render(request, "inquiries/rating_changes.html", context, status=200 if valid else 422)


@page("rating-changes-file", "rating-changes/file/", chapter="5章1", access=Access.USER, otp=False)
def rating_changes_file(request: HttpRequest) -> HttpResponse:
    """The same as CSV: UTF-8 with BOM, CRLF (I-004)."""
    form = RatingChangesForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('rating-changes')}?{request.GET.urlencode()}")
    name = f"rating_changes_{clock.today():%Y%m%d}.csv"
    return StreamingHttpResponse(
        _changes_csv(form),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _changes(form: Any) -> Any:
    """The changes that are asked for; those to come are not shown before their day."""
    wanted, first = form.cleaned_data, form.first_day()
    found = RatingChange.objects.filter(
        valid_from__gte=max(wanted["since"] or first, first),
        valid_from__lte=min(wanted["until"] or clock.today(), clock.today()),
    )
    if wanted["country"] is not None:
        found = found.filter(code__in=Buyer.objects.filter(country__in=wanted["country"]).values("code"))
    if wanted["code"]:
        found = found.filter(code__startswith=wanted["code"])
    return found


def _named(changes: Any) -> Iterator[tuple[Any, Any]]:
    """The changes with their buyers, None for one that the 海外商社名簿 does not tell of."""
    rows = list(changes)
    codes = {row.code for row in rows}
    buyers = {row.code: row for row in Buyer.objects.filter(code__in=codes).select_related("country")}
    for row in rows:
        yield row, buyers.get(row.code)


def _changes_csv(form: Any) -> Iterator[bytes]:
    words = dict(RATINGS)
    heads = ["効力発生日", "バイヤーコード", "バイヤー名称", "国コード", "所在国"]
    heads += ["変更前の格付", "変更前の格付の説明", "変更後の格付", "変更後の格付の説明"]
    yield MARK + csv_line(heads)
    found = _changes(form)
    for start in range(0, found.count(), 500):
        for row, buyer in _named(found[start : start + 500]):
            country = (buyer.country_id, buyer.country.name) if buyer else ("", "")
            cells = [f"{row.valid_from:%Y/%m/%d}", row.code, buyer.name if buyer else "", *country]
            cells += [row.former, words.get(row.former, ""), row.new, words.get(row.new, "")]
            yield csv_line(cells)


# ---------------------------------------------------------------------------------------------- data of contracts
@page(
    "contract-data",
    "contract-data/",
    methods=BOTH,
    chapter="5章3",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
)
def contract_data(request: HttpRequest) -> HttpResponse:
    """保険契約一覧 (A1, A3): conditions, and the files that were made earlier (I-006, I-008)."""
    choice = holder_choice(request)
    form = ContractsForm(request.POST) if request.method == "POST" else _again(request)
    if form.is_bound and form.is_valid():
        row = rules.search_contracts(request.user, choice.holder, form.conditions())
        return redirect("contract-search", job_id=row.pk)
    return _data_page(request, "contract-data", "保険契約一覧", choice, form)


def _again(request: HttpRequest) -> Any:
    """The form as it was filled in for an earlier search, so that a condition can be changed."""
    row = jobs.shown(request.user, "contract-search").filter(pk=request.GET.get("search", "")[:32]).first()
    return ContractsForm.again(Conditions.of(row.parameters)) if row else ContractsForm()


@page(
    "contract-search",
    "contract-data/search/<str:job_id>/",
    methods=BOTH,
    chapter="5章3",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    shows=Resource.JOB,
)
def contract_search(request: HttpRequest, job_id: str) -> HttpResponse:
    """保険契約一覧 (A2): the 保険種 for which data can be made, and 「データ作成」 (I-007, I-008)."""
    row = _own(request, "contract-search")
    context = _search_context(row, request.POST if request.method == "POST" else None)
    form = context["form"]
    if form.is_bound and form.is_valid() and once(request):
        wanted = Conditions.of(row.parameters | {"kind": form.cleaned_data["kind"]})
        rules.make_data(request.user, row.holder, "contract-data", wanted, once(request))
        return redirect(_done("contract-data", row.holder))
    return render(request, "inquiries/contract_search.html", context, status=422 if form.errors else 200)


@page(
    "contract-search-part",
    "contract-data/search/<str:job_id>/part/",
    chapter="5章3",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    passive=True,
    shows=Resource.JOB,
)
def contract_search_part(request: HttpRequest, job_id: str) -> HttpResponse:
    """The result of A2 alone, for a page that waits for it. ``?was=``: what it shows already."""
    return _part(request, "inquiries/parts_search.html", _search_context(_own(request, "contract-search")))


def _search_context(row: Any, typed: Any = None) -> dict[str, Any]:
    kinds = row.result.get("kinds", {}) if row.state == Job.State.DONE else {}
    choices = [
        (kind, f"{words}（{kinds[kind][0]:,}契約・{kinds[kind][1]:,}行）")
        for kind, words in KINDS.items()
        if kind in kinds
    ]
    place = jobs.place(row)
    return {
        "job": row,
        "place": place,
        "form": KindForm(choices, typed),
        "kinds": choices,
        "asked": Conditions.of(row.parameters).told("保険契約締結日"),
        "once": secrets.token_urlsafe(32),
        "url": reverse("contract-search", args=[row.pk]),
        "part": reverse("contract-search-part", args=[row.pk]),
        "digest": f"{row.state}-{place}",
        "back": f"{_at('contract-data', row.holder)}&{urlencode({'search': row.pk})}",
    }


@page(
    "contract-data-file",
    "contract-data/files/<str:job_id>/",
    chapter="5章3",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    shows=Resource.JOB,
)
def contract_data_file(request: HttpRequest, job_id: str) -> FileResponse:
    """「ダウンロード」 (I-009)."""
    return _file(request, "contract-data")


# ---------------------------------------------------------------------------------------------- data of losses
@page("loss-data", "loss-data/", methods=BOTH, chapter="5章4", access=Access.USER, otp=True, right=Right.DATA)
def loss_data(request: HttpRequest) -> HttpResponse:
    """事故概要情報検索 (A1, A2): conditions, 「データ作成」, and the files that were made (I-019)."""
    choice = holder_choice(request)
    form = LossesForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and once(request):
        rules.make_data(request.user, choice.holder, "loss-data", form.conditions(), once(request))
        return redirect(_done("loss-data", choice.holder))
    return _data_page(request, "loss-data", "事故概要情報検索", choice, form)


@page(
    "loss-data-file",
    "loss-data/files/<str:job_id>/",
    chapter="5章4",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    shows=Resource.JOB,
)
def loss_data_file(request: HttpRequest, job_id: str) -> FileResponse:
    """「ダウンロード」 (I-019)."""
    return _file(request, "loss-data")


@page(
    "contract-data-files",
    "contract-data/files/",
    chapter="5章3",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    passive=True,
)
def contract_data_files(request: HttpRequest) -> HttpResponse:
    """作成データ一覧 alone, for a page that waits for a file. ``?was=``: what it shows already."""
    context = _files_context(request, "contract-data", holder_choice(request).holder)
    return _part(request, "inquiries/parts_files.html", context)


@page(
    "loss-data-files",
    "loss-data/files/",
    chapter="5章4",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    passive=True,
)
def loss_data_files(request: HttpRequest) -> HttpResponse:
    """The same of losses."""
    context = _files_context(request, "loss-data", holder_choice(request).holder)
    return _part(request, "inquiries/parts_files.html", context)


def _part(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A part of a page; nothing when it would be the same again, so that nothing is read aloud twice."""
    if request.GET.get("was") == context["digest"]:
        return HttpResponse(status=204)
    return render(request, template, context)


def _data_page(request: HttpRequest, kind: str, title: str, choice: Any, form: Any) -> HttpResponse:
    context = _files_context(request, kind, choice.holder) | {
        "title": title,
        "kind": kind,
        "choice": choice,
        "form": form,
        "countries": Country.objects.exclude(name=""),
        "told": _TOLD.get(request.GET.get("done", ""), ""),
        "once": secrets.token_urlsafe(32),
    }
    return render(request, "inquiries/data.html", context, status=422 if form.errors else 200)


def _files_context(request: HttpRequest, kind: str, holder: Any) -> dict[str, Any]:
    day = "保険契約締結日" if kind == "contract-data" else "発生日"
    files = [(row, jobs.place(row)) for row in rules.files_of(request.user, kind, holder)]
    return {
        "files": [(row, Conditions.of(row.parameters).told(day), place) for row, place in files],
        "unfinished": any(not row.is_over for row, _ in files),
        "most": rules.MOST_FILES,
        "days": rules.LIVES_DAYS,
        "url": _at(kind, holder),
        "part": _at(f"{kind}-files", holder),
        "file_route": f"{kind}-file",
        "digest": "-".join(f"{row.pk[:6]}{row.state}{row.progress}.{place}" for row, place in files),
    }


def _file(request: HttpRequest, kind: str) -> FileResponse:
    row = _own(request, kind)
    try:
        return download(rules.open_file(request.user, row), row.file_name)
    except jobs.NoFile as reason:
        raise Http404 from reason


def _own(request: HttpRequest, kind: str) -> Any:
    """The job that the address names, as a page of this kind takes it."""
    row = request.shown[Resource.JOB]
    if row.kind != kind:
        raise Http404
    return row


def _at(route: str, holder: Any) -> str:
    """The page about a holder, also for who reads several of them."""
    return f"{reverse(route)}?{urlencode({'holder': holder.code})}"


def _done(route: str, holder: Any) -> str:
    return f"{_at(route, holder)}&done=asked#files"


# ---------------------------------------------------------------------------------------------- lists of claims
@page("claims-lists", "claims-lists/", chapter="5章5", access=Access.USER, otp=True, right=Right.DATA)
def claims_lists(request: HttpRequest) -> HttpResponse:
    """債権一覧表ダウンロード（プロジェクト一覧）: projects with a file, descending by code (I-023, I-026)."""
    choice = holder_choice(request)
    projects: dict[str, str] = {}
    for row in _claims(request, choice).order_by("-project", "-published_at"):
        projects.setdefault(row.project, row.project_name)
    listed = paged(list(projects.items()), request.GET.get("page"))
    context = {"choice": choice, "page": listed, "url": request.get_full_path()}
    return render(request, "inquiries/claims.html", context)


@page(
    "claims-project",
    "claims-lists/<str:project>/",
    chapter="5章5",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    shows=Resource.PROJECT,
)
def claims_project(request: HttpRequest, project: str) -> HttpResponse:
    """債権一覧表ダウンロード, a window of its own: the files of a project, descending by name (I-024)."""
    choice = holder_choice(request)
    files = list(_claims(request, choice).filter(project=project[:20]).order_by("-name", "-id"))
    if not files or files[0].project != project:
        raise Http404
    newest = max(files, key=lambda row: row.published_at)
    context = {
        "project": project,
        "name": newest.project_name,
        "files": files,
        "holder": choice.holder,
        "back": _at("claims-lists", choice.holder),
    }
    return render(request, "inquiries/claims_project.html", context)


@page(
    "claims-file",
    "claims-lists/<str:project>/<int:claims_id>/",
    chapter="5章5",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    shows=(Resource.PROJECT, Resource.CLAIMS),
)
def claims_file(request: HttpRequest, project: str, claims_id: int) -> FileResponse:
    """「債権一覧表ファイル名」 (I-025)."""
    row = request.shown[Resource.CLAIMS]
    if row.project != project or row.holder_id != holder_choice(request).holder.pk:
        raise Http404
    try:
        return download(rules.open_claims_file(request.user, row), row.name)
    except FileNotFoundError as reason:
        raise Http404 from reason


def _claims(request: HttpRequest, choice: Any) -> Any:
    """The files that the user may see of the chosen holder; a portal without the function has none (I-027)."""
    if not settings.PORTAL.claims_lists:
        raise Http404
    return seen(Resource.CLAIMS, request.user).filter(holder=choice.holder)
