"""保険利用者 at the desk: search, detail, and what is done on request."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_stub.accounts.models import Holder, User
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.conftest import HOLDER, OTHER, PASSWORD, World, hidden, last_mail, text
from tests.portal.desk.test_staff import confirm


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("12345", [HOLDER]),
        ("他", [OTHER]),
        ("", [HOLDER, OTHER]),
        ("ミホン", [HOLDER]),
        ("%", []),
        ("45", []),
    ],
)
def test_search_by_the_beginning_of_the_code_or_a_part_of_the_name(
    world: World, visit: Callable[..., Client], query: str, found: list[str]
) -> None:
    Holder.objects.filter(code=HOLDER).update(name_kana="ミホンシヨウジ")
    page = text(visit(world.staff).get("/desk/holders/", {"q": query}))
    assert [code for code in (HOLDER, OTHER) if code in page] == found
    assert ("該当する保険利用者はありません" in page) == (not found)


def test_many_holders_take_as_many_queries_as_few(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    counts = []
    for more in (60, 0):
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/desk/holders/")
        counts.append(len(queries))
        Holder.objects.bulk_create(
            Holder(code=f"5{number:08}", name=f"会社{number}") for number in range(more)
        )
    assert counts[0] == counts[1]
    page = client.get("/desk/holders/")
    assert page.content.decode().count('scope="row"') == 50
    assert "62件" in text(page)
    assert "1／2ページ" in text(page)


def test_the_detail_shows_users_with_their_states(world: World, visit: Callable[..., Client]) -> None:
    User.objects.filter(pk=world.applicant.pk).update(active=False)
    User.objects.filter(pk=world.reader.pk).update(locked=True)
    page = text(visit(world.staff).get(f"/desk/holders/{HOLDER}/"))
    assert "Webユーザー（申込者） 貿易 花子 見本課 無効" in page
    assert "閲覧 三郎 見本課 有効（ロック中）" in page
    for words in (
        f"{HOLDER[:8]}1（企業総合保険）",
        "ワンタイムパスワード利用 利用しない",
        f"{HOLDER}901 全社 花子",
    ):
        assert words in page
    assert f"{OTHER}000" not in page
    assert visit(world.staff).get("/desk/holders/000000000/").status_code == 404


@pytest.mark.req("G-133")
def test_the_restriction_is_lifted_with_a_reason(world: World, visit: Callable[..., Client]) -> None:
    holder = world.holder
    holder.addresses_restricted = True
    holder.save()
    holder.address_entries.create(network="192.0.2.1")
    path, client = f"/desk/holders/{HOLDER}/lift/", visit(world.staff)
    assert "IPアドレス制限の解除" in text(client.get(f"/desk/holders/{HOLDER}/"))
    assert client.post(path, {"reason": " "}).status_code == 422
    holder.refresh_from_db()
    assert holder.addresses_restricted
    reply = client.post(path, {"reason": "本人確認済み"}, follow=True)
    assert "IPアドレス制限を解除しました" in text(reply)
    assert visit(world.administrator).get("/menu/").status_code == 200
    assert last_mail("addresses-changed").to == world.administrator.mail
    event = AuditEvent.objects.get(event="addresses-lifted")
    assert (event.actor, event.subject, event.detail) == ("desk-1", HOLDER, {"reason": "本人確認済み"})


@pytest.mark.req("G-138")
def test_a_locked_administrator_is_let_in_again(world: World, visit: Callable[..., Client]) -> None:
    typed = {"login_id": world.administrator.login_id, "password": "Wrong-one.1"}
    for _ in range(5):
        Client().post("/login/", typed)
    assert Client().post("/login/", typed | {"password": PASSWORD}).status_code == 403
    visit(world.staff).post(f"/desk/holders/{HOLDER}/unlock/", {"reason": "電話"})
    assert visit(world.administrator).get("/menu/").status_code == 200
    assert AuditEvent.objects.get(event="unlocked").detail == {"reason": "電話"}


def test_a_password_goes_to_the_registered_address_only(world: World, visit: Callable[..., Client]) -> None:
    running, client = visit(world.administrator), visit(world.staff)
    assert world.administrator.mail in text(client.get(f"/desk/holders/{HOLDER}/reissue/"))
    reply = client.post(
        f"/desk/holders/{HOLDER}/reissue/", {"reason": "紛失", "mail": "thief@example.com"}, follow=True
    )
    mail = last_mail("password-reissued")
    assert mail.to == world.administrator.mail
    assert mail.secret not in text(reply)
    assert running.get("/menu/").headers["Location"] == "/session-ended/refused/"
    fresh = visit(world.administrator, password=mail.secret)
    assert fresh.get("/menu/").headers["Location"] == "/password/"
    assert AuditEvent.objects.get(event="password-reissued").detail == {"reason": "紛失"}


def test_a_holder_without_administrator_has_nobody_to_help(
    world: World, visit: Callable[..., Client]
) -> None:
    Holder.objects.create(code="555555555", name="新会社")
    client = visit(world.staff)
    assert "再発行" not in text(client.get("/desk/holders/555555555/"))
    for act in ("lift", "unlock", "reissue"):
        assert client.post(f"/desk/holders/555555555/{act}/", {"reason": "x"}).status_code == 404


READER = {
    "name": "全社 次郎",
    "mail": "jiro@example.com",
    "codes": OTHER,
    "confirmed": "on",
    "reason": "依頼書 4月1日",
}


@pytest.mark.req("G-022")
def test_an_id_for_the_whole_company_is_issued_changed_and_reset(
    world: World, visit: Callable[..., Client]
) -> None:
    client, path = visit(world.staff), f"/desk/holders/{HOLDER}/reader-new/"
    check = client.post(path, READER | {"step": "check"})
    assert f"{HOLDER} 見本商事" in text(check)
    sent = hidden(check) | {"step": "confirm"}
    for _ in range(2):
        assert "全社閲覧用IDを発行しました" in text(client.post(path, sent, follow=True))
    user = User.objects.get(login_id=f"{HOLDER}902")
    assert Mail.objects.filter(kind="reader-issued").count() == 1
    first = visit(user, password=last_mail("reader-issued").secret)
    assert first.get("/menu/").headers["Location"] == "/password/"
    assert f"{HOLDER}902" in text(client.get(f"/desk/holders/{OTHER}/")), "shown at every linked holder"

    Holder.objects.create(code="111111111", name="第三")
    change = READER | {"codes": "111111111", "active": "0"}
    confirm(client, f"/desk/readers/{user.login_id}/", change)
    user.refresh_from_db()
    assert [row.code for row in user.seen_holders()] == ["111111111", HOLDER]
    assert not user.active
    assert first.get("/menu/").status_code == 302

    client.post(f"/desk/readers/{user.login_id}/reset/", {"reason": "紛失"})
    assert last_mail("password-reissued").to == "jiro@example.com"
    events = AuditEvent.objects.filter(subject=user.login_id, actor="desk-1").order_by("id")
    assert [row.event for row in events] == ["reader-issued", "reader-changed", "reader-reset"]
    assert all(row.detail["reason"] for row in events)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"codes": ""}, "1件以上"),
        ({"codes": HOLDER}, "の他に、1件以上"),
        (
            {"codes": f"{OTHER} 111111111"},
            "登録されていない保険利用者コードがあります。直してください: 111111111",
        ),
        ({"codes": " ".join(f"{n:09}" for n in range(101))}, "100件まで"),
        ({"confirmed": ""}, "同じ法人であることを確認してから"),
        ({"reason": ""}, "理由を入力してください"),
    ],
)
def test_ids_that_are_not_issued(
    world: World, visit: Callable[..., Client], change: dict[str, str], fault: str
) -> None:
    before = User.objects.count()
    reply = visit(world.staff).post(
        f"/desk/holders/{HOLDER}/reader-new/", READER | change | {"step": "confirm"}
    )
    assert reply.status_code == 422
    assert fault in text(reply)
    assert User.objects.count() == before


def test_without_numbers_left_the_desk_is_told(world: World, visit: Callable[..., Client]) -> None:
    User.objects.filter(pk=world.company_reader.pk).update(login_id=f"{HOLDER}999")
    reply = confirm(visit(world.staff), f"/desk/holders/{HOLDER}/reader-new/", READER)
    assert reply.status_code == 409
    assert "999まですべて発行済み" in text(reply)


def test_other_users_cannot_be_changed_as_readers(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    for path in ("", "reset/"):
        assert client.post(f"/desk/readers/{world.applicant.login_id}/{path}").status_code == 404
