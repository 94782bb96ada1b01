"""The pages of buyers: search, detail, explanations in windows of their own, bookmarks. Seed 000 ch. 7."""

import re
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.buyers import rules
from portal_stub.buyers.forms import SearchForm
from portal_stub.buyers.models import Country, Season
from portal_stub.buyers.searching import MOST_HITS
from portal_stub.pages.paging import paged

BOTH = ("GET", "POST")
_CODE = re.compile(r"[0-9]{1,9}")
_PROCEDURES = {
    "register": "buyer-registration",
    "change": "buyer-change",
    "release": "sleeping-release",
}
_SORTS = {
    "code": ("buyer__code",),
    "name": ("buyer__search_name", "buyer__code"),
    "country": ("buyer__country__code", "buyer__code"),
    "rating": ("buyer__rating", "buyer__code"),
    "at": ("at", "id"),
}


# ---------------------------------------------------------------------------------------------- search
@page("buyers", "buyers/", methods=BOTH, chapter="7章1", access=Access.APPLICANT, otp=False)
def buyers(request: HttpRequest) -> HttpResponse:
    """海外商社（バイヤー）情報検索, from which the procedures begin (K-001, K-002)."""
    return _search(request, procedures=True)


@page("buyer-data", "buyer-data/", methods=BOTH, chapter="5章2", access=Access.USER, otp=False)
def buyer_data(request: HttpRequest) -> HttpResponse:
    """海外商社情報照会: the same search, no procedures (K-001)."""
    return _search(request, procedures=False)


def _search(request: HttpRequest, *, procedures: bool) -> HttpResponse:
    season, message = Season.on(clock.today()), ""
    if request.method == "POST":
        answer = _choice(request, season, procedures=procedures)
        if isinstance(answer, HttpResponse):
            return answer
        message = answer
    asked = "name" in request.GET
    form = SearchForm(request.GET if asked else None, season=season is not None)
    context: dict[str, Any] = {
        "form": form,
        "procedures": procedures,
        "season": season,
        "message": message,
        "page": None,
        "countries": Country.objects.exclude(name=""),
        "chosen": request.POST.get("code", ""),
        "detail": "buyer" if procedures else "buyer-data-detail",
        "title": "海外商社（バイヤー）情報検索" if procedures else "海外商社情報照会",
    }
    if asked and form.is_valid():
        rows, more = form.search().hits()
        if request.method == "GET" and "page" not in request.GET:
            rules.search_done(request.user)
        context |= {
            "page": paged(rows, request.GET.get("page")),
            "count": len(rows),
            "more": more,
            "most": MOST_HITS,
        }
    return render(request, "buyers/search.html", context, status=422 if form.errors or message else 200)


def _choice(request: HttpRequest, season: Any, *, procedures: bool) -> HttpResponse | str:
    """Where a button of the result leads, or why it leads nowhere (K-046, K-053, K-054, K-060, K-061)."""
    wish, code = request.POST.get("do", ""), request.POST.get("code", "")
    buyer = rules.find(code) if _CODE.fullmatch(code) else None
    if wish == "bookmark":
        return _bookmark(request, buyer)
    if wish not in _PROCEDURES or not procedures:
        return "手続きのボタンをもう一度押してください。"
    if wish == "register":
        return _start(wish, "")
    what = "スリーピング候補バイヤー解除" if wish == "release" else "海外商社変更"
    if wish == "release" and season is None:
        return "現在は、スリーピング候補バイヤー解除期間ではありません。期間はお知らせでご案内します。"
    if buyer is None or buyer.removed_at:
        return f"検索結果の左端のボタンで海外商社を1つ選択してから、「{what}」を押してください。"
    if wish == "release" and not buyer.sleeping_candidate:
        return (
            f"{buyer.name} はスリーピング候補ではありません。備考欄に「スリーピング候補」と表示されている"
            "海外商社を選択してください。"
        )
    return _start(wish, buyer.code)


def _start(wish: str, code: str) -> HttpResponse:
    query = "?" + urlencode({"subject": code}) if code else ""
    return redirect(f"{reverse(_PROCEDURES[wish])}{query}")


def _bookmark(request: HttpRequest, buyer: Any) -> HttpResponse | str:
    """Registers what is chosen and opens the list; without a choice it only opens the list."""
    if buyer is None or buyer.removed_at:
        return redirect("bookmarks")
    try:
        new = rules.add_bookmark(request.user, buyer)
    except rules.TooManyBookmarks:
        return (
            f"ブックマークは{rules.MOST_BOOKMARKS}件まで登録できます。"
            "ブックマークバイヤー一覧で不要なものを削除してから、登録し直してください。"
        )
    return _list(done="added" if new else "known", code=buyer.code)


def _list(**said: str) -> HttpResponse:
    return redirect(f"{reverse('bookmarks')}?{urlencode(said)}")


# ---------------------------------------------------------------------------------------------- windows of their own
@page("buyer", "buyers/<str:code>/", chapter="7章2", access=Access.APPLICANT, otp=False)
def buyer_detail(request: HttpRequest, code: str) -> HttpResponse:
    """海外商社（バイヤー）情報詳細 with 個別保証枠残高 (K-009, K-010)."""
    return _detail(request, code, balance=True)


@page("buyer-data-detail", "buyer-data/<str:code>/", chapter="5章2", access=Access.USER, otp=False)
def buyer_data_detail(request: HttpRequest, code: str) -> HttpResponse:
    """The same for inquiry, without 個別保証枠残高 (K-010)."""
    return _detail(request, code, balance=False)


def _detail(request: HttpRequest, code: str, *, balance: bool) -> HttpResponse:
    found = rules.find(code) if _CODE.fullmatch(code) else None
    if found is None:
        raise Http404
    back = reverse("buyers" if balance else "buyer-data")
    return render(request, "buyers/detail.html", {"buyer": found, "balance": balance, "back": back})


@page("buyers-guide", "buyers-guide/", chapter="7章1", access=Access.USER, otp=False)
def guide(request: HttpRequest) -> HttpResponse:
    """「はじめての方へ」 (K-012)."""
    return render(request, "buyers/guide.html", {"back": _search_page(request), "most": rules.MOST_BOOKMARKS})


@page("buyers-hints", "buyers-hints/", chapter="7章1", access=Access.USER, otp=False)
def hints(request: HttpRequest) -> HttpResponse:
    """「検索のヒント」 and the help of each search item (K-002, K-003)."""
    return render(request, "buyers/hints.html", {"back": _search_page(request), "most": MOST_HITS})


def _search_page(request: HttpRequest) -> str:
    """The search that a user may open."""
    return reverse("buyers" if request.user.may_enter else "buyer-data")


# ---------------------------------------------------------------------------------------------- bookmarks
@page("bookmarks", "bookmarks/", methods=BOTH, chapter="7章6", access=Access.USER, otp=False)
def bookmarks(request: HttpRequest) -> HttpResponse:
    """ブックマークバイヤー一覧, with 「削除」 (K-060 to K-062)."""
    message = ""
    if request.method == "POST":
        code = request.POST.get("code", "")
        if _CODE.fullmatch(code):
            rules.remove_bookmark(request.user, code)
            return _list(done="deleted")
        message = "ブックマークから削除する海外商社を1つ選択してから、「削除」を押してください。"
    sort = request.GET.get("sort", "")
    name = sort.removeprefix("-")
    if name not in _SORTS:
        sort, name = "code", "code"
    order = [("-" if sort != name else "") + column for column in _SORTS[name]]
    rows = request.user.bookmarks.select_related("buyer__country").order_by(*order)
    done, code = request.GET.get("done", ""), request.GET.get("code", "")
    said = (
        request.user.bookmarks.filter(buyer__code=code).select_related("buyer")
        if _CODE.fullmatch(code)
        else []
    )
    context = {
        "page": paged(rows, request.GET.get("page")),
        "sort": sort,
        "message": message,
        "done": done,
        "about": next(iter(said), None),
        "most": rules.MOST_BOOKMARKS,
        "search": _search_page(request),
        "detail": "buyer" if request.user.may_enter else "buyer-data-detail",
    }
    return render(request, "buyers/bookmarks.html", context, status=422 if message else 200)
