"""Several processes decide the same queue at once: every submission once, numbers dense and in order of receipt."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests import kit
from tests.faults.workers import decide_together, live_together
from tests.homes import LINE_YEN, PROJECT, TUESDAY, Home, contracts


def twelve_of_three_holders(home: Home) -> list[str]:
    """Uploads of two enterprise holders and one that sends notices, turn by turn; one of them is defective."""
    names = []
    for n in range(12):
        match n % 3:
            case 0:
                receipt = home.submit(contracts(f"A{n}", f"B{n}", **({"currency": ""} if n == 3 else {})))
            case 1:
                owner = {"agreement_code": kit.MEMBER_AGREEMENT, "policyholder_code": kit.MEMBER}
                receipt = home.submit(contracts(f"C{n}", **owner), holder=kit.MEMBER)
            case _:
                receipt = home.submit(
                    [kit.notice_row(shipped_amount=f"{n}000000")], product="simplified-notice"
                )
        names.append(receipt["submission_id"])
    return names


@pytest.mark.req("A-052", "A-054", "A-026")
def test_three_workers_book_every_submission_once_in_order_of_receipt(home: Home) -> None:
    names = twelve_of_three_holders(home)
    decided = decide_together(home.path, TUESDAY, processes=3)
    assert sorted(name for part in decided for name in part) == names, "each by exactly one of them"
    for part in decided:
        assert part == sorted(part)

    journal = home.journal()
    assert journal["journal_no"].to_list() == list(range(1, journal.height + 1))
    booked = [name for name in names if name != "S00000004"]
    order = journal["submission_id"].unique(maintain_order=True).to_list()
    assert order == booked, "the journal is in order of receipt over all holders"
    serials = [int(number.split("-")[1]) for number in journal["application_no"]]
    assert serials == list(range(1, journal.height + 1)), "unique, dense, and in the same order"
    assert journal.height == 3 * 2 + 4 + 4
    statuses = {row["submission_id"]: row["status"] for row in home.cli("status", "--json").json}
    assert statuses == dict.fromkeys(booked, "処理完了") | {"S00000004": "申請内容要確認"}
    assert home.verify() == []


def test_workers_that_come_again_find_nothing_to_do(home: Home) -> None:
    home.submit(contracts("EX-1"))
    assert sorted(decide_together(home.path, TUESDAY, processes=2)) == [[], ["S00000001"]]
    assert decide_together(home.path, TUESDAY, processes=2) == [[], []]
    assert home.journal().height == 1


@pytest.mark.night
@pytest.mark.slow
def test_a_worker_killed_in_the_middle_is_taken_over(home: Home) -> None:
    home.settings(lease_seconds=2)
    names = twelve_of_three_holders(home)
    script = (
        "import time; from assets import booking; from tests.homes import Home; from pathlib import Path\n"
        "whole = booking.assess_decoded\n"
        "def slow(*arguments):\n"
        "    print('assessing', flush=True); time.sleep(30); return whole(*arguments)\n"
        "booking.assess_decoded = slow\n"
        f"booking.decide_due(Home(Path({str(home.path)!r})).at({TUESDAY!r}), 'killed')\n"
    )
    victim = subprocess.Popen(
        [sys.executable, "-c", script], cwd=PROJECT, env=os.environ, stdout=subprocess.PIPE
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == b"assessing\n"
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    assert home.decide() == [], "its leases still run"
    time.sleep(2)
    assert home.decide() == names
    assert home.journal()["premium_total"].sum() > 10 * LINE_YEN
    assert home.verify() == []


@pytest.mark.night
def test_every_command_may_run_while_others_run(home: Home) -> None:
    wrong = live_together(home.path, TUESDAY, uploads=15)
    assert wrong == {"sender": [], "worker": [], "reader": []}
    rows = home.cli("status", "--json").json
    assert [row["status"] for row in rows] == ["処理完了"] * 15
    assert home.journal()["export_contract_no"].to_list() == [f"EX-{n}" for n in range(15)]
    assert home.verify(TUESDAY) == []
