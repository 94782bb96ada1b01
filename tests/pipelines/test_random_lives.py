"""Random lives of contracts: whatever people send in whatever order, nothing is lost, doubled or priced two ways.

Every act is plausible or slightly wrong; the ledger must take it or refuse it with findings, and afterwards add up.
"""

from collections import Counter
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest

from pipelines.rerate import rerated
from schemas.journal import RATED
from schemas.money import COMPONENTS
from schemas.products import Product
from tests import kit
from tests.book import Book, change
from tests.halves import by_day
from tests.kit import enterprise_row

START, END = date(2018, 11, 6), date(2019, 4, 26)


def application(random: Random, number: int, day: date) -> list[dict[str, str]]:
    """One to two branches of one to three shipments of one or two settlements."""
    rows = []
    for branch in range(random.choice([1, 1, 2])):
        for shipment in range(random.choice([1, 1, 2, 3])):
            shipped = day + timedelta(days=random.randrange(5, 200))
            for settlement in range(random.choice([1, 1, 2])):
                amount = str(random.randrange(1, 40) * 250_000)
                rows.append(
                    enterprise_row(
                        export_contract_no=f"EX-{number:04d}",
                        branch_no=f"{branch:02d}",
                        contract_date=f"{day - timedelta(days=2):%Y%m%d}",
                        payer_code=kit.buyer(random.choice(["EA", "EF", "GS"])) if not shipment else "",
                        shipment_no=f"{shipment + 1:02d}",
                        settlement_no=f"{settlement + 1:02d}",
                        usance_days=str(random.choice([30, 60, 90])),
                        last_shipment_date=f"{shipped:%Y%m%d}",
                        pre_shipment_amount=amount,
                        post_shipment_amount=amount,
                        settlement_principal=amount,
                    )
                )
        for name in ("payer_code",):
            first = rows[-1][name] or next(r[name] for r in rows if r["branch_no"] == f"{branch:02d}")
            for row in rows:
                if row["branch_no"] == f"{branch:02d}":
                    row[name] = first
    # Branch and shipment fields agree within their key.
    first_of: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        lead = first_of.setdefault((row["branch_no"], row["shipment_no"]), row)
        for name in ("last_shipment_date", "pre_shipment_amount", "post_shipment_amount"):
            row[name] = lead[name]
    return rows


def partial(random: Random, book: Book, day: date) -> dict[str, str]:
    """A record of process type 2 to 5 about one of the lines, right in most things."""
    line = random.choice(book.ledger())
    confirmed = line["stage"] == "confirmed" or int(line["history_no"]) > 1
    kind = random.choice(["2", "2", "2", "3", "4", "5"] if confirmed else ["4", "4", "5", "2", "3"])
    fields: dict[str, str] = {"history_no": line["history_no"] if random.random() < 0.9 else "00"}
    if kind == "2":
        told = day - timedelta(days=random.choice([1, 3, 20, 45]))
        fields |= {
            "change_date": f"{told:%Y%m%d}",
            "change_reason": random.choice(["02", "03", "04", "06", "07"]),
        }
    what = random.choice(
        ["goods", "payer", "shipment", "amount", "cancel", "usance", "add", "remove", "currency"]
    )
    at = {"shipment_no": line["shipment_no"]}
    flag = {"shipment_process_type": "2"} if kind == "2" else {}
    line_flag = {"settlement_no": line["settlement_no"]} | (
        {"settlement_process_type": "2"} if kind == "2" else {}
    )
    amount = str(random.randrange(1, 40) * 250_000)
    if kind == "5":
        pass
    elif what == "goods":
        fields["goods_code"] = f"85{random.randrange(10000):04d}"
    elif what == "payer":
        fields["payer_code"] = kit.buyer(random.choice(["EA", "EF", "GS", "EC", "GB"]))
    elif what == "currency":
        fields["currency"] = random.choice(["USD", "JPY"])
    elif what == "shipment":
        moved = day + timedelta(days=random.randrange(-30, 150))
        fields |= at | flag | {"last_shipment_date": f"{moved:%Y%m%d}"}
    elif what == "amount":
        fields |= at | flag | {"pre_shipment_amount": amount, "post_shipment_amount": amount}
    elif what == "cancel":
        zero = {"contract_amount": "0", "pre_shipment_amount": "0", "post_shipment_amount": "0"}
        fields |= at | flag | zero
    elif what == "usance":
        fields |= at | line_flag | {"usance_days": str(random.choice([30, 45, 90, 120]))}
    elif what == "add":
        new = {
            "shipment_no": f"{random.randrange(1, 9):02d}",
            "shipment_process_type": "1",
            "settlement_no": "01",
        }
        shipped = day + timedelta(days=40)
        fields |= new | {
            "last_shipment_date": f"{shipped:%Y%m%d}",
            "pre_shipment_amount": amount,
            "post_shipment_amount": amount,
            "settlement_method": "41",
            "usance_days": "60",
            "settlement_principal": amount,
        }
    else:
        fields |= at | {"settlement_no": line["settlement_no"], "settlement_process_type": "5"}
    return change(kind, line["application_no"], **fields)


def lived(seed: int) -> tuple[Book, Counter[str]]:
    random = Random(seed)
    book = Book()
    day, number, verdicts = START, 0, Counter[str]()
    while day <= END:
        if day.weekday() < 5:
            for _ in range(random.choice([0, 0, 1, 2])):
                if number < 12 and (number < 3 or random.random() < 0.3):
                    number += 1
                    rows = application(random, number, day)
                else:
                    rows = [partial(random, book, day) for _ in range(random.choice([1, 1, 1, 2]))]
                released = ["late-change", "after-notice-limit"] if random.random() < 0.7 else []
                posted = book.send(*rows, accepted=day, released=released)
                verdicts[posted.verdict] += 1
                if posted.verdict == "booked":
                    assert posted.rows["records"].sum() == len(rows)
                else:
                    assert posted.rows.is_empty()
                    assert posted.findings.height
            if random.random() < 0.4:
                book.reconcile(day)
            book.confirm(day)
        day += timedelta(days=1)
    return book, verdicts


@pytest.mark.req("A-024", "A-026", "D-021")
@pytest.mark.parametrize("seed", by_day(range(2), 0))
def test_a_random_life_adds_up(seed: int) -> None:
    book, verdicts = lived(seed)
    assert verdicts["booked"] >= 25, verdicts
    assert verdicts["rejected"] >= 5, verdicts
    booked = book.rows.filter(pl.col("entry") == "booking")

    # What all acts changed is what all lines cost, and what confirmed ledgers billed is part of it.
    owed = sum(row["premium_total"] for row in book.ledger())
    assert booked["difference_total"].sum() == owed
    assert booked["premium_total"].min() >= 0

    # Every version comes out again from its text and its base.
    versions = booked.filter(pl.col("process_type") != "5")
    again = rerated(versions, booked, Product.ENTERPRISE, book.newest)
    for name in (*RATED, *(f"due_{c}" for c in (*COMPONENTS, "total"))):
        if not name.startswith("cover_"):
            assert again[name].to_list() == versions[name].to_list(), name

    # Nothing stands twice, on no list twice, and everything that counts is billed once when all months are closed.
    assert booked.filter(
        pl.struct("line_id", "history_no", pl.col("process_type") == "5").is_duplicated()
    ).is_empty()
    book.confirm(date(2019, 6, 28))
    for entry in ("reconciliation", "confirmation"):
        listed = book.rows.filter(pl.col("entry") == entry)["listed_journal_no"]
        assert listed.is_unique().all()
    assert sum(invoice["premium_total"] for invoice in book.invoices()) == owed
    assert {row["stage"] for row in book.ledger()} <= {"confirmed", "withdrawn"}
