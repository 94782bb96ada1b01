"""お知らせ and お問い合わせ先, as the desk keeps them and users see them."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal_stub.history.models import AuditEvent
from portal_stub.pages.models import Notice, Office
from tests.portal.conftest import World
from tests.portal.desk.test_staff import confirm
from tests.portal.pages import Part, page_of

NOTICE = {"title": "休業のお知らせ", "body": "一行目\n\n二行目", "shown_from": "2026-04-01", "shown_to": ""}
OFFICE = {"business": "契約", "office": "契約課", "phone": "03-1111-2222", "hours": "平日 9:00～17:20"}


def shown(address: str = "/notices/") -> list[str]:
    """Titles of the notices that everybody sees."""
    titles = page_of(Client().get(address)).find("ul.notices > li > strong")
    return [Part([title]).text for title in titles]


def order() -> list[str]:
    """What お問い合わせ lists, from top to bottom."""
    page = page_of(Client().get("/contact/"))
    return [row.head for table in page.tables for row in table.rows]


@pytest.mark.req("S-006")
def test_a_notice_is_previewed_and_then_seen_by_everybody(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    check = client.post("/desk/notice-new/", NOTICE | {"step": "check"})
    preview = page_of(check).section("表示のプレビュー")
    assert preview.lines[1:] == ["2026年4月1日 休業のお知らせ", "一行目", "二行目"]
    assert not Notice.objects.exists()
    reply = confirm(client, "/desk/notice-new/", NOTICE)
    assert reply.headers["Location"] == "/desk/notices/?done=notice-added"
    assert Notice.objects.get().body == "一行目\n\n二行目"
    assert shown("/") == ["休業のお知らせ"]
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
    assert shown() == ["今日まで"]
    listed = page_of(client.get("/desk/notices/")).table("お知らせの表")
    states = {row.head: (row["掲載開始日"], row["掲載終了日"], row["状態"]) for row in listed.rows}
    assert states == {
        "先のもの": ("2026/04/02", "期限なし", "掲載前"),
        "今日まで": ("2026/03/01", "2026/04/01", "掲載中"),
        "昨日まで": ("2026/03/01", "2026/03/31", "終了"),
    }


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"title": ""}, "表題を入力してください。"),
        ({"shown_from": "令和8年4月1日"}, "掲載開始日は 2026-04-01 の形の、暦にある日付で入力してください。"),
        ({"shown_from": "2026-02-30"}, "掲載開始日は 2026-04-01 の形の、暦にある日付で入力してください。"),
        ({"shown_to": "2026-03-31"}, "掲載終了日は、掲載開始日以後の日付にしてください。"),
        (
            {"body": "一行目\n\x07"},
            "本文に使えない文字（機種依存文字・絵文字など）があります。別の文字に直してください。",
        ),
        ({"body": "あ" * 2001}, "本文は2000文字以内で入力してください（入力された文字数: 2001）。"),
    ],
)
def test_notices_that_are_refused(
    world: World, visit: Callable[..., Client], change: dict[str, str], fault: str
) -> None:
    reply = visit(world.staff).post("/desk/notice-new/", NOTICE | change | {"step": "confirm"})
    [item] = change
    assert page_of(reply, 422).errors == {item: fault}
    assert not Notice.objects.exists()


@pytest.mark.req("S-006")
def test_a_notice_is_changed_and_ended(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    confirm(client, "/desk/notice-new/", NOTICE)
    path = f"/desk/notices/{Notice.objects.get().pk}/"
    confirm(client, path, NOTICE | {"title": "訂正"})
    assert shown() == ["訂正"]
    assert list(page_of(client.get(f"{path}end/")).buttons) == ["OK"]
    assert shown() == ["訂正"], "asking ends nothing"
    client.post(f"{path}end/")
    assert shown() == []
    assert page_of(client.get("/desk/notices/")).table("お知らせの表").row("訂正")["状態"] == "終了"
    assert client.get("/desk/notices/999/").status_code == 404


@pytest.mark.req("S-048", "S-049")
def test_offices_are_added_changed_ordered_and_deleted(world: World, visit: Callable[..., Client]) -> None:
    client = visit(world.staff)
    for business in ("一番", "二番", "三番"):
        confirm(client, "/desk/office-new/", OFFICE | {"business": business})

    assert order() == ["一番", "二番", "三番"]
    third = Office.objects.get(business="三番")
    client.post(f"/desk/offices/{third.pk}/move/", {"to": "up"})
    assert order() == ["一番", "三番", "二番"]
    for _ in range(3):  # at the end nothing moves
        client.post(f"/desk/offices/{third.pk}/move/", {"to": "up"})
    assert order() == ["三番", "一番", "二番"]
    client.post(f"/desk/offices/{third.pk}/move/", {"to": "down"})
    client.post(f"/desk/offices/{third.pk}/move/", {"to": "elsewhere"})
    assert order() == ["一番", "三番", "二番"]
    confirm(client, f"/desk/offices/{third.pk}/", OFFICE | {"business": "三番", "phone": "03-9"})
    row = page_of(Client().get("/contact/")).table("業務別のお問い合わせ先").row("三番")
    assert (row["部署"], row["電話番号"], row["受付時間"]) == ("契約課", "03-9", "平日 9:00～17:20")
    assert client.get(f"/desk/offices/{third.pk}/delete/").status_code == 200
    assert Office.objects.filter(pk=third.pk).exists()
    client.post(f"/desk/offices/{third.pk}/delete/")
    assert order() == ["一番", "二番"]
    assert AuditEvent.objects.get(event="office-deleted").detail["business"] == "三番"


def test_an_office_needs_business_and_department(world: World, visit: Callable[..., Client]) -> None:
    reply = visit(world.staff).post("/desk/office-new/", {"phone": "abc", "step": "check"})
    assert page_of(reply, 422).errors == {
        "business": "業務を入力してください。",
        "office": "部署を入力してください。",
        "phone": "電話番号は半角の数字とハイフンで入力してください（例: 03-1234-5678）。",
    }
