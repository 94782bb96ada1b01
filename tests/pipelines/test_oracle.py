"""Thousands of random lines cost to the yen what a second, independent reckoning says.

The oracle (``sample_ledgers.making.oracle``) knows nothing of the pipeline; both start from the same text. A failure
names its product and scene.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cache
from itertools import pairwise
from random import Random

import polars as pl
import pytest

from pipelines.post import Candidate, LedgerState, post
from pipelines.rerate import rerated
from sample_ledgers.making import oracle
from schemas.journal import RATED, SCHEMA
from schemas.money import MAX_RATE_MILLI
from schemas.products import Product
from sensors.calendar import BusinessCalendar
from tests import kit, scatter
from tests.halves import by_day
from tests.kit import ENTERPRISE, NOTICE, Row

LEDGERS = (ENTERPRISE, scatter.EQUIPMENT, scatter.CONSUMER_GOODS)
LINES = 1600
"""Of each product in each scene: over 25,000 in all."""


@dataclass(frozen=True)
class When:
    """One set of tables and one day of acceptance; the calibrated rates have no seed."""

    accepted: date
    seed: int = 0

    def scene(self, product: Product) -> scatter.Scene:
        world = scatter.crooked_world(Random(self.seed)) if self.seed else scatter.plain_world()
        return scatter.Scene(Random(f"{product} {self.accepted} {self.seed}"), product, world, self.accepted)

    def __str__(self) -> str:
        return f"{self.accepted} {self.seed or 'calibrated'}"


SCENES = (
    When(kit.ACCEPTED),
    When(kit.ACCEPTED, 20181106),
    When(date(2018, 12, 31), 7),
    When(date(2019, 2, 28), 11),
)


@cache
def uploaded(product: Product, when: When) -> tuple[scatter.Scene, list[Row], list[oracle.Reckoned]]:
    """What the upload is made for, its lines, and what the oracle says of each."""
    scene = when.scene(product)
    rows = scatter.upload(scene, LINES)
    return scene, rows, oracle.reckon(str(product), rows, scene.world, when.accepted)


@pytest.mark.parametrize("when", by_day(SCENES, SCENES[0]), ids=str)
@pytest.mark.parametrize("product", Product)
@pytest.mark.req("A-049", "B-032", "E-065", "E-066", "E-067", "E-069", "E-075", "E-076", "E-077", "E-136")
def test_every_figure_agrees_with_the_oracle(product: Product, when: When) -> None:
    scene, rows, expected = uploaded(product, when)
    assessment = kit.assess_rows(
        rows,
        product,
        kit.reference_of(scene.world),
        received_on=when.accepted,
        accepted=when.accepted,
    )
    # Only what the random rates overshoot is an error, and the oracle foresees each.
    too_large = {
        (record, danger)
        for record, line in enumerate(expected, start=1)
        for danger, rate in line.rate.items()
        if rate is not None and rate > MAX_RATE_MILLI
    }
    told = assessment.findings.filter(severity="error").select("record", "field", "code", "value").rows()
    assert {told_of for told_of in told if told_of[2] != "rate-too-large"} == set()
    assert {(record, value[0]) for record, _, _, value in told} == too_large
    for row, want, got in zip(rows, expected, assessment.lines.iter_rows(named=True), strict=True):
        assert figures(got) == wanted(want), {name: text for name, text in row.items() if text}
    not_covered = assessment.findings.filter(code="not-covered").select("record", "message").rows()
    assert {(record, message[0]) for record, message in not_covered} == {
        (record, danger) for record, line in enumerate(expected, start=1) for danger in line.not_covered
    }
    if not too_large:
        assert assessment.premium_total == sum(line.total for line in expected)


def figures(line: dict[str, object]) -> dict[str, object]:
    """What the pipeline says of a line."""
    dangers = [(danger, danger.lower()) for danger in oracle.DANGERS]
    return {
        "days": (line["days_pre"], line["days_post"]),
        "category": (line["country_category_pre"], line["country_category"]),
        "rating": line["buyer_rating"],
        "yen": (line["contract_yen"], line["base_pre_yen"], line["base_post_yen"]),
        "rate": {danger: line[f"rate_{c}"] for danger, c in dangers},
        "insured": {danger: line[f"insured_amount_{c}"] for danger, c in dangers},
        "premium": {danger: line[f"premium_{c}"] for danger, c in dangers},
        "total": line["premium_total"],
        "limit": line["change_notice_limit"],
    }


def wanted(line: oracle.Reckoned) -> dict[str, object]:
    """What the oracle says; beyond the largest rate there is neither rate nor premium."""
    bounded = {d: rate if rate is None or rate <= MAX_RATE_MILLI else None for d, rate in line.rate.items()}
    premium = {
        d: None if line.rate[d] is not None and bounded[d] is None else yen for d, yen in line.premium.items()
    }
    return {
        "days": (line.days_pre, line.days_post),
        "category": (line.category_pre, line.category),
        "rating": line.rating,
        "yen": (line.contract_yen, line.pre_yen, line.post_yen),
        "rate": bounded,
        "insured": line.insured,
        "premium": premium,
        "total": sum(yen for yen in premium.values() if yen is not None),
        "limit": line.notice_limit,
    }


# ------------------------------------------------------------------------------- what the lines visit


@dataclass(frozen=True)
class Rated:
    """One line, what the oracle says of it, and the tables it says it from."""

    row: Row
    line: oracle.Reckoned
    scene: scatter.Scene

    @property
    def agreement(self) -> dict[str, str]:
        return dict(self.scene.book.agreement(self.row["agreement_code"]))


def rated(product: Product) -> Iterator[Rated]:
    for when in SCENES:
        scene, rows, lines = uploaded(product, when)
        for row, line in zip(rows, lines, strict=True):
            yield Rated(row, line, scene)


def _priced(r: Rated, danger: str) -> bool:
    return danger in r.line.priced_by


def _owner(danger: str) -> Callable[[Rated], str]:
    return lambda r: r.line.priced_by[danger]["product"] if _priced(r, danger) else ""


def _half(r: Rated) -> bool:
    return any(exact - int(exact) == Fraction(1, 2) for exact in r.line.unrounded.values())


EVERYWHERE: dict[str, Callable[[Rated], bool]] = {
    "foreign amount of less than a yen": lambda r: (
        r.line.contract_yen == 0 and _amount(r) not in ("0", "0.00") and r.row["currency"] != "JPY"
    ),
    "amount of nothing": lambda r: _amount(r) == "0",
    "a trillion yen": lambda r: r.line.contract_yen >= 10**12,
    "the largest amount": lambda r: r.line.contract_yen == scatter.LARGEST_YEN,
    "a foreign amount of a billion yen": lambda r: (
        r.row["currency"] != "JPY" and r.line.contract_yen >= 10**9
    ),
    "premium of ten million": lambda r: r.line.total > 10**7,
    "premium of nothing on an amount": lambda r: (
        bool(r.line.priced_by) and r.line.total == 0 and r.line.post_yen > 0
    ),
    "rate of exactly half a thousandth": _half,
    "rate too large": lambda r: any((rate or 0) > MAX_RATE_MILLI for rate in r.line.rate.values()),
    "discount": lambda r: _priced(r, "D") and r.agreement.get("discount_factor", "1") in ("0.7", "0.85"),
    "surcharge": lambda r: _priced(r, "D") and r.agreement.get("discount_factor") == "1.25",
    "currency rider": lambda r: r.row["currency_rider"] == "1",
    "good bank's L/C": lambda r: r.line.by_good_lc,
    "D by L/C alone": lambda r: _priced(r, "D") and r.line.rating in {"EC", "P", "R"},
    "D excluded": lambda r: "D" in r.line.not_covered,
    "guarantor in another category": lambda r: (
        r.row["guarantor_country"] != "" and r.scene.book.category(r.row["payer_country"]) != r.line.category
    ),
    "row of a rating": lambda r: any(row["buyer_rating"] != "*" for row in r.line.priced_by.values()),
    "row of a category": lambda r: any(row["country_category"] != "*" for row in r.line.priced_by.values()),
    "paid in advance": lambda r: r.line.days_post is None,
}
ON_LEDGERS: dict[str, Callable[[Rated], bool]] = {
    "C excluded": lambda r: "C" in r.line.not_covered,
    "C by L/C alone": lambda r: _priced(r, "C") and r.line.rating in {"P", "R", "GR", "ER", "SR"},
    "L/C of another bank": lambda r: (
        r.row["settlement_method"] in scatter.LC_METHODS and not r.line.by_good_lc
    ),
    "EM or EF over a year by L/C": lambda r: (
        _priced(r, "D") and r.line.rating in oracle.WITHIN_A_YEAR and not r.line.within_a_year
    ),
    "EM or EF within a year": lambda r: (
        _priced(r, "D") and r.line.rating in oracle.WITHIN_A_YEAR and r.line.within_a_year
    ),
    "no settlement but the first": lambda r: not r.line.priced_by,
    "shipped before acceptance": lambda r: oracle.day(r.row["last_shipment_date"]) < r.scene.accepted,
    "thirty days before shipment": lambda r: r.line.days_pre == 30,
    "over a year before shipment": lambda r: (r.line.days_pre or 0) > 366,
    "over 700 days after shipment": lambda r: (r.line.days_post or 0) > 700,
    "destination worse than payer": lambda r: (
        r.line.category_pre != r.scene.book.category(r.row["payer_country"])
    ),
    "leap day": lambda r: "20200229" in r.row.values(),
}
BY_PRODUCT: dict[Product, dict[str, Callable[[Rated], bool]]] = {
    ENTERPRISE: {
        "full political cover": lambda r: r.line.ratio["B"] == 1000,
        "full political cover, by the agreement": lambda r: (
            r.line.ratio["B"] == 1000 and r.row["full_political_cover"] == ""
        ),
        "full political cover, left out": lambda r: (
            r.row["full_political_cover"] == "0" and r.agreement.get("full_political_cover") == "1"
        ),
        "to a subsidiary": lambda r: r.row["to_subsidiary"] == "1",
        "additional cost": lambda r: r.row["additional_cost_rider"] == "1",
    },
    scatter.EQUIPMENT: {
        "full political cover": lambda r: r.line.ratio["B"] == 1000,
        "to a subsidiary": lambda r: r.row["to_subsidiary"] == "1",
        "additional cost": lambda r: r.row["additional_cost_rider"] == "1",
        "own rate": lambda r: _owner("A")(r) == "equipment",
        "rate of 企総 beside own ones": lambda r: (
            _owner("A")(r) == "equipment" and _owner("B")(r) == ENTERPRISE
        ),
        "rate of 企総": lambda r: _owner("A")(r) == ENTERPRISE,
        "EM or EF with an individual line": lambda r: (
            r.line.rating in oracle.WITHIN_A_YEAR and r.row["guarantee_line_no"] != ""
        ),
        "EM or EF by L/C without one": lambda r: (
            r.line.rating in oracle.WITHIN_A_YEAR and r.line.by_good_lc and r.row["guarantee_line_no"] == ""
        ),
    },
    scatter.CONSUMER_GOODS: {
        "own rate": lambda r: _owner("B")(r) == "consumer-goods",
        "rate of 企総": lambda r: _owner("B")(r) == ENTERPRISE,
        "an agreement's option that it has no flag for": lambda r: (
            r.agreement.get("full_political_cover") == "1" and r.line.ratio["B"] == 975
        ),
        "from the contract date": lambda r: r.line.counted_from != r.scene.accepted and r.line.days_pre != 30,
        "applied for late": lambda r: (
            r.line.counted_from == r.scene.accepted != oracle.day(r.row["contract_date"])
            and r.line.days_pre != 30
        ),
    },
    NOTICE: {
        "full political cover is none": lambda r: (
            r.agreement.get("full_political_cover") == "1" and r.line.ratio["B"] == 975
        ),
        "L/C of another bank": lambda r: r.row["lc_flag"] == "1" and not r.line.by_good_lc,
        "to a subsidiary": lambda r: r.row["to_subsidiary"] == "1",
    },
}


def _amount(r: Rated) -> str:
    return r.row.get("contract_amount") or r.row.get("shipped_amount", "")


@pytest.mark.night
@pytest.mark.parametrize("product", Product)
def test_the_lines_reach_every_corner(product: Product) -> None:
    """The comparison is worth what it visits: each of these at least ten times, per product."""
    lines = list(rated(product))
    features = EVERYWHERE | (ON_LEDGERS if product in LEDGERS else {}) | BY_PRODUCT[product]
    counts = {name: sum(map(holds, lines)) for name, holds in features.items()}
    assert {name: n for name, n in counts.items() if n < 10} == {}


SPREAD: dict[str, tuple[Callable[[Rated], Collection[object]], set[object]]] = {
    "category": (lambda r: [r.line.category], set("ABCDEFGH")),
    "rating": (lambda r: [r.line.rating], set(scatter.PAYER_RATINGS)),
    "currency": (lambda r: [r.row["currency"]], {"JPY", "USD", "EUR", "KRW"}),
    "rates in force since": (
        lambda r: {row["valid_from"] for row in r.line.priced_by.values()},
        {valid_from for valid_from in scatter.RATE_DAYS if valid_from <= str(SCENES[-1].accepted)},
    ),
}
LEDGER_SPREAD: dict[str, tuple[Callable[[Rated], Collection[object]], set[object]]] = {
    "settlement method": (lambda r: [r.row["settlement_method"]], set(scatter.METHODS)),
    "category before shipment": (lambda r: [r.line.category_pre], set("BCDEFGH")),
    "days after shipment": (lambda r: [r.line.days_post], {None, 30, 31, 60, 365, 729}),
}
NOTICE_SPREAD: dict[str, tuple[Callable[[Rated], Collection[object]], set[object]]] = {
    "band": (lambda r: [r.row["period_band"]], set("123456")),
    "shipment month": (
        lambda r: [r.row["shipment_month"]],
        {"201810", "201811", "201812", "201901", "201902"},
    ),
}


@pytest.mark.night
@pytest.mark.parametrize("product", Product)
def test_the_lines_spread_over_all_codes(product: Product) -> None:
    """Every settlement method, rating, category, currency and set of rates occurs at least ten times."""
    lines = list(rated(product))
    spread = SPREAD | (LEDGER_SPREAD if product in LEDGERS else NOTICE_SPREAD)
    for name, (values_of, all_values) in spread.items():
        counts = Counter(value for r in lines for value in values_of(r))
        assert {value: counts[value] for value in all_values if counts[value] < 10} == {}, name


def test_the_lines_are_many() -> None:
    counts = {product: sum(len(uploaded(product, when)[1]) for when in SCENES) for product in Product}
    assert min(counts.values()) >= 5000
    assert sum(counts.values()) >= 20_000


@pytest.mark.night
@pytest.mark.parametrize("product", LEDGERS)
def test_contracts_branches_and_shipments_are_nested_and_scattered(product: Product) -> None:
    for when in SCENES:
        _, rows, _ = uploaded(product, when)
        contracts = {row["export_contract_no"] for row in rows}
        branches = {(row["export_contract_no"], row["branch_no"]) for row in rows}
        shipments = {(row["export_contract_no"], row["branch_no"], row["shipment_no"]) for row in rows}
        assert len(contracts) + 100 < len(branches) < len(branches) + 200 < len(shipments)
        assert len(shipments) + 200 < len(rows)
        # Lines of a branch do not stand together in the file.
        jumps = sum(a["export_contract_no"] != b["export_contract_no"] for a, b in pairwise(rows))
        assert jumps > len(rows) * 0.9


@pytest.mark.night
@pytest.mark.parametrize("product", Product)
def test_tables_change_between_the_days_of_acceptance(product: Product) -> None:
    """One buyer, one country and one agreement are rated, ranked and discounted differently later on."""
    for value_of in (
        lambda r: (r.row["payer_code"], r.line.rating),
        lambda r: (r.row["payer_country"], r.scene.book.category(r.row["payer_country"])),
        lambda r: (r.row["agreement_code"], r.agreement.get("discount_factor", "1")),
    ):
        pairs = {value_of(r) for r in rated(product)}
        assert len(pairs) >= len({key for key, _ in pairs}) + 3


# --------------------------------------------------------------------------------------- booked lines


@pytest.mark.night
@pytest.mark.parametrize("product", Product)
def test_booked_lines_recompute_to_the_yen(product: Product) -> None:
    """From the text in the journal alone, in any order of the rows, every figure comes out again."""
    scene, rows, _ = uploaded(product, SCENES[0])
    late = (
        {row["export_contract_no"] for row in rows if row["contract_date"] < "20181001"}
        if product in LEDGERS
        else {}
    )
    rows = [
        row for row in rows if row.get("export_contract_no") not in late
    ]  # they would wait for a decision
    reference = kit.reference_of(scene.world)
    receipt = {"receipt_no": 1, "submission_id": "S00000001", "holder": kit.HOLDER}
    waiting = Candidate(receipt, kit.assess_rows(rows, product, reference))
    state = LedgerState({}, pl.DataFrame(schema={**SCHEMA, "stage": pl.String}))
    calendar = BusinessCalendar(reference.holidays, *reference.calendar_years)
    [outcome] = post([waiting], state, datetime(2018, 11, 6, 12, tzinfo=UTC), lambda _: reference, calendar)
    assert outcome.verdict == "booked"
    booked = outcome.rows.sample(fraction=1, shuffle=True, seed=1)
    again = rerated(booked, booked, product, reference)
    assert again.select("line_id", *RATED).rows() == booked.select("line_id", *RATED).rows()
