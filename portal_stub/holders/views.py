"""口座情報照会, for everybody and for the 管理者, from where 口座 are registered, changed and deleted. G-035 to G-037, G-082."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub.access import Access, page
from portal_stub.holders.models import Use
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource

ORDERS = {
    "use": ("use", "number", "id"),
    "-use": ("-use", "number", "id"),
    "number": ("number", "id"),
    "-number": ("-number", "id"),
    "confirmed": ("confirmed_on", "id"),
    "-confirmed": ("-confirmed_on", "id"),
}


def _context(request: HttpRequest) -> dict[str, Any]:
    order = request.GET.get("sort", "")
    order = order if order in ORDERS else "use"
    rows = seen(Resource.ACCOUNT, request.user).order_by(*ORDERS[order])
    return {
        "order": order,
        "lists": [
            ("保険料返還口座", [row for row in rows if row.use == Use.REFUND]),
            ("保険金支払口座", [row for row in rows if row.use == Use.CLAIM]),
        ],
    }


@page("accounts", "accounts/", chapter="3章3-4", access=Access.USER, otp=True)
def accounts(request: HttpRequest) -> HttpResponse:
    """口座情報照会, to read."""
    return render(request, "holders/accounts.html", _context(request))


@page("accounts-change", "accounts/change/", chapter="3章4-9", access=Access.ADMINISTRATOR, otp=True)
def accounts_change(request: HttpRequest) -> HttpResponse:
    """口座情報照会・登録・変更: the buttons begin a procedure each."""
    return render(request, "holders/accounts.html", {**_context(request), "changing": True})
