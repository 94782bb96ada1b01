"""The search conditions of 海外商社（バイヤー）情報検索."""

from typing import Any

from django import forms

from portal_stub.buyers.directory import normalised
from portal_stub.buyers.models import RATINGS
from portal_stub.buyers.searching import SHORTEST_NAME, Search, countries_of


def _explained(field: Any, explanation: str) -> Any:
    """A field with the words behind its ？ (K-003)."""
    field.explanation = explanation
    return field


class CountryField(forms.CharField):
    """所在国名または国コード; the value is the codes of the countries that are meant, None when none is asked for."""

    explanation = "国名は一部だけでも検索できます。国コードは数字3桁です。"

    def __init__(self, *, label: str = "所在国名または国コード") -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=60,
            help_text="例: 中華人民共和国、105",
            widget=forms.TextInput(attrs={"list": "countries", "autocomplete": "off"}),
        )

    def clean(self, value: Any) -> list[str] | None:
        """The codes; a fault when no country is meant."""
        typed = super().clean(value)
        if not typed:
            return None
        found = countries_of(typed)
        if not found:
            raise forms.ValidationError(
                f"所在国「{typed}」が見つかりません。国名の一部か、3桁の国コードで入力し直してください。"
            )
        return found


class SearchForm(forms.Form):
    """所在国名または国コード, バイヤーコードまたは名称, 格付, and in the season 対象範囲 (K-003, K-004)."""

    country = CountryField()
    name = _explained(
        forms.CharField(
            label="バイヤーコードまたは名称",
            required=False,
            max_length=200,
            help_text=f"名称は{SHORTEST_NAME}文字以上。大文字と小文字、全角と半角は区別しません。例: EXAMPLE",
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        ),
        "名称は、入力した文字を含むものが見つかります。バイヤーコードは、先頭からの数字で検索できます。",
    )
    rating = _explained(
        forms.ChoiceField(
            label="格付",
            required=False,
            choices=[("", "（指定なし）"), *((code, f"{code}　{words}") for code, words in RATINGS)],
            error_messages={"invalid_choice": "格付を一覧から選び直してください。"},
        ),
        "海外商社の信用状態を表す区分です。",
    )
    scope = _explained(
        forms.ChoiceField(
            label="対象範囲",
            required=False,
            choices=[("", "すべての海外商社"), ("sleeping", "スリーピング候補バイヤーのみ")],
            error_messages={"invalid_choice": "対象範囲を一覧から選び直してください。"},
        ),
        "スリーピング候補バイヤー解除期間中に限り選択できます。",
    )

    def __init__(self, *args: Any, season: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not season:
            del self.fields["scope"]

    def clean(self) -> dict[str, Any]:
        """A country or two characters at least (K-014)."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        name = normalised(found.get("name", ""))
        if not self.errors and found.get("country") is None and len(name) < SHORTEST_NAME:
            self.add_error(
                "name",
                f"所在国を入力するか、バイヤーコードまたは名称を{SHORTEST_NAME}文字以上入力してください。",
            )
        return found

    def search(self) -> Search:
        """What is asked for."""
        found = self.cleaned_data
        sleeping = found.get("scope") == "sleeping"
        return Search(found["country"], normalised(found["name"]), found["rating"], sleeping)
