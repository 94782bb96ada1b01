"""保険利用者・Webユーザー登録 at the desk, from the arrival of the form to the 登録完了通知書."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from portal_stub.accounts.models import Holder, User
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from portal_stub.registration.models import State
from tests.portal.conftest import Hand, World
from tests.portal.pages import Part, page_of, page_without
from tests.portal.registration.conftest import ADDRESS, Newcomer, mailed, pdf_text


@pytest.mark.req("F-045", "F-047", "F-048", "F-049")
def test_from_arrival_to_the_notice_that_is_handed_out_once(
    world: World, visit: Callable[..., Client], tmp_path: Path
) -> None:
    newcomer = Newcomer().send()
    client, path = visit(world.staff), f"/desk/registrations/{newcomer.row.pk}/"
    assert page_of(client.get("/desk/")).cards["登録の申込み"].count == "1件"
    detail = page_of(client.get(path))
    assert detail.heading == f"登録の申込み {newcomer.row.number}"
    assert (detail.facts["状況"], detail.section("保険利用者の情報").facts["保険利用者名 漢字"]) == (
        "申込書の到着待ち",
        "株式会社新規商事",
    )
    assert Part(detail.find("h1 + dl.facts")).facts["メールアドレス"] == ADDRESS

    reply = client.post(f"{path}start/", {"arrived_on": "2026-04-01"}, follow=True)
    assert page_of(reply).status == "手続きを開始しました。申込者にメールでお知らせしました。"
    assert Mail.objects.filter(kind="registration-started", to=ADDRESS).count() == 1

    for wrong, fault in (
        ("12345678", "保険利用者コードは半角数字9桁で入力してください。"),
        (
            world.holder.code,
            f"保険利用者コード {world.holder.code} は登録済みです。別のコードを入力してください。",
        ),
    ):
        assert page_of(client.post(f"{path}complete/", {"code": wrong}), 422).error_summary == [fault]
    assert newcomer.row.state == State.IN_PROCESS

    notice = client.post(f"{path}complete/", {"code": "555555555"})
    assert notice.headers["Content-Type"] == "application/pdf"
    assert notice.headers["Cache-Control"] == "no-store"
    assert "attachment" in notice.headers["Content-Disposition"]
    paper = pdf_text(notice.content, tmp_path)
    assert "555555555000" in paper
    user = User.objects.get(login_id="555555555000")
    password = re.search(r"初期パスワード(\S{14})", paper)
    assert password
    assert user.check_password(password[1])

    again = client.post(f"{path}complete/", {"code": "666666666"})
    assert page_of(again, 422).error_summary == [
        "手続きを完了できるのは「手続中」の登録だけです（現在: 登録完了）。画面を開き直してください。"
    ]
    assert not Holder.objects.filter(code="666666666").exists()
    detail = page_without(client.get(path), password[1])
    assert "/desk/holders/555555555/" in detail.links.values()
    assert detail.facts["状況"] == "登録完了"
    assert AuditEvent.objects.get(event="registration-completed").actor == "desk-1"


@pytest.mark.req("F-045")
@pytest.mark.parametrize(
    ("arrived_on", "fault"),
    [
        ("", "申込書の到着日を入力してください。"),
        ("2026-03-31", "申込書の到着日は、申込情報の送信日から今日までの日付を入力してください。"),
        ("2026-04-02", "申込書の到着日は、申込情報の送信日から今日までの日付を入力してください。"),
    ],
)
def test_days_of_arrival_that_cannot_be(
    world: World, visit: Callable[..., Client], arrived_on: str, fault: str
) -> None:
    newcomer = Newcomer().send()
    reply = visit(world.staff).post(
        f"/desk/registrations/{newcomer.row.pk}/start/", {"arrived_on": arrived_on}
    )
    assert page_of(reply, 422).error_summary == [fault]
    assert newcomer.row.state == State.SENT


@pytest.mark.req("F-046")
def test_a_restart_mails_a_url_that_opens_the_stored_data(world: World, visit: Callable[..., Client]) -> None:
    newcomer = Newcomer().send()
    client, path = visit(world.staff), f"/desk/registrations/{newcomer.row.pk}/restart/"
    assert client.post(path, {"reason": ""}).status_code == 422
    assert newcomer.row.state == State.SENT
    reply = client.post(path, {"reason": "所在地の訂正"}, follow=True)
    assert page_of(reply).status == "手続き再開用のURLを、申込者にメールで送信しました。"
    url, password = mailed("registration-restart")
    browser = Client()
    browser.post(url, {"password": password})
    assert page_of(browser.get("/registration/entry/")).fields["name"].value == "株式会社新規商事"
    assert AuditEvent.objects.get(event="registration-restarted").detail == {"reason": "所在地の訂正"}
    assert client.post(path, {"reason": "もう一度"}).status_code == 422


def test_a_lost_notice_is_made_again_until_the_first_login(
    world: World, visit: Callable[..., Client], tmp_path: Path
) -> None:
    row = Newcomer().in_process()
    client, path = visit(world.staff), f"/desk/registrations/{row.pk}/"
    client.post(f"{path}complete/", {"code": "555555555"})
    old = User.objects.get(login_id="555555555000").password
    notice = client.post(f"{path}renew/", {"reason": "郵便の紛失"})
    assert "555555555000" in pdf_text(notice.content, tmp_path)
    user = User.objects.get(login_id="555555555000")
    assert user.password != old
    user.password_changed_at = user.created_at
    user.save()
    assert client.post(f"{path}renew/", {"reason": "もう一度"}).status_code == 422


def test_an_application_for_a_known_holder_asks_for_no_code(
    world: World, visit: Callable[..., Client]
) -> None:
    Holder.objects.create(code="555555555", name="株式会社登録済")
    row = Newcomer("web-user").in_process()
    client, path = visit(world.staff), f"/desk/registrations/{row.pk}/complete/"
    page = page_of(client.get(path))
    assert (list(page.fields), list(page.buttons)) == ([], ["OK"])
    assert client.post(path).headers["Content-Type"] == "application/pdf"
    assert User.objects.filter(login_id="555555555000").exists()


def test_found_by_state_number_name_and_address(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    sent, asked = Newcomer().send().row, Newcomer(name="別の会社").choose().row
    client = visit(world.staff_reader)

    def found(**query: str) -> list[bool]:
        page = page_of(client.get("/desk/registrations/", query))
        listed = [row.head for table in page.tables for row in table.rows]
        assert listed or page.status == "該当する登録の申込みはありません。"
        return [row.number in listed for row in (sent, asked)]

    assert found() == [True, False], "what waits for the desk"
    assert found(state="") == [True, True]
    assert found(state="authenticated") == [False, True]
    assert found(state="nonsense") == [True, True]
    assert found(q=sent.number) == [True, False]
    assert found(q=str(sent.pk)) == [True, False]
    assert found(q="新規商事") == [True, False]
    assert found(q=ADDRESS) == [True, True]
    assert found(q="R99999999999999999999") == [False, False]
    hand.on(days=61)
    client = visit(world.staff_reader)
    assert page_of(client.get(f"/desk/registrations/{asked.pk}/")).facts["状況"] == "登録用URLの期限切れ"


def test_readers_decide_nothing(world: World, visit: Callable[..., Client]) -> None:
    row = Newcomer().send().row
    client = visit(world.staff_reader)
    page = page_of(client.get(f"/desk/registrations/{row.pk}/"))
    assert page.facts["状況"] == "申込書の到着待ち"
    assert page.links == {"登録の申込みへ": "/desk/registrations/"}
    for act in ("start", "complete", "restart", "renew"):
        assert client.post(f"/desk/registrations/{row.pk}/{act}/").status_code == 403
    assert visit(world.staff).get("/desk/registrations/9999/start/").status_code == 404
