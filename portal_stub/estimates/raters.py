"""From judged items to premiums, and how each came about, ready to be shown. J-003, J-009, J-010, J-013 to J-015.

Two ways: the pipeline's own rating (``portal_stub.pipeline.rating``), and printed totals (``printed``). Both leave
country conditions, limits and registrations aside: the screen says that they must be checked elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from portal_stub.buyers.models import Buyer
from portal_stub.estimates.forms import methods
from portal_stub.estimates.printed import Total, totals
from portal_stub.estimates.products import Ask, EstimateProduct
from portal_stub.pipeline import rating
from schemas.money import percent_text
from schemas.products import FACTS

PRINTED_CONDITIONS = frozenset(
    {
        *(
            "mandatory",
            "code-unknown",
            "yen-decimals",
            "buyer-unregistered",
            "buyer-refused",
            "rating-unknown",
        ),
        *(
            "category-missing",
            "no-exchange-rate",
            "amount-too-large",
            "invalid-currency",
            "settlement-2-years",
        ),
    }
)
"""Findings that also speak of 個別; the others are rules of the 包括 products."""


@dataclass
class Danger:
    """One line of the 保険料計算式."""

    name: str
    base_yen: int | None = None
    days: int | None = None
    a: str = ""
    b: str = ""
    factor: str = ""
    rate: str = ""
    premium: int = 0
    cover: str = ""
    """付保率, in percent."""
    insured_amount: int | None = None
    row: str = ""
    """Which row of which table, from when."""
    reason: str = ""
    """Why there is no premium."""


@dataclass
class BranchResult:
    """What came of one 枝."""

    number: int
    premium: int | None = None
    faults: list[str] = field(default_factory=list)
    """Why it cannot be calculated."""
    facts: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What has to be known of a premium that stands."""
    dangers: list[Danger] = field(default_factory=list)
    total: str = ""
    """The formula where only a total is printed."""
    yearly: dict[str, str] | None = None


@dataclass
class Result:
    """All calculated 枝 and their total."""

    day: date
    formula: str
    branches: list[BranchResult]
    notes: list[str] = field(default_factory=list)

    @property
    def premium(self) -> int:
        """The total of what could be calculated."""
        return sum(branch.premium or 0 for branch in self.branches)

    @property
    def whole(self) -> bool:
        """Whether every 枝 could be calculated."""
        return all(branch.premium is not None for branch in self.branches)

    @property
    def some(self) -> bool:
        """Whether any could."""
        return any(branch.premium is not None for branch in self.branches)


def calculate(
    product: EstimateProduct,
    branches: Sequence[tuple[int, Mapping[str, Any]]],
    shared: Mapping[str, Any],
    holder: str,
) -> Result:
    """The premiums of the given 枝 (number, judged items).

    Raises:
        rating.Unavailable: the tables cannot be read now.
    """
    assert product.pipeline is not None
    terms = rating.Terms(
        holder, shared["day"], shared.get("agreement", ""), shared.get("discount_factor", "")
    )
    deals = [_deal(product, values) for _, values in branches]
    rated = rating.rated(product.pipeline, deals, terms)
    names = _names([values for _, values in branches])
    result = Result(rated.day, rated.formula, [])
    for (number, values), told in zip(branches, rated.deals, strict=True):
        if product.ask is Ask.INDIVIDUAL:
            result.branches.append(_printed(product, number, values, told))
        else:
            result.branches.append(_rated(number, told, notice=product.ask is Ask.NOTICE))
        result.branches[-1].facts[:0] = [
            (who, names[values[field]])
            for who, field in (("支払人", "payer_code"), ("保証人", "guarantor_code"))
            if values.get(field) in names
        ]
    if product.ask is Ask.INDIVIDUAL:
        result.formula = "保険料 = 保険料対象額 × 総合料率（1円未満切捨て、最低保険料あり）"
    elif rated.lent:
        result.notes.append(
            f"{FACTS[product.pipeline].name_ja}の料率表は読み込まれていないため、企業総合保険の料率で試算しています（仮定）。"
        )
    return result


def _names(branches: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Code → code and name of the buyers that were named by their code."""
    codes = {values.get(field, "") for values in branches for field in ("payer_code", "guarantor_code")}
    return {buyer.code: str(buyer) for buyer in Buyer.objects.filter(code__in=codes - {""})}


def _deal(product: EstimateProduct, values: Mapping[str, Any]) -> rating.Deal:
    """Judged items as a supposed record."""
    fields = {
        name: ("1" if value else "0") if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if name
        not in {"excluded", "days_pre", "payer_code", "payer_rating", "guarantor_code", "guarantor_rating"}
        and name not in {"cover_a", "pre_limit_yen"}
    }
    if "contract_amount" in fields:
        after = Decimal(fields["contract_amount"]) - Decimal(fields.get("advance_amount") or 0)
        fields["post_shipment_amount"] = str(after)
    if month := fields.get("shipment_month"):
        fields["shipment_month"] = month.replace("-", "").replace("/", "")
    needs = methods().get(fields.get("settlement_method", ""), {}).get("needs", "")
    days = fields.pop("usance_days", "")
    if needs == "usance_days":
        fields["usance_days"] = days
    return rating.Deal(
        fields,
        _buyer(values, "payer"),
        _buyer(values, "guarantor"),
        int(values["days_pre"]) if values.get("days_pre") else None,
        int(days) if needs == "due_date" else None,
        str(values.get("pre_limit_yen", "")),
    )


def _buyer(values: Mapping[str, Any], role: str) -> rating.Buyer:
    return rating.Buyer(
        values.get(f"{role}_code", ""), values.get(f"{role}_rating", ""), values.get(f"{role}_country", "")
    )


def _facts(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a 枝 was rated with."""
    facts = [("支払人の格付", told["payer_rating"] or "－")]
    if told["guarantor_rating"]:
        facts.append(("保証人の格付", told["guarantor_rating"]))
    if told["country_category_pre"]:
        facts.append(("国カテゴリー（船前）", told["country_category_pre"]))
    facts.append(("国カテゴリー（船後）", told["country_category"] or "－"))
    if told["settlement"]:
        facts.append(("決済", told["settlement"]))
    if told["currency"] != "JPY" and told["yen_rate_micro"]:
        whole, micro = divmod(told["yen_rate_micro"], 1_000_000)
        rate = f"{whole}.{micro:06d}".rstrip("0").rstrip(".")
        facts.append(("換算率", f"1 {told['currency']} = {rate}円（{told['fx_day']:%Y/%m/%d}）"))
    return facts


def _rated(number: int, told: Mapping[str, Any], *, notice: bool) -> BranchResult:
    """A 枝 rated by the pipeline."""
    result = BranchResult(number, told["premium_total"], _sentences(told["errors"]), _facts(told))
    for part in told["components"] or ():
        if notice and part["component"] in "AC":
            continue
        result.dangers.append(_danger(part))
    if told["yearly"]:
        result.yearly = _yearly(told["yearly"])
    # A danger that is not covered tells so in its own line.
    result.notes = _sentences(told["warnings"], without="not-covered")
    return result


def _danger(part: Mapping[str, Any]) -> Danger:
    danger = Danger(f"{part['component']} {part['name']}")
    if not part["rated"]:
        danger.reason = part["reason"]
        return danger
    row = part["rate_row"]
    danger.base_yen, danger.days = part["base_yen"], part["days"]
    danger.a, danger.b, danger.factor, danger.rate = part["a"], part["b"], part["factor"], part["rate"]
    danger.premium, danger.insured_amount = part["premium"], part["insured_amount"]
    whole, tenth = divmod(part["cover_permille"], 10)
    danger.cover = f"{whole}.{tenth}" if tenth else str(whole)
    danger.row = (
        f"国カテゴリー {row['country_category']}、格付 {row['buyer_rating']}、"
        f"{row['valid_from'].replace('-', '/')}から　{row['rate_set'] or ''}"
    ).rstrip()
    return danger


def _sentences(found: Sequence[Mapping[str, Any]], without: str = "") -> list[str]:
    return list(dict.fromkeys(finding["message"] for finding in found if finding["code"] != without))


def _yearly(told: Mapping[str, Any]) -> dict[str, str]:
    """The premium before shipment of 簡易, which is no part of the total (E-137)."""
    if told["premium"] is None:
        category = told["country_category"] or "－"
        why = (
            f"船積前の年率（国カテゴリー {category}）が読み込まれていないため、年額の保険料は試算できません。"
        )
        return {"fault": why}
    return {
        "formula": f"{told['limit_yen']:,}円 × {told['rate']}%（年率）",
        "premium": f"{told['premium']:,}",
    }


# ---------------------------------------------------------------------------------------------- printed totals
def _printed(
    product: EstimateProduct, number: int, values: Mapping[str, Any], told: Mapping[str, Any]
) -> BranchResult:
    """A 枝 of a product for which only totals are printed: as printed where the conditions hold, else not at all."""
    facts = _facts(told)
    faults = _sentences([one for one in told["errors"] if one["code"] in PRINTED_CONDITIONS])
    if faults:
        return BranchResult(number, None, faults, facts)
    rows = totals(product.key)
    fits = [row for row in rows if not _unlike(row, values, told)]
    if not fits:
        return BranchResult(number, None, [_why(rows, values, told)], facts)
    row, yen = fits[0], told["base_post_yen"]
    premium, by_rate = row.premium(yen), row.by_rate(yen)
    formula = f"{yen:,}円 × {percent_text(row.rate_milli)}%（総合料率） = {by_rate:,}円"
    if premium != by_rate:
        formula += f" → 最低保険料 {row.minimum_yen:,}円"
    facts += [
        ("料率の条件", f"国カテゴリー {row.country_category}、格付 {row.buyer_rating}、{_span(row)}"),
        (
            "付保率",
            f"船前非常 {row.cover_a}%、船前信用 {row.cover_c}%、船後非常 {row.cover_b}%、船後信用 {row.cover_d}%",
        ),
        ("料率の出典", row.source),
    ]
    return BranchResult(number, premium, [], facts, total=formula)


def _span(row: Total) -> str:
    return f"船積前{row.days_pre}日・船積後{row.days_post}日"


def _unlike(row: Total, values: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    """In which conditions a 枝 differs from those of a printed row."""
    categories = {told["destination_category"], told["payer_category"]}
    faults = []
    if categories != {row.country_category}:
        faults.append("国カテゴリー")
    if told["payer_class"] != row.buyer_rating:
        faults.append("支払人の格付")
    if (told["days_pre"], told["days_post"]) != (row.days_pre, row.days_post):
        faults.append("船積前期間・ユーザンス日数")
    if told["base_pre_yen"] != told["base_post_yen"]:
        faults.append("FOB価額（前受金を除く契約金額と同じ額に限ります）")
    if values["cover_a"] != row.cover_a:
        faults.append("船積前非常付保率")
    if told["lc"] or told["guarantor_rating"]:
        faults.append("L/C・保証人（ない場合に限ります）")
    return faults


def _why(rows: Sequence[Total], values: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """For which condition no total is printed, by the row that comes nearest."""
    nearest = min((_unlike(row, values, told) for row in rows), key=len)
    categories = "・".join(dict.fromkeys(row.country_category for row in rows))
    ratings = "・".join(dict.fromkeys(row.buyer_rating for row in rows))
    row = rows[0]
    return (
        f"この条件の料率は読み込まれていません。違う条件: {'、'.join(nearest)}。"
        f"試算できるのは、仕向国と支払国がともに国カテゴリー{categories}のいずれか、支払人が{ratings}格、船積前{row.days_pre}日以内、"
        f"船積後{row.days_post}日、船積前非常付保率{row.cover_a}%の取引です。"
    )
