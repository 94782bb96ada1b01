"""What a 試算 asks for, per product, and how it is judged before anything is calculated. J-004, J-005, J-006, J-016.

Every item has an ``explanation``, which its name opens. What is asked follows the layout of the product's uploads; the
pipeline judges the values once more with the tables (``raters``).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms

from portal_stub import clock
from portal_stub.accounts.fields import required_message, within_calendar
from portal_stub.buyers.models import RATINGS, Buyer, Country
from portal_stub.estimates.products import Ask, EstimateProduct
from portal_stub.feed.calendar import calendar
from portal_stub.pages.widgets import LongSelect
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.layouts import layout_of
from schemas.reference import builtin_rows
from sensors.calendar import CalendarEnded
from sensors.windows import acceptance_day_if_sent

_AMOUNT = re.compile(r"(?:[0-9]{1,13}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,2})?")
_YEN = re.compile(r"[0-9]{1,13}|[0-9]{1,3}(?:,[0-9]{3}){1,4}")
_DAYS = re.compile(r"[0-9]{1,4}")
_CODE = re.compile(r"[0-9]{9}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_DISCOUNT = re.compile(r"[0-9](?:\.[0-9]{1,4})?")
_MONTH = re.compile(r"([0-9]{4})[-/]?(0[1-9]|1[0-2])")
MOST_DAYS_BEFORE, MOST_USANCE = 3650, 999
LEAST_DISCOUNT, MOST_SURCHARGE = Decimal("0.7"), Decimal(2)
LEAST_COVER, MOST_COVER = 60, 95
"""船前非常 of 個別 in percent: chosen between these (E-163)."""
EXCLUDE = "計算対象外とする場合はチェックして下さい"


def _explained(field: Any, explanation: str) -> Any:
    """A field with the words that its name opens (J-006)."""
    field.explanation = explanation
    field.widget.attrs.setdefault("autocomplete", "off")
    return field


class TypedField(forms.CharField):
    """A short text of one form; full-width is read as half-width."""

    def __init__(self, pattern: re.Pattern[str], fault: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pattern, self.fault = pattern, fault
        self.error_messages["required"] = required_message(str(self.label))

    def clean(self, value: Any) -> str:
        """The text in half-width; empty where nothing was typed."""
        text = unicodedata.normalize("NFKC", str(super().clean(value))).strip()
        if text and not self.pattern.fullmatch(text):
            raise forms.ValidationError(f"{self.label}は{self.fault}")
        return text


class AmountField(TypedField):
    """An amount of at most 13 digits, with or without commas between groups of three."""

    def __init__(self, *, yen: bool = False, **kwargs: Any) -> None:
        fault = (
            "数字で入力してください（整数部13桁まで"
            + ("" if yen else "、小数部2桁まで")
            + "。例: 10,000,000）。"
        )
        super().__init__(_YEN if yen else _AMOUNT, fault, **kwargs)
        self.widget.attrs["inputmode"] = "decimal"

    def clean(self, value: Any) -> str:
        """The amount without commas."""
        return super().clean(value).replace(",", "")


class DaysField(TypedField):
    """Whole days."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(_DAYS, f"0から{most}までの日数を数字で入力してください（例: 60）。", **kwargs)
        self.most = most
        self.widget.attrs["inputmode"] = "numeric"

    def clean(self, value: Any) -> str:
        """The days without leading zeros."""
        text = super().clean(value)
        if text and int(text) > self.most:
            raise forms.ValidationError(f"{self.label}は{self.fault}")
        return str(int(text)) if text else ""


class BuyerField(TypedField):
    """バイヤーコード of a 海外商社 of the 名簿."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(_CODE, "9桁の数字で入力してください（例: 105000001）。", required=False, **kwargs)
        self.widget.attrs.update({"inputmode": "numeric", "list": "bookmarks"})

    def clean(self, value: Any) -> str:
        """The code of a buyer that stands in the 名簿."""
        code = super().clean(value)
        if code and not Buyer.objects.filter(code=code, removed_at__isnull=True).exists():
            raise forms.ValidationError(
                f"{self.label} {code} は海外商社名簿にありません。コードを確かめるか、格付で入力してください。"
            )
        return code


def _chosen(label: str, choices: Sequence[tuple[str, str]], explanation: str, **kwargs: Any) -> Any:
    messages = {
        "required": f"{label}を選択してください。",
        "invalid_choice": f"{label}を一覧から選び直してください。",
    }
    field = forms.ChoiceField(label=label, choices=choices, error_messages=messages, **kwargs)
    return _explained(field, explanation)


def _country(label: str, explanation: str, **kwargs: Any) -> Any:
    return _chosen(label, (), explanation, widget=LongSelect, **kwargs)


def _tick(label: str, explanation: str, words: str = "あり") -> Any:
    field = _explained(forms.BooleanField(label=label, required=False), explanation)
    field.words = words
    return field


def _rating(label: str, explanation: str) -> Any:
    choices = [("", "（バイヤーコードで指定）"), *((code, f"{code}　{words}") for code, words in RATINGS)]
    return _chosen(label, choices, explanation, required=False)


def _either(field: Any) -> Any:
    """One of two items, either of which will do."""
    field.mark = "どちらか必須"
    return field


@cache
def methods() -> dict[str, dict[str, str]]:
    """決済方法 by code, as the product brings them; which days they mean is judged with the loaded table."""
    return {row["code"]: row for row in builtin_rows("settlement_methods")}


@cache
def _methods() -> list[tuple[str, str]]:
    return [("", "選択してください"), *((code, f"{code} {row['name']}") for code, row in methods().items())]


@cache
def _bands() -> list[tuple[str, str]]:
    rows = builtin_rows("period_bands")
    return [("", "選択してください"), *((row["band"], f"{row['band']} {row['name']}") for row in rows)]


_DEAL: dict[str, tuple[str, Any]] = {
    "destination_country": (
        "取引",
        _country(
            "仕向国",
            "貨物の最終仕向地の国です。船前非常の料率は、仕向国と支払国のうち国カテゴリーの悪い方によります。",
        ),
    ),
    "payer_country": (
        "取引",
        _country(
            "支払国",
            "代金を支払う国です。船後非常の料率は、保証国があるときは保証国、ないときは支払国の国カテゴリーによります。",
        ),
    ),
    "currency": (
        "取引",
        _explained(
            TypedField(
                _CURRENCY,
                "英字3字の通貨コードで入力してください（例: JPY、USD）。",
                label="表示通貨",
                initial="JPY",
                help_text="例: JPY、USD、EUR",
            ),
            "契約金額の通貨です。外貨は、受理日の属する月の1日（簡易通知型は船積月の1日）に有効な換算率で円に換算します。",
        ),
    ),
    "contract_amount": (
        "取引",
        _explained(
            AmountField(label="契約金額", help_text="例: 10,000,000"),
            "輸出契約等の金額（貨物代金額と役務対価額の合計）です。表示通貨で入力してください。",
        ),
    ),
    "pre_shipment_amount": (
        "取引",
        _explained(
            AmountField(label="FOB価額", help_text="例: 10,000,000"),
            "船積前の保険料（船前非常・船前信用）の対象となる、貨物のFOB相当額です。表示通貨で入力してください。",
        ),
    ),
    "advance_amount": (
        "取引",
        _explained(
            AmountField(label="前受金", required=False, help_text="ないときは空欄"),
            "第1回の船積みの前に受け取る代金です。船積後の保険料は、契約金額から前受金を除いた額によります。",
        ),
    ),
    "shipped_amount": (
        "取引",
        _explained(
            AmountField(label="船積確定通知額", help_text="前受金を除いた額。例: 10,000,000"),
            "その月に船積みした分の代金額です。前受金を除いて、表示通貨で入力してください。",
        ),
    ),
    "days_pre": (
        "取引",
        _explained(
            DaysField(most=MOST_DAYS_BEFORE, label="船積前期間", help_text="日数。例: 30"),
            "保険契約の申込受理日から最終船積期日までの日数です。30日より短いときは30日として計算します。",
        ),
    ),
    "shipment_month": (
        "取引",
        _explained(
            TypedField(
                _MONTH,
                "年月で入力してください（例: 2026-04）。",
                label="船積年月",
                required=False,
                help_text="空欄は受理日の月。例: 2026-04",
            ),
            "船積みした年月です。外貨の換算率は、この月の1日のものを使います。",
        ),
    ),
    "settlement_method": (
        "決済",
        _chosen(
            "決済方法",
            (),
            "代金の決済方法です。コード10から19がL/C決済です。xxx DAYS の方法ではユーザンス日数を入力してください。",
        ),
    ),
    "usance_days": (
        "決済",
        _explained(
            DaysField(most=MOST_USANCE, label="ユーザンス日数", required=False, help_text="例: 60"),
            "船積みから決済までの日数です。OTHER、RETENTION、MILESTONE の方法では、最終船積期日から決済予定日までの日数を"
            "入力してください。AT SIGHT と前払いでは使いません。30日より短いときは30日として計算します。",
        ),
    ),
    "period_band": (
        "決済",
        _chosen(
            "決済期間区分",
            (),
            "船積みから決済までの期間の区分です。区分の上限の日数で計算します。前受に保険料はかかりません。",
        ),
    ),
    "lc_flag": (
        "決済",
        _tick(
            "L/C決済", "信用状（L/C）による決済のときに選びます。発行・確認銀行を保証人に入力してください。"
        ),
    ),
    "payer_code": (
        "支払人・保証人",
        _either(
            _explained(
                BuyerField(label="支払人バイヤーコード", help_text="格付で指定するときは空欄"),
                "代金を支払う海外商社のコードです。格付は海外商社名簿のものを使います。コードが分からないときは、空欄にして格付を選んでください。",
            )
        ),
    ),
    "payer_rating": (
        "支払人・保証人",
        _either(
            _rating("支払人の格付", "海外商社の格付です。バイヤーコードを入力したときは選ばないでください。")
        ),
    ),
    "guarantor_code": (
        "支払人・保証人",
        _explained(
            BuyerField(label="保証人バイヤーコード", help_text="いないとき、格付で指定するときは空欄"),
            "代金の支払いを保証する者です。L/C決済では、L/Cの発行銀行または確認銀行です。",
        ),
    ),
    "guarantor_rating": (
        "支払人・保証人",
        _rating(
            "保証人の格付",
            "L/Cの発行・確認銀行がGS、GE、SA格のときに限り、L/C決済の場合のてん補が認められます。"
            "バイヤーコードを入力したときは選ばないでください。",
        ),
    ),
    "guarantor_country": (
        "支払人・保証人",
        _country(
            "保証国",
            "保証人、またはL/Cの発行・確認銀行の所在国です。保証人がいるときに選んでください。",
            required=False,
        ),
    ),
    "full_political_cover": (
        "付保の条件",
        _chosen(
            "船積後非常付保率",
            (),
            "船後非常の付保率です。100%は特約で選んだときに限ります。付保率は保険金額を決め、100%のときは料率も変わります。",
            required=False,
        ),
    ),
    "cover_a": (
        "付保の条件",
        _explained(
            TypedField(
                _DAYS,
                f"{LEAST_COVER}から{MOST_COVER}までの整数（%）で入力してください。",
                label="船積前非常付保率",
                initial=str(MOST_COVER),
                help_text=f"{LEAST_COVER}～{MOST_COVER}（%）",
            ),
            "船前非常の付保率です。個別保険では95%を上限に選べます。船前信用は80%、船後非常は97.5%、船後信用は90%として試算します。",
        ),
    ),
    "currency_rider": ("付保の条件", _tick("外貨建対応特約", "外貨建対応方式特約を付けるときに選びます。")),
    "additional_cost_rider": (
        "付保の条件",
        _tick("増加費用特約", "航路の変更などで増える費用をてん補する特約を付けるときに選びます。"),
    ),
    "to_subsidiary": (
        "付保の条件",
        _tick(
            "子会社等向け",
            "海外子会社などの関係会社との取引です。信用危険（船前信用・船後信用）はてん補されません。",
            "該当する",
        ),
    ),
    "pre_limit_yen": (
        "付保の条件",
        _explained(
            AmountField(
                yen=True,
                label="船積前保険金支払限度額",
                required=False,
                help_text="船積前危険をてん補するときだけ。円",
            ),
            "船積前危険てん補のオプションを選ぶときの限度額です。年額の保険料を、船積後の保険料とは別に示します。",
        ),
    ),
    "excluded": (
        "計算の対象",
        _tick("計算対象外", "この枝を計算の対象から外します。入力した内容は残ります。", EXCLUDE),
    ),
}
"""Item → the group it stands in, and its field."""
_ONLY = {
    Ask.LEDGER: {"days_pre"},
    Ask.NOTICE: {"pre_limit_yen", "shipment_month"},
    Ask.INDIVIDUAL: {"days_pre", "cover_a"},
}
_INDIVIDUAL = {
    *("destination_country", "payer_country", "currency", "contract_amount", "pre_shipment_amount"),
    *("advance_amount", "settlement_method", "usance_days", "payer_code", "payer_rating", "guarantor_code"),
    *("guarantor_rating", "guarantor_country", "excluded"),
}


def items_of(product: EstimateProduct) -> list[str]:
    """The items of a 枝 in the order of the screen: those of the product's layout, and what a 試算 adds (J-005)."""
    assert product.ask is not None
    assert product.pipeline is not None
    if product.ask is Ask.INDIVIDUAL:
        wanted = _INDIVIDUAL | _ONLY[product.ask]
    else:
        own = set(layout_of(product.pipeline).names) | {"payer_rating", "guarantor_rating", "excluded"}
        wanted = own | _ONLY[product.ask]
    return [name for name in _DEAL if name in wanted]


class BranchForm(forms.Form):
    """One 枝. ``groups`` are its items as they stand on the screen."""

    def __init__(
        self, product: EstimateProduct, values: Mapping[str, str], number: int, *, judged: bool
    ) -> None:
        super().__init__(
            dict(values) if judged else None,
            initial=dict(values),
            auto_id="id_%s",
            prefix=None,
            use_required_attribute=False,
        )
        self.product, self.number = product, number
        self.fields = {name: deepcopy(_DEAL[name][1]) for name in items_of(product)}
        self._offer()

    def _offer(self) -> None:
        """Lines of lists that depend on tables, and on the product."""
        countries = [("", "選択してください"), *((row.code, str(row)) for row in Country.objects.all())]
        for name in ("destination_country", "payer_country", "guarantor_country"):
            self.fields[name].choices = countries
        if "settlement_method" in self.fields:
            self.fields["settlement_method"].choices = _methods()
        if "period_band" in self.fields:
            self.fields["period_band"].choices = _bands()
        if "full_political_cover" in self.fields:
            self.fields["full_political_cover"].choices = [
                ("", "特約のとおり（特約を選ばないときは97.5%）"),
                ("0", "97.5%"),
                ("1", "100%"),
            ]

    @property
    def groups(self) -> list[tuple[str, list[Any]]]:
        """The items under their headings."""
        found: dict[str, list[Any]] = {}
        for name in self.fields:
            found.setdefault(_DEAL[name][0], []).append(self[name])
        return list(found.items())

    def clean(self) -> dict[str, Any]:
        """What one item demands of another."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        method = methods().get(found.get("settlement_method", ""), {})
        by_lc = method.get("lc") == "1" or found.get("lc_flag", False)
        self._one_of("payer", found, needed=True)
        self._one_of("guarantor", found, needed=by_lc)
        named = found.get("guarantor_code") or found.get("guarantor_rating")
        if named and not found.get("guarantor_country") and "guarantor_country" not in self.errors:
            self.add_error("guarantor_country", "保証人がいるときは、保証国を選択してください。")
        if found.get("guarantor_country") and not named and not by_lc and "guarantor_code" not in self.errors:
            self.add_error("guarantor_country", "保証国は、保証人を入力したときに限り選択してください。")
        if method.get("needs") and "usance_days" not in self.errors and not found.get("usance_days"):
            self.add_error("usance_days", "この決済方法では、ユーザンス日数を入力してください。")
        self._amounts(found)
        cover = found.get("cover_a")
        if cover and not LEAST_COVER <= int(cover) <= MOST_COVER:
            self.add_error("cover_a", f"船積前非常付保率は{self.fields['cover_a'].fault}")
        return found

    def _one_of(self, role: str, found: Mapping[str, Any], *, needed: bool) -> None:
        """A buyer is named by code or by rating."""
        code, rating = f"{role}_code", f"{role}_rating"
        if code in self.errors or rating in self.errors:
            return
        who = "支払人" if role == "payer" else "保証人"
        if found.get(code) and found.get(rating):
            self.add_error(rating, f"{who}は、バイヤーコードか格付のどちらか一方だけを入力してください。")
        if needed and not found.get(code) and not found.get(rating):
            why = "" if role == "payer" else "L/C決済では、"
            self.add_error(code, f"{why}{who}のバイヤーコードか格付を入力してください。")

    def _amounts(self, found: Mapping[str, Any]) -> None:
        currency = str(found.get("currency", "")).upper()
        for name in ("contract_amount", "pre_shipment_amount", "advance_amount", "shipped_amount"):
            if currency == "JPY" and "." in found.get(name, ""):
                self.add_error(name, f"円建ての{self.fields[name].label}に小数は使えません。")
        whole, advance = found.get("contract_amount"), found.get("advance_amount")
        if whole and advance and Decimal(advance) > Decimal(whole):
            self.add_error("advance_amount", "前受金は、契約金額以下の額で入力してください。")


class SharedForm(forms.Form):
    """What all 枝 share: day, agreement, discount. 個別 has no agreement."""

    day = _explained(
        forms.DateField(
            label="申込受理（予定）日",
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            validators=[within_calendar("申込受理（予定）日")],
            error_messages={"invalid": "申込受理（予定）日は、日付（例: 2026-04-01）で入力してください。"},
        ),
        "保険契約の申込みが受理される日です。料率、国カテゴリー、格付、換算率は、この日に有効なものを使います。",
    )
    agreement = _chosen(
        "特約コード",
        (),
        "選ぶと、特約の割引割増率、オプション、期初の格付などを使って試算します。選ばないときは、オプションをすべて選べるものとして試算します。",
        required=False,
    )
    discount_factor = _explained(
        TypedField(
            _DISCOUNT,
            "0.7から2までの数（小数4桁まで。例: 0.9）で入力してください。",
            label="割引割増率",
            required=False,
            help_text="係数。10%割引は0.9、10%割増は1.1。空欄は特約のとおり（特約を選ばないときは1）",
        ),
        "無事故割引・事故割増の係数です。船後信用の保険料だけにかかります。割引は30%（0.7）までです。",
    )

    def __init__(
        self, product: EstimateProduct, values: Mapping[str, str], user: Any, *, judged: bool
    ) -> None:
        super().__init__(
            dict(values) if judged else None,
            initial=dict(values),
            auto_id="id_%s",
            use_required_attribute=False,
        )
        self.agreements = _agreements(product, user)
        if day := _acceptance_day():
            self.fields["day"].help_text = f"空欄は、今申し込んだ場合の受理日（{day:%Y/%m/%d}）"
        if product.ask is Ask.INDIVIDUAL:
            del self.fields["agreement"], self.fields["discount_factor"]
        elif self.agreements:
            lines = [(code, code) for code in self.agreements]
            self.fields["agreement"].choices = [("", "（特約を選ばない）"), *lines]
        else:
            del self.fields["agreement"]

    def clean_day(self) -> Any:
        """The day of acceptance; nothing typed is that of an application sent now. None is accepted in the past."""
        day = self.cleaned_data["day"] or _acceptance_day()
        if day is None:
            raise forms.ValidationError(
                "営業日のカレンダーが終わっています。申込受理（予定）日を入力してください。"
            )
        if day < clock.today():
            raise forms.ValidationError("申込受理（予定）日は、本日以後の日付で入力してください。")
        return day

    def clean_discount_factor(self) -> str:
        """A factor within the bounds."""
        text: str = self.cleaned_data["discount_factor"]
        if text and not LEAST_DISCOUNT <= Decimal(text) <= MOST_SURCHARGE:
            raise forms.ValidationError(f"割引割増率は{self.fields['discount_factor'].fault}")
        return text


def shared_items(product: EstimateProduct) -> list[str]:
    """Names of the items that all 枝 share."""
    return ["day"] if product.ask is Ask.INDIVIDUAL else ["day", "agreement", "discount_factor"]


def blank(product: EstimateProduct) -> dict[str, str]:
    """A 枝 as it is opened."""
    return {name: str(_DEAL[name][1].initial or "") for name in items_of(product)}


def _acceptance_day() -> date | None:
    """When an application sent now is accepted; None after the end of the calendar."""
    try:
        return acceptance_day_if_sent(clock.now(), calendar())
    except CalendarEnded:
        return None


def _agreements(product: EstimateProduct, user: Any) -> dict[str, str]:
    """Code → holder of the 特約 of the product whose data the user may see (G-014, G-022)."""
    if product.ask is Ask.INDIVIDUAL:
        return {}
    rows = seen(Resource.AGREEMENT, user).filter(product=str(product.pipeline))
    return dict(rows.values_list("code", "holder__code"))
