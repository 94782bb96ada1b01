"""The forms of the ledger desk: one upload, and the conditions of its lists. What is done then is ``sending``."""

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal_stub.accounts.fields import AsciiField
from portal_stub.ledgers.documents import STAGES, UNIT_KINDS
from portal_stub.ledgers.functions import FUNCTIONS, LedgerFunction
from portal_stub.procedures.forms import DayField
from schemas.submission import Status

MOST_REMARKS = 500
_KINDS = (".csv", ".xlsx")


class RemarksField(forms.CharField):
    """備考情報: 0 to 500 characters of any kind, lines included (A-010)."""

    def __init__(self) -> None:
        super().__init__(
            label="備考情報",
            required=False,
            strip=False,
            widget=forms.Textarea(attrs={"rows": "4", "data-most": str(MOST_REMARKS)}),
            help_text=f"{MOST_REMARKS}文字以内。保険者への連絡欄です。例: 契約発効日 2026年4月1日",
        )

    def clean(self, value: Any) -> str:
        """The text as it is kept; its length counts as the pipeline counts it."""
        text: str = super().clean(value)
        length = len(unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
        if length > MOST_REMARKS:
            raise ValidationError(
                f"備考情報は{MOST_REMARKS}文字以内で入力してください（入力された文字数: {length}）。"
            )
        return text


class UploadForm(forms.Form):
    """「アップロード」: a file, 申請件数 and 備考情報 (A-005, B-002). A file that was kept before need not be chosen again."""

    file = forms.FileField(required=False, widget=forms.FileInput(attrs={"accept": ",".join(_KINDS)}))
    count = AsciiField(label="申請件数", limit=9)
    remarks = RemarksField()
    resend = forms.BooleanField(label="同じ内容をもう一度送る", required=False)

    def __init__(self, function: LedgerFunction, *args: Any, kept: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept
        act = function.act
        file, count = self.fields["file"], self.fields["count"]
        file.label = f"{act}ファイル"
        file.help_text = "CSV（.csv）または Excel（.xlsx の1枚目のシート）、300MBまで。"
        file.required = kept is None
        file.error_messages |= {
            "required": f"{act}ファイルを選択してください。",
            "missing": f"{act}ファイルを選択してください。",
            "invalid": f"{act}ファイルを選択し直してください。",
            "empty": "選択したファイルは空です。データの入ったファイルを選択してください。",
        }
        count.label = function.count_label
        count.help_text = "ファイルのデータの件数です。見出しの行と空の行は数えません。枝番・船積・決済の行も1行を1件と数えます。"
        count.error_messages["required"] = f"{function.count_label}を入力してください。"
        count.widget.attrs |= {"inputmode": "numeric", "size": "10"}

    def clean_file(self) -> Any:
        """Only what the pipeline reads; its content is judged when it is sent or checked."""
        file = self.cleaned_data["file"]
        if file is not None and not file.name.lower().endswith(_KINDS):
            raise ValidationError("CSV（.csv）または Excel（.xlsx）のファイルを選択してください。")
        return file

    def clean_count(self) -> str:
        """A whole number of at least 1 (A-009)."""
        text = str(self.cleaned_data["count"])
        if not text.isdecimal() or int(text) < 1:
            raise ValidationError(f"{self.fields['count'].label}は1以上の整数で入力してください。")
        return text


class PeriodForm(forms.Form):
    """Conditions with a first and a last day; all conditions may be left out."""

    days = "申請日"
    """Of what the days are; it stands in labels and messages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, word in (("since", "から"), ("until", "まで")):
            self.fields[name] = DayField(label=f"{self.days}（{word}）", required=False)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """The period must run forwards."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("since") and found.get("until") and found["since"] > found["until"]:
            self.add_error("until", f"{self.days}の範囲の前後を確認してください。")
        return found


def choice(label: str, choices: Any) -> forms.ChoiceField:
    """A condition that may be left open."""
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[("", "すべて"), *choices],
        error_messages={"invalid_choice": f"{label}を選び直してください。"},
    )


STATUSES = [(str(status), str(status)) for status in Status]
PRODUCTS = [(function.key, function.title) for function in FUNCTIONS.values()]


class SentSearch(PeriodForm):
    """Conditions of 申請済一覧・通知済一覧."""

    status = choice("ステータス", STATUSES)
    name = forms.CharField(
        label="ファイル名または受付番号",
        max_length=100,
        required=False,
        help_text="ファイル名は一部でも検索できます",
    )

    field_order: tuple[str, ...] = ("status", "since", "until", "name")

    def __init__(self, function: LedgerFunction, *args: Any, **kwargs: Any) -> None:
        self.days = f"{function.act}日"
        super().__init__(*args, **kwargs)


class MonitorSearch(SentSearch):
    """Conditions of モニタリスト出力 (D-006)."""

    product = choice("保険種", PRODUCTS)
    field_order = ("product", "since", "until", "status", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        PeriodForm.__init__(self, *args, **kwargs)


class ProvidedSearch(PeriodForm):
    """Conditions of 提供データダウンロード (D-026)."""

    days = "作成日"

    product = choice("保険種", PRODUCTS)
    stage = choice("台帳区分", STAGES)
    agreement = AsciiField(label="特約コード", limit=9, required=False)
    department = AsciiField(label="部門", limit=40, required=False)
    field_order = ("product", "stage", "since", "until", "agreement", "department")


class MonthField(forms.CharField):
    """A month as ``YYYY-MM``; 2026/4 and 202604 are taken as meant."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, required=False, max_length=10, help_text="西暦、例: 2026-04")

    def clean(self, value: Any) -> str:
        """The month as documents have it."""
        text = unicodedata.normalize("NFKC", super().clean(value)).strip()
        found = re.fullmatch(r"([0-9]{4})[-/]?([0-9]{1,2})", text)
        if not text:
            return ""
        if found is None or not 1 <= int(found[2]) <= 12:
            raise ValidationError(f"{self.label}は 2026-04 の形で入力してください。")
        return f"{found[1]}-{int(found[2]):02}"


class PaperSearch(PeriodForm):
    """Conditions of 台帳・請求書."""

    days = "作成日"

    product = choice("保険種", PRODUCTS)
    kind = choice("種類", UNIT_KINDS.items())
    month = MonthField(label="受理月")
    agreement = AsciiField(label="特約コード", limit=9, required=False)
    department = AsciiField(label="部門", limit=40, required=False)
    field_order = ("product", "kind", "month", "since", "until", "agreement", "department")
