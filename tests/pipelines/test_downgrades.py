"""A payer's rating that changes during the insurance year: what falls no lower than EC keeps the year's start."""

from datetime import date

import polars as pl
import pytest

from pipelines.enrich import kept_terms
from pipelines.reference import Reference
from schemas.products import Product
from tests import kit, scatter
from tests.kit import ENTERPRISE, NOTICE, Row, assess_rows
from tests.pipelines.test_other_products import _reference as reference_of_product
from tests.pipelines.test_other_products import _row as row_of_product

BUYER = "105000077"
LEDGER_AND_NOTICE = pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])


def tables(
    ratings: dict[str, str],
    registrations: dict[str, str] | None = None,
    **more: list[Row],
) -> Reference:
    """The plain world with one more buyer: day → rating, and day → limit of its registrations."""
    world = scatter.plain_world()
    world["buyers"] += [
        {"buyer_code": BUYER, "valid_from": day, "rating": rating, "country": "105"}
        for day, rating in ratings.items()
    ]
    world["buyer_registrations"] += [
        {"agreement_code": agreement, "buyer_code": BUYER, "valid_from": day, "limit_yen": limit}
        for agreement in (kit.AGREEMENT, kit.NOTICE_AGREEMENT)
        for day, limit in (registrations or {"2018-04-01": "100000000"}).items()
    ]
    for name, rows in more.items():
        world[name] = world[name] + rows
    return kit.reference_of(world)


def rating(product: Product, reference: Reference, accepted: date = kit.ACCEPTED, **changes: str) -> str:
    row = kit.row_of(product, payer_code=BUYER, **changes)
    told: str = assess_rows([row], product, reference, accepted=accepted).lines["buyer_rating"].item()
    return told


@pytest.mark.req("E-058", "E-134")
@LEDGER_AND_NOTICE
@pytest.mark.parametrize(
    ("before", "after"), [("EE", "EA"), ("EE", "EC"), ("EA", "EF"), ("EM", "EF"), ("EF", "EC")]
)
def test_a_fall_down_to_ec_keeps_the_rating_of_the_year_s_start(product: Product, before: str, after: str) -> None:  # fmt: skip
    fallen = tables({"2015-01-01": before, "2018-10-01": after})
    constant = kit.buyer(before)
    number = {} if product is NOTICE else {"export_contract_no": "EX-2"}
    rows = [kit.row_of(product, payer_code=BUYER), kit.row_of(product, payer_code=constant, **number)]
    assessment = assess_rows(rows, product, fallen)
    assert assessment.lines["buyer_rating"].to_list() == [before, before]
    figures = kit.premiums(assessment)
    assert figures[0] == figures[1]
    assert figures[0][3] > 0, "D stays covered"
    assert kit.errors(assessment) == []


@pytest.mark.req("E-058")
@pytest.mark.parametrize("product", [Product.EQUIPMENT, Product.CONSUMER_GOODS])
def test_the_other_ledgers_do_the_same(product: Product) -> None:
    text = dict(reference_of_product(product).text)
    later = kit.canonical({"buyers": [{"buyer_code": kit.buyer("EA"), "valid_from": "2018-10-01", "rating": "EC"}]})  # fmt: skip
    text["buyers"] = pl.concat([text["buyers"], later["buyers"]])
    assessment = assess_rows([row_of_product(product)], product, Reference.of(text))
    assert assessment.lines["buyer_rating"].to_list() == ["EA"]


@pytest.mark.req("E-059", "E-060", "E-061", "E-062", "E-135")
@LEDGER_AND_NOTICE
@pytest.mark.parametrize("after", ["P", "R", "ER", "B", "EB"])
def test_a_fall_below_ec_counts_from_its_day(product: Product, after: str) -> None:
    fallen = tables({"2015-01-01": "EA", "2018-11-06": after})
    assert rating(product, fallen, date(2018, 11, 5)) == "EA"
    assert rating(product, fallen) == after


@pytest.mark.req("E-063")
@LEDGER_AND_NOTICE
@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param({"2018-11-06": "EE"}, "EE", id="up"),
        pytest.param({"2018-10-01": "EE", "2018-11-01": "EA"}, "EA", id="up, then less but still better"),
        pytest.param({"2018-10-01": "EE", "2018-11-01": "EC"}, "EF", id="up, then below the start"),
        pytest.param({"2018-05-01": "R", "2018-10-01": "EC"}, "EC", id="back from R"),
        pytest.param({"2018-05-01": "P", "2018-10-01": "EA"}, "EA", id="back from P and up"),
    ],
)
def test_upgrades_count_from_their_day(product: Product, steps: dict[str, str], expected: str) -> None:
    assert rating(product, tables({"2015-01-01": "EF"} | steps)) == expected


@LEDGER_AND_NOTICE
@pytest.mark.parametrize(
    ("before", "after"), [("GS", "GE"), ("SA", "EC"), ("GA", "EC"), ("EA", "SA"), ("P", "EC")]
)
def test_public_buyers_and_banks_have_the_rating_of_the_day(
    product: Product, before: str, after: str
) -> None:
    assert rating(product, tables({"2015-01-01": before, "2018-11-06": after})) == after


@pytest.mark.req("E-058", "E-134")
@pytest.mark.parametrize(
    ("product", "fell", "accepted", "expected"),
    [
        (ENTERPRISE, "2018-04-01", kit.ACCEPTED, "EC"),
        (ENTERPRISE, "2018-04-02", kit.ACCEPTED, "EA"),
        (NOTICE, "2018-04-02", kit.ACCEPTED, "EC"),
        (NOTICE, "2018-04-03", kit.ACCEPTED, "EA"),
        (NOTICE, "2018-10-01", date(2019, 4, 1), "EA"),
        (NOTICE, "2018-10-01", date(2019, 4, 2), "EC"),
    ],
)
def test_each_insurance_year_starts_with_the_rating_of_its_first_day(
    product: Product, fell: str, accepted: date, expected: str
) -> None:
    assert rating(product, tables({"2015-01-01": "EA", fell: "EC"}), accepted) == expected


@pytest.mark.req("E-058")
@LEDGER_AND_NOTICE
def test_who_was_registered_during_the_year_starts_on_that_day(product: Product) -> None:
    ratings = {"2015-01-01": "EE", "2018-06-01": "EM", "2018-10-01": "EC"}
    assert rating(product, tables(ratings, {"2018-05-31": "1"})) == "EE"
    assert rating(product, tables(ratings, {"2018-06-01": "1"})) == "EM"
    assert rating(product, tables(ratings, {"2018-06-01": "1", "2018-10-02": "2"})) == "EM"
    assert rating(product, tables(ratings, {"2018-10-01": "1"})) == "EC"


@LEDGER_AND_NOTICE
def test_a_buyer_without_a_rating_at_the_start_has_the_one_of_the_day(product: Product) -> None:
    assert rating(product, tables({"2018-05-01": "EE", "2018-10-01": "EC"})) == "EC"


@pytest.mark.req("E-058", "E-134")
def test_the_limit_of_the_year_s_start_stays_as_well() -> None:
    ratings = {"2015-01-01": "EA", "2018-10-01": "EF"}
    notice = kit.notice_row(payer_code=BUYER)
    taken = {"2018-04-02": "100000000", "2018-10-01": ""}
    assert kit.found(assess_rows([notice], NOTICE, tables(ratings, taken)), "limit-missing") == []
    never = tables(ratings, {"2018-04-02": ""})
    assert kit.found(assess_rows([notice], NOTICE, never), "limit-missing") == [(1, "payer_code", "limit-missing")]  # fmt: skip
    steady = tables({"2015-01-01": "EF"}, taken)
    assert kit.found(assess_rows([notice], NOTICE, steady), "limit-missing") == [(1, "payer_code", "limit-missing")]  # fmt: skip


def test_only_those_who_keep_something_are_told_with_what_they_keep() -> None:
    reference = tables({"2015-01-01": "EA", "2018-10-01": "EC"}, {"2018-04-01": "5", "2018-09-01": "7"})
    asked = pl.DataFrame(
        {
            "agreement_code": [kit.AGREEMENT] * 4 + ["999999999", None],
            "buyer_code": [BUYER, BUYER, BUYER, kit.buyer("EA"), BUYER, BUYER],
            "day": [date(2018, 9, 30), date(2018, 10, 1), date(2019, 4, 1), *[date(2018, 11, 6)] * 3],
        }
    )
    assert kept_terms(asked, reference).rows() == [(kit.AGREEMENT, BUYER, date(2018, 10, 1), "EA", 5)]
    assert kept_terms(asked.clear(), reference).is_empty()
