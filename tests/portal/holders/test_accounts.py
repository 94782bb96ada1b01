"""口座: reading, registering, changing, deleting. Seed 003 ch. 3 §3-4, §4-9 to §4-11."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from portal_stub.holders.models import Account, Branch
from portal_stub.holders.procedures import half_kana
from portal_stub.mails.models import Mail
from portal_stub.procedures.models import Application, State
from tests.portal.conftest import World
from tests.portal.pages import page_of
from tests.portal.procedures.walking import begin, fill, newest, press_apply, to_check

ITEMS: dict[str, Any] = {
    "use": "refund",
    "deposit": "ordinary",
    "number": "0001234",
    "owner": "見本商事株式会社",
    "owner_kana": "ミホンショウジ（カ",
    "branch": "9901-001",
}


SEVEN_DIGITS = "口座番号は半角数字7桁で入力してください（桁が足りない場合は先頭に0を付けます）。"
WARNING = "ほかの手続き中の申込みで指定している口座を変更・削除すると、お振込みができなくなります。"


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
    assert page_of(reader.get("/menu/")).links["口座情報照会"] == "/accounts/"
    page = page_of(reader.get("/accounts/"))
    assert page.headings == ["保険料返還口座", "保険金支払口座"]
    for title, use, number in (
        ("保険料返還口座", "保険料返還", "0001234"),
        ("保険金支払口座", "保険金請求", "7654321"),
    ):
        [row] = page.table(title).rows
        assert row == {
            "利用区分": use,
            "取引先金融機関": "9901 見本銀行",
            "取引先支店": "001 本店営業部",
            "預金種別": "普通",
            "口座番号": number,
            "口座名義人": "見本商事株式会社",
            "口座名義人カナ": "ﾐﾎﾝｼﾖｳｼﾞ",
            "確定日": "2026/01/05",
        }
    assert page.forms == []
    assert reader.get("/accounts/change/").status_code == 403
    assert reader.post("/procedures/account-registration/start/").status_code == 403


@pytest.mark.req("G-037", "S-033")
def test_the_list_sorts_by_use_number_and_day(world: World, client: Client) -> None:
    account(world, number="0000002", confirmed_on=date(2026, 1, 1))
    account(world, number="0000001", confirmed_on=date(2026, 2, 2))

    def numbers(sort: str) -> list[str]:
        return page_of(client.get("/accounts/", {"sort": sort})).table("保険料返還口座").column("口座番号")

    assert numbers("number") == ["0000001", "0000002"]
    assert numbers("-number") == ["0000002", "0000001"]
    assert numbers("confirmed") == ["0000002", "0000001"]
    page = page_of(client.get("/accounts/", {"sort": "-confirmed"}))
    # One sort is active, in each of the lists that are shown.
    [active] = page.find(".sorts .active")
    assert (active.text, active.get("aria-label")) == ("▼", "降順で表示中")
    [title] = active.iterancestors("th")
    assert title.text.strip() == "確定日"


@pytest.mark.req("G-087", "G-088", "G-089", "G-095")
def test_registering_takes_effect_at_once(world: World, client: Client) -> None:
    check = to_check(client, begin(client, "account-registration"), **ITEMS)
    assert page_of(check).facts["取引先金融機関・取引先支店"] == "9901 見本銀行　001 本店営業部"
    assert not Account.objects.exists()
    done = page_of(client.get(press_apply(client, check).headers["Location"]))
    assert done.facts["Web申込番号"] == "2026-0401-0001"
    assert done.sentences[0] == "口座情報が更新されました。"
    assert done.links["口座情報一覧へ"] == "/accounts/change/"
    assert done.links["Web申込状況一覧へ"] == "/applications/"
    row = Account.objects.get()
    assert (row.bank_name, row.branch_name, row.number, row.owner_kana) == (
        *("見本銀行", "本店営業部", "0001234", "ﾐﾎﾝｼｮｳｼﾞ(ｶ"),
    )
    assert row.confirmed_on == date(2026, 4, 1)
    assert newest().state == State.COMPLETE
    assert page_of(client.get("/applications/")).table().column("申込種類") == ["口座登録"]
    listed = page_of(client.get("/accounts/change/")).table("保険料返還口座")
    assert listed.column("口座番号") == ["0001234"]
    assert list(Mail.objects.values_list("kind", "to")) == [
        ("application-completion", world.administrator.mail)
    ]


@pytest.mark.req("G-085", "G-086")
def test_bank_and_branch_are_chosen_on_a_page_of_their_own(client: Client) -> None:
    address = begin(client, "account-registration")
    page = page_of(client.get(address))
    assert page.hidden["branch"] == [""]
    assert "branch" not in page.fields, "nothing to type"
    assert page.buttons["取引先金融機関・取引先支店を選択"].value == "choose-branch"
    without = page_of(fill(client, address, **{**ITEMS, "branch": ""}), 422)
    assert without.errors == {"branch": "「選択」ボタンから取引先金融機関・取引先支店を選択してください。"}
    wrong = page_of(fill(client, address, **{**ITEMS, "branch": "0000-000"}), 422)
    assert wrong.errors == {"branch": "取引先金融機関・取引先支店を選択し直してください。"}
    chooser = fill(client, address, "choose-branch", **{**ITEMS, "branch": "", "owner": "入力途中"}).headers[
        "Location"
    ]
    found = page_of(client.get(chooser, {"q": "架空 港"}))
    assert list(found.fields["chosen"].options.values()) == ["9902-002"]
    assert found.sentences[0] == "一覧にない場合は、お手数ですが保険者へお問い合わせください。"
    assert (
        page_of(client.post(chooser, {}), 422).alert
        == "「選択」欄で1つ選んでから、「反映」を押してください。"
    )
    back = client.post(chooser, {"chosen": "9902-002"})
    assert back.headers["Location"] == address
    page = page_of(client.get(address))
    [chosen] = page.find("p.chosen")
    assert chosen.text == "9902 架空信用金庫\u3000002 港支店"
    assert page.fields["owner"].value == "入力途中", "what was typed before stays"


@pytest.mark.req("G-083")
def test_one_account_stands_once_per_use(world: World, client: Client) -> None:
    account(world)
    reply = fill(client, begin(client, "account-registration"), **ITEMS)
    page = page_of(client.get(reply.headers["Location"]), 422)
    assert page.error_summary == [
        "この口座は、同じ利用区分ですでに登録されています。利用区分か口座番号を確認してください。"
    ]
    check = to_check(client, begin(client, "account-registration"), **{**ITEMS, "use": "claim"})
    press_apply(client, check)
    assert sorted(Account.objects.values_list("use", flat=True)) == ["claim", "refund"]


@pytest.mark.req("G-082")
def test_the_list_of_the_administrator_chooses_by_radio(world: World, client: Client) -> None:
    row = account(world)
    page = page_of(client.get("/accounts/change/"))
    assert list(page.fields["subject"].options.values()) == [str(row.pk)]
    assert page.table("保険料返還口座").columns[0] == "選択"
    assert page.links["新規登録"] == "/procedures/account-registration/"
    assert {name: button.action for name, button in page.buttons.items()} == {
        "変更": "/procedures/account-change/start/",
        "削除": "/procedures/account-deletion/start/",
    }
    for key in ("account-change", "account-deletion"):
        unchosen = client.post(f"/procedures/{key}/start/", {})
        assert page_of(unchosen, 409).callouts == [
            "口座を「選択」欄で1つ選んでから、ボタンを押してください。"
        ]
    assert not Application.objects.exists()


@pytest.mark.req("G-090", "G-092", "G-093")
def test_changing_needs_the_tick_and_warns_of_open_procedures(world: World, client: Client) -> None:
    row = account(world)
    to_check(client, begin(client, "account-registration"), **{**ITEMS, "use": "claim"})
    address = begin(client, "account-change", str(row.pk))
    assert page_of(client.get(address)).fields["number"].value == "0001234", "present data are there"
    check = to_check(client, address, **{**ITEMS, "number": "9999999"})
    assert page_of(check).callouts == [
        WARNING,
        "手続きの途中の申込み: 2026-0401-0001",
    ]
    assert page_of(check).fields["tick"].options == {"変更する口座情報について確認しました": "seen"}
    refused = press_apply(client, check)
    assert page_of(refused, 422).error_summary == [
        "「変更する口座情報について確認しました」を確認し、チェックしてください。"
    ]
    assert Account.objects.get(pk=row.pk).number == "0001234"
    press_apply(client, refused, "seen")
    assert Account.objects.get(pk=row.pk).number == "9999999"
    assert newest().agreed == ["変更する口座情報について確認しました"]


def test_a_change_without_any_change_is_refused(world: World, client: Client) -> None:
    row = account(world)
    items = {**ITEMS, "owner_kana": row.owner_kana}
    reply = fill(client, begin(client, "account-change", str(row.pk)), **items)
    page = page_of(client.get(reply.headers["Location"]), 422)
    assert page.error_summary == ["変更された項目がありません。変更する項目を入力してください。"]


@pytest.mark.req("G-091")
def test_deleting_needs_the_tick(world: World, client: Client) -> None:
    row = account(world)
    check = client.get(begin(client, "account-deletion", str(row.pk)))
    assert page_of(check).facts["口座番号"] == "0001234"
    assert page_of(check).callouts == [WARNING]
    assert press_apply(client, check).status_code == 422
    assert not Account.objects.get(pk=row.pk).deleted
    press_apply(client, check, "seen")
    assert Account.objects.get(pk=row.pk).deleted
    assert page_of(client.get("/accounts/")).tables == []
    assert page_of(client.get("/applications/")).table().column("申込種類") == ["口座情報削除"]


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
        ("number", "123456", SEVEN_DIGITS),
        ("number", "12345678", "口座番号は7文字以内で入力してください（入力された文字数: 8）。"),
        ("number", "12A4567", SEVEN_DIGITS),
        ("owner", "あ" * 51, "口座名義人は50文字以内で入力してください（入力された文字数: 51）。"),
        ("owner_kana", "ｱ" * 61, "口座名義人カナは60文字以内で入力してください（入力された文字数: 61）。"),
        (
            "owner_kana",
            "見本",
            "口座名義人カナはカナ（英数字、空白、記号 ( ) . - / , も可）で入力してください。",
        ),
        ("deposit", "savings", "預金種別を選び直してください。"),
        ("use", "支払", "利用区分を選び直してください。"),
    ],
)
def test_limits_of_the_items(client: Client, item: str, value: str, word: str) -> None:
    reply = fill(client, begin(client, "account-registration"), **{**ITEMS, item: value})
    assert page_of(reply, 422).errors == {item: word}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("ガッコウ", "ｶﾞｯｺｳ"), ("ａｂｃ", "ABC"), ("ﾊﾟﾋﾟ", "ﾊﾟﾋﾟ"), ("ヴ", "ｳﾞ"), ("（カ）", "(ｶ)")],
)
def test_kana_become_half_width(typed: str, kept: str) -> None:
    assert half_kana(typed) == kept
