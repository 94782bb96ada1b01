"""Submissions that need somebody's decision: held whole, released or refused with name and reason (contract §7)."""

import pytest

from daicho.deciding import decide_held
from schemas.submission import Refusal
from tests import kit
from tests.book import change
from tests.homes import LINE_YEN, Home

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
    assert told.findings["code"].to_list() == ["late-application"]
    assert told.premium_total_yen == LINE_YEN


def _confirmed(home: Home, *numbers: str) -> None:
    """Applications for these contracts, confirmed at the cut-off of November."""
    from assets.ledgers import confirm_due
    from tests.homes import CUT_OFF, contracts

    home.booked(contracts(*numbers), name="first.csv")
    assert confirm_due(home.at(CUT_OFF)).failed == []


def _late_change(number: str = "18-000001-00") -> kit.Row:
    """A change of payer told more than a month later: it waits for a decision."""
    return change("2", number, change_date="20181203", change_reason="10", payer_code=kit.buyer("EF"))


def _goods(number: str = "18-000001-00", goods: str = "850000") -> kit.Row:
    return change("2", number, change_date="20190104", change_reason="04", goods_code=goods)


DAY = "2019-01-07T10:00:00"


def test_what_is_about_the_same_application_waits_and_nothing_else_does(home: Home) -> None:
    _confirmed(home, "EX-1", "EX-2")
    late = home.submit([_late_change()], DAY, name="late.csv")["submission_id"]
    same = home.submit([_goods()], DAY, name="same.csv")["submission_id"]
    chained = home.submit([_goods("18-000001-00", "860000"), _goods("18-000002-00")], DAY, name="chained.csv")
    through = home.submit([_goods("18-000002-00", "870000")], DAY, name="through.csv")["submission_id"]
    other = home.submit([kit.enterprise_row(export_contract_no="EX-3", contract_date="20190104",
        last_shipment_date="20190206")], DAY, name="other.csv")["submission_id"]  # fmt: skip
    assert home.decide(DAY) == [late, other]
    told = {row: home.status(row, DAY) for row in (late, same, chained["submission_id"], through)}
    assert {row["status"] for row in told.values()} == {"処理中"}
    assert [row["held"] for row in told.values()] == [True, False, False, False]
    assert home.verify(DAY) == []
    assert home.decide(DAY) == [], "no run decides by itself"
    decide_held(home.at(DAY), late, True, "審査 花子", "事情を確認した")
    assert home.decide(DAY) == [late, same, chained["submission_id"], through]
    rows = home.journal().filter(history_no="03")
    assert rows.select("application_no", "goods_code").rows() == [("18-000001-00", "860000")]
    booked_in = home.journal()["submission_id"].unique(maintain_order=True).to_list()
    assert booked_in[1:] == [other, late, same, chained["submission_id"], through]
    assert home.verify(DAY) == []


def test_a_refused_one_sets_those_behind_it_free(home: Home) -> None:
    _confirmed(home, "EX-1")
    late = home.submit([_late_change()], DAY, name="late.csv")["submission_id"]
    same = home.submit([_goods()], DAY, name="same.csv")["submission_id"]
    home.decide(DAY)
    decide_held(home.at(DAY), late, False, "審査 花子", "期限を過ぎている")
    assert home.decide(DAY) == [same]
    [row] = home.journal().filter(history_no="01").to_dicts()
    assert (row["goods_code"], row["payer_code"]) == ("850000", kit.buyer("EA"))


def test_a_second_application_for_a_contract_waits_for_the_held_first(home: Home) -> None:
    late = _held(home)
    again = home.submit([{**LATE, "goods_code": "850000"}], name="again.csv")["submission_id"]
    assert home.decide() == []
    decide_held(home.at(), late, True, "審査 花子", "事情を確認した")
    assert home.decide() == [late, again]
    assert home.findings(again)[0][2] == "already-insured"


def test_a_worker_that_waited_is_asked_again_after_any_restart(home: Home) -> None:
    """The wait is a fact of the log, not the memory of a run."""
    _confirmed(home, "EX-1")
    home.submit([_late_change()], DAY, name="late.csv")
    same = home.submit([_goods()], DAY, name="same.csv")["submission_id"]
    home.decide(DAY, worker="one")
    assert home.decide(DAY, worker="two") == []
    [event] = home.events("waiting")
    assert (event["submission_id"], event["details"]["waits_for"]) == (same, 2)
