"""Submissions that need somebody's decision: held whole, released or refused with name and reason (contract §7)."""

import pytest

from daicho.deciding import decide_held
from schemas.submission import Refusal
from tests import kit
from tests.homes import LINE_YEN, Home

pytestmark = pytest.mark.usefixtures("quick_paper")
LATE = kit.enterprise_row(export_contract_no="LATE-1", contract_date="20180928")


def _held(home: Home) -> str:
    """A late application, sent and held."""
    submission_id = home.submit([LATE])["submission_id"]
    home.decide()
    assert home.status(submission_id)["held"]
    return str(submission_id)


@pytest.mark.req("A-043")
def test_a_late_application_is_held_whole_and_keeps_nobody_waiting(home: Home) -> None:
    in_time = kit.enterprise_row(export_contract_no="EX-1")
    late = home.submit([LATE, in_time])["submission_id"]
    behind = home.submit([kit.enterprise_row(export_contract_no="EX-2")])["submission_id"]
    assert home.decide() == [late, behind]
    row = home.status(late)
    assert (row["status"], row["held"], row["premium_total_yen"]) == ("処理中", True, None)
    assert home.status(behind)["status"] == "処理完了"
    assert home.journal()["export_contract_no"].to_list() == ["EX-2"]
    assert home.findings(late) == [(1, "contract_date", "late-application")]
    assert home.decide() == [], "no run decides by itself"
    assert home.verify() == []


@pytest.mark.req("A-043")
def test_a_released_one_is_booked_on_its_own_acceptance_day(home: Home) -> None:
    late = _held(home)
    decide_held(home.at("2018-11-08T10:00:00"), late, True, "審査 花子", "やむを得ない事情を確認した")
    assert not home.status(late)["held"]
    assert home.decide("2018-11-08T10:01:00") == [late]
    row = home.status(late)
    assert (row["status"], row["premium_total_yen"], row["warnings"]) == ("処理完了", LINE_YEN, 1)
    assert home.journal()["acceptance_date"].dt.to_string("%Y-%m-%d").to_list() == ["2018-11-06"]
    [event] = home.events("hold-release")
    assert (event["actor"], event["reason"]) == ("審査 花子", "やむを得ない事情を確認した")
    assert home.verify() == []


def test_a_refused_one_tells_why_and_books_nothing(home: Home) -> None:
    late = _held(home)
    decide_held(home.at(), late, False, "審査 花子", "期限を2か月過ぎている")
    assert home.decide() == []
    assert home.status(late)["status"] == "申請内容要確認"
    assert home.journal().is_empty()
    frame = home.at().findings.read(late)
    assert frame is not None
    assert frame["code"].to_list() == ["refused-by-desk", "late-application"]
    assert "期限を2か月過ぎている" in frame["message"][0]
    with pytest.raises(Refusal, match="保留されていません"):
        decide_held(home.at(), late, True, "審査 花子", "気が変わった")


def test_an_error_beside_the_lateness_rejects_at_once(home: Home) -> None:
    late = home.submit([LATE, kit.enterprise_row(export_contract_no="EX-1", goods_code="")])["submission_id"]
    home.decide()
    row = home.status(late)
    assert (row["status"], row["held"], row["errors"]) == ("申請内容要確認", False, 1)


def test_check_tells_that_it_would_be_held_and_what_it_would_cost(home: Home) -> None:
    from daicho.checking import check_upload

    told = check_upload(home.at(), kit.csv_bytes([LATE]), "late.csv", "enterprise", kit.HOLDER, "1")
    assert told["findings"]["code"].to_list() == ["late-application"]
    assert told["premium_total_yen"] == LINE_YEN
