"""From a program to the pipeline and back: submissions, their status, findings and documents."""

from collections.abc import Callable
from typing import Any

import pytest

from portal_stub.accounts.models import User
from portal_stub.api.models import ApiToken
from portal_stub.feed.models import Submission
from portal_stub.history.models import AccessRecord, AuditEvent
from portal_stub.ledgers import sending
from portal_stub.ledgers.models import Upload
from tests import kit
from tests.homes import instant
from tests.portal.api.conftest import Program, a_token, code, upload
from tests.portal.conftest import World
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = [pytest.mark.slow, pytest.mark.dialect]
Made = Callable[..., Program]


@pytest.fixture(autouse=True)
def _files(request: pytest.FixtureRequest, settings: Any) -> None:
    """Documents are read from where the pipeline of the test writes them."""
    if "whole" in request.fixturenames:
        settings.PIPELINE_FILES = str(request.getfixturevalue("whole").home.path / "files")


def test_from_the_program_to_the_books_and_the_documents(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    reply = caller.submit("EX-0001", remarks="契約発効日 11月1日")
    assert reply.status_code == 202, reply.content
    told = reply.json()
    assert told == {
        "dispatch_id": Upload.objects.get().pk,
        "status": "受付前",
        "acceptance_date": "2018-11-06",
        "sent_at": "2018-11-06T10:00:00+09:00",
    }
    where = reply.headers["Location"].removeprefix("/api/v1")
    assert (Upload.objects.get().origin, Upload.objects.get().state) == ("api", "sent")
    assert AccessRecord.objects.get(code="5-2").login_id == world.applicant.login_id
    assert AuditEvent.objects.get(event="api-sent").detail["token"] == ApiToken.objects.get().pk
    waiting = caller.get(where).json()
    assert (waiting["submission_id"], waiting["status"], waiting["acceptance_date"]) == (
        None,
        "受付前",
        "2018-11-06",
    )
    assert (waiting["words"], waiting["ask_again_seconds"]) == (
        ["送信しました。受付の処理を待っています。"],
        3,
    )
    assert caller.get(f"{where}/findings").json() == {"items": [], "next": None, "total": 0}
    assert caller.get(f"{where}/documents").json() == {"items": [], "next": None}
    whole.run()
    row = caller.get(where).json()
    assert row == {
        "dispatch_id": told["dispatch_id"],
        "submission_id": "S00000001",
        "product": "enterprise",
        "holder": world.holder.code,
        "user": world.applicant.login_id,
        "file_name": "11月分.csv",
        "declared_count": 1,
        "received_at": row["received_at"],
        "acceptance_date": "2018-11-06",
        "status": "処理完了",
        "held": False,
        "errors": 0,
        "warnings": row["warnings"],
        "premium_total_yen": 18400,
        "refused": None,
        "words": ["モニタリストができました。"],
        "ask_again_seconds": None,
    }
    status = whole.home.status("S00000001", whole.now)
    assert {name: row[name] for name in row if name in status and name != "received_at"} == {
        name: status[name] for name in row if name in status and name != "received_at"
    }
    assert instant(status["received_at"][:19]).isoformat() == row["received_at"][:19] + "+09:00"
    assert caller.get("/submissions/S00000001").json() == row
    listed = {name: value for name, value in row.items() if name not in {"words", "ask_again_seconds"}}
    assert caller.get("/submissions").json() == {"items": [listed], "next": None}
    found = caller.get("/submissions/S00000001/findings").json()
    assert len(found["items"]) == found["total"] == row["warnings"]
    papers = caller.get(f"{where}/documents").json()["items"]
    assert {paper["kind"] for paper in papers} == {
        "receipt",
        "findings_report",
        "monitor_list",
        "ledger_file",
    }
    paper = next(paper for paper in papers if paper["kind"] == "ledger_file")
    file = caller.get(f"/documents/{paper['document_id']}")
    assert file.status_code == 200
    content = b"".join(file.streaming_content)
    assert len(content) == paper["size"]
    assert file.headers["ETag"] == f'"{paper["sha256"]}"'
    assert "attachment" in file.headers["Content-Disposition"]


def test_findings_are_those_of_the_command_line_page_by_page(
    whole: Whole, world: World, program: Made
) -> None:
    caller = program(world.applicant)
    rows = [kit.enterprise_row(export_contract_no=f"EX-{n}", goods_code="") for n in range(5)]
    reply = caller.post("/submissions", upload(content=kit.csv_bytes(rows), count=5))
    where = reply.headers["Location"].removeprefix("/api/v1")
    whole.run()
    assert caller.get(where).json()["status"] == "申請内容要確認"
    ran = whole.home.cli("findings", "S00000001", "--json", now=whole.now)
    assert ran.code == 0
    got: list[Any] = []
    following: dict[str, Any] = {}
    while True:
        page = caller.get(f"{where}/findings", limit=2, **following).json()
        assert len(page["items"]) <= 2
        assert page["total"] == len(ran.json)
        got += page["items"]
        if page["next"] is None:
            break
        following = {"cursor": page["next"]}
    assert got == ran.json
    assert len(got) >= 5


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"count": 2}, 422, "count-mismatch"),
        ({"name": "11月分.pdf"}, 422, "unknown-ending"),
        ({"remarks": "あ" * 2000}, 422, "remarks-too-long"),
        ({"content": b""}, 422, "empty-file"),
        ({"content": b"\x00" * 100}, 422, "unreadable-file"),
        ({"name": "x.xlsx", "content": b"PK\x03\x04"}, 422, "unreadable-file"),
    ],
)
def test_what_is_refused_is_told_as_on_the_pages(
    whole: Whole, world: World, program: Made, changes: dict[str, Any], status: int, word: str
) -> None:
    reply = program(world.applicant).submit(**changes)
    assert code(reply, status) == word
    assert not Upload.objects.exists(), "nothing is left of it"
    assert not AccessRecord.objects.filter(code="5-2").exists()


def test_the_window_of_the_contract_system(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    whole.hand.at = instant("2018-11-06T20:00:00")
    reply = caller.submit("EX-1")
    assert code(reply, 403) == "outside-hours"
    assert "8:00" in reply.json()["detail"]
    whole.hand.at = instant("2018-11-06T17:30:00")
    reply = caller.submit("EX-1")
    assert (reply.status_code, reply.json()["acceptance_date"], reply.json()["status"]) == (
        202,
        "2018-11-07",
        "受付前",
    )


def test_the_same_bytes_need_resend(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    assert caller.submit("EX-1").status_code == 202
    assert code(caller.submit("EX-1"), 409) == "identical-upload"
    assert caller.submit("EX-1", resend="true").status_code == 202
    whole.collect()
    assert code(caller.submit("EX-1", name="別名.csv"), 409) == "identical-upload"
    assert Upload.objects.count() == Submission.objects.count() == 2


def test_what_the_door_of_the_pipeline_refuses_is_told(
    whole: Whole, world: World, program: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = program(world.applicant)
    monkeypatch.setattr(sending.door, "judge", lambda *_: 1)
    reply = caller.submit("EX-1", count=5)
    assert reply.status_code == 202
    whole.collect()
    row = caller.get(f"/submissions/{reply.json()['dispatch_id']}").json()
    assert (row["status"], row["refused"]["code"], row["submission_id"]) == (
        "申請内容要確認",
        "count-mismatch",
        None,
    )
    assert "受け付けられませんでした。" in row.pop("words")
    assert row.pop("ask_again_seconds") is None
    assert caller.get("/submissions", status="申請内容要確認").json()["items"] == [row]
    assert caller.get("/submissions", status="処理中").json()["items"] == []


def test_own_submissions_only_where_the_right_says_so(whole: Whole, world: World, program: Made) -> None:
    wide, narrow, other = (program(user) for user in (world.applicant, world.enterer, world.stranger))
    first = wide.submit("EX-1").json()["dispatch_id"]
    world.enterer.entry_right, world.enterer.data_scope = "apply", "none"
    world.enterer.save()
    second = narrow.submit("EX-2").json()["dispatch_id"]
    for stage in ("under way", "told"):
        assert {row["dispatch_id"] for row in wide.get("/submissions").json()["items"]} == {first, second}
        assert [row["dispatch_id"] for row in narrow.get("/submissions").json()["items"]] == [second]
        assert other.get("/submissions").json()["items"] == [], stage
        for caller in (narrow, other):
            for part in ("", "/findings", "/documents"):
                assert code(caller.get(f"/submissions/{first}{part}"), 404) == "not-found"
        whole.run()
    number = wide.get(f"/submissions/{first}").json()["submission_id"]
    paper = wide.get(f"/submissions/{first}/documents").json()["items"][0]["document_id"]
    assert wide.get(f"/documents/{paper}").status_code == 200
    for caller in (narrow, other):
        assert code(caller.get(f"/submissions/{number}"), 404) == "not-found"
        assert code(caller.get(f"/documents/{paper}"), 404) == "not-found"
        assert paper not in {row["document_id"] for row in caller.get("/documents").json()["items"]}
    assert {row["submission_id"] for row in narrow.get("/documents").json()["items"]} == {
        narrow.get(f"/submissions/{second}").json()["submission_id"]
    }


def test_the_list_page_by_page_while_new_ones_come(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    sent = []
    for n in range(3):
        sent.append(caller.submit(f"EX-{n}").json()["dispatch_id"])
        whole.hand.on(minutes=1)
    whole.collect()
    whole.home.submit([kit.enterprise_row(export_contract_no="EX-8")], whole.now)
    whole.collect()
    # Two more at the very instant at which others were received.
    for n in range(3, 5):
        sent.append(caller.submit(f"EX-{n}").json()["dispatch_id"])
    whole.hand.on(minutes=1)
    page = caller.get("/submissions", limit=2).json()
    caller.submit("EX-9")
    got = [row["dispatch_id"] for row in page["items"]]
    while page["next"]:
        whole.collect()  # what is under way becomes received in between, and keeps its place
        page = caller.get("/submissions", limit=2, cursor=page["next"]).json()
        got += [row["dispatch_id"] for row in page["items"]]
    assert got == [None, *sorted(sent[3:], reverse=True), *reversed(sent[:3])]
    for query, expected in (
        ({"product": "enterprise"}, 7),
        ({"product": "equipment"}, 0),
        ({"status": "処理中"}, 7),
        ({"status": "処理完了"}, 0),
        ({"from": "2018-11-06", "to": "2018-11-06"}, 7),
        ({"from": "2018-11-07"}, 0),
        ({"to": "2018-11-05"}, 0),
        ({"from": "0001-01-01", "to": "9999-12-31"}, 7),
    ):
        assert len(caller.get("/submissions", **query).json()["items"]) == expected, query


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "x"},
        {"product": "繊維"},
        {"status": "done"},
        {"from": "2018-02-30"},
        {"cursor": "x"},
        {"cursor": "MjAxOC0xMS0wNg"},
        {"cursor": "あ"},
        {"cursor": "x" * 401},
    ],
)
def test_conditions_that_mean_nothing(world: World, program: Made, query: dict[str, Any]) -> None:
    reply = program(world.applicant).get("/submissions", **query)
    assert code(reply, 422) == "invalid-request"
    assert reply.json()["errors"][0]["place"].endswith(next(iter(query)))


def test_every_fault_of_a_request_is_told_at_once(world: World, program: Made) -> None:
    reply = program(world.applicant).post("/submissions", {"product": "x", "count": "ten", "resend": "maybe"})
    assert code(reply, 422) == "invalid-request"
    places = {error["place"].rpartition(".")[2] for error in reply.json()["errors"]}
    assert {"product", "count", "resend", "file"} <= places


def test_submissions_of_other_ways_are_in_the_list(whole: Whole, world: World, program: Made) -> None:
    receipt = whole.home.submit([kit.enterprise_row()], whole.now)
    whole.run()
    row = program(world.applicant).get(f"/submissions/{receipt['submission_id']}").json()
    assert (row["dispatch_id"], row["status"]) == (None, "処理完了")
    assert program(world.stranger).get("/submissions").json()["items"] == []


def test_after_two_years_they_are_gone_as_from_the_lists(whole: Whole, world: World, program: Made) -> None:
    name = program(world.applicant, days=1).submit("EX-1").json()["dispatch_id"]
    whole.run()
    whole.hand.at = instant("2020-11-06T23:00:00")
    caller = program(world.applicant)
    assert caller.get(f"/submissions/{name}").status_code == 200
    whole.hand.on(hours=2)
    assert code(caller.get(f"/submissions/{name}"), 404) == "not-found"
    assert caller.get("/submissions").json()["items"] == []


def test_a_withdrawn_token_stops_at_once_and_what_was_sent_stays(
    whole: Whole, world: World, hand: Any
) -> None:
    from portal_stub.api import rules

    token, shown = a_token(world.applicant)
    caller = Program(shown)
    assert caller.submit("EX-1").status_code == 202
    rules.withdraw_token(world.administrator, token)
    assert code(caller.submit("EX-2"), 401) == "unauthorized"
    whole.run()
    assert Submission.objects.get().verdict == "booked"
    assert User.objects.get(pk=world.applicant.pk).api_tokens.count() == 1
