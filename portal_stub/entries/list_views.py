"""申請待一覧・通知待一覧, 仮保存一覧 and 雛形一覧. Seed 000 ch. 9 §4-1 B, §5-1 B; 「一括申請」 is ``sending_views``."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.accounts.fields import WideField
from portal_stub.entries import items, rules, screen
from portal_stub.entries.common import (
    BOTH,
    CHAPTER,
    DONE,
    LISTS,
    PER_PAGE,
    entry_named,
    function_named,
    to_list,
)
from portal_stub.entries.models import Entry
from portal_stub.entries.results import result_of
from portal_stub.ledgers.acceptance import window_at
from portal_stub.ledgers.common import once_of
from portal_stub.ledgers.functions import LedgerFunction
from portal_stub.pages.paging import paged
from portal_stub.visibility.resources import Resource

OPTIONS: dict[str, Any] = {"chapter": CHAPTER, "access": Access.APPLICANT, "otp": True}


class NameForm(forms.Form):
    """雛形名称: 1 to 40 characters (P-010)."""

    name = WideField(
        label="雛形名称",
        limit=rules.NAME_LENGTH,
        example="中国向け D/A 60日",
        explanation="雛形一覧で見分けるための名称です。同じ名称は、保険ごとに1つだけ使えます。",
    )


# ---------------------------------------------------------------------------------------------- 申請待一覧
@page("entry-waiting", "ledger/<str:product>/entries/waiting/", methods=BOTH, **OPTIONS)
def waiting(request: HttpRequest, product: str) -> HttpResponse:
    """申請待一覧 / 通知待一覧 with 「編集」, 「削除」 and 「仮保存」 of what is selected (P-019, P-023 to P-027)."""
    function = function_named(product)
    if request.method == "GET":
        return waiting_page(request, function)
    wish, chosen = request.POST.get("do", ""), request.POST.get("entry", "")
    found = rules.find(request.user, product, chosen) if chosen else None
    if found is None:
        word = {"edit": "編集", "delete": "削除", "draft": "仮保存"}.get(wish, "ボタン")
        return waiting_page(
            request,
            function,
            f"一覧の左端のボタンで{function.act}を1つ選択してから、「{word}」を押してください。",
        )
    if found.user_id != request.user.pk:
        return waiting_page(
            request,
            function,
            f"{found.user.login_id} が入力したものです。内容の確認と{function.bulk}ができます。"
            "編集・削除・仮保存は、入力した方が行ってください。",
        )
    return _chosen(request, function, found, wish)


def _chosen(request: HttpRequest, function: LedgerFunction, found: Entry, wish: str) -> HttpResponse:
    if found.place != rules.Stand.WAITING:
        return to_list(function, rules.Stand.WAITING, "gone")
    match wish:
        case "edit":
            row = rules.load(request.user, found)
            return redirect("entry", product=function.key, entry_id=row.pk)
        case "delete":
            return redirect("entry-delete", product=function.key, entry_id=found.pk)
        case "draft":
            try:
                moved = rules.set_aside(request.user, found)
            except rules.Full as full:
                return waiting_page(request, function, str(full))
            return to_list(
                function, rules.Stand.DRAFT if moved else rules.Stand.WAITING, "moved" if moved else "gone"
            )
    return waiting_page(request, function, "ボタンをもう一度押してください。")


def waiting_page(
    request: HttpRequest, function: LedgerFunction, message: str = "", *, identical: bool = False
) -> HttpResponse:
    """The list; ``message`` says why a button did nothing, ``identical`` offers to send the same once more."""
    every = list(rules.waiting(request.user, function.key))
    shown = paged(every, request.GET.get("page"), PER_PAGE)
    results = {row.pk: result_of(row) for row in every}
    context = {
        "function": function,
        "page": shown,
        "rows": [(row, items.TYPE_WORDS.get(row.process_type, ""), results[row.pk]) for row in shown],
        "count": len(every),
        "mine": sum(row.user_id == request.user.pk for row in every),
        "most": rules.MOST[rules.Stand.WAITING],
        "others": any(row.user_id != request.user.pk for row in every),
        "running": any(result and not result.job.is_over for result in results.values()),
        "unchecked": sum(1 for result in results.values() if result is None or not result.current),
        "wrong": sum(1 for result in results.values() if result and result.current and result.errors),
        "premium": _total(results.values()),
        "state": rules.state_of(every),
        "once": once_of(request),
        "window": window_at(clock.now()),
        "message": message,
        "identical": identical,
        "done": DONE.get(request.GET.get("done", ""), ""),
        "lines": sum(row.lines for row in every),
    }
    return render(request, "entries/waiting.html", context, status=422 if message else 200)


def _total(results: Any) -> int | None:
    """The premium of all, once every check is over and current; None while it is not known."""
    told = [result.premium_total_yen if result and result.clean else None for result in results]
    return sum(told) if told and None not in told else None  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------- 仮保存一覧, 雛形一覧
@page("entry-kept", "ledger/<str:product>/entries/kept/", methods=BOTH, **OPTIONS)
def kept(request: HttpRequest, product: str) -> HttpResponse:
    """仮保存一覧 with 「読込」 and 「削除」 (P-011 to P-014)."""
    return _list(request, function_named(product), rules.Stand.DRAFT)


@page("entry-templates", "ledger/<str:product>/entries/templates/", methods=BOTH, **OPTIONS)
def templates(request: HttpRequest, product: str) -> HttpResponse:
    """雛形一覧 with 「読込」 and 「削除」 (P-012 to P-014)."""
    return _list(request, function_named(product), rules.Stand.TEMPLATE)


def _list(request: HttpRequest, function: LedgerFunction, place: Any) -> HttpResponse:
    message = ""
    if request.method == "POST":
        wish, chosen = request.POST.get("do", ""), request.POST.get("entry", "")
        found = rules.find(request.user, function.key, chosen) if chosen else None
        if found is None or found.user_id != request.user.pk or found.place != place:
            word = "削除" if wish == "delete" else "読込"
            message = f"一覧の左端のボタンで1つ選択してから、「{word}」を押してください。"
        elif wish == "delete":
            return redirect("entry-delete", product=function.key, entry_id=found.pk)
        else:
            row = rules.load(request.user, found)
            return redirect("entry", product=function.key, entry_id=row.pk)
    rows = rules.own(request.user, function.key, place)
    shown = paged(rows, request.GET.get("page"), PER_PAGE)
    context = {
        "function": function,
        "template": place == rules.Stand.TEMPLATE,
        "title": rules.list_title(function, place),
        "page": shown,
        "rows": [(row, items.TYPE_WORDS.get(row.process_type, "")) for row in shown],
        "most": rules.MOST[place],
        "message": message,
        "done": DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "entries/list.html", context, status=422 if message else 200)


# ---------------------------------------------------------------------------------------------- one of them
@page(
    "entry-delete",
    "ledger/<str:product>/entry/<str:entry_id>/delete/",
    methods=BOTH,
    **OPTIONS,
    shows=Resource.OWN_ENTRY,
    gone=True,
)
def delete(request: HttpRequest, product: str, entry_id: str) -> HttpResponse:
    """「本当に削除しますか？」 for an entry of a list (P-014, P-025)."""
    function = function_named(product)
    found = request.shown[Resource.OWN_ENTRY]
    once = once_of(request)
    if request.method == "POST" and (place := rules.deleted_before(request.user, once)):
        return to_list(function, place, "deleted")  # pressed twice
    if found is None or found.product != product or found.place == rules.Stand.SENT:
        raise Http404
    if request.method == "POST":
        place = found.place
        rules.delete(request.user, found, once)
        return to_list(function, place, "deleted")
    context = {
        "function": function,
        "entry": found,
        "type_words": items.TYPE_WORDS.get(found.process_type, ""),
        "title": rules.list_title(function, found.place),
        "back": LISTS[found.place],
        "once": once,
    }
    return render(request, "entries/delete.html", context)


@page(
    "entry-contents", "ledger/<str:product>/entry/<str:entry_id>/contents/", **OPTIONS, shows=Resource.ENTRY
)
def contents(request: HttpRequest, product: str, entry_id: str) -> HttpResponse:
    """All values of an entry in words, with what its check said; also of what others entered (P-030)."""
    function = function_named(product)
    found = entry_named(request, function)
    tree = found.typed
    result = result_of(found)
    context = {
        "function": function,
        "entry": found,
        "type_words": items.TYPE_WORDS.get(found.process_type, ""),
        "parts": screen.in_words(request.user, tree, function),
        "result": result,
        "findings": screen.told(tree, result.faults) if result else [],
        "title": rules.list_title(function, found.place),
        "back": LISTS[found.place],
        "own": found.user_id == request.user.pk,
    }
    return render(request, "entries/contents.html", context)
