"""お知らせ and お問い合わせ先 as the desk keeps them. S-006, S-048, S-049."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.accounts.models import StaffRole
from portal_stub.desk import rules
from portal_stub.desk.forms import NoQuestionForm, NoticeForm, OfficeForm
from portal_stub.desk.steps import done, entry, once, question, result_of, told
from portal_stub.pages.models import Notice, Office
from portal_stub.pages.paging import paged

BOTH = ("GET", "POST")
_NOTICE_FIELDS = ("title", "body", "shown_from", "shown_to")
_OFFICE_FIELDS = ("business", "office", "phone", "hours")


@page("desk-notices", "desk/notices/", chapter="-", access=Access.STAFF, otp=False)
def notices(request: HttpRequest) -> HttpResponse:
    """All お知らせ, those to come and those of the past too."""
    rows, today = paged(Notice.objects.all(), request.GET.get("page")), clock.today()
    for row in rows:
        ended = row.shown_to is not None and row.shown_to < today
        row.state = "終了" if ended else "掲載前" if row.shown_from > today else "掲載中"
    return render(
        request, "desk/notices.html", {"rows": rows, "told": told(request), "url": request.get_full_path()}
    )


@page(
    "desk-notice-new",
    "desk/notice-new/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def notice_new(request: HttpRequest) -> HttpResponse:
    """A new お知らせ; the check page shows it as users will see it."""
    if result_of(request):
        return done("notice-added", "desk-notices")
    answer = _notice(request, {"shown_from": clock.today()}, "お知らせの登録")
    if isinstance(answer, HttpResponse):
        return answer
    rules.add_notice(request.user, answer, once(request))
    return done("notice-added", "desk-notices")


@page(
    "desk-notice",
    "desk/notices/<int:notice_id>/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Changes an お知らせ."""
    found = get_object_or_404(Notice, pk=notice_id)
    answer = _notice(request, {name: getattr(found, name) for name in _NOTICE_FIELDS}, "お知らせの変更")
    if isinstance(answer, HttpResponse):
        return answer
    rules.change_notice(request.user, found, answer)
    return done("notice-changed", "desk-notices")


def _notice(request: HttpRequest, start: dict[str, object], title: str) -> HttpResponse | dict[str, object]:
    return entry(
        request, NoticeForm, start, title, reverse("desk-notices"), preview="desk/notice_preview.html"
    )


@page(
    "desk-notice-end",
    "desk/notices/<int:notice_id>/end/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def notice_end(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Takes an お知らせ down at once."""
    found = get_object_or_404(Notice, pk=notice_id)
    answer = question(
        request,
        "お知らせの掲載終了",
        [("表題", found.title), ("掲載開始日", f"{found.shown_from:%Y/%m/%d}")],
        "このお知らせの掲載を、すぐに終了します。一覧には「終了」として残ります。",
        reverse("desk-notices"),
        form_class=NoQuestionForm,
    )
    if isinstance(answer, HttpResponse):
        return answer
    rules.end_notice(request.user, found)
    return done("notice-ended", "desk-notices")


@page("desk-offices", "desk/offices/", chapter="-", access=Access.STAFF, otp=False)
def offices(request: HttpRequest) -> HttpResponse:
    """All lines of お問い合わせ in their order."""
    return render(request, "desk/offices.html", {"rows": Office.objects.all(), "told": told(request)})


@page(
    "desk-office-new",
    "desk/office-new/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def office_new(request: HttpRequest) -> HttpResponse:
    """A new line."""
    if result_of(request):
        return done("office-added", "desk-offices")
    answer = entry(request, OfficeForm, {}, "お問い合わせ先の登録", reverse("desk-offices"))
    if isinstance(answer, HttpResponse):
        return answer
    rules.add_office(request.user, answer, once(request))
    return done("office-added", "desk-offices")


@page(
    "desk-office",
    "desk/offices/<int:office_id>/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def office(request: HttpRequest, office_id: int) -> HttpResponse:
    """Changes a line."""
    found = get_object_or_404(Office, pk=office_id)
    start = {name: getattr(found, name) for name in _OFFICE_FIELDS}
    answer = entry(request, OfficeForm, start, "お問い合わせ先の変更", reverse("desk-offices"))
    if isinstance(answer, HttpResponse):
        return answer
    rules.change_office(request.user, found, answer)
    return done("office-changed", "desk-offices")


@page(
    "desk-office-delete",
    "desk/offices/<int:office_id>/delete/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def office_delete(request: HttpRequest, office_id: int) -> HttpResponse:
    """Takes a line away."""
    found = get_object_or_404(Office, pk=office_id)
    answer = question(
        request,
        "お問い合わせ先の削除",
        [("業務", found.business), ("部署", found.office), ("電話番号", found.phone)],
        "このお問い合わせ先を削除します。元に戻すことはできません。",
        reverse("desk-offices"),
        form_class=NoQuestionForm,
    )
    if isinstance(answer, HttpResponse):
        return answer
    rules.delete_office(request.user, found)
    return done("office-deleted", "desk-offices")


@page(
    "desk-office-move",
    "desk/offices/<int:office_id>/move/",
    methods=("POST",),
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def office_move(request: HttpRequest, office_id: int) -> HttpResponse:
    """「上へ」 and 「下へ」."""
    step = {"up": -1, "down": 1}.get(request.POST.get("to", ""))
    if step is not None:
        rules.move_office(request.user, get_object_or_404(Office, pk=office_id), step)
    return done("office-moved", "desk-offices")
