"""保険利用者情報変更: items, limits, 支店, what is refused. Seed 003 ch. 3 §4-8; table G-T2."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts.models import Holder
from portal_stub.procedures.deciding import decide
from portal_stub.procedures.models import State
from tests.portal.conftest import World
from tests.portal.pages import Part, page_of
from tests.portal.procedures.test_flow import ITEMS, KEY
from tests.portal.procedures.walking import begin, fill, newest, press_apply, to_check

BRANCH = (
    *("保険利用者名 漢字", "保険利用者名 カナ", "郵便番号", "所在地"),
    *("代表電話番号", "ホームページアドレス"),
)
"""What a 支店 has of the items."""


@pytest.fixture
def client(world: World, visit: Callable[..., Client]) -> Client:
    return visit(world.administrator)


@pytest.mark.req("G-073", "G-074", "G-078")
def test_the_form_has_the_items_of_the_table(client: Client) -> None:
    items = page_of(client.get(begin(client, KEY))).form(having="name").fields.values()
    assert [(item.label, item.mark, item.note) for item in items] == [
        ("変更適用希望日", "任意", "西暦（例: 2026/04/01）"),
        ("保険利用者名 漢字", "必須", "全角50文字以内"),
        ("保険利用者名 カナ", "必須", "全角60文字以内"),
        ("郵便番号", "必須", "半角数字とハイフン8文字以内、例: 100-0001"),
        ("所在地", "必須", "全角55文字以内"),
        ("代表電話番号", "必須", "半角数字とハイフン20文字以内"),
        ("登記所在地", "必須", "全角60文字以内"),
        ("代表者 役職名", "必須", "全角15文字以内"),
        ("代表者 氏名", "必須", "全角15文字以内"),
        ("ホームページアドレス", "任意", "半角英数字90文字以内"),
    ]
    check = to_check(client, begin(client, KEY), **{**ITEMS, "homepage": "https://example.com/" + "a" * 70})
    assert page_of(check).form("/apply/").buttons["申込む"].disabled is False


@pytest.mark.req("G-073", "G-074", "S-035")
@pytest.mark.parametrize(
    ("item", "value", "word"),
    [
        ("name", "あ" * 51, "保険利用者名 漢字は50文字以内"),
        ("name_kana", "ア" * 61, "保険利用者名 カナは60文字以内"),
        ("postal_code", "1000", "郵便番号"),
        ("address", "あ" * 56, "所在地は55文字以内"),
        ("registered_address", "あ" * 61, "登記所在地は60文字以内"),
        ("representative_title", "あ" * 16, "代表者 役職名は15文字以内"),
        ("representative_name", "", "代表者 氏名を入力してください"),
        ("homepage", "h" * 91, "ホームページアドレスは90文字以内"),
        ("homepage", "ほーむ", "ホームページアドレスは半角英数字で"),
        ("phone", "03-あ", "代表電話番号は半角の数字とハイフン"),
    ],
)
def test_limits(client: Client, item: str, value: str, word: str) -> None:
    reply = fill(client, begin(client, KEY), **{**ITEMS, item: value})
    [(wrong, fault)] = page_of(reply, 422).errors.items()
    assert wrong == item
    assert fault.startswith(word)


@pytest.mark.req("G-075", "S-036")
@pytest.mark.parametrize(
    ("day", "word"),
    [
        ("2026-03-31", "2026/04/01以降"),
        ("2027-04-02", "2027/04/01まで"),
        ("31.12.2026", "西暦の年月日"),
        ("2026-04-01", ""),
        ("2027/04/01", ""),
    ],
)
def test_the_wished_day_is_today_or_within_a_year(client: Client, day: str, word: str) -> None:
    reply = fill(client, begin(client, KEY), **{**ITEMS, "wanted_from": day})
    if word:
        [(wrong, fault)] = page_of(reply, 422).errors.items()
        assert wrong == "wanted_from"
        assert word in fault
    else:
        assert reply.status_code == 302
        assert date.fromisoformat(newest().answers["entry"]["wanted_from"]) >= date(2026, 4, 1)
        check = page_of(to_check(client, begin(client, KEY), **{**ITEMS, "wanted_from": day}))
        assert check.facts["変更適用希望日"] == day.replace("-", "/")


def test_a_change_without_any_change_is_refused(client: Client, world: World) -> None:
    holder = Holder.objects.get(pk=world.holder.pk)
    same = {name: getattr(holder, name) for name in ITEMS if name != "wanted_from"}
    Holder.objects.filter(pk=holder.pk).update(**{name: same[name] or "あ" for name in ("name_kana",)})
    items: dict[str, Any] = {**ITEMS, **{name: value for name, value in same.items() if value}}
    Holder.objects.filter(pk=holder.pk).update(**{name: items[name] for name in same})
    page = client.get(fill(client, begin(client, KEY), **items).headers["Location"])
    assert page_of(page, 422).error_summary == [
        "変更された項目がありません。変更する項目を入力してください。"
    ]
    assert newest().state == State.DRAFT


def test_changed_items_are_orange_with_what_is_in_force(client: Client) -> None:
    [told] = page_of(to_check(client, begin(client, KEY), **ITEMS)).find("section.told")
    changed = [Part([node]).facts for node in Part([told]).find("dl > div.changed")]
    assert {"保険利用者名 漢字 変更": "新見本商事\n現在: 見本商事"} in changed
    assert [facts for facts in changed for term in facts if not term.endswith(" 変更")] == []
    assert Part([told]).facts["登記所在地"] == "東京都架空区登記1-1", "as it is in force"


def test_a_branch_has_neither_registered_address_nor_representative(client: Client, world: World) -> None:
    Holder.objects.filter(pk=world.holder.pk).update(is_branch=True)
    details = page_of(client.get(f"/procedures/{KEY}/"))
    assert list(details.facts) == ["保険利用者コード", *BRANCH]
    address = begin(client, KEY)
    items = page_of(client.get(address)).form(having="name").fields.values()
    assert sorted(item.label for item in items) == sorted(["変更適用希望日", *BRANCH])
    check = to_check(client, address, **ITEMS)
    press_apply(client, check)
    decide(world.staff, newest(), "complete", "")
    holder = Holder.objects.get(pk=world.holder.pk)
    assert holder.name == "新見本商事"
    assert holder.registered_address == "東京都架空区登記1-1", "not asked, not changed"


FIVE = (
    *("Webユーザー（管理者）情報変更", "Webユーザー（申込者）情報照会・追加・変更"),
    *("口座情報照会・登録・変更", "保険利用者情報照会・変更", "アクセス履歴出力"),
)


@pytest.mark.req("G-008", "G-009")
def test_the_five_functions_of_the_administrator_are_closed_to_others(
    world: World, visit: Callable[..., Client]
) -> None:
    functions = (
        *("/administrator/", "/applicants/", "/accounts/change/", f"/procedures/{KEY}/", "/access-history/"),
    )
    administrator, others = (
        visit(world.administrator),
        [visit(user) for user in (world.applicant, world.reader)],
    )
    links = page_of(administrator.get("/menu/")).section("管理項目").links
    assert [links[name] for name in FIVE] == list(functions)
    for path in functions:
        assert administrator.get(path).status_code == 200, path
        for other in others:
            assert other.get(path).status_code == 403, path
