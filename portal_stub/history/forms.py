"""The conditions of アクセス履歴出力."""

from datetime import date, timedelta
from typing import Any

from django import forms

from portal_stub.accounts.fields import within_calendar
from portal_stub.accounts.models import Holder
from portal_stub.history.searching import BY_TIME, BY_USER, Search, first_day

EVERYBODY = ""


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text="西暦、例: 2026-04-01",
        input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[within_calendar(label)],
        error_messages={
            "required": f"{label}を入力してください。",
            "invalid": f"{label}は 2026-04-01 の形の暦にある日付で入力してください。",
        },
    )


class SearchForm(forms.Form):
    """対象期間, WebユーザーID, 出力形式 (G-096, G-097)."""

    start = _day("対象期間（開始日）")
    end = _day("対象期間（終了日）")
    login_id = forms.ChoiceField(label="WebユーザーID", required=False)
    order = forms.ChoiceField(
        label="出力形式",
        choices=[(BY_USER, "WebユーザーID単位"), (BY_TIME, "アクセス日時単位")],
        widget=forms.RadioSelect,
        error_messages={
            "required": "出力形式を選択してください。",
            "invalid_choice": "出力形式を選択してください。",
        },
    )

    def __init__(self, holder: Holder, today: date, *args: Any, **kwargs: Any) -> None:
        start = max(today - timedelta(30), first_day(today))
        kwargs.setdefault("initial", {"start": start, "end": today, "order": BY_USER})
        super().__init__(*args, **kwargs)
        self.holder = holder
        ids = holder.users.values_list("login_id", flat=True)
        self.fields["login_id"].choices = [(EVERYBODY, "（全ユーザー指定）"), *((one, one) for one in ids)]
        self.fields["login_id"].error_messages["invalid_choice"] = (
            "WebユーザーIDを一覧から選び直してください。"
        )

    def clean(self) -> dict[str, Any]:
        """The period must have a direction."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("start") and found.get("end") and found["start"] > found["end"]:
            self.add_error("end", "対象期間の終了日は開始日以後の日付にしてください。")
        return found

    def search(self) -> Search:
        """What is asked for, of the own holder only."""
        found = self.cleaned_data
        return Search(self.holder.code, found["start"], found["end"], found["login_id"], found["order"])
