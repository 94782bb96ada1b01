"""The forms of the desk. What is typed is judged here, what it does is rules."""

import re
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from portal_stub.accounts.fields import (
    AsciiField,
    ChoiceRadio,
    MailField,
    PhoneField,
    WideField,
    within_calendar,
)
from portal_stub.accounts.forms import PersonForm
from portal_stub.accounts.models import Holder, StaffRole, User

MOST_CODES = 100
_ACTIVE = [("1", "有効"), ("0", "無効")]


class DayField(forms.DateField):
    """A day in 西暦."""

    def __init__(self, *, label: str, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            help_text=kwargs.pop("help_text", "西暦、例: 2026-04-01"),
            input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            validators=[within_calendar(label)],
            error_messages={
                "required": f"{label}を入力してください。",
                "invalid": f"{label}は 2026-04-01 の形の、暦にある日付で入力してください。",
            },
            **kwargs,
        )


class LinesField(WideField):
    """Wide text of several lines."""

    widget = forms.Textarea
    unusable = "機種依存文字・絵文字など"

    def clean(self, value: Any) -> str:
        """The lines as they are kept; each is judged like a line of its own."""
        text = str(value or "").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        if len(text) > self.limit:
            raise ValidationError(
                f"{self.label}は{self.limit}文字以内で入力してください（入力された文字数: {len(text)}）。"
            )
        return "\n".join(super(LinesField, self).clean(line) if line else "" for line in text.split("\n"))


class StaffIdField(AsciiField):
    """担当者ID: a word that no WebユーザーID can be."""

    pattern = re.compile(r"([a-z][a-z0-9-]{2,19})?")
    hint = "半角の英小文字で始まり、英小文字・数字・ハイフンで3～"
    fault = "半角の英小文字で始め、英小文字・数字・ハイフンで3文字以上20文字以内にしてください。"


class ReasonForm(forms.Form):
    """Why something is done; it stays in the log."""

    reason = WideField(label="理由", limit=100, example="電話での依頼による")


class StaffForm(ReasonForm):
    """A new member of the desk."""

    login_id = StaffIdField(label="担当者ID", limit=20, example="shinsa-3")
    name = WideField(label="氏名", limit=50, example="審査 四郎")
    mail = MailField()
    role = ChoiceRadio(
        label="役割",
        choices=StaffRole.choices,
        initial="reader",
        explanation="「照会」は見ることだけ、「審査・処理」は手続きの処理も、「決裁」は担当者の管理もできます。",
    )
    field_order: ClassVar = ["login_id", "name", "mail", "role", "reason"]

    def clean_login_id(self) -> str:
        """Nobody else's."""
        login_id = str(self.cleaned_data["login_id"])
        if User.objects.filter(login_id=login_id).exists():
            raise ValidationError(f"担当者ID「{login_id}」はすでに使われています。別のIDを入力してください。")
        return login_id


class StaffChangeForm(ReasonForm):
    """Role and 使用状態."""

    role = StaffForm.base_fields["role"]
    active = ChoiceRadio(
        label="使用状態",
        choices=_ACTIVE,
        explanation="「無効」にすると、ログイン中であってもすぐに使えなくなります。",
    )
    field_order: ClassVar = ["role", "active", "reason"]

    def clean_active(self) -> bool:
        """As a truth value."""
        return bool(self.cleaned_data["active"] == "1")


class NoticeForm(forms.Form):
    """お知らせ: words and the days on which it is shown."""

    title = WideField(label="表題", limit=100)
    body = LinesField(label="本文", limit=2000, required=False)
    shown_from = DayField(label="掲載開始日")
    shown_to = DayField(
        label="掲載終了日",
        required=False,
        help_text="西暦、例: 2026-04-30。この日まで掲載します。空欄は期限なし",
    )

    def clean(self) -> dict[str, Any]:
        """The end is not before the beginning."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = found.get("shown_from"), found.get("shown_to")
        if isinstance(start, date) and isinstance(end, date) and end < start:
            self.add_error("shown_to", "掲載終了日は、掲載開始日以後の日付にしてください。")
        return found


class OfficeForm(forms.Form):
    """One line of お問い合わせ."""

    business = WideField(label="業務", limit=60, example="保険金・回収")
    office = WideField(label="部署", limit=60)
    phone = PhoneField(label="電話番号", limit=20, example="03-1234-5678", required=False)
    hours = WideField(label="受付時間", limit=60, example="平日 9:00～17:20", required=False)


class ReaderForm(PersonForm, ReasonForm):
    """全社閲覧用ID: the person, and the holders that it reads besides the one under which it is kept."""

    codes = forms.CharField(
        label="参照する他の保険利用者コード",
        max_length=2000,
        help_text=f"1行に1件、{MOST_CODES}件まで",
        widget=forms.Textarea(attrs={"rows": 6, "cols": 20, "spellcheck": "false"}),
        error_messages={"required": "参照する他の保険利用者コードを1件以上入力してください。"},
    )
    confirmed = forms.BooleanField(
        label="すべての保険利用者コードが同じ法人のものであることを、依頼書と登記で確認した",
        error_messages={"required": "同じ法人であることを確認してから、チェックを付けてください。"},
    )
    field_order: ClassVar = ["name", "department", "title", "mail", "phone", "codes", "confirmed", "reason"]

    def __init__(self, home: Holder, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.home = home

    def clean_codes(self) -> list[str]:
        """Codes of holders, each once, the home left out."""
        typed = re.split(r"[\s,、]+", self.cleaned_data["codes"].strip())
        codes = sorted({code for code in typed if code and code != self.home.code})
        if not codes:
            raise ValidationError(f"この保険利用者コード {self.home.code} の他に、1件以上入力してください。")
        if len(codes) > MOST_CODES:
            raise ValidationError(
                f"登録できるのは{MOST_CODES}件までです（入力: {len(codes)}件）。件数を減らしてください。"
            )
        known = set(Holder.objects.filter(code__in=codes).values_list("code", flat=True))
        if missing := [code for code in codes if code not in known]:
            raise ValidationError(
                f"登録されていない保険利用者コードがあります。直してください: {'、'.join(code[:20] for code in missing)}"
            )
        return codes


class ReaderChangeForm(ReaderForm):
    """The same and 使用状態."""

    active = ChoiceRadio(label="使用状態", choices=_ACTIVE, initial="1")
    field_order: ClassVar = ["active", *ReaderForm.field_order]

    def clean_active(self) -> bool:
        """As a truth value."""
        return bool(self.cleaned_data["active"] == "1")


class AuditForm(forms.Form):
    """What is looked for in the log; all of it optional but the days."""

    start = DayField(label="期間（開始日）")
    end = DayField(label="期間（終了日）")
    about = forms.CharField(
        label="コード・ID・受付番号",
        required=False,
        max_length=40,
        help_text="保険利用者コード、WebユーザーID、担当者ID、受付番号などの先頭から",
    )

    def clean(self) -> dict[str, Any]:
        """The period must have a direction."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("start") and found.get("end") and found["start"] > found["end"]:
            self.add_error("end", "期間の終了日は、開始日以後の日付にしてください。")
        return found


class ArrivalForm(forms.Form):
    """手続開始: when the sealed form arrived."""

    arrived_on = DayField(label="申込書の到着日")


class CompletionForm(forms.Form):
    """手続完了 of a 本店 or 支店: the code that the insurer gives."""

    code = AsciiField(label="保険利用者コード", limit=9, help_text="半角数字9桁。付与した保険利用者コード")

    def clean_code(self) -> str:
        """Nine digits."""
        code = str(self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{9}", code):
            raise ValidationError("保険利用者コードは半角数字9桁で入力してください。")
        return code


class NoQuestionForm(forms.Form):
    """A deed that asks for nothing but OK."""
