"""``daicho check`` says what processing would say of the same file, for the day that it would be accepted."""

import pytest

from tests import kit
from tests.homes import TUESDAY, Home, Ran, contracts


def check(home: Home, rows: list[kit.Row], now: str = TUESDAY, **told: str) -> Ran:
    options = {"product": "enterprise", "holder": kit.HOLDER, "count": str(len(rows))} | told
    flags = [word for option, value in options.items() for word in (f"--{option}", value)]
    return home.cli("check", str(home.file(rows)), *flags, "--json", now=now)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2018-11-06T07:00:00", "2018-11-06"),
        ("2018-11-06T17:29:59", "2018-11-06"),
        ("2018-11-06T17:30:00", "2018-11-07"),
        ("2018-11-06T23:00:00", "2018-11-07"),
        ("2018-11-09T18:00:00", "2018-11-12"),
        ("2018-11-10T10:00:00", "2018-11-12"),
        ("2018-12-28T17:30:00", "2019-01-04"),
    ],
)
def test_it_is_rated_for_the_day_of_acceptance(home: Home, now: str, day: str) -> None:
    ran = check(home, contracts("EX-1", last_shipment_date="20190306", contract_date="20181101"), now)
    assert (ran.code, ran.json["acceptance_date"]) == (0, day)


def test_days_before_shipment_count_from_that_day(home: Home) -> None:
    rows = contracts("EX-1", last_shipment_date="20190306")
    friday, evening = (check(home, rows, f"2018-11-16T{time}").json for time in ("17:29:59", "17:30:00"))
    # 110 days: A 0.031 %, C 0.004 %; from Monday 107 days: A 0.030 %.
    assert (friday["premium_total_yen"], evening["premium_total_yen"]) == (19_000, 18_900)


@pytest.mark.parametrize(
    "rows",
    [
        contracts("EX-1", "EX-2"),
        contracts("EX-1", currency="") + contracts("EX-2", process_type="8"),
        contracts("EX-1", payer_code=kit.buyer("EC"), counterparty_code=kit.buyer("EC")),
    ],
)
def test_what_it_says_is_what_processing_says(home: Home, rows: list[kit.Row]) -> None:
    said = check(home, rows)
    receipt = home.submit(rows)
    home.decide()
    found = home.cli("findings", receipt["submission_id"], "--json").json
    assert said.json["findings"] == found
    status = home.status(receipt["submission_id"])
    assert said.json["premium_total_yen"] == (status["premium_total_yen"] or 0)
    assert said.code == (1 if status["errors"] else 0), "warnings are no errors"


def test_an_insured_contract_is_told_before_it_is_sent(home: Home) -> None:
    home.booked(contracts("EX-1"))
    assert [f["code"] for f in check(home, contracts("EX-1")).json["findings"]] == ["already-insured"]


def test_what_would_be_refused_is_refused_here(home: Home) -> None:
    rows = contracts("EX-1", "EX-2")
    assert check(home, rows, count="3").refused == "count-mismatch"
    assert check(home, rows, product="textiles").refused == "unknown-product"
    assert check(home, rows, holder="12345").refused == "invalid-holder"
    assert check(home, rows, count="two").refused == "invalid-count"
    home.settings(max_records=1)
    assert check(home, rows).refused == "too-many-records"
    home.settings(max_bytes=10)
    assert check(home, rows).refused == "file-too-large"
    assert home.events("refused") == [], "a question leaves no trace"


def test_people_see_the_first_findings_and_how_many_more(home: Home) -> None:
    rows = contracts(*(f"EX-{n}" for n in range(25)), currency="")
    file = home.file(rows)
    arguments = ("--product", "enterprise", "--holder", kit.HOLDER, "--count", "25")
    ran = home.cli("check", str(file), *arguments)
    assert ran.code == 1
    assert "ほか5件" in ran.err
    assert "25件  エラー25  警告0  保険料合計 0円  受理日 2018-11-06" in ran.out


def test_an_identical_upload_is_told_before_it_is_refused(home: Home) -> None:
    """At the door it is refused, so it is no finding of the data: what the data are worth is told beside it."""
    rows = contracts("EX-1")
    assert check(home, rows).json["identical_to"] is None
    receipt = home.submit(rows)
    told = check(home, rows)
    assert (told.code, told.json["identical_to"]) == (0, receipt["submission_id"])
    assert told.json["findings"] == []
    file, flags = str(home.file(rows)), ("--product", "enterprise", "--holder", kit.HOLDER, "--count", "1")
    assert f"{receipt['submission_id']} として受付済み" in home.cli("check", file, *flags).err
    assert check(home, contracts("EX-2")).json["identical_to"] is None
