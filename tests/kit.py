"""A small trading world for tests: reference tables, upload records, files of them, and how to assess them.

Everything is plain data that a test may change before use: ``world()`` gives rows of tables as text,
``enterprise_row(**changes)`` and ``notice_row(**changes)`` give one good record. No expectation stands here.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path

import openpyxl
import polars as pl

from pipelines.assess import Assessment, assess_decoded
from pipelines.reading.decode import decode
from pipelines.reference import Reference, builtin_tables, canonical_tables
from schemas.layouts import Layout, layout_of
from schemas.products import Product
from schemas.reference import TABLES, builtin_rows

DATA = Path(__file__).parent / "data"

Row = dict[str, str]
World = dict[str, list[Row]]

ENTERPRISE, NOTICE = Product.ENTERPRISE, Product.SIMPLIFIED_NOTICE
ACCEPTED = date(2018, 11, 6)
"""The Tuesday on which everything is received and accepted unless a test says otherwise."""

HOLDER = "123456789"
MEMBER = "234567891"
"""A policyholder whose association may submit for it."""
ASSOCIATION = "999999999"
DEPARTMENTAL = "345678912"
"""A policyholder whose ledgers are cut by department."""

AGREEMENT = "111111101"
"""企総 of HOLDER without any option."""
OPTIONS_AGREEMENT = "111111102"
"""企総 of HOLDER with every option, 裾切金額 5,000,000 yen and subsidiaries of A–B excluded."""
DISCOUNT_AGREEMENT = "111111103"
"""企総 of HOLDER with a discount of 30 %, after two years under PAST_AGREEMENT."""
PAST_AGREEMENT = "111111109"
"""企総 of HOLDER from 2016 to 2018, without buyers."""
MEMBER_AGREEMENT = "111111104"
DEPARTMENTAL_AGREEMENT = "111111105"
NOTICE_AGREEMENT = "222222201"
"""簡易 of HOLDER without any option."""
NOTICE_OPTIONS_AGREEMENT = "222222202"
"""簡易 of HOLDER with every option and subsidiaries of A–B excluded."""
AGREEMENTS = {
    ENTERPRISE: (AGREEMENT, OPTIONS_AGREEMENT, DISCOUNT_AGREEMENT),
    NOTICE: (NOTICE_AGREEMENT, NOTICE_OPTIONS_AGREEMENT),
}

RATINGS = tuple(row["rating"] for row in builtin_rows("buyer_ratings"))
COUNTRIES = {
    "304": "A",
    "112": "A",
    "106": "B",
    "105": "C",
    "113": "C",
    "111": "D",
    "123": "D",
    "110": "E",
    "234": "F",
    "107": "G",
    "322": "H",
}
"""Country code → category."""
COUNTRY_OF = {category: code for code, category in reversed(COUNTRIES.items())}
"""Category → one country of it."""


def buyer(rating: str) -> str:
    """The code of the buyer with that rating; it looks like a number, as real ones do."""
    return f"{900_000_001 + RATINGS.index(rating)}"


def calibrated_rates() -> list[Row]:
    """The rates that reproduce the examples of Seed 004, as rows of ``rates.csv``."""
    products = {"企業総合": ENTERPRISE, "簡易通知型": NOTICE}
    with (DATA / "rates_calibrated_2018.csv").open(encoding="utf-8", newline="") as file:
        return [
            {
                "product": str(products[name]),
                "component": row["component"][0],
                "country_category": row["country_category"],
                "buyer_rating": row["buyer_rating"],
                "valid_from": "2018-10-01",
                "rate_set": row["set_id"],
                "a": row["a_per_day_pct"],
                "b": row["b_min_pct"],
            }
            for row in csv.DictReader(file)
            for name in row["product"].split(";")
        ]


def world() -> World:
    """Rows of all tables that a fresh home does not have; a new copy each time."""
    every_option = {
        "full_political_cover": "1",
        "fully_brokered": "1",
        "additional_cost": "1",
        "subsidiary_excluded_categories": "AB",
    }
    year = {"valid_from": "2018-04-01", "valid_to": "2019-03-31", "product": str(ENTERPRISE)}
    open_ended = {"valid_from": "2018-04-02", "product": str(NOTICE)}
    agreements = [
        {"agreement_code": AGREEMENT, "holder": HOLDER, **year},
        {
            "agreement_code": OPTIONS_AGREEMENT,
            "holder": HOLDER,
            "floor_yen": "5000000",
            **year,
            **every_option,
        },
        {"agreement_code": DISCOUNT_AGREEMENT, "holder": HOLDER, "discount_factor": "0.7", **year},
        {"agreement_code": MEMBER_AGREEMENT, "holder": MEMBER, **year},
        {"agreement_code": DEPARTMENTAL_AGREEMENT, "holder": DEPARTMENTAL, **year},
        {"agreement_code": NOTICE_AGREEMENT, "holder": HOLDER, **open_ended},
        {"agreement_code": NOTICE_OPTIONS_AGREEMENT, "holder": HOLDER, **open_ended, **every_option},
    ]
    past = [
        {
            "agreement_code": PAST_AGREEMENT,
            "holder": HOLDER,
            "valid_from": f"{first}-04-01",
            "valid_to": f"{first + 1}-03-31",
            "product": str(ENTERPRISE),
        }
        for first in (2016, 2017)
    ]
    return {
        "policyholders": [
            {"holder": HOLDER, "name": "髙橋貿易㈱"},
            {"holder": MEMBER, "name": "組合員産業㈱", "association": ASSOCIATION},
            {"holder": ASSOCIATION, "name": "輸出組合"},
            {"holder": DEPARTMENTAL, "name": "部門別工業㈱", "department_ledgers": "1"},
        ],
        "agreements": agreements + past,
        "buyers": [
            {
                "buyer_code": buyer(rating),
                "valid_from": "2010-01-01",
                "name": f"BUYER {rating}",
                "country": "105",
                "rating": rating,
            }
            for rating in RATINGS
        ],
        "buyer_registrations": [
            {
                "agreement_code": row["agreement_code"],
                "buyer_code": buyer(rating),
                "valid_from": "2018-04-01",
                "limit_yen": "100000000",
            }
            for row in agreements
            for rating in RATINGS
        ],
        "country_categories": [
            {"country": code, "valid_from": "2010-01-01", "name": f"国{code}", "category": category}
            for code, category in COUNTRIES.items()
        ],
        "rates": calibrated_rates(),
        "exchange_rates": [
            {"currency": "USD", "valid_from": "2018-10-01", "yen_per_unit": "112.345678"},
            {"currency": "USD", "valid_from": "2018-11-01", "yen_per_unit": "113.26"},
            {"currency": "EUR", "valid_from": "2018-10-15", "yen_per_unit": "129.81"},
            {"currency": "KRW", "valid_from": "2018-01-01", "yen_per_unit": "0.1003"},
        ],
    }


def canonical(rows: Mapping[str, Sequence[Row]]) -> dict[str, pl.DataFrame]:
    """Rows as the canonical text tables that a load would hand to the store; missing columns stay blank."""
    keys = {name: (name, json.dumps(table)) for name, table in rows.items()}
    asked = {name: table for name, table in rows.items() if keys[name] not in _CANONICAL}
    made = canonical_tables(
        {
            name: pl.DataFrame(
                [[row.get(column) for column in columns] for row in table],
                schema=dict.fromkeys(columns, pl.String),
                orient="row",
            )
            for name, table in asked.items()
            for columns in [_columns_of(name, table)]
        }
    )
    known = {name: _CANONICAL[keys[name]] for name in rows if name not in made}
    if len(_CANONICAL) > _MOST_CANONICAL:
        _CANONICAL.clear()
    _CANONICAL.update({keys[name]: frame for name, frame in made.items()})
    return {name: made[name] if name in made else known[name] for name in rows}


_CANONICAL: dict[tuple[str, str], pl.DataFrame] = {}
"""Tests change a table or two of the world: the others are what they were."""
_MOST_CANONICAL = 500


def _columns_of(name: str, rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys([*TABLES[name].column_names, *(column for row in rows for column in row)]))


def reference_of(rows: Mapping[str, Sequence[Row]], load_no: int = 1) -> Reference:
    """The tables of a fresh home with these rows loaded over them by key."""
    tables = builtin_tables()
    for name, loaded in canonical(rows).items():
        before = [tables[name]] if name in tables else []
        tables[name] = pl.concat([*before, loaded]).unique(
            list(TABLES[name].key), keep="last", maintain_order=True
        )
    return Reference.of(tables, load_no)


@cache
def default_reference() -> Reference:
    """The reference tables of ``world()``; shared, so not to be changed."""
    return reference_of(world())


def write_reference(folder: Path, rows: Mapping[str, Sequence[Row]]) -> Path:
    """The rows as CSV files in a folder that ``daicho reference load`` takes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in rows.items():
        columns = _columns_of(name, table)
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(table)
    return folder


def enterprise_row(**changes: str) -> Row:
    """One good line of 企総: the example of Seed 004 (10,000,000 yen, 30 days before, 60 after shipment, EA, C)."""
    row = dict.fromkeys(layout_of(ENTERPRISE).names, "")
    row |= {
        "process_type": "1",
        "agreement_code": AGREEMENT,
        "policyholder_code": HOLDER,
        "department_code": "D1",
        "contract_form": "11",
        "export_contract_no": "EX-0001",
        "contract_date": "20181005",
        "counterparty_code": buyer("EA"),
        "payer_code": buyer("EA"),
        "destination_country": "105",
        "payer_country": "105",
        "goods_code": "840000",
        "currency": "JPY",
        "contract_amount": "10000000",
        "shipment_no": "01",
        "last_shipment_date": "20181206",
        "pre_shipment_amount": "10000000",
        "post_shipment_amount": "10000000",
        "settlement_no": "01",
        "settlement_method": "41",
        "usance_days": "60",
        "settlement_principal": "10000000",
    }
    return _changed(row, changes)


def notice_row(**changes: str) -> Row:
    """One good 船積確定通知: 10,000,000 yen shipped in October 2018, band 31–60 days, EA, C."""
    row = dict.fromkeys(layout_of(NOTICE).names, "")
    row |= {
        "process_type": "1",
        "agreement_code": NOTICE_AGREEMENT,
        "policyholder_code": HOLDER,
        "notice_kind": "1",
        "shipment_month": "201810",
        "counterparty_code": buyer("EA"),
        "payer_code": buyer("EA"),
        "destination_country": "105",
        "payer_country": "105",
        "currency": "JPY",
        "period_band": "3",
        "shipped_amount": "10000000",
    }
    return _changed(row, changes)


def row_of(product: Product, **changes: str) -> Row:
    """One good record of the product."""
    return notice_row(**changes) if product is NOTICE else enterprise_row(**changes)


def lc(bank: str = "SA", **changes: str) -> Row:
    """Changes that make an enterprise line settled by L/C of a bank with that rating."""
    return {
        "settlement_method": "11",
        "guarantor_code": buyer(bank),
        "guarantor_country": "105",
        "lc_receipt_date": "20181101",
        **changes,
    }


def notice_lc(bank: str = "SA", **changes: str) -> Row:
    """Changes that make a notice settled by L/C of a bank with that rating."""
    return {
        "lc_flag": "1",
        "guarantor_code": buyer(bank),
        "guarantor_country": "105",
        "lc_receipt_date": "20181001",
        **changes,
    }


def _changed(row: Row, changes: Mapping[str, str]) -> Row:
    strange = changes.keys() - row.keys()
    if strange:
        raise KeyError(f"not in the layout: {sorted(strange)}")
    return {**row, **changes}


def csv_bytes(
    rows: Sequence[Mapping[str, str]],
    encoding: str = "utf-8",
    newline: str = "\r\n",
    header: Mapping[str, str] | None = None,
) -> bytes:
    """Records as a CSV upload; ``header`` renames columns (field → title), encoding as Python names it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=newline)
    columns = list(rows[0])
    writer.writerow([(header or {}).get(column, column) for column in columns])
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return file.getvalue().encode(encoding)


def xlsx_bytes(
    rows: Sequence[Mapping[str, str]],
    layout: Layout,
    header: Mapping[str, str] | None = None,
    first_row: int = 1,
    first_column: int = 1,
    blank_after: Iterable[int] = (),
) -> bytes:
    """Records as people type them into a workbook: numeric-looking text as numbers, dates as date cells.

    ``first_row`` and ``first_column`` tell where the header starts, counted from 1; ``blank_after`` names records
    (from 1) behind which one empty row stays.
    """
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    dates = {field.field for field in layout.by_kind("date")}
    columns = list(rows[0])
    for place, column in enumerate(columns):
        sheet.cell(first_row, first_column + place, (header or {}).get(column, column))
    at = first_row
    for record, row in enumerate(rows, start=1):
        at += 1
        for place, column in enumerate(columns):
            sheet.cell(at, first_column + place, _typed_cell(row.get(column, ""), column in dates))
        at += record in blank_after
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _typed_cell(text: str, is_date: bool) -> datetime | float | str | None:
    """What a spreadsheet makes of typed text."""
    if is_date and len(text) == 8 and text.isascii() and text.isdigit():
        try:
            return datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a cell has no zone
        except ValueError:
            return text
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    whole, point, fraction = text.partition(".")
    if point and whole.isdigit() and fraction.isdigit() and len(text) < 15:
        return float(text)
    return text or None


def assess_bytes(
    content: bytes,
    product: Product = ENTERPRISE,
    file_name: str = "upload.csv",
    reference: Reference | None = None,
    submitter: str = HOLDER,
    received_on: date = ACCEPTED,
    accepted: date = ACCEPTED,
) -> Assessment:
    """An upload assessed in the default world unless told otherwise."""
    decoded = decode(content, file_name, layout_of(product))
    return assess_decoded(decoded, submitter, received_on, accepted, reference or default_reference())


def assess_rows(
    rows: Sequence[Mapping[str, str]],
    product: Product = ENTERPRISE,
    reference: Reference | None = None,
    submitter: str = HOLDER,
    received_on: date = ACCEPTED,
    accepted: date = ACCEPTED,
) -> Assessment:
    """Records assessed as a CSV upload."""
    return assess_bytes(csv_bytes(rows), product, "upload.csv", reference, submitter, received_on, accepted)


def found(assessment: Assessment, *codes: str) -> list[tuple[int | None, str, str]]:
    """All findings as (record, field, code) in the order told; only the given codes when there are any."""
    return [
        (row["record"], row["field"], row["code"])
        for row in assessment.findings.iter_rows(named=True)
        if not codes or row["code"] in codes
    ]


def errors(assessment: Assessment) -> list[tuple[int | None, str, str]]:
    """Findings that forbid the upload as (record, field, code)."""
    return [
        (row["record"], row["field"], row["code"])
        for row in assessment.findings.iter_rows(named=True)
        if row["severity"] == "error"
    ]


def premiums(assessment: Assessment) -> list[tuple[int, int, int, int, int]]:
    """Per record the yen of A, B, C, D and their total."""
    columns = ["premium_a", "premium_b", "premium_c", "premium_d", "premium_total"]
    return [tuple(row) for row in assessment.lines.select(columns).iter_rows()]
