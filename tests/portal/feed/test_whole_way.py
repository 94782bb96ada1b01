"""From a held submission over the desk's page to its booking, and back to the page."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assets.feed import feed_portal
from daicho.desk import take
from portal_stub.buyers.models import Country
from portal_stub.feed.models import DeskRequest
from sensors.windows import TOKYO
from tests import kit
from tests.homes import TUESDAY, Home, loaded, print_quickly
from tests.portal.conftest import Hand, World, hidden, text

__all__ = ["loaded"]
Visit = Callable[..., Client]
LATE = kit.enterprise_row(export_contract_no="LATE-1", contract_date="20180928")


@pytest.fixture
def home(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hand: Hand, world: World) -> Home:
    """A home whose portal is the one of this test."""
    shutil.copytree(loaded, tmp_path / "home")
    here = Home(tmp_path / "home")
    monkeypatch.setenv("DAICHO_HOME", str(here.path))
    (here.path / "portal.db").touch()  # a run looks for it; in here the database is that of the tests
    hand.at = datetime.fromisoformat(TUESDAY).replace(tzinfo=TOKYO)
    print_quickly(monkeypatch)
    return here


def intake(home: Home) -> None:
    """The stages of an intake run that matter here, without Dagster around them."""
    take(home.at())
    home.decide()
    feed_portal(home.at())


@pytest.mark.slow
def test_a_held_submission_is_released_on_the_page_and_processed(
    home: Home, world: World, visit: Visit
) -> None:
    held = home.submit([LATE], name="遅れた申込み.csv")["submission_id"]
    assert home.cli("run", "intake").code == 0
    client = visit(world.staff)
    page = text(client.get("/desk/uploads/", {"held": "on"}))
    assert held in page
    assert "遅れた申込み.csv" in page
    address = f"/desk/uploads/{held}/"
    page = text(client.get(address))
    assert "保留中です" in page
    assert "late-application" in page
    check = client.post(
        f"{address}decide/", {"step": "check", "wish": "release", "reason": "台風による遅れを確認した"}
    )
    client.post(f"{address}decide/", hidden(check) | {"step": "confirm"})
    assert "送信済み・反映待ち" in text(client.get(address))
    ran = home.cli("run", "intake", "--json")
    assert ran.json["processed"] == [held]
    page = text(client.get(address))
    for words in (
        "処理完了",
        "18,400円",
        "反映済み",
        "保留を解除しました",
        "台風による遅れを確認した",
        "モニタリスト",
    ):
        assert words in page, words
    assert "保留中です" not in page
    [event] = home.events("hold-release")
    assert (event["actor"], event["reason"]) == ("審査 一郎", "台風による遅れを確認した")
    assert home.verify(TUESDAY) == []


def test_a_decision_that_comes_too_late_is_told_on_the_page(home: Home, world: World, visit: Visit) -> None:
    held = home.submit([LATE])["submission_id"]
    home.decide()
    feed_portal(home.at())
    client, address = visit(world.staff), f"/desk/uploads/{held}/"
    check = client.post(f"{address}decide/", {"step": "check", "wish": "refuse", "reason": "期限切れ"})
    client.post(f"{address}decide/", hidden(check) | {"step": "confirm"})
    assert home.cli("decide", held, "--release", "--by", "夜間 当番", "--reason", "電話で確認").code == 0
    intake(home)
    page = text(client.get(address))
    assert "却下" in page
    assert "保留されていません" in page
    assert "処理完了" in page


def test_reference_tables_go_the_same_way(home: Home, world: World, visit: Visit) -> None:
    client = visit(world.staff_supervisor)

    def load(content: str) -> str:
        file = SimpleUploadedFile("country_categories.csv", content.encode(), "text/csv")
        address = str(client.post("/desk/tables/", {"files": [file]}).headers["Location"])
        client.post(address, {"step": "confirm", "reason": "新しい国の追加"})
        intake(home)
        return text(client.get(address))

    header = "country,valid_from,name,category\n"
    assert "反映済み" in load(header + "999,2018-11-01,新しい国,A\n")
    assert Country.objects.get(pk="999").name == "新しい国"
    page = load(header + "998,2018-11-01,変な国,Z\n")
    assert "却下" in page
    assert "category の値「Z」" in page
    assert not Country.objects.filter(pk="998").exists()
    assert sorted(DeskRequest.objects.values_list("state", flat=True)) == ["done", "refused"]
