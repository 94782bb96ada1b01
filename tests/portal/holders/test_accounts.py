"""口座: reading, registering, changing, deleting. Seed 003 ch. 3 §3-4, §4-9 to §4-11."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from portal_stub.holders.models import Account, Branch
from portal_stub.holders.procedures import half_kana
from portal_stub.mails.models import Mail
from portal_stub.procedures.models import Application, State
from tests.portal.conftest import World, text
from tests.portal.procedures.walking import begin, fill, newest, press_apply, to_check

ITEMS: dict[str, Any] = {
    "use": "refund",
    "deposit": "ordinary",
    "number": "0001234",
    "owner": "見本商事株式会社",
    "owner_kana": "ミホンショウジ（カ",
    "branch": "9901-001",
}


@pytest.fixture
def branches(db: None) -> None:
    for bank, name in (("9901", "見本銀行"), ("9902", "架空信用金庫")):
        for code, branch in (("001", "本店営業部"), ("002", "港支店")):
            Branch.objects.create(bank_code=bank, bank_name=name, code=code, name=branch)


@pytest.fixture
def client(world: World, branches: None, visit: Callable[..., Client]) -> Client:
    return visit(world.administrator)


def account(world: World, **values: Any) -> Account:
    first = {
        "use": "refund",
        "bank_code": "9901",
        "bank_name": "見本銀行",
        "branch_code": "001",
        "branch_name": "本店営業部",
        "deposit": "ordinary",
        "number": "0001234",
        "owner": "見本商事株式会社",
        "owner_kana": "ﾐﾎﾝｼﾖｳｼﾞ",
        "confirmed_on": date(2026, 1, 5),
    }
    return Account.objects.create(holder=world.holder, **{**first, **values})


@pytest.mark.req("G-035", "G-036", "G-026")
def test_every_user_reads_the_accounts_and_changes_none(
    world: World, branches: None, visit: Callable[..., Client]
) -> None:
    account(world)
    account(world, use="claim", number="7654321")
    reader = visit(world.reader)
    assert "口座情報照会" in text(reader.get("/menu/"))
    page = reader.get("/accounts/")
    for word in (
        *(
            "保険料返還口座",
            "保険金支払口座",
            "利用区分",
            "取引先金融機関",
            "取引先支店",
            "預金種別",
            "口座番号",
        ),
        *(
            "口座名義人",
            "口座名義人カナ",
            "確定日",
            "9901 見本銀行",
            "001 本店営業部",
            "普通",
            "0001234",
            "2026/01/05",
        ),
    ):
        assert word in text(page)
    content = page.content.decode()
    assert "<form" not in content.partition("<main")[2]
    assert reader.get("/accounts/change/").status_code == 403
    assert reader.post("/procedures/account-registration/start/").status_code == 403


@pytest.mark.req("G-037", "S-033")
def test_the_list_sorts_by_use_number_and_day(world: World, client: Client) -> None:
    account(world, number="0000002", confirmed_on=date(2026, 1, 1))
    account(world, number="0000001", confirmed_on=date(2026, 2, 2))

    def numbers(sort: str) -> list[str]:
        return re.findall(r"<td>(\d{7})</td>", client.get("/accounts/", {"sort": sort}).content.decode())

    assert numbers("number") == ["0000001", "0000002"]
    assert numbers("-number") == ["0000002", "0000001"]
    assert numbers("confirmed") == ["0000002", "0000001"]
    page = client.get("/accounts/", {"sort": "-confirmed"}).content.decode()
    # One sort is active, in each of the lists that are shown.
    assert page.count('class="active"') == 1
    assert "▼" in page


@pytest.mark.req("G-087", "G-088", "G-089", "G-095")
def test_registering_takes_effect_at_once(world: World, client: Client) -> None:
    check = to_check(client, begin(client, "account-registration"), **ITEMS)
    assert "9901 見本銀行 001 本店営業部" in text(check)
    assert not Account.objects.exists()
    done = text(client.get(press_apply(client, check).headers["Location"]))
    for word in ("2026-0401-0001", "口座情報が更新されました", "口座情報一覧へ", "Web申込状況一覧へ"):
        assert word in done
    row = Account.objects.get()
    assert (row.bank_name, row.branch_name, row.number, row.owner_kana) == (
        *("見本銀行", "本店営業部", "0001234", "ﾐﾎﾝｼｮｳｼﾞ(ｶ"),
    )
    assert row.confirmed_on == date(2026, 4, 1)
    assert newest().state == State.COMPLETE
    assert "口座登録" in text(client.get("/applications/"))
    assert "0001234" in text(client.get("/accounts/change/"))
    assert list(Mail.objects.values_list("kind", "to")) == [
        ("application-completion", world.administrator.mail)
    ]


@pytest.mark.req("G-085", "G-086")
def test_bank_and_branch_are_chosen_on_a_page_of_their_own(client: Client) -> None:
    address = begin(client, "account-registration")
    page = client.get(address).content.decode()
    assert re.search(r'<input type="hidden" name="branch"', page), "nothing to type"
    assert "一覧にない場合は" in page
    without = fill(client, address, **{**ITEMS, "branch": ""})
    assert "「選択」ボタンから取引先金融機関・取引先支店を選択してください" in text(without)
    wrong = fill(client, address, **{**ITEMS, "branch": "0000-000"})
    assert "選択し直してください" in text(wrong)
    chooser = fill(client, address, "choose-branch", **{**ITEMS, "branch": "", "owner": "入力途中"}).headers[
        "Location"
    ]
    found = client.get(chooser, {"q": "架空 港"})
    assert "9902" in text(found)
    assert "本店営業部" not in text(found)
    assert client.post(chooser, {}).status_code == 422
    back = client.post(chooser, {"chosen": "9902-002"})
    assert back.headers["Location"] == address
    page = client.get(address).content.decode()
    assert "9902 架空信用金庫\u3000002 港支店" in page
    assert 'value="入力途中"' in page, "what was typed before stays"


@pytest.mark.req("G-083")
def test_one_account_stands_once_per_use(world: World, client: Client) -> None:
    account(world)
    reply = fill(client, begin(client, "account-registration"), **ITEMS)
    page = client.get(reply.headers["Location"])
    assert page.status_code == 422
    assert "同じ利用区分ですでに登録されています" in text(page)
    check = to_check(client, begin(client, "account-registration"), **{**ITEMS, "use": "claim"})
    press_apply(client, check)
    assert sorted(Account.objects.values_list("use", flat=True)) == ["claim", "refund"]


@pytest.mark.req("G-082")
def test_the_list_of_the_administrator_chooses_by_radio(world: World, client: Client) -> None:
    row = account(world)
    page = client.get("/accounts/change/").content.decode()
    assert f'name="subject" value="{row.pk}"' in page
    for word in ("新規登録", "変更", "削除", "選択"):
        assert word in page
    for key in ("account-change", "account-deletion"):
        unchosen = client.post(f"/procedures/{key}/start/", {})
        assert unchosen.status_code == 409
        assert "「選択」欄で1つ選んで" in text(unchosen)
    assert not Application.objects.exists()


@pytest.mark.req("G-090", "G-092", "G-093")
def test_changing_needs_the_tick_and_warns_of_open_procedures(world: World, client: Client) -> None:
    row = account(world)
    to_check(client, begin(client, "account-registration"), **{**ITEMS, "use": "claim"})
    address = begin(client, "account-change", str(row.pk))
    assert 'value="0001234"' in client.get(address).content.decode(), "present data are there"
    check = to_check(client, address, **{**ITEMS, "number": "9999999"})
    for word in ("お振込みができなくなります", "2026-0401-0001", "変更する口座情報について確認しました"):
        assert word in text(check)
    refused = press_apply(client, check)
    assert refused.status_code == 422
    assert "チェックしてください" in text(refused)
    assert Account.objects.get(pk=row.pk).number == "0001234"
    press_apply(client, refused, "seen")
    assert Account.objects.get(pk=row.pk).number == "9999999"
    assert newest().agreed == ["変更する口座情報について確認しました"]


def test_a_change_without_any_change_is_refused(world: World, client: Client) -> None:
    row = account(world)
    items = {**ITEMS, "owner_kana": row.owner_kana}
    reply = fill(client, begin(client, "account-change", str(row.pk)), **items)
    assert "変更された項目がありません" in text(client.get(reply.headers["Location"]))


@pytest.mark.req("G-091")
def test_deleting_needs_the_tick(world: World, client: Client) -> None:
    row = account(world)
    check = client.get(begin(client, "account-deletion", str(row.pk)))
    assert "0001234" in text(check)
    assert "お振込みができなくなります" in text(check)
    assert press_apply(client, check).status_code == 422
    assert not Account.objects.get(pk=row.pk).deleted
    press_apply(client, check, "seen")
    assert Account.objects.get(pk=row.pk).deleted
    assert "0001234" not in text(client.get("/accounts/"))
    assert "口座情報削除" in text(client.get("/applications/"))


def test_accounts_of_others_cannot_be_changed(
    world: World, client: Client, visit: Callable[..., Client]
) -> None:
    row = account(world)
    stranger = visit(world.stranger)
    assert stranger.post("/procedures/account-deletion/start/", {"subject": row.pk}).status_code == 409
    assert stranger.post("/procedures/account-deletion/start/", {"subject": "x' OR 1"}).status_code == 409


@pytest.mark.req("G-094", "G-084")
@pytest.mark.parametrize(
    ("item", "value", "word"),
    [
        ("number", "123456", "半角数字7桁"),
        ("number", "12345678", "7文字以内"),
        ("number", "12A4567", "半角数字7桁"),
        ("owner", "あ" * 51, "口座名義人は50文字以内"),
        ("owner_kana", "ｱ" * 61, "口座名義人カナは60文字以内"),
        ("owner_kana", "見本", "口座名義人カナはカナ"),
        ("deposit", "savings", "預金種別を選び直してください"),
        ("use", "支払", "利用区分を選び直してください"),
    ],
)
def test_limits_of_the_items(client: Client, item: str, value: str, word: str) -> None:
    reply = fill(client, begin(client, "account-registration"), **{**ITEMS, item: value})
    assert reply.status_code == 422
    assert word in text(reply)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("ガッコウ", "ｶﾞｯｺｳ"), ("ａｂｃ", "ABC"), ("ﾊﾟﾋﾟ", "ﾊﾟﾋﾟ"), ("ヴ", "ｳﾞ"), ("（カ）", "(ｶ)")],
)
def test_kana_become_half_width(typed: str, kept: str) -> None:
    assert half_kana(typed) == kept
