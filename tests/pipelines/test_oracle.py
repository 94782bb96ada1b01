"""Thousands of random lines cost to the yen what a second, independent reckoning says.

The oracle (``tests.oracle``) knows nothing of the pipeline; both start from the same text. A failure names its seed.
"""

from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import polars as pl
import pytest

from pipelines.assess import rerated
from pipelines.post import Candidate, LedgerState, post
from schemas.journal import RATED
from schemas.money import MAX_RATE_MILLI
from schemas.products import Product
from tests import kit, oracle, scatter
from tests.kit import ENTERPRISE, NOTICE, Row, World

SEEDS = (20181106, 7)
WORLDS = ("calibrated", "crooked")


def a_world(name: str, seed: int) -> World:
    return scatter.plain_world() if name == "calibrated" else scatter.crooked_world(Random(seed))


def lines_of(product: Product, seed: int) -> list[Row]:
    random = Random(seed)
    return scatter.notices(random, 800) if product is NOTICE else scatter.ledger_lines(random, 600)


def reckoned(product: Product, rows: list[Row], world: World) -> list[oracle.Reckoned]:
    reckon = oracle.reckon_notices if product is NOTICE else oracle.reckon_ledger
    return reckon(rows, world, kit.ACCEPTED)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("world_name", WORLDS)
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
@pytest.mark.req("A-049", "B-032", "E-065", "E-066", "E-067", "E-069", "E-075", "E-076", "E-077", "E-136")
def test_every_figure_agrees_with_the_oracle(product: Product, world_name: str, seed: int) -> None:
    world = a_world(world_name, seed)
    rows = lines_of(product, seed)
    assert len(rows) >= 800
    expected = reckoned(product, rows, world)
    assessment = kit.assess_rows(rows, product, kit.reference_of(world))
    # Only what the random rates overshoot is an error, and the oracle foresees each.
    too_large = {
        (record, danger)
        for record, line in enumerate(expected, start=1)
        for danger, rate in line.rate.items()
        if rate is not None and rate > MAX_RATE_MILLI
    }
    told = assessment.findings.filter(severity="error").select("record", "code", "value").rows()
    assert {(record, value[0]) for record, code, value in told if code == "rate-too-large"} == too_large
    assert {code for _, code, _ in told} <= {"rate-too-large"}
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


def test_the_random_lines_reach_every_corner() -> None:
    """The comparison is worth what it visits: every method, rating, category, kind of cover and of rounding."""
    rows = lines_of(ENTERPRISE, SEEDS[0]) + lines_of(ENTERPRISE, SEEDS[1])
    world = scatter.plain_world()
    assert {row["settlement_method"] for row in rows} == set(scatter.METHODS)
    payers = {row["payer_code"] for row in rows}
    assert payers == {kit.buyer(rating) for rating in scatter.PAYER_RATINGS}
    expected = [line for seed in SEEDS for line in reckoned(ENTERPRISE, lines_of(ENTERPRISE, seed), world)]
    assert {line.category for line in expected} == set("ABCDEFGH")
    assert {line.category_pre for line in expected} == set("ABCDEFGH")
    assert {danger for line in expected for danger in line.not_covered} == {"C", "D"}
    assert {row["currency"] for row in rows} == {"JPY", "USD", "EUR", "KRW"}
    assert {line.days_post for line in expected} >= {None, 30, 31, 60}
    assert any(line.days_pre == 30 for line in expected)
    assert any(line.total > 10**10 for line in expected)
    branches = {(row["export_contract_no"], row["branch_no"]) for row in rows}
    assert len(branches) > len({row["export_contract_no"] for row in rows}) + 300
    # Lines of a branch do not stand together in the file.
    jumps = sum(a["export_contract_no"] != b["export_contract_no"] for a, b in pairwise(rows))
    assert jumps > len(rows) * 0.9


def test_the_oracle_knows_nothing_of_the_pipeline() -> None:
    """It imports the standard library only."""
    from pathlib import Path

    source = Path(oracle.__file__).read_text(encoding="utf-8")
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert {line.split()[1].split(".")[0] for line in imports} <= {
        "calendar",
        "collections",
        "dataclasses",
        "datetime",
        "fractions",
        "math",
    }


@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_booked_lines_recompute_to_the_yen(product: Product) -> None:
    """From the text in the journal alone, in any order of the rows, every figure comes out again."""
    rows = lines_of(product, SEEDS[1])
    reference = kit.reference_of(scatter.plain_world())
    receipt = {"receipt_no": 1, "submission_id": "S00000001", "holder": kit.HOLDER}
    waiting = Candidate(receipt, kit.assess_rows(rows, product, reference))
    contracts = {"agreement_code": pl.String, "export_contract_no": pl.String, "application_no": pl.String}
    state = LedgerState({}, pl.DataFrame(schema=contracts))
    [outcome] = post([waiting], state, datetime(2018, 11, 6, 12, tzinfo=UTC))
    assert outcome.verdict == "booked"
    booked = outcome.rows.sample(fraction=1, shuffle=True, seed=1)
    again = rerated(booked, product, reference)
    assert again.select("line_id", *RATED).rows() == booked.select("line_id", *RATED).rows()
