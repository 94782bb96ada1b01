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
from tests.portal.conftest import Hand, World, text
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
    details = client.get(f"/procedures/{KEY}/")
    assert "変更する" in text(details)
    address = begin(client, KEY)
    page = client.get(address)
    assert "変更内容の入力" in text(page)
    steps = page.content.decode().partition('class="steps"')[2].partition("</ol>")[0]
    assert steps.count('class="current"') == 1
    assert "変更内容の入力" in steps.partition('class="current"')[2].partition("</li>")[0]
    assert Application.objects.get().number is None, "no number before the check page"
    check = to_check(client, address, **ITEMS)
    assert "2026-0401-0001" in text(check)
    assert '<strong class="web-number">2026-0401-0001</strong>' in check.content.decode()
    row = newest()
    assert (row.number, row.state) == ("2026-0401-0001", State.ENTERING)
    reply = press_apply(client, check)
    assert reply.status_code == 302
    done = text(client.get(reply.headers["Location"]))
    assert newest().state == State.PROCESSING
    for word in ("申込完了", "2026-0401-0001", "2026/04/01 09:00", "新見本商事"):
        assert word in done


@pytest.mark.req("G-077", "G-079", "S-021", "S-022")
def test_check_and_completion_pages_offer_the_ways_on(client: Client) -> None:
    check = to_check(client, begin(client, KEY), **ITEMS)
    for word in ("保険利用者情報の詳細へ", "修正する", "申込む", "Web申込状況一覧へ"):
        assert word in text(check)
    done = text(client.get(press_apply(client, check).headers["Location"]))
    for word in (
        "保険利用者情報の詳細へ",
        "Web申込状況一覧へ",
        "ユーザーページへ",
        "手続きの完了を示すものではありません",
    ):
        assert word in done


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
    assert reply.status_code == 409
    assert "申込みはまだ行われていません" in text(reply)
    assert "別名商事" in text(reply)
    assert newest().state == State.ENTERING
    assert press_apply(client, reply).status_code == 302
    assert newest().told[0]["rows"][1][1] == "別名商事"


def test_a_second_window_does_not_overwrite_unseen(client: Client) -> None:
    address = begin(client, KEY)
    old = client.get(address)
    fill(client, address, **{**ITEMS, "name": "先に保存"})
    reply = client.post(address, {**hidden_ones(old), **ITEMS, "name": "後から保存", "go": "next"})
    assert reply.status_code == 409
    assert "先に更新しました" in text(reply)
    assert 'value="後から保存"' in reply.content.decode(), "what was typed stays"
    assert newest().answers["entry"]["name"] == "先に保存"
    again = client.post(address, {**hidden_ones(reply), **ITEMS, "name": "後から保存", "go": "next"})
    assert again.status_code == 302
    assert newest().answers["entry"]["name"] == "後から保存"


@pytest.mark.req("S-018")
def test_back_keeps_what_was_typed(client: Client) -> None:
    address = begin(client, KEY)
    reply = fill(client, address, "back", **{**ITEMS, "name": "途中まで", "phone": "まちがい"})
    assert reply.headers["Location"] == f"/procedures/{KEY}/"
    page = client.get(address).content.decode()
    assert 'value="途中まで"' in page
    assert 'value="まちがい"' in page
    assert "続きへ" in text(client.get(f"/procedures/{KEY}/"))


def test_errors_keep_what_was_typed_and_name_item_and_remedy(client: Client) -> None:
    reply = fill(client, begin(client, KEY), **{**ITEMS, "name": "", "phone": "電話", "address": "あ" * 56})
    assert reply.status_code == 422
    for word in (
        "保険利用者名 漢字を入力してください",
        "半角の数字とハイフン",
        "所在地は55文字以内",
        "入力内容を確認してください（3件）",
    ):
        assert word in text(reply)
    assert 'value="電話"' in reply.content.decode()


@pytest.mark.req("S-025")
def test_mandatory_items_are_pink_from_the_start(world: World, client: Client) -> None:
    Holder.objects.update(name="")
    page = client.get(begin(client, KEY)).content.decode()
    name = page.partition('name="name"')[2].partition(">")[0]
    homepage = page.partition('name="homepage"')[2].partition(">")[0]
    assert "missing" in name
    assert "missing" not in homepage


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
    assert "新見本商事" in text(page)
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
