"""保険利用者 and their users as the desk sees them, and what it does for them on request. G-133, G-138."""

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from portal_stub import clock
from portal_stub.access import ROUTES, Access, has_role, page
from portal_stub.accounts import rules
from portal_stub.accounts.models import Holder, Kind, StaffRole, User
from portal_stub.desk.steps import done, question, told
from portal_stub.feed.forms import PRODUCTS
from portal_stub.pages.paging import paged

BOTH = ("GET", "POST")
LONGEST_QUERY = 60


@page("desk-holders", "desk/holders/", chapter="-", access=Access.STAFF, otp=False)
def holders(request: HttpRequest) -> HttpResponse:
    """Search by the beginning of the code or any part of the name."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    rows = Holder.objects.annotate(
        people=Count("users"), locked=Count("users", filter=Q(users__locked_until__gt=clock.now()))
    ).order_by("code")
    if query:
        rows = rows.filter(Q(code__startswith=query) | Q(name__contains=query) | Q(name_kana__contains=query))
    context = {
        "rows": paged(rows, request.GET.get("page")),
        "query": query,
        "longest": LONGEST_QUERY,
        "url": request.get_full_path(),
    }
    return render(request, "desk/holders.html", context)


@page("desk-holder", "desk/holders/<str:holder_code>/", chapter="-", access=Access.STAFF, otp=False)
def holder(request: HttpRequest, holder_code: str) -> HttpResponse:
    """One holder: data, users, agreements, accounts, protection."""
    found = get_object_or_404(Holder, code=holder_code)
    context = {
        "holder": found,
        "users": found.users.exclude(kind=Kind.COMPANY_READER),
        "readers": found.company_readers.all(),
        "agreements": [(row.code, PRODUCTS.get(row.product, row.product)) for row in found.agreements.all()],
        "accounts": found.accounts.filter(deleted=False) if hasattr(found, "accounts") else None,
        "administrator": found.users.filter(kind=Kind.ADMINISTRATOR).first(),
        "may_act": has_role(request.user, StaffRole.OPERATOR),
        "has_log": "desk-audit" in ROUTES,
        "told": told(request),
    }
    return render(request, "desk/holder.html", context)


def _act(
    request: HttpRequest,
    holder_code: str,
    title: str,
    sentence: str,
    deed: Callable[[Holder, User, str], Any],
    word: str,
) -> HttpResponse:
    """A question with reason about a holder's 管理者, then the deed."""
    found = get_object_or_404(Holder, code=holder_code)
    administrator = found.users.filter(kind=Kind.ADMINISTRATOR).first()
    if administrator is None:
        raise Http404
    facts = [
        ("保険利用者", str(found)),
        ("Webユーザー（管理者）", f"{administrator.login_id} {administrator.name}"),
        ("登録メールアドレス", administrator.mail),
    ]
    answer = question(request, title, facts, sentence, reverse("desk-holder", args=[found.code]))
    if isinstance(answer, HttpResponse):
        return answer
    deed(found, administrator, answer["reason"])
    return done(word, "desk-holder", found.code)


@page(
    "desk-holder-lift",
    "desk/holders/<str:holder_code>/lift/",
    methods=BOTH,
    chapter="3章6",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def holder_lift(request: HttpRequest, holder_code: str) -> HttpResponse:
    """Lifts the IPアドレス制限 for who locked himself out (G-133)."""
    return _act(
        request,
        holder_code,
        "IPアドレス制限の解除",
        "この保険利用者コードのIPアドレス制限を解除します。登録されているアドレスの一覧は残ります。Webユーザー（管理者）にメールで知らせます。",
        lambda found, _, reason: rules.lift_addresses(found, request.user.login_id, reason),
        "addresses-lifted",
    )


@page(
    "desk-holder-unlock",
    "desk/holders/<str:holder_code>/unlock/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def holder_unlock(request: HttpRequest, holder_code: str) -> HttpResponse:
    """Frees a locked 管理者; the password stays."""
    return _act(
        request,
        holder_code,
        "Webユーザー（管理者）のロックの解除",
        "パスワードを続けて間違えたためのロックを解除します。パスワードは変わりません。",
        lambda _, administrator, reason: rules.unlock(administrator, request.user.login_id, reason),
        "unlocked",
    )


@page(
    "desk-holder-reissue",
    "desk/holders/<str:holder_code>/reissue/",
    methods=BOTH,
    chapter="3章4-3",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def holder_reissue(request: HttpRequest, holder_code: str) -> HttpResponse:
    """A new password for the 管理者, to the registered address only."""
    return _act(
        request,
        holder_code,
        "Webユーザー（管理者）のパスワード再発行",
        "新しいパスワードを登録メールアドレスに送信します。現在のパスワードは使えなくなり、ログイン中であれば終了します。",
        lambda _, administrator, reason: rules.reissue_by_desk(administrator, request.user.login_id, reason),
        "password-reissued",
    )
