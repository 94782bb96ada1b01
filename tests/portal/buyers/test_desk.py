"""What the desk keeps of buyers."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from portal_stub.buyers.models import Buyer, Season
from portal_stub.history.models import AuditEvent
from portal_stub.pages.models import Notice
from tests.portal.conftest import World, hidden
from tests.portal.pages import page_of

Visit = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("directory")


def deed(client: Client, path: str, **typed: str) -> Any:
    """From entry to completion."""
    check = client.post(path, {**typed, "step": "check"})
    assert list(page_of(check).buttons) == ["確定する", "修正する"]
    return client.post(path, {**hidden(check), "step": "confirm"}, follow=True)


def candidates() -> set[str]:
    return set(Buyer.objects.filter(sleeping_candidate=True).values_list("code", flat=True))


@pytest.mark.req("K-051")
def test_the_season_is_set_once_and_announced(world: World, visit: Visit) -> None:
    client, days = visit(world.staff), {"opens": "2026-04-01", "closes": "2026-04-30"}
    assert page_of(client.get("/desk/")).cards["海外商社"].href == "/desk/buyers/"
    done = page_of(deed(client, "/desk/buyers/season/", **days))
    assert done.status == "スリーピング候補バイヤー解除期間を設定し、お知らせに登録しました。"
    [row] = done.table("設定した期間").rows
    assert list(row.values()) == ["2026/04/01", "2026/04/30", "受付中"]
    assert Season.on(date(2026, 4, 30)) is not None
    assert Notice.objects.count() == 1
    assert AuditEvent.objects.get(event="season-set").actor == world.staff.login_id
    again = client.post("/desk/buyers/season/", {**days, "step": "check"})
    assert page_of(again, 422).error_summary == [
        "この期間は、登録済みのスリーピング候補バイヤー解除期間と重なっています。"
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "words"),
    [
        ("2026-03-31", "2026-04-30", "開始日は2026/04/01以降の日付を入力してください。"),
        ("2026-04-02", "2026-04-01", "終了日は開始日以後の日付にしてください。"),
        ("", "2026-04-01", "開始日を入力してください。"),
    ],
)
def test_a_season_that_cannot_be(world: World, visit: Visit, opens: str, closes: str, words: str) -> None:
    reply = visit(world.staff).post(
        "/desk/buyers/season/", {"opens": opens, "closes": closes, "step": "check"}
    )
    assert page_of(reply, 422).error_summary == [words]
    assert Season.objects.count() == 0


def test_candidates_are_replaced_as_a_whole(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    assert page_of(client.get("/desk/buyers/candidates/")).fields["codes"].value == "105000002"
    done = page_of(deed(client, "/desk/buyers/candidates/", codes="105000001\n\n304000001\n105000001\n"))
    assert done.status == "スリーピング候補バイヤーを設定しました。"
    assert done.section("スリーピング候補バイヤー").sentences[0] == "現在の候補: 2件"
    assert candidates() == {"105000001", "304000001"}
    deed(client, "/desk/buyers/candidates/", codes="")
    assert candidates() == set()


def test_unknown_codes_are_named_with_their_line(world: World, visit: Visit) -> None:
    reply = visit(world.staff).post(
        "/desk/buyers/candidates/", {"codes": "105000001\n999999999\nx", "step": "check"}
    )
    assert page_of(reply, 422).error_summary == [
        "2行目「999999999」は海外商社名簿にありません。",
        "3行目「x」は海外商社名簿にありません。",
    ]
    assert candidates() == {"105000002"}


def test_who_only_reads_sets_nothing(world: World, visit: Visit) -> None:
    client = visit(world.staff_reader)
    offered = set(page_of(visit(world.staff).get("/desk/buyers/")).links)
    fewer = offered - set(page_of(client.get("/desk/buyers/")).links)
    assert fewer == {"解除期間を設定する", "候補を設定する"}
    assert client.get("/desk/buyers/season/").status_code == 403
    assert client.get("/desk/buyers/candidates/").status_code == 403
