"""What the views of this room share: functions and entries of an address, the ways to the lists."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from portal_stub.entries import rules
from portal_stub.entries.models import Entry
from portal_stub.ledgers.functions import FUNCTIONS, LedgerFunction
from portal_stub.visibility.resources import Resource

BOTH = ("GET", "POST")
CHAPTER = "9章3-1・3-2・4-3・5-3"
PER_PAGE = 20
LISTS = {
    rules.Stand.WAITING: "entry-waiting",
    rules.Stand.DRAFT: "entry-kept",
    rules.Stand.TEMPLATE: "entry-templates",
    rules.Stand.SENT: "entry-waiting",
    rules.Stand.EDITING: "entry-new",
}
DONE = {
    "saved": "保存しました。",
    "moved": "仮保存一覧へ移しました。",
    "deleted": "削除しました。",
    "gone": "選択したものは、すでに一覧にありません。",
    "checked": "検査を始めました。結果が出るまで、この画面でお待ちください。",
}


def function_named(product: str) -> LedgerFunction:
    """The function of an address; 消費財包括保険 goes by file only and has no such page (A-003)."""
    if product not in FUNCTIONS or not FUNCTIONS[product].typed:
        raise Http404
    return FUNCTIONS[product]


def entry_named(request: HttpRequest, function: LedgerFunction) -> Entry:
    """The entry that the address names; of another function it does not exist."""
    found: Entry = request.shown.get(Resource.OWN_ENTRY) or request.shown[Resource.ENTRY]
    if found.product != function.key:
        raise Http404
    return found


def to_list(function: LedgerFunction, place: Any, done: str = "") -> HttpResponse:
    """To the list in which entries of this place stand, with a word of what was done."""
    address = reverse(LISTS[place], kwargs={"product": function.key})
    return redirect(f"{address}?done={done}" if done else address)
