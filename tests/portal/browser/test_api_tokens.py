"""APIトークン from the menu to a program that uses one, and the description for programmers."""

import json
import re
import subprocess

import pytest

from tests.portal.browser.person import Person

pytestmark = pytest.mark.night


def test_a_token_is_made_used_and_withdrawn(person: Person) -> None:
    person.logs_in("990000001000")
    person.opens("管理項目", "APIトークン")
    person.sees("発行したAPIトークンはありません")
    person.looks_right()
    person.presses("新規発行")
    person.looks_right()
    person.presses("確認する")
    person.sees("名称を入力してください", "動作するWebユーザーを選択してください")
    person.looks_right()
    person.fills("名称", "基幹システムからの申請")
    person.page.get_by_label("動作するWebユーザー").select_option("990000001000")
    person.presses("確認する")
    person.sees("一度だけ", "入力＋申込権限", "送信と参照")
    person.looks_right()
    person.presses("発行する")
    person.is_on("APIトークンを発行しました")
    person.looks_right()
    shown = re.search(r"daicho_[A-Za-z0-9_-]{43}", person.page.content())
    assert shown
    answer = subprocess.run(
        ["curl", "-s", "-H", f"Authorization: Bearer {shown[0]}", f"{person.portal.base}/api/v1/submissions"],
        capture_output=True,
        check=True,
    )
    assert json.loads(answer.stdout)["next"] is None
    person.presses("APIトークンの一覧へ")
    person.sees("基幹システムからの申請", "有効", "127.0.0.1")
    assert shown[0] not in person.page.content()
    person.looks_right()
    person.presses("基幹システムからの申請（末尾 " + shown[0][-4:] + "）を無効にする")
    person.looks_right()
    person.presses("無効にする")
    person.is_on("APIトークンの無効化完了")
    person.looks_right()
    assert "基幹システムからの申請" in person.mail("APIトークン無効化のお知らせ")
    person.goes_to("/help/api-tokens/")
    person.looks_right()


def test_the_description_for_programmers(person: Person) -> None:
    person.goes_to("/manual/")
    person.presses("APIの説明")
    person.is_on("APIの説明")
    person.sees("申請・通知を送信する", "Idempotency-Key", "curl")
    person.looks_right()
