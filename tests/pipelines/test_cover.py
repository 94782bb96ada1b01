"""Cover by payer rating, L/C bank and flags: tables E-T1 and E-T2 row by row."""

from collections.abc import Sequence
from datetime import date
from functools import cache

import pytest

from pipelines.assess import Assessment
from pipelines.reference import Reference
from schemas.products import Product
from schemas.reference import builtin_rows
from tests import kit, scatter
from tests.kit import (
    ENTERPRISE,
    NOTICE,
    RATINGS,
    Row,
    assess_rows,
    buyer,
    enterprise_row,
    lc,
    notice_lc,
    notice_row,
)

ALL, WITHOUT_D, POLITICAL = "ABCD", "ABC", "AB"

ENTERPRISE_COVER = [
    # ratings, covered without L/C, covered with L/C of a good bank, rows of the catalogue
    (("GS", "GA", "GE"), ALL, ALL, ("E-042",)),
    (("EE", "EA"), ALL, ALL, ("E-043",)),
    (("EM", "EF"), ALL, ALL, ("E-044",)),
    (("EC",), WITHOUT_D, ALL, ("E-045",)),
    (("P",), POLITICAL, ALL, ("E-046",)),
    (("R", "GR", "ER", "SR"), POLITICAL, ALL, ("E-047",)),
    (("SA",), ALL, ALL, ("E-050",)),
]
NOTICE_COVER = [
    (("GS", "GA", "GE"), "BD", "BD", ("E-126",)),
    (("EE", "EA", "EM", "EF"), "BD", "BD", ("E-127",)),
    (("EC",), "B", "BD", ("E-128",)),
    (("P", "R", "GR", "ER", "SR"), "B", "BD", ("E-129",)),
    (("SA",), "BD", "BD", ()),
]


def rows_of(table: Sequence[tuple[tuple[str, ...], str, str, tuple[str, ...]]]) -> list[object]:
    return [
        pytest.param(rating, plain, by_lc, id=rating, marks=pytest.mark.req(*ids))
        for ratings, plain, by_lc, ids in table
        for rating in ratings
    ]


NUMBERS: dict[Product, list[Row]] = {
    ENTERPRISE: [{"export_contract_no": f"N{n}"} for n in range(4)],
    NOTICE: [{}] * 4,
}


@cache
def reference() -> Reference:
    """Rates for every rating, so that what is not rated is not covered."""
    return kit.reference_of(scatter.plain_world())


def assessed(product: Product, *rows: Row) -> Assessment:
    """Records that share one contract; none of them at fault."""
    assessment = assess_rows(rows, product, reference())
    assert kit.errors(assessment) == []
    return assessment


def covers(product: Product, *rows: Row) -> list[str]:
    """The dangers covered of each record, every one a contract of its own."""
    own = [{"export_contract_no": f"C{n}"} if product is ENTERPRISE else {} for n in range(len(rows))]
    assessment = assessed(product, *(row | number for row, number in zip(rows, own, strict=True)))
    return [covered(assessment, record) for record in range(1, len(rows) + 1)]


def covered(assessment: Assessment, record: int = 1) -> str:
    """The dangers that carry cover and premium; for the others both are 0 and a warning tells why."""
    line = assessment.lines.row(record - 1, named=True)
    offered = "BD" if assessment.layout.product is NOTICE else "ABCD"
    dangers = "".join(d for d in "ABCD" if line[f"premium_{d.lower()}"])
    for danger in "ABCD":
        c = danger.lower()
        has = (line[f"insured_amount_{c}"] > 0, line[f"rate_{c}"] is not None, line[f"cover_{c}"] is not None)
        assert has == (danger in dangers,) * 3
    told = assessment.findings.filter(record=record, code="not-covered")["message"].to_list()
    assert [message[0] for message in told] == [d for d in offered if d not in dangers]
    return dangers


def ledger_row(rating: str, **changes: str) -> Row:
    return enterprise_row(**{"payer_code": buyer(rating), **changes})


def a_notice(rating: str, **changes: str) -> Row:
    return notice_row(**{"payer_code": buyer(rating), **changes})


@pytest.mark.parametrize(("rating", "plain", "by_lc"), rows_of(ENTERPRISE_COVER))
def test_cover_of_enterprise_by_rating(rating: str, plain: str, by_lc: str) -> None:
    good = [ledger_row(rating, **lc(bank)) for bank in ("GS", "GE", "SA")]
    other = [ledger_row(rating, **lc(bank)) for bank in ("GA", "EE", "EA")]
    assert covers(ENTERPRISE, ledger_row(rating), *good, *other) == [plain] + [by_lc] * 3 + [plain] * 3


@pytest.mark.parametrize(("rating", "plain", "by_lc"), rows_of(NOTICE_COVER))
def test_cover_of_notices_by_rating(rating: str, plain: str, by_lc: str) -> None:
    bands = [a_notice(rating, period_band=band) for band in "23456"]  # no condition on the usance for EM, EF
    good = [a_notice(rating, **notice_lc(bank)) for bank in ("GS", "GE", "SA")]
    other = [a_notice(rating, **notice_lc(bank)) for bank in ("GA", "EA")]
    guaranteed = a_notice(rating, **notice_lc("SA", lc_flag="0"))  # without L/C it opens nothing
    assert covers(NOTICE, *bands, *good, *other, guaranteed) == [plain] * 5 + [by_lc] * 3 + [plain] * 3


@pytest.mark.req("E-044", "E-012")
@pytest.mark.parametrize("rating", ["EM", "EF"])
def test_em_and_ef_over_a_year_are_covered_by_lc_only(rating: str) -> None:
    year, longer = ledger_row(rating, usance_days="365"), ledger_row(rating, **lc("SA", usance_days="729"))
    assert covers(ENTERPRISE, year, longer) == [ALL, ALL]
    too_long = assess_rows([ledger_row(rating, usance_days="366")], reference=reference())
    assert kit.errors(too_long) == [(1, "settlement_method", "settlement-1-year")]
    assert too_long.lines["premium_d"].to_list() == [0]
    two_years = assess_rows([ledger_row(rating, **lc("SA", usance_days="730"))], reference=reference())
    assert kit.errors(two_years) == [(1, "settlement_method", "settlement-2-years")]


@pytest.mark.req("E-048", "E-131")
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_b_is_refused_and_the_unregistered_must_register_first(product: Product) -> None:
    broken = ("B", "GB", "EB", "SB")
    rows = [kit.row_of(product, payer_code=buyer(rating)) for rating in broken]
    if product is ENTERPRISE:
        rows = [row | {"export_contract_no": str(n)} for n, row in enumerate(rows)]
    assessment = assess_rows(rows, product, reference())
    assert kit.found(assessment) == [(n, "payer_code", "buyer-refused") for n in (1, 2, 3, 4)]
    assert assessment.premium_total == 0
    unknown = assess_rows([kit.row_of(product, payer_code="105999999")], product, reference())
    assert kit.found(unknown) == [(1, "payer_code", "buyer-unregistered")]
    assert "先に海外商社登録をしてください" in unknown.findings["message"][0]


@pytest.mark.req("E-049", "E-131")
def test_only_banks_rated_gs_ge_and_sa_open_the_lc_exceptions() -> None:
    good = [bank in ("GS", "GE", "SA") for bank in RATINGS]
    ledger = covers(ENTERPRISE, *(ledger_row("P", **lc(bank)) for bank in RATINGS))
    assert ledger == [ALL if opens else POLITICAL for opens in good]
    flat = covers(NOTICE, *(a_notice("P", **notice_lc(bank)) for bank in RATINGS))
    assert flat == ["BD" if opens else "B" for opens in good]


@pytest.mark.parametrize(
    ("methods", "opens"),
    [
        (["10"], True),
        (["11"], True),
        (["12"], True),
        (["19"], True),
        (["11", "19"], True),
        (["11", "60"], True),
        (["60", "10"], True),
        (["11", "41"], False),
        (["41"], False),
        (["20"], False),
        (["31"], False),
        (["60"], False),
    ],
)
def test_the_lc_exception_needs_all_that_is_still_to_be_paid_by_lc(methods: list[str], opens: bool) -> None:
    """Of one shipment: another shipment of the branch may be settled otherwise."""
    terms = {
        "10": {"usance_days": ""},
        "19": {"usance_days": "", "due_date": "20190301"},
        "60": {"usance_days": ""},
    }
    rows = [
        ledger_row(
            "P", **lc("SA", settlement_no=f"{n:02d}", settlement_method=method) | terms.get(method, {})
        )
        for n, method in enumerate(methods, start=1)
    ]
    other = ledger_row("P", **lc("SA", shipment_no="02", settlement_method="41"))
    assessment = assessed(ENTERPRISE, *rows, other)
    only_advance = methods == ["60"]
    line = assessment.lines.row(0, named=True)
    assert (line["insured_amount_c"] > 0, line["insured_amount_d"] > 0) == (opens, opens and not only_advance)
    assert covered(assessment, len(rows) + 1) == POLITICAL


@pytest.mark.req("E-023", "E-025")
@pytest.mark.parametrize("brokered", ["", "1"])
def test_subsidiaries_and_brokering_between_related_companies_have_political_cover_only(
    brokered: str,
) -> None:
    related = {"agreement_code": kit.OPTIONS_AGREEMENT, "to_subsidiary": "1", "fully_brokered": brokered}
    assessment = assessed(ENTERPRISE, ledger_row("GS", **related))
    assert covered(assessment) == POLITICAL
    message = assessment.findings.filter(code="not-covered")["message"][0]
    assert "子会社等向けの取引は非常危険だけをてん補" in message
    unrelated = [ledger_row("GS", **related | {"to_subsidiary": flag}) for flag in ("", "0")]
    assert covers(ENTERPRISE, *unrelated) == [ALL, ALL]


@pytest.mark.req("E-121")
@pytest.mark.parametrize("brokered", ["", "1"])
def test_the_same_holds_for_notices(brokered: str) -> None:
    related = {
        "agreement_code": kit.NOTICE_OPTIONS_AGREEMENT,
        "to_subsidiary": "1",
        "fully_brokered": brokered,
    }
    assert covered(assessed(NOTICE, a_notice("GS", **related))) == "B"
    excluded = a_notice("GS", **related | {"destination_country": "304", "payer_country": "106"})
    assert (1, "to_subsidiary", "subsidiary-excluded") in kit.errors(
        assess_rows([excluded], NOTICE, reference())
    )


@pytest.mark.req("E-026", "E-027", "E-029")
@pytest.mark.parametrize(
    ("letters", "destination", "payer", "excluded"),
    [
        ("AB", "304", "106", True),
        ("AB", "304", "105", False),
        ("AB", "105", "304", False),
        ("AB", "105", "105", False),
        ("A", "304", "106", False),
        ("ABCDEFGH", "322", "107", True),
        ("", "304", "304", False),
    ],
)
def test_subsidiaries_are_excluded_where_both_countries_lie_in_the_run(
    letters: str, destination: str, payer: str, excluded: bool
) -> None:
    world = scatter.plain_world()
    for agreement in world["agreements"]:
        agreement["subsidiary_excluded_categories"] = letters
    row = ledger_row("EA", to_subsidiary="1", destination_country=destination, payer_country=payer)
    stranger = row | {"to_subsidiary": "", "export_contract_no": "EX-0002"}
    told = kit.errors(assess_rows([row, stranger], reference=kit.reference_of(world)))
    assert told == ([(1, "to_subsidiary", "subsidiary-excluded")] if excluded else [])


@pytest.mark.req("E-059", "E-060", "E-061", "E-062", "E-063", "E-135")
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
@pytest.mark.parametrize(
    ("before", "after"), [("EA", "R"), ("EA", "P"), ("EA", "ER"), ("EA", "B"), ("GS", "GB"), ("P", "EA"), ("R", "EF")]
)  # fmt: skip
def test_a_new_rating_counts_from_its_day_on(product: Product, before: str, after: str) -> None:
    """Down to R or P: political cover only, but for the L/C exception; to B: refused; up: as the better rating."""
    world = scatter.plain_world()
    code = "105000077"
    world["buyers"] += [
        {"buyer_code": code, "valid_from": day, "rating": rating}
        for day, rating in (("2018-01-01", before), ("2018-11-06", after))
    ]
    world["buyer_registrations"] += [
        {"agreement_code": agreement, "buyer_code": code, "valid_from": "2018-04-01", "limit_yen": "1"}
        for agreement in (kit.AGREEMENT, kit.NOTICE_AGREEMENT)
    ]
    tables = kit.reference_of(world)
    good_lc = notice_lc("SA") if product is NOTICE else lc("SA")
    for accepted, rating in ((date(2018, 11, 5), before), (date(2018, 11, 6), after)):
        rows = [
            kit.row_of(product, payer_code=payer) | number | changes
            for payer, number in ((code, NUMBERS[product][0]), (buyer(rating), NUMBERS[product][1]))
            for changes in ({}, good_lc | NUMBERS[product][2 if payer == code else 3])
        ]
        assessment = assess_rows(rows, product, tables, accepted=accepted)
        assert assessment.lines["buyer_rating"].to_list() == [rating] * 4
        figures = kit.premiums(assessment)
        assert figures[:2] == figures[2:]
        told = kit.found(assessment)
        halves = [[(n - first, code) for n, _, code in told if n and n - first in (0, 1)] for first in (1, 3)]
        assert halves[0] == halves[1]
        if rating in ("B", "GB"):
            assert kit.errors(assessment) == [(n, "payer_code", "buyer-refused") for n in (1, 2, 3, 4)]
        elif rating in ("R", "P", "ER"):
            expected = ["B", "BD"] if product is NOTICE else [POLITICAL, ALL]
            assert [covered(assessment, record) for record in (1, 2)] == expected


def test_the_reason_of_missing_cover_names_the_rule() -> None:
    messages = assessed(ENTERPRISE, ledger_row("P")).findings["message"].to_list()
    assert messages == [
        "C 船前信用はてん補されません。企総: P格の船前信用はL/C決済に限りL/C受領日以降2年未満をてん補。保険金額・保険料は0円です。",
        "D 船後信用はてん補されません。企総: P格の船後信用はL/C決済に限りL/C受領日以降2年未満をてん補。保険金額・保険料は0円です。",
    ]


def test_the_words_of_missing_cover_stand_on_the_leading_line_only() -> None:
    rows = [ledger_row("P", settlement_no=number) for number in ("03", "01", "02")]
    findings = assessed(ENTERPRISE, *rows).findings
    assert findings.select("record", "code").rows() == [(2, "not-covered")] * 2


@pytest.mark.req("E-051", "E-128")
def test_the_merged_column_of_enterprise_is_read_as_a_and_b_and_the_others_as_in_the_table_of_notices() -> (
    None
):
    """Slide 18 has 3 columns of marks for 企総 besides cancellation, slide 52 has 4 for 簡易."""
    marks = {
        **dict.fromkeys(("GS", "GA", "GE", "EE", "EA", "SA"), ["covered"] * 3),
        **{key: ["covered", "covered", "within_1y_or_lc"] for key in ("EM", "EF")},
        "EC": ["covered", "covered", "lc_only"],
        **{key: ["covered", "lc_only", "lc_only"] for key in ("P", "R")},
        "B": ["refused"] * 3,
    }
    table = {
        (row["product"], row["rating_class"], row["component"]): row["condition"]
        for row in builtin_rows("cover")
    }
    for rating, (merged, before, after) in marks.items():
        assert [table["enterprise", rating, c] for c in "ABCD"] == [merged, merged, before, after]
        always = "covered" if rating in ("EM", "EF") else after
        assert [table["simplified-notice", rating, c] for c in "ABCD"] == [merged, merged, before, always]
