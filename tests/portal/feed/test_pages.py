"""The desk's pages about uploads and reference tables, as members of the staff use them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal_stub.feed import asking
from portal_stub.feed.models import DeskRequest, Submission
from portal_stub.history.models import AuditEvent
from tests.portal.conftest import HOLDER, OTHER, Hand, World, hidden, text
from tests.portal.feed.conftest import HELD, UNDECIDED, found, paper, portrait, tell

Visit = Callable[..., Client]
ID = "S00000001"
REASON = "やむを得ない事情を確認した"


def listed(reply: Any) -> list[str]:
    return [row.pk for row, *_ in reply.context["listed"]]


def test_the_list_is_searched_by_every_condition(world: World, visit: Visit) -> None:
    tell(
        portrait(1),
        portrait(2, holder=OTHER, product="simplified-notice"),
        portrait(3, **HELD),
        portrait(4, **UNDECIDED, acceptance_date="2026-04-02"),
        portrait(5, verdict="rejected", premium_total=None, acceptance_date="2026-03-31"),
    )
    client = visit(world.staff_reader)
    for query, numbers in (
        ({}, [5, 4, 3, 2, 1]),
        ({"held": "on"}, [3]),
        ({"status": "処理中"}, [3]),
        ({"status": "受付前"}, [4]),
        ({"status": "申請内容要確認"}, [5]),
        ({"holder": OTHER}, [2]),
        ({"product": "simplified-notice"}, [2]),
        ({"start": "2026-04-02"}, [4]),
        ({"end": "2026-03-31"}, [5]),
        ({"status": "処理完了", "holder": HOLDER}, [1]),
    ):
        assert listed(client.get("/desk/uploads/", query)) == [f"S{n:08d}" for n in numbers], query
    page = text(client.get("/desk/uploads/"))
    assert "9,876,543,210" in page
    assert "検索結果（5件）" in page
    wrong = client.get("/desk/uploads/", {"start": "2026-04-02", "end": "2026-04-01"})
    assert wrong.status_code == 422
    assert "以後の日付" in text(wrong)
    assert "対象のアップロードはありません" in text(client.get("/desk/uploads/", {"holder": "000000000"}))


def test_the_list_is_paged_and_asks_the_database_no_more_for_more_rows(world: World, visit: Visit) -> None:
    client = visit(world.staff_reader)
    tell(portrait(1))
    with CaptureQueriesContext(connection) as few:
        client.get("/desk/uploads/")
    tell(*(portrait(number, holder=f"{number:09d}") for number in range(2, 121)))
    with CaptureQueriesContext(connection) as many:
        reply = client.get("/desk/uploads/")
    assert len(many) == len(few)
    assert len(listed(reply)) == 50
    last = client.get("/desk/uploads/", {"page": "3", "status": "処理完了"})
    assert listed(last)[-1] == ID
    assert "status=%E5%87%A6" in last.content.decode(), "the links keep the conditions"


def test_the_detail_tells_facts_findings_and_papers(world: World, visit: Visit, hand: Hand) -> None:
    rows = [found(number) for number in range(1, 251)]
    tell(
        portrait(1, remarks="<b>急ぎ</b>"),
        findings={ID: rows},
        totals={ID: 5_000},
        documents=[
            paper("m", submission_id=ID, expires_at="2026-04-02T00:00:00+09:00"),
            paper("gone", submission_id=ID, kind="findings_report", removed_at="2026-04-01T00:00:00+09:00"),
            paper("other", submission_id="S00000002"),
        ],
    )
    client = visit(world.staff_reader)
    reply = client.get(f"/desk/uploads/{ID}/")
    page = text(reply)
    for words in ("処理完了", "1,234件", "9,876,543,210円", "受付フォルダ", "2行目", "検出事項（5,000件）"):
        assert words in page, words
    assert "&lt;b&gt;急ぎ" in reply.content.decode()
    assert len(reply.context["findings"]) == 100
    assert "先頭の1,000件" in page
    assert [(one.pk, over) for one, _, over in reply.context["documents"]] == [("gone", True), ("m", False)]
    assert "mandatory" in text(client.get(f"/desk/uploads/{ID}/", {"page": "3"}))
    for unknown in ("S00000009", "x" * 300, f"{ID}x"):
        assert client.get(f"/desk/uploads/{unknown}/").status_code == 404
    hand.on(days=1)
    assert text(visit(world.staff_reader).get(f"/desk/uploads/{ID}/")).count("提供期間終了") == 2


def test_a_held_one_is_decided_with_reason_check_and_file(world: World, visit: Visit, desk: Path) -> None:
    tell(portrait(1, **HELD))
    client, address = visit(world.staff), f"/desk/uploads/{ID}/decide/"
    assert address in client.get(f"/desk/uploads/{ID}/").content.decode()
    empty = client.post(address, {"step": "check", "wish": "release", "reason": " "})
    assert empty.status_code == 422
    assert "理由を入力してください" in text(empty)
    check = client.post(address, {"step": "check", "wish": "release", "reason": REASON})
    assert "保留を解除する" in text(check)
    assert not desk.exists(), "nothing is asked before the check page is confirmed"
    kept = hidden(check)
    again = client.post(address, kept | {"step": "edit"})
    assert REASON in again.content.decode()
    for _ in range(2):  # sent twice
        reply = client.post(address, kept | {"step": "confirm"})
        assert (reply.status_code, reply.headers["Location"]) == (302, f"/desk/uploads/{ID}/")
    row = DeskRequest.objects.get()
    assert [path.name for path in desk.iterdir()] == [f"{row.pk}.json"]
    told = json.loads((desk / f"{row.pk}.json").read_text(encoding="utf-8"))
    assert told == {
        "id": row.pk,
        "kind": "release",
        "subject": ID,
        "by": "審査 一郎",
        "login_id": "desk-1",
        "reason": REASON,
        "at": "2026-04-01T09:00:00+09:00",
    }
    event = AuditEvent.objects.get(event="hold-release-asked")
    assert (event.actor, event.subject, event.detail["reason"]) == ("desk-1", ID, REASON)
    page = client.get(f"/desk/uploads/{ID}/")
    assert "送信済み・反映待ち" in text(page)
    assert address not in page.content.decode()
    assert client.get(address).status_code == 409, "one decision at a time"
    check = client.post(address, {"step": "confirm", "wish": "refuse", "reason": "x", "once": "another"})
    assert check.status_code == 409
    assert DeskRequest.objects.count() == 1


def test_what_is_not_held_cannot_be_decided(world: World, visit: Visit, desk: Path) -> None:
    tell(portrait(1))
    client, address = visit(world.staff), f"/desk/uploads/{ID}/decide/"
    assert client.get(address).status_code == 409
    reply = client.post(address, {"step": "confirm", "wish": "release", "reason": REASON, "once": "x"})
    assert reply.status_code == 409
    assert not desk.exists()


def test_readers_see_and_decide_nothing(world: World, visit: Visit, desk: Path) -> None:
    tell(portrait(1, **HELD))
    client, address = visit(world.staff_reader), f"/desk/uploads/{ID}/decide/"
    page = client.get(f"/desk/uploads/{ID}/")
    assert "保留中です" in text(page)
    assert address not in page.content.decode()
    sent = {"step": "confirm", "wish": "release", "reason": REASON, "once": "x"}
    assert client.post(address, sent).status_code == 403
    assert not desk.exists()
    for user in (world.staff_reader, world.staff):
        assert visit(user).get("/desk/tables/").status_code == 403


def test_when_the_folder_cannot_be_written_nothing_was_asked(world: World, visit: Visit, desk: Path) -> None:
    tell(portrait(1, **HELD))
    desk.parent.mkdir(parents=True)
    desk.write_text("no folder")
    with pytest.raises(OSError):
        asking.decide(world.staff, ID, "release", REASON, "once")
    assert not DeskRequest.objects.exists()
    desk.unlink()
    asking.decide(world.staff, ID, "release", REASON, "once")
    assert DeskRequest.objects.count() == 1


BUYERS = "buyer_code,valid_from,name,country,rating\n900000001,2026-04-01,BUYER,105,EA\n900000002,2026-04-01,B2,105,EM\n"


def csv_file(name: str, content: str | bytes) -> SimpleUploadedFile:
    data = content if isinstance(content, bytes) else content.encode()
    return SimpleUploadedFile(name, data, "text/csv")


def test_tables_are_looked_at_and_sent_with_a_reason(world: World, visit: Visit, desk: Path) -> None:
    client = visit(world.staff_supervisor)
    reply = client.post("/desk/tables/", {"files": [csv_file("buyers.csv", BUYERS)]})
    assert reply.status_code == 302, text(reply)
    address = reply.headers["Location"]
    assert [path.name for path in desk.iterdir() if not path.name.startswith(".")] == [], "not sent yet"
    page = text(client.get(address))
    for words in ("buyers", "バイヤー", " 2 ", "rating"):
        assert words in page
    assert client.post(address, {"step": "confirm", "reason": ""}).status_code == 422
    for _ in range(2):
        assert client.post(address, {"step": "confirm", "reason": "四半期の見直し"}).status_code == 302
    row = DeskRequest.objects.get()
    assert sorted(path.name for path in (desk / row.pk).iterdir()) == ["buyers.csv", "manifest.json"]
    assert (desk / row.pk / "buyers.csv").read_text() == BUYERS
    told = json.loads((desk / row.pk / "manifest.json").read_text(encoding="utf-8"))
    assert (told["kind"], told["subject"], told["by"], told["reason"]) == (
        "tables",
        "buyers",
        "決裁 次子",
        "四半期の見直し",
    )
    assert "送信済み・反映待ち" in text(client.get(address))
    assert "四半期の見直し" in text(client.get("/desk/tables/"))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("unknown.csv", BUYERS, "参照表の名前ではありません"),
        ("buyers.xlsx", BUYERS, "参照表の名前ではありません"),
        ("buyers.csv", "buyer_code,valid_from\n1,2026-04-01\n", "列 rating がありません"),
        ("buyers.csv", BUYERS.replace("name", "nome"), "知らない列 nome"),
        ("buyers.csv", BUYERS.replace("BUYER", "㈱").encode("cp932"), "UTF-8ではありません"),
        ("buyers.csv", BUYERS.splitlines()[0], "データの行がありません"),
        ("buyers.csv", BUYERS + "900000003,2026-04-01\n", "4行目: 列の数"),
        ("buyers.csv", BUYERS.replace("country", "name"), "同じ名前の列"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_told_at_once(
    world: World, visit: Visit, desk: Path, name: str, content: Any, told: str
) -> None:
    reply = visit(world.staff_supervisor).post("/desk/tables/", {"files": [csv_file(name, content)]})
    assert reply.status_code == 422
    assert told in text(reply)
    assert not desk.exists()


def test_a_table_twice_or_none_is_told(world: World, visit: Visit, desk: Path) -> None:
    client = visit(world.staff_supervisor)
    twice = client.post("/desk/tables/", {"files": [csv_file("buyers.csv", BUYERS) for _ in range(2)]})
    assert "2つあります" in text(twice)
    assert "参照表のファイルを選択してください" in text(client.post("/desk/tables/", {}))


def test_drafts_belong_to_their_uploader_and_are_thrown_away(
    world: World, visit: Visit, desk: Path, hand: Hand
) -> None:
    client = visit(world.staff_supervisor)
    first = client.post("/desk/tables/", {"files": [csv_file("buyers.csv", BUYERS)]}).headers["Location"]
    from portal_stub.accounts import rules
    from tests.portal.conftest import ready

    other = ready(
        rules.create_staff("desk-9", "Right-horse.1", "supervisor", name="別 人", mail="a@b.example")
    )
    assert visit(other).get(first).status_code == 404
    assert client.post(first, {"step": "drop"}).status_code == 302
    assert not DeskRequest.objects.exists()
    assert list(desk.iterdir()) == []
    client.post("/desk/tables/", {"files": [csv_file("buyers.csv", BUYERS)]})
    hand.on(days=2)
    visit(world.staff_supervisor).post("/desk/tables/", {"files": [csv_file("buyers.csv", BUYERS)]})
    assert DeskRequest.objects.count() == 1
    assert len(list(desk.iterdir())) == 1


def test_holders_never_reach_the_desk(world: World, visit: Visit) -> None:
    tell(portrait(1))
    for path in ("/desk/uploads/", f"/desk/uploads/{ID}/", f"/desk/uploads/{ID}/decide/", "/desk/tables/"):
        assert visit(world.administrator).get(path).status_code == 403
        assert visit().get(path).status_code == 302
    assert Submission.objects.count() == 1
