"""ユーザーページ in a browser: premiums as a chart and a table, limits, hand-ins that need attention, deadlines; 処理状況 that follows."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.portal.browser.person import Person
from tests.portal.browser.test_uploads import _tell
from tests.portal.feed.conftest import HELD, UNDECIDED, portrait
from tests.portal.serving import Portal, environment

HOLDER, USER = "990000001", "990000001000"
FIGURES = """
import json, sys
from datetime import date
from portal_stub.running import set_up
set_up()
from portal_stub.feed import receiving
told = json.load(sys.stdin)
for row in told["months"]:
    row["month"] = date.fromisoformat(row["month"])
receiving.receive_figures("1:1:2026-04-06", receiving.figures_position(), None, told["months"], told["limits"])
"""


def _figures(portal: Portal, months: list[dict[str, Any]], limits: list[dict[str, Any]]) -> None:
    """What the pipeline tells of the journal."""
    subprocess.run(
        [sys.executable, "-c", FIGURES],
        input=json.dumps({"months": months, "limits": limits}),
        text=True,
        env=environment(portal.home),
        check=True,
    )


def month(name: str, confirmed: int, unconfirmed: int = 0, agreement: str = "990000011") -> dict[str, Any]:
    return {
        "policyholder_code": HOLDER,
        "agreement_code": agreement,
        "product": "enterprise",
        "month": f"{name}-01",
        "applications": 12,
        "lines": 34,
        "insured_yen": 1_234_567_890,
        "unconfirmed_yen": unconfirmed,
        "confirmed_yen": confirmed,
    }


def limit(buyer: str, limit_yen: int, used_yen: int, state: str) -> dict[str, Any]:
    return {
        "holder": HOLDER,
        "agreement_code": "990000011",
        "buyer_code": buyer,
        "limit_yen": limit_yen,
        "used_yen": used_yen,
        "used_permille": used_yen * 1000 // limit_yen,
        "state": state,
    }


@pytest.fixture
def fed(portal: Portal) -> Portal:
    """A holder with a year of business and some trouble."""
    confirmed = [3_100_000, 2_400_000, 5_250_000, 0, 1_980_000, 4_400_000, -650_000, 3_300_000, 2_750_000,
                 6_120_000, 3_900_000]  # fmt: skip
    names = [f"2025-{number:02}" for number in range(4, 13)] + ["2026-01", "2026-02"]
    _figures(
        portal,
        [
            *(month(name, yen) for name, yen in zip(names, confirmed, strict=True)),
            month("2026-03", 0, 4_870_000),
            month("2026-04", 0, 920_000),
        ],
        [
            limit("304000001", 100_000_000, 112_345_678, "exceeded"),
            limit("304000002", 50_000_000, 43_000_000, "near"),
            limit("105000001", 30_000_000, 9_000_000, "ok"),
        ],
    )
    _tell(
        portal,
        submissions=[
            portrait(
                1,
                holder=HOLDER,
                user=USER,
                verdict="rejected",
                errors=3,
                premium_total=None,
                decided_at="2026-04-03T10:00:00+09:00",
                file_name="企総_4月分_とても長い名前のファイル_最終版（2）.xlsx",
            ),
            portrait(2, **HELD, holder=HOLDER, user=USER, file_name="late.csv"),
        ],
    )
    return portal


def test_the_first_page_tells_how_business_stands(fed: Portal, people: Callable[..., Person]) -> None:
    person = people()
    person.logs_in(USER)
    person.sees("保険料と支払限度額", "920,000円", "限度額を超過", "80%以上", "申請内容要確認", "保留中")
    person.sees("本日17:30まで")
    person.looks_right()
    person.page.get_by_text("月ごとの表", exact=True).click()
    person.sees("2025年10月", "-650,000", "4,870,000")
    person.looks_right()
    other = people(scripts=False)
    other.logs_in("990000003000")
    other.sees("計上された申込み・通知は、まだありません", "確認が必要な申請・通知はありません")
    other.looks_right()


def test_the_standing_of_a_hand_in_follows_by_itself(fed: Portal, person: Person) -> None:
    """The part is looked at alone: pages that have it are tested with their room."""
    _tell(fed, submissions=[portrait(3, **UNDECIDED, holder=HOLDER, user=USER, acceptance_date="2026-04-06")])
    person.logs_in(USER)
    part = person.page.request.get("/ledger-standing/S00000003/").text()
    person.page.evaluate(
        """part => {
          const live = document.createElement("div");
          live.className = "standing";
          live.setAttribute("aria-live", "polite");
          live.innerHTML = part;
          document.querySelector("main").prepend(live);
          htmx.process(live);
        }""",
        part,
    )
    person.sees("処理中", "順番: 次に処理します。")
    person.looks_right()
    _tell(fed, submissions=[portrait(3, holder=HOLDER, user=USER, decided_at="2026-04-01T08:31:00+09:00")])
    live = person.page.locator(".standing")
    live.get_by_text("処理完了").wait_for()
    assert "hx-get" not in live.inner_html(), "it stops by itself"
    person.looks_right()
