"""The desk keeps the rules of documents."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal_stub.buyers.documents import BUILT_IN, REPORT, needed
from portal_stub.buyers.models import DocumentRule
from portal_stub.history.models import AuditEvent
from tests.portal.buyers.test_desk import deed
from tests.portal.conftest import World, hidden
from tests.portal.pages import page_of

Visit = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("directory")
ADDED = "必要書類の規則を追加しました。次に必要書類を確認する申込みから適用されます。"
LIST, KEY = "/desk/buyers/documents/", "buyer-registration"
NEW = {
    "condition": "country=304",
    "title": "国別の資料",
    "required": "yes",
    "note": "写し",
    "reason": "規程の改正",
}


@pytest.fixture
def desk(world: World, visit: Visit) -> Client:
    return visit(world.staff)


@pytest.fixture
def own(desk: Client) -> Client:
    """The rules of 海外商社登録 can be changed."""
    reply = desk.post(f"{LIST}{KEY}/own/", {"reason": "規程の改正"}, follow=True)
    assert page_of(reply).status == "標準の規則を写しました。変更・終了・追加ができます。"
    return desk


def titles(**answers: Any) -> list[str]:
    return [rule.title for rule in needed(KEY, answers, {})]


@pytest.mark.req("K-026")
def test_the_built_in_rules_are_shown_and_copied_to_be_changed(desk: Client) -> None:
    assert page_of(desk.get("/desk/buyers/")).links["規則の一覧へ"] == LIST
    page = page_of(desk.get(LIST))
    for title, condition in (
        ("海外商社登録", "すべての申込み"),
        ("海外商社登録", "企業・公的機関・銀行の区分が「企業」のとき"),
        ("海外商社変更", "所在国が変更されたとき"),
    ):
        part = page.section(title)
        assert condition in part.table().column("条件")
        assert part.sentences[0].startswith("標準の規則を使っています。")
    before = titles(kind="bank", related="yes")
    assert desk.post(f"{LIST}{KEY}/own/", {"reason": ""}).status_code == 422
    assert not DocumentRule.objects.exists()
    for _ in range(2):
        desk.post(f"{LIST}{KEY}/own/", {"reason": "規程の改正"})
    assert DocumentRule.objects.count() == len([rule for rule in BUILT_IN if rule.procedure == KEY])
    assert titles(kind="bank", related="yes") == before
    event = AuditEvent.objects.get(event="document-rules-own")
    assert (event.actor, event.subject, event.detail) == ("desk-1", KEY, {"reason": "規程の改正"})


@pytest.mark.req("K-026")
def test_a_rule_is_added_changed_and_ended(own: Client) -> None:
    reply = deed(own, f"{LIST}{KEY}/new/", **NEW)
    assert page_of(reply).status == ADDED
    row = page_of(reply).section("海外商社登録").table().row("所在国が「304 アメリカ合衆国」のとき")
    assert list(row.values())[1:4] == ["国別の資料", "必須", "写し"]
    assert titles(country="304")[-1] == "国別の資料"
    assert "国別の資料" not in titles(country="105")
    row = DocumentRule.objects.get(title="国別の資料")
    key = row.document
    deed(own, f"{LIST}{row.pk}/", **NEW | {"condition": "always", "title": "国の資料", "required": "no"})
    row.refresh_from_db()
    assert (row.item, row.value, row.title, row.required, row.document) == ("", "", "国の資料", False, key)
    assert "国の資料" in titles(country="105")
    assert own.post(f"{LIST}{row.pk}/end/", {"reason": ""}).status_code == 422
    reply = own.post(f"{LIST}{row.pk}/end/", {"reason": "廃止"}, follow=True)
    assert page_of(reply).status == "必要書類の規則を終了しました。"
    assert "国の資料" not in page_of(reply).section("海外商社登録").table().column("書類名")
    assert "国の資料" not in titles(country="105")
    assert own.get(f"{LIST}{row.pk}/").status_code == 404
    events = AuditEvent.objects.filter(event__startswith="document-rule-").order_by("id")
    assert [(event.event, event.detail["reason"]) for event in events] == [
        ("document-rule-added", "規程の改正"),
        ("document-rule-changed", "規程の改正"),
        ("document-rule-ended", "廃止"),
    ]
    assert events[1].detail["before"]["title"] == "国別の資料"


@pytest.mark.req("K-026")
def test_without_rules_in_force_no_document_is_asked_for(own: Client) -> None:
    for row in DocumentRule.objects.all():
        own.post(f"{LIST}{row.pk}/end/", {"reason": "廃止"})
    assert titles(kind="enterprise", related="yes") == []
    part = page_of(own.get(LIST)).section("海外商社登録")
    assert part.tables == []
    assert part.sentences[-1] == "規則はありません。どの申込みにも、書類を求めません。"


def test_a_document_of_the_same_name_is_the_same_document(own: Client) -> None:
    deed(own, f"{LIST}{KEY}/new/", **NEW | {"title": "信用調査報告書（信用調書）"})
    rules = needed(KEY, {"country": "304"}, {})
    assert [rule.document for rule in rules][-1] == REPORT


def test_the_same_check_page_adds_one_rule(own: Client) -> None:
    check = own.post(f"{LIST}{KEY}/new/", {**NEW, "step": "check"})
    for _ in range(2):
        reply = own.post(f"{LIST}{KEY}/new/", {**hidden(check), "step": "confirm"}, follow=True)
        assert page_of(reply).status == ADDED
    assert DocumentRule.objects.filter(title=NEW["title"]).count() == 1


@pytest.mark.parametrize(
    ("item", "value", "words"),
    [
        ("condition", "", "条件を選択してください。"),
        ("condition", "country=999", "条件を一覧から選び直してください。"),
        ("title", "", "書類名を入力してください。"),
        ("reason", "", "理由を入力してください。"),
        (
            "title",
            "公的機関であることを確認できる資料",
            "同じ条件と書類名の規則があります。一覧で、その規則を変更してください。",
        ),
    ],
)
def test_what_is_typed_is_judged(own: Client, item: str, value: str, words: str) -> None:
    typed = NEW | {item: value} | ({"condition": "kind=public"} if "公的" in value else {})
    reply = own.post(f"{LIST}{KEY}/new/", {**typed, "step": "check"})
    assert page_of(reply, 422).errors == {item: words}


def test_who_only_reads_changes_no_rule(world: World, visit: Visit, own: Client) -> None:
    reader, row = visit(world.staff_reader), DocumentRule.objects.first()
    page = page_of(reader.get(LIST))
    assert page.section("海外商社登録").tables != []
    assert list(page.links) == ["海外商社の管理へ"]
    for path in (f"{KEY}/own/", f"{KEY}/new/", f"{row.pk}/", f"{row.pk}/end/"):
        assert reader.post(LIST + path, {"reason": "x"}).status_code == 403
    assert own.get(f"{LIST}sleeping-release/new/").status_code == 404
