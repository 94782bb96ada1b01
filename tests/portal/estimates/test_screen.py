"""The screen of a product: areas, items with their explanations, buttons, faults."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts.models import Agreement
from portal_stub.buyers.models import Bookmark, Buyer
from portal_stub.estimates.products import PRODUCTS
from tests import kit
from tests.homes import Home
from tests.portal.conftest import World
from tests.portal.estimates.conftest import LEDGER, NOTICE, Screen
from tests.portal.pages import Part, page_of

Opened = Callable[..., Screen]
RATED = [key for key, product in PRODUCTS.items() if product.ask]
BUTTONS = ["保険料試算", "枝追加", "枝削除", "枝後退＜", "枝前進＞", "入力クリア"]


def items(screen: Screen) -> list[str]:
    """Names of the items on the screen, without their marks."""
    return [node.text.strip() for node in screen.page.find("details.named > summary")]


@pytest.mark.req("J-002")
@pytest.mark.parametrize("product", RATED)
def test_four_areas(screen: Opened, product: str, settings: Any) -> None:
    page = screen(product).page
    areas = [Part([node]).text for node in page.find("h2")]
    assert areas == ["試算条件入力", "操作ボタン", "国・地域ごとの引受方針", "保険料試算結果"]
    assert page.section("国・地域ごとの引受方針").links == {
        "国・地域ごとの引受方針（別ウィンドウ、外部のサイト）": settings.PORTAL.underwriting_policy_url
    }
    buttons = page.section("操作ボタン").buttons
    assert list(buttons) == BUTTONS
    assert {(one.name, one.action) for one in buttons.values()} == {("do", f"/estimate/{product}/")}


@pytest.mark.req("J-004", "J-016")
def test_items_of_the_enterprise_product(screen: Opened) -> None:
    assert items(screen()) == [
        *("申込受理（予定）日", "特約コード", "割引割増率"),
        *("仕向国", "支払国", "表示通貨", "契約金額", "FOB価額", "前受金", "船積前期間"),
        *("決済方法", "ユーザンス日数"),
        *("支払人バイヤーコード", "支払人の格付", "保証人バイヤーコード", "保証人の格付", "保証国"),
        *("船積後非常付保率", "外貨建対応特約", "増加費用特約", "子会社等向け", "計算対象外"),
    ]
    assert screen().page.fields["settlement_method"].options["10 L/C AT SIGHT"] == "10"


@pytest.mark.req("J-005")
def test_items_and_result_depend_on_the_product(screen: Opened) -> None:
    notice = items(screen("simplified-notice"))
    assert {"船積確定通知額", "船積年月", "決済期間区分", "L/C決済", "船積前保険金支払限度額"} <= set(notice)
    assert not {"契約金額", "FOB価額", "船積前期間", "決済方法", "船積後非常付保率"} & set(notice)
    individual = items(screen("individual-short"))
    assert "船積前非常付保率" in individual
    assert not {"特約コード", "割引割増率", "子会社等向け"} & set(individual)
    assert "船積後非常付保率" not in items(screen("consumer-goods-short"))
    assert "増加費用特約" in items(screen("equipment-short"))
    ledger, summed = screen(), screen("simplified-notice")
    ledger.press("calculate", **LEDGER)
    summed.press("calculate", **NOTICE)
    assert [danger.name[0] for danger in ledger.result.branches[0].dangers] == ["A", "B", "C", "D"]
    assert [danger.name[0] for danger in summed.result.branches[0].dangers] == ["B", "D"]


@pytest.mark.req("J-006")
@pytest.mark.parametrize("product", RATED)
def test_the_name_of_every_item_opens_its_explanation(screen: Opened, product: str) -> None:
    form = screen(product).page.form(having="kept")
    explained = {}
    for details in form.find("details.named"):
        [name] = details.xpath("./summary/@id")
        explained[name], *others = Part([details]).sentences
        assert others == []
    assert {name: one.attributes.get("aria-labelledby") for name, one in form.fields.items()} == {
        name: f"id_{name}_name" for name in form.fields
    }
    assert set(explained) == {f"id_{name}_name" for name in form.fields}
    assert all(len(words) > 15 for words in explained.values())


@pytest.mark.req("J-009", "J-010")
def test_every_branch_is_calculated_but_the_excluded_ones(screen: Opened) -> None:
    one = screen()
    one.press("add", **LEDGER)
    one.press("add", **{**LEDGER, "payer_rating": "EF"}, excluded="on")
    one.press("calculate", **{**LEDGER, "contract_amount": "20,000,000", "pre_shipment_amount": "20,000,000"})
    assert [(branch.number, branch.premium) for branch in one.result.branches] == [(1, 18_400), (3, 36_800)]
    assert one.result.premium == 55_200
    table = one.told.table("枝ごとの保険料")
    assert [tuple(row.values()) for row in table.rows] == [("枝1", "18,400"), ("枝3", "36,800")]
    assert table.foot == [["合計", "55,200"]]
    assert one.told.facts["保険料合計"] == "55,200円"
    assert list(one.page.fields["excluded"].options) == ["計算対象外とする場合はチェックして下さい"]
    one.press("back")
    one.press("calculate", excluded="")
    assert [branch.number for branch in one.result.branches] == [1, 2, 3]
    assert one.result.premium == 55_200 + 21_800


@pytest.mark.req("J-009")
def test_what_is_wrong_in_an_excluded_branch_does_not_matter(screen: Opened) -> None:
    one = screen()
    one.press("add", **LEDGER)
    one.press("calculate", contract_amount="x", excluded="on")
    assert one.result.premium == 18_400


@pytest.mark.req("J-011")
def test_all_excluded_is_told_and_nothing_calculated(screen: Opened) -> None:
    one = screen()
    one.press("add", **LEDGER, excluded="on")
    one.press("calculate", **LEDGER, excluded="on")
    assert page_of(one.reply, 422).alert.startswith("すべての枝が計算対象外になっています。")
    assert one.result is None
    assert one.typed["contract_amount"] == "10,000,000"


@pytest.mark.req("J-004")
def test_payer_and_guarantor_by_code(screen: Opened) -> None:
    """The L/C of a good bank opens the cover of a payer P, whose bank is known by its code."""
    one = screen()
    by_lc = {**LEDGER, "payer_rating": "", "payer_code": kit.buyer("EM"), "settlement_method": "11"}
    one.press("calculate", **by_lc, guarantor_code=kit.buyer("SA"), guarantor_country="304")
    facts = dict(one.result.branches[0].facts)
    assert facts["支払人"] == f"{kit.buyer('EM')} BUYER EM"
    assert facts["保証人"] == f"{kit.buyer('SA')} BUYER SA"
    assert (facts["支払人の格付"], facts["保証人の格付"]) == ("EM", "SA")
    assert facts["国カテゴリー（船後）"] == "A"
    assert facts["決済"] == "L/C xxx DAYS AFTER B/L DATE"


@pytest.mark.req("J-004")
def test_buyers_that_were_bookmarked_are_offered(screen: Opened, world: World, hand: Any) -> None:
    buyer = Buyer.objects.get(code=kit.buyer("EE"))
    Bookmark.objects.create(user=world.applicant, buyer=buyer, at=hand.now())

    def offered(one: Screen) -> dict[str, list[tuple[str, str]]]:
        """What a browser offers at the items that name a list, code and name."""
        lists = {node.get("id"): node for node in one.page.nodes[0].iter("datalist")}
        return {
            name: [(option.get("value"), option.text) for option in lists[item.attributes["list"]]]
            for name, item in one.page.fields.items()
            if "list" in item.attributes
        }

    marked = [(buyer.code, "BUYER EE")]
    assert offered(screen()) == {"payer_code": marked, "guarantor_code": marked}
    assert offered(screen(user=world.reader)) == {"payer_code": [], "guarantor_code": []}


@pytest.mark.parametrize(
    ("changes", "fault", "item"),
    [
        ({"contract_amount": ""}, "契約金額を入力してください。", ""),
        ({"contract_amount": "1,00"}, "契約金額は数字で入力してください", ""),
        ({"contract_amount": "12345678901234"}, "契約金額は数字で入力してください", ""),
        ({"contract_amount": "-5"}, "契約金額は数字で入力してください", ""),
        ({"contract_amount": "1.5"}, "円建ての契約金額に小数は使えません。", ""),
        ({"advance_amount": "10,000,001"}, "前受金は、契約金額以下の額で入力してください。", ""),
        ({"currency": "円"}, "表示通貨は英字3字の通貨コードで入力してください", ""),
        ({"days_pre": "3651"}, "船積前期間は0から3650までの日数", ""),
        ({"usance_days": ""}, "この決済方法では、ユーザンス日数を入力してください。", ""),
        ({"usance_days": "1000"}, "ユーザンス日数は0から999までの日数", ""),
        ({"settlement_method": ""}, "決済方法を選択してください。", ""),
        ({"settlement_method": "99"}, "決済方法を一覧から選び直してください。", ""),
        ({"destination_country": "999"}, "仕向国を一覧から選び直してください。", ""),
        ({"payer_rating": ""}, "支払人のバイヤーコードか格付を入力してください。", "payer_code"),
        ({"payer_code": kit.buyer("EA")}, "支払人は、バイヤーコードか格付のどちらか一方だけ", "payer_rating"),
        (
            {"payer_rating": "", "payer_code": "999999999"},
            "999999999 は海外商社名簿にありません",
            "payer_code",
        ),
        ({"payer_rating": "", "payer_code": "12"}, "支払人バイヤーコードは9桁の数字", "payer_code"),
        (
            {"settlement_method": "10"},
            "L/C決済では、保証人のバイヤーコードか格付を入力してください。",
            "guarantor_code",
        ),
        ({"guarantor_rating": "SA"}, "保証人がいるときは、保証国を選択してください。", "guarantor_country"),
        ({"guarantor_country": "105"}, "保証国は、保証人を入力したときに限り選択してください。", ""),
        ({"discount_factor": "0.69"}, "割引割増率は0.7から2までの数", ""),
        ({"discount_factor": "2.1"}, "割引割増率は0.7から2までの数", ""),
        ({"discount_factor": "10%"}, "割引割増率は0.7から2までの数", ""),
        ({"day": "2018-11-05"}, "本日以後の日付で入力してください。", ""),
        ({"day": "11/6"}, "日付（例: 2026-04-01）で入力してください。", ""),
    ],
)
def test_faults_stand_at_their_item_and_what_was_typed_stays(
    screen: Opened, changes: dict[str, str], fault: str, item: str
) -> None:
    one = screen()
    one.press("calculate", **{**LEDGER, **changes})
    told = page_of(one.reply, 422).errors
    [(wrong, sentence)] = told.items()
    assert wrong == (item or next(iter(changes)))
    assert fault in sentence
    assert one.result is None
    for name, value in {**LEDGER, **changes}.items():
        expected = "" if one.reply.context["branch"].fields.get(name) and value in {"99", "999"} else value
        assert one.typed[name] == expected, name


def test_full_width_is_read_as_half_width(screen: Opened) -> None:
    one = screen()
    one.press(
        "calculate",
        **{**LEDGER, "contract_amount": "１０，０００，０００", "usance_days": "６０", "currency": "ｊｐｙ"},
    )
    assert one.result.premium == 18_400


def test_a_fault_in_another_branch_opens_it(screen: Opened) -> None:
    one = screen()
    one.press("add", **{**LEDGER, "contract_amount": "x"})
    one.press("add", **{**LEDGER, "contract_amount": "y", "days_pre": ""})
    one.press("calculate", **LEDGER)
    assert one.reply.context["sheet"].number == 1
    faults = page_of(one.reply, 422).error_summary
    assert [words.split("。")[0] for words in faults] == [
        "枝1: 契約金額は数字で入力してください（整数部13桁まで、小数部2桁まで",
        "枝2にも2件あります",
    ]


def test_a_removed_buyer_is_not_known(screen: Opened, hand: Any) -> None:
    Buyer.objects.filter(code=kit.buyer("EA")).update(removed_at=hand.now())
    one = screen()
    one.press("calculate", **{**LEDGER, "payer_rating": "", "payer_code": kit.buyer("EA")})
    assert list(page_of(one.reply, 422).errors) == ["payer_code"]
    assert "海外商社名簿にありません" in one.page.errors["payer_code"]


def test_only_agreements_that_the_user_may_see_are_offered(
    screen: Opened, world: World, tables: Home, visit: Callable[..., Client]
) -> None:
    """G-014: 対象特約のみ参照可能 sees the listed ones, who may see no data sees none; of others' nobody."""

    def offered(user: Any) -> set[str]:
        page = Screen(visit(user), "enterprise-short").page
        if "agreement" not in page.fields:
            return set()
        return set(page.fields["agreement"].options.values()) - {""}

    Agreement.objects.create(holder=world.stranger.holder, code="555555551", product="enterprise")
    assert {kit.AGREEMENT, kit.OPTIONS_AGREEMENT, kit.DISCOUNT_AGREEMENT} <= offered(world.applicant)
    assert kit.NOTICE_AGREEMENT not in offered(world.applicant)
    assert "555555551" not in offered(world.applicant)
    assert offered(world.enterer) == set(world.enterer.listed_agreements.values_list("code", flat=True))
    assert offered(world.reader) == set()
    one = screen(user=world.reader)
    one.press("calculate", **LEDGER, agreement=kit.DISCOUNT_AGREEMENT)
    assert one.result.premium == 18_400
    one = screen()
    one.press("calculate", **LEDGER, agreement="555555551")
    assert page_of(one.reply, 422).errors == {"agreement": "特約コードを一覧から選び直してください。"}


def test_the_discount_of_the_agreement_counts_unless_another_is_typed(screen: Opened) -> None:
    one = screen()
    one.press("calculate", **LEDGER, agreement=kit.DISCOUNT_AGREEMENT)
    assert one.result.branches[0].dangers[3].premium == 5_300
    one.press("calculate", discount_factor="0.9")
    assert one.result.branches[0].dangers[3].premium == 6_800
    one.press("calculate", agreement="")
    assert one.result.branches[0].dangers[3].premium == 6_800
    one.press("calculate", discount_factor="")
    assert one.result.branches[0].dangers[3].premium == 7_600


def test_the_cover_of_100_percent_costs_more(screen: Opened) -> None:
    one = screen()
    one.press("calculate", **LEDGER, full_political_cover="1")
    danger = one.result.branches[0].dangers[1]
    assert (danger.premium, danger.cover, danger.insured_amount) == (8_100, "100", 10_000_000)
    one.press("calculate", agreement=kit.AGREEMENT)
    assert one.result.branches[0].premium is None
    [fault] = [words for words in one.branch().sentences if words.startswith("計算できません: ")]
    assert "特約で選ばれていません" in fault


def test_polars_comes_with_the_first_calculation_only() -> None:
    """A portal that calculates nothing starts without it."""
    import subprocess
    import sys

    code = (
        "import os, sys; os.environ['DAICHO_HOME'] = '/nonexistent'; from portal_stub.running import set_up;"
        "set_up(secret='x'); from portal_stub import urls; from portal_stub.estimates import forms;"
        "forms.methods(); print('polars' in sys.modules, 'pipelines' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False False"
