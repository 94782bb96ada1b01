"""The forms of the desk's pages about uploads and reference tables. What is asked then is ``asking``."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal_stub.accounts.fields import AsciiField, ChoiceRadio, WideField, within_calendar
from portal_stub.feed.tables import MOST_BYTES, NAMES, Looked, look_at, table_of
from schemas.desk import Wish
from schemas.products import Product
from schemas.reference import TABLES
from schemas.submission import Status

PRODUCTS = {
    Product.ENTERPRISE: "企業総合保険",
    Product.EQUIPMENT: "設備財包括保険",
    Product.CONSUMER_GOODS: "消費財包括保険",
    Product.SIMPLIFIED_NOTICE: "簡易通知型包括保険",
}
ANY = ("", "（すべて）")


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        help_text="西暦、例: 2026-04-01",
        input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[within_calendar(label)],
        error_messages={"invalid": f"{label}は 2026-04-01 の形の暦にある日付で入力してください。"},
    )


def _choice(label: str, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[ANY, *choices],
        error_messages={"invalid_choice": f"{label}を選び直してください。"},
    )


class UploadSearch(forms.Form):
    """Conditions of the list of uploads; all of them may be left out."""

    held = forms.BooleanField(label="保留中だけ", required=False)
    status = _choice("状況", [(str(word), str(word)) for word in Status])
    product = _choice("保険種", [(str(code), words) for code, words in PRODUCTS.items()])
    holder = AsciiField(label="保険利用者コード", limit=9, required=False)
    start = _day("受理日（から）")
    end = _day("受理日（まで）")

    def clean(self) -> dict[str, Any]:
        """The period must have a direction."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("start") and found.get("end") and found["start"] > found["end"]:
            self.add_error("end", "受理日（まで）は受理日（から）以後の日付にしてください。")
        return found


def _reason(note: str) -> WideField:
    field = WideField(label="理由", limit=500)
    field.help_text = f"全角500文字以内。{note}"
    return field


class DecisionForm(forms.Form):
    """What becomes of a held submission, and why."""

    wish = ChoiceRadio(
        label="決定",
        choices=[
            (str(Wish.RELEASE), "保留を解除する（次の処理で審査する）"),
            (str(Wish.REFUSE), "申請内容要確認にする（何も計上しない）"),
        ],
    )
    reason = _reason("記録に残ります。申請内容要確認にするときは、検出事項として保険利用者にも伝わります。")


class ReasonForm(forms.Form):
    """Why reference tables are loaded."""

    reason = _reason("記録に残ります。")


class ManyFiles(forms.ClearableFileInput):
    """A control that takes several files."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class ManyFilesField(forms.FileField):
    """Several files; each is judged as one."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """All files."""
        files = data if isinstance(data, list | tuple) else [data]
        if not any(files):
            raise ValidationError(self.error_messages["required"])
        return [super(ManyFilesField, self).clean(file, initial) for file in files]


class TablesForm(forms.Form):
    """CSV files named after their tables."""

    files = ManyFilesField(
        label="参照表のファイル",
        help_text="<表名>.csv（UTF-8、1行目は見出し）。まとめて選べます。表名は下の一覧のとおりです。",
        widget=ManyFiles(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": "参照表のファイルを選択してください。",
            "invalid": "参照表のファイルを選択し直してください。",
            "empty": "空のファイルがあります。見出し行とデータのあるファイルを選択してください。",
            "max_length": "ファイル名が長すぎます。<表名>.csv にしてください。",
        },
    )
    looked: list[Looked]

    def clean_files(self) -> dict[str, Any]:
        """Files by table; every problem of every file."""
        files: dict[str, Any] = {}
        problems: list[str] = []
        self.looked = []
        if sum(file.size for file in self.cleaned_data["files"]) > MOST_BYTES:
            raise ValidationError(
                f"ファイルの合計は{MOST_BYTES // 1024 // 1024}MBまでです。分けて読み込んでください。"
            )
        for file in self.cleaned_data["files"]:
            table = table_of(file.name)
            if table is None:
                problems.append(
                    f"「{file.name}」は参照表の名前ではありません。<表名>.csv にしてください（例: buyers.csv）。"
                )
            elif table in files:
                problems.append(f"「{file.name}」が2つあります。1つにしてください。")
            else:
                files[table] = file
                file.seek(0)
                self.looked.append(look_at(table, file.name, file.file))
        problems += [problem for looked in self.looked for problem in looked.problems]
        if problems:
            raise ValidationError(problems)
        return files


def known_tables() -> list[tuple[str, str, str]]:
    """Name, words and mandatory columns of every table that can be loaded."""
    return [
        (name, NAMES.get(name, ""), " ".join(c.name for c in table.columns if c.default is None))
        for name, table in TABLES.items()
    ]
