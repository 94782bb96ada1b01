"""The pages of 保険料試算（詳細版）: the list of products, and one screen per product. Seed 000 ch. 6."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub.access import Access, page
from portal_stub.estimates.forms import BranchForm, SharedForm, blank, items_of, shared_items
from portal_stub.estimates.products import PRODUCTS, EstimateProduct, groups
from portal_stub.estimates.raters import Result, calculate
from portal_stub.estimates.sheet import MOST_BRANCHES, Sheet
from portal_stub.pipeline.rating import Unavailable

_ALL_EXCLUDED = (
    "すべての枝が計算対象外になっています。計算する枝のチェックを外してから、「保険料試算」を押してください。"
)
_UNAVAILABLE = (
    "ただいま料率を読み込めないため、試算できません。入力した内容は残っています。しばらくしてから、"
    "もう一度「保険料試算」を押してください。"
)


@page("estimate", "estimate/", chapter="6章2", access=Access.USER, otp=False)
def estimate(request: HttpRequest) -> HttpResponse:
    """保険料試算（詳細版）: the products in their three groups (J-001)."""
    context = {"groups": groups(), "portal": settings.PORTAL}
    return render(request, "estimates/list.html", context)


@page(
    "estimate-product",
    "estimate/<str:estimate_product>/",
    methods=("GET", "POST"),
    chapter="6章3",
    access=Access.USER,
    otp=False,
)
def estimate_product(request: HttpRequest, estimate_product: str) -> HttpResponse:
    """The screen of a product: entry of 枝, buttons, policy of countries, result (J-002). Nothing is stored (J-017)."""
    product = PRODUCTS.get(estimate_product)
    if product is None:
        raise Http404
    if product.ask is None:
        return render(request, "estimates/no_rates.html", {"product": product, "portal": settings.PORTAL})
    items, shared = items_of(product), shared_items(product)
    if request.method == "POST":
        sheet = Sheet.sent(items, shared, request.POST)
        return _pressed(request, product, sheet, request.POST.get("do", ""))
    return _shown(request, product, Sheet(items, shared, branches=[blank(product)]))


def _pressed(request: HttpRequest, product: EstimateProduct, sheet: Sheet, wish: str) -> HttpResponse:
    """What one of the buttons does (J-007 to J-009); any other word shows the sheet as it is."""
    match wish:
        case "calculate":
            return _calculated(request, product, sheet)
        case "add":
            sheet.add(blank(product))
        case "remove":
            sheet.remove()
        case "back":
            sheet.back()
        case "forward":
            sheet.forward()
        case "clear":
            sheet.clear(blank(product))
    return _shown(request, product, sheet)


def _calculated(request: HttpRequest, product: EstimateProduct, sheet: Sheet) -> HttpResponse:
    """「保険料試算」: all 枝 but the excluded ones, or what is wrong in which of them (J-009, J-011)."""
    wanted = [n for n, branch in enumerate(sheet.branches) if not branch.get("excluded")]
    if not wanted:
        return _shown(request, product, sheet, message=_ALL_EXCLUDED)
    shared = SharedForm(product, sheet.shared, request.user, judged=True)
    forms = {n: BranchForm(product, sheet.branches[n], n + 1, judged=True) for n in wanted}
    wrong = [n for n, form in forms.items() if not form.is_valid()]
    if wrong or not shared.is_valid():
        if wrong and sheet.at not in wrong:
            sheet.at = wrong[0]
        others = [(n + 1, sum(map(len, forms[n].errors.values()))) for n in wrong if n != sheet.at]
        return _shown(request, product, sheet, shared=shared, branch=forms.get(sheet.at), others=others)
    terms = shared.cleaned_data
    holder = shared.agreements.get(terms.get("agreement", ""), request.user.holder.code)
    branches = [(n + 1, form.cleaned_data) for n, form in forms.items()]
    try:
        result = calculate(product, branches, terms, holder)
    except Unavailable:
        return _shown(request, product, sheet, message=_UNAVAILABLE, status=503)
    return _shown(request, product, sheet, result=result)


def _shown(
    request: HttpRequest,
    product: EstimateProduct,
    sheet: Sheet,
    *,
    shared: Any = None,
    branch: Any = None,
    others: Any = (),
    message: str = "",
    result: Result | None = None,
    status: int = 0,
) -> HttpResponse:
    """The screen with the 枝 that is looked at; everything that was typed into any 枝 stays (J-008)."""
    branch = branch or BranchForm(product, sheet.branches[sheet.at], sheet.number, judged=False)
    shared = shared or SharedForm(product, sheet.shared, request.user, judged=False)
    faults = bool(branch.errors or shared.errors or others or message)
    context = {
        "product": product,
        "sheet": sheet,
        "most": MOST_BRANCHES,
        "branch": branch,
        "shared": shared,
        "others": others,
        "faults": faults,
        "message": message,
        "result": result,
        "portal": settings.PORTAL,
        "bookmarks": request.user.bookmarks.filter(buyer__removed_at__isnull=True).select_related("buyer"),
    }
    return render(request, "estimates/sheet.html", context, status=status or (422 if faults else 200))
