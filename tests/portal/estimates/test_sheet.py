"""The sheet of 枝: moving between them loses nothing, and nothing is stored."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from portal_stub.estimates.sheet import MOST_BRANCHES, Sheet
from tests.homes import Home
from tests.portal.estimates.conftest import LEDGER, Screen

Opened = Callable[..., Screen]


def shown(screen: Screen) -> tuple[int, int]:
    """Number of the 枝 on the screen, and how many there are."""
    sheet = screen.reply.context["sheet"]
    return sheet.number, len(sheet.branches)


@pytest.mark.req("J-007", "J-008")
def test_branches_are_added_walked_and_removed_without_loss(screen: Opened) -> None:
    one = screen()
    one.press("add", contract_amount="100", payer_rating="EF", excluded="on", discount_factor="0.9")
    assert shown(one) == (2, 2)
    assert one.typed["contract_amount"] == ""
    assert one.typed["currency"] == "JPY"
    assert one.typed["discount_factor"] == "0.9"
    assert "excluded" not in one.typed
    one.press("add", contract_amount="200", usance_days="not a number")
    one.press("back", contract_amount="300", discount_factor="1.1")
    assert shown(one) == (2, 3)
    assert (one.typed["contract_amount"], one.typed["usance_days"]) == ("200", "not a number")
    one.press("back")
    assert shown(one) == (1, 3)
    assert (one.typed["contract_amount"], one.typed["payer_rating"], one.typed["excluded"]) == (
        "100",
        "EF",
        "on",
    )
    assert one.press("back").status_code == 200
    assert shown(one) == (1, 3)
    one.press("forward")
    one.press("remove")
    assert shown(one) == (1, 2)
    assert one.typed["contract_amount"] == "100"
    one.press("forward")
    assert one.typed["contract_amount"] == "300"
    assert one.typed["discount_factor"] == "1.1"


@pytest.mark.req("J-007")
def test_the_only_branch_cannot_be_removed(screen: Opened) -> None:
    one = screen()
    one.press("remove", contract_amount="100")
    assert shown(one) == (1, 1)
    assert one.typed["contract_amount"] == "100"


def test_clear_empties_the_branch_on_the_screen_alone(screen: Opened) -> None:
    one = screen()
    one.press("add", contract_amount="100")
    one.press("clear", contract_amount="200", day="2018-12-01")
    assert (one.typed["contract_amount"], one.typed["currency"], one.typed["day"]) == (
        "",
        "JPY",
        "2018-12-01",
    )
    one.press("back")
    assert one.typed["contract_amount"] == "100"


@pytest.mark.req("J-012")
def test_there_are_at_most_99_branches(screen: Opened) -> None:
    one = screen()
    one.press("add", **LEDGER)
    kept = json.dumps([LEDGER] * 98)
    one.press("add", kept=kept, at="97", **LEDGER)
    assert shown(one) == (99, 99) == (MOST_BRANCHES, MOST_BRANCHES)
    one.press("add", **LEDGER)
    assert shown(one) == (99, 99)
    assert one.page.section("操作ボタン").sentences == ["枝は99までです。"]
    assert one.page.buttons["枝追加"].disabled
    one.press("calculate")
    assert len(one.result.branches) == 99
    assert one.result.premium == 99 * 18_400


@pytest.mark.req("J-017")
def test_a_calculation_leaves_nothing_behind(screen: Opened, tables: Home) -> None:
    """No row, no file, no number."""
    one = screen()
    before = (_rows(), _files(tables.path))
    one.press("calculate", **LEDGER)
    assert one.result.premium == 18_400
    assert (_rows(), _files(tables.path)) == before
    assert list(one.told.facts) == [
        *("保険料", "申込受理（予定）日"),
        *("支払人の格付", "国カテゴリー（船前）", "国カテゴリー（船後）", "決済"),
    ], "no number of an application"
    assert screen().typed["contract_amount"] == ""


def _rows() -> dict[str, int]:
    # A session tells when it was last used; that is no matter of the 試算.
    return {model._meta.label: model.objects.count() for model in apps.get_models()}


def _files(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    "kept",
    [
        *(
            "",
            "[]",
            "{}",
            "null",
            "[1]",
            "[[]]",
            "9" * 5000,
            "[" * 100_000,
            '[{"contract_amount": {"a": 1}}]',
        ),
        *('[{"payer_code": "\\u0000"}]', '[{"payer_code": "\\ud800"}]', '[{"unknown": "x"}]', "NaN", "[NaN]"),
    ],
)
def test_whatever_comes_back_from_a_browser_is_a_sheet(kept: str) -> None:
    for at in ("", "0", "98", "-1", "x", "9" * 30):
        sheet = Sheet.sent(
            ["payer_code", "contract_amount"], ["day"], {"kept": kept, "at": at, "payer_code": "1"}
        )
        assert sheet.branches == [{"payer_code": "1", "contract_amount": ""}]
        assert sheet.at == 0
        assert sheet.shared == {"day": ""}


def test_more_branches_than_allowed_are_not_taken() -> None:
    kept = json.dumps([{"payer_code": str(n)} for n in range(200)])
    sheet = Sheet.sent(["payer_code"], [], {"kept": kept, "at": "150", "payer_code": "x"})
    assert len(sheet.branches) == 99
    assert sheet.branches[98] == {"payer_code": "x"}


def test_what_was_typed_is_text_on_the_page(screen: Opened) -> None:
    one = screen()
    odd = '"><script>alert(1)</script>'
    one.press("add", contract_amount=odd)
    assert one.page.whole.nodes[0].xpath(".//script[not(@src)]") == []
    one.press("back")
    assert one.typed["contract_amount"] == odd


def test_an_unknown_button_shows_the_sheet(screen: Opened) -> None:
    one = screen()
    assert one.press("print", contract_amount="5").status_code == 200
    assert one.typed["contract_amount"] == "5"
    reply: Any = one.client.post("/estimate/enterprise-short/")
    assert reply.status_code == 200
