"""まとめ通知: the shipments of table E-T5 condensed into exactly the records of Seed 004, and what is never summed."""

from datetime import date

import polars as pl
import pytest

from pipelines.aggregate import EARLIEST, FIELDS, KEY, summed_notices, with_band
from tests import kit
from tests.kit import assess_rows, notice_row

ON = date(2018, 10, 1)
A, B = "105", "106"
"""Countries standing for A国 and B国 of the example."""
SHIPMENTS = {
    "EA": [(A, 30, 50), (A, 45, 100), (A, 90, 100), (A, 120, 100), (A, 180, 200)],
    "EF": [(A, 30, 50), (A, 90, 100), (B, 90, 120), (B, 120, 90), (B, 150, 150)],
}
"""Buyers Ⅰ and Ⅱ: country, days, million yen."""
RECORDS = {
    "EA": [(A, "2", 50), (A, "3", 100), (A, "4", 100), (A, "5", 300)],
    "EF": [(A, "2", 50), (A, "4", 100), (B, "4", 120), (B, "5", 240)],
}


def frame(*rows: kit.Row) -> pl.DataFrame:
    """Records as normalised text."""
    return pl.DataFrame(
        [{k: v or None for k, v in row.items()} for row in rows], schema=dict.fromkeys(FIELDS, pl.String)
    )


def shipments(rating: str) -> tuple[pl.DataFrame, pl.Series]:
    buyer = kit.buyer(rating)
    rows = [
        notice_row(
            counterparty_code=buyer,
            payer_code=buyer,
            destination_country=country,
            payer_country=country,
            period_band="",
            shipped_amount=f"{million}000000",
        )
        for country, _, million in SHIPMENTS[rating]
    ]
    return frame(*rows), pl.Series("days", [days for _, days, _ in SHIPMENTS[rating]])


def records(summed: pl.DataFrame) -> list[tuple[str, str, str]]:
    return summed.select("destination_country", "period_band", "shipped_amount").rows()


@pytest.mark.req("B-014", "B-013")
@pytest.mark.parametrize(
    "rating",
    [pytest.param("EA", marks=pytest.mark.req("E-149")), pytest.param("EF", marks=pytest.mark.req("E-150"))],
)
def test_the_five_shipments_of_each_buyer_condense_into_four_records(rating: str) -> None:
    rows, days = shipments(rating)
    banded = with_band(rows, days, kit.default_reference(), ON)
    summed = summed_notices(banded)
    assert records(summed) == [
        (country, band, f"{million}000000") for country, band, million in RECORDS[rating]
    ]
    world = kit.world()
    reference = kit.reference_of(world)
    one, each = (
        assess_rows([{k: v or "" for k, v in row.items()} for row in told.to_dicts()], kit.NOTICE, reference)
        for told in (summed, banded)
    )
    assert kit.errors(one) == kit.errors(each) == []
    assert one.premium_total == each.premium_total > 0


def test_buyers_are_never_summed_together() -> None:
    parts = [with_band(*shipments(rating), kit.default_reference(), ON) for rating in ("EA", "EF")]
    assert summed_notices(pl.concat(parts)).height == 8


@pytest.mark.req("B-014")
@pytest.mark.parametrize("field", KEY)
def test_every_part_of_the_key_keeps_records_apart(field: str) -> None:
    other = {"lc_flag": "1", "period_band": "4", "shipment_month": "201809", "currency": "USD"}.get(
        field, "999999999"
    )
    assert summed_notices(frame(notice_row(), notice_row(), notice_row(**{field: other}))).height == 2


@pytest.mark.parametrize("field", sorted({*FIELDS} - {*KEY, *EARLIEST, "shipped_amount"}))
def test_shipments_that_differ_elsewhere_stay_apart_too(field: str) -> None:
    assert summed_notices(frame(notice_row(), notice_row(**{field: "9"}))).height == 2


def test_amounts_are_summed_exactly_and_the_earliest_dates_stay() -> None:
    rows = frame(
        notice_row(shipped_amount="0.1", first_shipment_date="20181020", lc_flag="0"),
        notice_row(shipped_amount="9999999999999.99", first_shipment_date="20181003"),
        notice_row(shipped_amount="0.2", earliest_contract_date="20180901"),
    )
    (row,) = summed_notices(rows).iter_rows(named=True)
    assert row["shipped_amount"] == "10000000000000.29"
    assert (row["first_shipment_date"], row["earliest_contract_date"]) == ("20181003", "20180901")
    assert summed_notices(frame(notice_row(shipped_amount="1.05")))["shipped_amount"].to_list() == ["1.05"]
    assert summed_notices(frame(notice_row(), notice_row(shipped_amount="x")))[
        "shipped_amount"
    ].to_list() == [None]


def test_bands_begin_and_end_where_the_table_says() -> None:
    days = [0, 1, 30, 31, 60, 61, 90, 91, 180, 181, 365, 366, None]
    rows = frame(*[notice_row() for _ in days])
    told = with_band(rows, pl.Series("days", days), kit.default_reference(), ON)["period_band"].to_list()
    assert told == ["1", "2", "2", "3", "3", "4", "4", "5", "5", "6", "6", None, None]
