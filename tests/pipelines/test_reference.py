"""Reference tables: one way of writing each value, every problem told at once, the right row on each day."""

from datetime import date

import polars as pl
import pytest

from pipelines.reference import (
    Reference,
    ReferenceProblems,
    builtin_tables,
    canonical_tables,
    unusable_values,
)
from schemas.reference import TABLES, builtin_rows
from tests import kit
from tests.kit import ENTERPRISE, NOTICE, Row, World, assess_rows, enterprise_row


def problems(rows: dict[str, list[Row]]) -> list[str]:
    with pytest.raises(ReferenceProblems) as caught:
        kit.canonical(rows)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def text_of(name: str, row: Row) -> Row:
    """One row as it is kept."""
    kept: Row = kit.canonical({name: [row]})[name].row(0, named=True)
    return kept


AGREEMENT = {
    "agreement_code": kit.AGREEMENT,
    "valid_from": "2018-04-01",
    "holder": kit.HOLDER,
    "product": "enterprise",
}


# ---------------------------------------------------------------------------------------------- one way of writing


@pytest.mark.parametrize(
    ("name", "column", "written", "kept"),
    [
        ("agreements", "valid_from", "20180401", "2018-04-01"),
        ("agreements", "valid_from", "2018/4/1", "2018-04-01"),
        ("agreements", "valid_from", "２０１８０４０１", "2018-04-01"),
        ("agreements", "valid_to", "", ""),
        ("agreements", "floor_yen", "1,000,000", "1000000"),
        ("agreements", "floor_yen", "0007", "7"),
        ("agreements", "floor_yen", " ", "0"),
        ("agreements", "full_political_cover", "", "0"),
        ("agreements", "discount_factor", "", "1"),
        ("agreements", "discount_factor", "100/97.5", "100/97.5"),
        ("agreements", "holder", " 123456789 ", "123456789"),
        ("agreements", "subsidiary_excluded_categories", "ＡＢ", "AB"),
        ("exchange_rates", "yen_per_unit", "112.340000", "112.34"),
        ("exchange_rates", "yen_per_unit", "0112", "112"),
        ("exchange_rates", "yen_per_unit", "1,234.5", "1234.5"),
        ("exchange_rates", "yen_per_unit", "0.000001", "0.000001"),
        ("rates", "component", "b", "B"),
        ("rates", "country_category", "", "*"),
        ("rates", "buyer_rating", "", "*"),
        ("rates", "a", "0.000979", "0.000979"),
        ("rates", "b", "0", "0"),
        ("policyholders", "name", "髙橋貿易㈱①", "髙橋貿易㈱①"),
    ],
)
def test_each_value_has_one_way_of_writing(name: str, column: str, written: str, kept: str) -> None:
    assert text_of(name, SAMPLES[name] | {column: written})[column] == kept


SAMPLES: dict[str, Row] = {
    "agreements": AGREEMENT,
    "exchange_rates": {"currency": "USD", "valid_from": "2018-01-01", "yen_per_unit": "1"},
    "rates": {"product": "enterprise", "component": "A", "valid_from": "2018-01-01", "a": "0", "b": "0"},
    "policyholders": {"holder": kit.HOLDER},
    "factors": {
        "product": "enterprise",
        "factor": "full_political",
        "component": "B",
        "valid_from": "2018-01-01",
        "value": "1",
    },
    "country_categories": {"country": "105", "valid_from": "2018-01-01", "category": "C"},
    "holidays": {"date": "2018-01-01"},
    "settlement_methods": {"code": "10", "valid_from": "2018-01-01", "day_rule": "usance", "notice_rule": "other"},
    "notice_limits": {"notice_rule": "other", "valid_from": "2018-01-01", "base": "due_date", "months": "0", "add_usance": "0"},
    "cover": {"product": "enterprise", "rating_class": "EA", "component": "A", "valid_from": "2018-01-01", "condition": "covered"},
}  # fmt: skip


def test_what_is_canonical_stays_as_it_is() -> None:
    once = kit.canonical(kit.world())
    assert {name: frame.rows() for name, frame in canonical_tables(once).items()} == {
        name: frame.rows() for name, frame in once.items()
    }


def test_optional_columns_may_be_missing_and_a_byte_order_mark_does_no_harm() -> None:
    frame = pl.DataFrame({"\ufeffholder": ["1"], " name ": ["x"]})
    assert canonical_tables({"policyholders": frame})["policyholders"].row(0) == ("1", "x", "0", "0", "", "")


# ---------------------------------------------------------------------------------------------- problems


@pytest.mark.parametrize(
    ("name", "column", "written", "says"),
    [
        ("agreements", "valid_from", "2018-02-30", "日付(YYYYMMDD、YYYY-MM-DD、YYYY/MM/DD)ではありません"),
        ("agreements", "floor_yen", "1.5", "整数(円)ではありません"),
        ("agreements", "floor_yen", "-1", "整数(円)ではありません"),
        ("agreements", "floor_yen", "١٠", "整数(円)ではありません"),
        ("agreements", "product", "繊維", "enterprise、equipment、consumer-goods、simplified-noticeではありません"),
        ("agreements", "fully_brokered", "yes", "0または1ではありません"),
        ("agreements", "discount_factor", "70%", "小数または分数(例 0.9、100/97.5)ではありません"),
        ("agreements", "discount_factor", "٠", "小数または分数"),
        ("agreements", "subsidiary_excluded_categories", "A-B", "英大文字A~Hの並びではありません"),
        ("agreements", "holder", "１２３ ４５６", "半角の英数字ではありません"),
        ("exchange_rates", "yen_per_unit", "1.1234567", "小数6桁以内の数ではありません"),
        ("exchange_rates", "yen_per_unit", "12345678901234", "小数6桁以内の数ではありません"),
        ("exchange_rates", "yen_per_unit", "９９９９９９９９９９９９９.９", "小数6桁以内の数ではありません"),
        ("rates", "component", "E", "A、B、C、D、Pのいずれかではありません"),
        ("rates", "country_category", "I", "使えません。使える値: A、B"),
        ("factors", "factor", "fully_political", "使えません。使える値: full_political、currency_rider、additional_cost"),
        ("factors", "value", "1/2/3", "小数または分数"),
        ("country_categories", "category", "AB", "使えません。使える値: A、B"),
        ("holidays", "date", "元日", "日付"),
        ("settlement_methods", "day_rule", "someday", "使えません。使える値: fixed_30"),
        ("notice_limits", "base", "today", "使えません。使える値: last_shipment_date"),
        ("cover", "condition", "perhaps", "使えません。使える値: covered"),
    ],
)  # fmt: skip
def test_a_bad_value_is_told_with_table_line_column_and_remedy(
    name: str, column: str, written: str, says: str
) -> None:
    [told] = problems({name: [SAMPLES[name] | {column: written}]})
    assert told.startswith(f"{name}.csv 2行目: {column} の値「")
    assert says in told


def test_all_problems_of_all_tables_are_told_at_once() -> None:
    told = problems(
        {
            "agreements": [AGREEMENT | {"valid_from": "x"}, AGREEMENT | {"holder": ""}],
            "rates": [SAMPLES["rates"], SAMPLES["rates"]],
            "policyholders": [{"holder": "1", "colour": "red"}],
        }
    )
    assert [line.split(":")[0] for line in told] == [
        "agreements.csv 2行目",
        "agreements.csv 3行目",
        "rates.csv",
        "policyholders.csv",
    ]
    assert told[1] == "agreements.csv 3行目: holder が空です。"
    assert told[2] == "rates.csv: キー enterprise、A、*、*、2018-01-01 が2行以上あります。1行にしてください。"
    assert told[3] == "policyholders.csv: 知らない列 colour があります。列名を確かめてください。"


def test_an_unknown_table_and_missing_columns_are_told() -> None:
    with pytest.raises(ReferenceProblems) as caught:
        canonical_tables(
            {"prices": pl.DataFrame({"a": ["1"]}), "rates": pl.DataFrame({"product": ["enterprise"]})}
        )
    assert caught.value.problems[0].startswith(
        "prices.csv: 参照表の名前ではありません。使える名前: agreements、"
    )
    assert caught.value.problems[1:] == [
        "rates.csv: 列 component、valid_from、a、b がありません。見出し行を確かめてください。"
    ]


def test_the_same_key_written_in_two_ways_is_the_same_key() -> None:
    told = problems({"exchange_rates": [SAMPLES["exchange_rates"], {"currency": "USD", "valid_from": "20180101", "yen_per_unit": "2"}]})  # fmt: skip
    assert told == ["exchange_rates.csv: キー USD、2018-01-01 が2行以上あります。1行にしてください。"]


# ---------------------------------------------------------------------------------------------- unusable values


def unusable(name: str, *rows: Row) -> list[str]:
    return unusable_values(kit.canonical({name: list(rows)}))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"discount_factor": "0.69"}, "割引は30%までです", marks=pytest.mark.req("E-072")),
        ({"discount_factor": "69/100"}, "割引は30%までです"),
        ({"discount_factor": "0"}, "割引は30%までです"),
        ({"discount_factor": "1/0"}, "分母が0です"),
        ({"valid_to": "2018-03-31"}, "valid_to が valid_from より前です"),
        ({"valid_to": "2019-04-01"}, "期間は1年以内です"),
        pytest.param({"floor_yen": "10000001"}, "裾切金額は0~10,000,000円", marks=pytest.mark.req("E-007")),
        *[
            pytest.param({"subsidiary_excluded_categories": letters}, f"付保除外「{letters}」は使えません", marks=pytest.mark.req("E-026", "E-028"))
            for letters in ("AD", "B", "BA", "AA", "ACB", "H")
        ],
    ],
)  # fmt: skip
def test_agreements_that_could_not_be_in_force_are_told(changes: Row, says: str) -> None:
    told = unusable("agreements", AGREEMENT | changes)
    assert len(told) == 1
    assert says in told[0]
    assert told[0].startswith("agreements.csv: ")


@pytest.mark.req("E-007", "E-026", "E-027", "E-072")
@pytest.mark.parametrize(
    "changes",
    [
        {"discount_factor": "0.7"},
        {"discount_factor": "7/10"},
        {"discount_factor": "1.5"},
        {"valid_to": "2019-03-31"},
        {"valid_to": "2018-04-01"},
        {"valid_to": ""},
        {"floor_yen": "10000000"},
        {"floor_yen": "0"},
        {"subsidiary_excluded_categories": "A"},
        {"subsidiary_excluded_categories": "AB"},
        {"subsidiary_excluded_categories": "ABCDEFGH"},
        {"product": "simplified-notice", "valid_to": "2030-01-01", "floor_yen": "99000000"},
    ],
)
def test_their_neighbours_load(changes: Row) -> None:
    assert unusable("agreements", AGREEMENT | changes) == []


def test_periods_of_a_code_do_not_overlap() -> None:
    first = AGREEMENT | {"valid_to": "2018-09-30"}
    other_code = AGREEMENT | {"agreement_code": "1"}
    assert unusable("agreements", AGREEMENT | {"valid_from": "2018-10-01"}, other_code, first) == []
    told = unusable("agreements", AGREEMENT | {"valid_from": "2018-09-30"}, other_code, first)
    assert told == [
        f"agreements.csv: 特約コード {kit.AGREEMENT} の期間が重なっています。valid_to を確かめてください。"
    ]


def test_rates_and_factors_that_could_not_be_right_are_told() -> None:
    assert unusable("rates", SAMPLES["rates"] | {"a": "100", "b": "100.000000"}) == []
    for column in "ab":
        assert unusable("rates", SAMPLES["rates"] | {column: "100.000001"}) == [
            "rates.csv: enterprise A(国カテゴリー *、格付 *)の a、b は100以下(%)です。"
        ]
    assert unusable("factors", SAMPLES["factors"] | {"value": "1/0"}) == [
        "factors.csv: value の分母が0です。"
    ]
    fine = [SAMPLES["factors"] | {"factor": name, "value": "1.000001/0.999999"} for name in ("full_political", "currency_rider", "additional_cost")]  # fmt: skip
    assert unusable("factors", *fine) == []
    finer = [row | {"value": "123456.000001/99999.999999"} for row in fine]
    assert unusable("factors", *finer) == [
        "factors.csv: enterprise B の係数と割引を全て掛けると桁数が多すぎます。小数の桁を減らしてください。"
    ]


def test_the_tables_that_everybody_starts_with_are_in_order() -> None:
    builtin = builtin_tables()
    assert set(builtin) == {name for name, table in TABLES.items() if table.builtin}
    assert unusable_values(builtin) == []
    assert unusable_values(kit.default_reference().text) == []


# ---------------------------------------------------------------------------------------------- the row of a day


def reference(**tables: list[Row]) -> Reference:
    return kit.reference_of(tables)


def rate_b(rows: list[Row], accepted: date = kit.ACCEPTED, **changes: str) -> int | None:
    """The rate of B for the default line when only these rows rate B; ``b`` in thousandths tells which row."""
    world = kit.world()
    world["rates"] = [row for row in world["rates"] if row["component"] != "B"] + [
        {"product": "enterprise", "component": "B", "a": "0", **row} for row in rows
    ]
    row = enterprise_row(last_shipment_date="20190101", **changes)
    rate: int | None = assess_rows([row], reference=kit.reference_of(world), accepted=accepted).lines[
        "rate_b"
    ][0]
    return rate


def of(category: str, rating: str, valid_from: str, milli: int) -> Row:
    return {
        "country_category": category,
        "buyer_rating": rating,
        "valid_from": valid_from,
        "b": f"0.{milli:03d}",
    }


@pytest.mark.req("E-002", "E-074")
def test_the_latest_row_counts_then_the_specific_then_category_before_rating() -> None:
    old, new, future = "2018-01-01", "2018-11-06", "2018-11-07"
    everything = [
        of("*", "*", old, 1),
        of("C", "EA", old, 2),
        of("*", "*", new, 3),
        of("*", "EA", new, 4),
        of("C", "*", new, 5),
        of("C", "EA", new, 6),
        of("C", "EA", future, 7),
        of("D", "EA", new, 8),
        of("C", "EF", new, 9),
    ]
    assert rate_b(everything) == 6
    assert rate_b([row for row in everything if row["b"] != "0.006"]) == 5
    assert rate_b([row for row in everything if row["b"] not in ("0.006", "0.005")]) == 4
    # The newest row for all supersedes an older one that is specific.
    assert rate_b([row for row in everything if row["b"] not in ("0.006", "0.005", "0.004")]) == 3
    assert rate_b(everything, accepted=date(2018, 11, 5)) == 2
    assert rate_b(everything, accepted=date(2018, 11, 7)) == 7
    assert rate_b(everything[:1], payer_country="111") == 1


def test_no_row_before_its_first_day_and_none_for_others() -> None:
    assert rate_b([of("C", "EA", "2018-11-07", 1)]) is None
    assert rate_b([of("D", "*", "2018-01-01", 1), of("*", "EF", "2018-01-01", 2)]) is None


def test_r_in_the_rate_table_stands_for_all_remarks() -> None:
    rows = [of("*", "*", "2018-01-01", 1), of("*", "R", "2018-01-01", 2)]
    for rating, expected in (("R", 2), ("GR", 2), ("ER", 2), ("SR", 2), ("EA", 1)):
        assert rate_b(rows, payer_code=kit.buyer(rating)) == expected


def in_force(reference: Reference, name: str, *days: str) -> list[tuple[object, ...]]:
    series = pl.Series([date.fromisoformat(day) for day in days], dtype=pl.Date)
    return reference.in_force(name, series).sort("on").rows()


def test_an_agreement_whose_end_is_past_is_not_in_force_and_no_older_one_comes_back() -> None:
    open_ended = AGREEMENT | {"product": "simplified-notice", "valid_from": "2018-01-01"}
    short = open_ended | {"valid_from": "2018-11-01", "valid_to": "2018-11-05"}
    tables = reference(agreements=[open_ended, short])
    first = [
        row[1]
        for row in in_force(tables, "agreements", "2018-10-31", "2018-11-01", "2018-11-05", "2018-11-06")
    ]
    assert first == [date(2018, 1, 1), date(2018, 11, 1), date(2018, 11, 1)]


def test_rows_are_looked_up_for_each_day_and_keep_their_order() -> None:
    tables = reference(
        exchange_rates=[
            {"currency": "USD", "valid_from": day, "yen_per_unit": rate}
            for day, rate in (("2018-10-01", "110"), ("2018-11-01", "113"), ("2018-12-01", "115"))
        ]
    )
    days = ["2018-11-30", "2018-09-30", "2018-12-01", "2018-10-01", "2018-10-31", None]
    frame = pl.DataFrame({"currency": ["USD"] * 6, "day": days}).with_columns(pl.col("day").str.to_date())
    found = tables.look_up(frame, "exchange_rates", {"currency": "currency"}, "day", {"rate": "yen_per_unit"})
    assert found["rate"].to_list() == [113_000_000, None, 115_000_000, 110_000_000, 110_000_000, None]
    assert found["day"].to_list() == frame["day"].to_list()
    empty = tables.look_up(
        frame.clear(), "exchange_rates", {"currency": "currency"}, "day", {"rate": "yen_per_unit"}
    )
    assert empty.columns == ["currency", "day", "rate"]


def test_a_supposed_world_differs_in_what_was_replaced_and_changes_nothing() -> None:
    tables = kit.reference_of(kit.world())
    before = {name: tables.table(name) for name in TABLES}
    supposed = tables.replaced({"buyers": tables.text["buyers"].head(1)})
    assert supposed.table("buyers").height == 1
    assert all(supposed.table(name) is before[name] for name in TABLES if name != "buyers")
    assert supposed.load_no == tables.load_no
    assert tables.table("buyers") is before["buyers"]
    assert before["buyers"].height > 1


def test_a_table_that_was_never_loaded_is_empty_with_its_types() -> None:
    frame = Reference.of({}).table("agreements")
    assert frame.is_empty()
    assert frame.schema["floor_yen"] == pl.Int64
    assert frame.schema["discount_factor_num"] == pl.Int64
    assert Reference.of({}).calendar_years == (9999, 0)
    assert Reference.of({}).holidays == frozenset()


def test_fractions_flags_and_amounts_are_typed_exactly() -> None:
    tables = reference(
        agreements=[AGREEMENT | {"discount_factor": "100/97.5", "floor_yen": "9999999999999", "additional_cost": "1"}],
        exchange_rates=[{"currency": "BTC", "valid_from": "2018-01-01", "yen_per_unit": "9999999.999999"}],
    )  # fmt: skip
    row = tables.table("agreements").row(0, named=True)
    assert (row["discount_factor_num"], row["discount_factor_den"]) == (100_000_000, 97_500_000)
    assert (row["floor_yen"], row["additional_cost"], row["fully_brokered"]) == (
        9_999_999_999_999,
        True,
        False,
    )
    btc = tables.table("exchange_rates").filter(currency="BTC")
    assert btc["yen_per_unit"].to_list() == [9_999_999_999_999]


def test_holidays_of_the_operator_are_added_to_those_of_the_law() -> None:
    plain, more = reference(), reference(holidays=[{"date": "2018-11-07", "name": "創立記念日"}])
    assert date(2018, 11, 3) in plain.holidays
    assert more.holidays - plain.holidays == {date(2018, 11, 7)}
    years = [int(row["date"][:4]) for row in builtin_rows("law_holidays")]
    assert plain.calendar_years == more.calendar_years == (min(years), max(years))


def test_code_lists_go_by_date_too() -> None:
    tables = reference(contract_forms=[{"code": "12", "valid_from": "2018-11-07", "name": "新"}])
    assert tables.codes("contract_forms", date(2018, 11, 6)) == {"11", "15"}
    assert tables.codes("contract_forms", date(2018, 11, 7)) == {"11", "12", "15"}


def test_a_replaced_builtin_row_counts_from_its_date() -> None:
    """The day rule of method 41 may change; what was accepted before keeps the old one."""
    world: World = kit.world() | {
        "settlement_methods": [
            {
                "code": "41",
                "valid_from": "2018-11-07",
                "day_rule": "usance_plus_30",
                "needs": "usance_days",
                "notice_rule": "shipment_usance",
            }
        ]
    }
    tables = kit.reference_of(world)
    row = enterprise_row(last_shipment_date="20190101")
    assert assess_rows([row], ENTERPRISE, tables).lines["days_post"].to_list() == [60]
    later = assess_rows([row], ENTERPRISE, tables, accepted=date(2018, 11, 7))
    assert later.lines["days_post"].to_list() == [90]


def test_loading_more_never_changes_what_an_older_load_priced() -> None:
    """A reference is what it was at its load: the same tables give the same premium for ever."""
    before = kit.reference_of(kit.world(), load_no=1)
    old = assess_rows([enterprise_row()], reference=before)
    world = kit.world()
    world["rates"] = [row | {"b": "1"} for row in world["rates"]]
    new = assess_rows([enterprise_row()], reference=kit.reference_of(world, load_no=2))
    again = assess_rows([enterprise_row()], reference=before)
    assert (old.reference_load, new.reference_load) == (1, 2)
    assert old.premium_total == again.premium_total == 18_400 < new.premium_total
    assert kit.premiums(assess_rows([kit.notice_row()], NOTICE, before))[0][4] == 15_900
