"""申請入力 and 通知入力: process types, ＊, 枝番・船積・決済, keeping what was typed, stale pages, the three ways to save."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.buyers.directory import receive, receive_countries
from portal_stub.buyers.models import Buyer
from portal_stub.buyers.rules import add_bookmark
from portal_stub.entries.models import Entry
from portal_stub.entries.offer import levels_of, mandatory, offered
from portal_stub.history.models import AccessRecord
from portal_stub.jobs.worker import run_due
from portal_stub.ledgers.functions import FUNCTIONS
from tests.portal.buyers.conftest import COUNTRIES, ROWS
from tests.portal.conftest import World, text
from tests.portal.entries.walking import Screen, form_of

Visit = Callable[..., Client]
GOOD = {
    "h_agreement_code": "123456781",
    "h_policyholder_code": "123456789",
    "h_department_code": "D1",
    "b_contract_form": "11",
    "b_export_contract_no": "EX-1",
    "b_contract_date": "20260305",
    "b_counterparty_code": "105000001",
    "b_payer_code": "105000001",
    "b_destination_country": "105",
    "b_payer_country": "105",
    "b_goods_code": "840000",
    "b_currency": "JPY",
    "b_contract_amount": "10,000,000",
    "s_last_shipment_date": "20260506",
    "s_pre_shipment_amount": "10000000",
    "s_post_shipment_amount": "10000000",
}
NOTICE = {name: value for name, value in GOOD.items() if name.startswith("h_")} | {
    "h_agreement_code": "123456782",
    "h_notice_kind": "1",
    "h_shipment_month": "202603",
    "h_counterparty_code": "105000001",
    "h_payer_code": "105000001",
    "h_destination_country": "105",
    "h_payer_country": "105",
    "h_currency": "JPY",
    "h_period_band": "3",
    "h_shipped_amount": "10000000",
}
"""Everything that a new 通知 needs."""
LINE = {"settlement_method": "41", "usance_days": "60", "settlement_principal": "10000000"}


def good(screen: Screen, **changes: str) -> dict[str, str]:
    """Everything that a new contract needs, in the first of its settlements."""
    first = screen.settlements[0]
    return GOOD | {f"{first}_{name}": value for name, value in LINE.items()} | changes


@pytest.fixture
def screen(world: World, visit: Visit) -> Screen:
    receive_countries(COUNTRIES)
    receive(ROWS)
    return Screen(visit(world.applicant))


# ---------------------------------------------------------------------------------------------- process types and ＊
@pytest.mark.req("P-002", "P-003", "P-016", "P-023")
@pytest.mark.parametrize("kind", list("12345"))
@pytest.mark.parametrize("product", ["enterprise", "simplified-notice"])
def test_the_process_type_decides_the_items_and_their_marks(screen: Screen, product: str, kind: str) -> None:
    screen.product = product
    page = text(screen.client.get(f"/ledger/{product}/entries/new/"))
    assert page.index("処理種別") < page.index("入力へ進む")
    screen.starts(kind)
    if kind in "234" and product == "enterprise":
        screen.presses("add-shipment").presses("add-settlement")
    layout, form = FUNCTIONS[product].layout, screen.form
    for level in levels_of(layout, kind):
        names = {name.partition("-")[2]: name for name in form.values if "-" in name}
        for item in offered(layout, kind, level):
            assert item.field in names, (level, item.field)
            starred = item.field in mandatory(layout, kind)
            assert (names[item.field] in form.required) == starred, item.field
    shown = {name.partition("-")[2] for name in form.values if "-" in name}
    every = {item.field for level in levels_of(layout, kind) for item in offered(layout, kind, level)}
    assert shown == every
    assert "＊" in text(screen.reply)
    if kind == "1":
        assert form.values.get("h-policyholder_code") == "123456789"


@pytest.mark.req("P-001")
def test_both_ledgers_have_the_same_screen(screen: Screen, world: World) -> None:
    pages = {}
    for product in ("enterprise", "equipment"):
        other = Screen(screen.client, product).starts("1")
        form = other.form
        buttons = [
            part.partition('"')[0] for part in other.reply.content.decode().split('name="do" value="')[1:]
        ]
        pages[product] = (
            [button.partition(":")[0] for button in buttons],
            {name.partition("-")[2] for name in form.values} - {"guarantee_line_no"},
        )
    enterprise, equipment = pages["enterprise"], pages["equipment"]
    assert [each for each in enterprise[0] if each != "confirm"] == equipment[0]
    # 設備財 has one item more, and 企総 leaves nothing out but what its layout does not have.
    layouts = [set(FUNCTIONS[product].layout.names) for product in ("enterprise", "equipment")]
    assert enterprise[1] - equipment[1] <= layouts[0] - layouts[1]
    assert equipment[1] - enterprise[1] <= layouts[1] - layouts[0]


@pytest.mark.req("A-003")
def test_consumer_goods_are_not_typed_in(screen: Screen) -> None:
    for page in ("new", "waiting", "kept", "templates"):
        assert screen.client.get(f"/ledger/consumer-goods/entries/{page}/").status_code == 404
    for product in ("enterprise", "equipment"):
        assert screen.client.get(f"/ledger/{product}/entries/new/").status_code == 200
    assert screen.client.get("/ledger/nothing/entries/new/").status_code == 404


def test_another_process_type_keeps_the_values(screen: Screen) -> None:
    screen.starts("1")
    screen.presses("type", type="5", **good(screen))
    assert "h-application_serial" in screen.form.values
    assert not screen.settlements
    screen.presses("type", type="1")
    form = screen.form.values
    assert (form["b-contract_amount"], form[f"{screen.settlements[0]}-usance_days"]) == ("10,000,000", "60")


# ---------------------------------------------------------------------------------------------- nodes
@pytest.mark.req("P-005", "P-006", "P-007", "A-032")
def test_branches_shipments_and_settlements_are_added_shown_and_deleted(screen: Screen) -> None:
    screen.starts("1")
    screen.presses("add-settlement", **good(screen))
    assert len(screen.settlements) == 2
    screen.presses("add-shipment")
    assert "船積02" in text(screen.reply)
    screen.presses("add-branch", s_last_shipment_date="20260601")
    tree = screen.tree
    assert [len(branch.shipments) for branch in tree.branches] == [2, 1]
    assert tree.branches[0].shipments[1].fields["last_shipment_date"] == "20260601", "kept by the button"
    assert screen.form.values["b-branch_no"] == "01"
    screen.presses(f"branch:{tree.branches[0].key}", b_goods_code="999")
    assert screen.form.values["b-goods_code"] == "840000"
    assert screen.tree.branches[1].fields["goods_code"] == "999"
    screen.presses(f"shipment:{tree.branches[0].shipments[1].key}")
    assert screen.form.values["s-last_shipment_date"] == "20260601"

    # 「削除」 asks first; nothing happens without ＯＫ.
    address = screen.address
    asked = screen.client.post(address, screen.form.values | {"do": "remove-branch"}, follow=True)
    page = text(asked)
    assert "本当に削除しますか？" in page
    question = asked.content.decode().partition('<div class="question">')[2]
    assert re.findall(r"<(?:strong|li)>(.*?)</", question) == ["枝番00", "枝番00 船積01", "枝番00 船積02"]
    assert len(screen.tree.branches) == 2
    address = asked.request["PATH_INFO"]
    data = {"revision": str(screen.entry.revision), "b": str(tree.branches[0].key)}
    screen.client.post(address, data)
    assert [branch.fields["branch_no"] for branch in screen.tree.branches] == ["01"]
    assert screen.client.post(address, data).status_code == 302, (
        "pressed twice: there is nothing left to delete"
    )
    assert len(screen.tree.branches) == 1


def test_a_settlement_is_deleted_after_the_question(screen: Screen) -> None:
    screen.starts("1").presses("add-settlement")
    branch = screen.tree.branches[0]
    shipment = branch.shipments[0]
    gone = shipment.settlements[0].key
    asked = screen.client.post(
        screen.address, screen.form.values | {"do": f"remove-settlement:{gone}"}, follow=True
    )
    assert "決済01" in text(asked)
    assert "本当に削除しますか？" in text(asked)
    data = {
        "revision": str(screen.entry.revision),
        "b": str(branch.key),
        "s": str(shipment.key),
        "t": str(gone),
    }
    screen.client.post(asked.request["PATH_INFO"], data)
    assert [each.fields["settlement_no"] for each in screen.tree.branches[0].shipments[0].settlements] == [
        "02"
    ]


def test_an_entry_has_no_more_records_than_a_screen_takes(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal_stub.entries.tree.MOST_RECORDS", 2)
    screen.starts("1").presses("add-settlement").presses("add-settlement", b_goods_code="77")
    assert screen.reply.status_code == 422
    assert "これ以上は追加できません" in text(screen.reply)
    assert len(screen.settlements) == 2
    assert screen.tree.branches[0].fields["goods_code"] == "77"


# ---------------------------------------------------------------------------------------------- lists of codes
def test_codes_are_offered_with_their_words(screen: Screen, world: World) -> None:
    add_bookmark(world.applicant, Buyer.objects.get(code="105000001"))
    screen.starts("1")
    screen.presses("look", b_payer_code="304000001", b_destination_country="999", b_counterparty_code="1")
    page, form = screen.reply.content.decode(), screen.form
    assert "EXAMPLE AMERICA INC.（アメリカ合衆国）" in page
    assert "「1」は海外商社名簿にありません" in page
    assert '<option value="105000001">EXAMPLE SHANGHAI CO., LTD.</option>' in page
    assert "105　中華人民共和国" in page
    assert form.values["b-destination_country"] == "999", "a code that no list knows stays"
    assert "999（一覧にない値）" in page
    assert "41：REMITTANCE xxx DAYS AFTER B/L DATE" in page
    assert form.offered["h-agreement_code"] == ["", "123456781"]


def test_who_sees_listed_agreements_enters_for_those_only(world: World, visit: Visit) -> None:
    world.holder.agreements.create(code="123456785", product="enterprise")
    wide, narrow = (Screen(visit(user)).starts("1") for user in (world.applicant, world.enterer))
    assert wide.form.offered["h-agreement_code"] == ["", "123456781", "123456785"]
    assert narrow.form.offered["h-agreement_code"] == ["", "123456781"]
    narrow.presses("save", **good(narrow, h_agreement_code="123456785"))
    assert narrow.reply.status_code == 422
    assert "特約コードは、入力できる特約の中から選び直してください。" in text(narrow.reply)


# ---------------------------------------------------------------------------------------------- saving
@pytest.mark.req("P-003", "P-008", "P-017")
@pytest.mark.parametrize("product", ["enterprise", "simplified-notice"])
def test_saving_asks_for_the_starred_items_and_opens_the_list(screen: Screen, product: str) -> None:
    screen.product = product
    screen.starts("1").presses("save", h_department_code="D-1")
    assert screen.reply.status_code == 422
    page = text(screen.reply)
    assert "仕向国を入力してください。" in page
    assert "部門は半角英数字で入力してください。" in page
    assert screen.form.values["h-department_code"] == "D-1"
    assert not AccessRecord.objects.filter(code="5-1").exists()
    row = screen.entry
    if product == "enterprise":
        screen.presses("save", **good(screen))
    else:
        screen.presses("save", **NOTICE)
    page = text(screen.reply)
    assert ("申請待一覧" if product == "enterprise" else "通知待一覧") in page
    assert "保存しました。" in page
    row.refresh_from_db()
    assert row.place == Entry.Place.WAITING
    assert AccessRecord.objects.filter(code="5-1").count() == 1
    # The same press again (a page of before) finds it saved.
    again = screen.client.post(
        f"/ledger/{product}/entry/{row.pk}/", {"do": "save", "revision": str(row.revision)}
    )
    assert again.status_code == 302
    assert Entry.objects.count() == 1


@pytest.mark.req("P-004", "P-011", "P-015")
def test_a_draft_needs_type_and_length_only(screen: Screen) -> None:
    screen.starts("1").presses("draft", b_contract_amount="たくさん")
    assert screen.reply.status_code == 422
    page = text(screen.reply)
    assert "輸出契約等元本は金額を" in page
    assert "仕向国を入力してください。" not in page
    assert screen.form.values["b-contract_amount"] == "たくさん"
    screen.presses("draft", b_contract_amount="1")
    assert "仮保存一覧" in text(screen.reply)
    assert [row.place for row in Entry.objects.all()] == [Entry.Place.DRAFT]
    notice = Screen(screen.client, "simplified-notice").starts("1").presses("draft", h_shipped_amount="5")
    assert "仮保存一覧" in text(notice.reply)


@pytest.mark.req("P-009", "P-010")
def test_a_template_asks_for_its_name(screen: Screen) -> None:
    screen.starts("1").presses("template", b_goods_code="12")
    address = screen.reply.request["PATH_INFO"]
    assert address.endswith("/template/")
    client = screen.client
    for name, words in (("", "雛形名称を入力してください。"), ("あ" * 41, "40文字以内")):
        reply = client.post(address, {"name": name})
        assert reply.status_code == 422
        assert words in text(reply)
    reply = client.post(address, {"name": "あ" * 40}, follow=True)
    assert "雛形一覧" in text(reply)
    assert "あ" * 40 in text(reply)
    other = Screen(client).starts("1").presses("template")
    reply = client.post(other.reply.request["PATH_INFO"], {"name": "あ" * 40})
    assert reply.status_code == 422
    assert "登録済みです" in text(reply)
    notice = Screen(client, "simplified-notice").starts("1").presses("template")
    reply = client.post(notice.reply.request["PATH_INFO"], {"name": "あ" * 40})
    assert reply.status_code == 302, "unique per function"


@pytest.mark.req("C-020", "C-021", "C-022", "C-023", "C-024")
@pytest.mark.parametrize(
    ("place", "do", "most"), [("draft", "draft", 50), ("template", "template", 100), ("waiting", "save", 100)]
)
def test_a_full_list_refuses_and_the_screen_stays(
    screen: Screen, world: World, place: Any, do: str, most: int
) -> None:
    template = Screen(screen.client).starts("1").entry
    rows = [
        Entry(
            id=f"{number:032}",
            user=world.applicant,
            holder=world.holder,
            product="enterprise",
            place=place,
            name=f"N{number}",
            process_type="1",
            tree=template.tree,
            created_at=template.created_at,
            saved_at=template.saved_at,
        )
        for number in range(most - 1)
    ]
    Entry.objects.bulk_create(rows)

    def saves(product: str = "enterprise") -> Screen:
        one = Screen(screen.client, product).starts("1")
        one.presses(do, **good(one))
        if one.reply.request["PATH_INFO"].endswith("/template/"):
            one.sees(one.client.post(one.reply.request["PATH_INFO"], {"name": f"X{Entry.objects.count()}"}))
        return one

    assert saves().reply.status_code in {200, 302}, f"the {most}th is taken"
    assert Entry.objects.filter(place=place).count() == most
    full = saves()
    assert full.reply.status_code == 422
    assert f"{most}件まで" in text(full.reply)
    assert full.tree.branches[0].fields["export_contract_no"] == "EX-1"
    if do != "template":
        assert full.form.values["b-export_contract_no"] == "EX-1"
    assert Entry.objects.filter(place=place).count() == most
    assert saves("equipment").reply.status_code in {200, 302}, "each function has a counter of its own"
    assert Entry.objects.filter(place=place, product="equipment").count() == 1


# ---------------------------------------------------------------------------------------------- two windows
def test_a_stale_page_is_told_and_loses_nothing(screen: Screen) -> None:
    screen.starts("1")
    other = Screen(screen.client).sees(screen.client.get(screen.address))
    screen.presses("look", b_goods_code="111")
    other.presses("save", b_goods_code="222", b_currency="USD")
    assert other.reply.status_code == 422
    assert "別の画面で先に更新されました" in text(other.reply)
    form = other.form.values
    assert (form["b-goods_code"], form["b-currency"]) == ("222", "USD")
    assert screen.tree.branches[0].fields["goods_code"] == "111", "not overwritten yet"
    other.presses("look")
    assert screen.tree.branches[0].fields["goods_code"] == "222"


def test_what_was_typed_into_a_deleted_branch_comes_back(screen: Screen) -> None:
    screen.starts("1").presses("add-branch")
    tree = screen.tree
    other = Screen(screen.client).sees(screen.client.get(f"{screen.address}?b={tree.branches[1].key}"))
    question = f"{screen.address}remove/"
    screen.client.post(question, {"revision": str(screen.entry.revision), "b": str(tree.branches[1].key)})
    assert len(screen.tree.branches) == 1
    other.presses("look", b_goods_code="333")
    assert other.reply.status_code == 422
    assert other.form.values["b-goods_code"] == "333"
    other.presses("look")
    assert [branch.fields.get("goods_code") for branch in screen.tree.branches] == [None, "333"]


def test_pressing_twice_adds_once(screen: Screen) -> None:
    screen.starts("1")
    data = screen.form.values | {"do": "add-branch"}
    for _ in range(2):
        screen.client.post(screen.address, data, follow=True)
    assert len(screen.tree.branches) == 2


@pytest.mark.req("S-024")
def test_entries_of_others_do_not_exist(screen: Screen, world: World, visit: Visit) -> None:
    screen.starts("1")
    for user in (world.stranger, world.enterer, world.administrator):
        client = visit(user)
        for part in ("", "remove/", "template/", "delete/", "contents/", "confirm/"):
            assert client.get(f"{screen.address}{part}").status_code == 404
        assert client.post(screen.address, {"do": "save"}).status_code == 404


def test_a_forged_page_changes_nothing_else(screen: Screen) -> None:
    screen.starts("1")
    before = screen.tree.kept()
    forged = {
        "b-nothing": "1",
        "x-goods_code": "1",
        "t999-usance_days": "1",
        "h-process_type": "9",
        "b": "999",
    }
    screen.client.post(
        screen.address, screen.form.values | forged | {"do": "go:https://elsewhere/", "type": "9"}
    )
    assert screen.tree.kept() == before
    reply = screen.client.post(screen.address, screen.form.values | {"do": "go://elsewhere/"})
    assert reply.headers["Location"] == screen.address


# ---------------------------------------------------------------------------------------------- the check
def test_findings_stand_at_their_items(screen: Screen, check: Callable[..., None]) -> None:
    def error(record: int, name: str, message: str, severity: str = "error") -> dict[str, Any]:
        return {"record": record, "field": name, "severity": severity, "code": "x", "message": message}

    screen.starts("1").presses("add-settlement", **good(screen))
    check(
        error(2, "usance_days", "ユーザンスがありません。"),
        error(1, "payer_code", "支払人は登録されていません。"),
        error(1, "last_shipment_date", "期日が近い。", "warning"),
        error(1, "", "表の誤り。"),
    )
    screen.presses("check")
    assert "順番待ち" in text(screen.reply)
    run_due()
    screen.presses("look")
    page = screen.reply.content.decode()
    second = screen.settlements[1]
    assert f'id="id_{second}-usance_days_error"' in page
    assert f'id="id_{screen.settlements[0]}-usance_days_error"' not in page
    assert 'id="id_b-payer_code_error"' in page
    assert 'id="id_s-last_shipment_date_error"' not in page, "a warning stands in the list only"
    words = text(screen.reply)
    assert "エラーが3件あります。" in words
    assert "枝番00 船積01 決済02: ユーザンスがありません。" in " ".join(words.split())
    assert "（警告）" in words
    screen.presses("add-branch")
    words = text(screen.reply)
    assert "検査の後に、内容が変わりました" in words
    assert not form_of(screen.reply).values.get("judged")


def test_a_check_tells_premium_and_acceptance_day(screen: Screen, check: Callable[..., Any]) -> None:
    screen.starts("1")
    screen.presses("check", **good(screen))
    run_due()
    screen.presses("check")
    words = text(screen.reply)
    for told in ("エラーはありません。", "18,400円", "2026/04/01"):
        assert told in words
    assert len(check.files) == 1, "what is current is not checked again"  # type: ignore[attr-defined]
