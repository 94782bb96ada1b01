"""How an item of a record is asked for on the screen: mark, help, how it is written, and the codes it may have.

Facts come from the layouts and the built-in tables (``schemas``) and from what the feed told of countries, agreements
and buyers. Codes that a list does not know are kept as typed: whether they count is the check's to say. S-026.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from portal_stub.accounts.models import DataScope, User
from portal_stub.buyers.models import Buyer, Country
from portal_stub.entries.cells import day_of
from portal_stub.entries.offer import clearable, mandatory
from portal_stub.feed.models import AgreementPeriod, Policyholder
from schemas.layouts import Layout, LayoutField
from schemas.products import PARTIAL_TYPES
from schemas.reference import builtin_rows

TYPES = tuple((row["code"], f"{row['code']}：{row['name']}") for row in builtin_rows("process_types"))
"""処理種別 as radio buttons (P-002)."""
TYPE_WORDS = dict(TYPES)
BUYERS = ("counterparty_code", "payer_code", "guarantor_code")
COUNTRIES = ("destination_country", "payer_country", "guarantor_country", "shipment_country")
CURRENCIES = (
    ("JPY", "日本円"),
    ("USD", "米ドル"),
    ("EUR", "ユーロ"),
    ("GBP", "英ポンド"),
    ("CNY", "中国人民元"),
    ("HKD", "香港ドル"),
    ("TWD", "台湾ドル"),
    ("KRW", "韓国ウォン"),
    ("THB", "タイバーツ"),
    ("SGD", "シンガポールドル"),
    ("MYR", "マレーシアリンギット"),
    ("IDR", "インドネシアルピア"),
    ("PHP", "フィリピンペソ"),
    ("VND", "ベトナムドン"),
    ("INR", "インドルピー"),
    ("AUD", "豪ドル"),
    ("NZD", "ニュージーランドドル"),
    ("CAD", "カナダドル"),
    ("CHF", "スイスフラン"),
    ("SEK", "スウェーデンクローナ"),
)
"""Offered while typing; any other code of ISO 4217 can be typed."""
_TABLES = {
    "change_reason": "change_reasons",
    "contract_form": "contract_forms",
    "settlement_method": "settlement_methods",
    "notice_kind": "notice_kinds",
}
_SUBRECORDS = (("1", "1：追加"), ("2", "2：変更"), ("5", "5：削除"))
_FLAGS = (("0", "0：なし"), ("1", "1：あり"))

_WRITTEN = {
    "serial": "半角数字6～9桁",
    "number2": "半角数字2桁まで、例: 01",
    "date": "YYYYMMDD、例: 20260401",
    "month": "YYYYMM、例: 202604",
    "amount": "整数部13桁・小数部2桁まで（円は整数）、例: 1,234,500",
    "days": "半角数字、例: 60",
    "currency": "英字3字、例: USD",
}

_CONDITIONS = {
    "branch_no": "枝番が2つ以上あるときは必ず入力します。",
    "guarantor_code": "L/C決済、または支払保証があるときに入力します。",
    "guarantor_country": "保証人を入力したときに入力します。",
    "shipment_country": "契約形態が15（仲介貿易契約）のときに入力します。",
    "usance_days": "決済方法が「xxx DAYS」のときに入力します。",
    "due_date": "決済方法が OTHER・RETENTION・MILESTONE（期日）のときに入力します。",
    "guarantee_line_no": "格付EM・EFの支払人のときに入力します。",
    "shipment_process_type": "船積の内容が変わるときに選びます。決済だけが変わるときは空欄にします。",
    "settlement_process_type": "決済の内容が変わるときに選びます。新しい船積の決済では空欄にします。",
}
_MEANINGS = {
    "application_year": "変更する申込みの番号（YY-NNNNNN-BB）の最初の2桁です。新規では、増額新規のときだけ元の番号を入力します。",
    "application_serial": "変更する申込みの番号の中央の6桁以上です。新規では、増額新規のときだけ元の番号を入力します。",
    "notice_year": "変更する通知の番号（YY-NNNNNN-BB）の最初の2桁です。",
    "notice_serial": "変更する通知の番号の中央の6桁以上です。",
    "branch_no": "1つの契約を、支払人や通貨などの違いで分ける番号です。",
    "history_no": "台帳に載っている現在の履歴です。",
    "agreement_code": "この申請の特約（簡易通知型では包括保険契約）のコードです。",
    "policyholder_code": "保険利用者のコードです。組合は組合員のコードを選びます。",
    "department_code": "社内の部門です。部門別の台帳を希望している場合に、台帳が分かれます。",
    "contract_form": "輸出契約か、仲介貿易契約かの区分です。",
    "export_contract_no": "輸出契約書などの番号です。同じ特約の中で契約を見分けます。",
    "contract_date": "輸出契約などを結んだ日です。申込期限は翌月末です。",
    "change_date": "契約の内容が変わった日です。",
    "change_reason": "変更の理由です。新規では、増額新規（01）のときだけ選びます。",
    "counterparty_code": "契約の相手方の、海外商社名簿のコードです。",
    "payer_code": "代金を支払う者の、海外商社名簿のコードです。",
    "guarantor_code": "L/Cの発行・確認銀行、または保証人の、海外商社名簿のコードです。",
    "destination_country": "貨物の仕向国です。",
    "payer_country": "支払人の所在国です。",
    "guarantor_country": "保証人の所在国です。",
    "shipment_country": "貨物を船積みする国です。",
    "goods_code": "貨物のコードです。",
    "currency": "契約の金額の通貨です。下の金額はすべてこの通貨で入力します。",
    "contract_amount": "輸出契約などの元本の全額です。",
    "shipment_no": "船積みを見分ける番号です。",
    "last_shipment_date": "この船積みの最終の期日です。",
    "pre_shipment_amount": "船積前の保険の対象となる額です。",
    "post_shipment_amount": "船積後の保険の対象となる額です。",
    "settlement_no": "1つの船積みの中で決済を見分ける番号です。",
    "settlement_method": "代金の決済の方法です。",
    "usance_days": "支払いまでの日数です。",
    "due_date": "決済の予定日です。",
    "settlement_principal": "この決済の元本です。",
    "settlement_interest": "この決済の金利です。",
    "full_political_cover": "船後非常の付保率を100%とするかです。空欄は特約どおりです。",
    "currency_rider": "外貨建対応特約を付けるかです。",
    "additional_cost_rider": "増加費用特約を付けるかです。空欄は特約どおりです。",
    "fully_brokered": "100%仲介貿易かどうかです。",
    "to_subsidiary": "子会社など、特定資本関係にある相手との契約かどうかです。",
    "brokered_amount": "契約のうち仲介貿易の貨物の額です。",
    "service_amount": "契約のうち役務の対価の額です。",
    "advance_amount": "契約のうち前受金の額です。",
    "settlement_currency": "決済の通貨が表示通貨と違うときに入力します。",
    "lc_receipt_date": "L/Cを受け取った日です。",
    "inspection_date": "検収（対価の確認）の日です。",
    "policy_type_marks": "証券型に該当する事項の番号（1～9）を続けて入力します。",
    "disclosure_marks": "告知事項の番号（1～3）を続けて入力します。",
    "notice_kind": "船積みが確定した通知か、確定前の通知かの区分です。",
    "shipment_month": "船積みをした年月です。",
    "period_band": "船積みから決済までの期間の区分です。",
    "shipped_amount": "その月の船積分の代金です。前受金を除きます。",
    "earliest_contract_date": "まとめた契約のうち、最も早い締結日です。",
    "first_shipment_date": "まとめた船積みのうち、最も早い船積日です。",
    "lc_flag": "L/C決済かどうかです。",
    "service_flag": "役務の対価を含むかどうかです。",
    "shipment_process_type": "台帳の船積みを、追加・変更・削除するかです。",
    "settlement_process_type": "台帳の決済を、追加・変更・削除するかです。",
    "guarantee_line_no": "個別保証枠の確認管理番号です。",
}


@dataclass
class Offers:
    """What a user may choose from on one page: read once, used by all its items."""

    user: User
    layout: Layout
    agreements: list[tuple[str, str]] = field(default_factory=list)
    holders: list[tuple[str, str]] = field(default_factory=list)
    countries: list[tuple[str, str]] = field(default_factory=list)
    bookmarks: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Names of the buyers whose codes stand on the page."""

    @classmethod
    def to(cls, user: User, layout: Layout, values: list[Mapping[str, str]]) -> "Offers":
        """The lists for this user, and the names of the buyers in these values."""
        codes = {value for fields in values for name, value in fields.items() if name in BUYERS}
        found = Buyer.objects.select_related("country").filter(code__in=codes)
        bookmarks = user.bookmarks.select_related("buyer").filter(buyer__removed_at__isnull=True)
        return cls(
            user,
            layout,
            agreements_of(user, str(layout.product)),
            _holders_of(user),
            [(row.code, f"{row.code}　{row.name}") for row in Country.objects.exclude(name="")],
            [(row.buyer.code, row.buyer.name) for row in bookmarks.order_by("buyer__code")],
            {row.code: f"{row.name}（{row.country.name or row.country.code}）" for row in found},
        )

    def choices(self, name: str) -> list[tuple[str, str]] | None:
        """The codes of an item with their words; None where anything may be typed."""
        if name == "agreement_code":
            return self.agreements
        if name == "policyholder_code":
            return self.holders
        return self.countries if name in COUNTRIES else _codes(self.layout, name)

    def words(self, item: LayoutField, text: str) -> str:
        """A value as people read it on the check page."""
        if item.field in BUYERS and text in self.names:
            return f"{text}　{self.names[text]}"
        if item.kind == "date" and (day := day_of(text)):
            return f"{day:%Y/%m/%d}"
        known = dict(self.choices(item.field) or [])
        if item.kind == "amount" and text.replace(".", "", 1).isdigit() and text.isascii():
            whole, point, rest = text.partition(".")
            return f"{int(whole):,}{point}{rest}"
        return known.get(text, text)


@cache
def _tabled(name: str) -> list[tuple[str, str]]:
    rows: dict[str, str] = {}
    for row in builtin_rows(name):  # of several periods the last one
        code = row["band"] if name == "period_bands" else row["code"]
        rows[code] = f"{code}：{row['name']}"
    return sorted(rows.items())


def _codes(layout: Layout, name: str) -> list[tuple[str, str]] | None:
    if name in _TABLES:
        return _tabled(_TABLES[name])
    if name == "period_band":
        return _tabled("period_bands")
    if name in ("shipment_process_type", "settlement_process_type"):
        return list(_SUBRECORDS)
    kinds = {item.field: item.kind for item in layout.fields}
    return list(_FLAGS) if kinds[name] == "flag" else None


def agreements_of(user: User, product: str) -> list[tuple[str, str]]:
    """The 特約 under which the user may enter: of the own holder and of the members of an association.

    Who sees 対象特約のみ also enters for those only; other scopes of concluded data do not matter here (G-014).
    """
    holder = user.holder
    assert holder is not None
    codes = set(holder.agreements.filter(product=product).values_list("code", flat=True))
    acts_for = [
        holder.code,
        *Policyholder.objects.filter(association=holder.code).values_list("code", flat=True),
    ]
    codes |= set(
        AgreementPeriod.objects.filter(holder__in=acts_for, product=product).values_list("code", flat=True)
    )
    if user.data_scope == DataScope.LISTED:
        codes &= user.seen_agreements() or set()
    return [(code, code) for code in sorted(codes)]


def _holders_of(user: User) -> list[tuple[str, str]]:
    holder = user.holder
    assert holder is not None
    members = Policyholder.objects.filter(association=holder.code).order_by("code")
    return [
        (holder.code, f"{holder.code}　{holder.name}"),
        *((row.code, f"{row.code}　{row.name}") for row in members),
    ]


def is_starred(layout: Layout, process_type: str, name: str) -> bool:
    """Whether the item has its ＊ (P-003)."""
    return name in mandatory(layout, process_type)


def how_written(item: LayoutField, process_type: str) -> str:
    """The line under the item's name."""
    note = _WRITTEN.get(item.kind, "")
    if item.kind == "code":
        note = f"半角数字{item.max_length}桁"
    elif item.kind == "identifier":
        note = f"半角英数字{item.max_length}文字まで"
    elif item.kind == "text":
        note = f"{item.max_length}文字まで"
    elif item.kind == "marks":
        note = f"番号を{item.max_length}桁まで"
    if clearable(process_type, item.field):
        note += "。空欄は変わらない、「-」だけで消す" if note else "空欄は変わりません"
    return note


def explanation(item: LayoutField, layout: Layout, process_type: str) -> str:
    """The words behind the ？ of the item: what it is, when it is asked for, and its column in a file."""
    told = [_MEANINGS.get(item.field, "")]
    if not (process_type == "1" and item.field in ("application_year", "application_serial")):
        told.append(_CONDITIONS.get(item.field, ""))
    if is_starred(layout, process_type, item.field):
        told.append("＊の付いた項目は、「保存」に必ず要ります。")
    elif process_type in PARTIAL_TYPES:
        told.append("変わるときだけ入力します。")
    told.append(f"ファイルの列名: {item.field}")
    return "".join(told)


def blank_words(item: LayoutField, layout: Layout, process_type: str) -> str:
    """What an empty choice means."""
    if is_starred(layout, process_type, item.field):
        return "（選択してください）"
    if clearable(process_type, item.field):
        return "（変わらない）"
    return "（指定なし）"


def select_options(item: LayoutField, offers: Offers, process_type: str, value: str) -> Any:
    """The lines of a list: the empty one, the codes, ``-`` where it may clear, and a typed code that no list knows."""
    codes = offers.choices(item.field)
    if codes is None:
        return None
    lines = [("", blank_words(item, offers.layout, process_type)), *codes]
    if clearable(process_type, item.field) and item.required["1"] != "Y":
        lines.append(("-", "-：消す"))
    if value and value not in [code for code, _ in lines]:
        lines.append((value, f"{value}（一覧にない値）"))
    return lines
