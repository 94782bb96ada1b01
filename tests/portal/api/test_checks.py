"""事前チェック by program: asked for, waited for, and the same findings as the command line; nothing is sent."""

from collections.abc import Callable
from typing import Any

import pytest

from portal_stub.api import handing_in
from portal_stub.history.models import AccessRecord
from portal_stub.jobs import worker
from portal_stub.jobs.models import Job
from portal_stub.ledgers.models import Upload
from tests import kit
from tests.portal.api.conftest import Program, code, upload
from tests.portal.conftest import World
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = pytest.mark.slow
Made = Callable[..., Program]


def asked(caller: Program, rows: list[Any], **changes: Any) -> Any:
    return caller.post("/checks", upload(content=kit.csv_bytes(rows), count=len(rows)) | changes)


def test_the_same_findings_and_premium_as_the_command_line(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.enterer)  # 入力権限 is enough
    rows = [
        kit.enterprise_row(export_contract_no=f"EX-{n}", goods_code="" if n else "0101") for n in range(3)
    ]
    reply = asked(caller, rows)
    assert reply.status_code == 202, reply.content
    told = reply.json()
    assert told["state"] == "waiting"
    assert reply.headers["Location"] == f"/api/v1/checks/{told['check_id']}"
    row = caller.get(f"/checks/{told['check_id']}").json()
    assert (row["state"], row["place"], row["findings"], row["premium_total_yen"]) == ("waiting", 1, [], None)
    assert worker.run_due(urgent_only=True) == 0, "people in front of a page go first"
    worker.run_due()
    row = caller.get(f"/checks/{told['check_id']}").json()
    file = whole.home.file(rows)
    options = ("--product", "enterprise", "--holder", world.holder.code, "--count", "3", "--json")
    ran = whole.home.cli("check", str(file), *options, now=whole.now)
    assert row["state"] == "done"
    assert row["findings"] == ran.json["findings"]
    assert row["premium_total_yen"] == ran.json["premium_total_yen"]
    assert (row["records"], row["errors"], row["findings_total"]) == (3, 2, len(ran.json["findings"]))
    assert row["acceptance_date"] == "2018-11-06"
    assert not Upload.objects.exclude(state="draft").exists()
    assert not AccessRecord.objects.filter(code="5-2").exists()
    whole.run()
    assert caller.get("/submissions").json()["items"] == []


def test_what_was_handed_in_already_is_foretold(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    assert caller.submit("EX-0001").status_code == 202
    whole.run()
    reply = caller.post("/checks", upload("EX-0001"))
    worker.run_due()
    row = caller.get(f"/checks/{reply.json()['check_id']}").json()
    assert (row["state"], row["identical_to"]) == ("done", "S00000001")


def test_a_check_at_night_tells_the_next_acceptance_day(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    whole.hand.on(hours=12)
    reply = asked(caller, [kit.enterprise_row()])
    worker.run_due()
    row = caller.get(f"/checks/{reply.json()['check_id']}").json()
    assert (row["state"], row["acceptance_date"]) == ("done", "2018-11-07")
    assert row["premium_total_yen"] == 18400


def test_what_would_be_refused_fails_with_the_reason(whole: Whole, world: World, program: Made) -> None:
    caller = program(world.applicant)
    reply = asked(caller, [kit.enterprise_row()], count=2)
    worker.run_due()
    row = caller.get(f"/checks/{reply.json()['check_id']}").json()
    assert (row["state"], row["refused"]) == ("failed", "count-mismatch")
    assert "1件" in row["message"]


def test_a_check_belongs_to_its_user(whole: Whole, world: World, program: Made) -> None:
    reply = asked(program(world.applicant), [kit.enterprise_row()])
    path = f"/checks/{reply.json()['check_id']}"
    assert program(world.applicant).get(path).status_code == 200
    for user in (world.administrator, world.enterer, world.stranger):
        assert code(program(user).get(path), 404) == "not-found"
    other = Job.objects.get()
    Job.objects.filter(pk=other.pk).update(kind="another")
    assert code(program(world.applicant).get(path), 404) == "not-found"


def test_old_checks_go(whole: Whole, world: World, program: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing_in, "MOST_CHECKS", 2)
    caller = program(world.applicant)
    ids = []
    for n in range(3):
        whole.hand.on(seconds=1)
        ids.append(asked(caller, [kit.enterprise_row(export_contract_no=f"EX-{n}")]).json()["check_id"])
    assert [caller.get(f"/checks/{name}").status_code for name in ids] == [404, 200, 200]
    assert Upload.objects.count() == 2
    whole.hand.on(days=2)
    assert code(caller.get(f"/checks/{ids[2]}"), 404) == "not-found"


def test_a_file_of_another_ending_is_refused_at_once(whole: Whole, world: World, program: Made) -> None:
    reply = asked(program(world.applicant), [kit.enterprise_row()], file=upload(name="x.txt")["file"])
    assert code(reply, 422) == "unknown-ending"
    assert not Job.objects.exists()
