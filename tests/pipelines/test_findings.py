"""Every finding fires where it should, with its address and remedy, and nowhere near."""

from datetime import UTC, datetime
from functools import cache

import polars as pl
import pytest

import tests.assets
import tests.pipelines
from daicho.views import ledger_state
from pipelines.assess import Assessment
from pipelines.judge import judge
from pipelines.post import Candidate, post
from pipelines.reading.decode import decode
from pipelines.reference import Reference
from schemas.cells import column_letter
from schemas.findings import KINDS
from schemas.journal import SCHEMA
from schemas.layouts import layout_of
from schemas.products import PROCESS_TYPES, Product
from sensors.calendar import BusinessCalendar
from tests import kit, scatter
from tests.firing import shown_in
from tests.kit import (
    ENTERPRISE,
    NOTICE,
    Row,
    assess_bytes,
    assess_rows,
    csv_bytes,
    enterprise_row,
    row_of,
    xlsx_bytes,
)
from tests.pipelines.cases import CASES, EX, Case


@cache
def plain_reference() -> Reference:
    return kit.reference_of(scatter.plain_world())


def records(case: Case) -> list[Row]:
    """A good record, the one at fault, its neighbour; each a contract of its own unless the case joins them."""
    number = CASES.index(case)
    rows = []
    for place, changes in enumerate((case.first or {}, case.fault, case.near)):
        own = {"export_contract_no": f"EX-{number}-{place}"} if case.product is ENTERPRISE else {}
        row = row_of(case.product, **(own | changes))
        if row.get("export_contract_no") == EX["export_contract_no"]:
            row["export_contract_no"] += f"-{number}"
        rows.append(row)
    return rows


def is_plain(case: Case) -> bool:
    return case.world is None and case.accepted == kit.ACCEPTED


@cache
def told_of(product: Product) -> dict[int, list[dict[str, object]]]:
    """The findings of all plain cases of a product in one upload, by record: applications do not disturb each other."""
    rows = [row for case in CASES if case.product is product and is_plain(case) for row in records(case)]
    return by_record(assess_rows(rows, product, plain_reference()))


def by_record(assessment: Assessment) -> dict[int, list[dict[str, object]]]:
    told: dict[int, list[dict[str, object]]] = {n: [] for n in range(1, assessment.count + 1)}
    for finding in assessment.findings.iter_rows(named=True):
        told[finding["record"]].append(finding)
    return told


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.id, marks=pytest.mark.req(*case.req)) for case in CASES]
)
def test_finding_fires_at_the_fault_and_not_beside_it(case: Case) -> None:
    if is_plain(case):
        peers = [peer for peer in CASES if peer.product is case.product and is_plain(peer)]
        told, before = told_of(case.product), 3 * peers.index(case)
    else:
        world = scatter.plain_world()
        (case.world or (lambda world: None))(world)
        reference = kit.reference_of(world)
        told = by_record(assess_rows(records(case), case.product, reference, accepted=case.accepted))
        before = 0
    fault, near = told[before + 2], told[before + 3]
    assert [(finding["field"], finding["code"]) for finding in near] == list(case.near_also)
    assert sorted((finding["field"], finding["code"]) for finding in fault) == sorted(
        [(case.field, case.code), *case.also]
    )
    hit = next(finding for finding in fault if (finding["field"], finding["code"]) == (case.field, case.code))
    value = case.value if case.value is not None else records(case)[1][case.field]
    assert (hit["line"], hit["cell"], hit["severity"]) == (before + 3, None, KINDS[case.code].severity)
    assert (hit["value"] or "") == value.strip()
    assert case.says.replace("レコード1", f"レコード{before + 1}") in str(hit["message"])


@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_in_a_spreadsheet_every_finding_names_its_cell(product: Product) -> None:
    """All cases of the default world in one workbook that starts at C5 and has blank rows between."""
    layout = layout_of(product)
    cases = [
        case
        for case in CASES
        if case.product is product and not case.text_only and not case.world and not case.first
        and case.accepted == kit.ACCEPTED
        and not str(case.fault.get(case.field, "")).startswith("#")  # an error cell, which the workbook tells itself
    ]  # fmt: skip
    assert len(cases) > 30
    rows = [
        row_of(product, **(({"export_contract_no": f"X-{n}"} if product is ENTERPRISE else {}) | case.fault))
        for n, case in enumerate(cases)
    ]
    content = xlsx_bytes(rows, layout, first_row=5, first_column=3, blank_after=range(10, len(rows), 10))
    assessment = assess_bytes(content, product, "upload.xlsx", plain_reference())
    told = {
        (finding["record"], finding["field"], finding["code"]): finding
        for finding in assessment.findings.iter_rows(named=True)
    }
    for record, case in enumerate(cases, start=1):
        line = 5 + record + (record - 1) // 10
        finding = told[record, case.field, case.code]
        assert (finding["line"], finding["cell"]) == (
            line,
            f"{_letter(2 + layout.names.index(case.field))}{line}",
        )


def _letter(place: int) -> str:
    return chr(65 + place) if place < 26 else chr(64 + place // 26) + chr(65 + place % 26)


@pytest.mark.parametrize(
    ("product", "field"),
    [(product, field) for product in (ENTERPRISE, NOTICE) for field in layout_of(product).mandatory("1")],
)
@pytest.mark.req("A-034")
def test_a_blank_mandatory_cell_is_told_once_and_nothing_else(product: Product, field: str) -> None:
    assessment = assess_rows([row_of(product), row_of(product, **{field: ""})], product)
    told = [
        (finding["record"], finding["field"], finding["code"], finding["value"])
        for finding in assessment.findings.iter_rows(named=True)
        if finding["record"] == 2 and finding["code"] != "duplicate-line"
    ]
    assert told == [(2, field, "mandatory", None)]


@pytest.mark.fires("missing-column")
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_missing_mandatory_columns_are_told_once_at_the_header(product: Product) -> None:
    names = layout_of(product).mandatory("1")
    row = row_of(product, currency_rider="0")
    rows = [{name: text for name, text in row.items() if name not in names}] * 2
    assessment = assess_rows(rows, product)
    assert kit.found(assessment, "missing-column") == [(None, name, "missing-column") for name in names]
    label = layout_of(product).labels["currency"]
    assert assessment.findings.filter(field="currency").row(0, named=True) | {} == {
        "record": None,
        "line": 1,
        "cell": None,
        "field": "currency",
        "code": "missing-column",
        "severity": "error",
        "message": f"必須の列「{label}」がありません。見出し行に currency または {label} の列を加えてください。",
        "value": None,
    }
    assert kit.found(assessment, "mandatory") == []


@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_optional_columns_may_be_missing(product: Product) -> None:
    row = row_of(product)
    mandatory = {name: row[name] for name in layout_of(product).mandatory("1")}
    if product is ENTERPRISE:
        mandatory["usance_days"] = "60"
    assessment = assess_rows([mandatory], product)
    assert kit.found(assessment) == []
    assert assessment.premium_total == (18_400 if product is ENTERPRISE else 15_900)


@pytest.mark.fires("unknown-column")
def test_unknown_columns_are_a_warning_with_their_own_cell() -> None:
    row = {"社内メモ": "至急", **enterprise_row(), "旧コード": "1", "": ""}
    for name, content, cells in (
        ("a.csv", csv_bytes([row]), [None, None]),
        ("a.xlsx", xlsx_bytes([row], layout_of(ENTERPRISE), first_column=2), ["B1", "AZ1"]),
    ):
        assessment = assess_bytes(content, file_name=name)
        assert [
            (finding["record"], finding["line"], finding["cell"], finding["code"], finding["severity"], finding["value"])
            for finding in assessment.findings.iter_rows(named=True)
        ] == [
            (None, 1, cells[0], "unknown-column", "warning", "社内メモ"),
            (None, 1, cells[1], "unknown-column", "warning", "旧コード"),
        ]  # fmt: skip
        assert assessment.premium_total == 18_400


@pytest.mark.fires("duplicate-column")
def test_a_column_given_twice_is_an_error_whichever_name_it_has() -> None:
    row = {**enterprise_row(), "特約 コード": kit.AGREEMENT}
    for name, content, cell in (
        ("a.csv", csv_bytes([row]), None),
        ("a.xlsx", xlsx_bytes([row], layout_of(ENTERPRISE)), "AX1"),
    ):
        assessment = assess_bytes(content, file_name=name)
        finding = assessment.findings.row(0, named=True)
        assert assessment.findings.height == 1
        assert (finding["line"], finding["cell"], finding["field"]) == (1, cell, "agreement_code")
        assert (finding["code"], finding["severity"]) == ("duplicate-column", "error")
        assert finding["message"] == "列「特約コード」が2つ以上あります。1つにしてください。"


@pytest.mark.fires("field-count")
def test_a_line_with_other_than_the_header_number_of_cells_is_told() -> None:
    good = enterprise_row()
    lines = csv_bytes([{**good, "export_contract_no": f"E-{n}"} for n in range(4)]).decode().split("\r\n")
    width = len(good)
    lines[2] += ",x"  # one cell too many
    lines[3] += ",,,"  # blank ones too: nobody can say that nothing was shifted
    lines[4] = lines[4].removesuffix(",")  # one too few
    assessment = assess_bytes("\r\n".join(lines).encode())
    assert [
        (finding["record"], finding["line"], finding["field"], finding["value"], finding["message"])
        for finding in assessment.findings.iter_rows(named=True)
    ] == [
        (
            record,
            record + 1,
            "process_type",
            str(count),
            f"項目の数が見出し({width}個)と合いません({count}個)。区切りのコンマと引用符を確かめてください。",
        )
        for record, count in ((2, width + 1), (3, width + 3), (4, width - 1))
    ]
    assert {finding["code"] for finding in assessment.findings.iter_rows(named=True)} == {"field-count"}


def test_blank_cells_behind_every_line_with_the_header_are_padding() -> None:
    lines = csv_bytes([enterprise_row(export_contract_no=f"E-{n}") for n in range(3)]).decode().split("\r\n")
    padded = [f"{line},,," for line in lines if line]
    assert kit.found(assess_bytes("\n".join(padded).encode())) == []
    assert list(assess_bytes("\n".join([*padded[:-1], lines[3]]).encode()).findings["code"]) == [
        "field-count"
    ]


@pytest.mark.fires("untitled-value")
def test_a_value_under_a_blank_title_is_an_error_with_its_own_cell() -> None:
    good = enterprise_row()
    rows = [{"": "", **good, " ": "", "\u3000": ""} for _ in range(3)]
    rows[1] |= {"export_contract_no": "EX-2", " ": "y"}
    rows[2] |= {"export_contract_no": "EX-3", "": "x", "\u3000": "\u200b"}
    last = len(good) + 1
    letters = [column_letter(last), "A", column_letter(last + 1)]
    for name, content, cells, places in (
        ("a.csv", csv_bytes(rows), [None] * 3, [f"{last + 1}列目", "1列目", f"{last + 2}列目"]),
        (
            "a.xlsx",
            xlsx_bytes(rows, layout_of(ENTERPRISE)),
            [f"{letter}{row}" for letter, row in zip(letters, (3, 4, 4), strict=True)],
            [f"{letter}列" for letter in letters],
        ),
    ):
        assessment = assess_bytes(content, file_name=name)
        assert assessment.findings.select("record", "cell", "field", "code", "severity", "value").rows() == [
            (2, cells[0], places[0], "untitled-value", "error", "y"),
            (3, cells[1], places[1], "untitled-value", "error", "x"),
            (3, cells[2], places[2], "untitled-value", "error", "\u200b"),
        ]
        assert f"見出しのない{places[1]}に値「x」" in assessment.findings["message"][1]
        assert "値「[U+200B]」" in assessment.findings["message"][2]
        assert assessment.premium_total == 0


@pytest.mark.fires("similar-contract")
def test_contracts_of_one_file_whose_numbers_look_alike_are_a_warning() -> None:
    alike = ["ab-001", "AB－００１", "AB‐001", "ab 001", "サーバ-1", "ｻｰﾊﾞ-1", "EX-1", "EX-10"]
    told = posted_alone([enterprise_row(export_contract_no=text) for text in alike])
    assert told.select("record", "field", "code", "severity").rows() == [
        (record, "export_contract_no", "similar-contract", "warning") for record in (2, 3, 6)
    ]
    assert "「AB-001」は、レコード1の「ab-001」と同じ契約ではありませんか" in told["message"][0]


def posted_alone(rows: list[Row]) -> pl.DataFrame:
    candidate = Candidate(
        {"receipt_no": 1, "submission_id": "S00000001", "holder": kit.HOLDER}, assess_rows(rows)
    )
    state = ledger_state(pl.LazyFrame(schema=SCHEMA), [candidate])
    now = datetime(2018, 11, 6, 9, tzinfo=UTC)
    tables = kit.default_reference()
    calendar = BusinessCalendar(tables.holidays, *tables.calendar_years)
    done = post([candidate], state, now, lambda load: kit.default_reference(), calendar)[0]
    assert done.verdict == "booked"
    return done.findings


@pytest.mark.req("A-017", "B-009")
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_exactly_five_process_types_are_known(product: Product) -> None:
    for text in [*map(str, range(10)), "", "新規", "01", "1.0"]:
        codes = {
            code for _, _, code in kit.errors(assess_rows([row_of(product, process_type=text)], product))
        }
        expected = {
            "1": set(),
            **{code: {"mandatory"} for code in "2345"},  # they name what they change
            "": {"mandatory"},
        }.get(text, {"process-type"})
        assert codes == expected, text


@pytest.mark.req("E-053", "E-054")
@pytest.mark.parametrize("rating", ["GS", "GA", "GE", "P", "EC"])
def test_public_buyers_need_no_limit_and_private_ones_none_with_a_good_lc(rating: str) -> None:
    world = scatter.plain_world()
    for row in world["buyer_registrations"]:
        row["limit_yen"] = ""
    reference = kit.reference_of(world)
    without = assess_rows([kit.notice_row(payer_code=kit.buyer(rating))], NOTICE, reference)
    assert kit.found(without, "limit-missing") == []
    lc = [kit.notice_row(payer_code=kit.buyer("EA"), **kit.notice_lc(bank)) for bank in ("SA", "GA")]
    assert kit.found(assess_rows(lc, NOTICE, reference), "limit-missing") == [
        (2, "payer_code", "limit-missing")
    ]


@pytest.mark.req("A-039")
def test_an_association_submits_for_its_members_only() -> None:
    member = enterprise_row(policyholder_code=kit.MEMBER, agreement_code=kit.MEMBER_AGREEMENT)
    other = enterprise_row(export_contract_no="X")
    for submitter, expected in (
        (kit.ASSOCIATION, [(2, "policyholder_code", "holder-not-yours")]),
        (kit.MEMBER, [(2, "policyholder_code", "holder-not-yours")]),
        (kit.HOLDER, [(1, "policyholder_code", "holder-not-yours")]),
    ):
        assert kit.errors(assess_rows([member, other], submitter=submitter)) == expected


def test_unusable_cells_are_not_told_again_as_blank_or_different() -> None:
    """One bad cell in the first line of a branch is one finding, however many lines follow."""
    same = {"export_contract_no": "EX-SAME"}
    rows = [
        enterprise_row(**same, settlement_no=f"{n:02d}", contract_amount="100億" if n == bad else "10000000")
        for bad in (1, 2)
        for n in (1, 2, 3)
    ]
    for part in (rows[:3], rows[3:]):
        assert [code for _, _, code in kit.found(assess_rows(part))] == ["invalid-amount"]
    blank = [enterprise_row(usance_days="six")]
    assert kit.found(assess_rows(blank)) == [(1, "usance_days", "invalid-number")]


def test_records_without_a_usable_key_are_strangers_not_one_group() -> None:
    rows = [
        enterprise_row(export_contract_no="", payer_country="105"),
        enterprise_row(export_contract_no="", payer_country="113"),
        enterprise_row(export_contract_no="契" * 21, department_code="D2"),
        enterprise_row(export_contract_no="S", shipment_no="", last_shipment_date="20190101"),
        enterprise_row(export_contract_no="S", shipment_no=""),
        enterprise_row(export_contract_no="T", settlement_no=""),
        enterprise_row(export_contract_no="T", settlement_no="x"),
        enterprise_row(export_contract_no="U", branch_no="x"),
        enterprise_row(export_contract_no="U", branch_no="01"),
    ]
    assert kit.found(assess_rows(rows)) == [
        (1, "export_contract_no", "mandatory"),
        (2, "export_contract_no", "mandatory"),
        (3, "export_contract_no", "too-long"),
        (4, "shipment_no", "mandatory"),
        (5, "shipment_no", "mandatory"),
        (6, "settlement_no", "mandatory"),
        (7, "settlement_no", "invalid-number"),
        (8, "branch_no", "invalid-number"),
    ]


def test_all_findings_of_a_file_are_told_at_once_in_the_order_of_the_file() -> None:
    rows = [
        enterprise_row(export_contract_no="1", payer_code="105999999", contract_date="20181340"),
        enterprise_row(export_contract_no="2"),
        enterprise_row(export_contract_no="3", disclosure_marks="1", settlement_method="99", goods_code=""),
    ]
    assert kit.found(assess_rows(rows)) == [
        (1, "contract_date", "invalid-date"),
        (1, "payer_code", "buyer-unregistered"),
        (3, "goods_code", "mandatory"),
        (3, "settlement_method", "code-unknown"),
        (3, "disclosure_marks", "disclosure"),
    ]


def test_a_ledger_line_does_not_ask_who_is_left_out_of_notices() -> None:
    world = kit.world()
    for registration in world["buyer_registrations"]:
        registration["excluded"] = "1"
    reference = kit.reference_of(world)
    assert kit.errors(assess_rows([enterprise_row()], reference=reference)) == []
    assert kit.errors(assess_rows([kit.notice_row()], NOTICE, reference)) == [(1, "payer_code", "buyer-excluded")]  # fmt: skip


def test_every_code_has_a_case() -> None:
    """A rule without a test in which it fires is decoration. A case compares what fires; a marked test fails without it."""
    assert KINDS.keys() - {case.code for case in CASES} - shown_in(tests.pipelines, tests.assets) == set()


@pytest.mark.parametrize("product", list(Product))
@pytest.mark.parametrize("process_types", [*"12345", "9", "", "13", "25"])
def test_blank_cells_are_told_by_the_process_type_of_each_record(
    product: Product, process_types: str
) -> None:
    layout = layout_of(product)
    blank = dict.fromkeys(layout.names, "") | {"currency": "JPY"}
    rows = [blank | {"process_type": code} for code in process_types or [""]]
    rows.append(dict.fromkeys(layout.names, "x") | {"process_type": "1"})
    judged = judge(decode(kit.csv_bytes(rows), "a.csv", layout))
    told = {
        (record, field)
        for record, field, code in judged.findings.select("record", "field", "code").iter_rows()
        if code == "mandatory"
    }
    assert told == {
        (n, field)
        for n, row in enumerate(rows[:-1], start=1)
        for field in layout.mandatory(row["process_type"] if row["process_type"] in PROCESS_TYPES else "1")
        if not row[field]
    }
