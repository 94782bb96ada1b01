"""ユーザーページ in a browser: premiums as a chart and a table, limits, hand-ins that need attention, deadlines; lists that follow."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.portal.browser.person import Person
from tests.portal.browser.test_uploads import _tell
from tests.portal.feed.conftest import HELD, UNDECIDED, paper, portrait
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


@pytest.mark.night
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


@pytest.mark.req("C-018")
def test_the_list_of_hand_ins_follows_by_itself(fed: Portal, people: Callable[..., Person]) -> None:
    today = {"holder": HOLDER, "user": USER, "file_name": "四月.csv", "acceptance_date": "2026-04-06"}
    _tell(fed, submissions=[portrait(3, **UNDECIDED, **today)])
    person, other = people(), people(scripts=False)
    person.logs_in(USER)
    person.goes_to("/ledger/enterprise/sent/")
    person.sees("四月.csv", "順番: 次に処理します。", "モニタリスト: 数分かかることがあります")
    person.looks_right()
    other.logs_in("990000001001")
    other.goes_to("/ledger/enterprise/sent/")
    other.sees("順番: 次に処理します。")
    _tell(
        fed,
        submissions=[portrait(3, **today, decided_at="2026-04-06T09:59:00+09:00")],
        documents=[paper("D3", submission_id="S00000003", holder=HOLDER)],
    )
    person.sees("モニタリストができました。")
    row = person.page.get_by_role("row").filter(has_text="四月.csv")
    assert "hx-get" not in row.inner_html(), "it stops by itself"
    person.looks_right()
    person.presses("画面を更新")
    person.sees("9,876,543,210")
    person.looks_right()
    other.sees("順番: 次に処理します。")
    other.page.get_by_role("link", name="更新", exact=True).first.click()
    other.sees("モニタリストができました。")
    other.looks_right()


@pytest.mark.night
def test_what_needs_attention_leads_to_its_page(fed: Portal, person: Person) -> None:
    person.logs_in(USER)
    person.presses("late.csv")
    person.is_on("企業総合保険　申請の詳細")
    person.sees("保留中: 担当者の決定を待っています。", "モニタリスト: 決定の後")
    person.looks_right()
