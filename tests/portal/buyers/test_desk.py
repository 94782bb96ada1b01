"""What the desk keeps of buyers."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from portal_stub.buyers.models import Buyer, Season
from portal_stub.history.models import AuditEvent
from portal_stub.pages.models import Notice
from tests.portal.conftest import World, hidden, text

Visit = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("directory")


def deed(client: Client, path: str, **typed: str) -> Any:
    """From entry to completion."""
    check = client.post(path, {**typed, "step": "check"})
    assert "確定する" in text(check), text(check)
    return client.post(path, {**hidden(check), "step": "confirm"}, follow=True)


def candidates() -> set[str]:
    return set(Buyer.objects.filter(sleeping_candidate=True).values_list("code", flat=True))


@pytest.mark.req("K-051")
def test_the_season_is_set_once_and_announced(world: World, visit: Visit) -> None:
    client, days = visit(world.staff), {"opens": "2026-04-01", "closes": "2026-04-30"}
    assert 'href="/desk/buyers/"' in client.get("/desk/").content.decode()
    done = deed(client, "/desk/buyers/season/", **days)
    assert "解除期間を設定し、お知らせに登録しました" in text(done)
    assert "2026/04/01 2026/04/30 受付中" in text(done)
    assert Season.on(date(2026, 4, 30)) is not None
    assert Notice.objects.count() == 1
    assert AuditEvent.objects.get(event="season-set").actor == world.staff.login_id
    again = client.post("/desk/buyers/season/", {**days, "step": "check"})
    assert again.status_code == 422
    assert "重なっています" in text(again)


@pytest.mark.parametrize(
    ("opens", "closes", "words"),
    [
        ("2026-03-31", "2026-04-30", "2026/04/01以降"),
        ("2026-04-02", "2026-04-01", "開始日以後"),
        ("", "2026-04-01", "開始日を入力"),
    ],
)
def test_a_season_that_cannot_be(world: World, visit: Visit, opens: str, closes: str, words: str) -> None:
    reply = visit(world.staff).post(
        "/desk/buyers/season/", {"opens": opens, "closes": closes, "step": "check"}
    )
    assert reply.status_code == 422
    assert words in text(reply)
    assert Season.objects.count() == 0


def test_candidates_are_replaced_as_a_whole(world: World, visit: Visit) -> None:
    client = visit(world.staff)
    assert "105000002" in client.get("/desk/buyers/candidates/").content.decode()
    done = deed(client, "/desk/buyers/candidates/", codes="105000001\n\n304000001\n105000001\n")
    assert "スリーピング候補バイヤーを設定しました" in text(done)
    assert "現在の候補: 2件" in text(done)
    assert candidates() == {"105000001", "304000001"}
    deed(client, "/desk/buyers/candidates/", codes="")
    assert candidates() == set()


def test_unknown_codes_are_named_with_their_line(world: World, visit: Visit) -> None:
    reply = visit(world.staff).post(
        "/desk/buyers/candidates/", {"codes": "105000001\n999999999\nx", "step": "check"}
    )
    assert reply.status_code == 422
    assert "2行目「999999999」は海外商社名簿にありません" in text(reply)
    assert "3行目「x」" in text(reply)
    assert candidates() == {"105000002"}


def test_who_only_reads_sets_nothing(world: World, visit: Visit) -> None:
    client = visit(world.staff_reader)
    assert "解除期間を設定する" not in text(client.get("/desk/buyers/"))
    assert client.get("/desk/buyers/season/").status_code == 403
    assert client.get("/desk/buyers/candidates/").status_code == 403
