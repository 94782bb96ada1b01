"""Uploads made up for trials pass without error, and damaged ones fail exactly where they were damaged."""

from datetime import date
from fractions import Fraction

import polars as pl
import pytest

from pipelines.assess import Assessment, assess_decoded
from pipelines.generate import generate
from pipelines.reading.decode import decode
from pipelines.reference import Reference, builtin_tables
from schemas.layouts import layout_of
from schemas.products import Product
from schemas.submission import Refusal
from tests.sample_ledgers.reference_set import reference

ON = date(2018, 11, 6)
PRODUCTS = (Product.ENTERPRISE, Product.SIMPLIFIED_NOTICE)
both = pytest.mark.parametrize("product", PRODUCTS)


def upload(product: Product, frame: pl.DataFrame, on: date = ON) -> Assessment:
    content = frame.write_csv(line_terminator="\r\n").encode("cp932")
    return assess_decoded(
        decode(content, "trial.csv", layout_of(product)),
        frame["policyholder_code"].mode()[0],
        on,
        on,
        reference(),
    )


def records_with_errors(assessment: Assessment) -> set[int]:
    return set(assessment.findings.filter(pl.col("severity") == "error")["record"])


@both
@pytest.mark.parametrize("seed", [1, 7, 2_147_483_647])
def test_an_upload_of_2000_lines_has_no_error_and_the_right_count(product: Product, seed: int) -> None:
    frame = generate(product, 2_000, seed, reference(), ON)
    assessment = upload(product, frame)
    assert assessment.count == frame.height == 2_000
    assert assessment.errors == 0
    assert assessment.premium_total > 0
    assert set(frame.dtypes) == {pl.String}


@both
@pytest.mark.parametrize("on", [date(2019, 1, 4), date(2019, 2, 28), date(2020, 3, 31), date(2026, 11, 24)])
def test_any_day_with_agreements_in_force_will_do(product: Product, on: date) -> None:
    assert upload(product, generate(product, 300, 3, reference(), on), on).errors == 0


@both
@pytest.mark.parametrize("share", [Fraction(1, 2000), Fraction(1, 20), Fraction(3, 5), 1])
def test_errors_are_found_in_the_damaged_records_and_nowhere_else(
    product: Product, share: Fraction | int
) -> None:
    good = generate(product, 2_000, 7, reference(), ON)
    bad = generate(product, 2_000, 7, reference(), ON, share)
    damaged = {n for n, (a, b) in enumerate(zip(good.rows(), bad.rows(), strict=True), 1) if a != b}
    assert len(damaged) >= share * 2_000
    assert records_with_errors(upload(product, bad)) == damaged


@both
def test_every_family_of_damage_occurs(product: Product) -> None:
    frame = generate(product, 2_000, 7, reference(), ON, Fraction(1, 10))
    codes = set(upload(product, frame).findings.filter(pl.col("severity") == "error")["code"])
    common = {
        *("invalid-amount", "invalid-code", "mandatory", "code-unknown", "holder-unknown"),
        *("buyer-unregistered", "no-exchange-rate", "process-type"),
    }
    ledger = {
        *("invalid-date", "date-future", "shipment-before-contract", "settlement-2-years"),
        *("duplicate-line", "inconsistent"),
    }
    own = ledger if product is Product.ENTERPRISE else {"invalid-month", "month-future"}
    assert codes >= common | own


@both
def test_the_same_seed_gives_the_same_upload_and_another_seed_another(product: Product) -> None:
    def made(seed: int, defects: Fraction | int = 0) -> str:
        return generate(product, 500, seed, reference(), ON, defects).write_csv()

    assert made(5) == made(5)
    assert made(5, Fraction(1, 10)) == made(5, Fraction(1, 10))
    assert made(5) != made(6)


def test_the_ledger_has_branches_shipments_settlements_and_currencies() -> None:
    frame = generate(Product.ENTERPRISE, 2_000, 7, reference(), ON)
    contracts = frame["export_contract_no"].n_unique()
    assert 1_300 < contracts < 1_900
    for level, highest in (("branch_no", "01"), ("shipment_no", "03"), ("settlement_no", "02")):
        assert frame[level].max() == highest
    assert frame["currency"].n_unique() > 3
    assert (frame["guarantor_code"] != "").any()
    other = generate(Product.ENTERPRISE, 2_000, 8, reference(), ON)
    assert not set(frame["export_contract_no"]) & set(other["export_contract_no"])


def test_amounts_of_the_levels_add_up() -> None:
    frame = generate(Product.ENTERPRISE, 2_000, 7, reference(), ON)
    cents = frame.with_columns(
        (pl.col(name).cast(pl.Decimal(20, 2)) * 100).cast(pl.Int64)
        for name in ("contract_amount", "post_shipment_amount", "settlement_principal")
    )
    branch = ["export_contract_no", "branch_no"]
    principal = pl.col("settlement_principal")
    assert cents.select((pl.col("contract_amount") == principal.sum().over(branch)).all()).item()
    assert cents.select(
        (pl.col("post_shipment_amount") == principal.sum().over([*branch, "shipment_no"])).all()
    ).item()


@pytest.mark.parametrize(
    ("product", "lines", "defects", "code"),
    [
        (Product.EQUIPMENT, 10, 0, "generate-product"),
        (Product.ENTERPRISE, 0, 0, "generate-lines"),
        (Product.ENTERPRISE, 1_000_001, 0, "generate-lines"),
        (Product.ENTERPRISE, 10, 2, "generate-defects"),
    ],
)
def test_what_cannot_be_made_is_refused(product: Product, lines: int, defects: int, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        generate(product, lines, 1, reference(), ON, defects)
    assert refusal.value.code == code


@both
def test_without_agreements_the_refusal_says_what_to_load(product: Product) -> None:
    with pytest.raises(Refusal, match="参照表を読み込んでください") as refusal:
        generate(product, 10, 1, Reference.of(builtin_tables()), ON)
    assert refusal.value.code == "generate-reference"
