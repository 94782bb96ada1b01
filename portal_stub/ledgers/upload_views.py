"""「アップロード」 and 「申請完了」. Seed 000 ch. 9 §4-1 A, B, §4-2, §5-1, §5-2; A-005, A-006, A-013, A-015, B-002, B-003, B-006, B-008.

What is done with a file is ``uploading`` and ``sending``; the check before sending is ``check_views``.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub import clock
from portal_stub.access import Access, Right, page
from portal_stub.ledgers import checking, listing, sending, uploading
from portal_stub.ledgers.acceptance import window_at
from portal_stub.ledgers.common import function_named, once_of
from portal_stub.ledgers.forms import UploadForm
from portal_stub.ledgers.functions import LedgerFunction
from portal_stub.ledgers.models import Upload
from portal_stub.pages.paging import paged
from portal_stub.visibility.resources import Resource

BOTH = ("GET", "POST")


@page(
    "ledger-upload",
    "ledger/<str:product>/upload/",
    methods=BOTH,
    chapter="9章3-2・4-2・5-2",
    access=Access.APPLICANT,
    otp=True,
    large=True,
)
def upload(request: HttpRequest, product: str) -> HttpResponse:
    """The empty page; sent, it keeps the file and leads to its check, or tells what is missing (C-009)."""
    function = function_named(product)
    if request.method != "POST":
        return _shown(request, function, UploadForm(function), None)
    form, kept = _taken(request, function)
    if form.errors or kept is None:
        return _shown(request, function, form, kept)
    if request.POST.get("do") == "check":
        checking.begin(request.user, kept)
        return redirect("ledger-check", product=function.key, upload_id=kept.pk)
    return redirect("ledger-upload-kept", product=function.key, upload_id=kept.pk)


@page(
    "ledger-upload-kept",
    "ledger/<str:product>/upload/<str:upload_id>/",
    chapter="9章3-2・4-2・5-2",
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_UPLOAD,
)
def upload_kept(request: HttpRequest, product: str, upload_id: str) -> HttpResponse:
    """The page with a file that was kept before: it need not be chosen again."""
    function = function_named(product)
    kept = _draft(request, function)
    typed = {"count": kept.count or "", "remarks": kept.remarks}
    return _shown(request, function, UploadForm(function, kept=kept, initial=typed), kept)


@page(
    "ledger-upload-drop",
    "ledger/<str:product>/upload/<str:upload_id>/drop/",
    methods=("POST",),
    chapter="9章3-2・4-2・5-2",
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_UPLOAD,
)
def upload_drop(request: HttpRequest, product: str, upload_id: str) -> HttpResponse:
    """Takes a file away that was kept and not sent."""
    function = function_named(product)
    _draft(request, function).delete()
    return redirect("ledger-upload", product=function.key)


@page(
    "ledger-send",
    "ledger/<str:product>/send/",
    methods=BOTH,
    chapter="9章3-2・4-2・5-2",
    access=Access.APPLICANT,
    otp=True,
    right=Right.APPLY,
    large=True,
)
def send(request: HttpRequest, product: str) -> HttpResponse:
    """「申請」・「通知」: once, within the hours, with the right count; else the page again, the file kept (A-015, C-008)."""
    function = function_named(product)
    if request.method != "POST":  # reloaded after an error
        return redirect("ledger-upload", product=function.key)
    once = once_of(request)
    if (before := uploading.sent_already(request.user, once)) is not None:
        return redirect("ledger-done", product=before.product, upload_id=before.pk)
    form, kept = _taken(request, function)
    sent = None
    if not form.errors and kept is not None:
        sent = uploading.send(request.user, kept, form, once)
    if sent is None:
        return _shown(request, function, form, kept, once)
    return redirect("ledger-done", product=function.key, upload_id=sent.pk)


@page(
    "ledger-done",
    "ledger/<str:product>/upload/<str:upload_id>/done/",
    chapter="9章3-2・4-1・5-1",
    access=Access.APPLICANT,
    otp=True,
    shows=Resource.OWN_UPLOAD,
)
def done(request: HttpRequest, product: str, upload_id: str) -> HttpResponse:
    """「申請完了」・「通知完了」: the file, that it is done, and how it stands now (A-013, B-006)."""
    function = function_named(product)
    own = request.shown[Resource.OWN_UPLOAD]
    if own.product != function.key or own.state not in listing.SENT:
        raise Http404
    [row] = listing.rows_of([own.pk], clock.now())
    context = {"function": function, "row": row}
    return render(request, "ledgers/done.html", context)


def _draft(request: HttpRequest, function: LedgerFunction) -> Upload:
    """The draft that the address names, as the page of a function takes it."""
    found = uploading.draft(request.user, function, request.shown[Resource.OWN_UPLOAD].pk)
    if found is None:
        raise Http404
    return found


def _taken(request: HttpRequest, function: LedgerFunction) -> tuple[UploadForm, Upload | None]:
    """What was sent with the page, the file of it kept."""
    named = str(request.POST.get("draft", ""))
    kept = uploading.draft(request.user, function, named) if named else None
    form = UploadForm(function, request.POST, request.FILES, kept=kept)
    return form, uploading.take(request.user, function, form)


def _shown(
    request: HttpRequest,
    function: LedgerFunction,
    form: UploadForm,
    kept: Upload | None,
    once: str = "",
) -> HttpResponse:
    """The page with what is known so far."""
    codes = (
        {error.code for errors in form.errors.as_data().values() for error in errors} if form.errors else ()
    )
    same = (
        uploading.identical(request.user, kept) if kept is not None and "identical-upload" in codes else None
    )
    others = uploading.drafts(request.user, function)
    context: dict[str, Any] = {
        "function": function,
        "form": form,
        "kept": kept,
        "same": same,
        "once": once or once_of(request),
        "window": window_at(clock.now()),
        "drafts": paged(others.exclude(pk=kept.pk) if kept else others, request.GET.get("page"), 10),
        "draft_days": sending.DRAFT_LIFE.days,
        "url": reverse("ledger-upload", args=[function.key]),
    }
    return render(request, "ledgers/upload.html", context, status=422 if form.errors else 200)
