"""One contract from application to cancellation, with the ledger that a person expects written by hand.

10,000,000 yen to China (C), payer EA, 60 days usance, accepted 2018-11-06, last shipment 2019-02-28: 114 days.
Rates of the calibrated set at 114 and 60 days, rounded to three decimals:

====  =============================  ========
A     0.000058 × 114 + 0.02427       0.031 %
B     0.000979 × 60 + 0.02028        0.079 %
C     0.000007 × 114 + 0.0028        0.004 %
D     0.000941 × 60 + 0.01951        0.076 %
====  =============================  ========
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assets.ledgers import confirm_due, reconcile_due
from tests.book import change
from tests.homes import Home
from tests.kit import enterprise_row

NUMBER = "18-000001-00"


@dataclass(frozen=True)
class Act:
    """What is sent at an instant, and what the ledger says afterwards."""

    now: str
    told: str
    record: dict[str, str] | None
    history: str
    stage: str
    contract: str
    shipment: str
    a: int
    b: int
    c: int
    d: int
    difference: int


def amounts(contract: str, process_type: str, **fields: str) -> dict[str, str]:
    flag = "2" if process_type == "2" else ""
    return change(
        process_type,
        NUMBER,
        contract_amount=contract,
        shipment_no="01",
        shipment_process_type=flag,
        pre_shipment_amount=contract,
        post_shipment_amount=contract,
        settlement_no="01",
        settlement_process_type=flag,
        settlement_principal=contract,
        **fields,
    )


WRONG = enterprise_row(
    contract_amount="12000000",
    pre_shipment_amount="12000000",
    post_shipment_amount="12000000",
    settlement_principal="12000000",
    last_shipment_date="20190228",
)
DELAY = change(
    "2",
    NUMBER,
    change_date="20190104",
    change_reason="06",
    shipment_no="01",
    shipment_process_type="2",
    last_shipment_date="20190426",
)
LIFE = [
    # 12,000,000 × 0.031 % = 3,720; × 0.079 % = 9,480; × 0.004 % = 480; × 0.076 % = 9,120.
    Act("2018-11-06T10:00", "application", WRONG, "00", "unconfirmed", "12000000", "20190228", 3_720, 9_480, 480, 9_120, 22_800),
    Act("2018-11-09T20:00", "照合", None, "00", "unconfirmed", "12000000", "20190228", 3_720, 9_480, 480, 9_120, 22_800),
    # The 照合台帳 shows the wrong amount: 10,000,000 is right. 3,100 + 7,900 + 400 + 7,600 = 19,000.
    Act("2018-11-13T10:00", "修正", amounts("10000000", "4", history_no="00"), "01", "unconfirmed", "10000000", "20190228", 3_100, 7_900, 400, 7_600, -3_800),
    Act("2018-12-28T20:00", "確定", None, "01", "confirmed", "10000000", "20190228", 3_100, 7_900, 400, 7_600, -3_800),
    # 57 days later, less than three months: the date moves, the premium does not.
    Act("2019-01-07T10:00", "shipment delay", DELAY, "02", "unconfirmed", "10000000", "20190426", 3_100, 7_900, 400, 7_600, 0),
    # 88,000 dollars at 113.26 (November 2018) = 9,966,880 yen: by rate 3,089 + 7,873 + 398 + 7,574, so 11, 27, 2 and 26
    # less. Not shipped: B and D in full; of the 171 days to 2019-04-26 95 are left: floor(11 × 95 ÷ 171) = 6, floor(2 × 95 ÷ 171) = 1.
    Act("2019-01-21T10:00", "currency change", amounts("88000", "2", change_date="20190118", change_reason="03", currency="USD"), "03", "unconfirmed", "88000", "20190426", 3_094, 7_873, 399, 7_574, -60),
    Act("2019-02-28T20:00", "確定", None, "03", "confirmed", "88000", "20190426", 3_094, 7_873, 399, 7_574, -60),
    # Cancelled with 56 of 171 days left before shipment: A floor(3,089 × 56 ÷ 171) = 1,011, C floor(398 × 56 ÷ 171) = 130.
    Act("2019-03-01T10:00", "cancellation", amounts("0", "2", change_date="20190226", change_reason="02"), "04", "unconfirmed", "0", "20190426", 2_083, 0, 269, 0, -16_588),
    Act("2019-04-26T20:00", "確定", None, "04", "confirmed", "0", "20190426", 2_083, 0, 269, 0, -16_588),
]  # fmt: skip
INVOICES = [19_000, -60, -16_588]
"""Net of each confirmed ledger: November, January, March."""


@pytest.fixture(scope="module")
def lived(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[dict[str, Any]]]:
    """The contract lived through, and the ledger's line after each act."""
    home = Home(tmp_path_factory.mktemp("life") / "home")
    shutil.copytree(loaded, home.path)
    seen = []
    for number, act in enumerate(LIFE):
        if act.record is not None:
            home.booked([act.record], act.now, name=f"{number}.csv")
        else:
            for listed in (reconcile_due(home.at(act.now)), confirm_due(home.at(act.now))):
                assert listed.failed == []
        home.print_papers(act.now)
        [line] = home.cli("ledger", "--json", now=act.now).json
        seen.append(line)
    return home, seen


def facts(line: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(line[name] for name in ("history_no", "stage", "contract_amount", "last_shipment_date")),
        *(line[f"premium_{c}"] for c in "abcd"),
        line["difference_total"],
    )


def expected(act: Act) -> tuple[Any, ...]:
    return (act.history, act.stage, act.contract, act.shipment, act.a, act.b, act.c, act.d, act.difference)


@pytest.mark.req("A-020", "A-022", "A-023", "A-045", "E-100")
def test_after_every_act_the_ledger_is_what_a_person_expects(
    lived: tuple[Home, list[dict[str, Any]]],
) -> None:
    for act, line in zip(LIFE, lived[1], strict=True):
        assert facts(line) == expected(act), act.told
        assert line["premium_total"] == act.a + act.b + act.c + act.d
        assert line["premium_before"] == line["premium_total"] - act.difference
        assert line["acceptance_date"] == "2018-11-06", "the day of acceptance never moves"


def test_the_ledger_can_be_seen_as_it_was_at_any_moment(lived: tuple[Home, list[dict[str, Any]]]) -> None:
    home, seen = lived
    for act, line in zip(LIFE, seen, strict=True):
        [then] = home.cli("ledger", "--json", "--as-of", act.now, now=LIFE[-1].now).json
        assert then == line, act.told


def test_every_version_is_kept(lived: tuple[Home, list[dict[str, Any]]]) -> None:
    query = "SELECT history_no, stage, contract_amount FROM ledger_history ORDER BY history_no"
    rows = lived[0].cli("sql", query, "--json", now=LIFE[-1].now).json
    assert [tuple(row.values()) for row in rows] == [
        ("00", "withdrawn", "12000000"),
        ("01", "confirmed", "10000000"),
        ("02", "confirmed", "10000000"),
        ("03", "confirmed", "88000"),
        ("04", "confirmed", "0"),
    ]


@pytest.mark.req("D-021")
def test_confirmed_ledgers_bill_the_differences(lived: tuple[Home, list[dict[str, Any]]]) -> None:
    from pipelines.ledger import invoices

    found = invoices(lived[0].at(LIFE[-1].now).journal.open().scan())
    assert found["premium_total"].to_list() == INVOICES
    assert sum(INVOICES) == lived[1][-1]["premium_total"]


def test_the_life_is_explained(lived: tuple[Home, list[dict[str, Any]]]) -> None:
    home, _ = lived
    told = home.cli("explain", NUMBER, now=LIFE[-1].now)
    assert told.code == 0
    assert "変更前 18,940円 → 差額 -16,588円" in told.out
    assert "※計上額と一致しません" not in told.out
    document = json.loads(home.cli("explain", NUMBER, "--json", now=LIFE[-1].now).out)
    assert document["lines"][0]["change"]["due"]["B"] == -7_873


def test_the_store_is_in_order(lived: tuple[Home, list[dict[str, Any]]]) -> None:
    assert lived[0].verify(LIFE[-1].now) == []
