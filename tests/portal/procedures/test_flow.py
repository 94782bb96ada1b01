"""From the beginning to 申込完了, with the real 保険利用者情報変更: numbers, saving, two windows, once only."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from portal_stub.accounts.models import Holder
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from portal_stub.procedures.models import Application, State
from sensors.windows import TOKYO
from tests.portal.conftest import Hand, World
from tests.portal.pages import Part, page_of
from tests.portal.procedures.walking import begin, fill, hidden_ones, newest, press_apply, to_check

KEY = "holder-change"
ITEMS: dict[str, Any] = {
    "wanted_from": "",
    "name": "新見本商事",
    "name_kana": "シンミホンショウジ",
    "postal_code": "100-0001",
    "address": "東京都架空区1-1",
    "phone": "03-1234-5678",
    "registered_address": "東京都架空区登記1-1",
    "representative_title": "代表取締役",
    "representative_name": "代表 一郎",
    "homepage": "",
}


@pytest.fixture
def client(world: World, visit: Callable[..., Client]) -> Client:
    return visit(world.administrator)


@pytest.mark.req("G-072", "S-019", "S-020", "G-076", "H-003", "H-039")
def test_the_way_from_the_details_to_the_completion_page(client: Client, world: World) -> None:
    details = page_of(client.get(f"/procedures/{KEY}/"))
    assert details.buttons["変更する"].action == f"/procedures/{KEY}/start/"
    address = begin(client, KEY)
    page = page_of(client.get(address))
    assert page.heading == "保険利用者情報変更　変更内容の入力"
    assert Part(page.find("ol.steps")).lines == ["1 変更内容の入力", "2 申込内容の確認"]
    assert page.step == "1 変更内容の入力"
    assert Application.objects.get().number is None, "no number before the check page"
    check = to_check(client, address, **ITEMS)
    assert page_of(check).sentences[0] == "Web申込番号 2026-0401-0001"
    assert page_of(check).step == "2 申込内容の確認"
    row = newest()
    assert (row.number, row.state) == ("2026-0401-0001", State.ENTERING)
    reply = press_apply(client, check)
    assert reply.status_code == 302
    done = page_of(client.get(reply.headers["Location"]))
    assert newest().state == State.PROCESSING
    assert done.heading == "保険利用者情報変更　申込完了"
    told = {
        "Web申込番号": "2026-0401-0001",
        "Web申込日時": "2026/04/01 09:00",
        "参考情報": "新見本商事",
    }
    assert {term: done.facts[term] for term in told} == told


@pytest.mark.req("G-077", "G-079", "S-021", "S-022")
def test_check_and_completion_pages_offer_the_ways_on(client: Client) -> None:
    check = to_check(client, begin(client, KEY), **ITEMS)
    form = page_of(check).form("/apply/")
    assert list(form.buttons) == ["申込む"]
    ways = {"保険利用者情報の詳細へ": "/holder/", "Web申込状況一覧へ": "/applications/"}
    back = f"/procedures/{KEY}/{newest().token}/steps/entry/"
    assert form.links == {"修正する": back, **ways}
    done = page_of(client.get(press_apply(client, check).headers["Location"]))
    assert done.links == {**ways, "ユーザーページへ": "/menu/"}
    assert done.sentences[0].startswith("申込みを受け付けました。")
    assert "この画面は手続きの完了を示すものではありません。" in done.sentences[0]


@pytest.mark.req("H-040")
def test_the_number_has_the_day_of_the_first_save_and_counts_per_day(client: Client, hand: Hand) -> None:
    check = to_check(client, begin(client, KEY), **ITEMS)
    to_check(client, begin(client, KEY), **ITEMS)
    assert sorted(Application.objects.values_list("number", flat=True)) == [
        "2026-0401-0001",
        "2026-0401-0002",
    ]
    hand.at = datetime(2026, 4, 1, 9, 25, tzinfo=TOKYO)
    client.get("/menu/")
    press_apply(client, check)
    assert Application.objects.get(state=State.PROCESSING).number == "2026-0401-0001"


def test_serials_go_on_beyond_9999(world: World) -> None:
    from datetime import date

    from portal_stub.procedures.models import DayNumber
    from portal_stub.procedures.rules import allot_number

    DayNumber.objects.create(day=date(2026, 4, 1), last=9999)
    assert allot_number(date(2026, 4, 1)) == "2026-0401-10000"


@pytest.mark.req("S-017")
def test_the_same_check_page_applies_once(client: Client) -> None:
    check = to_check(client, begin(client, KEY), **ITEMS)
    first, second = press_apply(client, check), press_apply(client, check)
    assert first.headers["Location"] == second.headers["Location"]
    assert newest().acts.filter(what="applied").count() == 1
    assert Mail.objects.filter(kind="application-receipt").count() == 1
    assert AuditEvent.objects.filter(event="application-applied").count() == 1


@pytest.mark.req("S-016")
def test_a_check_page_older_than_the_answers_applies_nothing(client: Client) -> None:
    address = begin(client, KEY)
    old = to_check(client, address, **ITEMS)
    to_check(client, address, **{**ITEMS, "name": "別名商事"})
    reply = press_apply(client, old)
    page = page_of(reply, 409)
    assert page.alert == "表示していた内容が更新されています"
    assert page.facts["保険利用者名 漢字 変更"] == "別名商事\n現在: 見本商事"
    assert newest().state == State.ENTERING
    assert press_apply(client, reply).status_code == 302
    assert newest().told[0]["rows"][1][1] == "別名商事"


def test_a_second_window_does_not_overwrite_unseen(client: Client) -> None:
    address = begin(client, KEY)
    old = client.get(address)
    fill(client, address, **{**ITEMS, "name": "先に保存"})
    reply = client.post(address, {**hidden_ones(old), **ITEMS, "name": "後から保存", "go": "next"})
    page = page_of(reply, 409)
    assert page.alert.startswith(
        "この申込みは、別の画面または別の利用者が先に更新しました（2026/04/01 09:00、"
    )
    assert page.fields["name"].value == "後から保存", "what was typed stays"
    assert newest().answers["entry"]["name"] == "先に保存"
    again = client.post(address, {**hidden_ones(reply), **ITEMS, "name": "後から保存", "go": "next"})
    assert again.status_code == 302
    assert newest().answers["entry"]["name"] == "後から保存"


@pytest.mark.req("S-018")
def test_back_keeps_what_was_typed(client: Client) -> None:
    address = begin(client, KEY)
    reply = fill(client, address, "back", **{**ITEMS, "name": "途中まで", "phone": "まちがい"})
    assert reply.headers["Location"] == f"/procedures/{KEY}/"
    kept = page_of(client.get(address)).fields
    assert (kept["name"].value, kept["phone"].value) == ("途中まで", "まちがい")
    going_on = page_of(client.get(f"/procedures/{KEY}/")).section("入力の途中のものがあります")
    [where] = going_on.links.values()
    assert client.get(where, follow=True).request["PATH_INFO"] == address


def test_errors_keep_what_was_typed_and_name_item_and_remedy(client: Client) -> None:
    reply = fill(client, begin(client, KEY), **{**ITEMS, "name": "", "phone": "電話", "address": "あ" * 56})
    page = page_of(reply, 422)
    assert page.alert == "入力内容を確認してください（3件）"
    assert page.errors == {
        "name": "保険利用者名 漢字を入力してください。",
        "address": "所在地は55文字以内で入力してください（入力された文字数: 56）。",
        "phone": "代表電話番号は半角の数字とハイフンで入力してください（例: 03-1234-5678）。",
    }
    assert page.error_summary == list(page.errors.values())
    assert page.fields["phone"].value == "電話"


@pytest.mark.req("S-025")
def test_mandatory_items_are_pink_from_the_start(world: World, client: Client) -> None:
    Holder.objects.update(name="")
    page = page_of(client.get(begin(client, KEY)))
    pink = {name for name, item in page.fields.items() if item.pink}
    assert pink == {name for name, item in page.fields.items() if item.required and not item.value}
    assert "name" in pink
    assert page.fields["homepage"].value == "", "empty, and not asked for"
    assert "homepage" not in pink


@pytest.mark.req("S-014")
def test_saved_data_survive_the_end_of_the_session(
    client: Client, world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    check = to_check(client, begin(client, KEY), **ITEMS)
    hand.on(hours=2)
    assert press_apply(client, check).headers["Location"] == "/session-ended/idle/"
    assert newest().state == State.ENTERING
    again = visit(world.administrator)
    page = again.get(f"/applications/{newest().number}/", follow=True)
    assert page_of(page).facts["保険利用者名 漢字 変更"] == "新見本商事\n現在: 見本商事"
    assert press_apply(again, page).status_code == 302
    assert newest().state == State.PROCESSING


def test_reload_of_the_check_page_saves_and_records_once(client: Client) -> None:
    address = begin(client, KEY)
    to_check(client, address, **ITEMS)
    before = newest()
    client.get(f"/procedures/{KEY}/{before.token}/check/")
    client.get(f"/procedures/{KEY}/{before.token}/check/")
    assert newest().revision == before.revision
    assert AuditEvent.objects.filter(event="application-saved").count() == 1


@pytest.mark.req("S-015", "S-016")
def test_back_after_applying_leads_to_what_is_there(client: Client) -> None:
    address = begin(client, KEY)
    check = to_check(client, address, **ITEMS)
    done = press_apply(client, check).headers["Location"]
    assert client.get(address).headers["Location"] == done
    assert client.post(address, {**ITEMS, "go": "next", "revision": 1}).headers["Location"] == done
    assert client.get(done.replace("done", "check")).headers["Location"] == done
    assert newest().answers["entry"]["name"] == "新見本商事"


@pytest.mark.req("S-024")
def test_applications_of_another_holder_do_not_exist(
    client: Client, world: World, visit: Callable[..., Client]
) -> None:
    address = begin(client, KEY)
    check = to_check(client, address, **ITEMS)
    stranger, row = visit(world.stranger), newest()
    for path in (address, f"/procedures/{KEY}/{row.token}/check/", f"/procedures/{KEY}/{row.token}/done/"):
        assert stranger.get(path).status_code == 404
    for suffix in ("", "content.pdf", "notice.pdf", "cover.pdf", "delete/"):
        assert stranger.get(f"/applications/{row.number}/{suffix}").status_code == 404
    assert press_apply(stranger, check).status_code == 404
    assert newest().state == State.ENTERING


@pytest.mark.req("G-081", "S-039")
def test_mails_go_to_the_administrator_at_the_address_of_the_application(
    client: Client, world: World
) -> None:
    from portal_stub.procedures.deciding import decide

    old = world.administrator.mail
    press_apply(client, to_check(client, begin(client, KEY), **ITEMS))
    world.administrator.mail = "new@example.com"
    world.administrator.save()
    decide(world.staff, newest(), "complete", "")
    assert list(Mail.objects.order_by("id").values_list("kind", "to")) == [
        ("application-receipt", old),
        ("application-completion", old),
    ]


@pytest.mark.req("S-040")
def test_mails_tell_the_application_and_no_insurance_data(client: Client) -> None:
    press_apply(client, to_check(client, begin(client, KEY), **ITEMS))
    mail = Mail.objects.get(kind="application-receipt")
    for word in (
        "保険利用者情報変更",
        "2026-0401-0001",
        "見本商事",
        "2026/04/01 09:00",
        "https://portal.example/applications/",
    ):
        assert word in mail.body
    assert "03-1234-5678" not in mail.body


@pytest.mark.req("G-080")
def test_changed_data_count_when_the_insurer_has_finished(client: Client, world: World) -> None:
    from portal_stub.procedures.deciding import decide

    press_apply(client, to_check(client, begin(client, KEY), **ITEMS))
    assert Holder.objects.get(pk=world.holder.pk).name == "見本商事"
    decide(world.staff, newest(), "complete", "")
    assert Holder.objects.get(pk=world.holder.pk).name == "新見本商事"
