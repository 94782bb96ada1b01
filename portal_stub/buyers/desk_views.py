"""What the insurer's desk keeps of buyers: スリーピング候補 and the season in which they are released (K-051).

Code, name, country and rating are not kept here; they come with the 海外商社名簿.
"""

import re
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.accounts.models import StaffRole
from portal_stub.buyers import rules
from portal_stub.buyers.directory import parts
from portal_stub.buyers.models import Buyer, Season
from portal_stub.desk.steps import entry
from portal_stub.procedures.forms import DayField

BOTH = ("GET", "POST")
_DONE = {
    "season": "スリーピング候補バイヤー解除期間を設定し、お知らせに登録しました。",
    "candidates": "スリーピング候補バイヤーを設定しました。",
}
_CODE = re.compile(r"[0-9]{1,9}")
_MOST_NAMED = 10


class SeasonForm(forms.Form):
    """First and last day."""

    opens = DayField(label="開始日", earliest=clock.today)
    closes = DayField(label="終了日", help_text="この日まで受け付けます（例: 2026/12/28）")

    def clean(self) -> dict[str, Any]:
        """It has a direction and overlaps no other."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("opens") and found.get("closes"):
            fault = rules.season_fault(found["opens"], found["closes"])
            if fault:
                self.add_error("closes", fault)
        return found


class CandidatesForm(forms.Form):
    """All candidates, one code per line."""

    codes = forms.CharField(
        label="バイヤーコード",
        required=False,
        help_text="1行に1件。ここにない海外商社は、候補から外れます。空欄は、候補なしです。",
        widget=forms.Textarea(attrs={"rows": 15, "cols": 20, "spellcheck": "false"}),
    )

    def clean_codes(self) -> list[str]:
        """The codes, each of the 海外商社名簿; faults with their lines."""
        lines = [line.strip() for line in self.cleaned_data["codes"].splitlines()]
        codes = {line: number for number, line in enumerate(lines, start=1) if line}
        known: set[str] = set()
        for part in parts([code for code in codes if _CODE.fullmatch(code)]):
            rows = Buyer.objects.filter(code__in=part, removed_at__isnull=True)
            known |= set(rows.values_list("code", flat=True))
        faults = [
            f"{number}行目「{code[:20]}」は海外商社名簿にありません。"
            for code, number in codes.items()
            if code not in known
        ]
        if len(faults) > _MOST_NAMED:
            faults[_MOST_NAMED:] = [f"ほか{len(faults) - _MOST_NAMED}行も海外商社名簿にありません。"]
        if faults:
            raise forms.ValidationError(faults)
        return list(codes)


@page("desk-buyers", "desk/buyers/", chapter="-", access=Access.STAFF, otp=False)
def desk_buyers(request: HttpRequest) -> HttpResponse:
    """Seasons, newest first, and how many candidates there are."""
    context = {
        "seasons": Season.objects.all()[:10],
        "present": Season.on(clock.today()),
        "count": Buyer.objects.filter(sleeping_candidate=True, removed_at__isnull=True).count(),
        "told": _DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "buyers/desk.html", context)


@page(
    "desk-season",
    "desk/buyers/season/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def desk_season(request: HttpRequest) -> HttpResponse:
    """Sets a season; sent twice, the second one overlaps the first and is refused."""
    answer = entry(request, SeasonForm, {}, "スリーピング候補バイヤー解除期間の設定", reverse("desk-buyers"))
    if isinstance(answer, HttpResponse):
        return answer
    rules.set_season(request.user.login_id, answer["opens"], answer["closes"])
    return redirect(f"{reverse('desk-buyers')}?done=season")


@page(
    "desk-candidates",
    "desk/buyers/candidates/",
    methods=BOTH,
    chapter="-",
    access=Access.STAFF,
    otp=False,
    least=StaffRole.OPERATOR,
)
def desk_candidates(request: HttpRequest) -> HttpResponse:
    """Replaces the candidates as a whole."""
    held = Buyer.objects.filter(sleeping_candidate=True, removed_at__isnull=True).values_list(
        "code", flat=True
    )
    answer = entry(
        request,
        CandidatesForm,
        {"codes": "\n".join(held)},
        "スリーピング候補バイヤーの設定",
        reverse("desk-buyers"),
    )
    if isinstance(answer, HttpResponse):
        return answer
    rules.set_candidates(request.user.login_id, answer["codes"])
    return redirect(f"{reverse('desk-buyers')}?done=candidates")
