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
from tests.homes import TUESDAY, Home, loaded
from tests.portal.conftest import Hand, World, hidden
from tests.portal.pages import page_of

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
    [row] = page_of(client.get("/desk/uploads/", {"held": "on"})).table().rows
    assert (row["受付番号"], row["ファイル名・保険種"].split("\n")[0]) == (held, "遅れた申込み.csv")
    address = f"/desk/uploads/{held}/"
    callout = page_of(client.get(address)).section("保留中です")
    assert callout.sentences[1] == "決定が必要な検出事項: late-application（2018/11/06 10:00から）"
    assert list(callout.links) == ["保留を解除する／申請内容要確認にする"]
    check = client.post(
        f"{address}decide/", {"step": "check", "wish": "release", "reason": "台風による遅れを確認した"}
    )
    client.post(f"{address}decide/", hidden(check) | {"step": "confirm"})
    page = page_of(client.get(address))
    assert page.section("保留中です").status == "決定を送信済みです。次の処理で反映されます。"
    assert page.section("デスクの決定").table().column("状態") == ["送信済み・反映待ち"]
    ran = home.cli("run", "intake", "--json")
    assert ran.json["processed"] == [held]
    page = page_of(client.get(address))
    assert "保留中です" not in page.headings
    assert (page.facts["状況"], page.facts["保険料合計"]) == ("処理完了", "18,400円")
    [decided] = page.section("デスクの決定").table().rows
    assert dict(list(decided.items())[1:]) == {
        "決定": "保留を解除",
        "担当者": "審査 一郎（desk-1）",
        "理由": "台風による遅れを確認した",
        "状態": f"反映済み\n申請 {held} の保留を解除しました。次の処理で審査します。",
    }
    assert "モニタリスト" in page.section("帳票").table().column("種類")
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
    page = page_of(client.get(address))
    assert page.section("デスクの決定").table().column("状態") == [
        f"却下\n申請 {held} は保留されていません。 保留中の申請だけ決定できます。"
    ]
    assert page.facts["状況"] == "処理完了"


def test_reference_tables_go_the_same_way(home: Home, world: World, visit: Visit) -> None:
    client = visit(world.staff_supervisor)

    def load(content: str) -> tuple[str, str]:
        """状態 and 回答 after the next processing."""
        file = SimpleUploadedFile("country_categories.csv", content.encode(), "text/csv")
        address = str(client.post("/desk/tables/", {"files": [file]}).headers["Location"])
        client.post(address, {"step": "confirm", "reason": "新しい国の追加"})
        intake(home)
        facts = page_of(client.get(address)).facts
        return facts["状態"], facts.get("回答", "")

    header = "country,valid_from,name,category\n"
    assert load(header + "999,2018-11-01,新しい国,A\n") == (
        "反映済み（2018/11/06 10:00）",
        "参照表を読み込みました(country_categories 1行)。計上済みの保険料は変わりません。",
    )
    assert Country.objects.get(pk="999").name == "新しい国"
    state, why = load(header + "998,2018-11-01,変な国,Z\n")
    assert state == "却下（2018/11/06 10:00）"
    assert "category の値「Z」" in why
    assert not Country.objects.filter(pk="998").exists()
    assert sorted(DeskRequest.objects.values_list("state", flat=True)) == ["done", "refused"]
