"""The life of booked lines: 変更 (2), 訂正内変 (3), 修正 (4), 取消 (5), and 増額新規. Every rule, and beside it what it lets pass.

The line of every test is the example of Seed 004 slide 22: 10,000,000 yen, accepted 2018-11-06, last shipment
2018-12-06, 60 days after it, EA, category C: A 2,600 + B 7,900 + C 300 + D 7,600 = 18,400 yen.
"""

from datetime import date

import pytest

from tests import kit
from tests.book import Book, at, change, codes, notice_change, sent
from tests.kit import NOTICE, buyer, enterprise_row, lc, notice_row

NUMBER = "18-000001-00"
LINE = f"{NUMBER}/01/01"
CUT_OFF = date(2018, 12, 28)
"""Last business day of the month after November 2018."""
AFTER = date(2019, 1, 7)
"""A Monday after the confirmation, one month and a day after the shipment."""


def booked(*rows: dict[str, str]) -> Book:
    """A ledger with these applications, not yet confirmed."""
    book = Book()
    sent(book, *(rows or (enterprise_row(),)))
    return book


def confirmed(*rows: dict[str, str]) -> Book:
    """A ledger with these applications, confirmed at the cut-off."""
    book = booked(*rows)
    assert book.confirm(CUT_OFF).height
    return book


def amounts(text: str) -> dict[str, str]:
    """All amounts of the line, with the flags that a change needs."""
    return {
        "contract_amount": text,
        "shipment_no": "01",
        "shipment_process_type": "2",
        "pre_shipment_amount": text,
        "post_shipment_amount": text,
        "settlement_no": "01",
        "settlement_process_type": "2",
        "settlement_principal": text,
    }


def shipped(day: str, **more: str) -> dict[str, str]:
    """A new last shipment date."""
    return {"shipment_no": "01", "shipment_process_type": "2", "last_shipment_date": day, **more}


def noticed(**fields: str) -> dict[str, str]:
    """A 変更 that happened on the Friday before its notice."""
    return change("2", **{"change_date": "20190104", "change_reason": "02", **fields})


def premiums(book: Book, line_id: str = LINE) -> tuple[int, ...]:
    row = book.line(line_id)
    return tuple(row[f"premium_{c}"] for c in "abcd")


# ------------------------------------------------------------------------------- stages and history


@pytest.mark.fires("not-yet-confirmed")
@pytest.mark.req("A-020", "A-023")
@pytest.mark.parametrize("kind", ["2", "3"])
def test_changes_come_only_after_the_confirmation(kind: str) -> None:
    record = change(kind, history_no="00", change_date="20181107", change_reason="04", goods_code="850000")
    early = booked().send(record)
    assert codes(early) & {"not-yet-confirmed", "already-confirmed"} == {"not-yet-confirmed"}
    [message] = [f["message"] for f in early.findings.to_dicts() if f["code"] == "not-yet-confirmed"]
    assert "履歴 00" in message
    assert "処理種別4" in message
    book = confirmed()
    assert book.send(record | {"change_date": "20190104"}, accepted=AFTER).verdict == "booked"


@pytest.mark.fires("already-confirmed")
@pytest.mark.req("A-022", "A-023")
@pytest.mark.parametrize("kind", ["4", "5"])
def test_corrections_come_only_before_the_confirmation(kind: str) -> None:
    record = change(kind, history_no="00", goods_code="850000" if kind == "4" else "")
    late = confirmed().send(record, accepted=AFTER)
    assert codes(late) == {"already-confirmed"}
    assert "現在の履歴 00" in late.findings["message"][0]
    assert booked().send(record).verdict == "booked"


@pytest.mark.fires("correction-closed")
@pytest.mark.req("A-022", "D-020")
def test_corrections_are_open_until_the_cut_off_by_acceptance_day() -> None:
    record = change("4", history_no="00", goods_code="850000")
    assert booked().send(record, accepted=CUT_OFF).verdict == "booked"
    closed = booked().send(record, accepted=date(2019, 1, 4))
    assert codes(closed) == {"correction-closed"}
    assert "2018-12-28" in closed.findings["message"][0]


@pytest.mark.req("A-022")
def test_a_correction_takes_the_place_of_what_was_accepted() -> None:
    book = booked()
    posted = sent(book, change("4", history_no="00", **amounts("5000000")), accepted=date(2018, 11, 7))
    row = book.line(LINE)
    assert (row["history_no"], row["stage"], row["premium_total"]) == ("01", "unconfirmed", 9_200)
    assert (row["acceptance_date"], row["notice_date"]) == (date(2018, 11, 6), date(2018, 11, 7))
    assert posted.premium_total == -9_200
    book.confirm(CUT_OFF)
    assert [(i["lines"], i["premium_total"]) for i in book.invoices()] == [(1, 9_200)]


@pytest.mark.req("A-023")
def test_a_withdrawal_restores_the_version_before_and_adds_no_history() -> None:
    book = booked()
    sent(book, change("4", history_no="00", **amounts("5000000")))
    posted = sent(book, change("5", history_no="01"))
    assert posted.premium_total == 9_200
    row = book.line(LINE)
    assert (row["history_no"], row["contract_amount"], row["premium_total"]) == ("00", "10000000", 18_400)
    sent(book, change("4", history_no="00", goods_code="850000"))
    assert book.line(LINE)["history_no"] == "02"


@pytest.mark.fires("application-withdrawn")
@pytest.mark.req("A-023")
def test_a_withdrawn_first_version_withdraws_the_branch() -> None:
    book = booked(enterprise_row(), enterprise_row(export_contract_no="EX-0002"))
    assert sent(book, change("5", history_no="00")).premium_total == -18_400
    row = book.line(LINE)
    assert (row["stage"], row["premium_total"], row["insured_amount_d"], row["rate_a"]) == (
        "withdrawn",
        0,
        0,
        None,
    )
    assert codes(book.send(change("4", history_no="00", goods_code="850000"))) == {"application-withdrawn"}
    book.confirm(CUT_OFF)
    assert [i["lines"] for i in book.invoices()] == [1]
    assert book.line(LINE)["stage"] == "withdrawn"
    # The contract is free again.
    assert sent(book, enterprise_row(), accepted=date(2018, 11, 7)).rows["application_no"].to_list() == [
        "18-000003-00"
    ]


def test_a_change_cannot_take_the_contract_of_another_application() -> None:
    book = booked(enterprise_row(), enterprise_row(export_contract_no="EX-0002"))
    posted = book.send(change("4", history_no="00", export_contract_no="EX-0002"))
    assert codes(posted) == {"already-insured"}
    assert "18-000002" in posted.findings["message"][0]
    assert book.send(change("4", history_no="00", export_contract_no="EX-0003")).verdict == "booked"


@pytest.mark.req("A-024", "A-019")
def test_in_one_file_a_contract_withdrawn_further_up_may_be_applied_for_again() -> None:
    withdrawal, again = change("5", history_no="00"), enterprise_row()
    assert booked().send(withdrawal, again).verdict == "booked"
    assert codes(booked().send(again, withdrawal)) == {"already-insured"}


@pytest.mark.fires("stale-history")
@pytest.mark.parametrize(("kind", "stage"), [("3", confirmed), ("4", booked), ("5", booked)])
def test_a_stale_history_is_told_with_the_current_one(kind: str, stage: object) -> None:
    day = AFTER if stage is confirmed else kit.ACCEPTED
    book: Book = stage()  # type: ignore[operator]
    posted = book.send(
        change(kind, history_no="01", goods_code="850000" if kind != "5" else ""), accepted=day
    )
    assert codes(posted) == {"stale-history"}
    assert "現在の履歴は 00" in posted.findings["message"][0]
    assert posted.rows.is_empty()


def test_a_confirmed_application_always_takes_changes_and_its_newest_version_corrections() -> None:
    book = confirmed()
    sent(book, noticed(change_reason="04", goods_code="850000"), accepted=AFTER)
    sent(book, noticed(change_reason="04", goods_code="860000"), accepted=AFTER)
    sent(book, change("4", history_no="02", goods_code="870000"), accepted=AFTER)
    row = book.line(LINE)
    assert (row["history_no"], row["goods_code"], row["stage"]) == ("03", "870000", "unconfirmed")
    assert row["unit"].endswith("2019-01")
    sent(book, change("5", history_no="03"), accepted=AFTER)
    sent(book, change("5", history_no="02"), accepted=AFTER)
    sent(book, change("5", history_no="01"), accepted=AFTER)
    assert (book.line(LINE)["history_no"], book.line(LINE)["stage"]) == ("00", "confirmed")
    assert codes(book.send(change("5", history_no="00"), accepted=AFTER)) == {"already-confirmed"}


@pytest.mark.fires("history-full")
@pytest.mark.night
def test_the_hundredth_version_is_refused() -> None:
    book = booked()
    for number in range(99):
        sent(book, change("4", history_no=f"{number:02d}", goods_code=f"8{number:05d}"))
    assert codes(book.send(change("4", history_no="99", goods_code="850000"))) == {"history-full"}


@pytest.mark.req("A-021")
def test_a_correction_after_confirmation_is_exact_and_keeps_the_acceptance_day() -> None:
    book = confirmed()
    posted = sent(book, change("3", history_no="00", **amounts("5000000")), accepted=AFTER)
    row = book.line(LINE)
    assert (row["premium_total"], row["due_total"], posted.premium_total) == (9_200, -9_200, -9_200)
    assert (row["history_no"], row["acceptance_date"]) == ("01", date(2018, 11, 6))
    assert row["unit"].endswith("2019-01")


# ------------------------------------------------------------------------------- whose, and which


@pytest.mark.fires("application-unknown")
def test_what_is_not_there_or_not_yours_is_unknown_alike() -> None:
    book = booked()
    assert codes(book.send(change("4", "18-000009-00", history_no="00", goods_code="850000"))) == {
        "application-unknown"
    }
    assert codes(book.send(change("4", "18-000001-01", history_no="00", goods_code="850000"))) == {
        "application-unknown"
    }
    stranger = change("4", history_no="00", goods_code="850000", policyholder_code=kit.MEMBER)
    assert "application-unknown" in codes(book.send(stranger, submitter=kit.ASSOCIATION))


@pytest.mark.parametrize("kind", ["4", "5"])
def test_nobody_touches_or_learns_of_somebody_elses_application(kind: str) -> None:
    book = booked()
    record = change(kind, history_no="07", goods_code="850000")
    for submitter in (kit.MEMBER, kit.ASSOCIATION):
        posted = book.send(record, submitter=submitter)
        assert codes(posted) == {"application-unknown"}
        assert posted.rows.is_empty()
    posted = confirmed().send(increase(export_contract_no="EX-9"), submitter=kit.MEMBER, accepted=AFTER)
    assert codes(posted) == {"holder-not-yours"}


@pytest.mark.parametrize("field", ["history_no", "branch_no", "agreement_code", "change_date"])
def test_what_says_which_line_cannot_be_cleared(field: str) -> None:
    posted = booked().send(change("4", goods_code="850000", **{"history_no": "00", field: "-"}))
    assert field in set(posted.findings["field"].to_list())
    assert posted.verdict == "rejected"


@pytest.mark.fires("application-other-product", "application-other-agreement")
def test_number_product_and_agreement_must_agree() -> None:
    book = booked()
    assert codes(book.send(notice_change("4", history_no="00", period_band="2"), product=NOTICE)) == {
        "application-other-product"
    }
    other = change("4", history_no="00", goods_code="850000", agreement_code=kit.DISCOUNT_AGREEMENT)
    assert codes(book.send(other)) == {"application-other-agreement"}


def test_a_serial_may_be_written_with_more_zeros() -> None:
    record = change("4", history_no="00", goods_code="850000") | {"application_serial": "000000001"}
    assert booked().send(record).verdict == "booked"


# ------------------------------------------------------------------------------- partial records


def test_blank_leaves_and_a_dash_clears() -> None:
    book = booked(enterprise_row(disclosure_marks="1"))
    sent(book, change("4", history_no="00", goods_code="850000"))
    assert book.line(LINE)["disclosure_marks"] == "1"
    sent(book, change("4", history_no="01", disclosure_marks="-"))
    row = book.line(LINE)
    assert (row["disclosure_marks"], row["goods_code"]) == (None, "850000")


def test_what_is_mandatory_cannot_be_cleared() -> None:
    posted = booked().send(change("4", history_no="00", goods_code="-"))
    assert [(f["record"], f["field"], f["code"]) for f in posted.findings.to_dicts()] == [
        (1, "goods_code", "mandatory")
    ]


def test_a_dash_in_a_new_record_is_what_it_says() -> None:
    assert ("guarantor_country", "invalid-code") in {
        (f["field"], f["code"])
        for f in Book().send(enterprise_row(guarantor_country="-")).findings.to_dicts()
    }


@pytest.mark.fires("nothing-changed")
def test_a_record_that_changes_nothing_is_told() -> None:
    assert codes(booked().send(change("4", history_no="00"))) == {"nothing-changed"}
    assert codes(booked().send(change("4", history_no="00", shipment_no="01", settlement_no="01"))) == {
        "nothing-changed"
    }


def test_what_the_content_rules_say_of_new_lines_they_say_of_changed_ones() -> None:
    posted = booked().send(change("4", history_no="00", payer_code=buyer("EB")))
    assert "buyer-refused" in codes(posted)
    assert set(posted.findings["record"].to_list()) == {1}
    assert "shipment-before-contract" in codes(
        booked().send(change("4", history_no="00", shipment_no="01", last_shipment_date="20180901"))
    )


def two_shipments() -> list[dict[str, str]]:
    half = {"pre_shipment_amount": "5000000", "post_shipment_amount": "5000000"}
    return [
        enterprise_row(**half, settlement_principal="2500000"),
        enterprise_row(**half, settlement_principal="2500000", settlement_no="02", usance_days="90"),
        enterprise_row(
            **half, settlement_principal="5000000", shipment_no="02", last_shipment_date="20190131"
        ),
    ]


def test_fields_of_each_level_reach_all_lines_below_it() -> None:
    book = booked(*two_shipments())
    sent(
        book,
        change(
            "4",
            history_no="00",
            goods_code="850000",
            shipment_no="01",
            last_shipment_date="20181210",
            settlement_no="02",
            usance_days="80",
        ),
    )
    told = {
        row["line_id"][-5:]: (
            row["goods_code"],
            row["last_shipment_date"],
            row["usance_days"],
            row["history_no"],
        )
        for row in book.ledger()
    }
    assert told == {
        "01/01": ("850000", "20181210", "60", "01"),
        "01/02": ("850000", "20181210", "80", "01"),
        "02/01": ("850000", "20190131", "60", "01"),
    }


def test_shipments_and_settlements_are_added_changed_and_removed_by_flag() -> None:
    book = confirmed(*two_shipments())
    before = sum(row["premium_total"] for row in book.ledger())
    new = {
        "shipment_no": "03",
        "shipment_process_type": "1",
        "last_shipment_date": "20190228",
        "pre_shipment_amount": "1000000",
        "post_shipment_amount": "1000000",
        "settlement_no": "01",
        "settlement_method": "41",
        "usance_days": "60",
        "settlement_principal": "1000000",
    }
    posted = sent(
        book,
        noticed(shipment_no="01", settlement_no="02", settlement_process_type="5"),
        noticed(shipment_no="02", shipment_process_type="5"),
        noticed(**new),
        accepted=AFTER,
    )
    rows = {row["line_id"][-5:]: row for row in book.ledger()}
    assert {name: (row["removed"], row["stage"]) for name, row in rows.items()} == {
        "01/01": (False, "unconfirmed"),
        "01/02": (True, "withdrawn"),
        "02/01": (True, "withdrawn"),
        "03/01": (False, "unconfirmed"),
    }
    assert {row["history_no"] for row in rows.values()} == {"01"}
    assert rows["02/01"]["insured_amount_d"] == 0
    # Shipment 01 has 60 days after it now instead of 90.
    assert rows["01/01"]["days_post"] == 60
    assert posted.premium_total == sum(row["premium_total"] for row in rows.values()) - before
    # What shipment 02 cost stays with it but for the time left: not shipped, so B and D in full.
    assert (rows["02/01"]["premium_b"], rows["02/01"]["premium_d"]) == (0, 0)
    assert rows["02/01"]["premium_a"] > 0


@pytest.mark.fires
@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"shipment_no": "01", "last_shipment_date": "20190110"}, "flag-missing", "shipment_process_type"),
        (
            {"shipment_no": "01", "settlement_no": "01", "usance_days": "70"},
            "flag-missing",
            "settlement_process_type",
        ),
        (
            {"shipment_no": "01", "shipment_process_type": "1", "settlement_no": "01"},
            "line-exists",
            "shipment_no",
        ),
        (shipped("20190110", shipment_no="07"), "line-unknown", "shipment_no"),
        (
            {"shipment_no": "01", "settlement_no": "01", "settlement_process_type": "1"},
            "line-exists",
            "settlement_no",
        ),
        (
            {"shipment_no": "01", "settlement_no": "09", "settlement_process_type": "5"},
            "line-unknown",
            "settlement_no",
        ),
        ({"shipment_no": "01", "shipment_process_type": "3"}, "code-unknown", "shipment_process_type"),
        ({"shipment_process_type": "2", "last_shipment_date": "20190110"}, "mandatory", "shipment_no"),
        (
            {"shipment_no": "01", "settlement_process_type": "2", "usance_days": "70"},
            "mandatory",
            "settlement_no",
        ),
        ({"shipment_no": "01", "shipment_process_type": "5"}, "all-removed", "shipment_process_type"),
        ({"source_branch_no": "00", "goods_code": "850000"}, "branch-split", "source_branch_no"),
    ],
)
def test_flags_that_do_not_fit_are_told(fields: dict[str, str], code: str, field: str) -> None:
    posted = confirmed().send(noticed(**fields), accepted=AFTER)
    assert (field, code) in {(f["field"], f["code"]) for f in posted.findings.to_dicts()}
    assert posted.verdict == "rejected"


def test_records_of_one_version_must_not_contradict_each_other() -> None:
    first = change(
        "4", history_no="00", goods_code="850000", shipment_no="01", settlement_no="01", usance_days="61"
    )
    second = change(
        "4", history_no="00", goods_code="860000", shipment_no="02", settlement_no="01", usance_days="61"
    )
    posted = booked(*two_shipments()).send(first, second)
    assert [(f["record"], f["field"], f["code"]) for f in posted.findings.to_dicts()] == [
        (2, "goods_code", "inconsistent")
    ]


# ------------------------------------------------------------------------------- several records


@pytest.mark.req("A-024")
def test_records_about_one_branch_are_applied_in_file_order() -> None:
    book = booked()
    sent(
        book,
        change("4", history_no="00", goods_code="850000"),
        change("4", history_no="01", goods_code="860000"),
        change("5", history_no="02"),
    )
    row = book.line(LINE)
    assert (row["history_no"], row["goods_code"]) == ("01", "850000")
    wrong = booked().send(
        change("4", history_no="01", goods_code="860000"), change("4", history_no="00", goods_code="850000")
    )
    assert codes(wrong) == {"stale-history"}
    assert wrong.rows.is_empty()


def test_two_reasons_are_two_versions_and_lines_of_one_reason_one() -> None:
    book = confirmed(*two_shipments())
    one = noticed(change_reason="06", **shipped("20181220"))
    other = noticed(change_reason="06", **shipped("20190215", shipment_no="02"))
    sent(book, one, other, accepted=AFTER)
    assert {row["history_no"] for row in book.ledger()} == {"01"}
    sent(
        book,
        noticed(change_reason="04", goods_code="850000"),
        noticed(change_reason="05", contract_form="11"),
        accepted=AFTER,
    )
    assert {row["history_no"] for row in book.ledger()} == {"03"}


@pytest.mark.req("A-024")
def test_one_error_and_nothing_of_the_file_is_booked() -> None:
    book = booked()
    posted = book.send(
        change("4", history_no="00", goods_code="850000"),
        enterprise_row(export_contract_no="EX-0002"),
        change("4", "18-000077-00", history_no="00", goods_code="850000"),
    )
    assert (posted.verdict, posted.rows.height) == ("rejected", 0)
    assert [(f["record"], f["code"]) for f in posted.findings.to_dicts()] == [(3, "application-unknown")]


def test_every_record_is_accounted_for_however_many_make_a_version() -> None:
    """One about the branch and one about its only line are one version; two withdrawals are two."""
    book = booked(enterprise_row(), enterprise_row(export_contract_no="EX-0002"))
    one = change("4", history_no="00", goods_code="850000")
    other = change("4", history_no="00", shipment_no="01", settlement_no="01", usance_days="61")
    posted = sent(book, one, other, change("5", "18-000002-00", history_no="00"))
    assert posted.rows["records"].sum() == 3
    assert book.line(LINE)["history_no"] == "01"
    sent(book, *(change("5", history_no=number) for number in ("01", "00")))
    rows = book.rows.filter(book.rows["receipt_no"] == 3)
    assert (rows.height, rows["records"].sum()) == (2, 2)


def test_new_and_changing_records_stand_in_one_file() -> None:
    book = booked()
    posted = sent(
        book, change("4", history_no="00", goods_code="850000"), enterprise_row(export_contract_no="EX-0002")
    )
    assert posted.rows.select("record", "application_no", "history_no").rows() == [
        (1, "18-000001-00", "01"),
        (2, "18-000002-00", "00"),
    ]


# ------------------------------------------------------------------------------- 増額新規


def increase(**fields: str) -> dict[str, str]:
    return enterprise_row(
        **{
            "application_year": "18",
            "application_serial": "000001",
            "change_reason": "01",
            "change_date": "20190104",
            "contract_amount": "2000000",
            "pre_shipment_amount": "2000000",
            "post_shipment_amount": "2000000",
            "settlement_principal": "2000000",
            "last_shipment_date": "20190206",
            **fields,
        }
    )


def test_an_increase_is_a_new_branch_of_its_application() -> None:
    book = confirmed()
    posted = sent(book, increase(), accepted=AFTER)
    assert posted.rows["application_no"].to_list() == ["18-000001-01"]
    row = book.line("18-000001-01/01/01")
    # 30 days before and 60 after shipment, a fifth of the example's amount.
    assert (row["history_no"], row["premium_total"], row["acceptance_date"]) == ("00", 3_680, AFTER)
    assert book.line(LINE)["history_no"] == "00"
    assert sent(book, increase(branch_no="07"), accepted=AFTER).rows["branch_no"].to_list() == ["07"]
    assert sent(book, increase(), accepted=AFTER).rows["branch_no"].to_list() == ["08"]


@pytest.mark.fires
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"application_serial": "000009"}, "application-unknown"),
        ({"agreement_code": kit.DISCOUNT_AGREEMENT}, "application-other-agreement"),
        ({"export_contract_no": "EX-0002"}, "increase-other-contract"),
        ({"branch_no": "00"}, "branch-taken"),
        ({"change_reason": "02"}, "number-not-allowed"),
        ({"application_year": ""}, "mandatory"),
        ({"history_no": "00"}, "number-not-allowed"),
        ({"source_branch_no": "00"}, "number-not-allowed"),
    ],
)
def test_an_increase_must_fit_its_application(fields: dict[str, str], code: str) -> None:
    posted = confirmed().send(increase(**fields), accepted=AFTER)
    assert code in codes(posted)
    assert posted.verdict == "rejected"


def test_nothing_is_added_to_a_withdrawn_application() -> None:
    book = booked()
    sent(book, change("5", history_no="00"))
    assert "application-withdrawn" in codes(
        book.send(increase(change_date="20181106"), accepted=date(2018, 11, 7))
    )


def test_an_increase_has_its_own_deadline() -> None:
    assert confirmed().send(increase(change_date="20181203"), accepted=AFTER).verdict == "booked"
    late = confirmed().send(increase(change_date="20181130"), accepted=AFTER)
    assert (late.verdict, late.undecided) == ("held", {"late-application"})


@pytest.mark.fires("increase-needs-branch")
def test_a_change_cannot_be_an_increase() -> None:
    posted = confirmed().send(noticed(change_reason="01", **amounts("12000000")), accepted=AFTER)
    assert "increase-needs-branch" in codes(posted)


# ------------------------------------------------------------------------------- what changes cost


def test_a_cancelled_contract_returns_the_premium_for_the_time_left() -> None:
    """Nothing of A and C: shipped. B and D for 28 of 60 days: floor(7,900 × 28 ÷ 60), floor(7,600 × 28 ÷ 60)."""
    book = confirmed()
    posted = sent(book, noticed(**amounts("0")), accepted=AFTER)
    assert premiums(book) == (2_600, 7_900 - 3_686, 300, 7_600 - 3_546)
    assert posted.premium_total == -3_686 - 3_546
    row = book.line(LINE)
    assert (row["insured_amount_a"], row["insured_amount_d"], row["stage"]) == (0, 0, "unconfirmed")
    book.confirm(date(2019, 2, 28))
    assert [i["premium_total"] for i in book.invoices()] == [18_400, -7_232]
    assert book.line(LINE)["stage"] == "confirmed"


def test_before_shipment_a_decrease_returns_b_and_d_in_full_and_a_and_c_by_days() -> None:
    """Accepted 2018-11-06, shipment 2019-02-06 (92 days), notice 2019-01-07: 30 of 92 days are left."""
    book = confirmed(enterprise_row(last_shipment_date="20190206"))
    a, b, c, d = premiums(book)
    sent(book, noticed(**amounts("5000000")), accepted=AFTER)
    half_a, half_c = a - a // 2, c - c // 2
    assert premiums(book) == (a - half_a * 30 // 92, b - 3_950, c - half_c * 30 // 92, d - 3_800)


def test_an_increase_of_the_premium_is_due_in_full() -> None:
    book = confirmed()
    longer = noticed(
        change_reason="12",
        shipment_no="01",
        settlement_no="01",
        settlement_process_type="2",
        usance_days="120",
    )
    posted = book.send(longer, accepted=AFTER)
    assert "code-unknown" in codes(posted)
    posted = sent(book, longer | {"change_reason": "10"}, accepted=AFTER)
    row = book.line(LINE)
    assert row["days_post"] == 120
    assert row["premium_b"] == 10_000_000 * row["rate_b"] // 100_000 > 7_900
    assert posted.premium_total == row["premium_total"] - 18_400 == row["due_total"]


def test_a_later_change_of_something_else_costs_nothing_after_a_decrease() -> None:
    book = confirmed()
    sent(book, noticed(**amounts("5000000")), accepted=AFTER)
    stood = premiums(book)
    posted = sent(book, noticed(change_reason="04", goods_code="850000"), accepted=date(2019, 1, 8))
    assert (posted.premium_total, premiums(book)) == (0, stood)


@pytest.mark.req("E-100", "E-101")
@pytest.mark.parametrize(
    ("day", "free", "limit"),
    [
        ("20190306", True, date(2019, 8, 5)),
        ("20190307", False, date(2019, 8, 6)),
        ("20181107", True, date(2019, 4, 8)),
        ("20181010", True, date(2019, 3, 11)),
    ],
)
def test_a_shift_of_up_to_three_months_costs_nothing(day: str, free: bool, limit: date) -> None:
    book = confirmed()
    reason = "06" if day > "20181206" else "07"
    posted = sent(book, noticed(change_reason=reason, **shipped(day)), accepted=AFTER)
    row = book.line(LINE)
    assert row["last_shipment_date"] == day
    assert (posted.premium_total == 0) is free
    assert (row["premium_total"] == 18_400) is free
    assert row["change_notice_limit"] == limit
    # Postponed by exactly three months is not substantial, by a day more it is (E-101).
    assert ("not-substantial" in codes(posted)) is free


def test_two_free_shifts_are_measured_from_the_date_that_is_paid_for() -> None:
    book = confirmed()
    assert sent(book, noticed(change_reason="06", **shipped("20190206")), accepted=AFTER).premium_total == 0
    assert book.line(LINE)["insured_shipment_date"] == date(2018, 12, 6)
    second = sent(book, noticed(change_reason="06", **shipped("20190406")), accepted=AFTER)
    assert second.premium_total > 0
    # 2018-11-06 → 2019-04-06: 151 days before shipment.
    assert book.line(LINE)["days_pre"] == 151


def test_a_decrease_after_a_free_shift_is_rated_on_the_days_that_are_paid_for_and_returned_to_the_new_date() -> (
    None
):
    """2018-11-06 → 2019-02-06: 92 days, 30 of them after 2019-01-07; not shipped yet, so B and D in full."""
    book = confirmed()
    sent(book, noticed(change_reason="06", **shipped("20190206")), accepted=AFTER)
    sent(book, noticed(**amounts("5000000")), accepted=AFTER)
    assert book.line(LINE)["days_pre"] == 30
    assert premiums(book) == (2_600 - 1_300 * 30 // 92, 3_950, 300 - 150 * 30 // 92, 3_800)


@pytest.mark.parametrize("reason", ["02", "04"])
def test_a_moved_shipment_under_another_reason_is_rated_anew(reason: str) -> None:
    posted = sent(confirmed(), noticed(change_reason=reason, **shipped("20190206")), accepted=AFTER)
    assert posted.premium_total > 0


def test_a_correction_of_a_change_counts_as_the_change() -> None:
    book = confirmed()
    sent(book, noticed(**amounts("5000000")), accepted=AFTER)
    posted = sent(book, change("4", history_no="01", **amounts("0")), accepted=date(2019, 1, 21))
    # Reckoned from the notice of 2019-01-07 against what was confirmed, as if it had been right at once.
    assert premiums(book) == (2_600, 7_900 - 3_686, 300, 7_600 - 3_546)
    row = book.line(LINE)
    assert (row["due_total"], row["counts_from"], row["acts_as"]) == (-7_232, AFTER, "2")
    half = 3_950 * 28 // 60 + 3_800 * 28 // 60
    assert posted.premium_total == -7_232 + half
    book.confirm(date(2019, 2, 28))
    assert [i["premium_total"] for i in book.invoices()] == [18_400, -7_232]


def test_the_tables_of_the_application_price_its_versions() -> None:
    book = confirmed()
    world = kit.world()
    for row in world["rates"]:
        row["b"] = f"{float(row['b']) * 2:.6f}"
    book.load(kit.reference_of(world, load_no=2))
    posted = sent(book, noticed(change_reason="04", goods_code="850000"), accepted=AFTER)
    assert posted.premium_total == 0
    assert book.line(LINE)["reference_load"] == 1


def test_what_the_tables_of_the_application_do_not_know_is_looked_up_in_the_newest() -> None:
    book = confirmed()
    change_ = noticed(change_reason="10", payer_code="777777777")
    assert "buyer-unregistered" in codes(book.send(change_, accepted=AFTER))
    world = kit.world()
    new = {
        "buyer_code": "777777777",
        "valid_from": "2010-01-01",
        "name": "NEW",
        "country": "105",
        "rating": "EF",
    }
    world["buyers"].append(new)
    world["buyer_registrations"].append(
        {
            "agreement_code": kit.AGREEMENT,
            "buyer_code": "777777777",
            "valid_from": "2018-04-01",
            "limit_yen": "1000000000",
        }
    )
    book.load(kit.reference_of(world, load_no=2))
    posted = sent(book, change_, accepted=AFTER)
    assert book.line(LINE)["reference_load"] == 2
    assert posted.premium_total == 11_000 - 7_600


# ------------------------------------------------------------------------------- 重大な内容変更, deadlines


SUBSTANTIAL = {
    "settlement_method": {
        "shipment_no": "01",
        "settlement_no": "01",
        "settlement_process_type": "2",
        "settlement_method": "40",
        "usance_days": "-",
    },
    "currency": {"currency": "USD", **amounts("90000")},
    "counterparty": {"counterparty_code": buyer("EF")},
    "payer": {"payer_code": buyer("EF")},
    "guarantor": {"guarantor_code": buyer("SA"), "guarantor_country": "105"},
    "destination": {"destination_country": "304"},
    "payer country": {"payer_country": "304"},
    "postponed": {"change_reason": "06", **shipped("20190307")},
}


@pytest.mark.fires("late-change")
@pytest.mark.req("E-100", "E-104", "E-105")
@pytest.mark.parametrize("fields", SUBSTANTIAL.values(), ids=SUBSTANTIAL)
def test_a_substantial_change_must_be_told_within_a_month(fields: dict[str, str]) -> None:
    in_time = confirmed().send(noticed(**{"change_date": "20181207", **fields}), accepted=AFTER)
    assert (in_time.verdict, codes(in_time) & {"not-substantial"}) == ("booked", set()), (
        in_time.findings.to_dicts()
    )
    late = confirmed().send(noticed(**{"change_date": "20181206", **fields}), accepted=AFTER)
    assert (late.verdict, late.undecided) == ("held", {"late-change"})
    assert "2019-01-06" in " ".join(late.findings["message"].to_list())


@pytest.mark.fires("not-substantial")
@pytest.mark.req("A-051", "E-107")
def test_what_is_not_substantial_may_come_late_and_is_told_so() -> None:
    posted = confirmed().send(
        noticed(change_date="20181110", change_reason="04", goods_code="850000"), accepted=AFTER
    )
    assert (posted.verdict, codes(posted)) == ("booked", {"not-substantial"})
    marked = Book().send(enterprise_row(policy_type_marks="1"))
    assert "policy-type" in codes(
        marked
    )  # 基準外 (内諾) never stands in the ledger, so every case there has the duty


@pytest.mark.req("E-105")
@pytest.mark.parametrize(("happened", "held"), [("20181231", False), ("20181228", True)])
def test_a_month_ends_on_the_same_day_or_the_last_of_a_shorter_one(happened: str, held: bool) -> None:
    """From 12-31 to 01-31; from 12-28 to 01-28, a Monday."""
    book = confirmed(enterprise_row(last_shipment_date="20190401"))
    posted = book.send(noticed(change_date=happened, payer_code=buyer("EF")), accepted=date(2019, 1, 29))
    assert (posted.verdict == "held") is held
    february = confirmed(enterprise_row(last_shipment_date="20190401")).send(
        noticed(change_date="20190131", payer_code=buyer("EF")), accepted=date(2019, 2, 28)
    )
    assert february.verdict == "booked"


@pytest.mark.req("E-102", "E-103")
@pytest.mark.parametrize(
    ("amount", "big"),
    [("10999999", False), ("11000000", False), ("14999999", False), ("15000000", True)],
)
def test_an_increase_counts_from_a_tenth_and_from_the_floor(amount: str, big: bool) -> None:
    """裾切金額 of this agreement: 5,000,000 yen, compared with the increase."""
    book = Book()
    sent(book, enterprise_row(agreement_code=kit.OPTIONS_AGREEMENT, full_political_cover="0"))
    book.confirm(CUT_OFF)
    record = noticed(change_reason="04", agreement_code=kit.OPTIONS_AGREEMENT, contract_amount=amount)
    assert ("not-substantial" in codes(sent(book, record, accepted=AFTER))) is not big


@pytest.mark.req("E-102")
@pytest.mark.parametrize(("amount", "big"), [("10999999", False), ("11000000", True)])
def test_without_a_floor_a_tenth_decides(amount: str, big: bool) -> None:
    posted = sent(confirmed(), noticed(change_reason="04", contract_amount=amount), accepted=AFTER)
    assert ("not-substantial" in codes(posted)) is not big


@pytest.mark.fires("after-notice-limit")
@pytest.mark.req("A-050", "E-110", "E-108")
@pytest.mark.parametrize("kind", ["2", "3"])
def test_after_the_notice_limit_a_change_waits_for_a_decision(kind: str) -> None:
    """Shipment 2018-12-06 + 3 months + 60 days of usance: 2019-05-05."""
    record = change(kind, history_no="00", change_date="20190426", change_reason="04", goods_code="850000")
    book = confirmed()
    assert book.line(LINE)["change_notice_limit"] == date(2019, 5, 5)
    late = book.send(record, accepted=date(2019, 5, 7))
    assert (late.verdict, late.undecided, late.rows.height) == ("held", {"after-notice-limit"}, 0)
    assert confirmed().send(record, accepted=date(2019, 4, 26)).verdict == "booked"


@pytest.mark.fires("left-ledger")
@pytest.mark.req("E-111", "E-112")
def test_an_approved_late_change_leaves_a_gap_and_the_ledger() -> None:
    book = confirmed()
    record = noticed(change_date="20190426", change_reason="04", goods_code="850000")
    sent(book, record, accepted=date(2019, 5, 7), released=["after-notice-limit"])
    row = book.line(LINE)
    assert (row["uncovered_from"], row["uncovered_until"]) == (date(2019, 5, 6), date(2019, 5, 7))
    assert row["policy_type_from"] == date(2019, 5, 7)
    again = book.send(record, accepted=date(2019, 5, 8))
    assert "left-ledger" in codes(again)
    assert "証券型" in " ".join(again.findings["message"].to_list())
    assert "left-ledger" in codes(book.send(increase(change_date="20190426"), accepted=date(2019, 5, 8)))


@pytest.mark.req("E-106")
@pytest.mark.parametrize(
    ("accepted", "old"),
    [
        pytest.param(date(2014, 9, 30), True, marks=pytest.mark.fires("old-contract")),
        (date(2014, 10, 1), False),
    ],
)
def test_contracts_of_before_october_2014_are_changed_another_way(accepted: date, old: bool) -> None:
    world = kit.world()
    world["agreements"] = [
        {"agreement_code": kit.AGREEMENT, "holder": kit.HOLDER, "product": "enterprise",
         "valid_from": "2014-04-01", "valid_to": "2015-03-31"}
    ]  # fmt: skip
    for name in ("buyer_registrations", "rates"):
        for row in world[name]:
            row["valid_from"] = "2014-04-01"
    book = Book(kit.reference_of(world))
    first = enterprise_row(contract_date=f"{accepted:%Y%m}01", last_shipment_date="20150401")
    sent(book, first, accepted=accepted)
    book.confirm(date(2014, 12, 26))
    posted = book.send(
        change("2", "14-000001-00", change_date="20150105", change_reason="04", goods_code="850000"),
        accepted=date(2015, 1, 6),
    )
    assert ("old-contract" in codes(posted)) is old


@pytest.mark.fires("change-before-contract")
def test_change_dates_must_make_sense() -> None:
    future = confirmed().send(noticed(change_date="20190108", goods_code="850000"), accepted=AFTER)
    assert "date-future" in codes(future)
    early = confirmed().send(noticed(change_date="20181004", goods_code="850000"), accepted=AFTER)
    assert "change-before-contract" in codes(early)


@pytest.mark.parametrize("field", ["change_date", "change_reason"])
def test_a_change_tells_when_and_why(field: str) -> None:
    posted = confirmed().send(noticed(goods_code="850000", **{field: ""}), accepted=AFTER)
    assert (field, "mandatory") in {(f["field"], f["code"]) for f in posted.findings.to_dicts()}


# ------------------------------------------------------------------------------- 簡易


def noticed_book(**fields: str) -> Book:
    """A confirmed 船積確定通知 of October 2018."""
    book = Book()
    sent(book, notice_row(**fields), product=NOTICE)
    book.confirm(CUT_OFF)
    return book


def renoticed(**fields: str) -> dict[str, str]:
    return notice_change("2", **{"change_date": "20190104", "change_reason": "10", **fields})


@pytest.mark.req("B-010", "B-034", "E-148")
def test_a_longer_term_moves_the_notice_into_another_band() -> None:
    """FAQ of Seed 004 簡包(6)②: 1–30 days notified, 60 days agreed afterwards."""
    book = Book()
    sent(book, notice_row(period_band="2", shipment_month="201811"), product=NOTICE)
    book.confirm(CUT_OFF)
    record = renoticed(period_band="3", change_date="20181225")
    posted = sent(book, record, product=NOTICE, accepted=date(2018, 12, 28))
    row = book.line("18-000001-00/00/00")
    assert (row["days_post"], row["history_no"], row["premium_total"]) == (60, "01", 15_900)
    assert "not-substantial" not in codes(posted)
    assert posted.premium_total == 15_900 - book.rows["premium_total"][0]


@pytest.mark.req("B-035", "A-051")
def test_a_change_inside_the_band_is_no_duty() -> None:
    posted = sent(
        noticed_book(period_band="6"),
        renoticed(earliest_contract_date="20180901", change_date="20180901", period_band="6"),
        product=NOTICE,
        accepted=AFTER,
    )
    assert codes(posted) == {"not-substantial"}


@pytest.mark.req("E-141", "E-142")
@pytest.mark.parametrize(
    "fields",
    [
        {"period_band": "5"},
        {"guarantor_code": buyer("SA"), "guarantor_country": "105"},
        {"currency": "USD"},
        {"counterparty_code": buyer("EF")},
        {"payer_code": buyer("EF")},
        {"destination_country": "304"},
        {"payer_country": "304"},
    ],
    ids=str,
)
def test_a_substantial_change_of_a_notice_must_be_told_by_the_end_of_the_next_month(
    fields: dict[str, str],
) -> None:
    november = renoticed(change_date="20181130", **fields)
    in_time = noticed_book(period_band="6").send(november, product=NOTICE, accepted=date(2018, 12, 28))
    assert (in_time.verdict, codes(in_time) & {"not-substantial"}) == ("booked", set())
    late = noticed_book(period_band="6").send(november, product=NOTICE, accepted=date(2019, 1, 4))
    assert (late.verdict, late.undecided) == ("held", {"late-change"})


@pytest.mark.req("B-036", "E-147")
def test_after_its_limit_a_notice_changes_only_by_decision_and_with_a_gap() -> None:
    """October 2018, up to 60 days: 2018-11-01 + 60 days = 2018-12-31."""
    book = noticed_book()
    assert book.line("18-000001-00/00/00")["change_notice_limit"] == date(2018, 12, 31)
    record = renoticed(period_band="4")
    late = book.send(record, product=NOTICE, accepted=AFTER)
    assert (late.verdict, late.undecided, late.rows.height) == ("held", {"after-notice-limit"}, 0)
    sent(book, record, product=NOTICE, accepted=AFTER, released=["after-notice-limit"])
    row = book.line("18-000001-00/00/00")
    assert (row["uncovered_from"], row["uncovered_until"]) == (date(2019, 1, 1), AFTER)
    assert row["policy_type_from"] is None


@pytest.mark.req("B-010")
def test_notices_are_corrected_and_withdrawn_before_confirmation() -> None:
    book = Book()
    sent(book, notice_row(), product=NOTICE)
    sent(book, notice_change("4", history_no="00", shipped_amount="20000000"), product=NOTICE)
    assert book.line("18-000001-00/00/00")["premium_total"] == 31_800
    sent(book, notice_change("5", history_no="01"), product=NOTICE)
    assert book.line("18-000001-00/00/00")["premium_total"] == 15_900
    sent(book, notice_change("5", history_no="00"), product=NOTICE)
    assert book.line("18-000001-00/00/00")["stage"] == "withdrawn"


def test_a_notice_taken_back_returns_the_time_up_to_its_limit() -> None:
    """Cancelled 2018-12-28, three days before the limit: floor(7,900 × 3 ÷ 60), floor(8,000 × 3 ÷ 60)."""
    book = noticed_book()
    record = renoticed(change_date="20181225", change_reason="02", shipped_amount="0")
    posted = sent(book, record, product=NOTICE, accepted=date(2018, 12, 28))
    assert posted.premium_total == -(395 + 400)


# ------------------------------------------------------------------------------- papers


@pytest.mark.req("D-009", "D-021")
def test_papers_hold_what_counts_when_they_are_made() -> None:
    book = booked(enterprise_row(), enterprise_row(export_contract_no="EX-0002"))
    sent(book, change("4", history_no="00", goods_code="850000"))
    first = book.reconcile(date(2018, 11, 9))
    listed = book.rows.filter(book.rows["journal_no"].is_in(first["listed_journal_no"].to_list()))
    assert listed.select("application_no", "history_no").rows() == [
        ("18-000002-00", "00"),
        ("18-000001-00", "01"),
    ]
    sent(book, change("5", history_no="01"), accepted=date(2018, 11, 12))
    second = book.reconcile(date(2018, 11, 16))
    listed = book.rows.filter(book.rows["journal_no"].is_in(second["listed_journal_no"].to_list()))
    # The restored version, and the withdrawal of the one that was seen.
    assert listed.select("process_type", "history_no").rows() == [("1", "00"), ("5", "01")]
    final = book.confirm(CUT_OFF)
    listed = book.rows.filter(book.rows["journal_no"].is_in(final["listed_journal_no"].to_list()))
    assert listed.select("application_no", "history_no").sort("application_no").rows() == [
        ("18-000001-00", "00"),
        ("18-000002-00", "00"),
    ]


def test_the_sum_of_all_acts_is_what_is_owed() -> None:
    book = confirmed(*two_shipments(), enterprise_row(export_contract_no="EX-0002", **lc()))
    sent(book, noticed(**shipped("20190307"), change_reason="06"), accepted=AFTER)
    sent(book, noticed(shipment_no="02", shipment_process_type="5"), accepted=date(2019, 1, 8))
    sent(book, change("5", history_no="02"), accepted=date(2019, 1, 8))
    sent(book, noticed(**amounts("0"), change_date="20190108"), accepted=date(2019, 1, 9))
    acts = book.rows.filter(book.rows["entry"] == "booking")["difference_total"].sum()
    assert acts == sum(row["premium_total"] for row in book.ledger())
    book.confirm(date(2019, 2, 28))
    assert sum(i["premium_total"] for i in book.invoices()) == acts


def test_the_clock_of_a_version_is_its_own() -> None:
    book = confirmed()
    sent(book, noticed(change_reason="04", goods_code="850000"), accepted=AFTER)
    from pipelines.ledger import as_of, current

    then = current(as_of(book.journal, at(date(2018, 12, 31)))).collect()
    assert then.select("history_no", "goods_code", "stage").rows() == [("00", "840000", "confirmed")]


def test_serials_keep_their_zeros_in_a_spreadsheet() -> None:
    """Excel makes 57 of 000057; the number of an application is six digits or more."""
    from schemas.layouts import layout_of

    record = change("4", "18-000057-00", history_no="00", goods_code="850000")
    content = kit.xlsx_bytes([record], layout_of(kit.ENTERPRISE))
    assessment = kit.assess_bytes(content, file_name="change.xlsx")
    assert kit.errors(assessment) == []
    assert assessment.changes["application_serial"].to_list() == ["000057"]


# ------------------------------------------------------------------------------- payment limits


def limited(limit: str) -> Book:
    """A world in which the payer EA of the agreement has this limit; one line uses 9,000,000 yen of it."""
    world = kit.world()
    for row in world["buyer_registrations"]:
        if (row["agreement_code"], row["buyer_code"]) == (kit.AGREEMENT, buyer("EA")):
            row["limit_yen"] = limit
    return Book(kit.reference_of(world))


@pytest.mark.req("E-052")
@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("22500001", set()),
        ("22500000", {"limit-near"}),
        ("18000000", {"limit-near"}),
        ("17999999", {"limit-exceeded"}),
    ],
)
def test_the_use_of_a_limit_adds_up_over_uploads_and_is_told(limit: str, told: set[str]) -> None:
    """80 % of 22,500,000 are 18,000,000: two lines. Told, never refused, and free (E-064)."""
    book = limited(limit)
    assert not codes(sent(book, enterprise_row())) & {"limit-exceeded"}
    posted = sent(book, enterprise_row(export_contract_no="EX-0002"))
    assert codes(posted) == told
    assert posted.premium_total == 18_400


@pytest.mark.req("E-052")
def test_a_change_uses_the_limit_in_place_of_the_version_before() -> None:
    book = limited("20000000")
    sent(book, enterprise_row(), enterprise_row(export_contract_no="EX-0002", contract_amount="5000000",
         pre_shipment_amount="5000000", post_shipment_amount="5000000", settlement_principal="5000000"))  # fmt: skip
    same = sent(book, change("4", history_no="00", goods_code="850000"))
    assert codes(same) == set()
    more = sent(book, change("4", history_no="01", **amounts("20000000")))
    assert codes(more) == {"limit-exceeded"}
    assert "残高 22500000円、" in more.findings["message"][0]
    sent(book, change("5", history_no="02"))
    assert codes(sent(book, enterprise_row(export_contract_no="EX-0003", contract_amount="100",
         pre_shipment_amount="100", post_shipment_amount="100", settlement_principal="100"))) == set()  # fmt: skip


@pytest.mark.req("E-052", "E-054")
def test_what_is_settled_by_lc_uses_no_limit() -> None:
    book = limited("1000000")
    assert not codes(sent(book, enterprise_row(**lc()))) & {"limit-near", "limit-exceeded"}
