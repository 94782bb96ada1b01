"""全社閲覧用ID at the desk: issue, change, new password. G-022, G-023."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from portal_stub.access import Access, page
from portal_stub.accounts import readers
from portal_stub.accounts.models import Holder, Kind, StaffRole, User
from portal_stub.desk.forms import ReaderChangeForm, ReaderForm
from portal_stub.desk.steps import done, entry, once, question, result_of

BOTH = ("GET", "POST")


@page(
    "desk-reader-new",
    "desk/holders/<str:holder_code>/reader-new/",
    methods=BOTH,
    chapter="3章1",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def reader_new(request: HttpRequest, holder_code: str) -> HttpResponse:
    """A new 全社閲覧用ID, kept under this holder."""
    home = get_object_or_404(Holder, code=holder_code)
    if result_of(request):
        return done("reader-issued", "desk-holder", home.code)
    back = reverse("desk-holder", args=[home.code])
    facts = [("保険利用者", str(home))]
    answer = entry(request, partial(ReaderForm, home), {}, "全社閲覧用IDの発行", back, facts=facts)
    if isinstance(answer, HttpResponse):
        return answer
    try:
        readers.issue_reader(request.user, home, answer, answer["codes"], answer["reason"], once(request))
    except readers.TooManyReaders:
        context = {
            "title": "全社閲覧用IDの発行",
            "sentence": f"この保険利用者コードの番号は、{readers.LAST_NUMBER}まですべて発行済みです。同じ法人の別の保険利用者コードで発行してください。",
            "back": back,
        }
        return render(request, "desk/refused.html", context, status=409)
    return done("reader-issued", "desk-holder", home.code)


def _facts(user: User) -> list[tuple[str, str]]:
    return [("全社閲覧用ID", user.login_id), ("保険利用者", str(user.holder)), ("氏名", user.name)]


@page(
    "desk-reader",
    "desk/readers/<str:reader_id>/",
    methods=BOTH,
    chapter="3章1",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def reader(request: HttpRequest, reader_id: str) -> HttpResponse:
    """Person, holders and 使用状態."""
    user = get_object_or_404(User, kind=Kind.COMPANY_READER, login_id=reader_id)
    start = {name: getattr(user, name) for name in readers.PERSON_FIELDS}
    others = user.read_holders.exclude(pk=user.holder.pk).order_by("code")
    start |= {
        "codes": "\n".join(others.values_list("code", flat=True)),
        "active": "1" if user.active else "0",
    }
    back = reverse("desk-holder", args=[user.holder.code])
    make = partial(ReaderChangeForm, user.holder)
    answer = entry(request, make, start, "全社閲覧用IDの変更", back, facts=_facts(user)[:2])
    if isinstance(answer, HttpResponse):
        return answer
    readers.change_reader(
        request.user, user, answer, answer["codes"], active=answer["active"], reason=answer["reason"]
    )
    return done("reader-changed", "desk-holder", user.holder.code)


@page(
    "desk-reader-reset",
    "desk/readers/<str:reader_id>/reset/",
    methods=BOTH,
    chapter="3章1",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def reader_reset(request: HttpRequest, reader_id: str) -> HttpResponse:
    """A new password, to the user's address; frees a locked ID."""
    user = get_object_or_404(User, kind=Kind.COMPANY_READER, login_id=reader_id)
    sentence = "新しいパスワードを、登録されている利用者のメールアドレスに送信します。現在のパスワードは使えなくなり、ロックも解除されます。"
    facts = [*_facts(user), ("メールアドレス", user.mail)]
    back = reverse("desk-holder", args=[user.holder.code])
    answer = question(request, "全社閲覧用IDのパスワードリセット", facts, sentence, back)
    if isinstance(answer, HttpResponse):
        return answer
    readers.reset_reader(request.user, user, answer["reason"])
    return done("reader-reset", "desk-holder", user.holder.code)
