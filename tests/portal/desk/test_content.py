"""お知らせ and お問い合わせ先, as the desk keeps them and users see them."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.history.models import AuditEvent
from portal_stub.pages.models import Notice, Office
from tests.portal.conftest import World, text
from tests.portal.desk.test_staff import confirm

NOTICE = {"title": "休業のお知らせ", "body": "一行目\n\n二行目", "shown_from": "2026-04-01", "shown_to": ""}
OFFICE = {"business": "契約", "office": "契約課", "phone": "03-1111-2222", "hours": "平日 9:00～17:20"}


@pytest.mark.req("S-006")
def test_a_notice_is_previewed_and_then_seen_by_everybody(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    check = client.post("/desk/notice-new/", NOTICE | {"step": "check"})
    assert "2026年4月1日 休業のお知らせ 一行目 二行目" in text(check)
    assert not Notice.objects.exists()
    reply = confirm(client, "/desk/notice-new/", NOTICE)
    assert reply.headers["Location"] == "/desk/notices/?done=notice-added"
    assert Notice.objects.get().body == "一行目\n\n二行目"
    assert "休業のお知らせ" in text(Client().get("/"))
    assert AuditEvent.objects.get(event="notice-added").actor == "desk-1"


def test_sent_twice_it_is_one(world: World, visit: Callable[..., Client]) -> None:
    from tests.portal.conftest import hidden

    client = visit(world.staff)
    for path, typed in (("/desk/notice-new/", NOTICE), ("/desk/office-new/", OFFICE)):
        sent = hidden(client.post(path, typed | {"step": "check"})) | {"step": "confirm"}
        assert client.post(path, sent).status_code == client.post(path, sent).status_code == 302
    assert (Notice.objects.count(), Office.objects.count()) == (1, 1)


@pytest.mark.req("S-006")
def test_a_notice_is_shown_from_its_first_to_its_last_day(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    for title, first, last in (
        ("先のもの", "2026-04-02", ""),
        ("今日まで", "2026/03/01", "20260401"),
        ("昨日まで", "2026-03-01", "2026-03-31"),
    ):
        confirm(client, "/desk/notice-new/", {"title": title, "shown_from": first, "shown_to": last})
    public = text(Client().get("/notices/"))
    assert ["先のもの" in public, "今日まで" in public, "昨日まで" in public] == [False, True, False]
    listed = text(client.get("/desk/notices/"))
    for words in ("先のもの 2026/04/02 期限なし 掲載前", "2026/04/01 掲載中", "2026/03/31 終了"):
        assert words in listed


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"title": ""}, "表題を入力してください"),
        ({"shown_from": "令和8年4月1日"}, "暦にある日付"),
        ({"shown_from": "2026-02-30"}, "暦にある日付"),
        ({"shown_to": "2026-03-31"}, "掲載開始日以後"),
        ({"body": "一行目\n\x07"}, "使えない文字"),
        ({"body": "あ" * 2001}, "2000文字以内"),
    ],
)
def test_notices_that_are_refused(
    world: World, visit: Callable[..., Client], change: dict[str, str], fault: str
) -> None:
    reply = visit(world.staff).post("/desk/notice-new/", NOTICE | change | {"step": "confirm"})
    assert reply.status_code == 422
    assert fault in text(reply)
    assert not Notice.objects.exists()


@pytest.mark.req("S-006")
def test_a_notice_is_changed_and_ended(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    confirm(client, "/desk/notice-new/", NOTICE)
    path = f"/desk/notices/{Notice.objects.get().pk}/"
    confirm(client, path, NOTICE | {"title": "訂正"})
    assert "訂正" in text(Client().get("/notices/"))
    assert client.get(f"{path}end/").status_code == 200
    assert "訂正" in text(Client().get("/notices/")), "asking ends nothing"
    client.post(f"{path}end/")
    assert "訂正" not in text(Client().get("/notices/"))
    assert "終了" in text(client.get("/desk/notices/"))
    assert client.get("/desk/notices/999/").status_code == 404


@pytest.mark.req("S-048", "S-049")
def test_offices_are_added_changed_ordered_and_deleted(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    for business in ("一番", "二番", "三番"):
        confirm(client, "/desk/office-new/", OFFICE | {"business": business})

    def order() -> str:
        words = text(Client().get("/contact/"))
        return "".join(sorted("一二三", key=lambda sign: words.index(f"{sign}番")))

    assert order() == "一二三"
    third = Office.objects.get(business="三番")
    client.post(f"/desk/offices/{third.pk}/move/", {"to": "up"})
    assert order() == "一三二"
    for _ in range(3):  # at the end nothing moves
        client.post(f"/desk/offices/{third.pk}/move/", {"to": "up"})
    assert order() == "三一二"
    client.post(f"/desk/offices/{third.pk}/move/", {"to": "down"})
    client.post(f"/desk/offices/{third.pk}/move/", {"to": "elsewhere"})
    assert order() == "一三二"
    confirm(client, f"/desk/offices/{third.pk}/", OFFICE | {"business": "三番", "phone": "03-9"})
    assert "03-9" in text(Client().get("/contact/"))
    assert client.get(f"/desk/offices/{third.pk}/delete/").status_code == 200
    assert Office.objects.filter(pk=third.pk).exists()
    client.post(f"/desk/offices/{third.pk}/delete/")
    assert "三番" not in text(Client().get("/contact/"))
    assert AuditEvent.objects.get(event="office-deleted").detail["business"] == "三番"


def test_an_office_needs_business_and_department(world: World, visit: Callable[..., Client]) -> None:
    reply = visit(world.staff).post("/desk/office-new/", {"phone": "abc", "step": "check"})
    for fault in ("業務を入力してください", "部署を入力してください", "半角の数字とハイフン"):
        assert fault in text(reply)
