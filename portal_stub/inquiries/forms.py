"""The forms of 各種情報照会: conditions of users, uploads of the desk. What is done with them is ``rules``."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from portal_stub import clock
from portal_stub.accounts.fields import AsciiField, WideField
from portal_stub.accounts.models import Holder
from portal_stub.buyers.forms import CountryField
from portal_stub.desk.forms import DayField, ReasonForm
from portal_stub.feed.models import AgreementPeriod
from portal_stub.history.searching import year_before
from portal_stub.inquiries.conditions import Conditions
from portal_stub.inquiries.kinds import KINDS
from portal_stub.inquiries.rules import name_taken
from portal_stub.procedures.uploads import ACCEPTED, LONGEST_NAME, MOST_BYTES, judge_uploads


class CodeField(AsciiField):
    """A code of digits; ``digits`` says how many of them."""

    pattern = re.compile(r"[0-9]*")
    hint = "半角数字"
    fault = "半角数字で入力してください。"


class NumberField(AsciiField):
    """証券番号, 台帳番号, プロジェクトコード: letters, digits, hyphens and underscores."""

    pattern = re.compile(r"[0-9A-Za-z_-]*")
    hint = "半角の英数字とハイフン"
    fault = "半角の英数字とハイフンで入力してください。"


class PeriodForm(forms.Form):
    """A period with a direction: ``since`` and ``until``, both may be left out."""

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("since") and found.get("until") and found["until"] < found["since"]:
            self.add_error("until", f"{self.fields['until'].label}は、開始の日以後の日付にしてください。")
        return found


class RatingChangesForm(PeriodForm):
    """海外商社格付変更一覧: country, code, period of the last twelve months (I-004)."""

    country = CountryField()
    code = CodeField(
        label="バイヤーコード", limit=9, required=False, help_text="先頭からの数字で検索できます"
    )
    since = DayField(label="効力発生日（から）", required=False)
    until = DayField(label="効力発生日（まで）", required=False)

    @staticmethod
    def first_day() -> date:
        """The earliest day that is shown."""
        return year_before(clock.today())


class _ConditionsForm(PeriodForm):
    """What both 保険契約情報 and 事故概要情報 are asked by (I-017)."""

    kind = forms.ChoiceField(
        label="保険種",
        required=False,
        choices=[("", "（すべて）"), *KINDS.items()],
        error_messages={"invalid_choice": "保険種を一覧から選び直してください。"},
    )
    number = NumberField(
        label="証券番号・台帳番号",
        limit=40,
        required=False,
        help_text="申込番号でも検索できます。先頭の一部でも可",
    )
    country = CountryField()
    buyer = CodeField(label="バイヤーコード", limit=9, required=False)
    agreement = CodeField(label="特約コード", limit=9, required=False)

    def conditions(self) -> Conditions:
        """What is asked for."""
        found = self.cleaned_data
        typed = str(self["country"].data or "").strip()
        return Conditions.of(found | {"country": typed, "countries": found["country"] or ()})

    @classmethod
    def again(cls, asked: Conditions) -> Any:
        """The form as it was filled in for these conditions."""
        return cls(initial=asked.kept() | {"since": asked.since, "until": asked.until})


class ContractsForm(_ConditionsForm):
    """保険契約一覧."""

    since = DayField(label="保険契約締結日（から）", required=False)
    until = DayField(label="保険契約締結日（まで）", required=False)
    field_order: ClassVar = ["since", "until", "kind", "number", "country", "buyer", "agreement"]


class LossesForm(_ConditionsForm):
    """事故概要情報検索."""

    since = DayField(label="発生日（から）", required=False)
    until = DayField(label="発生日（まで）", required=False)
    field_order: ClassVar = ContractsForm.field_order


class KindForm(forms.Form):
    """The 保険種 that data are made of (A2); ``choices`` are those that were found."""

    kind = forms.ChoiceField(
        label="データを作成する保険種",
        widget=forms.RadioSelect,
        error_messages={
            "required": "保険種を1つ選択してから、「データ作成」を押してください。",
            "invalid_choice": "保険種を1つ選択してから、「データ作成」を押してください。",
        },
    )

    def __init__(self, choices: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = choices


class BringForm(forms.Form):
    """A CSV of the desk."""

    file = forms.FileField(
        label="CSVファイル",
        help_text="UTF-8 または Shift_JIS。1行目は見出し、2行目からデータ",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": "CSVファイルを選択してください。",
            "invalid": "CSVファイルを選択し直してください。",
            "empty": "空のファイルです。見出しとデータのあるファイルを選択してください。",
            "max_length": "ファイル名が長すぎます。短くしてください。",
        },
    )


class ClaimsForm(ReasonForm):
    """A 債権一覧表 for a project of a holder."""

    holder = CodeField(label="保険利用者コード", limit=9)
    project = NumberField(label="プロジェクトコード", limit=20, example="PJ-2026-001")
    project_name = WideField(label="プロジェクト名", limit=60)
    agreement = CodeField(
        label="特約コード",
        limit=9,
        required=False,
        help_text="半角数字9桁。空欄のものは、対象特約のみ参照可能の利用者には表示されません",
    )
    file = forms.FileField(
        label="債権一覧表のファイル",
        help_text=f"{MOST_BYTES // 1024**2}MBまで。ファイル名は拡張子を含めて{LONGEST_NAME}文字以内",
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        error_messages={
            "required": "債権一覧表のファイルを選択してください。",
            "invalid": "債権一覧表のファイルを選択し直してください。",
            "empty": "空のファイルです。元のファイルを確認してください。",
            "max_length": f"ファイル名は拡張子を含めて{LONGEST_NAME}文字以内にしてください。",
        },
    )
    field_order: ClassVar = ["holder", "project", "project_name", "agreement", "file", "reason"]

    def clean_holder(self) -> Any:
        """A holder that uses the portal."""
        code = self.cleaned_data["holder"]
        found = Holder.objects.filter(code=code).first()
        if found is None:
            raise ValidationError(
                f"保険利用者コード「{code}」は登録されていません。コードを確かめて入力し直してください。"
            )
        return found

    def clean_project(self) -> str:
        """One way of writing."""
        return str(self.cleaned_data["project"]).upper()

    def clean(self) -> dict[str, Any]:
        """The 特約 is the holder's; the file may be attached, and its name is free in the project."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        holder, agreement = found.get("holder"), found.get("agreement")
        if holder and agreement and not _is_of(holder, agreement):
            self.add_error(
                "agreement",
                f"特約コード「{agreement}」は、保険利用者 {holder.code} の特約ではありません。確かめて入力し直してください。",
            )
        if found.get("file"):
            good, faults = judge_uploads([found["file"]], [])
            for fault in faults:
                self.add_error("file", fault)
            if good:
                found["name"] = good[0][1]
                if holder and found.get("project") and name_taken(holder, found["project"], found["name"]):
                    self.add_error(
                        "file",
                        f"「{found['name']}」は、このプロジェクトで公開されています。"
                        "先に取り下げるか、ファイル名を変えてください。",
                    )
        return found


def _is_of(holder: Any, agreement: str) -> bool:
    return bool(
        holder.agreements.filter(code=agreement).exists()
        or AgreementPeriod.objects.filter(holder=holder.code, code=agreement).exists()
    )
