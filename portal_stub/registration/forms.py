"""The forms of registration: mail address, password, and step 2 for each kind of application.

Seed 001 ch. 2 §2⑤⑧⑩; table F-T1. What 支店 and Webユーザー登録 ask is the catalogue's default (F-036).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from portal_stub.accounts.fields import (
    AsciiField,
    ChoiceRadio,
    MailField,
    PhoneField,
    PostalCodeField,
    WideField,
)
from portal_stub.registration.models import Kind

PHONE_LIMIT = 20
_PHONE_EXAMPLE = "03-1234-5678"
_UNEQUAL = "メールアドレスと確認用の入力が一致しません。同じものを入力してください。"

Sections = Sequence[tuple[str, str, Sequence[str]]]
"""Heading, sentence below it, names of the items."""


def _must_agree(form: forms.Form, found: Mapping[str, Any]) -> None:
    if found.get("mail") and found.get("mail_again") and found["mail"] != found["mail_again"]:
        form.add_error("mail_again", _UNEQUAL)


class MailForm(forms.Form):
    """Step 1: the address twice (F-011, F-012)."""

    mail = MailField()
    mail_again = MailField(label="メールアドレス（確認用）")

    def clean(self) -> dict[str, Any]:
        """Both entries must agree."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        _must_agree(self, found)
        return found


class RegistrationPasswordForm(forms.Form):
    """登録用パスワード as mailed (F-020)."""

    password = forms.CharField(
        label="登録用パスワード",
        max_length=100,
        help_text="登録用URLと同じメールに記載されたパスワード",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "登録用パスワードを入力してください。"},
    )


class HolderCodeField(AsciiField):
    """保険利用者コード: nine digits. Whether it exists is not told to visitors; the insurer looks."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label, limit=9, help_text="半角数字9桁")
        self.widget.attrs.update({"inputmode": "numeric", "size": "12"})

    def clean(self, value: Any) -> str:
        """The code as it is kept."""
        text = super().clean(value)
        if text and not (len(text) == self.limit and text.isdigit()):
            raise ValidationError(f"{self.label}は半角数字9桁で入力してください。")
        return text


class ApplicationForm(forms.Form):
    """What every kind asks: the 管理者 and the setting of the Webサービス."""

    kind: ClassVar[Any]
    """Of :class:`Kind`."""
    sections: ClassVar[Sections]
    pink_from_start = True
    unshown: ClassVar = ("mail_again",)
    """Not repeated in step 3 and on paper."""

    department = WideField(label="所属名", limit=25, example="総務部", required=False)
    title = WideField(label="役職名", limit=50, example="部長", required=False)
    person_name = WideField(label="氏名", limit=50, example="日本 太郎")
    person_phone = PhoneField(label="電話番号", limit=PHONE_LIMIT, example=_PHONE_EXAMPLE)
    mail = MailField()
    mail_again = MailField(label="メールアドレス（確認用）")
    otp_wish = ChoiceRadio(
        label="ワンタイムパスワード希望",
        choices=[("1", "希望する"), ("0", "希望しない")],
        initial="0",
        help_text="ワンタイムパスワードを利用すると、ログインのほかに認証手続きを行うため、セキュリティがより強化されます。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Faults are listed in the order of the page.
        self.order_fields([name for _, _, names in self.sections for name in names])
        either = ("department", "title")
        if not any(self[name].value() for name in either):
            # Mandatory one or the other: pink, though neither alone must be filled (F-030, F-031).
            for name in either:
                self.fields[name].widget.attrs["data-either"] = "1"
        for name in either:
            self.fields[name].mark = "どちらか必須"

    def clean(self) -> dict[str, Any]:
        """Addresses must agree; one of 所属名 and 役職名 must be there."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        _must_agree(self, found)
        if not {"department", "title"} & set(self.errors) and not (
            found.get("department") or found.get("title")
        ):
            self.add_error(
                "department", "Webユーザー（管理者）の所属名か役職名のどちらかを入力してください。"
            )
        return found

    def blocks(self) -> Iterator[tuple[str, str, list[Any]]]:
        """The items of step 2 under their headings."""
        for heading, sentence, names in self.sections:
            yield heading, sentence, [self[name] for name in names]

    @property
    def answers(self) -> dict[str, str]:
        """What was typed, valid, as it is kept."""
        return {name: str(self.cleaned_data[name]) for name in self.fields if name not in self.unshown}

    @classmethod
    def told(cls, answers: Mapping[str, str]) -> list[tuple[str, list[tuple[str, str]]]]:
        """Headings with labels and words of what was answered, as step 3 and the 申込書 show them (F-037, F-043)."""
        blocks = [("申込関連情報", [("申込種類", str(cls.kind.label))])]
        for heading, _, names in cls.sections:
            shown = [name for name in names if cls._is_told(name, answers)]
            rows = [cls._row(name, answers) for name in shown]
            if heading == blocks[0][0]:
                blocks[0][1].extend(rows)
            else:
                blocks.append((heading, rows))
        return blocks

    @classmethod
    def _is_told(cls, name: str, answers: Mapping[str, str]) -> bool:
        return name not in cls.unshown

    @classmethod
    def _row(cls, name: str, answers: Mapping[str, str]) -> tuple[str, str]:
        field, value = cls.base_fields[name], answers.get(name, "")
        if isinstance(field, forms.ChoiceField):
            value = dict(field.choices).get(value, "")
        return str(field.label), str(value)


_PERSON = (
    "Webユーザー（管理者）の情報",
    "所属名と役職名は、どちらか一方を必ず入力してください。",
    ("department", "title", "person_name", "person_phone", "mail", "mail_again"),
)
_SETTING = ("Webサービス設定情報", "", ("otp_wish",))


class _HolderForm(ApplicationForm):
    """What 本店 and 支店 both ask of the 保険利用者."""

    company_kind = ChoiceRadio(
        label="企業・金融機関区分",
        choices=[("company", "企業"), ("bank", "金融機関")],
        initial="company",
        help_text="輸出手形保険を利用する金融機関のみ「金融機関」を選択してください。",
    )
    introducer = WideField(label="紹介元金融機関名", limit=50, example="日本第一銀行", required=False)
    name = WideField(label="保険利用者名 漢字", limit=50, example="株式会社日本見本商事")
    name_kana = WideField(label="保険利用者名 カナ", limit=60, example="カブシキガイシャニホンミホンショウジ")
    postal_code = PostalCodeField(label="所在地 郵便番号")
    address = WideField(label="所在地", limit=55, example="東京都○○区△△町1-2-3　△△ビル1階")
    phone = PhoneField(label="代表電話番号", limit=PHONE_LIMIT, example=_PHONE_EXAMPLE)
    homepage = AsciiField(
        label="ホームページアドレス", limit=50, example="https://www.example.com/", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["homepage"].widget.attrs.update({"inputmode": "url", "size": "40"})


class HeadOfficeForm(_HolderForm):
    """保険利用者登録（本店）: table F-T1."""

    kind = Kind.HEAD_OFFICE
    only_when: ClassVar = {"registered_address": ("registered_same", frozenset({"0"}))}
    registered_same = ChoiceRadio(
        label="登記所在地",
        choices=[("1", "保険利用者所在地と同じ"), ("0", "保険利用者所在地と異なる")],
        initial="1",
    )
    registered_address = WideField(
        label="登記所在地（異なる場合）",
        limit=60,
        example="東京都○○区△△町1-2-3　△△ビル1階",
        required=False,
    )
    representative_title = WideField(label="代表者 役職名", limit=15, example="代表取締役社長")
    representative_name = WideField(label="代表者 氏名", limit=15, example="日本 太郎")
    sections: ClassVar = (
        ("申込関連情報", "", ("company_kind", "introducer")),
        (
            "保険利用者の情報",
            "貿易保険をご利用になるお客様の情報を入力してください。",
            (
                *("name", "name_kana", "postal_code", "address", "phone", "registered_same"),
                *("registered_address", "representative_title", "representative_name", "homepage"),
            ),
        ),
        _PERSON,
        _SETTING,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["registered_address"].mark = "異なる場合は必須"

    def clean(self) -> dict[str, Any]:
        """登記所在地 that differs must be typed; one that does not is the 所在地, with its limit (F-029, F-035)."""
        found = super().clean()
        if found.get("registered_same") == "1":
            found["registered_address"] = ""
            self.errors.pop("registered_address", None)
        elif (
            found.get("registered_same") == "0"
            and not found.get("registered_address")
            and "registered_address" not in self.errors
        ):
            self.add_error(
                "registered_address",
                "「保険利用者所在地と異なる」を選んだときは、登記所在地を入力してください。",
            )
        return found

    @classmethod
    def _is_told(cls, name: str, answers: Mapping[str, str]) -> bool:
        same = answers.get("registered_same") == "1"
        return super()._is_told(name, answers) and not (same and name == "registered_address")


class BranchForm(_HolderForm):
    """保険利用者登録（支店）: names its head office, leaves out 登記所在地 and 代表者 (F-036)."""

    kind = Kind.BRANCH
    head_office_code = HolderCodeField(label="本店の保険利用者コード")
    sections: ClassVar = (
        ("申込関連情報", "", ("company_kind", "introducer")),
        (
            "保険利用者の情報",
            "追加する支店（支社）・部門・事業所などの情報を入力してください。",
            ("head_office_code", "name", "name_kana", "postal_code", "address", "phone", "homepage"),
        ),
        _PERSON,
        _SETTING,
    )


class WebUserForm(ApplicationForm):
    """Webユーザー登録: names the registered 保険利用者 (F-036)."""

    kind = Kind.WEB_USER
    holder_code = HolderCodeField(label="保険利用者コード")
    name = WideField(label="保険利用者名", limit=50, example="株式会社日本見本商事")
    sections: ClassVar = (
        ("保険利用者の情報", "登録済みの保険利用者の情報を入力してください。", ("holder_code", "name")),
        _PERSON,
        _SETTING,
    )


FORMS: dict[str, type[ApplicationForm]] = {
    str(form.kind): form for form in (HeadOfficeForm, BranchForm, WebUserForm)
}

HELP = {
    "company_kind": "輸出手形保険を利用する金融機関の方だけが「金融機関」です。それ以外の方は「企業」のままにしてください。",
    "introducer": "金融機関の紹介で申し込む場合に、その金融機関の名称を入力します。ない場合は空欄のままにしてください。",
    "name": "登記上の名称を入力します。支店や部門の登録では、会社名に続けて支店名や部門名を入力してください。",
    "name_kana": "保険利用者名の読みを、法人の種類（カブシキガイシャなど）を含めて全角カタカナで入力します。",
    "postal_code": "所在地の郵便番号です。ハイフンがなくても入力できます。",
    "address": "書類の送付先になる所在地を、建物名や階まで入力します。登録完了通知書はこの所在地に届きます。",
    "phone": "保険利用者の代表電話番号です。市外局番から入力してください。",
    "registered_same": "登記簿に記載された本店の所在地です。所在地と同じ場合は、入力し直す必要はありません。",
    "representative_title": "申込書に捺印する代表者の役職名です。",
    "representative_name": "申込書に捺印する代表者の氏名です。姓と名の間は1文字空けてください。",
    "homepage": "会社のホームページがある場合に、http:// または https:// から入力します。",
    "head_office_code": "登録済みの本店（本社）の9桁の保険利用者コードです。分からない場合は、本店の担当部署またはお問い合わせ先に確認してください。",
    "holder_code": "すでに登録されている9桁の保険利用者コードです。保険証券などで確認できます。",
    "department": "Webユーザー（管理者）の部署名です。役職名を入力する場合は空欄でもかまいません。",
    "title": "Webユーザー（管理者）の役職名です。所属名を入力する場合は空欄でもかまいません。",
    "person_name": "WebユーザーID（管理者用）を管理する方の氏名です。保険契約情報を扱うため、管理権限を有する方を登録してください。",
    "person_phone": "Webユーザー（管理者）に連絡できる電話番号です。",
    "mail": "Webユーザー（管理者）に連絡するメールアドレスです。登録後のお知らせやパスワード再発行のメールが届きます。",
    "otp_wish": "「希望する」を選ぶと、ログイン後の主な機能を使うときに、メールで届く1回限りのパスワードの入力が必要になります。登録後に変更できます。",
}
"""What opens behind the ？ of an item (F-025)."""
