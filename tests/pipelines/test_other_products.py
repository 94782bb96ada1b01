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
