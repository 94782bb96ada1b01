"""What the insurer's desk does with applications, on its pages. Table H-T1."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from portal_stub.procedures.deciding import DEEDS, NotPossible, decide, deeds_for
from portal_stub.procedures.models import Application, State
from tests.portal.conftest import World
from tests.portal.pages import page_of
from tests.portal.procedures.test_flow import ITEMS, KEY
from tests.portal.procedures.walking import begin, newest, press_apply, to_check


@pytest.fixture
def applied(world: World, visit: Callable[..., Client]) -> Application:
    """An application that waits for the insurer."""
    client = visit(world.administrator)
    press_apply(client, to_check(client, begin(client, KEY), **ITEMS))
    return newest()


def press(client: Client, application: Application, deed: str, reason: str = "") -> Any:
    """Presses a button of the desk and answers its question with ＯＫ."""
    address = f"/desk/applications/{application.number}/decide/"
    question = client.post(address, {"deed": deed, "reason": reason})
    if question.status_code != 200:
        return question
    page = page_of(question)
    assert page.heading.endswith("。よろしいですか？")
    assert page.facts["Web申込番号"] == application.number
    return client.post(address, {"deed": deed, "reason": reason, "sure": "yes"})


def state(application: Application) -> str:
    return str(Application.objects.get(pk=application.pk).state)


def test_the_desk_finds_and_reads_what_waits(
    applied: Application, world: World, visit: Callable[..., Client]
) -> None:
    desk = visit(world.staff)

    def listed(**conditions: str) -> list[str]:
        page = page_of(desk.get("/desk/applications/", conditions))
        return [row["Web申込番号"] for table in page.tables for row in table.rows]

    assert listed() == [applied.number]
    page = page_of(desk.get(f"/desk/applications/{applied.number}/"))
    assert page.facts["保険利用者名 漢字 変更"] == "新見本商事\n現在: 見本商事"
    assert page.facts["保険利用者"] == "123456789 見本商事"
    assert page.facts["申込者"] == f"{world.administrator.login_id} 日本 太郎"
    assert page.facts["手続状況"] == "手続中"
    assert AuditEvent.objects.filter(event="application-read", actor="desk-1").count() == 1
    for conditions, found in (
        ({"state": "complete"}, False),
        ({"state": "", "holder": "見本"}, True),
        ({"state": "", "holder": "987654321"}, False),
        ({"state": "", "number": "2026-0401"}, True),
        ({"state": "", "kind": "account-change"}, False),
    ):
        assert listed(**conditions) == ([applied.number] if found else []), conditions


@pytest.mark.req("H-018", "H-030")
def test_completing_asks_once_more_and_brings_it_into_force(
    applied: Application, world: World, visit: Callable[..., Client]
) -> None:
    desk = visit(world.staff)
    desk.post(f"/desk/applications/{applied.number}/decide/", {"deed": "complete"})
    assert state(applied) == State.PROCESSING, "the question alone decides nothing"
    press(desk, applied, "complete")
    assert state(applied) == State.COMPLETE
    listed = page_of(visit(world.administrator).get("/applications/")).table()
    assert listed.column("手続状況") == ["手続完了"]
    act = applied.acts.get(what="complete")
    assert (act.actor, act.actor_name) == ("desk-1", "審査 一郎")
    assert AuditEvent.objects.filter(event="application-complete", actor="desk-1").exists()


@pytest.mark.req("H-031", "S-041")
def test_asking_again_keeps_the_number_and_needs_a_reason(
    applied: Application, world: World, visit: Callable[..., Client]
) -> None:
    desk = visit(world.staff)
    refused = press(desk, applied, "ask-again")
    assert page_of(refused, 422).error_summary == ["理由を入力してください。申込者に表示されます。"]
    press(desk, applied, "ask-again", "登記所在地を確認してください。")
    assert state(applied) == State.AGAIN
    assert Mail.objects.filter(kind="application-again", to=world.administrator.mail).count() == 1
    client = visit(world.administrator)
    page = page_of(client.get(f"/applications/{applied.number}/", follow=True))
    assert page.callouts == ["再入力のお願い（2026/04/01 09:00）\n登記所在地を確認してください。"]
    address = f"/procedures/{KEY}/{applied.token}/steps/entry/"
    check = to_check(client, address, **{**ITEMS, "registered_address": "東京都架空区登記2-2"})
    press_apply(client, check)
    again = Application.objects.get(pk=applied.pk)
    assert (again.number, again.state) == (applied.number, State.PROCESSING)
    assert again.answers["entry"]["registered_address"] == "東京都架空区登記2-2"


@pytest.mark.req("H-032", "S-041")
def test_a_cancelled_one_is_used_again_under_a_new_number(
    applied: Application, world: World, visit: Callable[..., Client]
) -> None:
    press(visit(world.staff), applied, "cancel", "受理できません。")
    assert state(applied) == State.CANCELLED
    assert Mail.objects.filter(kind="application-cancellation").count() == 1
    client = visit(world.administrator)
    page = page_of(client.get(f"/applications/{applied.number}/"))
    assert page.facts["手続状況"] == "手続取消"
    assert page.section("経過").sentences[-1].endswith("手続取消\n受理できません。")
    assert page.buttons["この内容で別の申込みへ"].action == f"/applications/{applied.number}/reuse/"
    reply = client.post(f"/applications/{applied.number}/reuse/")
    check = client.get(reply.headers["Location"])
    assert page_of(check).facts["保険利用者名 漢字 変更"] == "新見本商事\n現在: 見本商事"
    press_apply(client, check)
    fresh = newest()
    assert fresh.pk != applied.pk
    assert (fresh.number, fresh.state, fresh.reused_from_id) == (
        "2026-0401-0002",
        State.PROCESSING,
        applied.pk,
    )
    assert state(applied) == State.CANCELLED


@pytest.mark.req("H-033", "H-027")
def test_all_three_open_states_can_be_resumed(
    applied: Application, world: World, visit: Callable[..., Client]
) -> None:
    client, desk = visit(world.administrator), visit(world.staff)
    to_check(client, begin(client, KEY), **ITEMS)
    entering = newest()
    page = page_of(client.get(f"/applications/{entering.number}/", follow=True))
    assert page.heading == "保険利用者情報変更　申込内容の確認"
    assert list(page.form("/apply/").buttons) == ["申込む"]
    assert "修正する" in page.form("/apply/").links
    press(desk, applied, "ask-again", "理由")
    again = page_of(client.get(f"/applications/{applied.number}/", follow=True))
    assert list(again.form("/apply/").buttons) == ["申込む"]
    press_apply(client, client.get(f"/applications/{applied.number}/", follow=True))
    press(desk, applied, "cancel", "理由")
    assert client.post(f"/applications/{applied.number}/reuse/").status_code == 302


@pytest.mark.req("H-019")
def test_a_credit_report_is_ordered_only_where_there_is_one(applied: Application, world: World) -> None:
    assert {deed.key for deed in deeds_for(applied)} == {"complete", "ask-again", "cancel"}
    with pytest.raises(NotPossible):
        decide(world.staff, applied, "order-report", "")
    assert state(applied) == State.PROCESSING


@pytest.mark.parametrize("deed", sorted(DEEDS))
@pytest.mark.parametrize("closed", [State.ENTERING, State.COMPLETE, State.CANCELLED])
def test_nothing_is_decided_in_other_states(
    applied: Application, world: World, visit: Callable[..., Client], deed: str, closed: Any
) -> None:
    Application.objects.update(state=closed)
    before = applied.acts.count()
    reply = visit(world.staff).post(
        f"/desk/applications/{applied.number}/decide/", {"deed": deed, "reason": "理由", "sure": "yes"}
    )
    [fault] = page_of(reply, 422).error_summary
    assert fault == (
        f"この申込みは現在「{closed.label}」のため、その操作はできません。画面を開き直してください。"
    )
    assert (state(applied), applied.acts.count()) == (closed, before)


def test_readers_of_the_desk_decide_nothing(
    applied: Application, world: World, visit: Callable[..., Client]
) -> None:
    reader = visit(world.staff_reader)
    page = page_of(reader.get(f"/desk/applications/{applied.number}/"))
    assert page.facts["Web申込番号"] == applied.number
    assert page.forms == []
    reply = reader.post(f"/desk/applications/{applied.number}/decide/", {"deed": "complete", "sure": "yes"})
    assert reply.status_code == 403
    assert state(applied) == State.PROCESSING


def test_documents_of_the_insurer_are_read_by_the_holder(
    applied: Application, world: World, visit: Callable[..., Client]
) -> None:
    desk = visit(world.staff)
    upload = SimpleUploadedFile("回答書.pdf", b"%PDF-1.7 answer")
    desk.post(f"/desk/applications/{applied.number}/documents/", {"files": [upload]})
    document = applied.documents.get()
    client = visit(world.administrator)
    shown = page_of(client.get(f"/applications/{applied.number}/")).section("書類")
    assert shown.links == {"回答書.pdf": f"/procedures/{KEY}/{applied.token}/documents/{document.pk}/"}
    assert shown.sentences[0].endswith("、保険者から")
    got = client.get(f"/procedures/{KEY}/{applied.token}/documents/{document.pk}/")
    assert b"".join(got.streaming_content) == b"%PDF-1.7 answer"
    assert got.headers["Content-Disposition"].startswith("attachment")
    bad = SimpleUploadedFile("program.exe", b"MZ")
    refused = desk.post(f"/desk/applications/{applied.number}/documents/", {"files": [bad]})
    assert refused.status_code == 422
    assert applied.documents.count() == 1
