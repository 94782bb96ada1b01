"""海外商社格付変更一覧: which changes, conditions, order, CSV (I-003, I-004)."""

import csv
import io
from datetime import date
from typing import Any

import pytest

from portal_stub.feed.models import RatingChange
from tests.portal.conftest import Hand, World
from tests.portal.inquiries.conftest import Visit
from tests.portal.pages import page_of

pytestmark = pytest.mark.usefixtures("directory")


def change(code: str, day: date, former: str = "EA", new: str = "EF") -> None:
    RatingChange.objects.create(code=code, valid_from=day, former=former, new=new)


def shown(reply: Any) -> list[tuple[str, str]]:
    return [(row.code, f"{row.valid_from}") for row, _ in reply.context["rows"]]


@pytest.mark.req("I-003")
def test_a_change_is_told_with_day_and_both_ratings(world: World, visit: Visit) -> None:
    change("105000001", date(2026, 2, 1), "EA", "EM")
    [row] = page_of(visit(world.reader).get("/rating-changes/")).table("検索結果").rows
    assert row["バイヤー名称"].startswith("EXAMPLE SHANGHAI CO., LTD.")
    told = [value for title, value in row.items() if title != "バイヤー名称"]
    assert told == ["2026/02/01", "105000001", "中華人民共和国", "EA", "EM"]


@pytest.mark.req("I-004")
def test_the_last_twelve_months_newest_first_and_nothing_to_come(
    world: World, visit: Visit, hand: Hand
) -> None:
    for code, day in (
        ("105000001", date(2025, 4, 1)),
        ("105000002", date(2025, 3, 31)),
        ("304000001", date(2026, 4, 1)),
        ("304000002", date(2026, 4, 2)),
    ):
        change(code, day)
    client = visit(world.reader)
    assert shown(client.get("/rating-changes/")) == [("304000001", "2026-04-01"), ("105000001", "2025-04-01")]
    asked = client.get("/rating-changes/", {"since": "2020-01-01", "until": "2030-01-01"})
    assert shown(asked) == shown(client.get("/rating-changes/")), "no condition shows more"
    hand.on(days=1)
    assert shown(visit(world.reader).get("/rating-changes/"))[0] == ("304000002", "2026-04-02")


@pytest.mark.req("I-004")
def test_country_code_and_days_narrow_the_list(world: World, visit: Visit) -> None:
    change("105000001", date(2026, 1, 1))
    change("105000002", date(2026, 2, 1))
    change("304000001", date(2026, 3, 1))
    client = visit(world.reader)
    for conditions, codes in (
        ({"country": "105"}, ["105000002", "105000001"]),
        ({"country": "アメリカ"}, ["304000001"]),
        ({"code": "1050000"}, ["105000002", "105000001"]),
        ({"code": "105000001"}, ["105000001"]),
        ({"since": "2026-02-01"}, ["304000001", "105000002"]),
        ({"until": "2026-02-01"}, ["105000002", "105000001"]),
        ({"country": "105", "since": "2026-02-01"}, ["105000002"]),
    ):
        assert [code for code, _ in shown(client.get("/rating-changes/", conditions))] == codes, conditions
    for wrong in ({"country": "火星"}, {"code": "x"}, {"since": "2026-02-30"}):
        reply = client.get("/rating-changes/", wrong)
        assert (reply.status_code, shown(reply)) == (422, [])
    turned = client.get("/rating-changes/", {"since": "2026-03-01", "until": "2026-02-01"})
    assert list(page_of(turned, 422).errors) == ["until"]


@pytest.mark.req("I-004")
def test_the_csv_has_what_is_found_and_all_of_it(world: World, visit: Visit) -> None:
    for day in range(1, 29):
        change("105000001", date(2026, 1, day))
        change("304000001", date(2026, 1, day), "EF", "EA")
    change("999000001", date(2026, 2, 1))
    client = visit(world.reader)
    reply = client.get("/rating-changes/file/", {"country": "105"})
    assert reply.headers["Content-Disposition"] == 'attachment; filename="rating_changes_20260401.csv"'
    content = b"".join(reply.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["効力発生日"] for row in rows] == [f"2026/01/{day:02}" for day in range(28, 0, -1)]
    assert rows[0] == {
        "効力発生日": "2026/01/28",
        "バイヤーコード": "105000001",
        "バイヤー名称": "EXAMPLE SHANGHAI CO., LTD.",
        "国コード": "105",
        "所在国": "中華人民共和国",
        "変更前の格付": "EA",
        "変更前の格付の説明": "民間企業",
        "変更後の格付": "EF",
        "変更後の格付の説明": "民間企業",
    }
    everything = b"".join(client.get("/rating-changes/file/").streaming_content).decode("utf-8-sig")
    assert len(everything.splitlines()) == 1 + 57, "one that the directory does not know, too"
    assert client.get("/rating-changes/file/", {"code": "x"}).status_code == 302


@pytest.mark.req("I-029")
def test_the_list_is_open_before_the_one_time_password(world: World, visit: Visit) -> None:
    world.holder.otp_required = True
    world.holder.save()
    client = visit(world.applicant)
    assert client.get("/rating-changes/").status_code == 200
    assert client.get("/buyer-data/").status_code == 200
    for address in ("/contract-data/", "/loss-data/", "/claims-lists/"):
        reply = client.get(address)
        assert page_of(reply, 403).heading == "ワンタイムパスワードにより保護されています", address
    opened = visit(world.applicant, otp=True)
    for address in ("/contract-data/", "/loss-data/", "/claims-lists/"):
        assert opened.get(address).status_code == 200, address


@pytest.mark.req("I-001")
def test_the_menu_has_all_inquiries(world: World, visit: Visit) -> None:
    page = page_of(visit(world.applicant).get("/menu/"))
    titles = [
        "海外商社情報照会",
        "海外商社格付変更一覧",
        "保険契約情報",
        "事故情報",
        "回収情報（債権一覧表）",
    ]
    assert [title for title in page.menus["各種情報照会"] if title in titles] == titles
    assert set(page.menus["各種情報照会"]) <= set(page.links), "all of them are built"
