"""申請待一覧, 仮保存一覧, 雛形一覧, 「一括申請」 and 申請完了; 申込内容の確認 and 一括申込み of 企業総合保険."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from portal_stub.accounts.models import User
from portal_stub.entries import rules
from portal_stub.entries.models import Entry
from portal_stub.history.models import AccessRecord
from portal_stub.jobs.worker import run_due
from portal_stub.ledgers.models import Upload
from sensors.windows import TOKYO
from tests.portal.conftest import Hand, World, hidden, text
from tests.portal.entries.test_screen import NOTICE, good
from tests.portal.entries.walking import Screen, form_of, waiting_form

pytestmark = pytest.mark.dialect

Visit = Callable[..., Client]
WAITING = "/ledger/enterprise/entries/waiting/"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAICHO_HOME", str(tmp_path / "home"))


@pytest.fixture
def client(world: World, visit: Visit) -> Client:
    return visit(world.applicant)


def saved(client: Client, number: str = "EX-1", do: str = "save", **changes: str) -> Entry:
    one = Screen(client).starts("1")
    row = one.entry
    one.presses(do, **good(one, b_export_contract_no=number, **changes))
    row.refresh_from_db()
    return row


def chooses(client: Client, do: str, entry: Entry, page: str = "waiting") -> Any:
    return client.post(f"/ledger/enterprise/entries/{page}/", {"do": do, "entry": entry.pk}, follow=True)


def sends(client: Client, **changes: str) -> Any:
    return client.post(f"{WAITING}send/", waiting_form(client) | changes, follow=True)


def dropped(tmp_path: Path) -> list[dict[str, Any]]:
    folder = tmp_path / "home" / "drop" / "123456789"
    return [json.loads(path.read_text()) for path in folder.glob("*.json")]


# ---------------------------------------------------------------------------------------------- 申請待一覧
@pytest.mark.req("P-019", "P-023")
def test_the_list_shows_what_waits_and_its_buttons(client: Client) -> None:
    page = text(client.get(WAITING))
    assert "保存された申請はありません" in page
    saved(client, "EX-1")
    saved(client, "EX-2")
    page = text(client.get(WAITING))
    assert page.index("EX-2") < page.index("EX-1"), "newest first"
    for button in ("一括申請", "新規申請", "編集", "削除", "仮保存", "すべて検査"):
        assert button in page
    notices = text(client.get("/ledger/simplified-notice/entries/waiting/"))
    assert "通知待一覧" in notices
    assert "新規通知" in notices
    assert "EX-1" not in notices


@pytest.mark.req("P-024", "P-025")
def test_an_entry_is_edited_in_its_place_and_deleted_after_a_question(client: Client) -> None:
    row = saved(client)
    reply = client.post(WAITING, {"do": "edit"})
    assert reply.status_code == 422
    assert "1つ選択してから、「編集」" in text(reply)
    screen = Screen(client).sees(chooses(client, "edit", row))
    assert screen.form.values["b-export_contract_no"] == "EX-1"
    screen.presses("look", b_goods_code="777")
    assert Entry.objects.get(pk=row.pk).typed.branches[0].fields["goods_code"] == "840000", (
        "until it is saved"
    )
    again = Screen(client).sees(chooses(client, "edit", row))
    assert again.address == screen.address, "an unfinished edit goes on"
    again.presses("save")
    [now] = Entry.objects.all()
    assert (now.place, now.typed.branches[0].fields["goods_code"]) == ("waiting", "777")
    question = chooses(client, "delete", now)
    assert "本当に削除しますか？" in text(question)
    assert Entry.objects.count() == 1
    data = hidden(question)
    for _ in range(2):  # pressed twice
        reply = client.post(question.request["PATH_INFO"], data, follow=True)
        assert "削除しました。" in text(reply)
    assert not Entry.objects.exists()
    assert client.get(question.request["PATH_INFO"]).status_code == 404


@pytest.mark.req("P-026", "P-027")
def test_setting_aside_moves(client: Client) -> None:
    row = saved(client)
    reply = chooses(client, "draft", row)
    assert "仮保存一覧" in text(reply)
    assert "EX-1" in text(reply)
    assert "EX-1" not in text(client.get(WAITING))
    assert AccessRecord.objects.filter(code="5-1").count() == 2
    full = saved(client, "EX-2")
    Entry.objects.bulk_create(
        Entry(
            id=f"{number:032}",
            user=full.user,
            holder=full.holder,
            product="enterprise",
            place="draft",
            process_type="1",
            tree=full.tree,
            created_at=full.created_at,
            saved_at=full.saved_at,
        )
        for number in range(49)
    )
    reply = chooses(client, "draft", full)
    assert reply.status_code == 422
    assert "50件まで" in text(reply)
    assert Entry.objects.get(pk=full.pk).place == "waiting"


@pytest.mark.req("P-012", "P-013", "P-014")
def test_drafts_and_templates_are_loaded_and_deleted(client: Client) -> None:
    draft = saved(client, "EX-1", "draft")
    screen = Screen(client).sees(chooses(client, "load", draft, "kept"))
    assert screen.form.values["b-export_contract_no"] == "EX-1"
    assert Entry.objects.filter(place="draft").count() == 1, "loading takes nothing away"
    screen.presses("save")
    assert [row.place for row in Entry.objects.all()] == ["waiting"], "saved again: no draft any more"

    named = Screen(client).starts("1").presses("template", b_goods_code="12")
    client.post(named.reply.request["PATH_INFO"], {"name": "型"})
    template = Entry.objects.get(place="template")
    for _ in range(2):
        screen = Screen(client).sees(chooses(client, "load", template, "templates"))
        assert screen.form.values["b-goods_code"] == "12"
        screen.presses("draft")
    assert Entry.objects.filter(place="template").count() == 1
    assert Entry.objects.filter(place="draft").count() == 2

    # Saved again under its own name it is replaced, under another one there are two.
    for name, count in (("型", 1), ("別の型", 2)):
        template = Entry.objects.get(place="template", name="型")
        screen = Screen(client).sees(chooses(client, "load", template, "templates"))
        screen.presses("template", b_goods_code="13")
        client.post(screen.reply.request["PATH_INFO"], {"name": name})
        assert Entry.objects.filter(place="template").count() == count
    for page, place in (("kept", "draft"), ("templates", "template")):
        row = Entry.objects.filter(place=place).first()
        assert row is not None
        question = chooses(client, "delete", row, page)
        assert "本当に削除しますか？" in text(question)
        client.post(question.request["PATH_INFO"])
        assert not Entry.objects.filter(pk=row.pk).exists()


def test_twenty_on_a_page(client: Client) -> None:
    row = saved(client)
    Entry.objects.bulk_create(
        Entry(
            id=f"{number:032}",
            user=row.user,
            holder=row.holder,
            product="enterprise",
            place="waiting",
            process_type="1",
            about=f"NO-{number:02}",
            tree=row.tree,
            created_at=row.created_at,
            saved_at=row.saved_at,
        )
        for number in range(20)
    )
    first, second = (client.get(f"{WAITING}?page={page}").content.decode() for page in (1, 2))
    assert first.count('type="radio"') == 20
    assert second.count('type="radio"') == 1
    assert "21件" in text(client.get(WAITING)), "一括申請 tells that it sends all of them"


# ---------------------------------------------------------------------------------------------- 一括申請
@pytest.mark.req("P-019", "P-020", "P-022", "A-016")
def test_everything_displayed_is_sent_once(client: Client, tmp_path: Path) -> None:
    saved(client, "EX-1")
    saved(client, "契/約:2")
    form = waiting_form(client)
    reply = client.post(f"{WAITING}send/", form, follow=True)
    page = text(reply)
    for words in (
        "申請完了",
        "2件の申請が完了しました",
        "EX-1",
        "契/約:2",
        "2026/04/01",
        "申請入力_契_約_2_",
    ):
        assert words in page, words
    assert [row.place for row in Entry.objects.all()] == ["sent", "sent"]
    assert sorted(row["count"] for row in dropped(tmp_path)) == [1, 1]
    assert {row["user"] for row in dropped(tmp_path)} == {"123456789001"}
    assert Upload.objects.filter(origin="entry", state="sent").count() == 2
    assert AccessRecord.objects.filter(code="5-2").count() == 1
    again = client.post(f"{WAITING}send/", form, follow=True)
    assert again.request["PATH_INFO"] == reply.request["PATH_INFO"]
    assert client.get(reply.request["PATH_INFO"]).status_code == 200, "reload is safe"
    assert Upload.objects.count() == 2
    assert "保存された申請はありません" in text(client.get(WAITING))


@pytest.mark.req("B-041", "P-019", "P-020")
def test_notices_are_logged_when_they_are_saved_and_when_they_are_sent(
    client: Client, tmp_path: Path
) -> None:
    def logged() -> list[str]:
        return list(
            AccessRecord.objects.filter(code__in=["5-1", "5-2"]).order_by("id").values_list("code", flat=True)
        )

    for amount in ("100", "200"):
        notice = Screen(client, "simplified-notice").starts("1")
        notice.presses("save", **NOTICE | {"h_shipped_amount": amount})
    assert logged() == ["5-1", "5-1"]
    address = "/ledger/simplified-notice/entries/waiting/send/"
    reply = client.post(address, waiting_form(client, "simplified-notice"), follow=True)
    assert "2件の通知が完了しました" in text(reply)
    assert logged() == ["5-1", "5-1", "5-2"], "one sending, however many notices"
    assert [row.place for row in Entry.objects.all()] == ["sent", "sent"]
    assert {(row["product"], row["count"]) for row in dropped(tmp_path)} == {("simplified-notice", 1)}


@pytest.mark.req("P-021")
def test_completion_leads_to_what_was_sent(client: Client) -> None:
    saved(client)
    page = sends(client).content.decode()
    assert "申請完了" in page
    assert "/ledger/enterprise/sent-entries/" in page


@pytest.mark.req("P-029")
def test_an_empty_list_is_refused(client: Client) -> None:
    reply = client.post(f"{WAITING}send/", {"once": "x", "state": rules.state_of([])})
    assert reply.status_code == 422
    assert "一括申請するものがありません" in text(reply)
    assert not Upload.objects.exists()


@pytest.mark.req("P-031", "C-009")
def test_the_window_counts_at_the_click_and_binds_nothing_else(
    world: World, visit: Visit, hand: Hand, tmp_path: Path
) -> None:
    hand.at = datetime(2026, 4, 1, 19, 59, tzinfo=TOKYO)
    client = visit(world.applicant)
    row = saved(client)
    form = waiting_form(client)
    hand.at = datetime(2026, 4, 1, 20, 0, tzinfo=TOKYO)
    reply = client.post(f"{WAITING}send/", form)
    assert reply.status_code == 422
    assert "8:00" in text(reply)
    row.refresh_from_db()
    assert (row.place, row.upload) == ("waiting", None)
    assert not dropped(tmp_path)
    # Saving, 仮保存 and editing go on outside the window.
    saved(client, "EX-2")
    saved(client, "EX-3", "draft")
    Screen(client).sees(chooses(client, "edit", row)).presses("save")
    hand.at = datetime(2026, 4, 2, 8, 0, tzinfo=TOKYO)
    assert "2件の申請が完了しました" in text(sends(visit(world.applicant)))


def test_in_the_evening_the_next_business_day_is_named(world: World, visit: Visit, hand: Hand) -> None:
    hand.at = datetime(2026, 4, 3, 17, 30, tzinfo=TOKYO)
    client = visit(world.applicant)
    saved(client)
    assert "2026/04/06" in text(sends(client))


@pytest.mark.req("P-028", "P-030")
def test_who_may_only_enter_hands_over(world: World, visit: Visit) -> None:
    enterer, applicant = visit(world.enterer), visit(world.applicant)
    row = saved(enterer, "BY-ENTERER")
    page = enterer.get(WAITING)
    assert "waiting/send/" not in page.content.decode()
    assert "入力権限のみのため" in text(page)
    reply = enterer.post(f"{WAITING}send/", {"once": "x", "state": rules.state_of([row])})
    assert reply.status_code == 403
    saved(applicant, "BY-APPLICANT")
    page = text(applicant.get(WAITING))
    assert "BY-ENTERER" in page
    assert world.enterer.login_id in page
    contents = applicant.get(f"/ledger/enterprise/entry/{row.pk}/contents/")
    assert "840000" in text(contents)
    for do in ("edit", "delete", "draft"):
        reply = applicant.post(WAITING, {"do": do, "entry": row.pk})
        assert reply.status_code == 422
        assert "入力した方が行ってください" in text(reply)
    User.objects.filter(pk=world.applicant.pk).update(application_scope="own")
    assert "BY-ENTERER" not in text(applicant.get(WAITING))
    User.objects.filter(pk=world.applicant.pk).update(application_scope="all")
    administrator = visit(world.administrator)
    assert "BY-APPLICANT" not in text(administrator.get(WAITING)), "who may apply keeps his own"
    assert "2件の申請が完了しました" in text(sends(applicant))
    row.refresh_from_db()
    assert row.place == "sent"
    assert "BY-ENTERER" not in text(visit(world.stranger).get(WAITING))


def test_a_changed_list_is_shown_before_it_is_sent(client: Client) -> None:
    row = saved(client)
    form = waiting_form(client)
    saved(client, "EX-2")
    reply = client.post(f"{WAITING}send/", form)
    assert reply.status_code == 422
    assert "表示していた一覧の内容が更新されています" in text(reply)
    form = waiting_form(client)
    Screen(client).sees(chooses(client, "edit", row)).presses("save", b_goods_code="5")
    assert client.post(f"{WAITING}send/", form).status_code == 422
    assert not Upload.objects.exclude(state="draft").exists()
    assert "2件の申請が完了しました" in text(sends(client))


def test_the_same_content_again_needs_a_tick(client: Client) -> None:
    saved(client)
    sends(client)
    row = saved(client)
    reply = sends(client)
    assert reply.status_code == 422
    assert "同じ内容をもう一度送る" in text(reply)
    row.refresh_from_db()
    assert row.place == "waiting"
    assert "1件の申請が完了しました" in text(sends(client, resend="on"))


def test_an_edit_of_what_was_sent_meanwhile_is_told(client: Client) -> None:
    row = saved(client)
    screen = Screen(client).sees(chooses(client, "edit", row))
    sends(client)
    screen.presses("save", b_goods_code="9")
    assert screen.reply.status_code == 422
    assert "先に申請・通知された" in text(screen.reply)
    assert screen.form.values["b-goods_code"] == "9"
    screen.presses("save")
    assert sorted(Entry.objects.values_list("place", flat=True)) == ["sent", "waiting"]


def test_a_page_that_died_after_sending_leaves_nothing_waiting(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(client)
    form = waiting_form(client)

    def dies(upload: Upload) -> None:
        raise OSError("the disk is full")

    client.raise_request_exception = False
    monkeypatch.setattr("portal_stub.ledgers.sending.bring", dies)
    assert client.post(f"{WAITING}send/", form).status_code == 500
    assert Upload.objects.filter(state="sending").count() == 1
    assert "保存された申請はありません" in text(client.get(WAITING))
    monkeypatch.undo()
    assert "申請完了" in text(client.post(f"{WAITING}send/", form, follow=True)), "the same page again"


@pytest.mark.django_db(transaction=True)
def test_two_windows_send_once(world: World, visit: Visit) -> None:
    client = visit(world.applicant)
    saved(client)
    form, replies = waiting_form(client), []

    def press() -> None:
        other = Client()
        other.cookies = client.cookies
        replies.append(other.post(f"{WAITING}send/", form).status_code)
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 302 in replies
    assert Upload.objects.exclude(state="draft").count() == 1


def test_what_was_sent_is_forgotten_after_two_years(world: World, visit: Visit, hand: Hand) -> None:
    client = visit(world.applicant)
    saved(client, "OLD")
    sends(client)
    saved(client, "WAITS")
    hand.on(days=2 * 365)
    assert rules.tidy() == 0
    hand.on(days=3)
    assert rules.tidy() == 1
    assert [row.about for row in Entry.objects.all()] == ["WAITS"]


# ---------------------------------------------------------------------------------------------- checks of the list
def test_everything_is_checked_and_the_sum_is_told(client: Client, check: Callable[..., None]) -> None:
    saved(client, "EX-1")
    saved(client, "EX-2")
    assert "検査していないものが2件あります" in text(client.get(WAITING))
    client.post(f"{WAITING}check/")
    assert "検査しています" in text(client.get(WAITING))
    run_due()
    page = text(client.get(WAITING))
    assert "36,800円" in page
    assert page.count("エラーなし") == 2


# ---------------------------------------------------------------------------------------------- 企業総合保険 2026
@pytest.mark.req("A-059", "P-044", "P-046")
def test_one_contract_is_confirmed_and_applied_for_at_once(
    client: Client, world: World, visit: Visit, check: Callable[..., None]
) -> None:
    screen = Screen(client).starts("1")
    screen.presses("confirm", b_goods_code="5")
    assert screen.reply.status_code == 422, "＊ first"
    screen.presses("confirm", **good(screen))
    page = text(screen.reply)
    address = screen.reply.request["PATH_INFO"]
    assert "申込内容の確認" in page
    for words in ("11：輸出契約", "10,000,000", "2026/03/05", "41：REMITTANCE xxx DAYS AFTER B/L DATE"):
        assert words in page, words
    assert "申込む" not in page.replace("「申込む」を押して", ""), "not before the check is over"
    run_due()
    reply = client.get(address)
    assert "18,400円" in text(reply)
    values = _apply_form(reply)
    done = client.post(address.replace("confirm", "apply"), values, follow=True)
    assert "申請完了" in text(done)
    assert "EX-1" in text(done)
    assert [row.place for row in Entry.objects.all()] == ["sent"], "申請待一覧 was not passed"
    again = client.post(address.replace("confirm", "apply"), values)
    assert again.status_code == 302
    assert Upload.objects.exclude(state="draft").count() == 1
    for kind, product in (("2", "enterprise"), ("1", "equipment"), ("1", "simplified-notice")):
        other = Screen(client, product).starts(kind)
        assert "申込内容の確認へ" not in text(other.reply), (kind, product)
        assert client.get(f"{other.address}confirm/").status_code == 404


@pytest.mark.req("A-059")
def test_errors_and_missing_rights_keep_from_applying(
    client: Client, world: World, visit: Visit, check: Callable[..., None]
) -> None:
    check({"record": 1, "field": "payer_code", "severity": "error", "code": "x", "message": "だめです。"})
    screen = Screen(client).starts("1")
    screen.presses("confirm", **good(screen))
    address = screen.reply.request["PATH_INFO"]
    run_due()
    page = client.get(address)
    assert "だめです。" in text(page)
    assert "/apply/" not in page.content.decode()
    row = Entry.objects.get()
    apply = address.replace("confirm", "apply")
    refused = client.post(apply, {"once": "x", "revision": str(row.revision)})
    assert refused.status_code == 422
    stale = client.post(apply, {"once": "x", "revision": "0"})
    assert "表示していた内容が更新されています" in text(stale)
    assert not Upload.objects.exclude(state="draft").exists()
    check()
    enterer = Screen(visit(world.enterer)).starts("1")
    enterer.presses("confirm", **good(enterer))
    run_due()
    page = enterer.client.get(enterer.reply.request["PATH_INFO"])
    assert "入力権限のみのため" in text(page)
    assert "/apply/" not in page.content.decode()
    reply = enterer.client.post(enterer.reply.request["PATH_INFO"].replace("confirm", "apply"), {})
    assert reply.status_code == 403


@pytest.mark.req("A-060", "P-045", "P-046")
def test_all_without_errors_are_applied_for_together(client: Client, check: Callable[..., None]) -> None:
    good_one = saved(client, "GOOD")
    client.post(f"{WAITING}check/")
    run_due()
    check({"record": 1, "field": "payer_code", "severity": "error", "code": "x", "message": "だめです。"})
    bad_one = saved(client, "BAD")
    partial = Screen(client).starts("5")
    row = partial.entry
    Entry.objects.filter(pk=row.pk).update(place="waiting", about="18-000001")
    reply = client.post(f"{WAITING}check/", {"from": "batch"}, follow=True)
    run_due()
    reply = client.get(reply.request["PATH_INFO"])
    page = text(reply)
    assert "だめです。" in page
    assert "エラーのないもの: 1件" in page.replace(" 1件", " 1件")
    assert "18-000001" not in page, "only 新規"
    values = _apply_form(reply)
    done = client.post("/ledger/enterprise/entries/batch/apply/", values, follow=True)
    assert "1件の申請が完了しました" in text(done)
    good_one.refresh_from_db()
    bad_one.refresh_from_db()
    assert (good_one.place, bad_one.place) == ("sent", "waiting")
    empty = client.post("/ledger/enterprise/entries/batch/apply/", values | {"once": "other"})
    assert empty.status_code == 422
    assert client.get("/ledger/equipment/entries/batch/").status_code == 404


def _apply_form(reply: Any) -> dict[str, str]:
    """What the form of 「申込む」 carries."""
    content = reply.content.decode()
    start = content.rindex("<form", 0, content.index('<button class="button">申込む</button>'))
    part = content[start : content.index("</form>", start)].replace("<form", '<form id="apply"', 1)

    class Reply:
        content = (part + "</form>").encode()

    return form_of(Reply(), "apply").values


# ---------------------------------------------------------------------------------------------- leaving
@pytest.mark.req("P-043")
def test_menu_and_end(client: Client, world: World) -> None:
    for page in ("new", "waiting", "kept", "templates"):
        content = client.get(f"/ledger/enterprise/entries/{page}/").content.decode()
        assert '<a class="button secondary" href="/menu/">メニュー</a>' in content
        assert "終了</button>" in content
    assert client.get("/menu/").status_code == 200
    client.post("/logout/")
    assert client.get("/menu/").status_code == 302


def test_unfinished_screens_are_offered_and_thrown_away(client: Client, world: World) -> None:
    screens = [
        Screen(client).starts("1").presses("look", b_export_contract_no=f"U-{number}") for number in range(22)
    ]
    assert rules.own(world.applicant, "enterprise", "editing").count() == rules.MOST_EDITING
    page = text(client.get("/ledger/enterprise/entries/new/"))
    assert "U-21" in page
    client.post("/ledger/enterprise/entries/new/", {"drop": screens[-1].entry.pk})
    assert "U-21" not in text(client.get("/ledger/enterprise/entries/new/"))
    assert User.objects.filter(pk=world.applicant.pk).exists()
