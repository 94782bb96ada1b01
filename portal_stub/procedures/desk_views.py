"""Applications on the insurer's desk: find, read, decide with a reason, add documents. What is possible is ``deciding``."""

from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal_stub.access import Access, has_role, page
from portal_stub.accounts.models import StaffRole
from portal_stub.history.recording import audit
from portal_stub.pages.answers import pdf
from portal_stub.pages.paging import paged
from portal_stub.procedures import deciding
from portal_stub.procedures.models import PENDING, Application, State
from portal_stub.procedures.papers import content_of
from portal_stub.procedures.registry import PROCEDURES
from portal_stub.procedures.searching import shown
from portal_stub.procedures.uploads import ACCEPTED, ADVICE
from portal_stub.procedures.views import sent_file

PER_PAGE = 50


class DeskSearchForm(forms.Form):
    """Conditions, joined by AND; without any, what waits for the insurer."""

    number = forms.CharField(label="Web申込番号", max_length=20, required=False, help_text="前方一致")
    holder = forms.CharField(label="保険利用者コード・名称", max_length=50, required=False)
    kind = forms.ChoiceField(label="申込種類", required=False)
    state = forms.ChoiceField(
        label="手続状況",
        required=False,
        choices=[
            ("pending", "手続が必要なもの（手続中・調書取得中）"),
            ("", "すべて"),
            *(choice for choice in State.choices if choice[0] != State.DRAFT),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "すべて"), *((p.key, p.title) for p in PROCEDURES.values())]


class DecisionForm(forms.Form):
    """The reason, which the user reads where something is refused."""

    reason = forms.CharField(
        label="理由",
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="400文字以内。再入力依頼と手続取消では必須で、申込者に表示されます。",
    )


@page("desk-applications", "desk/applications/", chapter="-", access=Access.STAFF, otp=False)
def desk_applications(request: HttpRequest) -> HttpResponse:
    """Applications of all holders, the oldest first; drafts belong to their users and are not here."""
    asked = set(DeskSearchForm.base_fields) & set(request.GET)
    form = DeskSearchForm(request.GET if asked else None, initial={"state": "pending"})
    found = form.cleaned_data if asked and form.is_valid() else {"state": "pending"}
    rows = shown(Application.objects.exclude(state=State.DRAFT)).select_related("holder", "shown_user")
    if found.get("state") == "pending":
        rows = rows.filter(state__in=PENDING)
    elif found.get("state"):
        rows = rows.filter(state=found["state"])
    if number := found.get("number", "").strip():
        rows = rows.filter(number__startswith=number)
    if kind := found.get("kind"):
        rows = rows.filter(procedure=kind)
    if holder := found.get("holder", "").strip():
        rows = (
            rows.filter(holder__code=holder)
            if holder.isdigit()
            else rows.filter(holder__name__icontains=holder)
        )
    page_ = paged(rows.order_by("listed_at", "id"), request.GET.get("page"), PER_PAGE)
    for row in page_:
        row.procedure_title = PROCEDURES[row.procedure].title
    return render(request, "procedures/desk_list.html", {"form": form, "rows": page_})


def _found(number: str) -> Application:
    row = (
        Application.objects.select_related("holder", "shown_user", "entered_by", "saved_by")
        .filter(number=number)
        .first()
    )
    if row is None:
        raise Http404
    return row


@page("desk-application", "desk/applications/<str:number>/", chapter="-", access=Access.STAFF, otp=False)
def desk_application(request: HttpRequest, number: str) -> HttpResponse:
    """One application with all that happened to it; looking at it is recorded."""
    row = _found(number)
    audit(request.user.login_id, "application-read", number)
    return _page(request, row)


def _page(request: HttpRequest, row: Application, faults: Any = (), form: Any = None) -> HttpResponse:
    context = {
        "application": row,
        "procedure": PROCEDURES[row.procedure],
        "documents": list(row.documents.select_related("added_by")),
        "acts": [(act, deciding.WHAT[act.what]) for act in row.acts.all()],
        "deeds": deciding.deeds_for(row) if may_decide(request.user) else [],
        "form": form or DecisionForm(),
        "faults": faults,
        "accepted": ACCEPTED,
        "advice": ADVICE,
        "may_decide": may_decide(request.user),
    }
    return render(request, "procedures/desk_application.html", context, status=422 if faults else 200)


def may_decide(user: Any) -> bool:
    """Whether a member of the desk does more than reading."""
    return has_role(user, StaffRole("operator"))


@page(
    "desk-application-decide",
    "desk/applications/<str:number>/decide/",
    methods=("POST",),
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least="operator",
)
def desk_application_decide(request: HttpRequest, number: str) -> HttpResponse:
    """One of the acts, after a page that asks once more."""
    row, form = _found(number), DecisionForm(request.POST)
    deed = next((each for each in deciding.deeds_for(row) if each.key == request.POST.get("deed")), None)
    if not form.is_valid():
        return _page(request, row, [fault for faults in form.errors.values() for fault in faults], form)
    reason = form.cleaned_data["reason"]
    if deed is not None and deed.reason and not reason.strip():
        return _page(request, row, ["理由を入力してください。申込者に表示されます。"], form)
    if deed is not None and "sure" not in request.POST:
        context = {"application": row, "procedure": PROCEDURES[row.procedure], "deed": deed, "reason": reason}
        return render(request, "procedures/desk_decide.html", context)
    try:
        deciding.decide(request.user, row, request.POST.get("deed", ""), reason)
    except deciding.NotPossible as why:
        return _page(request, _found(number), [str(why)], form)
    return redirect("desk-application", number=number)


@page(
    "desk-application-attach",
    "desk/applications/<str:number>/documents/",
    methods=("POST",),
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least="operator",
)
def desk_application_attach(request: HttpRequest, number: str) -> HttpResponse:
    """Documents of the insurer, which the holder's users can read."""
    row = _found(number)
    faults = deciding.add_documents(request.user, row, request.FILES.getlist("files"))
    return _page(request, _found(number), faults) if faults else redirect("desk-application", number=number)


@page(
    "desk-application-document",
    "desk/applications/<str:number>/documents/<int:document>/",
    chapter="-",
    access=Access.STAFF,
    otp=False,
)
def desk_application_document(request: HttpRequest, number: str, document: int) -> FileResponse:
    """A document, as it was attached."""
    row = _found(number).documents.filter(pk=document).first()
    if row is None:
        raise Http404
    audit(request.user.login_id, "application-document-read", number, name=row.name)
    return sent_file(row)


@page(
    "desk-application-content",
    "desk/applications/<str:number>/content.pdf",
    chapter="-",
    access=Access.STAFF,
    otp=False,
)
def desk_application_content(request: HttpRequest, number: str) -> HttpResponse:
    """申込内容 to print."""
    row = _found(number)
    return pdf(content_of(row), f"{row.number}_content")
