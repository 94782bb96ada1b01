"""保険利用者 at the desk: search, detail, and what is done on request."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_stub.accounts.models import Holder, User
from portal_stub.history.models import AuditEvent
from portal_stub.mails.models import Mail
from tests.portal.conftest import HOLDER, OTHER, PASSWORD, Hand, World, hidden, last_mail
from tests.portal.desk.test_staff import confirm
from tests.portal.pages import page_of, page_without


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
    page = page_of(visit(world.staff).get("/desk/holders/", {"q": query}))
    assert [row.head for table in page.tables for row in table.rows] == found
    nothing = "該当する保険利用者はありません。条件を変えて、もう一度検索してください。"
    assert page.statuses == ([] if found else [nothing])


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
    page = page_of(client.get("/desk/holders/"))
    table = page.table("保険利用者の表")
    assert (table.caption, len(table.rows)) == ("保険利用者（62件）", 50)
    assert page.pager == "1／2ページ（1～50件目）"


def test_the_detail_shows_users_with_their_states(
    world: World, visit: Callable[..., Client], hand: Hand
) -> None:
    User.objects.filter(pk=world.applicant.pk).update(active=False)
    User.objects.filter(pk=world.reader.pk).update(locked_until=hand.at + timedelta(minutes=1))
    page = page_of(visit(world.staff).get(f"/desk/holders/{HOLDER}/"))
    users = page.table("管理者と申込者")
    assert {row.head: (row["種別"], row["氏名"], row["状態"]) for row in users.rows} == {
        world.administrator.login_id: ("Webユーザー（管理者）", "日本 太郎", "有効"),
        world.applicant.login_id: ("Webユーザー（申込者）", "貿易 花子", "無効"),
        world.enterer.login_id: ("Webユーザー（申込者）", "入力 次郎", "有効"),
        world.reader.login_id: ("Webユーザー（申込者）", "閲覧 三郎", "有効（ロック中）"),
    }
    assert page.facts["ワンタイムパスワード利用"] == "利用しない"
    assert f"{HOLDER[:8]}1（企業総合保険）" in page.sentences
    assert f"{HOLDER}901" in [row.head for table in page.tables for row in table.rows]
    assert visit(world.staff).get("/desk/holders/000000000/").status_code == 404


@pytest.mark.req("G-133")
def test_the_restriction_is_lifted_with_a_reason(world: World, visit: Callable[..., Client]) -> None:
    holder = world.holder
    holder.addresses_restricted = True
    holder.save()
    holder.address_entries.create(network="192.0.2.1")
    path, client = f"/desk/holders/{HOLDER}/lift/", visit(world.staff)
    assert page_of(client.get(f"/desk/holders/{HOLDER}/")).links["IPアドレス制限の解除"] == path
    empty = page_of(client.post(path, {"reason": " "}), 422)
    assert empty.errors == {"reason": "理由を入力してください。"}
    holder.refresh_from_db()
    assert holder.addresses_restricted
    reply = client.post(path, {"reason": "本人確認済み"}, follow=True)
    page = page_of(reply)
    assert page.status == "IPアドレス制限を解除しました。Webユーザー（管理者）にメールでお知らせしました。"
    assert "IPアドレス制限の解除" not in page.links
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
    question = page_of(client.get(f"/desk/holders/{HOLDER}/reissue/"))
    assert world.administrator.mail in question.facts.values()
    assert list(question.fields) == ["reason"], "no address to type"
    reply = client.post(
        f"/desk/holders/{HOLDER}/reissue/", {"reason": "紛失", "mail": "thief@example.com"}, follow=True
    )
    mail = last_mail("password-reissued")
    assert mail.to == world.administrator.mail
    page = page_without(reply, mail.secret)
    assert page.status == "新しいパスワードを、登録メールアドレスに送信しました。"
    assert running.get("/menu/").headers["Location"] == "/session-ended/refused/"
    fresh = visit(world.administrator, password=mail.secret)
    assert fresh.get("/menu/").headers["Location"] == "/password/"
    assert AuditEvent.objects.get(event="password-reissued").detail == {"reason": "紛失"}


def test_a_holder_without_administrator_has_nobody_to_help(
    world: World, visit: Callable[..., Client]
) -> None:
    Holder.objects.create(code="555555555", name="新会社")
    client = visit(world.staff)
    page = page_of(client.get("/desk/holders/555555555/"))
    assert page.heading == "新会社"
    assert page.find(".actions a") == []
    assert page_of(client.get(f"/desk/holders/{HOLDER}/")).find(".actions a") != []
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
    assert f"{HOLDER} 見本商事" in page_of(check).facts.values()
    assert list(page_of(check).buttons) == ["確定する", "修正する"]
    sent = hidden(check) | {"step": "confirm"}
    for _ in range(2):
        done = page_of(client.post(path, sent, follow=True))
        assert done.status == (
            "全社閲覧用IDを発行しました。初期パスワードは、利用者のメールアドレスに送信しました。"
        )
    user = User.objects.get(login_id=f"{HOLDER}902")
    assert Mail.objects.filter(kind="reader-issued").count() == 1
    first = visit(user, password=last_mail("reader-issued").secret)
    assert first.get("/menu/").headers["Location"] == "/password/"
    linked = page_of(client.get(f"/desk/holders/{OTHER}/"))
    heads = [row.head for table in linked.tables for row in table.rows]
    assert f"{HOLDER}902" in heads, "shown at every linked holder"

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
        ({"codes": ""}, "参照する他の保険利用者コードを1件以上入力してください。"),
        ({"codes": HOLDER}, f"この保険利用者コード {HOLDER} の他に、1件以上入力してください。"),
        (
            {"codes": f"{OTHER} 111111111"},
            "登録されていない保険利用者コードがあります。直してください: 111111111",
        ),
        (
            {"codes": " ".join(f"{n:09}" for n in range(101))},
            "登録できるのは100件までです（入力: 101件）。件数を減らしてください。",
        ),
        ({"confirmed": ""}, "同じ法人であることを確認してから、チェックを付けてください。"),
        ({"reason": ""}, "理由を入力してください。"),
    ],
)
def test_ids_that_are_not_issued(
    world: World, visit: Callable[..., Client], change: dict[str, str], fault: str
) -> None:
    before = User.objects.count()
    reply = visit(world.staff).post(
        f"/desk/holders/{HOLDER}/reader-new/", READER | change | {"step": "confirm"}
    )
    [item] = change
    assert page_of(reply, 422).errors == {item: fault}
    assert User.objects.count() == before


def test_without_numbers_left_the_desk_is_told(world: World, visit: Callable[..., Client]) -> None:
    User.objects.filter(pk=world.company_reader.pk).update(login_id=f"{HOLDER}999")
    reply = confirm(visit(world.staff), f"/desk/holders/{HOLDER}/reader-new/", READER)
    [told] = page_of(reply, 409).callouts
    assert told == (
        "この保険利用者コードの番号は、999まですべて発行済みです。同じ法人の別の保険利用者コードで発行してください。"
    )


def test_other_users_cannot_be_changed_as_readers(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    for path in ("", "reset/"):
        assert client.post(f"/desk/readers/{world.applicant.login_id}/{path}").status_code == 404
