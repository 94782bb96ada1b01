"""申請入力 and 通知入力: process types, ＊, 枝番・船積・決済, keeping what was typed, stale pages, the three ways to save."""

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
from tests.portal.conftest import World
from tests.portal.entries.walking import Screen, form_of
from tests.portal.pages import Part, page_of

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
    first = page_of(screen.client.get(f"/ledger/{product}/entries/new/")).form(having="type")
    assert list(first.fields) == ["type"], "処理種別 first, then the items"
    assert (first.fields["type"].label, first.fields["type"].mark) == ("処理種別", "＊")
    assert [each[0] for each in first.fields["type"].options] == list("12345")
    assert list(first.buttons) == ["入力へ進む"]
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
            assert (form.fields[names[item.field]].mark == "＊") == starred, item.field
    shown = {name.partition("-")[2] for name in form.values if "-" in name}
    every = {item.field for level in levels_of(layout, kind) for item in offered(layout, kind, level)}
    assert shown == every
    if kind == "1":
        assert form.values.get("h-policyholder_code") == "123456789"


@pytest.mark.req("P-001")
def test_both_ledgers_have_the_same_screen(screen: Screen, world: World) -> None:
    pages = {}
    for product in ("enterprise", "equipment"):
        other = Screen(screen.client, product).starts("1")
        form = other.form
        pages[product] = (
            [button.get("value").partition(":")[0] for button in form.find("button[name=do]")],
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
def shown_nodes(screen: Screen) -> list[str]:
    """枝番 and 船積 that are displayed."""
    return [Part([node]).text for node in screen.page.find(".nodes .here")]


@pytest.mark.req("P-005", "P-006", "P-007", "A-032")
def test_branches_shipments_and_settlements_are_added_shown_and_deleted(screen: Screen) -> None:
    screen.starts("1")
    screen.presses("add-settlement", **good(screen))
    assert len(screen.settlements) == 2
    screen.presses("add-shipment")
    assert shown_nodes(screen) == ["枝番00", "船積02"]
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
    page = page_of(asked)
    assert page.heading == "本当に削除しますか？"
    assert page.sentences == [
        "枝番00と、その下のすべてを削除します。",
        "枝番00 船積01",
        "枝番00 船積02",
        "削除した内容は、元に戻せません。",
    ]
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
    assert page_of(asked).heading == "本当に削除しますか？"
    assert page_of(asked).sentences[0] == "枝番00 船積01 決済01を削除します。"
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
    assert page_of(screen.reply, 422).alert == (
        "これ以上は追加できません（1件の入力は2件、番号は2桁まで）。"
        "大きな契約は、ファイルのアップロードで送信してください。"
    )
    assert len(screen.settlements) == 2
    assert screen.tree.branches[0].fields["goods_code"] == "77"


# ---------------------------------------------------------------------------------------------- lists of codes
def test_codes_are_offered_with_their_words(screen: Screen, world: World) -> None:
    add_bookmark(world.applicant, Buyer.objects.get(code="105000001"))
    screen.starts("1")
    screen.presses("look", b_payer_code="304000001", b_destination_country="999", b_counterparty_code="1")
    form = screen.form
    assert form.fields["b-payer_code"].note == "EXAMPLE AMERICA INC.（アメリカ合衆国）"
    assert form.fields["b-counterparty_code"].note == "「1」は海外商社名簿にありません"
    bookmarked = {
        node.get("value"): node.text for node in form.nodes[0].xpath(".//datalist[@id='bookmarked']/option")
    }
    assert bookmarked == {"105000001": "EXAMPLE SHANGHAI CO., LTD."}
    assert form.fields["b-payer_code"].attributes["list"] == "bookmarked"
    country = form.fields["b-destination_country"]
    assert country.options["105　中華人民共和国"] == "105"
    assert country.value == "999", "a code that no list knows stays"
    assert country.chosen == ["999（一覧にない値）"]
    method = form.fields[f"{screen.settlements[0]}-settlement_method"]
    assert method.options["41：REMITTANCE xxx DAYS AFTER B/L DATE"] == "41"
    assert form.offered["h-agreement_code"] == ["", "123456781"]


def test_who_sees_listed_agreements_enters_for_those_only(world: World, visit: Visit) -> None:
    world.holder.agreements.create(code="123456785", product="enterprise")
    wide, narrow = (Screen(visit(user)).starts("1") for user in (world.applicant, world.enterer))
    assert wide.form.offered["h-agreement_code"] == ["", "123456781", "123456785"]
    assert narrow.form.offered["h-agreement_code"] == ["", "123456781"]
    narrow.presses("save", **good(narrow, h_agreement_code="123456785"))
    assert page_of(narrow.reply, 422).errors == {
        "h-agreement_code": "特約コードは、入力できる特約の中から選び直してください。"
    }


# ---------------------------------------------------------------------------------------------- saving
@pytest.mark.req("P-003", "P-008", "P-017")
@pytest.mark.parametrize("product", ["enterprise", "simplified-notice"])
def test_saving_asks_for_the_starred_items_and_opens_the_list(screen: Screen, product: str) -> None:
    screen.product = product
    screen.starts("1").presses("save", h_department_code="D-1")
    errors = page_of(screen.reply, 422).errors
    country = ("b" if product == "enterprise" else "h") + "-destination_country"
    assert errors[country] == "仕向国を入力してください。"
    assert errors["h-department_code"] == "部門は半角英数字で入力してください。"
    assert screen.form.values["h-department_code"] == "D-1"
    assert not AccessRecord.objects.filter(code="5-1").exists()
    row = screen.entry
    if product == "enterprise":
        screen.presses("save", **good(screen))
    else:
        screen.presses("save", **NOTICE)
    page = page_of(screen.reply)
    assert page.heading.split("　")[1] == ("申請待一覧" if product == "enterprise" else "通知待一覧")
    assert page.status == "保存しました。"
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
    assert page_of(screen.reply, 422).errors == {
        "b-contract_amount": "輸出契約等元本は金額を、整数部13桁・小数部2桁以内の半角数字で入力してください（例: 1,234,500.25）。"
    }
    assert screen.form.values["b-contract_amount"] == "たくさん"
    screen.presses("draft", b_contract_amount="1")
    assert page_of(screen.reply).heading == "企業総合保険　仮保存一覧"
    assert [row.place for row in Entry.objects.all()] == [Entry.Place.DRAFT]
    notice = Screen(screen.client, "simplified-notice").starts("1").presses("draft", h_shipped_amount="5")
    assert page_of(notice.reply).heading == "簡易通知型包括保険　仮保存一覧"


@pytest.mark.req("P-009", "P-010")
def test_a_template_asks_for_its_name(screen: Screen) -> None:
    screen.starts("1").presses("template", b_goods_code="12")
    address = screen.reply.request["PATH_INFO"]
    assert address.endswith("/template/")
    client = screen.client
    long = "雛形名称は40文字以内で入力してください（入力された文字数: 41）。"
    for name, words in (("", "雛形名称を入力してください。"), ("あ" * 41, long)):
        assert page_of(client.post(address, {"name": name}), 422).errors == {"name": words}
    page = page_of(client.post(address, {"name": "あ" * 40}, follow=True))
    assert page.heading == "企業総合保険　雛形一覧"
    assert page.table("雛形一覧").column("雛形名称") == ["あ" * 40]
    other = Screen(client).starts("1").presses("template")
    reply = client.post(other.reply.request["PATH_INFO"], {"name": "あ" * 40})
    assert page_of(reply, 422).alert == (
        f"雛形「{'あ' * 40}」は登録済みです。別の名称にするか、雛形一覧で古い雛形を削除してください。"
    )
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
    name = {"draft": "仮保存一覧", "template": "雛形一覧", "waiting": "申請待一覧"}[place]
    assert page_of(full.reply, 422).alert == (
        f"{name}に保存できるのは、企業総合保険では{most}件までです。"
        "一覧で不要なものを削除してから、もう一度保存してください。入力した内容は、この画面に残っています。"
    )
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
    assert page_of(other.reply, 422).alert == "この入力は、別の画面で先に更新されました"
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
def result(screen: Screen) -> list[str]:
    """What 「検査の結果」 says."""
    return screen.page.section("検査の結果").sentences


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
    assert result(screen)[0] == "順番待ち（1番目）"
    run_due()
    screen.presses("look")
    assert screen.page.errors == {
        f"{screen.settlements[1]}-usance_days": "ユーザンスがありません。",
        "b-payer_code": "支払人は登録されていません。",
    }, "a warning stands in the list only"
    assert result(screen) == [
        "エラーが3件あります。直してから申請してください。　警告が1件あります。",
        "枝番00 船積01 決済02: ユーザンスがありません。",
        "枝番00: 支払人は登録されていません。",
        "枝番00 船積01: （警告）期日が近い。",
        "表の誤り。",
    ]
    screen.presses("add-branch")
    assert result(screen) == ["検査の後に、内容が変わりました。もう一度「検査する」を押してください。"]
    assert not form_of(screen.reply).values.get("judged")


def test_a_check_tells_premium_and_acceptance_day(screen: Screen, check: Callable[..., Any]) -> None:
    screen.starts("1")
    screen.presses("check", **good(screen))
    run_due()
    screen.presses("check")
    assert result(screen) == ["エラーはありません。"]
    assert screen.page.section("検査の結果").facts == {
        "受理日（いま申請した場合）": "2026/04/01",
        "保険料": "18,400円",
    }
    assert len(check.files) == 1, "what is current is not checked again"  # type: ignore[attr-defined]
