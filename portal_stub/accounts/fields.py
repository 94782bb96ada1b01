"""Form fields by the widths of the manual: "全角 n" counts characters, "半角英数字 n" takes ASCII only (S-035).

A message names the item and tells what to do; what was typed stays in the form (S-027). ``explanation`` opens behind
the ？ of the item (S-026).
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

_HALF_KANA = re.compile("[\uff61-\uff9f]+")
_NUMBER = re.compile(r"[0-9]{1,18}")
FIRST_YEAR, LAST_YEAR = 1900, 2999
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffd]")


def required_message(label: str) -> str:
    """What is said of an empty mandatory item."""
    return f"{label}を入力してください。"


def number_of(text: str) -> int | None:
    """The number that a page of ours wrote into a form or a link; None for whatever else stands there.

    >>> number_of("12"), number_of("１２"), number_of("²"), number_of("9" * 5000)
    (12, None, None, None)
    """
    return int(text) if _NUMBER.fullmatch(text) else None


def within_calendar(label: str) -> Callable[[date], None]:
    """A validator of days: the first and the last of all have no midnight everywhere, and nobody means them."""

    def judge(day: date) -> None:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(
                f"{label}は西暦{FIRST_YEAR}年から{LAST_YEAR}年までの日付で入力してください。"
            )

    return judge


def in_jis_x_0213(text: str) -> bool:
    """Whether every character can be written in JIS X 0213 (S-034)."""
    try:
        text.encode("euc_jis_2004")
    except UnicodeEncodeError:
        return False
    return True


class WideField(forms.CharField):
    """The width "全角 n": any characters of JIS X 0213, half-width kana made full-width, at most n."""

    unusable = "機種依存文字・絵文字・改行など"
    """What the fault about characters names."""

    def __init__(
        self, *, label: str, limit: int, example: str = "", explanation: str = "", **kwargs: Any
    ) -> None:
        note = f"全角{limit}文字以内" + (f"、例: {example}" if example else "")
        super().__init__(label=label, help_text=note, **kwargs)
        self.limit, self.explanation = limit, explanation
        self.widget.attrs.update({"size": str(min(limit, 40))})
        self.error_messages["required"] = required_message(label)

    def clean(self, value: Any) -> str:
        """The text as it is kept."""
        text = super().clean(value)
        text = _HALF_KANA.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        if _CONTROL.search(text) or not in_jis_x_0213(text):
            raise ValidationError(
                f"{self.label}に使えない文字（{self.unusable}）があります。別の文字に直してください。"
            )
        if len(text) > self.limit:
            raise ValidationError(
                f"{self.label}は{self.limit}文字以内で入力してください（入力された文字数: {len(text)}）。"
            )
        return text


class AsciiField(forms.CharField):
    """The width "半角英数字 n": printable ASCII, at most n; full-width letters and digits are taken as meant."""

    pattern = re.compile(r"[\x21-\x7e]*")
    hint = "半角英数字"
    fault = "半角英数字で入力してください。"

    def __init__(
        self, *, label: str, limit: int, example: str = "", explanation: str = "", **kwargs: Any
    ) -> None:
        note = f"{self.hint}{limit}文字以内" + (f"、例: {example}" if example else "")
        super().__init__(label=label, help_text=kwargs.pop("help_text", note), **kwargs)
        self.limit, self.explanation = limit, explanation
        self.error_messages["required"] = required_message(label)

    def clean(self, value: Any) -> str:
        """The text as it is kept."""
        text = unicodedata.normalize("NFKC", super().clean(value)).strip()
        if not self.pattern.fullmatch(text):
            raise ValidationError(f"{self.label}は{self.fault}")
        if len(text) > self.limit:
            raise ValidationError(
                f"{self.label}は{self.limit}文字以内で入力してください（入力された文字数: {len(text)}）。"
            )
        return text


class PhoneField(AsciiField):
    """電話番号: digits and hyphens (G-058)."""

    pattern = re.compile(r"[0-9-]*")
    hint = "半角数字とハイフン"
    fault = "半角の数字とハイフンで入力してください（例: 03-1234-5678）。"


class PostalCodeField(AsciiField):
    """郵便番号: three and four digits, kept with the hyphen (F-034)."""

    pattern = re.compile(r"([0-9]{3}-?[0-9]{4})?")
    hint = "半角数字とハイフン"
    fault = "3桁-4桁の半角数字で入力してください（例: 100-0001）。"

    def __init__(self, *, label: str = "郵便番号", **kwargs: Any) -> None:
        super().__init__(label=label, limit=8, example="100-0001", **kwargs)
        self.widget.attrs.update({"autocomplete": "postal-code", "size": "10"})

    def clean(self, value: Any) -> str:
        """The code as it is kept."""
        text = super().clean(value)
        return f"{text[:3]}-{text[-4:]}" if text else ""


class MailField(AsciiField):
    """メールアドレス: half-width, of the shape of an address."""

    def __init__(self, *, label: str = "メールアドレス", limit: int = 50, **kwargs: Any) -> None:
        super().__init__(label=label, limit=limit, example="nippon-taro@example.com", **kwargs)
        self.widget.attrs.update({"autocomplete": "email", "inputmode": "email", "size": "40"})

    def clean(self, value: Any) -> str:
        """The address as it is kept."""
        text = super().clean(value)
        if text:
            EmailValidator(
                f"{self.label}の形が正しくありません。nippon-taro@example.com のように入力してください。"
            )(text)
        return text


class ChoiceRadio(forms.ChoiceField):
    """Radio buttons, one of them always chosen."""

    def __init__(self, *, label: str, choices: Any, explanation: str = "", **kwargs: Any) -> None:
        super().__init__(label=label, choices=choices, widget=forms.RadioSelect, **kwargs)
        self.explanation = explanation
        self.error_messages["required"] = f"{label}を選択してください。"
        self.error_messages["invalid_choice"] = f"{label}を選び直してください。"
