"""Payment limits: what counts against them, until when, and who is told (never an error, never a premium)."""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest

from pipelines.limits import limit_findings, limit_use, limit_warnings
from pipelines.reference import Reference
from schemas.products import Product
from tests import kit, scatter
from tests.kit import ENTERPRISE, NOTICE, Row, assess_rows, enterprise_row, lc, notice_lc, notice_row

EA = kit.buyer("EA")
LINE = 9_000_000
"""What one line of 10,000,000 yen uses: 90 %."""
DAY = kit.ACCEPTED


def tables(limit: str = "100000000", code: str = EA, **more: list[Row]) -> Reference:
    world = scatter.plain_world()
    for row in world["buyer_registrations"]:
        if row["buyer_code"] == code:
            row["limit_yen"] = limit
    for name, rows in more.items():
        world[name] = world[name] + rows
    return kit.reference_of(world)


def rated(rows: Sequence[Row], product: Product = ENTERPRISE, reference: Reference | None = None) -> pl.DataFrame:  # fmt: skip
    assessment = assess_rows(rows, product, reference or tables())
    assert kit.errors(assessment) == []
    return assessment.lines


def booked(
    rows: Sequence[Row], product: Product = ENTERPRISE, reference: Reference | None = None, first: int = 1
) -> pl.DataFrame:
    """Lines as the ledger has them: with a number per branch."""
    lines = rated(rows, product, reference)
    group = pl.col("record" if product is NOTICE else "branch_record")
    number = (group.rank("dense") + first - 1).cast(pl.String).str.pad_start(6, "0")
    return lines.with_columns(
        pl.format("18-{}-00", number).alias("application_no"), pl.lit(False).alias("removed")
    ).drop("branch_record", strict=False)


def used(
    lines: pl.DataFrame, day: date = DAY, reference: Reference | None = None, code: str = EA
) -> dict[str, int]:
    """Agreement → yen in use of one buyer's limits, those without any left out."""
    use = limit_use(lines, reference or tables(), day).filter(pl.col("buyer_code") == code, pl.col("used_yen") > 0)  # fmt: skip
    return dict(use.select("agreement_code", "used_yen").iter_rows())


# ---------------------------------------------------------------------------------------------- what counts


@pytest.mark.req("E-052")
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_the_use_is_the_insured_amount_of_credit_after_shipment_per_agreement_and_buyer(
    product: Product,
) -> None:
    numbers = [{} if product is NOTICE else {"export_contract_no": f"EX-{n}"} for n in range(3)]
    rows = [kit.row_of(product, **numbers[0]), kit.row_of(product, **numbers[1])]
    rows.append(kit.row_of(product, payer_code=kit.buyer("EF"), **numbers[2]))
    lines = booked(rows, product)
    agreement = kit.AGREEMENTS[product][0]
    assert used(lines) == {agreement: 2 * LINE}
    assert used(lines, code=kit.buyer("EF")) == {agreement: LINE}


@pytest.mark.req("E-052", "E-053")
def test_every_registered_buyer_that_needs_a_limit_has_a_row_and_no_other() -> None:
    use = limit_use(booked([enterprise_row()]), tables(), DAY).filter(agreement_code=kit.AGREEMENT)
    ratings = {"EE", "EA", "EM", "EF", "SA"}
    assert set(use["buyer_rating"]) == ratings
    assert use["buyer_code"].to_list() == sorted(kit.buyer(rating) for rating in ratings)
    assert use.columns == [
        "agreement_code",
        "buyer_code",
        "buyer_rating",
        "limit_yen",
        "used_yen",
        "used_permille",
        "state",
    ]
    assert use.filter(buyer_code=EA).row(0)[2:] == ("EA", 100_000_000, LINE, 90, "ok")


@pytest.mark.req("E-054")
def test_letters_of_credit_use_nothing_of_whatever_bank() -> None:
    rows = [enterprise_row(export_contract_no=bank) | lc(bank) for bank in ("SA", "GS")]
    assert used(booked(rows)) == {}
    assert used(booked([notice_row() | notice_lc("SA")], NOTICE)) == {}


def test_a_shipment_that_is_paid_in_part_without_a_letter_of_credit_counts_as_a_whole() -> None:
    half = {name: cell for name, cell in lc().items() if name != "settlement_method"}
    half |= {"settlement_principal": "5000000"}
    by_lc = enterprise_row(**lc(), settlement_no="02") | half
    assert used(booked([enterprise_row(**half), by_lc])) == {kit.AGREEMENT: LINE}
    advance = enterprise_row(settlement_method="60", usance_days="") | half
    assert used(booked([advance, by_lc])) == {}


def test_lines_taken_out_use_nothing() -> None:
    lines = booked([enterprise_row(), enterprise_row(shipment_no="02")])
    gone = lines.with_columns((pl.col("shipment_no") == "02").alias("removed"))
    assert used(lines) == {kit.AGREEMENT: 2 * LINE}
    assert used(gone) == {kit.AGREEMENT: LINE}


@pytest.mark.parametrize(
    ("changes", "last_day"),
    [
        pytest.param({}, date(2019, 5, 4), id="shipment 12-06 + 60 days + 3 months"),
        pytest.param({"usance_days": "10"}, date(2019, 4, 5), id="at least 30 days"),
        pytest.param(
            {"settlement_method": "49", "usance_days": "", "due_date": "20190331"},
            date(2019, 6, 30),
            id="due date + 3 months, no such day",
        ),
    ],
)
def test_a_line_counts_until_three_months_after_its_due_date(changes: Row, last_day: date) -> None:
    lines = booked([enterprise_row(**changes)])
    after = date.fromordinal(last_day.toordinal() + 1)
    reference = tables()
    assert used(lines, last_day, reference) == {kit.AGREEMENT: LINE}
    assert used(lines, after, reference) == {}


def test_the_last_settlement_of_a_shipment_tells_its_due_date() -> None:
    half = {"settlement_principal": "5000000"}
    later = enterprise_row(settlement_no="02", settlement_method="49", usance_days="", due_date="20190601") | half  # fmt: skip
    lines = booked([enterprise_row(**half), later])
    assert used(lines, date(2019, 9, 1)) == {kit.AGREEMENT: LINE}
    assert used(lines, date(2019, 9, 2)) == {}


def test_a_notice_falls_due_so_many_days_after_the_month_of_shipment() -> None:
    lines = booked([notice_row()], NOTICE)  # October 2018, up to 60 days: 2018-12-31
    assert used(lines, date(2019, 3, 31)) == {kit.NOTICE_AGREEMENT: LINE}
    assert used(lines, date(2019, 4, 1)) == {}


# ---------------------------------------------------------------------------------------------- how near


@pytest.mark.parametrize(
    ("limit", "permille", "state"),
    [
        ("11250001", 799, "ok"),
        ("11250000", 800, "near"),
        ("9000000", 1000, "near"),
        ("8999999", 1000, "exceeded"),
        ("0", None, "exceeded"),
        ("", None, None),
    ],
)
def test_from_80_percent_on_a_limit_is_near_and_beyond_it_exceeded(
    limit: str, permille: int | None, state: str | None
) -> None:
    use = limit_use(booked([enterprise_row()]), tables(limit), DAY)
    row = use.filter(agreement_code=kit.AGREEMENT, buyer_code=EA).row(0, named=True)
    assert (row["used_yen"], row["used_permille"], row["state"]) == (LINE, permille, state)


def test_nothing_used_of_a_limit_of_nothing_is_in_order() -> None:
    use = limit_use(booked([enterprise_row()]), tables("0", kit.buyer("EF")), DAY)
    row = use.filter(agreement_code=kit.AGREEMENT, buyer_code=kit.buyer("EF")).row(0, named=True)
    assert (row["used_yen"], row["state"]) == (0, "ok")


@pytest.mark.req("E-058", "E-134")
def test_a_buyer_that_fell_to_ec_keeps_the_limit_of_the_year_s_start() -> None:
    fell = {"buyer_code": EA, "valid_from": "2018-10-01", "rating": "EC", "country": "105"}
    blank = {"agreement_code": kit.AGREEMENT, "buyer_code": EA, "valid_from": "2018-10-01", "limit_yen": ""}
    reference = tables("10000000", buyers=[fell], buyer_registrations=[blank])
    use = limit_use(booked([enterprise_row()], reference=reference), reference, DAY)
    row = use.filter(agreement_code=kit.AGREEMENT, buyer_code=EA).row(0, named=True)
    assert (row["buyer_rating"], row["limit_yen"], row["state"]) == ("EA", 10_000_000, "near")


# ---------------------------------------------------------------------------------------------- who is told


def told(lines: pl.DataFrame, before: pl.DataFrame, limit: str, product: Product = ENTERPRISE) -> list[tuple[object, ...]]:  # fmt: skip
    return limit_warnings(lines, before, tables(limit), DAY).rows()


@pytest.mark.req("E-052")
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_the_first_record_that_brings_a_payer_near_its_limit_is_told(product: Product) -> None:
    agreement = kit.AGREEMENTS[product][0]
    number = (lambda n: {}) if product is NOTICE else (lambda n: {"export_contract_no": f"EX-{n}"})
    other, open_ = kit.row_of(product, payer_code=kit.buyer("EF"), **number(1)), kit.row_of(product, **number(3))  # fmt: skip
    by_lc = kit.row_of(product, **number(2)) | (notice_lc() if product is NOTICE else lc())
    lines = rated([other, by_lc, open_, kit.row_of(product, **number(4))], product)
    before = booked([kit.row_of(product, **number(0))], product)
    nothing = before.clear()
    assert told(lines, before, "33750001") == []
    assert told(lines, before, "33750000") == [(3, agreement, EA, 3 * LINE, 33_750_000, "near")]
    assert told(lines, before, "27000000") == [(3, agreement, EA, 3 * LINE, 27_000_000, "near")]
    assert told(lines, before, "26999999") == [(3, agreement, EA, 3 * LINE, 26_999_999, "exceeded")]
    assert told(lines, nothing, "26999999") == []
    assert told(lines[:2], before, "1") == [], "an upload that adds nothing is not told of the others"
    assert told(lines, before, "") == []


def test_a_version_that_replaces_another_does_not_count_twice() -> None:
    before = booked([enterprise_row(), enterprise_row(export_contract_no="EX-2")])
    changed = booked([enterprise_row(post_shipment_amount="20000000")])
    assert told(changed, before, "10000000") == [
        (1, kit.AGREEMENT, EA, 3 * LINE, 10_000_000, "exceeded"),
    ]


@pytest.mark.fires("limit-near", "limit-exceeded")
@pytest.mark.req("E-052")
def test_findings_tell_buyer_use_and_limit_in_words() -> None:
    rows = [enterprise_row(payer_code=kit.buyer("GA"), export_contract_no="EX-0"), enterprise_row()]
    assessment = assess_rows(rows, reference=tables())
    for limit, code, words in (
        ("10000000", "limit-near", "支払限度額の8割に達します(残高 9000000円、限度額 10000000円)"),
        ("5000000", "limit-exceeded", "支払限度額を超えます(残高 9000000円、限度額 5000000円)"),
    ):
        found = limit_findings(
            assessment.lines,
            assessment.lines.clear(),
            tables(limit),
            DAY,
            assessment.layout,
            assessment.address,
        )
        [row] = found.iter_rows(named=True)
        assert (row["record"], row["line"], row["field"], row["code"]) == (2, 3, "payer_code", code)
        assert (row["severity"], row["value"]) == ("warning", EA)
        assert words in row["message"]
        assert f"支払人 {EA}" in row["message"]
    none = limit_findings(assessment.lines, assessment.lines.clear(), tables(), DAY, assessment.layout, assessment.address)  # fmt: skip
    assert none.is_empty()


@pytest.mark.req("E-064")
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_a_limit_costs_nothing(product: Product) -> None:
    costs = {
        assess_rows([kit.row_of(product)], product, tables(limit)).premium_total
        for limit in ("1", "100000000", "9999999999999")
    }
    assert costs == {18_400 if product is ENTERPRISE else 15_900}
