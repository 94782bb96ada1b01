"""What the papers of submissions and of ledgers share: issuing, heads, names, and the tables of their time.

Nothing here knows what a paper is about.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from daicho.references import reference_of
from daicho.store import Store
from outputs import documents as paper
from pipelines.reference import Reference
from schemas.products import FACTS, Product
from sensors.windows import TOKYO

ISSUER = "台帳 daicho"


def issue(
    store: Store,
    document_id: str,
    kind: str,
    form: str,
    name: str,
    data: bytes,
    holder: str,
    created: datetime,
    receipt: Mapping[str, Any] | None = None,
    until: datetime | None = None,
    unit: str | None = None,
) -> str:
    """Stores a paper and keeps that it was issued; its document id."""
    submission_id = receipt["submission_id"] if receipt else None
    store.documents.issue(document_id, kind, form, name, data, holder, created, submission_id, unit, until)
    return document_id


def header(
    reference: Reference, holder: str, product: Product, created: datetime, document_id: str
) -> paper.DocumentHeader:
    """The head of a paper for a holder."""
    name = holder_name(reference, holder)
    return paper.DocumentHeader(holder, name, FACTS[product].name_ja, created, document_id, ISSUER)


def holder_name(reference: Reference, holder: str) -> str:
    """The holder's name, or words with the code where no table tells it."""
    found = reference.table("policyholders").filter(pl.col("holder") == holder)["name"].to_list()
    return (found[0] if found else None) or f"保険利用者 {holder}"


def reference_at(store: Store, instant: datetime) -> Reference:
    """The tables as they stood at an instant; before the first load of holders, those of that load."""
    loads = (
        store.reference.history("policyholders").select("load_no", "loaded_at")
        if _has_holders(store)
        else None
    )
    if loads is None or loads.is_empty():
        return reference_of(store)
    before = loads.filter(pl.col("loaded_at") <= instant.astimezone(TOKYO))["load_no"]
    return reference_of(store, int((before.max() if before.len() else loads["load_no"].min()) or 0))  # type: ignore[arg-type]


def _has_holders(store: Store) -> bool:
    return "policyholders" in store.reference.rows()


def names(reference: Reference, lines: pl.DataFrame) -> paper.Names:
    """Names of the buyers and countries that the lines mention and of the reasons of change, latest rows first."""
    codes = (
        pl.concat([lines["counterparty_code"], lines["payer_code"], lines["guarantor_code"]])
        .unique()
        .drop_nulls()
        .to_list()
        if lines.height
        else []
    )
    buyers = reference.table("buyers").filter(pl.col("buyer_code").is_in(codes)).sort("valid_from")
    countries = reference.table("country_categories").sort("valid_from")
    reasons = reference.table("change_reasons").sort("valid_from")
    return paper.Names(
        {code: name or code for code, name in buyers.select("buyer_code", "name").iter_rows()},
        {code: name or code for code, name in countries.select("country", "name").iter_rows()},
        {code: name or code for code, name in reasons.select("code", "name").iter_rows()},
    )
