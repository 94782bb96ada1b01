"""Figures that the insurer has printed, to the yen, and the edges of rounding (Seed 004)."""

import csv
from datetime import date

import pytest

from pipelines.reference import Reference
from schemas.products import Product
from tests import kit
from tests.kit import ENTERPRISE, NOTICE, Row, World, assess_rows, buyer, enterprise_row, notice_row, premiums

TEN_MILLION = "10000000"
COUNTRIES = {"A": ("304", "112"), "C": ("105", "113"), "D": ("111", "123")}
"""アメリカ, シンガポール; 中国, マレーシア; タイ, インド."""


def printed() -> list[tuple[Product, str, str, int]]:
    """Table E-T3 from the file of public examples: product, category, rating, yen."""
    products = {"企業総合": ENTERPRISE, "簡易通知型(船後のみ)": NOTICE}
    with (kit.DATA / "premium_examples_2018.csv").open(encoding="utf-8", newline="") as file:
        return [
            (products[row["product"]], row["country_category"], row["buyer_rating"], int(row["premium_jpy"]))
            for row in csv.DictReader(file)
            if row["product"] in products and row["example_id"].startswith("CT-")
        ]


def example(product: Product, category: str, rating: str, country: int = 0) -> Row:
    """10,000,000 yen, 30 days before shipment, T/T 60 days after B/L."""
    code = COUNTRIES[category][country]
    return kit.row_of(
        product,
        payer_code=buyer(rating),
        counterparty_code=buyer(rating),
        destination_country=code,
        payer_country=code,
    )


def of_one(row: Row, product: Product = ENTERPRISE, reference: Reference | None = None) -> dict[str, object]:
    """One record without errors, rated."""
    assessment = assess_rows([row], product, reference)
    assert kit.errors(assessment) == []
    return assessment.lines.row(0, named=True)


@pytest.mark.req("E-158")
@pytest.mark.parametrize("country", [0, 1])
@pytest.mark.parametrize(("product", "category", "rating", "yen"), printed(), ids=str)
def test_the_printed_totals(product: Product, category: str, rating: str, yen: int, country: int) -> None:
    assessment = assess_rows([example(product, category, rating, country)], product)
    assert kit.found(assessment) == []
    assert assessment.premium_total == yen


def test_all_twelve_totals_are_there() -> None:
    assert sorted(yen for *_, yen in printed()) == sorted(
        [9_400, 18_400, 22_300, 12_800, 21_800, 25_700, 8_900, 15_900, 19_500, 12_700, 19_700, 23_300]
    )


@pytest.mark.req("E-151", "E-152", "E-153", "E-154", "E-155", "E-157")
@pytest.mark.parametrize(
    ("product", "rating", "a", "b", "c", "d", "total"),
    [
        pytest.param(ENTERPRISE, "EA", 2_600, 7_900, 300, 7_600, 18_400, id="E-151"),
        pytest.param(ENTERPRISE, "EF", 2_600, 7_900, 300, 11_000, 21_800, id="E-152"),
        pytest.param(NOTICE, "EA", 0, 7_900, 0, 8_000, 15_900, id="E-154"),
        pytest.param(NOTICE, "EF", 0, 7_900, 0, 11_800, 19_700, id="E-155"),
    ],
)
def test_the_printed_components(
    product: Product, rating: str, a: int, b: int, c: int, d: int, total: int
) -> None:
    line = of_one(example(product, "C", rating), product)
    assert premiums(assess_rows([example(product, "C", rating)], product)) == [(a, b, c, d, total)]
    rates = (line["rate_a"], line["rate_b"], line["rate_c"], line["rate_d"])
    assert rates == tuple(yen // 100 or None for yen in (a, b, c, d))


@pytest.mark.req("E-159", "E-160")
@pytest.mark.parametrize(
    ("category", "b", "a_and_c"), [("A", 9, (6, 3)), ("C", 79, (26, 3)), ("D", 115, (29, 3))]
)
def test_the_derived_country_rates(category: str, b: int, a_and_c: tuple[int, int]) -> None:
    for rating in ("EA", "EF"):
        ledger = of_one(example(ENTERPRISE, category, rating))
        assert (ledger["rate_b"], (ledger["rate_a"], ledger["rate_c"])) == (b, a_and_c)
        assert of_one(example(NOTICE, category, rating), NOTICE)["rate_b"] == b


# ---------------------------------------------------------------------------------------------- dates


@pytest.mark.req("E-108", "E-109")
@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"settlement_method": "41", "usance_days": "60"}, date(2019, 3, 11)),
        ({"settlement_method": "73", "due_date": "20181010"}, date(2019, 1, 10)),
        ({"settlement_method": "75", "due_date": "20181010"}, date(2019, 1, 10)),
        ({"settlement_method": "70", "due_date": "20181010"}, date(2019, 4, 10)),
        ({"settlement_method": "71", "due_date": "20181010"}, date(2019, 4, 10)),
        ({"settlement_method": "76", "inspection_date": "20181010", "usance_days": "60"}, date(2019, 6, 9)),
        ({"settlement_method": "65", "inspection_date": "20181010", "usance_days": "60"}, date(2019, 6, 9)),
        ({"settlement_method": "49", "due_date": "20181010"}, date(2018, 10, 10)),
        ({"settlement_method": "59", "due_date": "20181010"}, date(2018, 10, 10)),
    ],
)
def test_the_notice_limits_of_table_e_t4(changes: Row, limit: date) -> None:
    row = enterprise_row(**{"last_shipment_date": "20181010", "usance_days": "", **changes})
    assert of_one(row)["change_notice_limit"] == limit


@pytest.mark.parametrize(
    ("shipped", "limit"),
    [("20181130", date(2019, 2, 28)), ("20191130", date(2020, 2, 29)), ("20181231", date(2019, 3, 31))],
)
def test_months_are_clipped_to_their_last_day(shipped: str, limit: date) -> None:
    assert of_one(enterprise_row(last_shipment_date=shipped, usance_days="0"))["change_notice_limit"] == limit


@pytest.mark.req("E-108")
def test_the_settlement_that_falls_due_last_sets_the_limit_of_the_whole_branch() -> None:
    rows = [
        enterprise_row(branch_no="00", shipment_no="01", last_shipment_date="20181201", usance_days="10"),
        enterprise_row(branch_no="00", shipment_no="01", last_shipment_date="20181201", settlement_no="02", settlement_method="49", usance_days="", due_date="20190401"),
        enterprise_row(branch_no="00", shipment_no="02", last_shipment_date="20190215", usance_days="30"),
        enterprise_row(branch_no="01", shipment_no="01", last_shipment_date="20190110", usance_days="30"),
    ]  # fmt: skip
    limits = assess_rows(rows).lines["change_notice_limit"].to_list()
    # Branch 00 ends with the settlement of 2019-04-01, whose kind has no grace; branch 01 is on its own.
    assert limits == [date(2019, 4, 1)] * 3 + [date(2019, 5, 10)]


@pytest.mark.req("E-081", "A-040")
def test_a_contract_of_mid_september_may_be_applied_for_until_the_end_of_october() -> None:
    row = enterprise_row(contract_date="20180915", last_shipment_date="20190101")
    assert kit.errors(assess_rows([row], accepted=date(2018, 10, 31))) == []
    late = assess_rows([row], accepted=date(2018, 11, 1))
    assert kit.errors(late) == []
    assert late.findings.select("record", "field", "code").rows() == [
        (1, "contract_date", "late-application")
    ]
    assert "申込期限 2018-10-31" in late.findings["message"][0]


@pytest.mark.req("A-041", "A-042")
def test_the_deadline_goes_by_the_acceptance_day_and_does_not_move_over_holidays() -> None:
    """2019-03-31 is a Sunday: the last day to be accepted is Friday the 29th, whatever the day of receipt."""
    row = enterprise_row(contract_date="20190215", last_shipment_date="20190601")
    friday = assess_rows([row], received_on=date(2019, 3, 28), accepted=date(2019, 3, 29))
    assert kit.errors(friday) == []
    world = kit.world()
    world["agreements"][0]["valid_to"] = ""
    sent_friday_evening = assess_rows(
        [row], ENTERPRISE, kit.reference_of(world), received_on=date(2019, 3, 29), accepted=date(2019, 4, 1)
    )
    assert sent_friday_evening.findings["code"].to_list() == ["late-application"]


@pytest.mark.req("B-023")
def test_the_deadline_of_a_notice_goes_by_the_acceptance_day() -> None:
    row = notice_row(shipment_month="201902")
    in_time = assess_rows([row], NOTICE, received_on=date(2019, 3, 28), accepted=date(2019, 3, 29))
    assert kit.found(in_time) == []
    late = assess_rows([row], NOTICE, received_on=date(2019, 3, 29), accepted=date(2019, 4, 1))
    assert kit.found(late) == [(1, "shipment_month", "late-notice")]


@pytest.mark.req("E-143", "E-144", "E-145", "E-146")
@pytest.mark.parametrize(
    ("band", "limit"),
    [
        ("1", date(2018, 11, 1)),
        pytest.param("2", date(2018, 12, 1), id="E-144"),
        pytest.param("3", date(2018, 12, 31), id="E-145"),
        ("4", date(2019, 1, 30)),
        ("5", date(2019, 4, 30)),
        ("6", date(2019, 11, 1)),
    ],
)
def test_the_notice_limits_of_the_bands(band: str, limit: date) -> None:
    row = notice_row(shipment_month="201810", first_shipment_date="20181010", period_band=band)
    assert of_one(row, NOTICE)["change_notice_limit"] == limit


def test_the_notice_limit_of_a_december_shipment_lies_in_the_next_year() -> None:
    assessment = assess_rows([notice_row(shipment_month="201812")], NOTICE, accepted=date(2019, 1, 15))
    assert assessment.lines["change_notice_limit"].to_list() == [date(2019, 3, 2)]


@pytest.mark.parametrize(
    ("shipped", "days"),
    [
        ("20181106", 30),
        ("20181205", 30),
        ("20181206", 30),
        ("20181207", 31),
        ("20191106", 365),
        ("20200306", 486),
    ],
)
def test_days_before_shipment_start_on_the_acceptance_day_and_are_at_least_30(
    shipped: str, days: int
) -> None:
    assert of_one(enterprise_row(last_shipment_date=shipped))["days_pre"] == days


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        *[({"settlement_method": code, "usance_days": ""}, 30) for code in ("30", "40", "50")],
        *[({"settlement_method": code, "usance_days": "75"}, 75) for code in ("20", "31", "41", "64", "65", "76")],
        *[({"settlement_method": code, "usance_days": "75"}, 105) for code in ("21", "32", "42")],
        *[
            ({"settlement_method": code, "usance_days": "", "due_date": "20190206"}, 62)
            for code in ("29", "39", "49", "59", "70", "73", "75", "71", "77")
        ],
        *[
            ({"settlement_method": code, "usance_days": "", "due_date": "20190306", "inspection_date": "20190106"}, 59)
            for code in ("71", "77")
        ],
        ({"settlement_method": "70", "usance_days": "", "due_date": "20190306", "inspection_date": "20190106"}, 90),
        *[(kit.lc(settlement_method=code, usance_days="75"), days) for code, days in (("11", 75), ("12", 105))],
        (kit.lc(settlement_method="10", usance_days=""), 30),
        (kit.lc(settlement_method="19", usance_days="", due_date="20190206"), 62),
        ({"settlement_method": "60", "usance_days": ""}, None),
        ({"settlement_method": "41", "usance_days": "29"}, 30),
        ({"settlement_method": "41", "usance_days": "0"}, 30),
        ({"settlement_method": "21", "usance_days": "1"}, 31),
    ],
)  # fmt: skip
def test_days_after_shipment_by_settlement_method(changes: Row, days: int | None) -> None:
    """Shipped 2018-12-06; the day rules of 決済方法表示."""
    assert of_one(enterprise_row(**changes))["days_post"] == days


def test_the_longest_usance_of_a_shipment_counts_for_it_and_for_no_other() -> None:
    rows = [
        enterprise_row(settlement_no="02", usance_days="45"),
        enterprise_row(settlement_no="03", usance_days="90"),
        enterprise_row(settlement_no="01", settlement_method="60", usance_days=""),
        enterprise_row(shipment_no="02", usance_days="35"),
    ]
    lines = assess_rows(rows).lines
    assert lines["days_post"].to_list() == [90, 90, 90, 35]
    # The leading line is the lowest settlement number, whatever its place and method.
    assert [total > 0 for total in lines["premium_total"].to_list()] == [False, False, True, True]


# ---------------------------------------------------------------------------------------------- factors


@pytest.mark.req("E-033", "E-034", "E-070")
@pytest.mark.parametrize(
    ("agreement", "flag", "rate", "insured"),
    [
        (kit.AGREEMENT, "", 79, 9_750_000),
        (kit.OPTIONS_AGREEMENT, "", 81, 10_000_000),
        (kit.OPTIONS_AGREEMENT, "1", 81, 10_000_000),
        (kit.OPTIONS_AGREEMENT, "0", 79, 9_750_000),
    ],
)
def test_full_political_cover_goes_by_agreement_and_line(
    agreement: str, flag: str, rate: int, insured: int
) -> None:
    """0.07902 % × 100/97.5 = 0.08105 %."""
    line = of_one(enterprise_row(agreement_code=agreement, full_political_cover=flag))
    assert (line["rate_b"], line["insured_amount_b"], line["premium_b"]) == (rate, insured, rate * 100)
    assert (line["rate_a"], line["rate_c"], line["rate_d"]) == (26, 3, 76)


@pytest.mark.req("E-070")
def test_the_factor_of_full_cover_can_be_set() -> None:
    world = kit.world()
    world["factors"] = [
        {"product": "enterprise", "factor": "full_political", "component": "B", "valid_from": day, "value": value}
        for day, value in (("2018-11-06", "1.2"), ("2018-11-07", "1.9"))
    ]  # fmt: skip
    row = enterprise_row(agreement_code=kit.OPTIONS_AGREEMENT)
    assert of_one(row, reference=kit.reference_of(world))["rate_b"] == 95


@pytest.mark.req("E-067", "E-068")
def test_the_discount_touches_d_only() -> None:
    """0.07597 % × 0.7 = 0.053179 %."""
    line = of_one(enterprise_row(agreement_code=kit.DISCOUNT_AGREEMENT))
    assert (line["premium_a"], line["premium_b"], line["premium_c"]) == (2_600, 7_900, 300)
    assert (line["rate_d"], line["premium_d"]) == (53, 5_300)
    assert line["insured_amount_d"] == 9_000_000


@pytest.mark.req("B-032", "E-136")
def test_the_discount_of_a_notice_touches_d_only() -> None:
    world = kit.world()
    world["agreements"][5]["discount_factor"] = "0.9"
    line = of_one(notice_row(), NOTICE, kit.reference_of(world))
    assert (line["premium_b"], line["premium_d"]) == (7_900, 7_200)


@pytest.mark.req("E-124")
def test_notices_have_no_100_percent_cover() -> None:
    line = of_one(notice_row(agreement_code=kit.NOTICE_OPTIONS_AGREEMENT), NOTICE)
    assert (line["rate_b"], line["insured_amount_b"], line["insured_amount_d"]) == (79, 9_750_000, 9_000_000)


# ---------------------------------------------------------------------------------------------- rounding


def flat_rates(**b: str) -> World:
    """A world in which the rate of a component is simply ``b``."""
    world = kit.world()
    world["rates"] = [
        {
            "product": str(product),
            "component": component.upper(),
            "country_category": "*",
            "buyer_rating": "*",
            "valid_from": "2018-10-01",
            "a": "0",
            "b": percent,
        }
        for product in (ENTERPRISE, NOTICE)
        for component, percent in ({"a": "0", "b": "0", "c": "0", "d": "0"} | b).items()
    ]
    return world


@pytest.mark.parametrize(
    ("percent", "rate"),
    [
        ("0.000499", 0),
        ("0.0005", 1),
        ("0.001499", 1),
        ("0.0015", 2),
        ("0.002500", 3),
        ("99.999499", 99_999),
        ("0", 0),
    ],
)
def test_rates_are_rounded_half_up_to_three_decimals(percent: str, rate: int) -> None:
    reference = kit.reference_of(flat_rates(a=percent, b=percent, c=percent, d=percent))
    line = of_one(enterprise_row(), reference=reference)
    assert [line[f"rate_{c}"] for c in "abcd"] == [rate] * 4


def test_rates_are_rounded_once_after_all_factors() -> None:
    """0.0005 × 1.5 = 0.00075 → 0.001; rounded before the factor as well it would be 0.002."""
    world = flat_rates(d="0.0005")
    world["agreements"][0]["discount_factor"] = "1.5"
    assert of_one(enterprise_row(), reference=kit.reference_of(world))["rate_d"] == 1
    world["agreements"][0]["discount_factor"] = "0.999999"
    assert of_one(enterprise_row(), reference=kit.reference_of(world))["rate_d"] == 0


def test_four_factors_of_six_decimals_stay_exact() -> None:
    world = flat_rates(d="1.234567")
    world["agreements"][1]["discount_factor"] = "0.999999"
    world["factors"] = [
        {"product": "enterprise", "factor": factor, "component": "D", "valid_from": "2018-01-01", "value": "1.000001"}
        for factor in ("full_political", "currency_rider", "additional_cost")
    ]  # fmt: skip
    row = enterprise_row(agreement_code=kit.OPTIONS_AGREEMENT, currency_rider="1")
    # 1.234567 × 1.000001³ × 0.999999 = 1.23456947 %
    assert of_one(row, reference=kit.reference_of(world))["rate_d"] == 1_235


@pytest.mark.req("E-076", "E-078")
@pytest.mark.parametrize(
    ("amount", "each", "total"), [("99999", 0, 0), ("100000", 1, 4), ("199999", 1, 4), ("0", 0, 0)]
)
def test_each_component_is_cut_to_whole_yen_before_the_sum(amount: str, each: int, total: int) -> None:
    """0.001 % of 199,999 yen are 1.99999 yen: 1 each, 4 in sum and not 7; and there is no minimum premium."""
    reference = kit.reference_of(flat_rates(a="0.001", b="0.001", c="0.001", d="0.001"))
    row = enterprise_row(pre_shipment_amount=amount, post_shipment_amount=amount, contract_amount=amount)
    assert premiums(assess_rows([row], reference=reference)) == [(each, each, each, each, total)]


@pytest.mark.req("E-032", "E-033", "E-035", "E-036", "E-066")
def test_insured_amounts_are_cut_to_whole_yen_and_stand_on_their_own_base() -> None:
    """Before shipment the FOB value, after it the contract amount less what was paid in advance."""
    row = enterprise_row(
        contract_amount="150", advance_amount="49", pre_shipment_amount="99", post_shipment_amount="101"
    )
    line = of_one(row)
    assert (line["base_pre_yen"], line["base_post_yen"], line["contract_yen"]) == (99, 101, 150)
    insured = [line[f"insured_amount_{c}"] for c in "abcd"]
    assert insured == [79, 98, 79, 90]  # 79.2, 98.475, 79.2, 90.9


@pytest.mark.req("E-125")
def test_insured_amounts_of_a_notice() -> None:
    line = of_one(notice_row(shipped_amount="101"), NOTICE)
    assert [line[f"insured_amount_{c}"] for c in "abcd"] == [0, 98, 0, 90]


def test_the_largest_amount_at_the_largest_rate_is_exact() -> None:
    reference = kit.reference_of(flat_rates(a="99.999", b="99.999", c="99.999", d="99.999"))
    amount = "9,999,999,999,999"
    row = enterprise_row(pre_shipment_amount=amount, post_shipment_amount=amount, contract_amount=amount)
    each = 9_999_999_999_999 * 99_999 // 100_000
    assert premiums(assess_rows([row], reference=reference)) == [(each, each, each, each, 4 * each)]


@pytest.mark.parametrize("yen_per_unit", ["9999999999.999999", "1000.000001", "1.000001"])
def test_the_largest_amount_in_a_dear_currency_is_a_finding_and_never_wraps(yen_per_unit: str) -> None:
    world = kit.world()
    world["exchange_rates"].append(
        {"currency": "ZZD", "valid_from": "2018-01-01", "yen_per_unit": yen_per_unit}
    )
    amounts = ("contract_amount", "pre_shipment_amount", "post_shipment_amount", "settlement_principal")
    row = enterprise_row(currency="ZZD", **dict.fromkeys(amounts, "9999999999999.99"))
    assessment = assess_rows([row], reference=kit.reference_of(world))
    assert kit.errors(assessment) == [(1, field, "amount-too-large") for field in amounts]
    assert assessment.premium_total == 0


# ---------------------------------------------------------------------------------------------- currency, dates of rows


@pytest.mark.req("E-077")
def test_foreign_amounts_go_by_the_first_of_the_month_and_are_cut_to_whole_yen() -> None:
    row = enterprise_row(currency="USD", pre_shipment_amount="0.99", post_shipment_amount="1234.56")
    in_november = of_one(row)
    assert in_november["yen_rate_micro"] == 113_260_000
    assert (in_november["base_pre_yen"], in_november["base_post_yen"]) == (
        112,
        139_826,
    )  # 112.1274, 139826.2656
    in_october = assess_rows([row], received_on=date(2018, 10, 31), accepted=date(2018, 10, 31))
    assert in_october.lines["base_post_yen"].to_list() == [138_697]  # × 112.345678 = 138697.48…


@pytest.mark.req("B-040", "E-077")
def test_a_notice_goes_by_its_shipment_month_and_converts_once() -> None:
    rows = [
        notice_row(currency="USD", shipped_amount="1234.56"),
        notice_row(currency="USD", shipped_amount="1234.56", shipment_month="201811"),
    ]
    assert assess_rows(rows, NOTICE).lines["base_post_yen"].to_list() == [138_697, 139_826]


@pytest.mark.req("E-002", "E-074")
def test_rates_are_those_in_force_on_the_acceptance_date() -> None:
    world = kit.world()
    world["rates"].append(
        {
            "product": "enterprise",
            "component": "B",
            "country_category": "C",
            "valid_from": "2018-11-07",
            "a": "0",
            "b": "1",
        }
    )
    reference = kit.reference_of(world)
    row = enterprise_row(last_shipment_date="20190101")
    for accepted, rate in ((date(2018, 11, 6), 79), (date(2018, 11, 7), 1_000)):
        assert assess_rows([row], reference=reference, accepted=accepted).lines["rate_b"].to_list() == [rate]


@pytest.mark.req("E-075")
def test_which_country_counts_for_which_danger() -> None:
    """A by the worse of destination and payer, B by the guarantor's if any, else the payer's; C and D by none."""
    for destination, payer, guarantor, a, b in (
        ("304", "111", "", "D", "D"),
        ("111", "304", "", "D", "A"),
        ("105", "304", "322", "C", "H"),
        ("322", "105", "304", "H", "A"),
    ):
        changes = {"guarantor_code": buyer("GA"), "guarantor_country": guarantor} if guarantor else {}
        line = of_one(enterprise_row(destination_country=destination, payer_country=payer, **changes))
        assert (line["country_category_pre"], line["country_category"]) == (a, b)
        assert (line["rate_c"], line["rate_d"]) == (3, 76)


@pytest.mark.req("B-021", "E-122")
def test_what_was_received_in_advance_is_no_part_of_the_premium_base() -> None:
    assessment = assess_rows([notice_row(period_band="1")], NOTICE)
    assert kit.found(assessment) == []
    line = assessment.lines.row(0, named=True)
    assert (line["days_post"], line["premium_total"], line["insured_amount_b"], line["rate_b"]) == (
        None,
        0,
        0,
        None,
    )


@pytest.mark.req("A-048", "E-030")
def test_a_contract_paid_wholly_in_advance_is_processed_without_the_dangers_after_shipment() -> None:
    assessment = assess_rows([enterprise_row(settlement_method="60", usance_days="")])
    assert kit.found(assessment) == []
    assert premiums(assessment) == [(2_600, 0, 300, 0, 2_900)]


@pytest.mark.req("B-033")
def test_a_notice_never_carries_a_premium_before_shipment() -> None:
    world = kit.world()
    for agreement in world["agreements"]:
        agreement["pre_shipment_cover"] = "1"
    line = of_one(notice_row(), NOTICE, kit.reference_of(world))
    assert (line["premium_a"], line["premium_c"], line["premium_total"]) == (0, 0, 15_900)


@pytest.mark.req("E-031")
def test_a_ledger_line_always_carries_all_four_dangers() -> None:
    line = of_one(enterprise_row())
    assert [line[f"cover_{c}"] for c in "abcd"] == [800, 975, 800, 900]
    assert all(line[f"premium_{c}"] for c in "abcd")


@pytest.mark.req("B-013", "B-020")
def test_the_summed_notice_example_costs_what_its_shipments_cost() -> None:
    """Table E-T5, buyer Ⅰ: five shipments, or four records by payment band."""
    shipments = [("2", 50), ("3", 100), ("4", 100), ("5", 100), ("5", 200)]
    summed = [("2", 50), ("3", 100), ("4", 100), ("5", 300)]
    totals = []
    for records in (shipments, summed):
        rows = [notice_row(period_band=band, shipped_amount=f"{million}000000") for band, million in records]
        assessment = assess_rows(rows, NOTICE)
        assert kit.found(assessment) == []
        totals.append(assessment.premium_total)
    # (B + D) at 30, 60, 90 and 180 days: 0.050+0.050, 0.079+0.080, 0.108+0.110, 0.197+0.199 %.
    assert totals == [100 * 500 + 159 * 1000 + 218 * 1000 + 396 * 3000] * 2


@pytest.mark.req("E-010", "E-013")
def test_the_time_to_shipment_has_no_limit_and_each_shipment_its_own_two_years() -> None:
    rows = [
        enterprise_row(shipment_no="01", last_shipment_date="20190101", usance_days="729"),
        enterprise_row(shipment_no="02", last_shipment_date="20240101", usance_days="729"),
        enterprise_row(shipment_no="03", last_shipment_date="20290101", usance_days="30"),
    ]
    assert kit.errors(assess_rows(rows)) == []
    rows[1]["usance_days"] = "730"
    assert kit.errors(assess_rows(rows)) == [(2, "settlement_method", "settlement-2-years")]


def test_retentions_of_trillions_are_summed_without_wrapping() -> None:
    """950 retentions of the largest amount are ten times more than 64 bits hold; each far beyond 10 %."""
    largest = "9999999999999.99"
    rows = [
        enterprise_row(
            currency="KRW",
            contract_amount=largest,
            shipment_no=f"{1 + number // 99:02d}",
            settlement_no=f"{1 + number % 99:02d}",
            settlement_method="70",
            usance_days="",
            due_date="20210101",
            settlement_principal=largest,
        )
        for number in range(950)
    ]
    told = kit.errors(assess_rows(rows))
    assert told == [(n, "settlement_method", "settlement-2-years") for n in range(1, 951)]


@pytest.mark.req("E-016", "E-017", "E-018", "E-019", "E-020", "E-021")
@pytest.mark.parametrize(
    ("home", "brokered", "service", "code"),
    [
        (100, 0, 0, None),
        (40, 60, 0, None),
        (60, 40, 0, None),
        (30, 50, 20, None),
        (60, 20, 20, None),
        (20, 20, 60, "service-largest"),
        (0, 0, 100, "service-largest"),
        (50, 0, 50, None),
        (0, 100, 0, "brokered-option"),
        (0, 50, 50, "brokered-option"),
        (0, 49, 51, "service-largest"),
    ],
)
def test_reference_mixes(home: int, brokered: int, service: int, code: str | None) -> None:
    row = enterprise_row(
        contract_amount=str(home + brokered + service),
        brokered_amount=str(brokered),
        service_amount=str(service),
    )
    assert [found for _, _, found in kit.errors(assess_rows([row]))] == ([code] if code else [])
    optional = [row | {"agreement_code": kit.OPTIONS_AGREEMENT}]
    refused = code == "service-largest"
    assert [found for _, _, found in kit.errors(assess_rows(optional))] == [code] * refused
