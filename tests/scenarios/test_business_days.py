"""Whole business days: a month of uploads by three holders, run as the schedules run them, and what must hold after."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from assets.deliveries import deliver_owed
from assets.ledgers import confirm_due, extract_due, reconcile_due
from daicho.references import calendar_of, reference_of
from sensors.calendar import end_of_month
from sensors.windows import TOKYO
from tests import kit
from tests.homes import Home, csv_rows, load_world

FIRST, LAST = date(2018, 11, 1), date(2019, 1, 31)
SENDING_ENDS = date(2018, 11, 30)


FRIDAY = 4


@dataclass
class Life:
    """A home that lived from FIRST to LAST, and what its senders know of it."""

    home: Home
    sent: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    """Submission → acceptance day as told, records, whether it is good."""
    finance: Path = Path()


def _night(home: Home, now: str) -> None:
    """What the job ``nightly`` does, stage by stage."""
    home.decide(now)
    home.print_papers(now)
    store = home.at(now)
    for listed in (reconcile_due(store), confirm_due(store)):
        assert listed.failed == []
    extract_due(store)
    assert deliver_owed(store).failed == {}
    store.documents.remove_expired(store.clock.now())


def _upload(random: Random, number: int, day: date, good: bool) -> tuple[str, str, list[kit.Row]]:
    """Product, holder and records of one upload."""
    owner = random.choice(
        [
            (kit.HOLDER, kit.AGREEMENT),
            (kit.MEMBER, kit.MEMBER_AGREEMENT),
            (kit.DEPARTMENTAL, kit.DEPARTMENTAL_AGREEMENT),
        ]
    )
    if random.random() < 1 / 4:
        month = f"{day:%Y%m}"
        rows = [
            kit.notice_row(shipment_month=month, shipped_amount=str(random.randrange(10**6, 10**8)))
            for _ in range(random.randrange(1, 4))
        ]
        product, holder = "simplified-notice", kit.HOLDER
    else:
        product, holder = "enterprise", owner[0]
        amount = str(random.randrange(10**6, 10**8))
        rows = [
            kit.enterprise_row(
                policyholder_code=owner[0],
                agreement_code=owner[1],
                department_code=random.choice(("D1", "D2")),
                export_contract_no=f"EX-{number}-{n}",
                contract_date=f"{day:%Y%m%d}",
                last_shipment_date=f"{day + timedelta(days=random.randrange(10, 120)):%Y%m%d}",
                contract_amount=amount,
                pre_shipment_amount=amount,
                post_shipment_amount=amount,
                settlement_principal=amount,
            )
            for n in range(random.randrange(1, 4))
        ]
    if not good:
        rows[-1] = rows[-1] | {"currency": "円"}
    return product, holder, rows


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = tmp_path_factory.mktemp("life")
    world = kit.world()
    world["policyholders"][0]["provided_data"] = "1"
    home = load_world(folder, world)
    (home.path / "delivery.toml").write_text(
        f'[finance]\ntype = "folder"\npath = "{folder / "finance"}"\n'
        f'[holders.{kit.HOLDER}]\ntype = "folder"\npath = "{folder / "data"}"\n',
        encoding="utf-8",
    )
    lived = Life(home, finance=folder / "finance")
    calendar = calendar_of(reference_of(home.at()))
    random = Random(2018)
    number = 0
    day = FIRST
    while day <= LAST:
        quiet = day > SENDING_ENDS + timedelta(days=7) and day.weekday() != FRIDAY and day != LAST
        if calendar.is_business_day(day) and not quiet:
            away = date(2018, 11, 19) <= day <= date(2018, 11, 21)  # nobody starts anything on three days
            if not away:
                home.decide(f"{day}T08:00:00")
            if day <= SENDING_ENDS:
                for time in random.sample(("09:10:00", "11:00:00", "17:29:59", "17:30:00", "19:00:00"), k=1):
                    number += 1
                    good = random.random() < 4 / 5
                    product, holder, rows = _upload(random, number, day, good)
                    receipt = home.submit(rows, f"{day}T{time}", product=product, holder=holder)
                    lived.sent[receipt["submission_id"]] = (receipt["acceptance_date"], len(rows), good)
            if not away:
                _night(home, f"{day}T20:30:00")
        day += timedelta(days=1)
    return lived


def test_every_upload_got_its_verdict(life: Life) -> None:
    rows = {
        row["submission_id"]: row for row in life.home.cli("status", "--json", now=f"{LAST}T21:00:00").json
    }
    assert rows.keys() == life.sent.keys()
    for name, (day, count, good) in life.sent.items():
        row = rows[name]
        assert (row["acceptance_date"], row["declared_count"]) == (day, count)
        assert row["status"] == ("処理完了" if good else "申請内容要確認"), life.home.findings(name)
    assert Counter(good for _, _, good in life.sent.values())[True] > 15
    assert Counter(good for _, _, good in life.sent.values())[False] > 2


@pytest.mark.req("A-052", "A-045")
def test_numbers_are_dense_and_in_order_and_days_are_kept(life: Life) -> None:
    journal = life.home.journal()
    assert journal["submission_id"].unique(maintain_order=True).to_list() == [
        name for name, (_, _, good) in life.sent.items() if good
    ]
    for year, part in journal.group_by(pl.col("application_no").str.slice(0, 2), maintain_order=True):
        serials = [int(number.split("-")[1]) for number in part["application_no"]]
        assert serials == list(range(1, len(serials) + 1)), year
    days = dict(journal.select("submission_id", pl.col("acceptance_date").cast(pl.String)).iter_rows())
    assert days == {name: day for name, (day, _, good) in life.sent.items() if good}


@pytest.mark.req("D-009", "D-012")
def test_every_line_is_reconciled_within_a_week_and_confirmed_by_the_end_of_the_next_month(
    life: Life,
) -> None:
    booked = dict(life.home.journal().select("journal_no", "acceptance_date").iter_rows())
    for entry in ("reconciliation", "confirmation"):
        rows = list(
            life.home.journal(entry).select("listed_journal_no", "booked_at", "ledger_id").iter_rows()
        )
        assert sorted(number for number, _, _ in rows) == sorted(booked), "each exactly once"
        for number, listed_at, ledger_id in rows:
            day = booked[number]
            on = listed_at.astimezone(TOKYO).date()
            latest = (
                day + timedelta(days=7)
                if entry == "reconciliation"
                else end_of_month(end_of_month(day) + timedelta(days=1))
            )
            assert day <= on <= latest, ledger_id
            assert f"_{day:%Y-%m}_" in ledger_id
    units = life.home.journal().select("unit").unique().height
    assert len(set(life.home.journal("confirmation")["ledger_id"])) == units


@pytest.mark.req("D-041")
def test_finance_and_senders_see_the_same_yen(life: Life) -> None:
    rows = life.home.cli("status", "--json", now=f"{LAST}T21:00:00").json
    promised = sum(row["premium_total_yen"] or 0 for row in rows)
    assert promised == int(life.home.journal()["premium_total"].sum()) > 0
    extracts = [csv_rows(path.read_bytes(), "utf-8") for path in sorted(life.finance.iterdir())]
    assert sum(int(row["premium_total"]) for part in extracts for row in part) == promised
    invoiced = 0
    for paper in life.home.papers(f"{LAST}T21:00:00", kind="invoice", format="csv"):
        (row,) = csv_rows(Path(paper["path"]).read_bytes())
        invoiced += int(row["請求金額"])
        issued, due = (
            datetime.strptime(row[name], "%Y%m%d").replace(tzinfo=TOKYO) for name in ("発行日", "支払期限")
        )
        assert timedelta(days=40) <= due - issued <= timedelta(days=47)
    assert invoiced == promised


@pytest.mark.req("D-022", "D-023", "D-024")
def test_provided_data_reached_the_holder_that_asked(life: Life) -> None:
    delivered = {event["details"]["document_id"] for event in life.home.events("delivered")}
    ledgers = set(life.home.journal("reconciliation")["ledger_id"]) | set(
        life.home.journal("confirmation")["ledger_id"]
    )
    mine = {
        f"provided_data-{ledger}"
        for ledger in ledgers
        if ledger.startswith((kit.AGREEMENT, kit.NOTICE_AGREEMENT))
    }
    assert {name for name in delivered if name.startswith("provided_data")} == mine
    assert len(list((life.finance.parent / "data").iterdir())) == len(mine)


def test_all_is_in_order_and_nothing_is_left_to_do(life: Life) -> None:
    home, now = life.home, f"{LAST}T21:00:00"
    before = (home.at().journal.open().version, len(home.at().events.events()), home.papers(now))
    assert home.verify(now) == []
    _night(home, now)
    assert (home.at().journal.open().version, len(home.at().events.events()), home.papers(now)) == before
