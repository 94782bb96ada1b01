"""What the exporter fetches: モニタリスト, 提供データ, 台帳・請求書, and the confirmations of 企業総合保険.

Which papers a user may read is ``documents``. Seed 000 ch. 9 §4-1 (モニタリストダウンロード, 提供データダウンロード), §4-4, §5-4;
002 ch. 9 §3-3, §3-4.
"""

from collections.abc import Iterable
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal_stub import clock
from portal_stub.access import Access, Right, page
from portal_stub.accounts.choosing import holder_choice
from portal_stub.accounts.models import User
from portal_stub.feed.models import AgreementPeriod, Document
from portal_stub.history.recording import audit, record
from portal_stub.ledgers import checked, documents, listing
from portal_stub.ledgers.common import answered
from portal_stub.ledgers.forms import MonitorSearch, PaperSearch, ProvidedSearch
from portal_stub.ledgers.functions import FUNCTIONS
from portal_stub.ledgers.models import LedgerCheck
from portal_stub.pages.paging import paged
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.products import Product

_ENTERPRISE = {"product": str(Product.ENTERPRISE)}


# ---------------------------------------------------------------------------------------------- モニタリスト
@page(
    "ledger-monitor-lists",
    "ledger-papers/monitor-lists/",
    chapter="9章3-2・4-4・5-4",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
)
def monitor_lists(request: HttpRequest) -> HttpResponse:
    """「モニタリスト出力」: conditions, then the hits with 「リスト出力」 (D-004, P-040)."""
    now = clock.now()
    form, searched = _searched(MonitorSearch, request)
    context: dict[str, Any] = {"form": form, "page": None}
    if searched:
        rows = documents.monitor_lists(request.user, now, form.cleaned_data)
        shown = paged(rows, request.GET.get("page"), listing.PER_PAGE)
        keys = [row.submission_id for row in shown]
        told = {row.submission_id: row for row in listing.told_rows(keys, now)}
        context |= {
            "page": shown,
            "rows": [(paper, told[paper.submission_id]) for paper in shown if paper.submission_id in told],
        }
    return render(request, "ledgers/monitor_lists.html", context, status=422 if form.errors else 200)


@page(
    "ledger-monitor-list",
    "ledger-papers/monitor-lists/<str:document_id>/",
    chapter="9章3-2・4-4・5-4",
    access=Access.USER,
    otp=True,
    right=Right.APPLICATIONS,
    shows=Resource.DOCUMENT,
)
def monitor_list(request: HttpRequest, document_id: str) -> HttpResponse | FileResponse:
    """「リスト出力」: the PDF of one row (D-005); with ``?show=1`` in the browser (D-045)."""
    row = _paper(request, ["monitor_list"])
    reply = answered(request, row)
    audit(request.user.login_id, "document-read", row.pk)
    return reply


# ---------------------------------------------------------------------------------------------- 提供データ
@page(
    "provided-data",
    "ledger-papers/provided-data/",
    chapter="9章3-3・3-4・4-4・5-4",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
)
def provided_data(request: HttpRequest) -> HttpResponse:
    """「提供データダウンロード」: 「検索」, then 「照会」 (D-025, P-041); a notice without agreement (P-042)."""
    choice = holder_choice(request)
    form, searched = _searched(ProvidedSearch, request)
    wanted = documents.wants_data(choice.holder)
    context: dict[str, Any] = {"form": form, "choice": choice, "offered": wanted, "page": None}
    if searched and wanted:
        rows = documents.of_holder(request.user, choice.holder, ["provided_data"], form.cleaned_data)
        context |= _with_products(paged(rows, request.GET.get("page"), listing.PER_PAGE))
    return render(request, "ledgers/provided_data.html", context, status=422 if form.errors else 200)


@page(
    "provided-data-file",
    "ledger-papers/provided-data/<str:document_id>/",
    chapter="9章3-3・3-4・4-4・5-4",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    shows=Resource.DOCUMENT,
)
def provided_data_file(request: HttpRequest, document_id: str) -> HttpResponse | FileResponse:
    """「ダウンロード」 of 提供データ, in the access history (D-027)."""
    row = _paper(request, ["provided_data"])
    reply = answered(request, row)
    record(request.user, "8-1")
    audit(request.user.login_id, "document-read", row.pk)
    return reply


# ---------------------------------------------------------------------------------------------- 台帳・請求書
@page(
    "ledger-papers",
    "ledger-papers/",
    chapter="9章3-3・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
)
def papers(request: HttpRequest) -> HttpResponse:
    """「台帳・請求書」: what an exporter looks for every month, newest first."""
    choice = holder_choice(request)
    form = PaperSearch(request.GET)
    holds = form.is_valid()
    rows = documents.of_holder(
        request.user, choice.holder, documents.UNIT_KINDS, form.cleaned_data if holds else {}
    ).filter(format="pdf")
    shown = _with_products(paged(rows if holds else rows.none(), request.GET.get("page"), listing.PER_PAGE))
    tables = _beside(request.user, [row for row, _ in shown["rows"]], "csv")
    context = {
        "form": form,
        "choice": choice,
        "page": shown["page"],
        "rows": [(row, words, documents.UNIT_KINDS[row.kind], tables.get(row.pk)) for row, words in shown["rows"]],
        "searched": any(request.GET.get(name) for name in form.fields),
    }  # fmt: skip
    return render(request, "ledgers/papers.html", context, status=200 if holds else 422)


@page(
    "ledger-paper",
    "ledger-papers/documents/<str:document_id>/",
    chapter="9章3-3・4-1・5-1",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
    shows=Resource.DOCUMENT,
)
def paper(request: HttpRequest, document_id: str) -> HttpResponse | FileResponse:
    """One of them, stored or in the browser."""
    row = _paper(request, documents.UNIT_KINDS)
    reply = answered(request, row)
    audit(request.user.login_id, "document-read", row.pk)
    return reply


# ---------------------------------------------------------------------------------------------- 企業総合保険
@page(
    "ledger-reconciliation",
    "ledger-papers/reconciliation/",
    chapter="9章3-3",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
)
def reconciliation(request: HttpRequest) -> HttpResponse:
    """照合台帳・照合用提供データの確認 of 企業総合保険: PDF, CSV, 照合期限, 「確認済」 (P-047)."""
    choice, now = holder_choice(request), clock.now()
    rows = documents.of_holder(request.user, choice.holder, ["reconciliation_ledger"], _ENTERPRISE).filter(
        format="pdf"
    )
    shown = paged(rows, request.GET.get("page"), listing.PER_PAGE)
    ids = {row.pk: documents.ledger_of(row) for row in shown}
    done = LedgerCheck.objects.in_bulk(list(ids.values()))
    tables = _beside(request.user, shown, "csv")
    data = _provided(request.user, shown)
    context = {
        "choice": choice,
        "page": shown,
        "rows": [
            {
                "paper": row,
                "ledger": ids[row.pk],
                "table": tables.get(row.pk),
                "data": data.get(row.pk),
                "limit": checked.limit_of(row.month),
                "check": done.get(ids[row.pk]),
            }
            for row in shown
        ],
        "now": now,
        "offered": documents.wants_data(choice.holder),
    }
    return render(request, "ledgers/reconciliation.html", context)


@page(
    "ledger-reconciliation-checked",
    "ledger-papers/reconciliation/<str:ledger_id>/checked/",
    methods=("POST",),
    chapter="9章3-3",
    access=Access.APPLICANT,
    otp=True,
    right=Right.DATA,
    shows=Resource.LEDGER,
)
def reconciliation_checked(request: HttpRequest, ledger_id: str) -> HttpResponse:
    """「確認済」, once; who and when is kept."""
    row = request.shown[Resource.LEDGER]
    if _product(row.agreement) != Product.ENTERPRISE:
        raise Http404
    checked.check(request.user, request.user.holder, documents.ledger_of(row))
    return redirect("ledger-reconciliation")


@page(
    "ledger-confirmed-data",
    "ledger-papers/confirmed-data/",
    chapter="9章3-4",
    access=Access.USER,
    otp=True,
    right=Right.DATA,
)
def confirmed_data(request: HttpRequest) -> HttpResponse:
    """確定提供データの確認 of 企業総合保険: the CSV for 30 days (P-048)."""
    choice = holder_choice(request)
    wanted = documents.wants_data(choice.holder)
    conditions = _ENTERPRISE | {"stage": documents.CONFIRMED}
    rows = documents.of_holder(request.user, choice.holder, ["provided_data"], conditions)
    shown = paged(rows if wanted else rows.none(), request.GET.get("page"), listing.PER_PAGE)
    context = {"choice": choice, "offered": wanted, "page": shown}
    return render(request, "ledgers/confirmed_data.html", context)


# ---------------------------------------------------------------------------------------------- inside
def _searched(form_class: Any, request: HttpRequest) -> tuple[Any, bool]:
    """The conditions, and whether 「検索」 was pressed with such that hold; a door may bring the first of them."""
    if "search" not in request.GET:
        return form_class(initial={"product": request.GET.get("product", "")}), False
    form = form_class(request.GET)
    return form, form.is_valid()


def _paper(request: HttpRequest, kinds: Iterable[str]) -> Document:
    """The paper that the address names, as a page of these kinds takes it."""
    row: Document = request.shown[Resource.DOCUMENT]
    if row.kind not in kinds:
        raise Http404
    return row


def _product(agreement: str) -> str:
    found = AgreementPeriod.objects.filter(code=agreement).order_by("-valid_from").first()
    return found.product if found else ""


def _with_products(shown: Any) -> dict[str, Any]:
    """Rows with the words of their product, and of their stage."""
    codes = {row.agreement for row in shown}
    products = dict(
        AgreementPeriod.objects.filter(code__in=codes).order_by("valid_from").values_list("code", "product")
    )
    titles = {code: FUNCTIONS[key].title for code, key in products.items() if key in FUNCTIONS}
    rows = []
    for row in shown:
        row.stage = "確定" if documents.is_confirmed(row) else "照合"
        rows.append((row, titles.get(row.agreement, "")))
    return {"page": shown, "rows": rows}


def _beside(user: User, rows: Any, form: str) -> dict[str, Document]:
    """The same papers in another form, by the id of the PDF."""
    wanted = {f"{row.pk.removesuffix('-pdf')}-{form}": row.pk for row in rows}
    found = seen(Resource.DOCUMENT, user).filter(pk__in=wanted)
    return {wanted[row.pk]: row for row in found}


def _provided(user: User, rows: Any) -> dict[str, Document]:
    """提供データ of the same ledgers, as long as they are provided."""
    wanted = {f"provided_data-{documents.ledger_of(row)}": row.pk for row in rows}
    found = seen(Resource.DOCUMENT, user).filter(pk__in=wanted)
    return {wanted[row.pk]: row for row in found}
