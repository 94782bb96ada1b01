"""From when until when a line is covered: 企総 from acceptance over shipment to settlement, 簡易 from shipment."""

from datetime import date

import polars as pl
import pytest

from pipelines.cover_period import COVER_PERIOD, with_cover_period
from pipelines.reference import Reference
from schemas.journal import BOOKING, RATED, SCHEMA
from schemas.products import Product
from tests import kit
from tests.kit import enterprise_row, notice_row

ACCEPTED = kit.ACCEPTED
Period = tuple[date | None, date | None, date | None, date | None]


def day(text: str) -> date:
    return date.fromisoformat(f"2018-{text}") if len(text) == 5 else date.fromisoformat(text)


def optional(cover: str) -> Reference:
    """The small world in which 簡易 agreements have the option, or not."""
    world = kit.world()
    for row in world["agreements"]:
        row["pre_shipment_cover"] = cover
    return kit.reference_of(world)


def covered(
    row: kit.Row, product: Product = Product.ENTERPRISE, reference: Reference | None = None, **more: object
) -> pl.DataFrame:
    """The journal row of an accepted upload of one record, with its period."""
    assessment = kit.assess_rows([row], product, reference)
    assert kit.errors(assessment) == []
    (line,) = assessment.lines.iter_rows(named=True)
    booked = {name: line[name] for name in SCHEMA if name in line} | {
        "entry": BOOKING,
        "product": str(product),
        "acceptance_date": ACCEPTED,
        "removed": False,
    }
    rows = pl.DataFrame([booked | more], schema=SCHEMA, orient="row")
    return with_cover_period(rows, reference or kit.default_reference())


def period(frame: pl.DataFrame) -> Period:
    return frame.select(COVER_PERIOD[:4]).row(0)


@pytest.mark.req("E-079", "E-080")
def test_a_ledger_line_is_covered_from_acceptance_over_shipment_to_settlement() -> None:
    frame = covered(enterprise_row(last_shipment_date="20181206", usance_days="60"))
    # Non-shipment up to shipment, non-payment from then on: 2018-12-06 + 60 days = 2019-02-04.
    assert period(frame) == (ACCEPTED, day("12-06"), day("12-06"), day("2019-02-04"))
    assert frame.select("cover_from", "cover_until").row(0) == (ACCEPTED, day("2019-02-04"))


@pytest.mark.req("E-079")
def test_a_settlement_on_a_date_ends_on_it() -> None:
    methods = kit.default_reference().table("settlement_methods")
    (code,) = methods.filter(pl.col("day_rule") == "to_due_date", ~pl.col("lc"))["code"].head(1)
    frame = covered(enterprise_row(settlement_method=code, usance_days="", due_date="20190320"))
    assert period(frame)[3] == day("2019-03-20")


@pytest.mark.req("E-079", "E-080")
def test_goods_that_left_before_acceptance_are_covered_after_shipment_only() -> None:
    left = covered(enterprise_row(last_shipment_date="20181105"))
    assert period(left) == (None, None, ACCEPTED, day("2019-01-04"))
    assert left["cover_from"].to_list() == [ACCEPTED]
    same_day = covered(enterprise_row(last_shipment_date="20181106"))
    assert period(same_day)[:3] == (ACCEPTED, ACCEPTED, ACCEPTED)


@pytest.mark.req("E-080")
def test_what_is_paid_in_advance_has_no_danger_after_shipment() -> None:
    frame = covered(enterprise_row(settlement_method="60", usance_days=""))
    assert period(frame) == (ACCEPTED, day("12-06"), None, None)
    assert frame["cover_until"].to_list() == [day("12-06")]


def test_consumer_goods_are_covered_from_the_contract_when_told_in_time() -> None:
    rows = pl.DataFrame(
        [
            {
                "entry": BOOKING,
                "product": str(Product.CONSUMER_GOODS),
                "agreement_code": kit.AGREEMENT,
                "acceptance_date": ACCEPTED,
                "contract_date": contract,
                "last_shipment_date": "20181206",
                "days_post": 60,
                "removed": False,
                **{f"cover_{c}": 900 for c in "abcd"},
            }
            for contract in ("20181001", "20180930")
        ],
        schema=SCHEMA,
        orient="row",
    )
    starts = with_cover_period(rows, kit.default_reference())["pre_cover_from"].to_list()
    assert starts == [day("10-01"), ACCEPTED], "2018-11-06 is in time for a contract of October"


@pytest.mark.req("B-025")
def test_a_notice_is_covered_from_the_day_of_shipment_not_of_the_notice() -> None:
    frame = covered(notice_row(first_shipment_date="20181010"), kit.NOTICE, optional("0"))
    # Band 31–60 days; a notice sums up a month, so the last shipment may be of its last day.
    assert period(frame) == (None, None, day("10-10"), day("12-30"))
    assert frame["cover_from"].to_list() == [day("10-10")]
    month_only = covered(notice_row(), kit.NOTICE, optional("0"))
    assert period(month_only)[2] == day("10-01"), "the first day of the month when the day is not told"


@pytest.mark.req("B-026")
def test_with_the_option_cover_starts_with_the_export_contract() -> None:
    row = notice_row(first_shipment_date="20181010", earliest_contract_date="20180915")
    frame = covered(row, kit.NOTICE, optional("1"))
    assert period(frame) == (day("09-15"), day("10-31"), day("10-10"), day("12-30"))
    assert frame.select("cover_from", "cover_until").row(0) == (day("09-15"), day("12-30"))
    without = covered(row, kit.NOTICE, optional("0"))
    assert (period(without)[:2], without["cover_from"][0]) == ((None, None), day("10-10"))
    untold = covered(notice_row(first_shipment_date="20181010"), kit.NOTICE, optional("1"))
    assert (untold["pre_cover_from"][0], untold["cover_from"][0]) == (None, None), (
        "nobody told the contract's day"
    )


def test_a_notice_of_what_is_paid_in_advance_is_not_covered_after_shipment() -> None:
    frame = covered(notice_row(period_band="1"), kit.NOTICE, optional("0"))
    assert frame.select(COVER_PERIOD).row(0) == (None,) * 6


def test_what_was_taken_out_is_not_covered() -> None:
    frame = covered(enterprise_row(), removed=True)
    assert frame.select(COVER_PERIOD).row(0) == (None,) * 6
    rows = covered(enterprise_row()).drop(COVER_PERIOD)
    for stage, start in (("withdrawn", None), ("confirmed", ACCEPTED)):
        told = with_cover_period(rows.with_columns(pl.lit(stage).alias("stage")), kit.default_reference())
        assert told["cover_from"].to_list() == [start]


def test_rows_keep_their_order_and_columns() -> None:
    rows = pl.DataFrame(schema=SCHEMA)
    frame = with_cover_period(rows, kit.default_reference())
    assert frame.columns == [*rows.columns, *COVER_PERIOD]
    assert set(frame.select(COVER_PERIOD).dtypes) == {pl.Date()}
    assert not set(COVER_PERIOD) & set(RATED)
