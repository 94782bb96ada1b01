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
from tests.portal.conftest import HOLDER, OTHER, Hand, World, hidden
from tests.portal.feed.conftest import HELD, UNDECIDED, found, paper, portrait, tell
from tests.portal.pages import page_of

Visit = Callable[..., Client]
ID = "S00000001"
REASON = "やむを得ない事情を確認した"


def listed(reply: Any) -> list[str]:
    """Numbers of the uploads that the list shows."""
    result = page_of(reply).section("検索結果")
    return [row.head for table in result.tables for row in table.rows]


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
    page = page_of(client.get("/desk/uploads/"))
    assert page.headings == ["検索条件", "検索結果（5件）"]
    table = page.table("受付の新しい順")
    assert table.column("状況") == ["申請内容要確認", "受付前", "処理中 保留", "処理完了", "処理完了"]
    assert table.row(ID)["保険料（円）"] == "9,876,543,210"
    assert table.row(ID)["エラー／警告"] == "0／2"
    assert table.row("S00000003")["保険料（円）"] == "－"
    wrong = client.get("/desk/uploads/", {"start": "2026-04-02", "end": "2026-04-01"})
    assert page_of(wrong, 422).errors == {"end": "受理日（まで）は受理日（から）以後の日付にしてください。"}
    nothing = page_of(client.get("/desk/uploads/", {"holder": "000000000"})).section("検索結果")
    assert nothing.sentences == [
        "対象のアップロードはありません。条件を変更し、再度「検索」ボタンを押してください。"
    ]


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
    first = page_of(last).links["最初のページへ"]
    assert listed(client.get(first))[0] == "S00000120"
    assert page_of(client.get(first)).fields["status"].value == "処理完了", "the links keep the conditions"


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
    page = page_of(client.get(f"/desk/uploads/{ID}/"))
    told = {
        "状況": "処理完了",
        "申請件数": "1,234件",
        "保険料合計": "9,876,543,210円",
        "受付経路": "受付フォルダ",
        "備考情報": "<b>急ぎ</b>",
    }
    assert {term: page.facts[term] for term in told} == told
    assert page.headings == ["申請の内容", "検出事項（5,000件）", "帳票（2件）"]
    findings = page.section("検出事項")
    assert findings.sentences[0] == (
        "ここには先頭の1,000件を表示します。すべては帳票「検出事項一覧」にあります。"
    )
    assert len(findings.table().rows) == 100
    assert list(findings.table().rows[0].values()) == [
        "1",
        "2行目\ngoods_code",
        "エラー\nmandatory",
        "「貨物コード」は必須です。1",
        "",
    ]
    papers = {row["帳票番号"]: row for row in page.section("帳票").table().rows}
    assert {name: row["提供期限"] for name, row in papers.items()} == {
        "gone": "提供期間終了",
        "m": "2026/04/02 00:00",
    }
    assert (list(papers["gone"].part.links), len(papers["m"].part.links)) == ([], 1)
    last = page_of(client.get(f"/desk/uploads/{ID}/", {"page": "3"})).section("検出事項").table()
    assert [row.head for row in last.rows] == [f"{number}" for number in range(201, 251)]
    for unknown in ("S00000009", "x" * 300, f"{ID}x"):
        assert client.get(f"/desk/uploads/{unknown}/").status_code == 404
    hand.on(days=1)
    later = page_of(visit(world.staff_reader).get(f"/desk/uploads/{ID}/")).section("帳票")
    assert later.table().column("提供期限") == ["提供期間終了"] * 2
    assert later.links == {}


def test_a_held_one_is_decided_with_reason_check_and_file(world: World, visit: Visit, desk: Path) -> None:
    tell(portrait(1, **HELD))
    client, address = visit(world.staff), f"/desk/uploads/{ID}/decide/"
    door = page_of(client.get(f"/desk/uploads/{ID}/")).section("保留中です").links
    assert door == {"保留を解除する／申請内容要確認にする": address}
    empty = client.post(address, {"step": "check", "wish": "release", "reason": " "})
    assert page_of(empty, 422).errors == {"reason": "理由を入力してください。"}
    check = client.post(address, {"step": "check", "wish": "release", "reason": REASON})
    assert page_of(check).heading == "保留の決定の確認"
    assert page_of(check).facts["決定"] == "保留を解除する（次の処理で審査する）"
    assert page_of(check).facts["理由"] == REASON
    assert not desk.exists(), "nothing is asked before the check page is confirmed"
    kept = hidden(check)
    again = client.post(address, kept | {"step": "edit"})
    assert page_of(again).fields["reason"].value == REASON
    assert page_of(again).fields["wish"].value == "release"
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
    page = page_of(client.get(f"/desk/uploads/{ID}/"))
    [asked] = page.section("デスクの決定").table().rows
    assert (asked["理由"], asked["状態"]) == (REASON, "送信済み・反映待ち")
    assert page.section("保留中です").links == {}
    assert page_of(client.get(address), 409).heading == "決定できません", "one decision at a time"
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
    held = page_of(client.get(f"/desk/uploads/{ID}/")).section("保留中です")
    assert held.links == {}
    assert held.sentences[-1] == "決定できるのは、権限が「審査・処理」または「決裁」の担当者です。"
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
    assert reply.status_code == 302, page_of(reply, reply.status_code).error_summary
    address = reply.headers["Location"]
    assert [path.name for path in desk.iterdir() if not path.name.startswith(".")] == [], "not sent yet"
    [looked] = page_of(client.get(address)).table("選択したファイル").rows
    assert (looked["表名"], looked["内容"], looked["行数"]) == ("buyers", "バイヤー", "2")
    assert looked["列"] == "buyer_code、valid_from、name、country、rating"
    empty = page_of(client.post(address, {"step": "confirm", "reason": ""}), 422)
    assert empty.errors == {"reason": "理由を入力してください。"}
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
    assert page_of(client.get(address)).facts["状態"] == "送信済み・反映待ち"
    [past] = page_of(client.get("/desk/tables/")).section("これまでの読込").table().rows
    assert (past["参照表"], past["理由"], past["状態"]) == ("buyers", "四半期の見直し", "送信済み・反映待ち")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "unknown.csv",
            BUYERS,
            "「unknown.csv」は参照表の名前ではありません。<表名>.csv にしてください（例: buyers.csv）。",
        ),
        (
            "buyers.xlsx",
            BUYERS,
            "「buyers.xlsx」は参照表の名前ではありません。<表名>.csv にしてください（例: buyers.csv）。",
        ),
        (
            "buyers.csv",
            "buyer_code,valid_from\n1,2026-04-01\n",
            "buyers.csv: 列 rating がありません。見出し行を確かめてください。",
        ),
        (
            "buyers.csv",
            BUYERS.replace("name", "nome"),
            "buyers.csv: 知らない列 nome があります。列名を確かめてください。",
        ),
        (
            "buyers.csv",
            BUYERS.replace("BUYER", "㈱").encode("cp932"),
            "buyers.csv: 文字コードがUTF-8ではありません。UTF-8のCSVで保存してください。",
        ),
        (
            "buyers.csv",
            BUYERS.splitlines()[0],
            "buyers.csv: データの行がありません。行のあるファイルを選んでください。",
        ),
        (
            "buyers.csv",
            BUYERS + "900000003,2026-04-01\n",
            "buyers.csv 4行目: 列の数が見出し（5）と違います（2）。",
        ),
        (
            "buyers.csv",
            BUYERS.replace("country", "name"),
            "buyers.csv: 同じ名前の列が2つ以上あります。1つにしてください。",
        ),
    ],
)
def test_a_file_that_cannot_be_loaded_is_told_at_once(
    world: World, visit: Visit, desk: Path, name: str, content: Any, told: str
) -> None:
    reply = visit(world.staff_supervisor).post("/desk/tables/", {"files": [csv_file(name, content)]})
    assert page_of(reply, 422).errors == {"files": told}
    assert not desk.exists()


def test_a_table_twice_or_none_is_told(world: World, visit: Visit, desk: Path) -> None:
    client = visit(world.staff_supervisor)
    twice = client.post("/desk/tables/", {"files": [csv_file("buyers.csv", BUYERS) for _ in range(2)]})
    told = "「buyers.csv」が2つあります。1つにしてください。"
    assert page_of(twice, 422).errors == {"files": told}
    none = page_of(client.post("/desk/tables/", {}), 422)
    assert none.errors == {"files": "参照表のファイルを選択してください。"}


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
