"""担当者: members of the desk, managed by supervisors."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal_stub.access import Access, page
from portal_stub.accounts import staffing
from portal_stub.accounts.models import Kind, StaffRole, User
from portal_stub.accounts.rules import unlock
from portal_stub.desk.forms import StaffChangeForm, StaffForm
from portal_stub.desk.steps import done, entry, once, question, result_of, told

BOTH = ("GET", "POST")


def _member(staff_id: str) -> User:
    found = User.objects.filter(kind=Kind.STAFF, login_id=staff_id).first()
    if found is None:
        raise Http404
    return found


def _facts(user: User) -> list[tuple[str, str]]:
    return [("担当者ID", user.login_id), ("氏名", user.name), ("メールアドレス", user.mail)]


@page("desk-staff", "desk/staff/", chapter="-", access=Access.STAFF, otp=False, least=StaffRole.SUPERVISOR)
def staff(request: HttpRequest) -> HttpResponse:
    """All members, active ones first."""
    rows = User.objects.filter(kind=Kind.STAFF).order_by("-active", "login_id")
    return render(request, "desk/staff.html", {"rows": rows, "told": told(request)})


@page(
    "desk-staff-new",
    "desk/staff-new/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.SUPERVISOR,
)
def staff_new(request: HttpRequest) -> HttpResponse:
    """A new member; the first password goes to him by mail."""
    if result_of(request):
        return done("staff-added", "desk-staff")
    answer = entry(request, StaffForm, {"role": "reader"}, "担当者の登録", reverse("desk-staff"))
    if isinstance(answer, HttpResponse):
        return answer
    person = {name: answer[name] for name in ("name", "mail", "role")}
    staffing.add_staff(request.user, answer["login_id"], person, answer["reason"], once(request))
    return done("staff-added", "desk-staff")


@page(
    "desk-staff-change",
    "desk/staff/<str:staff_id>/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.SUPERVISOR,
)
def staff_change(request: HttpRequest, staff_id: str) -> HttpResponse:
    """Role and 使用状態."""
    user = _member(staff_id)
    start = {"role": user.role, "active": "1" if user.active else "0"}
    title, back = "担当者の変更", reverse("desk-staff")
    answer = entry(request, StaffChangeForm, start, title, back, facts=_facts(user))
    if isinstance(answer, HttpResponse):
        return answer
    try:
        staffing.change_staff(
            request.user, user, role=answer["role"], active=answer["active"], reason=answer["reason"]
        )
    except staffing.NotAllowed as error:
        context = {"title": title, "sentence": str(error), "back": back}
        return render(request, "desk/refused.html", context, status=409)
    return done("staff-changed", "desk-staff")


@page(
    "desk-staff-reset",
    "desk/staff/<str:staff_id>/reset/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.SUPERVISOR,
)
def staff_reset(request: HttpRequest, staff_id: str) -> HttpResponse:
    """A new password for a member."""
    user = _member(staff_id)
    sentence = "新しいパスワードを本人のメールアドレスに送信します。現在のパスワードは使えなくなり、ログイン中であれば終了します。"
    answer = question(request, "担当者のパスワードリセット", _facts(user), sentence, reverse("desk-staff"))
    if isinstance(answer, HttpResponse):
        return answer
    staffing.reset_staff(request.user, user, answer["reason"])
    return done("staff-reset", "desk-staff")


@page(
    "desk-staff-unlock",
    "desk/staff/<str:staff_id>/unlock/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.SUPERVISOR,
)
def staff_unlock(request: HttpRequest, staff_id: str) -> HttpResponse:
    """Lets a member in again who had typed too many wrong passwords."""
    user = _member(staff_id)
    sentence = "パスワードを続けて間違えたためのロックを解除します。パスワードは変わりません。"
    answer = question(request, "担当者のロックの解除", _facts(user), sentence, reverse("desk-staff"))
    if isinstance(answer, HttpResponse):
        return answer
    unlock(user, request.user.login_id, answer["reason"])
    return done("unlocked", "desk-staff")
