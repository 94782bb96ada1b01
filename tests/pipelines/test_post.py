"""Numbers in receipt order, one booking per record, all or nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from pipelines.assess import Assessment
from pipelines.post import Candidate, LedgerState, Posted, contracts_of, post
from schemas.journal import CHAIN, SCHEMA
from schemas.products import Product
from schemas.submission import Status
from sensors.calendar import BusinessCalendar
from sensors.windows import status_of
from tests import kit
from tests.kit import ENTERPRISE, NOTICE, Row, assess_rows, enterprise_row, notice_row

BOOKED_AT = datetime(2018, 11, 6, 11, 30, tzinfo=UTC)
NOBODY = pl.DataFrame(schema={**{k: v for k, v in SCHEMA.items() if k not in CHAIN}, "stage": pl.String})
CALENDAR = BusinessCalendar(kit.default_reference().holidays, *kit.default_reference().calendar_years)


def candidate(receipt_no: int, assessment: Assessment, holder: str = kit.HOLDER) -> Candidate:
    receipt = {"receipt_no": receipt_no, "submission_id": f"S{receipt_no:08d}", "holder": holder}
    return Candidate(receipt, assessment)


def ledger(receipt_no: int, *contracts: str, **changes: str) -> Candidate:
    """A waiting upload of one line per export contract."""
    rows = [enterprise_row(export_contract_no=contract, **changes) for contract in contracts]
    return candidate(receipt_no, assess_rows(rows))


def posted(
    *candidates: Candidate, serials: dict[str, int] | None = None, live: pl.DataFrame = NOBODY
) -> list[Posted]:
    state = LedgerState(serials or {}, live)
    return post(candidates, state, BOOKED_AT, lambda _: kit.default_reference(), CALENDAR)


def insured(contract: str, number: str, agreement: str = kit.AGREEMENT) -> pl.DataFrame:
    row = {
        "agreement_code": agreement,
        "export_contract_no": contract,
        "application_no": number,
        "process_type": "1",
        "history_no": "00",
        "product": "enterprise",
        "removed": False,
        "stage": "unconfirmed",
    }
    return pl.concat([NOBODY, pl.DataFrame([row])], how="diagonal_relaxed")


def numbers(outcome: Posted) -> list[str]:
    return outcome.rows["application_no"].to_list()


def test_numbers_follow_the_receipt_whatever_order_uploads_are_handed_over_in() -> None:
    outcomes = posted(ledger(12, "C", "D"), ledger(7, "A"), ledger(9, "B"), serials={"18": 41})
    assert [outcome.receipt["receipt_no"] for outcome in outcomes] == [7, 9, 12]
    assert [numbers(outcome) for outcome in outcomes] == [
        ["18-000042-00"],
        ["18-000043-00"],
        ["18-000044-00", "18-000045-00"],
    ]


def test_all_products_share_one_series_per_year() -> None:
    notices = candidate(2, assess_rows([notice_row(), notice_row(period_band="2")], NOTICE))
    outcomes = posted(ledger(1, "A"), notices, ledger(3, "B"))
    assert [numbers(outcome) for outcome in outcomes] == [
        ["18-000001-00"],
        ["18-000002-00", "18-000003-00"],
        ["18-000004-00"],
    ]
    assert outcomes[1].rows.select("notice_year", "notice_serial", "line_id").rows() == [
        ("18", "000002", "18-000002-00/00/00"),
        ("18", "000003", "18-000003-00/00/00"),
    ]
    assert outcomes[0].rows.select("application_year", "application_serial", "line_id").rows() == [
        ("18", "000001", "18-000001-00/01/01")
    ]


def test_the_year_is_that_of_the_acceptance_date_and_each_has_its_own_series() -> None:
    world = kit.world()
    for agreement in world["agreements"]:
        agreement["valid_to"] = "2019-03-31"
    row = enterprise_row(contract_date="20181210", last_shipment_date="20190601")
    outcomes = [
        candidate(number, assess_rows([row | {"export_contract_no": str(number)}], ENTERPRISE, kit.reference_of(world), received_on=date(2018, 12, 28), accepted=accepted))
        for number, accepted in ((1, date(2018, 12, 28)), (2, date(2019, 1, 4)), (3, date(2018, 12, 28)))
    ]  # fmt: skip
    booked = posted(*outcomes, serials={"18": 99, "19": 0})
    assert [numbers(outcome) for outcome in booked] == [["18-000100-00"], ["19-000001-00"], ["18-000101-00"]]
    assert booked[1].rows["unit"].to_list() == [f"{kit.AGREEMENT}_-_2019-01"]


def test_serials_beyond_six_digits_grow() -> None:
    [outcome] = posted(ledger(1, "A", "B"), serials={"18": 999_998})
    assert numbers(outcome) == ["18-999999-00", "18-1000000-00"]


@pytest.mark.req("A-031")
def test_lines_of_a_contract_are_one_application_wherever_they_stand_in_the_file() -> None:
    """Branches and shipments of two contracts, interleaved; applications are numbered by first appearance."""
    parts: list[Row] = [
        {"export_contract_no": "B", "branch_no": "01", "shipment_no": "02"},
        {"export_contract_no": "A", "shipment_no": "01"},
        {"export_contract_no": "B", "branch_no": "00", "shipment_no": "01"},
        {"export_contract_no": "A", "shipment_no": "02", "last_shipment_date": "20190110"},
        {"export_contract_no": "B", "branch_no": "01", "shipment_no": "01", "settlement_no": "02"},
        {"export_contract_no": "B", "branch_no": "01", "shipment_no": "01", "settlement_no": "01"},
    ]
    [outcome] = posted(candidate(1, assess_rows([enterprise_row(**part) for part in parts])))
    assert outcome.rows["line_id"].to_list() == [
        "18-000001-01/02/01",
        "18-000002-00/01/01",
        "18-000001-00/01/01",
        "18-000002-00/02/01",
        "18-000001-01/01/02",
        "18-000001-01/01/01",
    ]
    assert outcome.rows["record"].to_list() == [1, 2, 3, 4, 5, 6]
    assert outcome.rows["history_no"].to_list() == ["00"] * 6
    assert outcome.rows["branch_no"].to_list() == ["01", "00", "00", "00", "01", "01"]


def test_the_same_contract_number_under_another_agreement_is_another_application() -> None:
    rows = [enterprise_row(), enterprise_row(agreement_code=kit.DISCOUNT_AGREEMENT)]
    [outcome] = posted(candidate(1, assess_rows(rows)))
    assert numbers(outcome) == ["18-000001-00", "18-000002-00"]


@pytest.mark.fires("already-insured")
@pytest.mark.req("A-019")
def test_a_contract_that_is_insured_is_told_with_its_number() -> None:
    """Once per branch, at its first line; the neighbour contract and the same number of another agreement are free."""
    rows = [
        enterprise_row(export_contract_no="OLD", branch_no="00"),
        enterprise_row(export_contract_no="OLD", branch_no="00", settlement_no="02"),
        enterprise_row(export_contract_no="OLD", branch_no="01"),
        enterprise_row(export_contract_no="NEW"),
    ]
    live = pl.concat([insured("OLD", "18-000009-00"), insured("NEW", "18-000010-00", kit.DISCOUNT_AGREEMENT)])
    [outcome] = posted(candidate(1, assess_rows(rows)), live=live, serials={"18": 10})
    assert outcome.verdict == "rejected"
    assert outcome.rows.is_empty()
    assert [
        (finding["record"], finding["line"], finding["field"], finding["code"], finding["severity"], finding["value"])
        for finding in outcome.findings.iter_rows(named=True)
    ] == [
        (1, 2, "export_contract_no", "already-insured", "error", "OLD"),
        (3, 4, "export_contract_no", "already-insured", "error", "OLD"),
    ]  # fmt: skip
    assert (
        outcome.findings["message"][0]
        == "この輸出契約は申込番号 18-000009 で付保済みです。変更は処理種別2~4で申し込んでください。"
    )


def test_a_number_of_more_than_six_digits_is_told_whole() -> None:
    [outcome] = posted(ledger(1, "A"), live=insured("A", "18-1000001-02"))
    assert "申込番号 18-1000001 で付保済み" in outcome.findings["message"][0]


def test_an_earlier_upload_of_the_same_call_insures_its_contracts() -> None:
    first, second, third = posted(ledger(1, "A"), ledger(2, "A", "B"), ledger(3, "B"), serials={"18": 5})
    assert numbers(first) == ["18-000006-00"]
    assert second.verdict == "rejected"
    assert "申込番号 18-000006 で付保済み" in second.findings["message"][0]
    # What was rejected insures nothing and uses up no number.
    assert numbers(third) == ["18-000007-00"]


@pytest.mark.req("A-018", "A-025", "A-026", "B-011", "C-016")
@pytest.mark.parametrize("fault", ["9", ""])
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_one_bad_record_leaves_nothing_of_the_upload(product: Product, fault: str) -> None:
    rows = [kit.row_of(product) for _ in range(3)]
    for number, row in enumerate(rows):
        if product is ENTERPRISE:
            row["export_contract_no"] = f"C{number}"
    rows[1]["process_type"] = fault
    assessment = assess_rows(rows, product)
    bad, good = posted(candidate(1, assessment), candidate(2, assess_rows([kit.row_of(product)], product)))
    assert (bad.verdict, bad.errors, bad.rows.height, bad.premium_total) == ("rejected", 1, 0, 0)
    assert assessment.premium_total == 0
    assert bad.rows.columns == good.rows.columns
    # The others go on, with the first number.
    assert numbers(good) == ["18-000001-00"]
    now = datetime(2018, 11, 6, 12, 0, tzinfo=UTC)
    assert status_of(kit.ACCEPTED, now, bad.verdict) is Status.NEEDS_CHECK
    assert str(Status.NEEDS_CHECK) == "申請内容要確認"
    assert status_of(kit.ACCEPTED, now, good.verdict) is Status.DONE


def test_warnings_do_not_keep_an_upload_from_being_booked() -> None:
    [outcome] = posted(ledger(1, "A", disclosure_marks="13"))
    assert (outcome.verdict, outcome.errors, outcome.warnings) == ("booked", 0, 1)
    assert outcome.premium_total == 18_400


@pytest.mark.req("A-045", "A-049")
def test_rows_carry_all_that_the_journal_keeps() -> None:
    rows = [enterprise_row(), enterprise_row(settlement_no="02", usance_days="90")]
    assessment = assess_rows(rows, reference=kit.reference_of(kit.world(), load_no=17))
    [outcome] = posted(candidate(3, assessment, holder=kit.ASSOCIATION))
    assert dict(outcome.rows.schema) == {name: kind for name, kind in SCHEMA.items() if name not in CHAIN}
    lead, other = outcome.rows.iter_rows(named=True)
    for row in (lead, other):
        assert row["entry"] == "booking"
        assert row["journal_no"] is row["commit_no"] is None
        assert row["booked_at"].isoformat() == "2018-11-06T20:30:00+09:00"
        assert (row["submission_id"], row["receipt_no"], row["submitter"]) == (
            "S00000003",
            3,
            kit.ASSOCIATION,
        )
        assert (row["product"], row["acceptance_date"]) == ("enterprise", kit.ACCEPTED)
        assert (row["reference_load"], row["buyer_rating"]) == (17, "EA")
        assert (row["days_pre"], row["days_post"]) == (30, 90)
        assert row["notice_kind"] is None
    # Premiums of a shipment stand on its lowest settlement number, so that sums over lines are totals.
    assert (lead["rate_a"], lead["rate_b"], lead["rate_c"], lead["rate_d"]) == (26, 108, 3, 104)
    assert lead["premium_total"] == 2_600 + 10_800 + 300 + 10_400
    assert (other["rate_a"], other["rate_b"], other["premium_total"], other["insured_amount_a"]) == (
        None,
        None,
        0,
        0,
    )
    assert outcome.premium_total == lead["premium_total"]
    assert [lead[f"factor_{c}"] for c in "abcd"] == ["1", "1", "1", "1"]
    assert (lead["base_pre_yen"], lead["base_post_yen"]) == (10_000_000, 10_000_000)
    assert [lead[f"cover_{c}"] for c in "abcd"] == [800, 975, 800, 900]
    [discounted] = posted(ledger(4, "D", agreement_code=kit.DISCOUNT_AGREEMENT))
    assert discounted.rows.select("factor_a", "factor_d", "rate_d", "premium_d").row(0) == (
        "1",
        "0.7",
        53,
        5_300,
    )


def test_totals_beyond_64_bits_do_not_wrap() -> None:
    largest = 4 * 9_999_999_999_999
    huge = pl.DataFrame({"premium_total": [largest] * 300_000, "difference_total": [largest] * 300_000})
    assessment = assess_rows([enterprise_row()])
    assert replace(assessment, lines=huge).premium_total == largest * 300_000
    assert Posted({}, huge, assessment.findings).premium_total == largest * 300_000


@pytest.mark.parametrize(
    ("holder", "agreement", "department", "unit"),
    [
        (kit.HOLDER, kit.AGREEMENT, "D1", f"{kit.AGREEMENT}_-_2018-11"),
        (kit.DEPARTMENTAL, kit.DEPARTMENTAL_AGREEMENT, "D1", f"{kit.DEPARTMENTAL_AGREEMENT}_D1_2018-11"),
        (kit.DEPARTMENTAL, kit.DEPARTMENTAL_AGREEMENT, "D2", f"{kit.DEPARTMENTAL_AGREEMENT}_D2_2018-11"),
    ],
)
def test_a_unit_is_cut_by_department_only_where_agreed(
    holder: str, agreement: str, department: str, unit: str
) -> None:
    row = enterprise_row(policyholder_code=holder, agreement_code=agreement, department_code=department)
    [outcome] = posted(candidate(1, assess_rows([row], submitter=holder), holder))
    assert outcome.rows["unit"].to_list() == [unit]


def test_a_notice_without_department_belongs_to_the_unit_of_none() -> None:
    world = kit.world()
    world["policyholders"][0]["department_ledgers"] = "1"
    rows = [notice_row(), notice_row(department_code="D9")]
    [outcome] = posted(candidate(1, assess_rows(rows, NOTICE, kit.reference_of(world))))
    assert outcome.rows["unit"].to_list() == [
        f"{kit.NOTICE_AGREEMENT}_-_2018-11",
        f"{kit.NOTICE_AGREEMENT}_D9_2018-11",
    ]


def test_contracts_of_names_each_wanted_contract_once_and_no_notice() -> None:
    notices = candidate(3, assess_rows([notice_row()], NOTICE))
    wanted = contracts_of([ledger(1, "A", "B"), ledger(2, "B"), notices])
    assert wanted.columns == ["agreement_code", "contract_like"]
    assert sorted(wanted.rows()) == [(kit.AGREEMENT, "a"), (kit.AGREEMENT, "b")], "with those alike"
    assert contracts_of([notices]).is_empty()


def test_posting_nothing_does_nothing() -> None:
    assert posted() == []


@pytest.mark.req("B-012", "B-015")
def test_notices_are_flat_and_may_be_summed_or_one_by_one() -> None:
    """One record per shipment, or one for the sum of a month: the same premium, and every record its own number."""
    single = [notice_row(shipped_amount="4000000"), notice_row(shipped_amount="6000000")]
    [one_by_one, summed] = posted(
        candidate(1, assess_rows(single, NOTICE)), candidate(2, assess_rows([notice_row()], NOTICE))
    )
    assert numbers(one_by_one) == ["18-000001-00", "18-000002-00"]
    assert one_by_one.premium_total == summed.premium_total == 15_900
