"""設備財 and 消費財: the rules of the ledger with their own columns, rates of 企総 until they have their own."""

from datetime import date

import pytest

from pipelines.reference import Reference
from schemas.layouts import layout_of
from schemas.products import Product
from tests import kit

BOTH = pytest.mark.parametrize("product", [Product.EQUIPMENT, Product.CONSUMER_GOODS])


def _tables(product: Product) -> dict[str, list[dict[str, str]]]:
    """The world of the tests with its 企総 agreements turned into those of another product."""
    world = {name: [dict(row) for row in rows] for name, rows in kit.world().items()}
    for row in world["agreements"]:
        if row["product"] == "enterprise":
            row["product"] = str(product)
    return world


def _reference(product: Product) -> Reference:
    return kit.reference_of(_tables(product))


def _row(product: Product, **changes: str) -> dict[str, str]:
    row = kit.enterprise_row() | changes
    return {name: value for name, value in row.items() if name in layout_of(product).names}


@pytest.mark.req("A-001")
@BOTH
def test_they_are_rated_like_enterprise_until_they_have_rates_of_their_own(product: Product) -> None:
    changes = {"contract_date": "20181106"}
    own = kit.assess_rows([_row(product, **changes)], product, _reference(product))
    assert own.findings.is_empty()
    assert (
        kit.premiums(own)
        == kit.premiums(kit.assess_rows([kit.enterprise_row(**changes)]))
        == [(2600, 7900, 300, 7600, 18400)]
    )


@BOTH
def test_rates_of_their_own_win(product: Product) -> None:
    world = _tables(product)
    world["rates"] += [
        {"product": str(product), "component": c, "valid_from": "2018-01-01", "a": "0", "b": "0.2"}
        for c in "ABCD"
    ]
    assessment = kit.assess_rows([_row(product)], product, kit.reference_of(world))
    assert kit.premiums(assessment) == [(20_000, 20_000, 20_000, 20_000, 80_000)]


def test_consumer_goods_count_from_the_contract_date_when_in_time() -> None:
    product = Product.CONSUMER_GOODS
    row = _row(product, contract_date="20181025", last_shipment_date="20181206")
    in_time = kit.assess_rows([row], product, _reference(product))
    assert in_time.lines["days_pre"].to_list() == [42]
    late = kit.assess_rows([row], product, _reference(product), accepted=date(2018, 12, 3))
    assert late.findings["code"].to_list() == ["late-application"]
    late_row = _row(product, contract_date="20181025", last_shipment_date="20190112")
    late = kit.assess_rows([late_row], product, _reference(product), accepted=date(2018, 12, 3))
    assert late.lines["days_pre"].to_list() == [40]


def test_equipment_names_the_individual_line_of_an_ef_payer() -> None:
    product = Product.EQUIPMENT
    payer = next(
        row["buyer_code"]
        for row in kit.world()["buyers"]
        if row["rating"] == "EF" and row["country"] == "105"
    )
    parties = {"payer_code": payer, "counterparty_code": payer}
    without = kit.assess_rows([_row(product, **parties)], product, _reference(product))
    assert kit.errors(without) == [(1, "guarantee_line_no", "mandatory")]
    with_line = kit.assess_rows(
        [_row(product, **parties) | {"guarantee_line_no": "G00000000001"}], product, _reference(product)
    )
    assert kit.errors(with_line) == []


@pytest.mark.fires("goods-excluded")
@pytest.mark.req("A-002")
@pytest.mark.parametrize("goods", ["500100", "630900"])
def test_textiles_are_no_consumer_goods(goods: str) -> None:
    product = Product.CONSUMER_GOODS
    assessment = kit.assess_rows([_row(product, goods_code=goods)], product, _reference(product))
    assert kit.errors(assessment) == [(1, "goods_code", "goods-excluded")]
    assert "繊維品" in assessment.findings["message"][0]
    assert kit.errors(kit.assess_rows([kit.enterprise_row(goods_code=goods)])) == []


@pytest.mark.req("A-002")
@pytest.mark.parametrize("goods", ["490199", "640110"])
def test_the_chapters_beside_textiles_are(goods: str) -> None:
    product = Product.CONSUMER_GOODS
    assert kit.errors(kit.assess_rows([_row(product, goods_code=goods)], product, _reference(product))) == []


@BOTH
def test_rates_of_their_own_count_from_the_day_they_are_in_force(product: Product) -> None:
    world = _tables(product)
    world["rates"].append(
        {"product": str(product), "component": "D", "country_category": "*", "buyer_rating": "*",
         "valid_from": "2018-11-07", "rate_set": "OWN", "a": "0", "b": "0.5"}
    )  # fmt: skip
    reference = kit.reference_of(world)
    before = kit.assess_rows([_row(product, contract_date="20181106")], product, reference)
    after = kit.assess_rows(
        [_row(product, contract_date="20181106")], product, reference, accepted=date(2018, 11, 7)
    )
    assert [row[3] for row in kit.premiums(before)] == [7_600]
    assert [row[3] for row in kit.premiums(after)] == [50_000]


@BOTH
def test_an_ef_payer_over_a_year_is_no_cover_instead_of_out_of_scope(product: Product) -> None:
    """Only 企総 refuses it (E-011); elsewhere D is left without cover."""
    long = {"payer_code": kit.buyer("EF"), "usance_days": "400", "contract_date": "20181106"}
    if product is Product.EQUIPMENT:
        long["guarantee_line_no"] = "LINE1"
    row = {
        name: value
        for name, value in (kit.enterprise_row() | long).items()
        if name in layout_of(product).names
    }
    found = kit.found(kit.assess_rows([row], product, _reference(product)))
    assert "settlement-1-year" not in {code for _, _, code in found}
    assert "not-covered" in {code for _, _, code in found}
    refused = kit.assess_rows([kit.enterprise_row(payer_code=kit.buyer("EF"), usance_days="400")])
    assert "settlement-1-year" in {code for _, _, code in kit.errors(refused)}


@pytest.mark.req("E-114")
def test_the_rules_of_a_product_are_its_own() -> None:
    """Tables of one product, and rules that only it has, leave the other as it was."""
    row = {"contract_date": "20181106", "payer_code": kit.buyer("EF")}
    own_world, kit_world = _tables(Product.EQUIPMENT), kit.world()
    cover = [
        {"product": "equipment", "rating_class": "EF", "component": "A", "valid_from": "2018-10-01",
         "condition": "not_covered", "rule": "設備財だけの規則"}
    ]  # fmt: skip
    ratio = [
        {"product": "equipment", "component": "B", "valid_from": "2018-10-01", "ratio_permille": "950",
         "full_political_permille": "950"}
    ]  # fmt: skip
    factor = [
        {"product": "equipment", "factor": "currency_rider", "component": "D", "valid_from": "2018-10-01", "value": "1.1"}
    ]  # fmt: skip
    changed = {"cover": cover, "cover_ratios": ratio, "factors": factor}
    ledger = [kit.enterprise_row(**row, currency_rider="1")]
    before = kit.assess_rows(ledger, reference=kit.reference_of(kit_world))
    after = kit.assess_rows(ledger, reference=kit.reference_of(kit_world | changed))
    assert kit.premiums(before) == kit.premiums(after) == [(2_600, 7_900, 300, 11_000, 21_800)]
    assert after.lines["insured_amount_b"].to_list() == [9_750_000]
    lined = _row(Product.EQUIPMENT, **row, currency_rider="1") | {"guarantee_line_no": "LINE1"}
    own = kit.assess_rows([lined], Product.EQUIPMENT, kit.reference_of(own_world | changed))
    assert kit.premiums(own) == [(0, 7_900, 300, 12_100, 20_300)]
    assert own.lines["insured_amount_b"].to_list() == [9_500_000]
    # 確認管理番号 in place of the buyer's limit: 設備財 alone asks for it (facts §3.1).
    bare = kit.assess_rows([_row(Product.EQUIPMENT, **row)], Product.EQUIPMENT, _reference(Product.EQUIPMENT))
    assert (1, "guarantee_line_no", "mandatory") in kit.errors(bare)
    assert kit.errors(before) == []
    # Through the association: its user may hand in for the member in either product, a stranger in neither.
    member = _row(
        Product.EQUIPMENT,
        **row,
        guarantor_code="",
        policyholder_code=kit.MEMBER,
        agreement_code=kit.MEMBER_AGREEMENT,
    ) | {"guarantee_line_no": "LINE1"}
    for submitter, allowed in ((kit.ASSOCIATION, True), (kit.MEMBER, True), (kit.HOLDER, False)):
        sent = kit.assess_rows([member], Product.EQUIPMENT, _reference(Product.EQUIPMENT), submitter)
        assert ("holder-not-yours" not in {code for _, _, code in kit.errors(sent)}) is allowed
