"""Thousands of changed versions are due and stand as a second, independent reckoning says.

Random contracts of every product are booked and confirmed; then notices of change (処理種別 2) are told on several days,
one after the other about the same branches. The oracle rates both versions and settles them (contract §7).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random

import polars as pl
import pytest

from pipelines.post import Posted
from sample_ledgers.making import oracle
from schemas.layouts import layout_of
from schemas.products import Product
from tests import kit, scatter
from tests.book import Book, change, sent
from tests.halves import by_day
from tests.kit import ENTERPRISE, NOTICE, Row

LEDGERS = (ENTERPRISE, scatter.EQUIPMENT, scatter.CONSUMER_GOODS)
CONFIRMED_ON = date(2018, 12, 28)
NOTICE_DAYS = (date(2019, 1, 15), date(2019, 3, 20), date(2019, 9, 10), date(2020, 2, 28))
RELEASED = ("late-application", "late-change", "after-notice-limit")
DATES = ("last_shipment_date", "due_date")

Yen = dict[str, int]
Key = tuple[str, str]
"""Branch and shipment; a notice is a shipment without a number."""


@dataclass
class Branch:
    """A branch as it was told last, and what prices it."""

    number: str
    product: Product
    rows: list[Row]
    """As told."""
    priced: list[Row]
    """The same with the dates that the premium pays for."""
    full: dict[str, Yen] = field(default_factory=dict)
    """Shipment → premium by rate, per danger."""
    standing: dict[str, Yen] = field(default_factory=dict)
    days_post: dict[str, int | None] = field(default_factory=dict)

    def shipped(self, shipment: str) -> date:
        """From when the premium after shipment runs, as told last; of a notice from the month after that of shipment."""
        row = next(row for row in self.rows if row.get("shipment_no", "") == shipment)
        if self.product is NOTICE:
            return oracle.plus_months(oracle.day(row["shipment_month"] + "01"), 1)
        return oracle.day(row["last_shipment_date"])


@dataclass(frozen=True)
class Notice:
    """One notice of change: why, which fields become what, and which shipments are taken out."""

    kind: str
    reason: str
    changes: Sequence[Row]
    """The branch's rows as they are afterwards."""
    removed: frozenset[str] = frozenset()


# ------------------------------------------------------------------------------------- the notices


def notices_about(scene: scatter.Scene, branch: Branch) -> Notice | None:
    """One kind of change, drawn at random; None when it does not fit the branch."""
    kinds = ["less", "nothing", "payer", "country"]
    if branch.product is NOTICE:
        return _notice_of(scene, branch, scene.random.choice([*kinds, "band"]))
    return _notice_of(scene, branch, scene.random.choice([*kinds, "shift", "shift", "both", "usance", "out"]))


def _notice_of(scene: scatter.Scene, branch: Branch, kind: str) -> Notice | None:
    random, rows = scene.random, [dict(row) for row in branch.rows]
    if kind in ("less", "nothing"):
        share = 0 if kind == "nothing" else random.randrange(1, 100)
        return Notice(kind, "02", [_with_less(row, share) for row in rows])
    if kind == "payer":
        payer = random.choice([code for code in scene.payers if code != rows[0]["payer_code"]])
        return Notice(kind, "10", [row | {"payer_code": payer} for row in rows])
    if kind == "country":
        country = scene.country()
        return Notice(kind, "10", [row | {"payer_country": country} for row in rows])
    if kind == "band":
        return Notice(kind, "02", [row | {"period_band": random.choice("23456")} for row in rows])
    if kind == "usance":
        changed = [
            row | {"usance_days": f"{random.randrange(366):03d}"} if row["usance_days"] else row
            for row in rows
        ]
        return Notice(kind, "02", changed)
    shipments = sorted({row["shipment_no"] for row in rows})
    one = random.choice(shipments)
    if kind == "out":
        return Notice(kind, "02", rows, frozenset([one])) if len(shipments) > 1 else None
    if any(row["inspection_date"] for row in rows if row["shipment_no"] == one):
        return None
    by = timedelta(days=random.randrange(-100, 200))
    changed = [_shifted(row, by) if row["shipment_no"] == one else row for row in rows]
    reason = random.choice(["06", "07"])
    if kind == "both":
        changed = [
            _with_less(row, random_share) for random_share in [random.randrange(100)] for row in changed
        ]
    return Notice(kind, reason, changed)


def _with_less(row: Row, share: int) -> Row:
    """That many hundredths of every amount, without decimals."""
    names = ("contract_amount", "pre_shipment_amount", "post_shipment_amount", "shipped_amount")
    there = [name for name in names if row.get(name)]
    return row | {name: str(int(row[name].split(".")[0]) * share // 100) for name in there}


def _shifted(row: Row, by: timedelta) -> Row:
    """Shipment and payment later or earlier by the same days."""
    return row | {name: f"{oracle.day(row[name]) + by:%Y%m%d}" for name in DATES if row[name]}


def records_of(branch: Branch, notice: Notice, told: date) -> Iterator[Row]:
    """The partial records that tell it: one per line that changes, with what does; one per shipment taken out."""
    layout = layout_of(branch.product)
    year, serial, number = branch.number.split("-")
    kind = "notice" if branch.product is NOTICE else "application"
    first_of = {row.get("shipment_no", ""): row for row in reversed(branch.rows)}
    for old, new in zip(branch.rows, notice.changes, strict=True):
        record = dict.fromkeys(layout.names, "")
        record |= {
            "process_type": "2",
            f"{kind}_year": year,
            f"{kind}_serial": serial,
            "branch_no": number,
            "agreement_code": old["agreement_code"],
            "policyholder_code": old["policyholder_code"],
            "change_date": f"{told - timedelta(days=3):%Y%m%d}",
            "change_reason": notice.reason,
        }
        changed = {name: text for name, text in new.items() if text != old[name]}
        out = old.get("shipment_no") in notice.removed
        if not changed and not (out and old is first_of[old["shipment_no"]]):
            continue
        if branch.product is not NOTICE:
            levels = {f.field: f.level for f in layout.fields if f.field in changed}
            record |= {"shipment_no": old["shipment_no"], "settlement_no": old["settlement_no"]}
            if out:
                record |= {"shipment_process_type": "5", "settlement_no": ""}
            if "shipment" in levels.values():
                record["shipment_process_type"] = "2"
            if "settlement" in levels.values():
                record["settlement_process_type"] = "2"
        yield record | changed


# ----------------------------------------------------------------------------- what the oracle says


def versioned(
    scene: scatter.Scene, branch: Branch, notice: Notice, told: date
) -> tuple[Branch, dict[Key, Yen]]:
    """The branch after the notice, and what becomes due per shipment and danger."""
    rows, priced = [], []
    for row, before, was in zip(notice.changes, branch.rows, branch.priced, strict=True):
        if row.get("shipment_no") not in notice.removed:
            rows.append(row)
            priced.append(row | _dates_that_price(notice.reason, before, row, was))
    after = Branch(branch.number, branch.product, rows, priced)
    rate_branch(scene, after)
    due: dict[Key, Yen] = {}
    nothing = dict.fromkeys(oracle.DANGERS, 0)
    for shipment, standing in branch.standing.items():
        old, new = branch.full.get(shipment), after.full.get(shipment, nothing)
        if old is None:  # taken out before; what was kept stays
            due[branch.number, shipment], after.standing[shipment] = nothing, standing
            continue
        settled = {
            danger: oracle.changed_premium(
                danger,
                old[danger],
                new[danger],
                standing[danger],
                scene.accepted,
                branch.shipped(shipment),
                branch.days_post[shipment],
                told,
            )
            for danger in oracle.DANGERS
        }
        due[branch.number, shipment] = {danger: yen for danger, (yen, _) in settled.items()}
        after.standing[shipment] = {danger: stands for danger, (_, stands) in settled.items()}
    return after, due


def _dates_that_price(reason: str, before: Row, row: Row, priced: Row) -> Row:
    """Both dates as told when shipment moves, those of the version before when it does not or moves for free."""
    if "last_shipment_date" not in row:
        return {}
    if row["last_shipment_date"] != before["last_shipment_date"]:
        insured, new = oracle.day(priced["last_shipment_date"]), oracle.day(row["last_shipment_date"])
        if oracle.insured_shipment_after(reason, insured, new) != insured:
            return {}
    return {name: priced[name] for name in DATES}


def rate_branch(scene: scatter.Scene, branch: Branch) -> None:
    """Premiums by rate and days after shipment of what prices the branch, per shipment."""
    lines = oracle.reckon(str(branch.product), branch.priced, scene.world, scene.accepted)
    for row, line in zip(branch.priced, lines, strict=True):
        shipment = row.get("shipment_no", "")
        full = branch.full.setdefault(shipment, dict.fromkeys(oracle.DANGERS, 0))
        for danger in oracle.DANGERS:
            full[danger] += line.premium[danger]
        branch.days_post[shipment] = line.days_post


# ----------------------------------------------------------------------------------- the comparison


@dataclass(frozen=True)
class Seen:
    """One version of one branch: its kind, and per shipment what is due and what stands, both sides."""

    kind: str
    wanted: dict[Key, tuple[Yen, Yen]]
    got: dict[Key, tuple[Yen, Yen]]
    told: date


@cache
def history(product: Product) -> list[Seen]:
    scene = scatter.Scene(Random(f"changes {product}"), product, tame_world(), kit.ACCEPTED)
    book = Book(kit.reference_of(scene.world))
    rows = scatter.upload(scene, 500)
    posted = book.send(*rows, product=product, released=RELEASED)
    assert posted.verdict == "booked", posted.findings.filter(severity="error").to_dicts()[:3]
    branches = first_versions(scene, rows, posted)
    book.confirm(CONFIRMED_ON)
    seen = []
    for told in NOTICE_DAYS:
        seen += list(_told(scene, book, branches, told))
    return seen


def tame_world() -> kit.World:
    """Many sets of tables, no rate that is too large."""
    world = scatter.crooked_world(Random(2019))
    for row in world["rates"]:
        row["a"] = f"0.00{row['a'][2:6]}"
    return world


def first_versions(scene: scatter.Scene, rows: Sequence[Row], posted: Posted) -> dict[str, Branch]:
    booked = posted.rows.sort("record")
    numbers = booked["application_no"].to_list()
    together: dict[str, list[Row]] = defaultdict(list)
    for number, row in zip(numbers, rows, strict=True):
        together[number].append(row)
    branches = {}
    for number, lines in together.items():
        branch = Branch(number, scene.product, lines, lines)
        rate_branch(scene, branch)
        branch.standing = {shipment: dict(full) for shipment, full in branch.full.items()}
        branches[number] = branch
    return branches


def _told(scene: scatter.Scene, book: Book, branches: dict[str, Branch], told: date) -> Iterator[Seen]:
    """One upload of notices about more than half of the branches; those that the rules refuse are left out of it."""
    drawn = {n: notices_about(scene, b) for n, b in branches.items() if scene.random.random() < 0.6}
    notices = {n: notice for n, notice in drawn.items() if notice is not None}
    while True:
        records = {n: list(records_of(branches[n], notice, told)) for n, notice in notices.items()}
        notices = {n: notice for n, notice in notices.items() if records[n]}
        upload = [record for some in records.values() for record in some]
        posted = book.send(*upload, product=scene.product, accepted=told, released=RELEASED)
        if posted.verdict == "booked":
            break
        owners = [n for n, some in records.items() for _ in some]
        wrong = posted.findings.filter(pl.col("severity") == "error")
        assert wrong.height, posted
        for record in wrong["record"].unique():
            notices.pop(owners[record - 1], None)
    got = booked_yen(posted)
    for number, notice in notices.items():
        after, due = versioned(scene, branches[number], notice, told)
        wanted = {key: (due[key], after.standing[key[1]]) for key in due}
        branches[number] = after
        yield Seen(notice.kind, wanted, {key: got[key] for key in wanted if key in got}, told)


def booked_yen(posted: Posted) -> dict[Key, tuple[Yen, Yen]]:
    """Branch and shipment → due and standing per danger, over all lines of the new versions."""
    shipment = pl.col("shipment_no").fill_null("")
    sums = posted.rows.group_by("application_no", shipment.alias("shipment")).agg(
        pl.col(f"{kind}_{danger.lower()}").sum() for kind in ("due", "premium") for danger in oracle.DANGERS
    )
    return {
        (row["application_no"], row["shipment"]): (
            {danger: row[f"due_{danger.lower()}"] for danger in oracle.DANGERS},
            {danger: row[f"premium_{danger.lower()}"] for danger in oracle.DANGERS},
        )
        for row in sums.iter_rows(named=True)
    }


@pytest.mark.parametrize("product", by_day(Product, Product.ENTERPRISE))
def test_changes_cost_what_the_oracle_says(product: Product) -> None:
    seen = history(product)
    for version in seen:
        assert version.got == version.wanted, (version.kind, version.told)


@pytest.mark.night
@pytest.mark.parametrize("product", Product)
def test_the_changes_reach_every_corner(product: Product) -> None:
    seen = history(product)
    kinds = Counter(version.kind for version in seen)
    assert min(kinds.values()) >= 10, kinds
    yen = [
        (due[danger], stands[danger])
        for version in seen
        for due, stands in version.wanted.values()
        for danger in oracle.DANGERS
    ]
    assert sum(due < 0 for due, _ in yen) >= 50
    assert sum(due > 0 for due, _ in yen) >= 50
    assert sum(due == 0 < stands for due, stands in yen) >= 50


def test_a_second_shift_is_free_within_three_months_of_the_insured_date() -> None:
    """Shipment and payment of 2020-07-05 first to 06-22, then to 10-01: never over three months from what is insured."""
    book = Book()
    line = {"last_shipment_date": "20200705", "usance_days": ""}
    due = {"settlement_no": "01", "settlement_method": "29", "due_date": "20200705"}
    at_sight = {"settlement_no": "02", "settlement_method": "40"}
    sent(book, kit.enterprise_row(**line, **due), kit.enterprise_row(**line, **at_sight))
    book.confirm(CONFIRMED_ON)
    for told, shipment in ((date(2019, 1, 15), "20200622"), (date(2019, 3, 15), "20201001")):
        posted = sent(
            book,
            change(
                "2",
                change_date=f"{told:%Y%m%d}",
                change_reason="06",
                shipment_no="01",
                shipment_process_type="2",
                last_shipment_date=shipment,
                settlement_no="01",
                settlement_process_type="2",
                due_date=shipment,
            ),
            accepted=told,
        )
        assert set(posted.rows["insured_shipment_date"]) == {date(2020, 7, 5)}
        assert posted.rows["due_total"].to_list() == [0, 0]
