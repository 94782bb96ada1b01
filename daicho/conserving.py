"""Is every yen of a confirmed ledger the same in all places that tell it? (a step of ``daicho verify``)

Journal, CSV and PDF of the ledger, 保険料計算書, 保険料請求書 and the extract for finance. PDFs are read back as people
read them; what was removed or not made yet is not asked. Nothing is changed.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from daicho.store import Store
from outputs.documents import NET, PAYABLE, TOTAL
from pipelines.ledger import lines_of, listings
from pipelines.yearly import billings
from schemas.journal import CONFIRMATION
from schemas.products import Product, is_notice

_YEN = re.compile(r"(-?[\d,]+)\s*円")


def conserved(store: Store) -> tuple[list[str], dict[str, int]]:
    """Problems as Japanese sentences, and counts of what was compared: ledgers and yearly billings, places, their yen."""
    journal = store.journal.open().scan()
    ledgers = (
        listings(journal, CONFIRMATION).select(pl.col("ledger_id").unique()).collect().to_series().sort()
    )
    extracts = _extracts(store)
    problems: list[str] = []
    places = total = 0
    billed = {
        str(name): (yen, _told_of_invoice(store, str(name), extracts))
        for name, yen in billings(journal).select("ledger_id", "premium_total").iter_rows()
    }
    for ledger_id in ledgers:
        lines = lines_of(journal, CONFIRMATION, ledger_id)
        due = int(lines["due_total"].fill_null(lines["premium_total"]).sum())
        billed[ledger_id] = (due, _told(store, ledger_id, Product(lines["product"][0]), extracts))
    for ledger_id, (due, places_of) in billed.items():
        total += due
        for place, told in places_of:
            # An invoice asks for nothing when more is returned than charged; all others tell the net itself.
            expected = max(due, 0) if place.endswith(_ASKED) else due
            places += 1
            if told != expected:
                shown = "読み取れません" if told is None else f"{told:,}円"
                problems.append(
                    f"{ledger_id} の{place}が台帳(journal)と一致しません: {shown}、台帳 {expected:,}円"
                )
    return problems, {"ledgers_conserved": len(billed), "totals_compared": places, "due_total_yen": total}


_ASKED = "請求金額"
Told = Iterator[tuple[str, int | None]]


def _told(store: Store, ledger_id: str, product: Product, extracts: dict[str, dict[str, str]]) -> Told:
    """Every place that tells the total of a ledger, with what it tells (None: unreadable)."""
    kind, title = (
        ("shipment_statement", "船積通知明細書") if is_notice(product) else ("confirmed_ledger", "確定台帳")
    )
    for name, words in ((kind, title), ("premium_statement", "保険料計算書")):
        rows = _rows(store, f"{name}-{ledger_id}-csv")
        if rows is not None:
            column = "請求額" if rows and "請求額" in rows[0] else "合計保険料"  # before there were changes
            yield f"{words}(CSV)", _sum(rows, column)
        yield from _printed(store, f"{name}-{ledger_id}-pdf", f"{words}(PDF)", (NET, TOTAL))
    yield from _told_of_invoice(store, ledger_id, extracts)


def _told_of_invoice(store: Store, ledger_id: str, extracts: dict[str, dict[str, str]]) -> Told:
    """What invoice and finance tell; all there is of a yearly billing."""
    invoice = _rows(store, f"invoice-{ledger_id}-csv")
    if invoice is not None:
        yield f"保険料請求書(CSV)の{_ASKED}", _sum(invoice, "請求金額")
        if invoice and "差引合計" in invoice[0]:
            yield "保険料請求書(CSV)", _sum(invoice, "差引合計")
    yield from _printed(store, f"invoice-{ledger_id}-pdf", f"保険料請求書(PDF)の{_ASKED}", (PAYABLE,))
    row = extracts.get(f"INV-{ledger_id}")
    if row is not None:
        yield "経理データ", _number(row["premium_total"])


def _data(store: Store, document_id: str) -> bytes | None:
    """The bytes of an issued document; None when there is none. That a file is missing is told by another step."""
    try:
        return store.documents.read(document_id)
    except OSError:
        return None


def _rows(store: Store, document_id: str) -> list[dict[str, str]] | None:
    data = _data(store, document_id)
    return None if data is None else _csv(data)


def _csv(data: bytes) -> list[dict[str, str]]:
    bom = data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig" if bom else "cp932", errors="replace")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _sum(rows: list[dict[str, str]], column: str) -> int | None:
    numbers = [_number(row.get(column)) for row in rows]
    told = [number for number in numbers if number is not None]
    return sum(told) if len(told) == len(numbers) else None


def _number(text: str | None) -> int | None:
    """A plain integer; an empty cell counts as none."""
    return int(text) if text and re.fullmatch(r"-?\d+", text) else None


def _printed(store: Store, document_id: str, place: str, labels: tuple[str, ...]) -> Told:
    data = _data(store, document_id)
    if data is not None:
        yield place, printed_total(data, labels)


def printed_total(data: bytes, labels: tuple[str, ...]) -> int | None:
    """The amount that stands under one of the labels on the first page of a PDF; None when nothing can be read.

    The labels are words of the papers (``合計保険料``, ``差引合計``, ``ご請求金額``), each in a box with its amount.
    """
    import pypdf  # lazy: only this step reads PDFs

    try:
        text = pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()
    except Exception:  # noqa: BLE001 - damage has any form; a paper that nobody can read tells nothing
        return None
    lines = [line.strip() for line in text.splitlines()]
    for label in labels:
        for number, line in enumerate(lines[:-1]):
            amount = _YEN.fullmatch(lines[number + 1])
            if line == label and amount:
                return int(amount[1].replace(",", ""))
    return None


def _extracts(store: Store) -> dict[str, dict[str, str]]:
    """The row of every invoice in the latest extract of its month."""
    latest: dict[str, dict[str, Any]] = {}
    for document in store.documents.find({"kind": "finance_premiums"}, store.clock.now()):
        month = str(document["unit"])
        if month not in latest or _version(document) > _version(latest[month]):
            latest[month] = document
    told: dict[str, dict[str, str]] = {}
    for document in latest.values():
        data = _data(store, str(document["document_id"]))
        text = (data or b"").decode("utf-8", errors="replace")
        told |= {row["invoice_no"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    return told


def _version(document: dict[str, Any]) -> int:
    return int(str(document["document_id"]).rsplit("-v", 1)[1])
