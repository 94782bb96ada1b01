"""What may follow on what in the reference tables: agreements, limits, discounts."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
import pytest

from daicho.references import calendar_of
from pipelines.reference import Reference, builtin_tables, canonical_tables, unusable_values
from pipelines.reference_rules import Load, cautions, refusals
from sensors.calendar import BusinessCalendar
from tests import kit
from tests.kit import ENTERPRISE, NOTICE, NOTICE_AGREEMENT, Row
from tests.sample_ledgers.reference_set import text_tables

CODE, BUYER = "333333301", kit.buyer("EA")
Tables = Mapping[str, Sequence[Row]]


def calendar() -> BusinessCalendar:
    return calendar_of(kit.default_reference())


def load(offered: Tables, stored: Tables | None = None) -> Load:
    return Load(kit.canonical(offered), {**builtin_tables(), **kit.canonical(stored or {})})


def refused(offered: Tables, stored: Tables | None = None) -> list[str]:
    return refusals(load(offered, stored), calendar())


def period(valid_from: str, valid_to: str = "", code: str = CODE, **more: str) -> Row:
    return {
        "agreement_code": code,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "holder": kit.HOLDER,
        "product": str(ENTERPRISE),
        **more,
    }


def notice_period(valid_from: str, valid_to: str = "", **more: str) -> Row:
    return period(valid_from, valid_to, product=str(NOTICE), **more)


def limit(valid_from: str, limit_yen: str = "", agreement: str = CODE, **more: str) -> Row:
    return {
        "agreement_code": agreement,
        "buyer_code": BUYER,
        "valid_from": valid_from,
        "limit_yen": limit_yen,
        **more,
    }


# ---------------------------------------------------------------------------------------------- agreements


@pytest.mark.req("E-001")
def test_an_enterprise_agreement_begins_on_the_first_of_a_month_and_lasts_a_year_at_most() -> None:
    good, late = period("2018-04-01", "2019-03-31"), period("2018-04-02", "2019-04-01", code="333333302")
    assert refused({"agreements": [good, late]}) == [
        (
            "agreements.csv 3行目: 特約コード 333333302: 企業総合保険の特約は月の1日に始まります(valid_from 2018-04-02)。"
            "1日の日付にしてください。"
        )
    ]
    [told] = unusable_values(kit.canonical({"agreements": [period("2018-04-01", "2019-04-01")]}))
    assert "期間は1年以内です" in told


@pytest.mark.req("E-001")
def test_an_enterprise_agreement_without_an_end_is_told_and_renewed_every_year() -> None:
    rows = {"agreements": [period("2018-04-01", "2019-03-31"), period("2018-05-01", code="333333302")]}
    assert refused(rows) == []
    [told] = cautions(load(rows), kit.ACCEPTED)
    assert told.startswith(
        "agreements.csv 3行目: 特約コード 333333302(2018-05-01~)に valid_to がありません。"
    )


@pytest.mark.req("E-115")
@pytest.mark.parametrize(
    ("begin", "opening"),
    [
        ("2018-04-01", "2018-04-02"),  # a Sunday
        ("2018-04-03", "2018-04-02"),
        ("2018-10-02", "2018-10-01"),
        ("2019-01-02", "2019-01-04"),
        ("2019-05-01", "2019-05-07"),  # ten days of holidays
    ],
)
def test_a_notice_agreement_begins_on_the_first_business_day_of_a_month(begin: str, opening: str) -> None:
    [told] = refused({"agreements": [notice_period(begin)]})
    assert told == (
        f"agreements.csv 2行目: 特約コード {CODE}: 簡易通知型包括保険は月の最初の営業日に締結します(valid_from {begin})。"
        f"{opening} にしてください。"
    )
    assert refused({"agreements": [notice_period(opening)]}) == []


@pytest.mark.req("E-115")
def test_a_renewal_is_any_day_and_years_without_a_calendar_are_not_judged() -> None:
    first = notice_period("2018-04-02", "2019-04-01")
    assert refused({"agreements": [first, notice_period("2019-04-02")]}) == []
    assert refused({"agreements": [notice_period("2019-04-02")]}, {"agreements": [first]}) == []
    assert refused({"agreements": [notice_period("2005-04-10")]}) == []
    own = {"date": "2018-10-01", "name": "創立記念日"}
    offered = load({"agreements": [notice_period("2018-10-01")], "holidays": [own]})
    [told] = refusals(offered, calendar_of(Reference.of(offered.after)))
    assert "2018-10-02 にしてください" in told


def test_products_without_such_a_rule_begin_on_any_day() -> None:
    for product in ("equipment", "consumer-goods"):
        assert refused({"agreements": [period("2018-04-03", product=product)]}) == []


@pytest.mark.req("E-001", "E-115")
def test_a_renewal_begins_the_day_after_the_period_before() -> None:
    year, late = period("2018-04-01", "2019-03-31"), period("2019-05-01", "2020-04-30")
    says = (
        f"特約コード {CODE}: 期間 2019-05-01~ の前に空白があります(前の期間は 2019-03-31 まで)。valid_from を 2019-04-01 にするか、"
        "間の期間の行を加えてください。いったん終わった特約には新しい特約コードを使ってください。"
    )
    assert refused({"agreements": [late, year]}) == [f"agreements.csv 2行目: {says}"]
    assert refused({"agreements": [late]}, {"agreements": [year]}) == [f"agreements.csv 2行目: {says}"]
    assert refused({"agreements": [year]}, {"agreements": [late]}) == [f"agreements.csv 2行目: {says}"]
    between = period("2019-04-01", "2019-04-30")
    assert refused({"agreements": [late, between]}, {"agreements": [year]}) == []
    assert refused({"agreements": [period("2019-04-01", "2020-03-31")]}, {"agreements": [year]}) == []
    assert refused({"agreements": [late]}, {"agreements": [period("2018-04-01")]}) == []


def test_what_stands_already_is_not_judged_again() -> None:
    stands = {
        "agreements": [
            period("2018-04-02", "2019-04-01"),
            period("2019-06-01", "2020-05-31", discount_factor="0.7"),
        ],
        "buyer_registrations": [limit("2018-04-02", "1"), limit("2018-04-03", "2"), limit("2018-04-04", "3")],
    }
    assert refused(stands, stands) == []
    assert refused({"agreements": [period("2020-06-01", "2021-05-31")]}, stands) == []
    assert refused({"buyer_registrations": [limit("2018-12-01", "1")]}, stands) == []


@pytest.mark.req("E-071")
@pytest.mark.parametrize(
    ("earlier", "allowed"),
    [
        ([], False),
        ([period("2016-04-01", "2017-03-31"), period("2017-04-01", "2018-03-31")], True),
        ([period("2017-04-01", "2018-03-31")], False),
        ([period("2016-05-01", "2017-04-30"), period("2017-05-01", "2018-03-31")], False),
        ([period("2016-04-01", "2017-03-31"), period("2017-05-01", "2018-03-31", code="333333302")], False),
        (
            [
                period("2016-04-01", "2017-03-31", code="333333302"),
                period("2017-04-01", "2018-03-31", code="333333303"),
            ],
            True,
        ),
        ([period("2015-04-01", code="333333302")], True),
        (
            [
                period("2015-04-01", code="333333302"),
                period("2017-01-01", "2017-12-31", code="333333302"),
            ],
            False,
        ),
        (
            [
                period("2016-04-01", "2017-03-31", holder=kit.MEMBER),
                period("2017-04-01", "2018-03-31", holder=kit.MEMBER),
            ],
            False,
        ),
        ([notice_period("2015-04-01", code="333333302")], False),
    ],
)
@pytest.mark.parametrize("factor", ["0.9", "1.1"])
def test_a_discount_takes_two_years_of_the_same_product_without_a_gap(
    earlier: list[Row], allowed: bool, factor: str
) -> None:
    row = period("2018-04-01", "2019-03-31", code="333333304", discount_factor=factor)
    told = refused({"agreements": [row]}, {"agreements": earlier})
    if allowed:
        assert told == []
    else:
        assert told == [
            (
                "agreements.csv 2行目: 特約コード 333333304: 割引・割増(discount_factor)は、同じ保険種を2年以上続けて利用している"
                "保険利用者だけのものです(2016-04-01~2018-03-31 に切れ目なく有効な特約がありません)。"
                "1にするか、過去の特約期間の行も読み込んでください。"
            )
        ]
    for plain in ("1", "", "2/2"):
        free = {"agreements": [row | {"discount_factor": plain}]}
        assert refused(free, {"agreements": earlier}) == []


@pytest.mark.req("E-073")
def test_no_discount_and_no_surcharge_until_one_is_configured() -> None:
    row = period("2018-04-01", "2019-03-31")
    agreement = kit.reference_of({"agreements": [row]}).table("agreements").row(0, named=True)
    assert (agreement["discount_factor_num"], agreement["discount_factor_den"]) == (1_000_000, 1_000_000)
    [told] = unusable_values(kit.canonical({"agreements": [row | {"discount_factor": "0.699999"}]}))
    assert "割引は30%までです" in told
    assert unusable_values(kit.canonical({"agreements": [row | {"discount_factor": "0.7"}]})) == []


@pytest.mark.req("E-119")
def test_small_buyers_may_be_left_out_up_to_a_hundred_million_yen_a_year() -> None:
    def told(**more: str) -> list[str]:
        return refused({"agreements": [notice_period("2018-04-02", **more)]})

    for turnover in ("", "0", "100000000", "100,000,000"):
        assert told(small_buyer_turnover_yen=turnover) == []
    assert told(small_buyer_turnover_yen="100000001") == [
        (
            f"agreements.csv 2行目: 特約コード {CODE}: 少額取引バイヤーの除外(small_buyer_turnover_yen 100,000,001円)は、"
            "年間取引額100,000,000円以下で設定してください。"
        )
    ]
    [other] = refused({"agreements": [period("2018-04-01", "2019-03-31", small_buyer_turnover_yen="1")]})
    assert "簡易通知型包括保険だけのオプション" in other


# ---------------------------------------------------------------------------------------------- limits

AGREEMENTS = {
    CODE: [period("2018-04-01", "2019-03-31"), period("2019-04-01", "2020-03-31")],
    NOTICE_AGREEMENT: [notice_period("2018-04-02", code=NOTICE_AGREEMENT)],
}


def settings_refused(*rows: Row, stored: Sequence[Row] = ()) -> list[str]:
    agreements = [row for rows_ in AGREEMENTS.values() for row in rows_]
    return refused({"buyer_registrations": rows}, {"agreements": agreements, "buyer_registrations": stored})


BOTH = pytest.mark.parametrize("agreement", [CODE, NOTICE_AGREEMENT])
COLUMNS = pytest.mark.parametrize("column", ["limit_yen", "pre_limit_yen"])


@pytest.mark.req("E-055", "E-056", "E-132")
@BOTH
@COLUMNS
def test_a_limit_may_be_raised_when_three_months_have_passed(agreement: str, column: str) -> None:
    def at(day: str, yen: str) -> Row:
        return limit(day, agreement=agreement) | {column: yen}

    name = "支払限度額" if column == "limit_yen" else "船積前の支払限度額"
    first = at("2018-05-01", "100")
    early, in_time = at("2018-08-01", "101"), at("2018-08-02", "101")
    says = (
        f"buyer_registrations.csv 2行目: 特約 {agreement} のバイヤー {BUYER} の{name}の増額(2018-08-01)は、"
        "前回の設定日 2018-05-01 から3か月たつまでできません。valid_from を 2018-08-01 より後にしてください。"
    )
    assert settings_refused(early, stored=[first]) == [says]
    assert settings_refused(early, first) == [says]
    assert settings_refused(first, early) == [says.replace("2行目", "3行目")]
    assert settings_refused(first, stored=[early]) == [says]
    assert settings_refused(in_time, stored=[first]) == []
    assert settings_refused(at("2018-08-01", "100"), stored=[first]) == []
    assert settings_refused(at("2018-08-01", "99"), stored=[first]) == []
    assert settings_refused(first) == []
    assert settings_refused(at("2018-06-01", "100"), stored=[at("2018-05-01", "")]) == []


@pytest.mark.req("E-055", "E-057", "E-132")
@BOTH
@COLUMNS
def test_a_second_raise_in_the_same_insurance_year_is_refused(agreement: str, column: str) -> None:
    def at(day: str, yen: str) -> Row:
        return limit(day, agreement=agreement) | {column: yen}

    start = "2018-04-01" if agreement == CODE else "2018-04-02"
    end = "2019-03-31" if agreement == CODE else "2019-04-01"
    before = [at("2018-04-01", "100"), at("2018-08-01", "200")]
    [told] = settings_refused(at("2019-03-01", "201"), stored=before)
    assert told.endswith(
        f"の増額(2019-03-01)は保険年度({start}~{end})中1回に限ります(2018-08-01 に増額済み)。"
        "次の保険年度の初日からの設定にしてください。"
    )
    assert "2行目" in told
    assert settings_refused(at("2018-12-01", "150"), stored=before) == []
    assert len(settings_refused(at("2018-12-01", "150"), at("2019-03-15", "151"), stored=before)) == 1
    # The next year is free; its first day sets that year's limit, however short ago the last setting was.
    next_year = date.fromordinal(date.fromisoformat(end).toordinal() + 1).isoformat()
    assert settings_refused(at(next_year, "300"), stored=before) == []
    assert settings_refused(at("2019-06-01", "300"), stored=before) == []
    both = [*before, at(next_year, "300")]
    [early] = settings_refused(at("2019-06-01", "301"), stored=both)
    assert f"前回の設定日 {next_year} から3か月" in early
    assert settings_refused(at("2019-07-03", "301"), stored=both) == []


@pytest.mark.req("E-056")
def test_three_months_after_the_end_of_a_long_month_are_the_last_day_of_a_short_one() -> None:
    first = limit("2018-11-30", "1")
    assert len(settings_refused(limit("2019-02-28", "2"), stored=[first])) == 1
    assert settings_refused(limit("2019-03-01", "2"), stored=[first]) == []


@pytest.mark.req("E-055", "E-132")
def test_each_limit_has_its_own_count_and_its_own_last_setting() -> None:
    first = limit("2018-04-01", "100", pre_limit_yen="10")
    raised = limit("2018-08-01", "200", pre_limit_yen="10")
    assert settings_refused(raised, stored=[first]) == []
    other = limit("2018-08-02", "200", pre_limit_yen="20")
    assert settings_refused(other, stored=[first, raised]) == [], "the repeated limit was not set again"
    assert len(settings_refused(limit("2018-12-01", "201", pre_limit_yen="20"), stored=[first, raised, other])) == 1  # fmt: skip


def test_taking_a_limit_away_between_two_settings_does_not_help() -> None:
    first, none = limit("2018-04-01", "100"), limit("2018-05-01")
    assert len(settings_refused(limit("2018-06-01", "101"), stored=[first, none])) == 1
    assert settings_refused(limit("2018-06-01", "100"), stored=[first, none]) == []


def test_other_buyers_and_days_before_the_agreement_do_not_count() -> None:
    other = limit("2018-04-02", "100") | {"buyer_code": kit.buyer("EF")}
    assert settings_refused(limit("2018-05-01", "200"), stored=[other]) == []
    assert settings_refused(limit("2018-03-15", "200"), stored=[limit("2018-03-01", "100")]) == []
    assert settings_refused(limit("2018-05-01", "2", "999999999"), stored=[limit("2018-04-20", "1", "999999999")]) == []  # fmt: skip


# ---------------------------------------------------------------------------------------------- before shipment


@pytest.mark.req("E-133")
def test_with_the_option_before_shipment_a_limit_of_its_own_is_asked_for() -> None:
    agreements = [
        notice_period("2018-04-02", pre_shipment_cover="1"),
        notice_period("2018-04-02", code=NOTICE_AGREEMENT),
        period("2018-04-01", "2019-03-31", code=kit.AGREEMENT, pre_shipment_cover="1"),
    ]
    stored: dict[str, list[Row]] = {"agreements": agreements, "buyers": kit.world()["buyers"]}

    def told(*rows: Row, after: dict[str, list[Row]] = stored) -> list[str]:
        return cautions(load({"buyer_registrations": rows}, after), kit.ACCEPTED)

    def of(rating: str, agreement: str = CODE, **more: str) -> Row:
        return limit("2018-04-02", "100", agreement, **more) | {"buyer_code": kit.buyer(rating)}

    [sentence] = told(of("EA"), of("EF"), of("EE", pre_limit_yen="1"), of("GA"), of("EC"))
    assert sentence == (
        f"buyer_registrations.csv: 特約 {CODE} は船積前危険てん補オプション付きですが、船積前の支払限度額(pre_limit_yen)のない"
        f"バイヤーが2件あります(例 {kit.buyer('EA')})。設定してください。"
    )
    assert told(of("EA", NOTICE_AGREEMENT), of("EA", kit.AGREEMENT), of("EE", excluded="1")) == []
    # In whatever order the tables come.
    rows = {"buyers": stored["buyers"], "buyer_registrations": [of("EA")]}
    assert len(cautions(load({"agreements": agreements}, rows), kit.ACCEPTED)) == 1
    assert told(of("EA"), after={"agreements": agreements}) == []


# ---------------------------------------------------------------------------------------------- the set everybody has


def test_the_world_of_the_tests_and_the_sample_set_may_be_loaded() -> None:
    for offered in (kit.canonical(kit.world()), text_tables()):
        assert refusals(Load(canonical_tables(offered), builtin_tables()), calendar()) == []


def test_the_state_of_each_row_is_told_by_its_line() -> None:
    stored = {"policyholders": [{"holder": "1", "name": "a"}, {"holder": "2", "name": "b"}]}
    offered = {"policyholders": [{"holder": "3"}, {"holder": "2", "name": "c"}, {"holder": "1", "name": "a"}]}
    states = load(offered, stored).states("policyholders")
    assert states.select("line", "holder", "state").rows() == [
        (2, "3", "new"),
        (3, "2", "changed"),
        (4, "1", "unchanged"),
    ]
    assert load(offered, stored).lines("policyholders") == {("3",): 2, ("2",): 3}
    assert load(offered).lines("agreements") == {}
    assert isinstance(load(offered, stored).after["policyholders"], pl.DataFrame)
