"""``daicho expected``, the view and the check: notices of 簡易 that are still to come."""

import csv
import io
from typing import Any

import dagster as dg
import pytest

from assets.checks import expected_notices_are_in
from assets.graph import StoreResource
from tests import kit
from tests.homes import TUESDAY, Home

ONE, TWO = kit.NOTICE_AGREEMENT, kit.NOTICE_OPTIONS_AGREEMENT
FIELDS = [
    *(
        "agreement_code",
        "holder",
        "holder_name",
        "month",
        "deadline",
        "days_left",
        "overdue",
        "last_notice_month",
    ),
]


def expected(home: Home, *words: str, now: str = TUESDAY) -> Any:
    ran = home.cli("expected", "--json", *words, now=now)
    assert ran.code == 0, ran.err
    return ran.json


@pytest.mark.req("B-022")
def test_last_month_s_missing_notices_and_what_takes_them_off_the_list(home: Home) -> None:
    before = expected(home)
    assert [(row["agreement_code"], row["month"], row["deadline"]) for row in before] == [
        (ONE, "2018-10", "2018-11-30"),
        (TWO, "2018-10", "2018-11-30"),
    ]
    assert list(before[0]) == FIELDS
    home.booked([kit.notice_row()], product="simplified-notice")
    assert [row["agreement_code"] for row in expected(home)] == [TWO]
    september = expected(home, "--month", "2018-09")
    assert [(row["agreement_code"], row["overdue"], row["last_notice_month"]) for row in september] == [
        (ONE, True, "2018-10"),
        (TWO, True, None),
    ]


def test_the_list_for_people_and_as_csv(home: Home) -> None:
    table = home.cli("expected")
    assert ONE in table.out
    assert "2018-11-30" in table.out
    rows = list(csv.DictReader(io.StringIO(home.cli("expected", "--csv").out)))
    assert list(rows[0]) == FIELDS
    assert [row["days_left"] for row in rows] == ["24", "24"]
    nobody = home.cli("expected", "--month", "2017-01")
    assert (nobody.code, nobody.out) == (0, "")
    assert home.cli("expected", "--month", "2017-01", "--csv").out.split(",")[0] == "agreement_code"


def test_the_mails_one_per_holder(home: Home) -> None:
    (mail,) = expected(home, "--mail")
    assert list(mail) == ["holder", "holder_name", "month", "deadline", "agreements", "subject", "body"]
    assert (mail["holder"], mail["agreements"]) == (kit.HOLDER, [ONE, TWO])
    (row,) = csv.DictReader(io.StringIO(home.cli("expected", "--mail", "--csv").out))
    assert (row["agreements"], row["body"]) == (f"{ONE} {TWO}", mail["body"])
    shown = home.cli("expected", "--mail").out
    assert f"宛先: {kit.HOLDER} 髙橋貿易㈱" in shown
    assert mail["body"] in shown
    assert expected(home, "--mail", "--month", "2017-01") == []


@pytest.mark.parametrize("month", ["2018-13", "2018-1", "201810", "10-2018", "２０１８-10", "x", ""])
def test_a_month_that_is_none_is_refused(home: Home, month: str) -> None:
    assert home.cli("expected", "--month", month, "--json").refused == "invalid-month"


def test_nothing_is_written(home: Home) -> None:
    before = (home.at().journal.open().version, home.papers(), len(home.at().events.events()))
    expected(home, "--mail")
    assert (home.at().journal.open().version, home.papers(), len(home.at().events.events())) == before


def test_the_view_looks_back_over_the_months(home: Home) -> None:
    query = f"select month, overdue from expected_notices where agreement_code = '{ONE}' order by month"
    told = home.cli("sql", query, "--json").json
    assert told[0] == {"month": "2018-04", "overdue": True}, "the month in which the agreement began"
    assert told[-1] == {"month": "2018-10", "overdue": False}
    assert len(told) == 7


@pytest.mark.req("B-022")
@pytest.mark.parametrize(
    ("now", "missing", "month"),
    [("2018-11-30T20:30:00", 2, "2018-09"), ("2018-12-03T20:30:00", 1, "2018-10")],
)
def test_the_check_warns_when_the_deadline_is_over(
    home: Home, monkeypatch: pytest.MonkeyPatch, now: str, missing: int, month: str
) -> None:
    home.booked([kit.notice_row()], product="simplified-notice")
    monkeypatch.setenv("DAICHO_HOME", str(home.path))
    monkeypatch.setenv("DAICHO_NOW", now)
    result = expected_notices_are_in(StoreResource())
    assert isinstance(result, dg.AssetCheckResult)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.metadata[f"期限を過ぎた未通知({month})"].value == missing
    assert TWO in result.metadata
    monkeypatch.setenv("DAICHO_NOW", "2018-04-30T20:30:00")
    assert expected_notices_are_in(StoreResource()).passed, "no agreement ran in February"
