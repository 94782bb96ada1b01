"""Premiums of supposed contracts (保険料試算), rated by the functions and tables that rate uploads. Nothing is stored.

A supposed contract is a record of an upload under an agreement, with buyers, that may exist or be supposed too: it is
judged, enriched, rated and screened as ``pipelines.assess`` does with real ones. Dictionaries go in and come out.
What is asked for and how it is shown is the business of ``portal_stub.estimates``. Contract §5 "Money"; J-014.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from schemas.money import COMPONENTS
from schemas.products import Product, is_notice

if TYPE_CHECKING:
    import polars as pl

    from pipelines.reference import Reference

_AGREEMENT = "000000000"
"""Code of the agreement that is supposed when none is named; the tables know no such one."""
_TOLD = frozenset(
    {
        *("mandatory", "invalid-code", "invalid-character", "too-long", "invalid-date", "invalid-month"),
        *(
            "invalid-amount",
            "invalid-number",
            "invalid-flag",
            "invalid-currency",
            "code-unknown",
            "yen-decimals",
        ),
        *("buyer-unregistered", "buyer-refused", "rating-unknown", "category-missing"),
        *("agreement-unknown", "agreement-not-in-force", "agreement-other-holder", "agreement-other-product"),
        *("option-not-agreed", "below-floor", "subsidiary-excluded"),
        *("settlement-2-years", "settlement-1-year", "service-included"),
        *("no-exchange-rate", "amount-too-large", "no-rate", "rate-too-large", "not-covered"),
    }
)
"""Findings that say something of a premium. Registrations, limits and deadlines are told to be checked elsewhere (J-013)."""
_SUPPOSED = re.compile(r"\s?SHISA[PG][0-9]{2}\s?")
"""Codes of supposed buyers, which mean nothing to a reader."""
_UNASKED = {
    "process_type": "1",
    "department_code": "SHISAN",
    "contract_form": "11",
    "export_contract_no": "SHISAN",
    "goods_code": "000000",
    "shipment_no": "01",
    "settlement_no": "01",
    "notice_kind": "1",
}
"""What a record must have and no premium depends on."""


class Unavailable(Exception):
    """The tables cannot be read now; the reason is in the log."""


@dataclass(frozen=True)
class Buyer:
    """A buyer as he is supposed: by his code, or by the rating that he might have."""

    code: str = ""
    rating: str = ""
    country: str = ""
    """Where the supposed one is; a known one is where the tables say."""


@dataclass(frozen=True)
class Deal:
    """One supposed 枝: layout fields as text, its buyers, and days instead of dates."""

    fields: Mapping[str, str]
    payer: Buyer
    guarantor: Buyer = Buyer()
    days_pre: int | None = None
    """Days from acceptance to the last shipment; None in notices."""
    days_to_due: int | None = None
    """Days from there to the settlement, for methods that ask for its date."""
    pre_limit_yen: str = ""
    """簡易: 船積前保険金支払限度額, when its yearly premium is asked for."""


@dataclass(frozen=True)
class Terms:
    """What all 枝 share."""

    holder: str
    day: date
    """Acceptance day."""
    agreement: str = ""
    """Code of one of the holder's agreements; empty: one that has every option is supposed."""
    discount: str = ""
    """Factor of premium D; empty: the agreement's."""


@dataclass
class Rated:
    """A supposed contract, rated."""

    day: date
    load_no: int
    lent: bool
    """Rates of another product were used, since this one has none of its own."""
    formula: str
    deals: list[dict[str, Any]] = field(default_factory=list)
    """Per 枝: ``errors``, ``warnings`` (each ``code``, ``field``, ``message``), ``components`` as ``daicho explain`` tells
    them (None with an error), ``premium_total``, ``yearly``, and what it was rated with."""


def rated(product: Product, deals: Sequence[Deal], terms: Terms) -> Rated:
    """Rates supposed 枝 (99 at most) with the tables of the newest load.

    Raises:
        Unavailable: the tables cannot be read.
    """
    import polars as pl

    from daicho.explaining import FORMULA
    from pipelines.assess import rated_lines, screened_lines
    from pipelines.judge import judge
    from pipelines.rules import Address
    from pipelines.screen import content_rules
    from schemas.layouts import layout_of

    tables, layout, day = _tables(), layout_of(product), terms.day
    supposed = _supposed(tables, product, deals, terms)
    judged = judge(_decoded(product, [_record(product, n, deal, terms) for n, deal in enumerate(deals, 1)]))
    lines = rated_lines(
        judged.records.with_columns(pl.lit(day).alias("acceptance_date")), layout, supposed
    ).sort("record")
    rules = content_rules(layout, terms.holder, day)
    found = pl.concat([judged.findings, screened_lines(lines, rules, layout, Address(), supposed)])
    told: dict[int, list[dict[str, Any]]] = {}
    for row in found.filter(pl.col("code").is_in(list(_TOLD))).iter_rows(named=True):
        told.setdefault(row["record"], []).append(row)
    yearly = _yearly(supposed, product, deals, day)
    answer = Rated(day, tables.load_no, _lent(tables, product, day), FORMULA)
    for n, row in enumerate(lines.iter_rows(named=True), start=1):
        answer.deals.append(_told(product, row, told.get(n, []), yearly.get(n)))
    return answer


def _tables() -> "Reference":
    """The tables of the newest load, kept by its number in ``daicho.references``."""
    import polars as pl
    from deltalake.exceptions import DeltaError

    from daicho.references import reference_for_readers
    from daicho.store import Store

    try:
        return reference_for_readers(Store.open())
    except (OSError, DeltaError, pl.exceptions.PolarsError) as error:
        logging.getLogger(__name__).exception("reference tables cannot be read")
        raise Unavailable from error


def _lent(tables: "Reference", product: Product, day: date) -> bool:
    import polars as pl

    own = tables.table("rates").filter(pl.col("product") == product, pl.col("valid_from") <= day)
    return own.is_empty()


def _code(role: str, n: int, buyer: Buyer) -> str:
    """The code that stands in the record: a known one, or one of a supposed buyer; empty without either."""
    return buyer.code or (f"SHISA{role}{n:02}" if buyer.rating else "")


def _record(product: Product, n: int, deal: Deal, terms: Terms) -> dict[str, str]:
    """The record of the 枝 as it would stand in an upload."""
    day = terms.day
    payer = _code("P", n, deal.payer)
    record = {
        **_UNASKED,
        # Where no agreement is named, one with every option is supposed: what is not chosen is not taken.
        **({} if terms.agreement else dict.fromkeys(("full_political_cover", "additional_cost_rider"), "0")),
        "branch_no": f"{n:02}",
        "agreement_code": terms.agreement or _AGREEMENT,
        "policyholder_code": terms.holder,
        "contract_date": f"{day:%Y%m%d}",
        "shipment_month": f"{day:%Y%m}",
        "lc_receipt_date": f"{day:%Y%m%d}",
        **{name: value for name, value in deal.fields.items() if value},
        "counterparty_code": payer,
        "payer_code": payer,
        "guarantor_code": _code("G", n, deal.guarantor),
    }
    if not is_notice(product):
        shipped = day + timedelta(days=deal.days_pre or 0)
        record["last_shipment_date"] = f"{shipped:%Y%m%d}"
        if deal.days_to_due is not None:
            record["due_date"] = f"{shipped + timedelta(days=deal.days_to_due):%Y%m%d}"
        record.setdefault("settlement_principal", record.get("contract_amount", ""))
    return record


def _decoded(product: Product, records: Sequence[Mapping[str, str]]) -> Any:
    """Records as decoding an upload gives them."""
    import polars as pl

    from pipelines.reading.table import Decoded
    from pipelines.rules import Address
    from schemas.findings import empty
    from schemas.layouts import layout_of

    layout = layout_of(product)
    ordinals = pl.Series(range(1, len(records) + 1), dtype=pl.Int64)
    frame = pl.DataFrame(
        {
            "record": ordinals,
            "line": ordinals + 1,
            "row": pl.Series([None] * len(records), dtype=pl.Int64),
            **{
                name: pl.Series([record.get(name) or None for record in records], dtype=pl.String)
                for name in layout.names
            },
        }
    )
    return Decoded(layout, frame, frozenset(layout.names), Address(), empty(), "utf-8")


def _supposed(tables: "Reference", product: Product, deals: Sequence[Deal], terms: Terms) -> "Reference":
    """The tables with the agreement and the buyers of the 枝, and no others: real ones as they stand, else supposed."""
    import polars as pl

    agreement, day = terms.agreement or _AGREEMENT, terms.day
    if terms.agreement:
        agreements = _rows(tables, "agreements", "agreement_code", [agreement])
        if terms.discount:
            agreements = agreements.with_columns(pl.lit(terms.discount).alias("discount_factor"))
    else:
        options = ("full_political_cover", "fully_brokered", "additional_cost", "pre_shipment_cover")
        row = {"agreement_code": agreement, "valid_from": day.isoformat(), "holder": terms.holder}
        row |= {
            "product": str(product),
            "discount_factor": terms.discount or "1",
            **dict.fromkeys(options, "1"),
        }
        agreements = _frame("agreements", [row])
    named = [(role, n, buyer) for n, deal in enumerate(deals, 1) for role, buyer in _buyers(deal)]
    buyers = _rows(tables, "buyers", "buyer_code", [buyer.code for _, _, buyer in named if buyer.code])
    guessed = [
        {
            "buyer_code": _code(role, n, buyer),
            "valid_from": day.isoformat(),
            "country": buyer.country,
            "rating": buyer.rating,
        }
        for role, n, buyer in named
        if buyer.rating and not buyer.code
    ]
    return tables.replaced(
        {
            "agreements": agreements,
            "buyers": pl.concat([buyers, _frame("buyers", guessed)]),
            "buyer_registrations": _rows(tables, "buyer_registrations", "agreement_code", [agreement]),
        }
    )


def _buyers(deal: Deal) -> list[tuple[str, Buyer]]:
    return [("P", deal.payer), ("G", deal.guarantor)]


def _rows(tables: "Reference", name: str, column: str, values: Sequence[str]) -> "pl.DataFrame":
    """The rows of a table, as text, whose column has one of the values."""
    import polars as pl

    from pipelines.reference import completed

    text = tables.text.get(name)
    if text is None or not text.width:
        return _frame(name, [])
    return completed(name, text.filter(pl.col(column).is_in(list(values))))


def _frame(name: str, rows: Sequence[Mapping[str, str]]) -> "pl.DataFrame":
    """Canonical text of a table with these rows; what a row does not tell has its default."""
    import polars as pl

    from pipelines.reference import completed
    from schemas.reference import TABLES

    columns = TABLES[name].column_names
    return completed(
        name,
        pl.DataFrame(
            {column: pl.Series([row.get(column) for row in rows], dtype=pl.String) for column in columns}
        ),
    )


def _yearly(
    supposed: "Reference", product: Product, deals: Sequence[Deal], day: date
) -> dict[int, dict[str, Any]]:
    """Per 枝 that names a limit before shipment what it costs for a year from ``day`` on, at conclusion of an agreement."""
    asked = {n: deal for n, deal in enumerate(deals, 1) if deal.pre_limit_yen}
    if not asked or not is_notice(product):
        return {}
    import polars as pl

    from pipelines.yearly import DUE, owed
    from schemas.journal import SCHEMA
    from schemas.money import percent_text

    # One agreement per 枝: two of them may be about the same buyer.
    agreements = [
        {
            "agreement_code": f"{n:09}",
            "valid_from": day.isoformat(),
            "product": str(product),
            "pre_shipment_cover": "1",
        }
        for n in asked
    ]
    registrations = [
        {
            "agreement_code": f"{n:09}",
            "buyer_code": _code("P", n, deal.payer),
            "valid_from": day.isoformat(),
            "pre_limit_yen": deal.pre_limit_yen,
        }
        for n, deal in asked.items()
    ]
    tables = supposed.replaced(
        {
            "agreements": _frame("agreements", agreements),
            "buyer_registrations": _frame("buyer_registrations", registrations),
        }
    )
    plan = owed(tables, pl.LazyFrame(schema=SCHEMA), day)
    return {
        int(row["agreement_code"]): {
            "limit_yen": row["base_yen"],
            "country_category": row["country_category"],
            "rate": percent_text(row["rate_p"]),
            "premium": row["premium_total"] if row["state"] == DUE else None,
            "state": row["state"],
        }
        for row in plan.iter_rows(named=True)
    }


def _told(
    product: Product,
    row: Mapping[str, Any],
    found: Sequence[Mapping[str, Any]],
    yearly: dict[str, Any] | None,
) -> dict[str, Any]:
    """What is said of one rated 枝."""
    from daicho.explaining import component

    errors, warnings = (
        [
            {
                "code": finding["code"],
                "field": finding["field"],
                "message": _SUPPOSED.sub("（格付で指定）", finding["message"]),
            }
            for finding in found
            if finding["severity"] == severity
        ]
        for severity in ("error", "warning")
    )
    booked = {**row, "product": str(product)}
    components = None
    if not errors:
        components = [{**component(c, booked, dict(row)), "factor": row[f"factor_{c}"]} for c in COMPONENTS]
    return {
        "errors": errors,
        "warnings": warnings,
        "components": components,
        "premium_total": row["premium_total"] if not errors else None,
        "yearly": yearly,
        "currency": row["currency"],
        "yen_rate_micro": row["yen_rate_micro"],
        "fx_day": row["fx_day"],
        "payer_rating": row["payer_rating"],
        "payer_class": row["payer_class"],
        "guarantor_rating": row["guarantor_rating"],
        "destination_category": row["destination_category"],
        "payer_category": row["payer_category"],
        "guarantor_category": row["guarantor_category"],
        "country_category": row["country_category"],
        "country_category_pre": row["country_category_pre"],
        "days_pre": row["days_pre"],
        "days_post": row["days_post"],
        "base_pre_yen": row["base_pre_yen"],
        "base_post_yen": row["base_post_yen"],
        "settlement": row.get("method_name") or row.get("band_name"),
        "lc": row["shipment_lc"],
        "lc_good": row["lc_good"],
    }
