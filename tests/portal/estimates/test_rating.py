"""A 試算 costs what an upload of the same contract costs, to the yen; and how the premium came about."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from daicho.checking import check_upload
from pipelines.assess import Assessment
from portal_stub.pipeline import rating
from portal_stub.pipeline.rating import Buyer, Deal, Terms
from schemas.layouts import layout_of
from schemas.products import FACTS, Product
from tests import kit
from tests.homes import TUESDAY, Home
from tests.portal.estimates.conftest import LEDGER, NOTICE, Screen
from tests.portal.pages import page_of

Opened = Callable[..., Screen]
COUNTRY = {"A": "304", "C": "105", "D": "111"}
GOLDEN = [
    ("enterprise-short", "EA", "A", 9_400),
    ("enterprise-short", "EF", "A", 12_800),
    ("enterprise-short", "EA", "C", 18_400),
    ("enterprise-short", "EF", "C", 21_800),
    ("enterprise-short", "EA", "D", 22_300),
    ("enterprise-short", "EF", "D", 25_700),
    ("simplified-notice", "EA", "A", 8_900),
    ("simplified-notice", "EF", "A", 12_700),
    ("simplified-notice", "EA", "C", 15_900),
    ("simplified-notice", "EF", "C", 19_700),
    ("simplified-notice", "EA", "D", 19_500),
    ("simplified-notice", "EF", "D", 23_300),
]
"""The totals of the 包括 products in table E-T3."""


def typed(product: str, **changes: str) -> dict[str, str]:
    return {**(NOTICE if product == "simplified-notice" else LEDGER), **changes}


@pytest.mark.req("J-014")
@pytest.mark.parametrize(("product", "payer", "category", "yen"), GOLDEN)
def test_the_totals_of_the_briefing(
    screen: Opened, product: str, payer: str, category: str, yen: int
) -> None:
    country = COUNTRY[category]
    one = screen(product)
    one.press(
        "calculate", **typed(product, payer_rating=payer, payer_country=country, destination_country=country)
    )
    assert one.reply.status_code == 200
    assert one.result.premium == yen
    assert one.told.facts["保険料"] == f"{yen:,}円"
    assert one.branch().table("保険料計算式").foot == [["合計", "", f"{yen:,}", ""]]


@pytest.mark.req("J-003")
def test_the_formula_tells_base_days_coefficients_rate_and_row(screen: Opened) -> None:
    """Seed 004 slide 22: 中国, EF: 2,600 + 300 + 7,900 + 11,000."""
    one = screen()
    one.press("calculate", **typed("", payer_rating="EF"))
    dangers = {danger.name: danger for danger in one.result.branches[0].dangers}
    assert {name: danger.premium for name, danger in dangers.items()} == {
        "A 船前非常": 2_600,
        "B 船後非常": 7_900,
        "C 船前信用": 300,
        "D 船後信用": 11_000,
    }
    table = one.branch().table("枝1の保険料計算式")
    assert table.column("保険料（円）") == ["2,600", "7,900", "300", "11,000"]
    formulas = {row.head: row["計算式"].split("\n") for row in table.rows}
    assert formulas["B 船後非常"] == [
        "（0.000979 × 60日 ＋ 0.02028） → 0.079%",
        "10,000,000円 × 0.079% ＝ 7,900円",
        "料率表: 国カテゴリー C、格付 *、2018/10/01から　CAL-2018",
    ]
    assert formulas["D 船後信用"] == [
        "（0.001363 × 60日 ＋ 0.02824） → 0.110%",
        "10,000,000円 × 0.110% ＝ 11,000円",
        "料率表: 国カテゴリー *、格付 EF、2018/10/01から　CAL-2018",
    ]
    assert one.told.sentences[-1] == (
        "料率 = (a × 日数 + b) × 係数 (小数第4位を四捨五入、%)、保険料 = 基礎額 × 料率 (1円未満切捨て)"
    )


# ---------------------------------------------------------------------------------------------- against the pipeline
METHODS = (("41", "60"), ("41", "10"), ("42", "100"), ("40", ""), ("49", "75"), ("11", "200"), ("20", "400"))


def upload(rows: list[kit.Row], product: Product = kit.ENTERPRISE) -> Assessment:
    return kit.assess_rows(rows, product)


def _ledger(n: int, payer: str, method: str, days: str, **changes: str) -> tuple[kit.Row, Deal]:
    """The same contract as a line of an upload and as a 枝."""
    bank = kit.lc(settlement_method=method) if method in {"10", "11", "12"} else {}
    shipped = kit.ACCEPTED + timedelta(days=45)
    row = kit.enterprise_row(
        export_contract_no=f"EX-{n:04}",
        payer_code=kit.buyer(payer),
        counterparty_code=kit.buyer(payer),
        last_shipment_date=f"{shipped:%Y%m%d}",
        settlement_method=method,
        usance_days="" if method == "49" else days,
        due_date=f"{shipped + timedelta(days=int(days)):%Y%m%d}" if method == "49" else "",
        **{**{name: value for name, value in bank.items() if name != "settlement_method"}, **changes},
    )
    asked = ("destination_country", "payer_country", "guarantor_country", "currency", "contract_amount")
    amounts = ("pre_shipment_amount", "post_shipment_amount", "settlement_method")
    flags = ("full_political_cover", "currency_rider", "additional_cost_rider", "to_subsidiary")
    fields = {name: row[name] for name in (*asked, *amounts, *flags)}
    if method != "49":
        fields["usance_days"] = days
    deal = Deal(
        fields,
        Buyer(code=row["payer_code"]),
        Buyer(code=row["guarantor_code"]),
        days_pre=45,
        days_to_due=int(days) if method == "49" else None,
    )
    return row, deal


def _premiums(deal: dict[str, Any]) -> tuple[int, ...]:
    parts = {part["component"]: part.get("premium", 0) for part in deal["components"]}
    return (*(parts[c] for c in "ABCD"), deal["premium_total"])


@pytest.mark.req("J-014")
def test_every_kind_of_line_costs_what_an_upload_of_it_costs(tables: Home) -> None:
    """All ratings with rates × settlements × places, foreign money and flags, under agreements with and without."""
    changes: list[dict[str, str]] = [
        {},
        {"destination_country": "111"},
        {"payer_country": "322", "destination_country": "304"},
        {"currency": "USD", "contract_amount": "123456.78", "pre_shipment_amount": "100000.55"},
        {"to_subsidiary": "1"},
        {"currency_rider": "1", "pre_shipment_amount": "9999999"},
    ]
    made = [
        _ledger(n, payer, method, days, **change)
        for n, ((payer, (method, days)), change) in enumerate(
            itertools.product(itertools.product(("GS", "EE", "EA", "EM", "EF", "EC", "P"), METHODS), changes)
        )
        if not (payer in {"EM", "EF"} and method == "20") and not (method == "11" and payer in {"EC", "P"})
    ]
    for agreement in (kit.AGREEMENT, kit.DISCOUNT_AGREEMENT):
        assessed = upload([{**row, "agreement_code": agreement} for row, _ in made])
        assert kit.errors(assessed) == []
        told = [
            deal
            for start in range(0, len(made), 99)
            for deal in rating.rated(
                kit.ENTERPRISE,
                [deal for _, deal in made[start : start + 99]],
                Terms(kit.HOLDER, kit.ACCEPTED, agreement),
            ).deals
        ]
        assert [_premiums(deal) for deal in told] == kit.premiums(assessed)
        assert len(made) > 200
        assert len(set(kit.premiums(assessed))) > 60


@pytest.mark.req("J-014")
def test_options_of_an_agreement_count_as_in_an_upload(tables: Home) -> None:
    rows = [
        kit.enterprise_row(
            agreement_code=kit.OPTIONS_AGREEMENT,
            export_contract_no=f"EX-{flag or 'x'}",
            full_political_cover=flag,
        )
        for flag in ("", "0", "1")
    ]
    wanted = kit.premiums(upload(rows))
    assert len({premium[1] for premium in wanted}) == 2
    deals = [
        Deal(
            {**_fields(row), "full_political_cover": row["full_political_cover"]},
            Buyer(code=row["payer_code"]),
            days_pre=30,
        )
        for row in rows
    ]
    told = rating.rated(kit.ENTERPRISE, deals, Terms(kit.HOLDER, kit.ACCEPTED, kit.OPTIONS_AGREEMENT)).deals
    assert [_premiums(deal) for deal in told] == wanted


def _fields(row: kit.Row) -> dict[str, str]:
    names = ("destination_country", "payer_country", "currency", "contract_amount", "pre_shipment_amount")
    return {name: row[name] for name in (*names, "post_shipment_amount", "settlement_method", "usance_days")}


@pytest.mark.req("J-014")
def test_notices_cost_what_an_upload_of_them_costs(tables: Home) -> None:
    rows = [
        kit.notice_row(
            payer_code=kit.buyer(payer), counterparty_code=kit.buyer(payer), period_band=band, **change
        )
        for payer, band, change in itertools.product(
            ("GA", "EA", "EF", "R"),
            "123456",
            (
                {},
                {"payer_country": "111"},
                {"currency": "USD", "shipped_amount": "98765.43"},
                {"to_subsidiary": "1"},
            ),
        )
    ]
    assessed = upload(rows, kit.NOTICE)
    assert kit.errors(assessed) == []
    names = ("destination_country", "payer_country", "currency", "shipped_amount", "period_band")
    deals = [
        Deal(
            {name: row[name] for name in (*names, "shipment_month", "to_subsidiary")},
            Buyer(code=row["payer_code"]),
        )
        for row in rows
    ]
    told = rating.rated(kit.NOTICE, deals, Terms(kit.HOLDER, kit.ACCEPTED, kit.NOTICE_AGREEMENT)).deals
    assert [_premiums(deal) for deal in told] == kit.premiums(assessed)
    assert len(set(kit.premiums(assessed))) > 20


@pytest.mark.req("J-014")
def test_the_screen_says_what_check_and_booking_say(screen: Opened, tables: Home) -> None:
    """The same contract three times: typed here, judged by ``daicho check``, booked."""
    row = kit.enterprise_row(
        agreement_code=kit.DISCOUNT_AGREEMENT,
        payer_code=kit.buyer("EF"),
        currency="USD",
        contract_amount="250000.50",
        pre_shipment_amount="180000",
        post_shipment_amount="200000.50",
        advance_amount="50000",
        usance_days="120",
        destination_country="322",
    )
    one = screen()
    one.press(
        "calculate",
        agreement=kit.DISCOUNT_AGREEMENT,
        payer_code=kit.buyer("EF"),
        payer_country="105",
        destination_country="322",
        currency="usd",
        contract_amount="250,000.50",
        pre_shipment_amount="180,000",
        advance_amount="50,000",
        days_pre="30",
        settlement_method="41",
        usance_days="120",
    )
    checked = check_upload(
        tables.at(TUESDAY), kit.csv_bytes([row]), "upload.csv", "enterprise", kit.HOLDER, "1"
    )
    assert one.result.premium == checked.premium_total_yen > 0
    tables.booked([row])
    booked = tables.journal()
    assert [danger.premium for danger in one.result.branches[0].dangers] == [
        booked[f"premium_{c}"].sum() for c in "abcd"
    ]
    told = one.branch()
    assert told.facts["換算率"] == "1 USD = 113.26円（2018/11/01）"
    credit = told.table("保険料計算式").row("D 船後信用")["計算式"]
    assert credit.startswith("（0.001363 × 120日 ＋ 0.02824） × 0.7 → ")


def test_the_rating_of_the_years_start_is_kept_under_an_agreement(screen: Opened, tables: Home) -> None:
    """E-058: a fall to EC during the year; without an agreement the rating of the day counts."""
    fallen = {"buyer_code": kit.buyer("EA"), "valid_from": "2018-11-01", "country": "105", "rating": "EC"}
    from daicho.references import load_folder

    load_folder(tables.at(TUESDAY), kit.write_reference(tables.path.parent / "more", {"buyers": [fallen]}))
    one = screen()
    one.press("calculate", **typed("", payer_rating="", payer_code=kit.buyer("EA"), agreement=kit.AGREEMENT))
    assert one.result.premium == 18_400
    one.press("calculate", agreement="")
    assert one.result.premium == 2_600 + 300 + 7_900


@pytest.mark.parametrize("product", ["equipment-short", "consumer-goods-short"])
def test_lent_rates_say_so_until_the_product_has_its_own(screen: Opened, tables: Home, product: str) -> None:
    kind = {"equipment-short": "equipment", "consumer-goods-short": "consumer-goods"}[product]
    one = screen(product)
    values = {name: value for name, value in LEDGER.items() if name in one.typed}
    one.press("calculate", **values)
    assert one.result.premium == 18_400
    name = FACTS[Product(kind)].name_ja
    assert one.told.callouts == [
        f"{name}の料率表は読み込まれていないため、企業総合保険の料率で試算しています（仮定）。"
    ]
    from daicho.references import load_folder

    own = [
        {"product": kind, "component": c, "valid_from": "2018-11-01", "a": "0", "b": "0.5"} for c in "ABCD"
    ]
    load_folder(tables.at(TUESDAY), kit.write_reference(tables.path.parent / "own", {"rates": own}))
    one.press("calculate")
    assert one.result.premium == 200_000
    assert one.told.facts["保険料"] == "200,000円"
    assert one.told.callouts == []


def test_the_yearly_premium_before_shipment_stands_beside_the_total(screen: Opened, tables: Home) -> None:
    """E-156: 1千万円 × 0.150% = 15,000円, no part of the total; without a rate it is told."""
    from daicho.references import load_folder

    rate = {
        "product": "simplified-notice",
        "component": "P",
        "country_category": "C",
        "valid_from": "2018-10-01",
    }
    rows = {"rates": [rate | {"a": "0", "b": "0.150"}]}
    load_folder(tables.at(TUESDAY), kit.write_reference(tables.path.parent / "yearly", rows))
    one = screen("simplified-notice")
    one.press("calculate", **NOTICE, pre_limit_yen="10,000,000")
    assert one.result.premium == 15_900
    assert one.result.branches[0].yearly == {"formula": "10,000,000円 × 0.150%（年率）", "premium": "15,000"}
    assert one.told.facts["保険料"] == "15,900円"
    told = one.branch().section("船積前危険（年額）").sentences
    assert told[0] == "10,000,000円 × 0.150%（年率） ＝ 15,000円"
    assert told[1].endswith("上の保険料には含みません。")
    one.press("calculate", payer_country="304")
    assert one.branch().section("船積前危険（年額）").sentences == [
        "船積前の年率（国カテゴリー A）が読み込まれていないため、年額の保険料は試算できません。"
    ]


def test_newer_tables_count_at_once_and_older_ones_on_their_day(screen: Opened, tables: Home) -> None:
    from daicho.references import load_folder

    one = screen()
    one.press("calculate", **LEDGER)
    assert one.result.premium == 18_400
    newer = {"product": "enterprise", "component": "B", "country_category": "C", "valid_from": "2018-12-01"}
    rows = {"rates": [newer | {"a": "0", "b": "1"}]}
    load_folder(tables.at(TUESDAY), kit.write_reference(tables.path.parent / "newer", rows))
    one.press("calculate")
    assert one.result.premium == 18_400
    one.press("calculate", day="2018-12-03")
    assert one.result.premium == 18_400 - 7_900 + 100_000


# ---------------------------------------------------------------------------------------------- no premium
def test_what_is_not_covered_costs_nothing_and_says_why(screen: Opened) -> None:
    one = screen()
    one.press("calculate", **typed("", payer_rating="EC"))
    assert one.result.premium == 2_600 + 300 + 7_900
    credit = one.result.branches[0].dangers[3]
    assert (credit.premium, credit.reason) == (
        0,
        "企総: EC格の船後信用はL/C決済に限りL/C受領日以降2年未満をてん補",
    )
    row = one.branch().table("保険料計算式").row("D 船後信用")
    assert (row["計算式"], row["保険料（円）"], row["保険金額（円）"]) == (credit.reason, "0", "0")
    one.press("calculate", payer_rating="EA", to_subsidiary="on")
    told = [(row["計算式"], row["保険料（円）"]) for row in one.branch().table("保険料計算式").rows]
    assert told[2] == told[3] == ("子会社等向けの取引は非常危険だけをてん補", "0")


def test_a_missing_rate_is_told_and_the_other_branches_stand(screen: Opened) -> None:
    """EC by L/C of a good bank is covered, and no rate is loaded for it."""
    one = screen()
    one.press("add", **LEDGER)
    bank = {"settlement_method": "11", "guarantor_rating": "SA", "guarantor_country": "304"}
    one.press("calculate", **typed("", payer_rating="EC", **bank))
    assert one.reply.status_code == 200
    assert [branch.premium for branch in one.result.branches] == [18_400, None]
    assert one.branch(2).sentences[0] == (
        "計算できません: D 船後信用の料率がありません(国カテゴリー *、格付 EC)。担当窓口に連絡してください。"
    )
    assert one.told.facts["保険料合計"] == "18,400円\n計算できない枝を除いた合計です。"
    assert one.told.table("枝ごとの保険料").column("保険料（円）") == ["18,400", "計算できません"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"payer_rating": "B"}, "支払人（格付で指定）はB格(B)のため引き受けられません"),
        ({"currency": "GBP"}, "通貨 GBP の 2018-11-01 時点の換算率がありません"),
        ({"usance_days": "730"}, "起算日から決済まで2年以上の取引は対象外です"),
        ({"payer_rating": "EF", "usance_days": "400"}, "L/C決済でなければ決済は1年以内に限ります"),
        ({"contract_amount": "9999999999999", "currency": "USD"}, "円換算額が上限"),
    ],
)
def test_what_cannot_be_insured_is_told_in_the_words_of_the_pipeline(
    screen: Opened, changes: dict[str, str], words: str
) -> None:
    one = screen()
    one.press("calculate", **typed("", **changes))
    assert one.result.branches[0].premium is None
    fault = one.branch().sentences[0]
    assert fault.startswith("計算できません: ")
    assert words in fault
    assert "保険料" not in one.told.facts
    for name, value in changes.items():
        assert one.typed[name] == value


def test_limits_and_registrations_are_left_aside(screen: Opened, tables: Home) -> None:
    """J-013: the past agreement has no buyers at all, an upload would be refused; the estimate is of the premium."""
    one = screen("simplified-notice")
    one.press("calculate", **{**NOTICE, "payer_rating": "EF"})
    assert one.result.premium == 19_700


def test_a_home_without_tables_says_which_rates_are_missing(
    screen: Opened, tables: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tables.path.parent / "fresh"
    monkeypatch.setenv("DAICHO_HOME", str(fresh))
    one = screen()
    one.press("calculate", **LEDGER)
    assert one.reply.status_code == 200
    assert one.result.branches[0].premium is None
    assert not fresh.exists(), "reading made a home"


def test_tables_that_cannot_be_read_are_told_and_nothing_typed_is_lost(
    screen: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(store: object) -> object:
        raise OSError("no such bucket")

    one = screen()
    monkeypatch.setattr("daicho.references.reference_for_readers", broken)
    one.press("calculate", **LEDGER)
    assert page_of(one.reply, 503).alert.startswith("ただいま料率を読み込めないため、試算できません。")
    assert one.typed["contract_amount"] == "10,000,000"


def test_supposed_buyers_and_agreements_cannot_be_real_ones() -> None:
    """Their codes are none that an upload may have."""
    codes = {field.field: field for field in layout_of(kit.ENTERPRISE).fields}
    assert codes["payer_code"].max_length >= len("SHISAP99")
    assert not any(name.startswith("SHISA") for name in (kit.buyer(one) for one in kit.RATINGS))
