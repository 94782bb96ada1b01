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
from tests.portal.conftest import Hand, World, hidden
from tests.portal.entries.test_screen import NOTICE, good
from tests.portal.entries.walking import Screen, waiting_form
from tests.portal.pages import page_of

pytestmark = pytest.mark.dialect

Visit = Callable[..., Client]
WAITING = "/ledger/enterprise/entries/waiting/"
NOTHING = "申請待一覧に、保存された申請はありません。"


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


def waiting(client: Client) -> list[str]:
    """What 申請待一覧 lists."""
    page = page_of(client.get(WAITING))
    assert page.heading == "企業総合保険　申請待一覧"
    return [row.head.removesuffix("の内容") for table in page.tables for row in table.rows]


def dropped(tmp_path: Path) -> list[dict[str, Any]]:
    folder = tmp_path / "home" / "drop" / ".portal" / "123456789"
    return [json.loads(path.read_text()) for path in folder.glob("*.json")]


# ---------------------------------------------------------------------------------------------- 申請待一覧
@pytest.mark.req("P-019", "P-023")
def test_the_list_shows_what_waits_and_its_buttons(client: Client) -> None:
    assert waiting(client) == []
    assert NOTHING in page_of(client.get(WAITING)).sentences
    saved(client, "EX-1")
    saved(client, "EX-2")
    assert waiting(client) == ["EX-2", "EX-1"], "newest first"
    page = page_of(client.get(WAITING))
    buttons = {
        name: (button.value, button.action) for name, button in page.section("すべての申請").buttons.items()
    }
    assert buttons == {"すべて検査": ("", f"{WAITING}check/"), "一括申請": ("", f"{WAITING}send/")}
    chosen = {name: button.value for name, button in page.form("/waiting/").buttons.items()}
    assert chosen == {"編集": "edit", "削除": "delete", "仮保存": "draft"}
    assert page.links["新規申請"] == "/ledger/enterprise/entries/new/"
    notices = page_of(client.get("/ledger/simplified-notice/entries/waiting/"))
    assert notices.heading.endswith("通知待一覧")
    assert notices.links["新規通知"] == "/ledger/simplified-notice/entries/new/"
    assert notices.tables == []


@pytest.mark.req("P-024", "P-025")
def test_an_entry_is_edited_in_its_place_and_deleted_after_a_question(client: Client) -> None:
    row = saved(client)
    reply = client.post(WAITING, {"do": "edit"})
    assert (
        page_of(reply, 422).alert == "一覧の左端のボタンで申請を1つ選択してから、「編集」を押してください。"
    )
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
    assert page_of(question).heading == "本当に削除しますか？"
    assert page_of(question).facts["内容"] == "EX-1"
    assert Entry.objects.count() == 1
    data = hidden(question)
    for _ in range(2):  # pressed twice
        reply = client.post(question.request["PATH_INFO"], data, follow=True)
        assert page_of(reply).status == "削除しました。"
    assert not Entry.objects.exists()
    assert client.get(question.request["PATH_INFO"]).status_code == 404


@pytest.mark.req("P-026", "P-027")
def test_setting_aside_moves(client: Client) -> None:
    row = saved(client)
    reply = chooses(client, "draft", row)
    assert page_of(reply).heading == "企業総合保険　仮保存一覧"
    assert [row.head for row in page_of(reply).table("仮保存一覧").rows] == ["EX-1"]
    assert waiting(client) == []
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
    assert (
        page_of(reply, 422).alert
        == "仮保存一覧に保存できるのは50件までです。不要なものを削除してから、もう一度押してください。"
    )
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
        assert page_of(question).heading == "本当に削除しますか？"
        assert page_of(question).facts["保存日時"] == row.saved_at.astimezone(TOKYO).strftime(
            "%Y/%m/%d %H:%M"
        )
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
    first, second = (page_of(client.get(f"{WAITING}?page={page}")) for page in (1, 2))
    assert [len(page.fields["entry"].options) for page in (first, second)] == [20, 1]
    assert (first.pager, second.pager) == (
        "1／2ページ（1～20件目）",
        "2／2ページ（21～21件目）",
    )
    assert first.sentences[0].endswith("「一括申請」を押すと、一覧のすべて（21件）を申請します。")
    assert first.headings == ["すべての申請（21件、21レコード）"]


# ---------------------------------------------------------------------------------------------- 一括申請
@pytest.mark.req("P-019", "P-020", "P-022", "A-016")
def test_everything_displayed_is_sent_once(client: Client, tmp_path: Path) -> None:
    saved(client, "EX-1")
    saved(client, "契/約:2")
    form = waiting_form(client)
    reply = client.post(f"{WAITING}send/", form, follow=True)
    page = page_of(reply)
    assert page.heading == "企業総合保険　申請完了"
    assert page.status == "2件の申請が完了しました（2026/04/01 09:00:00）。受理日は 2026/04/01 です。"
    table = page.table("申請したもの")
    assert [row.head for row in table.rows] == ["EX-1", "契/約:2"]
    assert table.row("契/約:2")["ファイル名"].startswith("申請入力_契_約_2_")
    assert table.row("EX-1")["件数"] == "1"
    assert [row.place for row in Entry.objects.all()] == ["sent", "sent"]
    assert sorted(row["count"] for row in dropped(tmp_path)) == [1, 1]
    assert {row["user"] for row in dropped(tmp_path)} == {"123456789001"}
    assert Upload.objects.filter(origin="entry", state="sent").count() == 2
    assert AccessRecord.objects.filter(code="5-2").count() == 1
    again = client.post(f"{WAITING}send/", form, follow=True)
    assert again.request["PATH_INFO"] == reply.request["PATH_INFO"]
    assert client.get(reply.request["PATH_INFO"]).status_code == 200, "reload is safe"
    assert Upload.objects.count() == 2
    assert NOTHING in page_of(client.get(WAITING)).sentences


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
    assert page_of(reply).status.startswith("2件の通知が完了しました（")
    assert logged() == ["5-1", "5-1", "5-2"], "one sending, however many notices"
    assert [row.place for row in Entry.objects.all()] == ["sent", "sent"]
    assert {(row["product"], row["count"]) for row in dropped(tmp_path)} == {("simplified-notice", 1)}


@pytest.mark.req("P-021")
def test_completion_leads_to_what_was_sent(client: Client) -> None:
    saved(client)
    page = page_of(sends(client))
    assert page.heading == "企業総合保険　申請完了"
    assert page.links["申請済一覧"] == "/ledger/enterprise/sent-entries/"


@pytest.mark.req("P-029")
def test_an_empty_list_is_refused(client: Client) -> None:
    reply = client.post(f"{WAITING}send/", {"once": "x", "state": rules.state_of([])})
    assert (
        page_of(reply, 422).alert
        == "申請待一覧に、一括申請するものがありません。「新規申請」から入力してください。"
    )
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
    page = page_of(reply, 422)
    assert page.alert == (
        "受付時間は営業日の8:00~20:00です(20:00:00に受信)。2026年04月02日 8:00以降に送ってください。"
    )
    row.refresh_from_db()
    assert (row.place, row.upload) == ("waiting", None)
    assert not dropped(tmp_path)
    # Saving, 仮保存 and editing go on outside the window.
    saved(client, "EX-2")
    saved(client, "EX-3", "draft")
    Screen(client).sees(chooses(client, "edit", row)).presses("save")
    hand.at = datetime(2026, 4, 2, 8, 0, tzinfo=TOKYO)
    assert page_of(sends(visit(world.applicant))).status.startswith("2件の申請が完了しました（")


def test_in_the_evening_the_next_business_day_is_named(world: World, visit: Visit, hand: Hand) -> None:
    hand.at = datetime(2026, 4, 3, 17, 30, tzinfo=TOKYO)
    client = visit(world.applicant)
    saved(client)
    assert page_of(sends(client)).status.endswith("受理日は 2026/04/06 です。")


@pytest.mark.req("P-028", "P-030")
def test_who_may_only_enter_hands_over(world: World, visit: Visit) -> None:
    enterer, applicant = visit(world.enterer), visit(world.applicant)
    row = saved(enterer, "BY-ENTERER")
    page = page_of(enterer.get(WAITING))
    assert list(page.section("すべての申請").buttons) == ["すべて検査"]
    assert page.section("すべての申請").sentences[-1] == (
        "入力権限のみのため、一括申請は、入力・申込権限と「申込データ参照制限なし」のある方が行います。"
        "保存した内容は、その方の一覧に表示されています。"
    )
    reply = enterer.post(f"{WAITING}send/", {"once": "x", "state": rules.state_of([row])})
    assert reply.status_code == 403
    saved(applicant, "BY-APPLICANT")
    listed = page_of(applicant.get(WAITING)).table("申請待一覧")
    assert listed.row("BY-ENTERERの内容")["入力者"] == world.enterer.login_id
    assert listed.row("BY-APPLICANTの内容")["入力者"] == world.applicant.login_id
    address = listed.row("BY-ENTERERの内容").part.links["BY-ENTERERの内容"]
    contents = page_of(applicant.get(address))
    assert contents.facts["貨物コード"] == "840000"
    assert contents.sentences[0] == f"{world.enterer.login_id} が入力したものです。"
    for do in ("edit", "delete", "draft"):
        reply = applicant.post(WAITING, {"do": do, "entry": row.pk})
        assert page_of(reply, 422).alert == (
            f"{world.enterer.login_id} が入力したものです。内容の確認と一括申請ができます。"
            "編集・削除・仮保存は、入力した方が行ってください。"
        )
    User.objects.filter(pk=world.applicant.pk).update(application_scope="own")
    assert waiting(applicant) == ["BY-APPLICANT"]
    User.objects.filter(pk=world.applicant.pk).update(application_scope="all")
    administrator = visit(world.administrator)
    assert waiting(administrator) == ["BY-ENTERER"], "who may apply keeps his own"
    assert page_of(sends(applicant)).status.startswith("2件の申請が完了しました（")
    row.refresh_from_db()
    assert row.place == "sent"
    assert waiting(visit(world.stranger)) == []


def test_a_changed_list_is_shown_before_it_is_sent(client: Client) -> None:
    row = saved(client)
    form = waiting_form(client)
    saved(client, "EX-2")
    reply = client.post(f"{WAITING}send/", form)
    assert page_of(reply, 422).alert == (
        "表示していた一覧の内容が更新されています。まだ申請していません。"
        "下の一覧を確認してから、もう一度「一括申請」を押してください。"
    )
    form = waiting_form(client)
    Screen(client).sees(chooses(client, "edit", row)).presses("save", b_goods_code="5")
    assert client.post(f"{WAITING}send/", form).status_code == 422
    assert not Upload.objects.exclude(state="draft").exists()
    assert page_of(sends(client)).status.startswith("2件の申請が完了しました（")


def test_the_same_content_again_needs_a_tick(client: Client) -> None:
    saved(client)
    sends(client)
    row = saved(client)
    tick = page_of(sends(client), 422).fields["resend"]
    assert (tick.label, tick.values) == ("同じ内容をもう一度送る", [])
    row.refresh_from_db()
    assert row.place == "waiting"
    assert page_of(sends(client, resend="on")).status.startswith("1件の申請が完了しました（")


def test_an_edit_of_what_was_sent_meanwhile_is_told(client: Client) -> None:
    row = saved(client)
    screen = Screen(client).sees(chooses(client, "edit", row))
    sends(client)
    screen.presses("save", b_goods_code="9")
    assert page_of(screen.reply, 422).alert == (
        "この画面で編集していたものは、先に申請・通知されたか、別の画面で保存・削除されました。"
        "まだ保存していません。新しい1件として保存する場合は、もう一度ボタンを押してください。"
    )
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
    assert NOTHING in page_of(client.get(WAITING)).sentences
    monkeypatch.undo()
    again = page_of(client.post(f"{WAITING}send/", form, follow=True))
    assert again.heading == "企業総合保険　申請完了", "the same page again"


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

    def told() -> tuple[str, list[str]]:
        page = page_of(client.get(WAITING))
        return page.section("すべての申請").sentences[0], page.table("申請待一覧").column("検査")

    assert told() == (
        "検査していないものが2件あります。「すべて検査」を押すと、審査と同じ内容を調べ、不備と保険料を表示します（何も送りません）。",
        ["未検査", "未検査"],
    )
    client.post(f"{WAITING}check/")
    assert told() == ("検査しています。結果が出ると、一覧に表示されます。", ["検査中", "検査中"])
    run_due()
    assert told() == (
        "すべて検査済みで、エラーはありません。保険料の合計は 36,800円 です。",
        ["エラーなし\n18,400円", "エラーなし\n18,400円"],
    )


# ---------------------------------------------------------------------------------------------- 企業総合保険 2026
@pytest.mark.req("A-059", "P-044", "P-046")
def test_one_contract_is_confirmed_and_applied_for_at_once(
    client: Client, world: World, visit: Visit, check: Callable[..., None]
) -> None:
    screen = Screen(client).starts("1")
    screen.presses("confirm", b_goods_code="5")
    assert screen.reply.status_code == 422, "＊ first"
    screen.presses("confirm", **good(screen))
    page = page_of(screen.reply)
    address = screen.reply.request["PATH_INFO"]
    assert page.heading == "企業総合保険　申込内容の確認"
    assert page.step == "2 申込内容の確認"
    told = {
        "処理種別": "1：新規",
        "契約形態": "11：輸出契約",
        "輸出契約等元本": "10,000,000",
        "輸出契約等締結日": "2026/03/05",
        "決済方法表示コード": "41：REMITTANCE xxx DAYS AFTER B/L DATE",
    }
    assert {term: value for term, value in page.facts.items() if term in told} == told
    assert list(page.buttons) == ["終了"], "no 「申込む」 before the check is over"
    assert page.section("検査の結果").facts == {}
    run_due()
    reply = client.get(address)
    assert page_of(reply).section("検査の結果").facts["保険料"] == "18,400円"
    values = page_of(reply).form("/apply/").values
    done = client.post(address.replace("confirm", "apply"), values, follow=True)
    assert page_of(done).heading == "企業総合保険　申請完了"
    assert [row.head for row in page_of(done).table().rows] == ["EX-1"]
    assert [row.place for row in Entry.objects.all()] == ["sent"], "申請待一覧 was not passed"
    again = client.post(address.replace("confirm", "apply"), values)
    assert again.status_code == 302
    assert Upload.objects.exclude(state="draft").count() == 1
    for kind, product in (("2", "enterprise"), ("1", "equipment"), ("1", "simplified-notice")):
        other = Screen(client, product).starts(kind)
        assert list(other.page.form(having="revision").buttons)[-4:] == [
            "保存",
            "仮保存",
            "雛形保存",
            "検査する",
        ]
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
    page = page_of(client.get(address))
    assert page.section("検査の結果").sentences == [
        "エラーが1件あります。申請入力の画面で直してから申請してください。",
        "枝番00: だめです。",
    ]
    assert list(page.buttons) == ["終了"]
    row = Entry.objects.get()
    apply = address.replace("confirm", "apply")
    refused = client.post(apply, {"once": "x", "revision": str(row.revision)})
    assert page_of(refused, 422).alert == (
        "検査が終わり、エラーがないことを確認してから「申込む」を押してください。"
    )
    stale = client.post(apply, {"once": "x", "revision": "0"})
    assert page_of(stale, 422).alert == (
        "表示していた内容が更新されています。まだ申し込まれていません。"
        "下の内容を確認してから、もう一度「申込む」を押してください。"
    )
    assert not Upload.objects.exclude(state="draft").exists()
    check()
    enterer = Screen(visit(world.enterer)).starts("1")
    enterer.presses("confirm", **good(enterer))
    run_due()
    page = page_of(enterer.client.get(enterer.reply.request["PATH_INFO"]))
    assert page.sentences[-1].startswith("入力権限のみのため、「申込む」は入力・申込権限のある方が行います。")
    assert list(page.buttons) == ["終了"]
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
    page = page_of(reply)
    table = page.table("新規の申込み")
    assert [row.head for row in table.rows] == ["BADの内容（1番目）", "GOODの内容（2番目）"], "only 新規"
    assert table.row("BADの内容（1番目）")["不備"] == "枝番00: だめです。"
    assert table.column("検査") == ["エラー1件", "エラーなし\n18,400円"]
    assert "エラーのないもの: 1件、保険料の合計 18,400円" in page.sentences
    values = page_of(reply).form("/apply/").values
    done = client.post("/ledger/enterprise/entries/batch/apply/", values, follow=True)
    assert page_of(done).status.startswith("1件の申請が完了しました（")
    assert [row.head for row in page_of(done).table().rows] == ["GOOD"]
    good_one.refresh_from_db()
    bad_one.refresh_from_db()
    assert (good_one.place, bad_one.place) == ("sent", "waiting")
    empty = client.post("/ledger/enterprise/entries/batch/apply/", values | {"once": "other"})
    assert empty.status_code == 422
    assert client.get("/ledger/equipment/entries/batch/").status_code == 404


# ---------------------------------------------------------------------------------------------- leaving
@pytest.mark.req("P-043")
def test_menu_and_end(client: Client, world: World) -> None:
    for page in ("new", "waiting", "kept", "templates"):
        shown = page_of(client.get(f"/ledger/enterprise/entries/{page}/"))
        assert shown.links["メニュー"] == "/menu/"
        assert shown.buttons["終了"].action == "/logout/"
    assert client.get("/menu/").status_code == 200
    client.post("/logout/")
    assert client.get("/menu/").status_code == 302


def test_unfinished_screens_are_offered_and_thrown_away(client: Client, world: World) -> None:
    screens = [
        Screen(client).starts("1").presses("look", b_export_contract_no=f"U-{number}") for number in range(22)
    ]
    assert rules.own(world.applicant, "enterprise", "editing").count() == rules.MOST_EDITING

    def unfinished() -> list[str]:
        page = page_of(client.get("/ledger/enterprise/entries/new/"))
        return [row.head for row in page.table("入力の途中のもの").rows]

    assert unfinished() == [f"U-{number}" for number in range(21, 11, -1)]
    client.post("/ledger/enterprise/entries/new/", {"drop": screens[-1].entry.pk})
    assert unfinished() == [f"U-{number}" for number in range(20, 10, -1)]
    assert User.objects.filter(pk=world.applicant.pk).exists()
