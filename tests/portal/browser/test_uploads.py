"""The desk and the pipeline in a browser: what the feed told, decisions on held uploads, reference tables."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.portal.browser.person import Person
from tests.portal.feed.conftest import HELD, UNDECIDED, found, paper, portrait
from tests.portal.serving import Portal, environment

HOLDER, OTHER = "990000001", "990000003"
TELL = """
import json, sys
from portal_stub.running import set_up
set_up()
from portal_stub.feed import receiving
told = json.load(sys.stdin)
receiving.receive(receiving.Told(**told, upto=receiving.position() + 1), receiving.position())
"""


def _tell(portal: Portal, **told: object) -> None:
    """What the pipeline tells the served portal."""
    nothing: dict[str, object] = {
        "submissions": [],
        "findings": {},
        "totals": {},
        "documents": [],
        "answers": [],
        "refusals": [],
    }
    subprocess.run(
        [sys.executable, "-c", TELL],
        input=json.dumps(nothing | told),
        text=True,
        env=environment(portal.home),
        check=True,
    )


@pytest.fixture
def fed(portal: Portal) -> Portal:
    """The portal knows of uploads in every state."""
    warning = {"severity": "warning", "code": "late-application", "message": "申込みの期限を過ぎています。"}
    findings = [found(1), found(2, value="とても長い値" * 12), found(3, cell="C4", line=None, **warning)]
    _tell(
        portal,
        submissions=[
            portrait(1, holder=HOLDER, file_name="企総_4月分_とても長い名前のファイル_最終版（2）.xlsx"),
            portrait(2, holder=OTHER, product="simplified-notice", premium_total=54_321),
            portrait(3, **HELD),
            portrait(4, **UNDECIDED, waits_for="S00000003"),
            portrait(5, verdict="rejected", errors=2, warnings=1, premium_total=None),
        ],
        findings={"S00000005": findings},
        totals={"S00000005": 3},
        documents=[
            paper("D00000001", submission_id="S00000005"),
            paper("D00000002", submission_id="S00000005", kind="findings_report", format="csv"),
        ],
    )
    return portal


@pytest.mark.night
def test_uploads_are_searched_and_read(fed: Portal, person: Person) -> None:
    person.logs_in("desk-3")
    person.presses("台帳のアップロード")
    person.is_on("アップロード一覧")
    person.sees("S00000003", "検索結果（1件）")
    person.presses("条件をクリア")
    person.sees("検索結果（5件）", "9,876,543,210")
    person.looks_right()
    person.fills("受理日（から）", "2026-04-02")
    person.fills("受理日（まで）", "2026-04-01")
    person.presses("検索")
    person.sees("以後の日付にしてください")
    person.looks_right()
    person.fills("受理日（から）", "2026-04-01")
    person.chooses("状況", "申請内容要確認")
    person.presses("検索")
    person.sees("検索結果（1件）")
    person.presses("S00000005")
    person.sees("検出事項（3件）", "とても長い値", "D00000002")
    person.looks_right()
    person.goes_to("/desk/uploads/S00000003/")
    person.sees("保留中です", "決定できるのは")
    person.looks_right()
    person.goes_to("/desk/uploads/?holder=000000000")
    person.sees("対象のアップロードはありません")
    person.looks_right()


def test_a_held_upload_is_released_and_the_answer_comes_back(
    fed: Portal, people: Callable[..., Person]
) -> None:
    person = people()
    person.logs_in("desk-1")
    person.goes_to("/desk/uploads/S00000003/")
    person.presses("保留を解除する／申請内容要確認にする")
    person.presses("確認する")
    person.sees("入力内容を確認してください")
    person.looks_right()
    person.chooses("決定", "保留を解除する（次の処理で審査する）")
    person.fills("理由", "やむを得ない事情を確認した")
    person.presses("確認する")
    person.sees("送信した決定は取り消せません")
    person.looks_right()
    person.presses("修正する")
    person.sees_typed("理由", "やむを得ない事情を確認した")
    person.presses("確認する")
    person.presses("確定する")
    person.sees("決定を送信済みです。")
    person.looks_right()
    asked = "".join(path.read_text(encoding="utf-8") for path in (fed.home / "desk").rglob("*.json"))
    assert "S00000003" in asked, "the request lies where the pipeline looks"
    other = people()
    other.logs_in("desk-2")
    other.goes_to("/desk/uploads/S00000003/decide/")
    other.is_on("決定できません")
    other.looks_right()
    _tell(fed, submissions=[portrait(3, premium_total=1_234)])
    person.opens_again()
    person.does_not_see("保留中です")
    person.sees("1,234円")
    person.looks_right()


@pytest.mark.night
def test_reference_tables_are_sent(fed: Portal, person: Person, tmp_path: Path) -> None:
    wrong, right = tmp_path / "unknown.csv", tmp_path / "buyers.csv"
    wrong.write_text("a,b\n1,2\n")
    rows = Path("sample_ledgers/reference/buyers.csv").read_text(encoding="utf-8").splitlines()[:3]
    right.write_text("\n".join(rows) + "\n", encoding="utf-8")
    person.logs_in("desk-2")
    person.presses("参照表")
    person.sees("デスクからの読込はまだありません。")
    person.looks_right()
    person.uploads("参照表のファイル", wrong)
    person.presses("内容を確認する")
    person.sees("「unknown.csv」は参照表の名前ではありません")
    person.looks_right()
    person.uploads("参照表のファイル", right)
    person.presses("内容を確認する")
    person.sees("buyers")
    person.looks_right()
    person.fills("理由", "4月の更新")
    person.presses("送信する")
    person.sees("4月の更新")
    person.looks_right()
    person.presses("参照表の読込へ")
    person.sees("4月の更新", "これまでの読込（1件）")
    person.looks_right()
