"""The form of a new APIトークン."""

from datetime import date
from typing import Any

from django import forms

from portal_stub.accounts.fields import ChoiceRadio, WideField, required_message
from portal_stub.accounts.models import User
from portal_stub.api.models import Scope
from portal_stub.api.rules import DEFAULT_LIFE, LONGEST_LIFE


class TokenForm(forms.Form):
    """名称, WebユーザーID, 範囲, 有効期限."""

    name = WideField(
        label="名称",
        limit=40,
        example="基幹システムからの申請",
        explanation="どのシステムで使うものかがわかる名称を付けてください。一覧とお知らせのメールに表示されます。",
    )
    login_id = forms.ChoiceField(
        label="動作するWebユーザー",
        help_text="このWebユーザーの権限の範囲で動作します。権限を変えると、トークンでできることもすぐに変わります。",
        error_messages={
            "required": "動作するWebユーザーを選択してください。",
            "invalid_choice": "動作するWebユーザーを一覧から選び直してください。",
        },
    )
    scope = ChoiceRadio(
        label="範囲",
        choices=Scope.choices,
        initial=Scope.BOTH,
        explanation="Webユーザーの権限より狭くしたいときに使います。権限にないことは、どれを選んでもできません。",
    )
    last_day = forms.DateField(
        label="有効期限",
        help_text="この日まで使えます。西暦、例: 2027-04-01",
        input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "required": required_message("有効期限"),
            "invalid": "有効期限は 2027-04-01 の形の暦にある日付で入力してください。",
        },
    )

    def __init__(self, users: list[User], today: date, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"last_day": today + DEFAULT_LIFE, "scope": Scope.BOTH} | kwargs.get(
            "initial", {}
        )
        super().__init__(*args, **kwargs)
        self.today, self.users = today, {user.login_id: user for user in users}
        self.fields["login_id"].choices = [
            ("", "選択してください"),
            *((user.login_id, f"{user.login_id} {user.name}") for user in users),
        ]

    def clean_last_day(self) -> date:
        """From today to the longest life."""
        day: date = self.cleaned_data["last_day"]
        longest = self.today + LONGEST_LIFE
        if not self.today <= day <= longest:
            raise forms.ValidationError(
                f"有効期限は、今日から {longest:%Y/%m/%d} までの日付で入力してください（最長2年）。"
            )
        return day

    @property
    def user(self) -> User:
        """Whom the token shall act as; of a valid form."""
        return self.users[self.cleaned_data["login_id"]]
