"""The desk's pages about one buyer: what the 海外商社名簿 does not tell of it, and 個別保証枠残高."""

import re
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub.access import Access, page
from portal_stub.accounts.fields import AsciiField, WideField
from portal_stub.accounts.models import StaffRole
from portal_stub.buyers import rules, ruling
from portal_stub.buyers.forms import SearchForm
from portal_stub.buyers.models import DETAILS, Kind
from portal_stub.buyers.procedures import EnglishField, OverseasPhoneField, UrlField
from portal_stub.buyers.searching import MOST_HITS
from portal_stub.desk.forms import ReasonForm
from portal_stub.desk.steps import entry
from portal_stub.pages.paging import paged

BOTH = ("GET", "POST")
_CODE = re.compile(r"[0-9]{1,9}")
_DONE = {"changed": "海外商社の情報を変更しました。"}


class YenField(AsciiField):
    """An amount in yen; commas are taken as meant, empty is unknown."""

    pattern = re.compile(r"[0-9,]*")
    hint = "半角数字"
    fault = "円の単位の半角数字で入力してください（例: 120000000）。"

    def clean(self, value: Any) -> Any:
        """As a number."""
        digits = super().clean(value).replace(",", "")
        return int(digits) if digits else None


class DetailsForm(ReasonForm):
    """What the desk keeps of a buyer; what stays as it is in force is not judged."""

    address = EnglishField(
        label="住所（英文）", limit=200, example="1 Example Street, Example City", required=False
    )
    phone = OverseasPhoneField(label="電話番号", limit=30, example="+1-000-000-0000", required=False)
    url = UrlField(label="URL", limit=200, example="https://buyer.example", required=False)
    industry = WideField(label="業種", limit=50, example="機械器具卸売業", required=False)
    kind = forms.ChoiceField(
        label="企業・公的機関・銀行の区分",
        required=False,
        choices=[("", "（不明）"), *Kind.choices],
        error_messages={"invalid_choice": "区分を選び直してください。"},
    )
    limit_balance = YenField(
        label="個別保証枠残高（円）", limit=18, required=False, help_text="半角数字。空欄は不明"
    )
    field_order: ClassVar = [*DETAILS, "limit_balance", "reason"]

    def __init__(self, original: dict[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.original = original

    def clean(self) -> dict[str, Any]:
        """A change changes something."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        for name in DETAILS:
            if self[name].data == self.original[name]:
                found[name] = self.original[name]
                self.errors.pop(name, None)
        if not self.errors and all(
            ("" if found[name] is None else str(found[name])) == value
            for name, value in self.original.items()
        ):
            raise ValidationError("変更された項目がありません。変更する項目を入力してください。")
        return found


def _in_force(buyer: Any) -> dict[str, str]:
    balance = "" if buyer.limit_balance is None else str(buyer.limit_balance)
    return {**{name: getattr(buyer, name) for name in DETAILS}, "limit_balance": balance}


def _found(code: str) -> Any:
    buyer = rules.find(code) if _CODE.fullmatch(code) else None
    if buyer is None:
        raise Http404
    return buyer


@page("desk-buyer-search", "desk/buyers/details/", chapter="-", access=Access.STAFF, otp=False)
def search(request: HttpRequest) -> HttpResponse:
    """Finds a buyer the way users do; who looks for one is no event."""
    asked = "name" in request.GET
    form = SearchForm(request.GET if asked else None, season=False)
    context: dict[str, Any] = {"form": form, "rows": None, "most": MOST_HITS}
    if asked and form.is_valid():
        hits, more = form.search().hits()
        context |= {"rows": paged(hits, request.GET.get("page")), "more": more, "count": len(hits)}
    context["url"] = request.get_full_path()
    return render(request, "buyers/desk_details.html", context, status=422 if form.errors else 200)


@page("desk-buyer", "desk/buyers/details/<str:code>/", chapter="-", access=Access.STAFF, otp=False)
def buyer(request: HttpRequest, code: str) -> HttpResponse:
    """One buyer, removed ones too."""
    context = {"buyer": _found(code), "told": _DONE.get(request.GET.get("done", ""), "")}
    return render(request, "buyers/desk_buyer.html", context)


@page(
    "desk-buyer-change",
    "desk/buyers/details/<str:code>/change/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def buyer_change(request: HttpRequest, code: str) -> HttpResponse:
    """Changes what the desk keeps of a buyer."""
    row = _found(code)
    present = _in_force(row)
    facts = [("バイヤーコード", row.code), ("バイヤー名称", row.name), ("所在国", str(row.country))]
    make, back = partial(DetailsForm, present), reverse("desk-buyer", args=[code])
    answer = entry(request, make, present, "海外商社の情報の変更", back, facts=facts)
    if isinstance(answer, HttpResponse):
        return answer
    reason = answer.pop("reason")
    ruling.change_details(request.user, row.code, answer, reason)
    return redirect(f"{back}?done=changed")
