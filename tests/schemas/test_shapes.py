"""Layouts, findings, tables and names hang together: data that no rule could make sense of fails here."""

import csv
import doctest
import importlib
import re
from itertools import pairwise
from pathlib import Path
from unicodedata import normalize

import polars as pl
import pytest

import pipelines
import schemas
from schemas import journal
from schemas.findings import KINDS, SCHEMA, empty
from schemas.layouts import Layout, all_layout_fields, layout_of
from schemas.money import COMPONENT_NAMES, COMPONENTS, MAX_AMOUNT_CENTS, MAX_RATE_MILLI, MAX_YEN, percent_text
from schemas.products import FACTS, PARTIAL_TYPES, PROCESS_TYPES, Product, is_notice, product_named
from schemas.reference import ALLOWED, TABLES, builtin_rows

KINDS_OF_CELLS = {
    "code", "serial", "number2", "identifier", "text", "currency", "date", "month", "amount", "days", "flag", "marks",
}  # fmt: skip


# ---------------------------------------------------------------------------------------------- layouts


@pytest.mark.req("B-039")
@pytest.mark.parametrize("product", Product)
def test_every_product_has_a_published_layout_of_its_own_version(product: Product) -> None:
    layout = layout_of(product)
    assert (layout.product, layout.version) == (product, 1)
    assert layout_of(product, 1) is layout_of(product, 1)
    with pytest.raises(FileNotFoundError):
        layout_of(product, 99)


@pytest.mark.parametrize(
    "layout", [layout_of(product) for product in Product], ids=lambda layout: layout.product
)
def test_no_two_columns_of_a_layout_can_be_mistaken_for_each_other(layout: Layout) -> None:
    titles = [
        re.sub(r"\s", "", normalize("NFKC", title)).lower()
        for field in layout.fields
        for title in {field.field, field.name_ja}
    ]
    assert len(titles) == len(set(titles)) == 2 * len(layout.fields)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in layout.names)


@pytest.mark.parametrize(
    "layout", [layout_of(product) for product in Product], ids=lambda layout: layout.product
)
def test_every_column_has_a_kind_a_level_and_a_length(layout: Layout) -> None:
    levels = {"record"} if is_notice(layout.product) else {"header", "branch", "shipment", "settlement"}
    for field in layout.fields:
        assert field.kind in KINDS_OF_CELLS
        assert field.level in levels
        assert field.max_length >= 1
        assert set(field.required) == set("12345")
        assert field.required["1"] != "Y" or not field.optional_column
    assert {field.length for field in layout.by_kind("amount")} == {"15.2"}
    assert {field.max_length for field in layout.by_kind("date")} == {8}
    assert layout.mandatory("1")[0] == "process_type"


def test_what_is_mandatory_for_a_new_record() -> None:
    assert layout_of(Product.SIMPLIFIED_NOTICE).mandatory("1") == [
        "process_type", "agreement_code", "policyholder_code", "notice_kind", "shipment_month", "counterparty_code",
        "payer_code", "destination_country", "payer_country", "currency", "period_band", "shipped_amount",
    ]  # fmt: skip
    assert layout_of(Product.ENTERPRISE).mandatory("1") == [
        "process_type", "agreement_code", "policyholder_code", "department_code", "contract_form",
        "export_contract_no", "contract_date", "counterparty_code", "payer_code", "destination_country",
        "payer_country", "goods_code", "currency", "contract_amount", "shipment_no", "last_shipment_date",
        "pre_shipment_amount", "post_shipment_amount", "settlement_no", "settlement_method", "settlement_principal",
    ]  # fmt: skip


def test_columns_of_one_name_are_of_one_kind_in_every_layout() -> None:
    """They share one column of the ledger."""
    kinds: dict[str, set[str]] = {}
    for product in Product:
        for field in layout_of(product).fields:
            kinds.setdefault(field.field, set()).add(field.kind)
    assert [name for name, found in kinds.items() if len(found) > 1] == []
    assert set(all_layout_fields()) == set(kinds)
    assert len(all_layout_fields()) == len(kinds)


# ---------------------------------------------------------------------------------------------- findings


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_finding_speaks_japanese_and_names_its_place(kind: object) -> None:
    from schemas.findings import FindingKind

    assert isinstance(kind, FindingKind)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.code)
    assert kind.severity in ("error", "warning")
    assert kind.text.endswith(("。", "{reason}"))
    assert re.search(r"[ぁ-んァ-ヶ一-龠]", kind.text)
    assert kind.text.count("{") == kind.text.count("}")


def test_every_error_tells_what_to_do() -> None:
    requests = ("ください", "申し込んで")
    silent = [
        k.code for k in KINDS.values() if k.severity == "error" and not any(r in k.text for r in requests)
    ]
    assert silent == ["refused-by-desk"]  # the reason is the officer's, in words of their own


def test_an_empty_findings_frame_has_the_columns() -> None:
    assert empty().is_empty()
    assert dict(empty().schema) == SCHEMA


# ---------------------------------------------------------------------------------------------- names, numbers


def test_products_are_found_by_their_interface_name_only() -> None:
    assert [str(product) for product in Product] == [
        "enterprise",
        "equipment",
        "consumer-goods",
        "simplified-notice",
    ]
    for name in ("", "ENTERPRISE", "企業総合保険", "textiles", "enterprise "):
        assert product_named(name) is None
    assert {FACTS[product].name_ja for product in Product} == {
        "企業総合保険", "設備財包括保険", "消費財包括保険", "簡易通知型包括保険",
    }  # fmt: skip
    assert frozenset("12345") == PROCESS_TYPES
    assert {"1"} == PROCESS_TYPES - PARTIAL_TYPES


@pytest.mark.parametrize(
    ("milli", "text"),
    [(0, "0.000"), (3, "0.003"), (26, "0.026"), (1_000, "1.000"), (99_999, "99.999"), (None, None)],
)
def test_rates_are_printed_with_three_decimals(milli: int | None, text: str | None) -> None:
    assert percent_text(milli) == text


def test_the_bounds_leave_room_for_the_arithmetic() -> None:
    assert MAX_YEN * MAX_RATE_MILLI < 2**63
    assert MAX_YEN * 1_000 < 2**63
    assert MAX_AMOUNT_CENTS * (2**63 - 1) < 2**127
    assert set(COMPONENT_NAMES) == set(COMPONENTS)


def test_the_journal_keeps_every_layout_field_and_no_binary_floating_point() -> None:
    assert set(all_layout_fields()) <= set(journal.SCHEMA)
    assert all(journal.SCHEMA[name] == pl.String for name in all_layout_fields())
    assert not any(kind.is_float() for kind in journal.SCHEMA.values())
    groups = (
        journal.META,
        journal.TEXT,
        journal.RATED,
        journal.VERSION,
        journal.LISTING,
        journal.CHAIN,
    )
    assert sum(map(len, groups)) == len(journal.SCHEMA)


# ---------------------------------------------------------------------------------------------- tables


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_key_is_made_of_columns_and_stands_first(table: object) -> None:
    from schemas.reference import ReferenceTable

    assert isinstance(table, ReferenceTable)
    assert set(table.key) <= set(table.column_names)
    assert set(table.column_names[: len(table.key)]) == set(table.key) or table.name == "rates"
    assert len(set(table.column_names)) == len(table.column_names)
    assert table.column_names[-1] == "remark"


def test_words_that_rules_know_are_those_of_existing_columns() -> None:
    for name, column in ALLOWED:
        assert column in TABLES[name].column_names


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.builtin])
def test_builtin_rows_are_unique_and_complete(name: str) -> None:
    rows = builtin_rows(name)
    keys = [tuple(row[column] for column in TABLES[name].key) for row in rows]
    assert len(keys) == len(set(keys)) > 0
    assert set(rows[0]) <= set(TABLES[name].column_names)


def test_cover_is_told_for_every_product_class_and_danger() -> None:
    classes = {row["rating_class"] for row in builtin_rows("buyer_ratings")}
    told = {(row["product"], row["rating_class"], row["component"]) for row in builtin_rows("cover")}
    assert told == {(str(p), c, d) for p in Product for c in classes for d in "ABCD"}
    ratios = {(row["product"], row["component"]) for row in builtin_rows("cover_ratios")}
    assert ratios == {(str(p), d) for p in Product for d in "ABCD"}


def test_every_settlement_method_has_a_notice_limit_and_every_band_follows_the_one_before() -> None:
    limits = {row["notice_rule"] for row in builtin_rows("notice_limits")}
    assert {row["notice_rule"] for row in builtin_rows("settlement_methods")} == limits
    bands = sorted(builtin_rows("period_bands"), key=lambda row: row["band"])
    assert [row["band"] for row in bands] == list("123456")
    assert [int(row["to_days"]) for row in bands] == [0, 30, 60, 90, 180, 365]
    for before, band in pairwise(bands):
        assert int(band["from_days"]) == int(before["to_days"]) + 1


@pytest.mark.parametrize("folder", ["layouts", "tables"])
def test_data_files_are_plain_utf_8_with_as_many_cells_as_titles(folder: str) -> None:
    files = sorted((Path(schemas.__file__).parent / folder).glob("*.csv"))
    assert files
    for file in files:
        rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
        assert {len(row) for row in rows} == {len(rows[0])}, file.name


# ---------------------------------------------------------------------------------------------- examples


def _pure_modules() -> list[str]:
    found = ["sensors.calendar", "sensors.windows"]
    for package in (schemas, pipelines):
        folder = Path(package.__file__ or "").parent
        found += [
            f"{package.__name__}.{file.stem}" for file in folder.glob("*.py") if file.stem != "__init__"
        ]
    return sorted(found)


@pytest.mark.parametrize("name", _pure_modules())
def test_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
