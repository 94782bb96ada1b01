"""From a kept file to the pipeline's receipt: windows, counts, identical bytes, crashes, and nothing twice."""

import json
from pathlib import Path
from typing import Any

import pytest

from daicho.folders import Folder
from portal_stub.accounts.models import User
from portal_stub.feed.models import Refused, Submission
from portal_stub.history.models import AccessRecord
from portal_stub.ledgers import sending
from portal_stub.ledgers.models import Upload
from portal_stub.ledgers.sending import SHELF, keep, send
from schemas.submission import Refusal, Status
from tests import kit
from tests.homes import contracts, instant
from tests.portal.conftest import World
from tests.portal.whole import Whole, loaded, whole

__all__ = ["loaded", "whole"]
pytestmark = [pytest.mark.slow, pytest.mark.dialect]


def draft(
    user: User, *numbers: str, name: str = "11月分.csv", count: str | None = None, **more: Any
) -> Upload:
    rows = contracts(*(numbers or ("EX-0001",)))
    return keep(user, "enterprise", name, [kit.csv_bytes(rows)], count or str(len(rows)), **more)


def refused(deed: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(Refusal) as told:
        deed(*arguments, **more)
    return str(told.value.code)


def dropped(whole: Whole) -> list[str]:
    root = whole.home.path / "drop"
    return sorted(
        path.name for path in root.rglob("*") if path.is_file() and path.suffix in {".csv", ".json"}
    )


@pytest.mark.req("A-016", "A-030")
def test_what_is_sent_becomes_a_submission_that_knows_its_upload(whole: Whole, world: World) -> None:
    upload = draft(world.applicant, remarks="契約発効日 11月1日")
    assert upload.standing(whole.hand.at) is None
    send(world.applicant, [upload], "once")
    assert AccessRecord.objects.filter(code="5-2", login_id=world.applicant.login_id).count() == 1
    upload.refresh_from_db()
    assert upload.state == "sent"
    assert upload.expected_on.isoformat() == "2018-11-06"
    standing = upload.standing(whole.hand.at)
    assert standing is not None
    assert standing.status == Status.BEFORE_ACCEPTANCE
    whole.collect()
    [row] = Submission.objects.all()
    told = (row.dispatch, row.file_name, row.remarks, row.user, row.channel, row.sha256)
    assert told == (
        upload.pk, "11月分.csv", "契約発効日 11月1日", world.applicant.login_id, "portal", upload.sha256,
    )  # fmt: skip
    assert upload.standing(whole.hand.at).status == Status.IN_PROCESS  # type: ignore[union-attr]
    whole.run()
    assert upload.standing(whole.hand.at).status == Status.DONE  # type: ignore[union-attr]
    assert dropped(whole) == [], "the portal hears by the feed, and leaves nothing in the drop"


def test_the_same_click_again_gives_what_was_sent_then(whole: Whole, world: World) -> None:
    uploads = [draft(world.applicant, "EX-1"), draft(world.applicant, "EX-2")]
    first = send(world.applicant, uploads, "once")
    again = send(world.applicant, uploads, "once")
    assert [row.pk for row in again] == [row.pk for row in first] == [upload.pk for upload in uploads]
    assert refused(send, world.applicant, uploads, "another page") == "already-sent"
    whole.run()
    assert Submission.objects.count() == 2
    assert AccessRecord.objects.filter(code="5-2").count() == 1


@pytest.mark.req("C-008")
def test_the_window_counts_at_the_click_and_the_draft_stays(whole: Whole, world: World) -> None:
    upload = draft(world.applicant)
    for moment, day in (("17:29:59", "2018-11-06"), ("17:30:00", "2018-11-07"), ("19:59:59", "2018-11-07")):
        whole.hand.at = instant(f"2018-11-06T{moment}")
        assert sending.acceptance_if_sent().isoformat() == day
    for moment in ("2018-11-06T20:00:00", "2018-11-06T07:59:59", "2018-11-03T10:00:00"):
        whole.hand.at = instant(moment)
        assert refused(send, world.applicant, [upload], "once") == "outside-hours"
    assert dropped(whole) == []
    assert sending.draft_of(world.applicant, upload.pk) == upload


def test_the_operators_own_closed_days_count(whole: Whole, world: World, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "holidays.csv").write_text("date,name\n2018-11-06,臨時休業\n", encoding="utf-8")
    assert whole.home.cli("reference", "load", str(tmp_path / "closed")).code == 0
    upload = draft(world.applicant)
    whole.run()
    assert refused(send, world.applicant, [upload], "once") == "outside-hours"
    assert sending.acceptance_if_sent().isoformat() == "2018-11-07"


@pytest.mark.req("A-007")
def test_a_wrong_count_is_refused_and_nothing_is_queued(whole: Whole, world: World) -> None:
    upload = draft(world.applicant, count="２")
    assert upload.count == 2
    assert refused(send, world.applicant, [upload], "once") == "count-mismatch"
    assert dropped(whole) == []
    assert not AccessRecord.objects.filter(code="5-2").exists()


def test_one_that_cannot_be_sent_keeps_all(whole: Whole, world: World) -> None:
    good, bad = draft(world.applicant, "EX-1"), draft(world.applicant, "EX-2", count="5")
    assert refused(send, world.applicant, [good, bad], "once") == "count-mismatch"
    good.refresh_from_db()
    assert good.state == "draft"
    assert dropped(whole) == []


def test_identical_bytes_need_a_tick(whole: Whole, world: World) -> None:
    send(world.applicant, [draft(world.applicant)], "first")
    again = draft(world.applicant, name="another name.csv")
    assert sending.identical_to(again) == "送信中のもの"
    assert refused(send, world.applicant, [again], "second") == "identical-upload"
    whole.run()
    assert sending.identical_to(again) == "S00000001"
    assert refused(send, world.applicant, [again], "third") == "identical-upload"
    send(world.applicant, [again], "fourth", resend=True)
    whole.run()
    assert Submission.objects.count() == 2


@pytest.mark.req("A-007")
def test_what_the_pipeline_refuses_at_its_door_is_told(
    whole: Whole, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = draft(world.applicant, count="3")
    monkeypatch.setattr(sending.door, "judge", lambda *_: 3)
    send(world.applicant, [upload], "once")
    whole.collect()
    [row] = Refused.objects.all()
    assert (row.pk, row.code) == (upload.pk, "count-mismatch")
    upload.refresh_from_db()
    standing = upload.standing(whole.hand.at)
    assert standing is not None
    assert standing.status == Status.NEEDS_CHECK
    assert "申請件数(3件)" in standing.message
    assert sending.identical_to(draft(world.applicant)) is None, "what was refused hinders nobody"


@pytest.mark.parametrize("broken_at", ["manifest", "file", "afterwards"])
def test_what_a_crash_left_undone_is_brought_later_and_once(
    whole: Whole, world: World, monkeypatch: pytest.MonkeyPatch, broken_at: str
) -> None:
    upload = draft(world.applicant)

    class Killed(BaseException):
        pass

    with monkeypatch.context() as patched:
        if broken_at == "afterwards":
            patched.setattr(sending.Upload.objects, "filter", _dies_on(sending.Upload.objects.filter, Killed))
        else:
            ending = {"manifest": ".json", "file": ".csv"}[broken_at]
            patched.setattr(sending, "_write", _dies_before(sending._write, ending, Killed))
        with pytest.raises(Killed):
            send(world.applicant, [upload], "once")
    upload.refresh_from_db()
    assert upload.state == "sending"
    if broken_at == "afterwards":
        whole.run()  # the pipeline was quicker than the portal's worker
    assert sending.bring_pending() == 0, "whoever brings it has a minute"
    later = sending.time.time() + 120
    monkeypatch.setattr(sending.time, "time", lambda: later)
    assert sending.bring_pending() == 1
    assert sending.bring_pending() == 0
    whole.run()
    [row] = Submission.objects.all()
    assert (row.dispatch, row.verdict) == (upload.pk, "booked")
    assert not Refused.objects.exists()


def test_one_that_cannot_be_brought_keeps_no_other_waiting(
    whole: Whole, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = draft(world.applicant, "EX-1"), draft(world.applicant, "EX-2")
    with monkeypatch.context() as patched:
        patched.setattr(sending, "bring", lambda _: None)
        send(world.applicant, [first, second], "once")
    hidden = SHELF.path(first.sha256).with_suffix(".hidden")
    SHELF.path(first.sha256).rename(hidden)
    later = sending.time.time() + 120
    monkeypatch.setattr(sending.time, "time", lambda: later)
    assert sending.bring_pending() == 1
    whole.run()
    assert [row.dispatch for row in Submission.objects.all()] == [second.pk]
    hidden.rename(SHELF.path(first.sha256))
    later += 120
    assert sending.bring_pending() == 1
    whole.run()
    assert Submission.objects.count() == 2


def test_clicks_that_come_while_the_first_one_brings_bring_nothing(
    whole: Whole, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, brought, answers = draft(world.applicant), [], []
    whole_bring = sending.bring

    def bring(row: Upload) -> None:
        brought.append(row.pk)
        if len(brought) < 10:  # five more clicks, each while this one is at work
            answers.extend(send(world.applicant, [upload], "once") for _ in range(5))
        whole_bring(row)

    monkeypatch.setattr(sending, "bring", bring)
    send(world.applicant, [upload], "once")
    assert brought == [upload.pk]
    assert [[row.pk for row in answer] for answer in answers] == [[upload.pk]] * 5, "all are answered rightly"


def test_what_is_brought_names_its_bytes_and_is_for_the_service_alone(whole: Whole, world: World) -> None:
    upload = draft(world.applicant)
    send(world.applicant, [upload], "once")
    place = whole.home.path / "drop" / ".portal" / kit.HOLDER
    told = json.loads((place / f"{upload.pk}.json").read_text(encoding="utf-8"))
    assert (told["sha256"], told["size"], told["dispatch"]) == (upload.sha256, upload.size, upload.pk)
    (place / f"{upload.pk}.csv").write_bytes(b"x" * upload.size)
    [outcome] = whole.collect()
    assert outcome.refusal is not None, "other bytes of the same size are not what was sent"
    assert outcome.refusal.code == "sha256-mismatch"


def test_nothing_half_written_stays_in_the_portals_part_of_the_drop(whole: Whole, world: World) -> None:
    import os

    send(world.applicant, [draft(world.applicant)], "once")
    place = whole.home.path / "drop" / ".portal" / kit.HOLDER
    left = place / f".{'0' * 32}.tmp"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    sending.tidy()
    assert not left.exists()


def _dies_before(write: Any, ending: str, fault: type[BaseException]) -> Any:
    def dying(folder: Folder, name: str, pieces: Any) -> None:
        if name.endswith(ending):
            raise fault
        write(folder, name, pieces)

    return dying


def _dies_on(found: Any, fault: type[BaseException]) -> Any:
    def dying(*conditions: Any, **named: Any) -> Any:
        if named.get("state") == Upload.State.SENDING:
            raise fault
        return found(*conditions, **named)

    return dying


def test_another_file_under_a_number_that_was_taken_is_refused(whole: Whole, world: World) -> None:
    upload = draft(world.applicant)
    send(world.applicant, [upload], "once")
    whole.run()
    folder = whole.home.path / "drop" / ".portal" / kit.HOLDER
    told = {"product": "enterprise", "user": world.applicant.login_id, "count": 1, "dispatch": upload.pk}
    (folder / "other.json").write_text(json.dumps(told))
    (folder / "other.csv").write_bytes(kit.csv_bytes(contracts("EX-0002")))
    [outcome] = whole.collect()
    assert outcome.refusal is not None
    assert outcome.refusal.code == "dispatch-taken"
    assert (folder / "refused" / "other.csv").exists(), "nobody loses a file"


def test_old_drafts_go_and_sent_files_stay(whole: Whole, world: World) -> None:
    import os

    old, sent = draft(world.applicant, "EX-1"), draft(world.applicant, "EX-2")
    send(world.applicant, [sent], "once")
    for upload in (old, sent):
        os.utime(SHELF.path(upload.sha256), (0, 0))
    whole.hand.at += sending.DRAFT_LIFE
    assert sending.tidy() == 0
    whole.hand.on(seconds=1)
    assert sending.tidy() == 1
    assert not SHELF.path(old.sha256).exists()
    assert SHELF.path(sent.sha256).exists()
    whole.hand.on(days=30)
    sending.tidy()
    assert not SHELF.path(sent.sha256).exists(), "the archive has it"


@pytest.mark.parametrize(
    ("name", "count", "remarks", "code"),
    [
        ("a.txt", "1", "", "unknown-ending"),
        ("a.csv", "0", "", "invalid-count"),
        ("a.csv", "x", "", "invalid-count"),
        ("a.csv", "1", "あ" * 501, "remarks-too-long"),
        ("請求\u202evsc.csv", "1", "", "invalid-file-name"),
        ("a\u200f.csv", "1", "", "invalid-file-name"),
        ("a.csv", "1", "逆\u202eさ", "invalid-remarks"),
    ],
)
def test_what_cannot_be_kept(world: World, name: str, count: str, remarks: str, code: str) -> None:
    assert refused(keep, world.applicant, "enterprise", name, [b"x"], count, remarks) == code
    assert not Upload.objects.exists()


def test_others_drafts_are_nobodys(whole: Whole, world: World) -> None:
    upload = draft(world.applicant)
    assert sending.draft_of(world.enterer, upload.pk) is None
