"""The forms of accounts. What is typed is judged here, what it does is ``rules``."""

import ipaddress
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from portal_stub.accounts.addresses import MOST_ENTRIES, contains, network_of
from portal_stub.accounts.fields import AsciiField, ChoiceRadio, MailField, PhoneField, WideField
from portal_stub.accounts.models import ApplicationScope, DataScope, EntryRight, Holder, User
from portal_stub.accounts.passwords import HELP

MAIL_ADVICE = (
    "フリーメールや携帯電話・スマートフォンのメールアドレスは推奨しません。"
    "受信設定を行っている場合は、{sender} からのメールが届くように設定してください。"
)


class LoginForm(forms.Form):
    """WebユーザーID and パスワード."""

    login_id = forms.CharField(
        label="WebユーザーID",
        max_length=100,
        help_text="半角数字12桁",
        widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "numeric"}),
        error_messages={"required": "WebユーザーIDを入力してください。"},
    )
    password = forms.CharField(
        label="パスワード",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "パスワードを入力してください。"},
    )


class StaffLoginForm(LoginForm):
    """The same for the insurer's desk, whose IDs are words."""

    login_id = forms.CharField(
        label="担当者ID",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
        error_messages={"required": "担当者IDを入力してください。"},
    )


class PresentPasswordForm(forms.Form):
    """現在のパスワード, before what would give an ID away; a wrong one counts as at the login.

    Args:
        knows: whether a password is the user's (``sessions.knows_password``).
    """

    current = forms.CharField(
        label="現在のパスワード",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "現在のパスワードを入力してください。"},
    )

    def __init__(self, knows: Callable[[str], bool], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.knows = knows

    def clean_current(self) -> str:
        """The present password must be right."""
        typed = str(self.cleaned_data["current"])
        if not self.knows(typed):
            raise ValidationError("現在のパスワードが正しくありません。入力し直してください。")
        return typed


class PasswordChangeForm(PresentPasswordForm):
    """現在のパスワード, 新しいパスワード twice (G-028)."""

    new = forms.CharField(
        label="新しいパスワード",
        strip=False,
        help_text=HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "新しいパスワードを入力してください。"},
    )
    again = forms.CharField(
        label="新しいパスワード（確認用）",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "新しいパスワード（確認用）を入力してください。"},
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_new(self) -> str:
        """The rules of passwords; the current one cannot be set again (G-032)."""
        new = str(self.cleaned_data["new"])
        validate_password(new, self.user)
        return new

    def clean(self) -> dict[str, Any]:
        """Both entries must agree."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("new") and found.get("again") and found["new"] != found["again"]:
            self.add_error(
                "again", "新しいパスワードと確認用の入力が一致しません。同じものを入力してください。"
            )
        return found


class ReissueForm(forms.Form):
    """WebユーザーID and the registered mail address (G-049)."""

    login_id = AsciiField(label="WebユーザーID（管理者用）", limit=12, help_text="半角数字12桁（末尾は000）")
    mail = MailField(label="登録しているメールアドレス")


class OtpForm(forms.Form):
    """The one-time password as mailed."""

    code = AsciiField(label="ワンタイムパスワード", limit=6, help_text="メールに記載された6桁の数字")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update({"autocomplete": "one-time-code", "inputmode": "numeric"})


class PersonForm(forms.Form):
    """What is kept of every Webユーザー (G-057)."""

    mail = MailField()
    name = WideField(label="氏名", limit=50, example="日本 太郎")
    phone = PhoneField(label="電話番号", limit=20, example="03-1234-5678", required=False)
    department = WideField(label="所属名", limit=25, example="見本事業部", required=False)
    title = WideField(label="役職名", limit=50, example="事業部長", required=False)


class ApplicantForm(PersonForm):
    """新規登録 of an 申込者: person and the three dimensions of permission."""

    entry_right = ChoiceRadio(
        label="入力/申込権限",
        choices=EntryRight.choices,
        initial=EntryRight.NONE,
        explanation="申込みの入力と、申込み・申請・通知の送信ができる範囲です。「入力権限のみ」では、入力と保存だけができます。",
    )
    data_scope = ChoiceRadio(
        label="情報データ参照範囲",
        choices=DataScope.choices,
        initial=DataScope.NONE,
        explanation="締結済みの保険契約の情報を参照できる範囲です。",
    )
    codes = forms.MultipleChoiceField(
        label="参照可能な特約コード",
        required=False,
        widget=forms.MultipleHiddenInput,
        error_messages={"invalid_choice": "特約コードを選び直してください。"},
    )
    application_scope = ChoiceRadio(
        label="申込データ参照範囲",
        choices=ApplicationScope.choices,
        initial=ApplicationScope.NONE,
        explanation="入力中、申込中、または申込後2年以内の申込みを参照できる範囲です。",
    )

    def __init__(self, holder: Holder, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.holder = holder
        self.fields["codes"].choices = [(row.code, row.code) for row in holder.agreements.all()]
        if not holder.uses_enterprise:
            # Only users of 企業総合保険 can choose it (G-014).
            self.fields["data_scope"].choices = [
                choice for choice in DataScope.choices if choice[0] != DataScope.LISTED
            ]

    def clean(self) -> dict[str, Any]:
        """対象特約のみ参照可能 needs at least one 特約コード (G-064)."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if (
            found.get("data_scope") == DataScope.LISTED
            and not found.get("codes")
            and "codes" not in self.errors
        ):
            self.add_error(
                "data_scope",
                "対象特約のみ参照可能を選ぶときは、「特約コードの追加／削除」で特約コードを1つ以上選択してください。",
            )
        return found


class ApplicantChangeForm(ApplicantForm):
    """変更: the same and 使用状態 (G-059)."""

    active = ChoiceRadio(label="使用状態", choices=[("1", "有効"), ("0", "無効")], initial="1")
    field_order: ClassVar = ["active"]

    def clean_active(self) -> bool:
        """As a truth value."""
        return bool(self.cleaned_data["active"] == "1")


class AdministratorForm(PersonForm):
    """Webユーザー（管理者）情報変更 (G-047)."""

    mail_again = MailField(label="メールアドレス（確認用）")
    otp_required = ChoiceRadio(
        label="ワンタイムパスワード利用", choices=[("1", "利用する"), ("0", "利用しない")]
    )
    field_order: ClassVar = ["department", "title", "name", "phone", "mail", "mail_again", "otp_required"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].required = True

    def clean_otp_required(self) -> bool:
        """As a truth value."""
        return bool(self.cleaned_data["otp_required"] == "1")

    def clean(self) -> dict[str, Any]:
        """Addresses must agree; one of 所属名 and 役職名 must be there (F-030)."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("mail") and found.get("mail_again") and found["mail"] != found["mail_again"]:
            self.add_error(
                "mail_again", "メールアドレスと確認用の入力が一致しません。同じものを入力してください。"
            )
        if not {"department", "title"} & set(self.errors) and not (
            found.get("department") or found.get("title")
        ):
            self.add_error("department", "所属名か役職名のどちらかを入力してください。")
        return found


class AddressesForm(forms.Form):
    """IPアドレスの入力: one line per entry, address or range, then a memo (G-129)."""

    restricted = ChoiceRadio(
        label="IPアドレス制限", choices=[("1", "利用する"), ("0", "利用しない")], initial="0"
    )
    entries = forms.CharField(
        label="IPアドレス",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 10, "cols": 60, "spellcheck": "false"}),
        help_text=f"1行に1件、{MOST_ENTRIES}件まで。IPv4かIPv6のアドレス、または範囲（例: 192.0.2.0/24）。"
        "空白の後に40文字以内のメモを書けます。",
    )

    def __init__(self, address: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean_restricted(self) -> bool:
        """As a truth value."""
        return bool(self.cleaned_data["restricted"] == "1")

    def clean_entries(self) -> list[tuple[str, str]]:
        """Pairs of network and memo; every fault with its line."""
        lines = [line.strip() for line in self.cleaned_data["entries"].splitlines() if line.strip()]
        found, faults, memo_field = [], [], WideField(label="メモ", limit=40, required=False)
        for number, line in enumerate(lines, start=1):
            head, _, memo = line.replace("\u3000", " ").replace("\t", " ").partition(" ")
            network = network_of(head)
            if network is None:
                faults.append(
                    f"{number}行目「{head[:43]}」はIPアドレスとして読めません。192.0.2.1 や 192.0.2.0/24 のように入力してください。"
                )
                continue
            if ipaddress.ip_network(network).prefixlen == 0:
                faults.append(
                    f"{number}行目: すべてのアドレスを含む範囲は登録できません。範囲を狭めてください。"
                )
                continue
            try:
                found.append((network, memo_field.clean(memo.strip())))
            except ValidationError as error:
                faults += [f"{number}行目: {message}" for message in error.messages]
        if len(lines) > MOST_ENTRIES:
            faults.append(
                f"登録できるのは{MOST_ENTRIES}件までです（入力: {len(lines)}件）。件数を減らしてください。"
            )
        if faults:
            raise ValidationError(faults)
        return found

    def clean(self) -> dict[str, Any]:
        """Nobody locks himself out: the present address must be in the list (G-130)."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if (
            found.get("restricted")
            and "entries" not in self.errors
            and not contains([network for network, _ in found["entries"]], self.address)
        ):
            self.add_error(
                "entries",
                f"現在ご利用中のアドレス {self.address} が含まれていません。含む行を加えてから「利用する」にしてください。",
            )
        return found
