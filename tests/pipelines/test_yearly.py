"""The yearly premium before shipment of 簡易: who owes what for which insurance year, and only once."""

from collections.abc import Iterable
from datetime import date, datetime

import polars as pl
import pytest

from pipelines.money import premium_of, premium_of_days
from pipelines.reference import Reference
from pipelines.yearly import RECOMPUTED, owed, recomputed, yearly_entries
from schemas.journal import SCHEMA, YEARLY
from schemas.products import Product
from sensors.windows import TOKYO
from tests import kit
from tests.kit import assess_rows, notice_row

AGREEMENT = kit.NOTICE_AGREEMENT
EA, EF, EM = kit.buyer("EA"), kit.buyer("EF"), kit.buyer("EM")
TODAY = date(2018, 11, 6)
YEAR = (date(2018, 4, 2), date(2019, 4, 1))
RATE_P = {
    "product": str(Product.SIMPLIFIED_NOTICE),
    "component": "P",
    "country_category": "C",
    "valid_from": "2017-01-01",
    "a": "0",
    "b": "0.150",
}


def registered(
    buyer: str, limit: int | None, since: str = "2018-04-01", agreement: str = AGREEMENT
) -> kit.Row:
    return {
        "agreement_code": agreement,
        "buyer_code": buyer,
        "valid_from": since,
        "limit_yen": "100000000",
        "pre_limit_yen": "" if limit is None else str(limit),
    }


def tables(
    *registrations: kit.Row,
    rates: Iterable[kit.Row] = (RATE_P,),
    agreements: Iterable[kit.Row] | None = None,
    load_no: int = 7,
    **more: list[kit.Row],
) -> Reference:
    """The small world with cover before shipment in ``AGREEMENT``, these registrations and rates of P."""
    world = kit.world()
    if agreements is None:
        agreements = [row | {"pre_shipment_cover": "1"} for row in world["agreements"]]
        agreements = [row for row in agreements if row["agreement_code"] == AGREEMENT]
    world["agreements"] = list(agreements)
    world["buyer_registrations"] = list(registrations)
    world["rates"] += list(rates)
    for name, rows in more.items():
        world[name] += rows
    return kit.reference_of(world, load_no)


def agreement(since: str, until: str = "", cover: str = "1") -> kit.Row:
    """A row of the agreements table."""
    return {
        "agreement_code": AGREEMENT,
        "holder": kit.HOLDER,
        "product": str(Product.SIMPLIFIED_NOTICE),
        "valid_from": since,
        "valid_to": until,
        "pre_shipment_cover": cover,
    }


class Book:
    """A journal of yearly rows in memory."""

    def __init__(self) -> None:
        self.rows = pl.DataFrame(schema=SCHEMA)

    def bill(self, reference: Reference, on: date = TODAY) -> pl.DataFrame:
        """What is billed on that day; kept."""
        new = yearly_entries(
            reference, self.rows.lazy(), datetime(on.year, on.month, on.day, 20, 30, tzinfo=TOKYO)
        )
        self.rows = pl.concat([self.rows, new], how="diagonal")
        return new

    def owed(self, reference: Reference, on: date = TODAY) -> list[tuple[str, str]]:
        """What stays owed on that day: buyer and state."""
        return list(owed(reference, self.rows.lazy(), on).select("buyer_code", "state").iter_rows())


def yen(rows: pl.DataFrame) -> list[tuple[str, date, int, int]]:
    return list(rows.select("payer_code", "acceptance_date", "base_pre_yen", "premium_total").iter_rows())


# -- once a year ----------------------------------------------------------------------------------------------


@pytest.mark.req("E-156", "E-137", "B-033")
@pytest.mark.parametrize("buyer", [EA, EF])
def test_the_example_of_china(buyer: str) -> None:
    rows = Book().bill(tables(registered(buyer, 10_000_000)))
    (row,) = rows.iter_rows(named=True)
    assert (row["country_category"], row["rate_p"], row["premium_total"]) == ("C", 150, 15_000)
    assert (row["year_from"], row["year_until"], row["acceptance_date"]) == (*YEAR, YEAR[0])
    assert (row["unit"], row["ledger_id"]) == (f"{AGREEMENT}_-_2018-04", f"{AGREEMENT}_-_2018-04_Y_1")
    assert (row["entry"], row["policyholder_code"], row["reference_load"]) == (YEARLY, kit.HOLDER, 7)
    assert row["due_total"] == row["difference_total"] == 15_000


@pytest.mark.req("E-137", "B-033")
def test_a_year_is_billed_once_and_each_year_again() -> None:
    book, reference = Book(), tables(registered(EA, 10_000_000))
    assert book.bill(reference).height == 1
    for day in (TODAY, date(2019, 4, 1)):
        assert book.bill(reference, day).is_empty()
        assert book.owed(reference, day) == []
    renewed = book.bill(reference, date(2019, 4, 2))
    assert renewed.select("year_from", "year_until").rows() == [(date(2019, 4, 2), date(2020, 4, 1))]
    assert renewed["ledger_id"].to_list() == [f"{AGREEMENT}_-_2019-04_Y_1"]


def test_a_year_is_billed_from_its_first_day_not_before() -> None:
    book, reference = Book(), tables(registered(EA, 10_000_000))
    assert book.bill(reference, date(2018, 4, 1)).is_empty()
    assert book.bill(reference, date(2018, 4, 2)).height == 1


def test_years_before_the_home_began_are_not_billed_but_missed_ones_are() -> None:
    reference = tables(registered(EA, 10_000_000, "2015-04-01"), agreements=[agreement("2015-04-01")])
    book = Book()
    assert book.bill(reference)["year_from"].to_list() == [date(2018, 4, 1)]
    late = book.bill(reference, date(2020, 6, 1))
    assert late["year_from"].to_list() == [date(2019, 4, 1), date(2020, 4, 1)], "after long downtime"


def test_an_agreement_that_has_ended_owes_no_further_year() -> None:
    reference = tables(registered(EA, 10_000_000), agreements=[agreement("2018-04-02", "2019-04-01")])
    book = Book()
    assert book.bill(reference, date(2019, 4, 1)).height == 1
    assert book.bill(reference, date(2019, 4, 2)).is_empty()


@pytest.mark.req("E-064")
def test_only_the_limit_before_shipment_is_a_base() -> None:
    rows = Book().bill(tables(registered(EA, None), registered(EF, 0), registered(EM, 10_000_000)))
    assert yen(rows) == [(EM, YEAR[0], 10_000_000, 15_000)]


def test_premiums_are_cut_below_one_yen() -> None:
    assert yen(Book().bill(tables(registered(EA, 10_000_666)))) == [(EA, YEAR[0], 10_000_666, 15_000)]
    assert yen(Book().bill(tables(registered(EA, 10_000_667)))) == [(EA, YEAR[0], 10_000_667, 15_001)]


def test_buyers_of_one_agreement_share_a_billing() -> None:
    book = Book()
    rows = book.bill(tables(registered(EF, 20_000_000), registered(EA, 10_000_000)))
    assert yen(rows) == [(EA, YEAR[0], 10_000_000, 15_000), (EF, YEAR[0], 20_000_000, 30_000)]
    assert rows["ledger_id"].n_unique() == 1


# -- the option -----------------------------------------------------------------------------------------------


@pytest.mark.req("E-123", "E-130", "B-033")
def test_without_the_option_nothing_is_owed_and_no_rate_is_needed() -> None:
    without = [agreement("2018-04-02", cover="0")]
    book, reference = Book(), tables(registered(EA, 10_000_000), rates=(), agreements=without)
    assert book.bill(reference).is_empty()
    assert book.owed(reference) == []
    assert book.owed(tables(registered(EA, 10_000_000), rates=())) == [(EA, "no-rate")], (
        "with the option it is"
    )


@pytest.mark.req("E-123", "E-130")
@pytest.mark.parametrize("cover", ["0", "1"])
@pytest.mark.parametrize("rating", ["GS", "EA", "EF"])
def test_the_menu_is_b_and_d_per_notice_and_with_the_option_a_and_c_per_year(cover: str, rating: str) -> None:
    buyer = kit.buyer(rating)
    own = {"agreements": [agreement("2018-04-02", cover=cover)]}
    reference = tables(registered(buyer, 10_000_000), **own)
    assessment = assess_rows([notice_row(payer_code=buyer, counterparty_code=buyer)], kit.NOTICE, reference)
    (line,) = assessment.lines.iter_rows(named=True)
    assert [line[f"rate_{c}"] is not None for c in "abcd"] == [False, True, False, True]
    assert [line[f"premium_{c}"] > 0 for c in "abcd"] == [False, True, False, True]
    billed = Book().bill(reference)
    assert billed["premium_total"].to_list() == ([15_000] if cover == "1" else [])


def test_an_option_taken_during_the_year_pays_for_the_rest_of_it() -> None:
    rows = [agreement("2018-04-02", cover="0"), agreement("2018-10-02")]
    book = Book()
    billed = book.bill(tables(registered(EA, 10_000_000), agreements=rows))
    # 2018-10-02 … 2019-04-01 are 182 of 365 days: 15,000 × 182 ÷ 365 = 7,479.45
    assert yen(billed) == [(EA, date(2018, 10, 2), 10_000_000, 7_479)]
    assert billed.select("year_from", "year_until").row(0) == YEAR, "an open row before it: the same contract"


def test_a_limit_after_the_option_was_given_up_costs_nothing() -> None:
    rows = [agreement("2018-04-02"), agreement("2018-10-02", cover="0")]
    grown = tables(registered(EA, 10_000_000), registered(EA, 30_000_000, "2018-10-10"), agreements=rows)
    assert yen(Book().bill(grown)) == [(EA, YEAR[0], 10_000_000, 15_000)]


# -- during the year ------------------------------------------------------------------------------------------


@pytest.mark.req("E-138")
def test_an_increase_is_billed_for_the_remaining_days() -> None:
    book = Book()
    first = registered(EA, 10_000_000)
    book.bill(tables(first))
    grown = tables(first, registered(EA, 30_000_000, "2018-11-01"))
    assert book.bill(grown, date(2018, 10, 31)).is_empty(), "not before its day"
    # 2018-11-01 … 2019-04-01, both included, are 152 of 365 days: 30,000 × 152 ÷ 365 = 12,493.15
    increase = book.bill(grown, date(2018, 11, 1))
    assert yen(increase) == [(EA, date(2018, 11, 1), 20_000_000, 12_493)]
    (row,) = increase.iter_rows(named=True)
    assert (row["days_pre"], row["paid_limit_yen"], row["pre_limit_yen"]) == (152, 10_000_000, 30_000_000)
    assert (row["year_from"], row["year_until"]) == YEAR
    assert row["ledger_id"] == f"{AGREEMENT}_-_2018-11_Y_1"
    assert book.bill(grown).is_empty()
    assert yen(book.bill(grown, date(2019, 4, 2))) == [(EA, date(2019, 4, 2), 30_000_000, 45_000)]


@pytest.mark.req("E-138")
def test_a_buyer_that_comes_during_the_year_pays_for_the_remaining_days() -> None:
    book = Book()
    book.bill(tables(registered(EA, 10_000_000)))
    joined = book.bill(
        tables(registered(EA, 10_000_000), registered(EF, 10_000_000, "2019-04-01")), date(2019, 4, 1)
    )
    assert yen(joined) == [(EF, date(2019, 4, 1), 10_000_000, 41)], "one day of 365: 41.09"


@pytest.mark.req("E-138")
def test_a_decrease_returns_nothing_and_what_is_paid_for_is_not_paid_again() -> None:
    rows = [
        registered(EA, 10_000_000),
        registered(EA, 4_000_000, "2018-06-01"),
        registered(EA, 8_000_000, "2018-07-01"),
        registered(EA, 12_000_000, "2018-09-01"),
    ]
    # 2018-09-01 … 2019-04-01 are 213 of 365 days: 3,000 × 213 ÷ 365 = 1,750.68
    billed = Book().bill(tables(*rows))
    assert yen(billed) == [
        (EA, YEAR[0], 10_000_000, 15_000),
        (EA, date(2018, 9, 1), 2_000_000, 1_750),
    ]
    next_year = tables(*rows[:2])
    assert yen(Book().bill(next_year, date(2019, 5, 1))) == [(EA, date(2019, 4, 2), 4_000_000, 6_000)]


def test_only_one_fraction_is_cut_and_a_leap_year_has_its_day() -> None:
    # 9,999 yen × 0.150 % = 14.9985 yen; × 366 ÷ 366. From the second day: 14.9985 × 365 ÷ 366 = 14.957…
    leap = [agreement("2019-04-02")]
    for since, premium in (("2019-04-01", 14), ("2019-04-03", 14), ("2019-06-01", 12)):
        billed = Book().bill(tables(registered(EA, 9_999, since), agreements=leap), date(2019, 12, 1))
        assert billed["premium_total"].to_list() == [premium]
    # 14.9985 × 306 ÷ 366 = 12.54; two cuts would give 14 × 306 ÷ 366 = 11.7.
    assert billed["days_pre"].to_list() == [306]


def test_the_whole_period_costs_what_the_plain_premium_is() -> None:
    frame = pl.DataFrame(
        {"base": [1, 9_999_999_999_999, 66_667], "rate": [1, 99_999, 150], "days": [366, 366, 365]},
        schema={"base": pl.Int64, "rate": pl.Int32, "days": pl.Int32},
    )
    base, rate, days = pl.col("base"), pl.col("rate"), pl.col("days")
    both = frame.select(
        premium_of_days(base, rate, days, days).alias("part"), premium_of(base, rate).alias("whole")
    )
    assert both["part"].to_list() == both["whole"].to_list() == [0, 9_999_899_999_999, 100]


# -- rates ----------------------------------------------------------------------------------------------------


@pytest.mark.req("E-137")
def test_a_buyer_without_rate_is_told_and_the_others_are_billed() -> None:
    book = Book()
    abroad = {
        "buyers": [{"buyer_code": "800000001", "valid_from": "2010-01-01", "country": "111", "rating": "EA"}]
    }
    rows = (registered(EA, 10_000_000), registered("800000001", 10_000_000))
    reference = tables(*rows, **abroad)
    assert yen(book.bill(reference)) == [(EA, YEAR[0], 10_000_000, 15_000)]
    assert book.owed(reference) == [("800000001", "no-rate")]
    rated = tables(*rows, rates=(RATE_P, RATE_P | {"country_category": "D", "b": "0.2"}), **abroad)
    late = book.bill(rated)
    assert yen(late) == [("800000001", YEAR[0], 10_000_000, 20_000)]
    assert late["ledger_id"].to_list() == [f"{AGREEMENT}_-_2018-04_Y_2"]


def test_an_unknown_buyer_and_one_that_is_refused_are_told() -> None:
    reference = tables(registered("700000007", 1_000_000), registered(kit.buyer("GB"), 1_000_000))
    book = Book()
    assert book.bill(reference).is_empty()
    assert sorted(book.owed(reference)) == [
        ("700000007", "buyer-unregistered"),
        (kit.buyer("GB"), "buyer-refused"),
    ]


@pytest.mark.parametrize(
    ("rates", "rate"),
    [
        ([{"b": "0.1"}, {"b": "0.2", "valid_from": "2018-04-02"}], 200),
        ([{"b": "0.1"}, {"b": "0.2", "valid_from": "2018-04-03"}], 100),
        ([{"b": "0.1", "buyer_rating": "EA"}, {"b": "0.2", "country_category": "*"}], 100),
        ([{"b": "0.1", "buyer_rating": "EA", "country_category": "*"}, {"b": "0.2"}], 200),
        (
            [
                {"b": "0.1", "buyer_rating": "EA"},
                {"b": "0.2", "valid_from": "2018-01-01", "country_category": "*"},
            ],
            200,
        ),
        ([{"b": "0.1", "buyer_rating": "EF"}, {"b": "0.2", "country_category": "*"}], 200),
        ([{"b": "0.1504", "a": "7"}], 150),
        ([{"b": "0.1505"}], 151),
    ],
)
def test_the_rate_row_is_chosen_as_others_are(rates: list[kit.Row], rate: int) -> None:
    """Latest by the first day of the year, the specific before the general, category before rating; X is 0."""
    rows = [RATE_P | row for row in rates]
    assert Book().bill(tables(registered(EA, 10_000_000), rates=rows))["rate_p"].to_list() == [rate]


def test_an_increase_has_the_rate_of_the_year() -> None:
    newer = [RATE_P, RATE_P | {"b": "0.3", "valid_from": "2018-06-01"}]
    rows = (registered(EA, 10_000_000), registered(EA, 20_000_000, "2018-07-01"))
    assert Book().bill(tables(*rows, rates=newer))["rate_p"].to_list() == [150, 150]


# -- what is billed stands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        (registered(EA, 12_000_000),),  # the limit of a billed day
        (
            registered(EA, 10_000_000),
            registered(EA, 30_000_000, "2018-06-01"),
            registered(EA, 30_000_000, "2018-09-01"),
        ),
    ],
)
def test_a_limit_changed_behind_a_billing_is_told_and_not_billed(changed: tuple[kit.Row, ...]) -> None:
    book = Book()
    book.bill(tables(registered(EA, 10_000_000), registered(EA, 30_000_000, "2018-09-01")))
    later = tables(*changed)
    assert book.bill(later).is_empty()
    assert book.owed(later) == [(EA, "changed-after-billing")]
    assert book.owed(later, date(2019, 4, 2)) == [(EA, "due")], "of the present year only"


def test_after_a_billed_day_what_was_billed_counts_not_what_the_tables_say_now() -> None:
    book, first = Book(), registered(EA, 10_000_000)
    grown = registered(EA, 20_000_000, "2018-09-01")
    book.bill(tables(first, grown))
    backdated = registered(EA, 30_000_000, "2018-06-01")
    reference = tables(first, backdated, grown, registered(EA, 25_000_000, "2018-10-01"))
    assert yen(book.bill(reference)) == [(EA, date(2018, 10, 1), 5_000_000, 3_760)], (
        "183 of 365 days of 7,500"
    )
    assert book.owed(reference) == [(EA, "changed-after-billing")]


def test_a_day_that_had_no_rate_is_billed_when_it_has_one_also_after_a_later_day() -> None:
    buyers = [
        {"buyer_code": "800000001", "valid_from": since, "country": "105", "rating": rating}
        for since, rating in (("2010-01-01", "EF"), ("2018-09-01", "EA"))
    ]
    rows = (registered("800000001", 10_000_000), registered("800000001", 20_000_000, "2018-09-01"))
    book, rated = Book(), RATE_P | {"buyer_rating": "EA"}
    assert book.bill(tables(*rows, rates=[rated], buyers=buyers))["base_pre_yen"].to_list() == [10_000_000]
    both = tables(*rows, rates=[rated, RATE_P | {"buyer_rating": "EF"}], buyers=buyers)
    assert yen(book.bill(both)) == [("800000001", YEAR[0], 10_000_000, 15_000)]


def test_a_change_of_the_contract_s_dates_bills_no_day_twice() -> None:
    book = Book()
    book.bill(tables(registered(EA, 10_000_000)))
    cut = tables(
        registered(EA, 10_000_000),
        agreements=[agreement("2018-04-02", "2018-10-31"), agreement("2018-11-01")],
    )
    assert book.bill(cut).is_empty()
    assert book.owed(cut) == [(EA, "changed-after-billing")]


def test_a_renewal_on_the_first_business_day_may_come_before_the_anniversary() -> None:
    book = Book()
    book.bill(tables(registered(EA, 10_000_000)))
    renewed = tables(
        registered(EA, 10_000_000),
        agreements=[agreement("2018-04-02", "2019-03-31"), agreement("2019-04-01")],
    )
    assert book.bill(renewed, date(2019, 4, 1))["year_from"].to_list() == [date(2019, 4, 1)]


def test_an_open_change_of_the_agreement_keeps_its_years() -> None:
    changed = [agreement("2018-04-02"), agreement("2018-10-01") | {"additional_cost": "1"}]
    book = Book()
    book.bill(tables(registered(EA, 10_000_000)))
    reference = tables(registered(EA, 10_000_000), agreements=changed)
    assert book.bill(reference).is_empty()
    assert book.owed(reference) == []


# -- recomputing ----------------------------------------------------------------------------------------------


@pytest.fixture
def billed() -> tuple[pl.DataFrame, Reference]:
    rows = (registered(EA, 10_000_000), registered(EA, 20_000_000, "2018-07-01"), registered(EF, 5_000_000))
    reference = tables(*rows)
    return Book().bill(reference), reference


def test_rows_recompute_to_themselves(billed: tuple[pl.DataFrame, Reference]) -> None:
    rows, reference = billed
    assert rows.height == 3
    again = recomputed(rows, reference)
    assert again.schema == rows.schema
    assert again.equals(rows)


@pytest.mark.parametrize("column", RECOMPUTED)
def test_a_changed_value_shows_when_recomputed(billed: tuple[pl.DataFrame, Reference], column: str) -> None:
    rows, reference = billed
    wrong = pl.lit("A") if rows.schema[column] == pl.String else pl.col(column) + 1
    forged = rows.with_columns(wrong.cast(rows.schema[column]).alias(column))
    assert recomputed(forged, reference).equals(rows)
