"""個別: the totals of the briefing where its conditions hold, the minimum premium, and nothing else."""

from collections.abc import Callable

import pytest

from portal_stub.estimates.printed import totals
from tests.portal.estimates.conftest import LEDGER, Screen
from tests.portal.pages import page_of

Opened = Callable[..., Screen]
TYPED = {**LEDGER, "cover_a": "95"}
COUNTRY = {"A": "304", "C": "105", "D": "111"}
UNPRINTED = "計算できません: この条件の料率は読み込まれていません。違う条件: "
PRINTED = [
    ("EA", "A", 38_100),
    ("EF", "A", 96_100),
    ("EA", "C", 73_200),
    ("EF", "C", 129_300),
    ("EA", "D", 88_500),
    ("EF", "D", 144_600),
]


@pytest.mark.req("E-161")
@pytest.mark.parametrize(("payer", "category", "yen"), PRINTED)
def test_the_printed_premiums(screen: Opened, payer: str, category: str, yen: int) -> None:
    one, country = screen("individual-short"), COUNTRY[category]
    one.press(
        "calculate",
        **{**TYPED, "payer_rating": payer, "payer_country": country, "destination_country": country},
    )
    assert one.result.premium == yen
    facts = one.branch().facts
    assert one.told.facts["保険料"] == f"{yen:,}円"
    assert facts["付保率"] == "船前非常 95%、船前信用 80%、船後非常 97.5%、船後信用 90%"
    assert facts["料率の条件"].startswith(f"国カテゴリー {category}、格付 {payer}、")
    assert "2018-11-06" in facts["料率の出典"]


@pytest.mark.req("E-162")
def test_the_table_holds_the_printed_values_and_their_source() -> None:
    """EF - EA is 58,000 in A and 56,100 in C and D, so none follows from another."""
    rows = {(row.buyer_rating, row.country_category): row for row in totals("individual-short")}
    assert {key: row.example_yen for key, row in rows.items()} == {(p, c): yen for p, c, yen in PRINTED}
    assert all(row.premium(10_000_000) == row.example_yen for row in rows.values())
    assert all(row.source for row in rows.values())
    steps = {c: rows["EF", c].example_yen - rows["EA", c].example_yen for c in "ACD"}
    assert steps == {"A": 58_000, "C": 56_100, "D": 56_100}


@pytest.mark.req("E-161", "E-078")
def test_at_least_the_minimum_premium(screen: Opened) -> None:
    one = screen("individual-short")
    one.press("calculate", **{**TYPED, "contract_amount": "1,366,121", "pre_shipment_amount": "1,366,121"})
    assert one.result.premium == 10_000
    assert "最低保険料" not in one.result.branches[0].total
    one.press("calculate", contract_amount="1366120", pre_shipment_amount="1366120")
    assert one.result.premium == 10_000
    assert one.result.branches[0].total.endswith("= 9,999円 → 最低保険料 10,000円")


@pytest.mark.req("E-163")
def test_the_cover_before_shipment_is_chosen_up_to_95(screen: Opened) -> None:
    one = screen("individual-short")
    assert one.typed["cover_a"] == "95"
    one.press("calculate", **{**TYPED, "cover_a": "96"})
    wrong = "船積前非常付保率は60から95までの整数（%）で入力してください。"
    assert page_of(one.reply, 422).errors == {"cover_a": wrong}
    one.press("calculate", cover_a="59")
    assert page_of(one.reply, 422).errors == {"cover_a": wrong}
    one.press("calculate", cover_a="80")
    assert one.result.branches[0].premium is None
    assert one.branch().sentences[0].startswith(UNPRINTED + "船積前非常付保率。")
    one.press("calculate", cover_a="95")
    assert one.result.premium == 73_200


@pytest.mark.parametrize(
    ("changes", "condition"),
    [
        ({"payer_rating": "EE"}, "支払人の格付"),
        ({"payer_country": "106", "destination_country": "106"}, "国カテゴリー"),
        ({"destination_country": "304"}, "国カテゴリー"),
        ({"usance_days": "90"}, "船積前期間・ユーザンス日数"),
        ({"days_pre": "31"}, "船積前期間・ユーザンス日数"),
        ({"pre_shipment_amount": "9,000,000"}, "FOB価額"),
        ({"advance_amount": "1"}, "FOB価額"),
        (
            {"settlement_method": "11", "guarantor_rating": "SA", "guarantor_country": "105"},
            "L/C・保証人",
        ),
    ],
)
def test_no_rate_is_made_up_beyond_the_printed_conditions(
    screen: Opened, changes: dict[str, str], condition: str
) -> None:
    one = screen("individual-short")
    one.press("calculate", **{**TYPED, **changes})
    assert one.result.branches[0].premium is None
    assert one.branch().sentences[0].startswith(UNPRINTED + condition)
    assert "保険料" not in one.told.facts


def test_days_below_thirty_count_as_thirty(screen: Opened) -> None:
    one = screen("individual-short")
    one.press("calculate", **{**TYPED, "days_pre": "5"})
    assert one.result.premium == 73_200


def test_foreign_money_is_converted_as_everywhere(screen: Opened) -> None:
    one = screen("individual-short")
    one.press(
        "calculate",
        **{**TYPED, "currency": "USD", "contract_amount": "100000", "pre_shipment_amount": "100000"},
    )
    assert one.result.premium == 11_326_000 * 732 // 100_000
