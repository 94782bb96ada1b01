"""「一括申請」 and 「一括通知」, the checks before, 申込内容の確認 of 企業総合保険, and 申請完了.

Seed 000 ch. 9 §4-1 B, C, §5-1 B, C; Seed 002 ch. 9 §3-1, §3-2.
"""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub import clock
from portal_stub.access import Access, Right, page
from portal_stub.entries import items, rules, screen
from portal_stub.entries.common import CHAPTER, entry_named, function_named, to_list
from portal_stub.entries.list_views import OPTIONS, waiting_page
from portal_stub.entries.models import Entry
from portal_stub.entries.results import Result, result_of
from portal_stub.ledgers.acceptance import window_at
from portal_stub.ledgers.common import once_of
from portal_stub.ledgers.functions import LedgerFunction
from portal_stub.visibility.resources import Resource
from schemas.products import Product
from schemas.submission import Refusal

APPLYING: dict[str, Any] = {
    "methods": ("POST",),
    "chapter": CHAPTER,
    "access": Access.APPLICANT,
    "otp": True,
    "right": Right.APPLY,
}


# ---------------------------------------------------------------------------------------------- 申請待一覧
@page("entry-send", "ledger/<str:product>/entries/waiting/send/", **APPLYING)
def send(request: HttpRequest, product: str) -> HttpResponse:
    """「一括申請」 / 「一括通知」: everything displayed, once, in the window at this moment (P-020, P-028, P-029, P-031)."""
    function, once = function_named(product), once_of(request)
    if rules.sent_before(request.user, once) is not None:
        return _sent(function, rules.send(request.user, [], once))
    every = list(rules.waiting(request.user, product))
    if not every:
        return waiting_page(
            request,
            function,
            f"{function.waiting_title}に、{function.bulk}するものがありません。「新規{function.act}」から入力してください。",
        )
    if request.POST.get("state") != rules.state_of(every):
        return waiting_page(
            request,
            function,
            f"表示していた一覧の内容が更新されています。まだ{function.act}していません。"
            f"下の一覧を確認してから、もう一度「{function.bulk}」を押してください。",
        )
    try:
        return _sent(
            function, rules.send(request.user, every[::-1], once, resend=request.POST.get("resend") == "on")
        )
    except Refusal as refusal:
        return waiting_page(request, function, refusal.message, identical=refusal.code == "identical-upload")


def _sent(function: LedgerFunction, uploads: Sequence[Any]) -> HttpResponse:
    return redirect("entry-sent", product=function.key, batch=uploads[0].batch)


@page("entry-check-all", "ledger/<str:product>/entries/waiting/check/", methods=("POST",), **OPTIONS)
def check_all(request: HttpRequest, product: str) -> HttpResponse:
    """「すべて検査」: a check of every entry of the list that has no current one."""
    function = function_named(product)
    rules.check(request.user, rules.waiting(request.user, product))
    if request.POST.get("from") == "batch" and function.product is Product.ENTERPRISE:
        return redirect("entry-batch", product=product)
    return to_list(function, rules.Stand.WAITING)


@page("entry-sent", "ledger/<str:product>/entries/sent/<str:batch>/", **OPTIONS, shows=Resource.BATCH)
def sent(request: HttpRequest, product: str, batch: str) -> HttpResponse:
    """申請完了 / 通知完了: what was sent with this click, and the day on which it is accepted (P-021, P-022)."""
    function = function_named(product)
    uploads = request.shown[Resource.BATCH]
    if uploads[0].product != product:
        raise Http404
    entries = {row.upload_id: row for row in Entry.objects.filter(upload__in=uploads)}
    rows = []
    for upload in uploads:
        row = entries.get(upload.pk)
        rows.append((upload, row, items.TYPE_WORDS.get(row.process_type, "") if row else ""))
    context = {
        "function": function,
        "rows": rows,
        "day": uploads[0].expected_on,
        "at": uploads[0].sent_at,
        "lines": sum(upload.count for upload in uploads),
        "list": reverse("ledger-sent-entries", kwargs={"product": product}),
    }
    return render(request, "entries/sent.html", context)


# ---------------------------------------------------------------------------------------------- 個別入力・個別申込み
def _confirmed(request: HttpRequest, product: str, entry_id: str) -> tuple[LedgerFunction, Entry]:
    function = function_named(product)
    found = entry_named(request, function)
    if function.product is not Product.ENTERPRISE or found.process_type != "1":
        raise Http404
    return function, found


@page(
    "entry-confirm", "ledger/<str:product>/entry/<str:entry_id>/confirm/", **OPTIONS, shows=Resource.OWN_ENTRY
)
def confirm(request: HttpRequest, product: str, entry_id: str) -> HttpResponse:
    """申込内容の確認: all values in words and what the check says; then 「申込む」 (A-059, P-044)."""
    function, found = _confirmed(request, product, entry_id)
    if found.place != rules.Stand.EDITING:
        return to_list(function, found.place)
    return _confirmation(request, function, found)


def _confirmation(
    request: HttpRequest,
    function: LedgerFunction,
    found: Entry,
    message: str = "",
    *,
    identical: bool = False,
) -> HttpResponse:
    tree, result = found.typed, result_of(found)
    context = {
        "function": function,
        "entry": found,
        "type_words": items.TYPE_WORDS.get(found.process_type, ""),
        "parts": screen.in_words(request.user, tree, function),
        "result": result,
        "findings": screen.told(tree, result.faults) if result else [],
        "once": once_of(request),
        "window": window_at(clock.now()),
        "message": message,
        "identical": identical,
        "may_go": _may_go(result),
    }
    return render(request, "entries/confirm.html", context, status=422 if message else 200)


def _may_go(result: Result | None) -> bool:
    """Whether 「申込む」 is offered: the check found no error, or the check itself did not come to its end."""
    return result is not None and result.current and (result.clean or result.job.state == "failed")


@page("entry-apply", "ledger/<str:product>/entry/<str:entry_id>/apply/", **APPLYING, shows=Resource.OWN_ENTRY)
def apply(request: HttpRequest, product: str, entry_id: str) -> HttpResponse:
    """「申込む」: this contract alone, at once, without 申請待一覧 (A-059, P-044)."""
    function, once = function_named(product), once_of(request)
    if rules.sent_before(request.user, once) is not None:
        return _sent(function, rules.send(request.user, [], once))
    function, found = _confirmed(request, product, entry_id)
    if found.place != rules.Stand.EDITING:
        return to_list(function, found.place)
    if str(found.revision) != request.POST.get("revision"):
        rules.check(request.user, [found])
        return _confirmation(
            request,
            function,
            found,
            "表示していた内容が更新されています。まだ申し込まれていません。下の内容を確認してから、もう一度「申込む」を押してください。",
        )
    if rules.faults_of(found, whole=True):
        return redirect(f"{reverse('entry', args=[product, entry_id])}?judged=save")
    if not _may_go(result_of(found)):
        return _confirmation(
            request,
            function,
            found,
            "検査が終わり、エラーがないことを確認してから「申込む」を押してください。",
        )
    try:
        return _sent(
            function, rules.send(request.user, [found], once, resend=request.POST.get("resend") == "on")
        )
    except Refusal as refusal:
        return _confirmation(
            request, function, found, refusal.message, identical=refusal.code == "identical-upload"
        )


# ---------------------------------------------------------------------------------------------- 一括入力・一括申込み
def _batch_rows(request: HttpRequest) -> list[tuple[Entry, Result | None]]:
    """新規 of 企業総合保険 that wait, with their checks (P-046)."""
    rows = rules.waiting(request.user, Product.ENTERPRISE).filter(process_type="1")
    return [(row, result_of(row)) for row in rows]


def _enterprise(product: str) -> LedgerFunction:
    function = function_named(product)
    if function.product is not Product.ENTERPRISE:
        raise Http404
    return function


@page("entry-batch", "ledger/<str:product>/entries/batch/", **OPTIONS)
def batch(request: HttpRequest, product: str) -> HttpResponse:
    """一括入力・一括申込み: the entered contracts with the errors of each (A-060, P-045)."""
    return _batch(request, _enterprise(product))


def _batch(
    request: HttpRequest, function: LedgerFunction, message: str = "", *, identical: bool = False
) -> HttpResponse:
    rows = _batch_rows(request)
    ready = [row for row, result in rows if result is not None and result.clean]
    context = {
        "function": function,
        "rows": [
            (row, result, screen.told(row.typed, result.faults) if result else []) for row, result in rows
        ],
        "ready": ready,
        "unchecked": sum(1 for _, result in rows if result is None or not result.current),
        "running": any(result and not result.job.is_over for _, result in rows),
        "premium": sum(result.premium_total_yen or 0 for _, result in rows if result and result.clean),
        "state": rules.state_of(ready),
        "once": once_of(request),
        "window": window_at(clock.now()),
        "message": message,
        "identical": identical,
    }
    return render(request, "entries/batch.html", context, status=422 if message else 200)


@page("entry-batch-apply", "ledger/<str:product>/entries/batch/apply/", **APPLYING)
def batch_apply(request: HttpRequest, product: str) -> HttpResponse:
    """「申込む」 for all contracts in which the check found no error; the others stay in the list (A-060, P-045)."""
    function, once = _enterprise(product), once_of(request)
    if rules.sent_before(request.user, once) is not None:
        return _sent(function, rules.send(request.user, [], once))
    ready = [row for row, result in _batch_rows(request) if result is not None and result.clean]
    if not ready:
        return _batch(
            request, function, "申し込めるものがありません。「すべて検査」を押し、エラーを直してください。"
        )
    if request.POST.get("state") != rules.state_of(ready):
        return _batch(
            request,
            function,
            "表示していた内容が更新されています。まだ申し込まれていません。下の一覧を確認してから、もう一度「申込む」を押してください。",
        )
    try:
        return _sent(
            function, rules.send(request.user, ready[::-1], once, resend=request.POST.get("resend") == "on")
        )
    except Refusal as refusal:
        return _batch(request, function, refusal.message, identical=refusal.code == "identical-upload")
