"""Top page, ユーザーページ, notices, contacts, manual."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub import clock
from portal_stub.access import Access, otp_open, page
from portal_stub.pages.first_page import sections_of
from portal_stub.pages.help import TOPICS
from portal_stub.pages.menus import menus_of
from portal_stub.pages.models import Notice, Office

NEWEST = 3
PASSWORD_DAYS = 90
"""After so many days a new password is suggested; nobody is forced (G-033)."""


def _notices() -> "QuerySet[Any]":
    today = clock.today()
    return Notice.objects.filter(Q(shown_to__isnull=True) | Q(shown_to__gte=today), shown_from__lte=today)


@page("top", "", chapter="1章2-2", access=Access.PUBLIC, otp=False)
def top(request: HttpRequest) -> HttpResponse:
    """The public top page, from which the login is reached (G-135)."""
    return render(request, "pages/top.html", {"notices": _notices()[:NEWEST]})


@page("user-page", "menu/", chapter="1章2-1", access=Access.USER, otp=False)
def user_page(request: HttpRequest) -> HttpResponse:
    """ユーザーページ (S-001 to S-008)."""
    changed = request.user.password_changed_at
    context = {
        "old_password": changed is not None and clock.now() - changed >= timedelta(PASSWORD_DAYS),
        "password_days": PASSWORD_DAYS,
        "menus": menus_of(request.user),
        "notices": _notices()[:NEWEST],
        "otp_closed": not otp_open(request),
        "sections": sections_of(request),
    }
    return render(request, "pages/user_page.html", context)


@page("notices", "notices/", chapter="1章2-1", access=Access.PUBLIC, otp=False)
def notices(request: HttpRequest) -> HttpResponse:
    """掲載中のお知らせ一覧 (S-006)."""
    return render(request, "pages/notices.html", {"notices": _notices()})


@page("steps", "steps/", chapter="2章", access=Access.PUBLIC, otp=False)
def steps(request: HttpRequest) -> HttpResponse:
    """保険手続のステップ: where a newcomer begins (F-005)."""
    return render(request, "pages/steps.html")


@page("preparations", "steps/registration/", chapter="2章", access=Access.PUBLIC, otp=False)
def preparations(request: HttpRequest) -> HttpResponse:
    """保険のお申込前に必要なお手続き (F-005)."""
    return render(request, "pages/preparations.html")


@page("contact", "contact/", chapter="12章1", access=Access.PUBLIC, otp=False)
def contact(request: HttpRequest) -> HttpResponse:
    """お問い合わせ: the offices per business (S-048)."""
    return render(request, "pages/contact.html", {"offices": Office.objects.all()})


@page("manual", "manual/", chapter="1章2-1", access=Access.PUBLIC, otp=False)
def manual(request: HttpRequest) -> HttpResponse:
    """マニュアル: what users of this portal need to know (S-050)."""
    return render(request, "pages/manual.html")


@page("help", "help/<str:topic>/", chapter="1章2-4", access=Access.PUBLIC, otp=False)
def help_page(request: HttpRequest, topic: str) -> HttpResponse:
    """ヘルプ of one function (S-003, S-026)."""
    if topic not in TOPICS:
        raise Http404
    others = [(name, other) for name, other in TOPICS.items() if name != topic]
    return render(request, "pages/help.html", {"topic": TOPICS[topic], "others": others})
