"""各種情報照会 at the desk: contracts on paper and losses are brought in as CSV, lists of claims are put in and withdrawn."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from portal_stub.access import Access, page
from portal_stub.accounts.models import Holder, StaffRole
from portal_stub.desk.forms import ReasonForm
from portal_stub.desk.steps import done, question, told
from portal_stub.inquiries import rules
from portal_stub.inquiries.bringing import KEYS, LAYOUTS, TITLES, VERSION
from portal_stub.inquiries.finding import STAGES
from portal_stub.inquiries.forms import BringForm, ClaimsForm
from portal_stub.inquiries.kinds import KINDS
from portal_stub.inquiries.models import Bringing, ClaimsFile
from portal_stub.pages.paging import paged

BOTH = ("GET", "POST")
_ROUTES = {"contracts": "desk-paper-contracts", "losses": "desk-losses"}
_SHOWN = 10


@page(
    "desk-paper-contracts",
    "desk/paper-contracts/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def paper_contracts(request: HttpRequest) -> HttpResponse:
    """書面の保険契約: upload of a CSV, and what was brought in before (I-005)."""
    return _bring(request, "contracts")


@page(
    "desk-losses",
    "desk/losses/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def losses(request: HttpRequest) -> HttpResponse:
    """事故: the same (I-021)."""
    return _bring(request, "losses")


def _bring(request: HttpRequest, kind: str) -> HttpResponse:
    form = BringForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    problems: list[str] = []
    more = 0
    if form.is_bound and form.is_valid():
        draft, judged = rules.keep_draft(request.user, kind, form.cleaned_data["file"])
        if draft is not None:
            return redirect("desk-bringing", draft.pk)
        problems, more = judged.problems, judged.more
    context = {
        "title": f"{TITLES[kind]}の取込",
        "form": form,
        "problems": problems,
        "more": more,
        "columns": LAYOUTS[kind],
        "keys": "・".join(column.label for column in LAYOUTS[kind] if column.name in KEYS[kind]),
        "version": VERSION,
        "told": told(request),
        "page": paged(Bringing.objects.filter(kind=kind), request.GET.get("page")),
        "url": request.get_full_path(),
    }
    status = 422 if problems or form.errors else 200
    return render(request, "inquiries/desk_bring.html", context, status=status)


@page(
    "desk-bringing",
    "desk/inquiry-data/<str:bringing_id>/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def bringing(request: HttpRequest, bringing_id: str) -> HttpResponse:
    """What stands in a file, why it is taken over, and taking it over; one that is over tells how it ended."""
    row = Bringing.objects.filter(pk=bringing_id[:32]).first()
    if row is None or row.pk != bringing_id:
        raise Http404
    draft, back = row.state == Bringing.State.DRAFT, _ROUTES[row.kind]
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and request.POST.get("step") == "drop":
        rules.drop_draft(request.user, row)
        return done("inquiry-dropped", back)
    if form.is_bound and draft and form.is_valid():
        try:
            rules.take_draft(request.user, row, form.cleaned_data["reason"])
        except rules.Stale:
            form.add_error(
                None,
                "アップロードの後に登録内容が変わり、反映できなくなりました。"
                "取りやめて、もう一度アップロードしてください。",
            )
        else:
            return done("inquiry-taken", back)
    elif form.is_bound and not draft:
        return redirect("desk-bringing", row.pk)
    rows = rules.judged_again(row).rows if draft else []
    context = {
        "row": row,
        "draft": draft,
        "form": form,
        "title": TITLES[row.kind],
        "back": reverse(back),
        "columns": LAYOUTS[row.kind],
        "rows": [_words(row.kind, one) for one in rows[:_SHOWN]],
        "holders": _holders(rows),
    }
    return render(request, "inquiries/desk_bringing.html", context, status=422 if form.errors else 200)


def _words(kind: str, row: dict[str, Any]) -> list[str]:
    """The values of a row as the file's columns have them."""
    words = []
    for column in LAYOUTS[kind]:
        value = row[column.name]
        if isinstance(value, bool):
            words.append("1" if value else "0")
        elif column.name in {"kind", "stage"}:
            words.append((KINDS | STAGES)[value])
        elif hasattr(value, "strftime"):
            words.append(f"{value:%Y/%m/%d}")
        elif isinstance(value, int):
            words.append(f"{value:,}")
        else:
            words.append("" if value is None else str(value))
    return words


def _holders(rows: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """Whose rows there are: code, name, how many. Data must not reach the wrong company."""
    counted: dict[str, int] = {}
    for row in rows:
        counted[row["holder"]] = counted.get(row["holder"], 0) + 1
    names = dict(Holder.objects.filter(code__in=counted).values_list("code", "name"))
    return [(code, names.get(code, "（ポータルの利用登録なし）"), counted[code]) for code in sorted(counted)]


# ---------------------------------------------------------------------------------------------- lists of claims
@page(
    "desk-claims",
    "desk/claims-lists/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def claims(request: HttpRequest) -> HttpResponse:
    """債権一覧表: those that are shown, wait for the check, or were withdrawn; and a new one (I-023)."""
    form = ClaimsForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if form.is_bound and form.is_valid():
        row = rules.add_claims_file(request.user, form.cleaned_data, form.cleaned_data["file"])
        return redirect("desk-claims-check", row.pk)
    rows = ClaimsFile.objects.select_related("holder")
    context = {
        "form": form,
        "page": paged(rows, request.GET.get("page")),
        "told": told(request),
        "url": request.get_full_path(),
    }
    return render(request, "inquiries/desk_claims.html", context, status=422 if form.errors else 200)


@page(
    "desk-claims-check",
    "desk/claims-lists/<int:claims_id>/check/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def claims_check(request: HttpRequest, claims_id: int) -> HttpResponse:
    """To whom a file will be shown; 「公開する」, or 「取りやめる」."""
    row = get_object_or_404(ClaimsFile.objects.select_related("holder"), pk=claims_id)
    fault = ""
    if row.published_at or row.withdrawn_at:
        return redirect("desk-claims")
    if request.method == "POST" and request.POST.get("step") == "drop":
        rules.withdraw_claims_file(request.user, row, "公開前の取りやめ")
        return done("claims-dropped", "desk-claims")
    if request.method == "POST" and request.POST.get("step") == "confirm":
        try:
            rules.publish_claims_file(request.user, row)
            return done("claims-published", "desk-claims")
        except rules.NameTaken:
            fault = (
                f"「{row.name}」は、このプロジェクトで公開されています。"
                "この登録を取りやめるか、公開中のものを先に取り下げてください。"
            )
    context = {"row": row, "fault": fault}
    return render(request, "inquiries/desk_claims_check.html", context, status=422 if fault else 200)


@page(
    "desk-claims-withdraw",
    "desk/claims-lists/<int:claims_id>/withdraw/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def claims_withdraw(request: HttpRequest, claims_id: int) -> HttpResponse:
    """Takes a file away from its holder's users, with a reason."""
    row = get_object_or_404(ClaimsFile.objects.select_related("holder"), pk=claims_id)
    if row.withdrawn_at:
        return redirect("desk-claims")
    answer = question(
        request,
        "債権一覧表の取下げ",
        [
            ("保険利用者", f"{row.holder.code} {row.holder.name}"),
            ("プロジェクト", f"{row.project} {row.project_name}"),
            ("ファイル名", row.name),
        ],
        "このファイルを取り下げます。利用者の画面からすぐに消え、元に戻すことはできません。",
        reverse("desk-claims"),
    )
    if isinstance(answer, HttpResponse):
        return answer
    rules.withdraw_claims_file(request.user, row, answer["reason"])
    return done("claims-withdrawn", "desk-claims")
