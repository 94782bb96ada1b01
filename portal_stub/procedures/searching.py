"""The Web申込状況一覧 as a query: conditions, order, and what is no longer shown (H-004 to H-010, H-023 to H-026)."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from portal_stub import clock
from portal_stub.procedures.forms import DayField
from portal_stub.procedures.models import Application, State
from portal_stub.procedures.registry import PROCEDURES

PER_PAGE = 20
ORDERS = {
    "-at": ("-listed_at", "-id"),
    "at": ("listed_at", "id"),
    "user": ("shown_user__login_id", "-listed_at", "-id"),
    "-user": ("-shown_user__login_id", "-listed_at", "-id"),
}
INITIAL_ORDER = "-at"


class SearchForm(forms.Form):
    """Conditions, all of them joined by AND; empty is no condition (H-005)."""

    since = DayField(label="Web申込日（から）", required=False)
    until = DayField(label="Web申込日（まで）", required=False)
    number = forms.CharField(label="Web申込番号", max_length=20, required=False, help_text="前方一致")
    user = forms.CharField(label="ユーザーID", max_length=20, required=False, help_text="前方一致")
    kind = forms.ChoiceField(label="申込種類", required=False)
    state = forms.ChoiceField(
        label="手続状況",
        required=False,
        choices=[("", "すべて"), *(choice for choice in State.choices if choice[0] != State.DRAFT)],
    )
    reference = forms.CharField(
        label="参考情報", max_length=60, required=False, help_text="国名・バイヤー名などの一部"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "すべて"), *((p.key, p.title) for p in PROCEDURES.values())]

    def clean(self) -> dict[str, Any]:
        """The range must run forwards."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("since") and found.get("until") and found["since"] > found["until"]:
            self.add_error("until", "Web申込日の範囲の前後を確認してください。")
        return found


def current(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Without what was closed two years ago, whether or not the nightly housekeeping came by."""
    return rows.filter(leaves_on__gt=clock.today())


def search(rows: "QuerySet[Any]", conditions: dict[str, Any], order: str) -> "QuerySet[Any]":
    """The rows that meet all conditions, in one of ``ORDERS``."""
    if day := conditions.get("since"):
        rows = rows.filter(applied_at__gte=_midnight(day))
    if day := conditions.get("until"):
        rows = rows.filter(applied_at__lt=_midnight(day + timedelta(days=1)))
    wanted = {
        "number__startswith": conditions.get("number", "").strip(),
        "shown_user__login_id__startswith": conditions.get("user", "").strip(),
        "procedure": conditions.get("kind"),
        "state": conditions.get("state"),
        "reference__icontains": conditions.get("reference", "").strip(),
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return rows.order_by(*ORDERS.get(order, ORDERS[INITIAL_ORDER]))


def shown(rows: "QuerySet[Application]") -> "QuerySet[Application]":
    """With what a row of the list shows, and without what it does not: one query for any number of rows."""
    return rows.select_related("shown_user").defer("answers", "told", "agreed", "recipients", "notice")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
