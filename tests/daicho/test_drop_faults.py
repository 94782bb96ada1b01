"""The upload drop when something breaks: crashes, faults, senders who spoil their folders. Nothing is lost, nothing
twice, one answer for each file, and nobody waits for the file of another.
"""

import itertools
import json
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from daicho.drop import DropOutcome, aside, is_waiting, left_lying, survey, taking
from daicho.folders import Folder
from daicho.store.database import SqliteDatabase
from tests import kit
from tests.daicho.dropping import (
    ANSWERED,
    GOOD,
    TOLD,
    answer,
    assert_refused,
    dropping,
    folder,
    left,
    one,
    put,
    set_aside,
    take,
)
from tests.homes import USER, Home, contracts

__all__ = ["dropping"]

# -- faults -------------------------------------------------------------------------------------------------


def crash_in(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """The process dies when it comes to that function."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(target, die)


class Dying:
    """A process that dies before its n-th step towards the disk or the database, and does nothing more."""

    def __init__(self, patch: pytest.MonkeyPatch, dies_before: int) -> None:
        self.steps, self._last = 0, dies_before
        for name in ("rename", "replace", "link", "unlink", "mkdir", "fsync"):
            patch.setattr(os, name, self._dying(getattr(os, name)))
        patch.setattr(SqliteDatabase, "writing", self._dying(SqliteDatabase.writing))

    @property
    def is_dead(self) -> bool:
        return self.steps >= self._last

    def _dying(self, whole: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            if self.is_dead:
                raise KeyboardInterrupt
            self.steps += 1
            return whole(*given, **named)

        return step


@pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.night)])
@pytest.mark.parametrize("good", [True, False])
def test_wherever_the_process_dies_the_next_one_ends_with_one_answer(
    dropping: Home, good: bool, every: int
) -> None:
    refused = folder(dropping) / "refused"
    for number, step in enumerate(itertools.count(0, every)):
        name = f"{step}.csv"
        content = kit.csv_bytes(contracts(f"EX-{step}"))
        path = put(dropping, name, content, told=TOLD | ({} if good else {"count": 2}))
        appeared = f"{path.stat().st_ino}:{path.stat().st_ctime_ns}"
        with pytest.MonkeyPatch.context() as patch:
            dying = Dying(patch, step)
            with suppress(KeyboardInterrupt):
                take(dropping)
        take(dropping, "2018-11-06T11:00:00")
        told = answer(dropping, name)
        source = f"drop:{kit.HOLDER}/{name}:{appeared}"
        receipt = dropping.at().events.received_from(source)
        refusals = [event for event in dropping.events("refused") if event["details"]["source"] == source]
        if good:
            assert receipt is not None
            assert (told["submission_id"], len(refusals)) == (receipt["submission_id"], 0)
            assert receipt["receipt_no"] == number + 1, "dense"
            assert dropping.at().archive.get_bytes(receipt["sha256"]) == content
            if receipt["received_at"] != "2018-11-06T10:00:00+09:00":
                assert step < 10, "it was not even set aside"
            assert not refused.exists()
        else:
            assert (receipt, len(refusals), told["refused"]["code"]) == (None, 1, "count-mismatch")
            assert sorted(path.name for path in refused.iterdir()) == [name, f"{step}.json"]
            assert (refused / name).read_bytes() == content
            shutil.rmtree(refused)
        assert [each for each in left(dropping) if "/" not in each] == []
        halves = [each for each in set_aside(dropping) if each.startswith(".")]  # go after an hour
        assert set_aside(dropping) == halves
        assert not is_waiting(dropping.at())
        if not dying.is_dead:
            assert step > 20, "it died everywhere before"
            return


def test_a_crash_before_anything_was_moved_leaves_the_file_to_be_taken(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping)
    crash_in(monkeypatch, "daicho.folders.Folder.move")
    with pytest.raises(KeyboardInterrupt):
        take(dropping)
    monkeypatch.undo()
    assert left(dropping) == ["november.csv", "november.json"]
    assert one(dropping).receipt is not None
    assert set_aside(dropping) == []


def test_the_manifest_of_a_later_file_is_not_taken_for_an_earlier_one(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping)
    crash_in(monkeypatch, "daicho.drop.taking._Desk._bring_manifests")
    with pytest.raises(KeyboardInterrupt):
        take(dropping)
    monkeypatch.undo()
    # The next upload of that name comes before the first is taken up again.
    folder(dropping).joinpath("november.json").unlink()
    put(dropping, content=kit.csv_bytes(contracts("EX-2", "EX-3")), told=TOLD | {"count": 2})
    first, second = (o.receipt for o in take(dropping))
    assert first is not None
    assert second is not None
    assert (first["declared_count"], second["declared_count"]) == (1, 2)


def test_a_file_that_breaks_its_taking_is_refused_at_last_and_keeps_nobody_waiting(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, good = put(dropping, "poison.csv", b"poison"), put(dropping, "november.csv")
    assert poison.exists()
    assert good.exists()
    whole = taking.receive

    def breaks(store: Any, upload: Any, received_at: Any) -> Any:
        if upload.content == b"poison":
            raise RuntimeError("a bug")
        return whole(store, upload, received_at)

    monkeypatch.setattr(taking, "receive", breaks)
    first, second = take(dropping)
    assert (first.name, str(first.fault)) == ("poison.csv", "a bug")
    assert second.receipt is not None, "the other one goes on"
    for _ in range(2):
        assert one(dropping).fault is not None
    assert_refused(dropping, one(dropping), "internal-fault", "poison.csv", b"poison")
    assert take(dropping) == []


def test_a_file_that_kills_its_process_is_refused_at_last(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping)
    crash_in(monkeypatch, "daicho.drop.taking.receive")
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            take(dropping)
    monkeypatch.undo()
    assert_refused(dropping, one(dropping), "internal-fault")


def test_a_sender_who_spoils_its_folder_harms_only_itself(dropping: Home, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (folder(dropping) / "answers").symlink_to(target)
    put(dropping)
    put(dropping, holder=kit.MEMBER, told=TOLD | {"user": kit.MEMBER + "001"})
    outcomes = {o.holder: o for o in take(dropping)}
    assert outcomes[kit.MEMBER].receipt is not None
    assert isinstance(outcomes[kit.HOLDER].fault, OSError)
    for _ in range(5):
        take(dropping)
    assert list(target.iterdir()) == [], "nothing of ours was led elsewhere"
    assert not is_waiting(dropping.at()), "given up, no run is started for it any more"
    assert dropping.events("refused") == [], "it was received, and is not refused for want of an answer"
    [parked] = dropping.events("drop-parked")
    assert (parked["details"]["file_name"], parked["details"]["holder"]) == ("november.csv", kit.HOLDER)
    dropping.decide()
    dropping.print_papers()
    assert answer(dropping, holder=kit.MEMBER)["status"] == "申請内容要確認", "told as to anybody"

    # The operator mends the folder, and touches the file.
    (folder(dropping) / "answers").unlink()
    [place] = [name for name in set_aside(dropping) if "." not in name]
    assert left_lying(dropping.at()) == [(f".taken/{place}", "処理できなかったため、試すのをやめました")]
    os.utime(dropping.path / "drop" / ".taken" / place)
    assert is_waiting(dropping.at())
    receipt = one(dropping, "2018-11-07T10:00:00").receipt
    assert receipt is not None
    assert receipt["received_at"] == "2018-11-06T10:00:00+09:00"
    assert answer(dropping)["submission_id"] == receipt["submission_id"]
    assert set_aside(dropping) == []


def test_a_later_answer_under_the_same_name_stays(dropping: Home) -> None:
    put(dropping)
    one(dropping)
    put(dropping, told=TOLD | {"count": 9})
    assert one(dropping).refusal is not None
    dropping.decide()
    dropping.print_papers()
    assert answer(dropping)["refused"]["code"] == "count-mismatch"


@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff"])
def test_an_answer_that_its_sender_removed_or_spoiled_is_told_again(
    dropping: Home, content: bytes | None
) -> None:
    put(dropping)
    one(dropping)
    path = folder(dropping) / "answers" / "november.json"
    path.unlink() if content is None else path.write_bytes(content)
    dropping.decide()
    dropping.print_papers()
    assert answer(dropping)["status"] == "処理完了"


def test_names_in_another_encoding_and_very_long_ones(dropping: Home) -> None:
    root = os.fsencode(folder(dropping))
    cp932 = f"enterprise_{kit.HOLDER}_1_十一月分①.csv".encode("cp932")
    with open(root + b"/" + cp932, "wb") as stream:
        stream.write(GOOD)
    long = "長" * 80 + ".csv"  # 244 bytes
    put(dropping, long, kit.csv_bytes(contracts("EX-2", "EX-3")))
    taken = take(dropping)
    assert [o.fault for o in taken] == [None, None]
    receipts = [o.receipt for o in taken if o.receipt]
    assert [r["file_name"] for r in receipts] == [f"enterprise_{kit.HOLDER}_1_十一月分①.csv"]
    assert answer(dropping, f"enterprise_{kit.HOLDER}_1_十一月分①.csv")["submission_id"] == "S00000001"
    assert [o.refusal.code for o in taken if o.refusal] == ["count-mismatch"]
    assert (folder(dropping) / "refused" / long).exists()
    assert answer(dropping, long)["refused"]["code"] == "count-mismatch"


def test_words_that_no_file_can_hold_do_not_stop_the_drop(dropping: Home) -> None:
    put(
        dropping,
        told=b'{"product": "enterprise", "user": "'
        + USER.encode()
        + b'", "count": 1, "remarks": "\\ud800x"}',
    )
    receipt = one(dropping).receipt
    assert receipt is not None
    assert receipt["remarks"] == "?x"


def test_two_collectors_at_once_take_every_file_once(dropping: Home) -> None:
    for n in range(12):
        put(dropping, f"{n}.csv", kit.csv_bytes(contracts(f"EX-{n}")))
    found: list[DropOutcome] = []
    collectors = [threading.Thread(target=lambda: found.extend(take(dropping))) for _ in range(4)]
    for thread in collectors:
        thread.start()
    for thread in collectors:
        thread.join()
    assert sorted(o.name for o in found) == sorted(f"{n}.csv" for n in range(12))
    assert all(o.receipt for o in found)
    assert len(dropping.cli("status", "--json").json) == 12


def test_taken_files_are_out_of_reach_of_their_sender(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping)
    crash_in(monkeypatch, "daicho.drop.taking.receive")
    with pytest.raises(KeyboardInterrupt):
        take(dropping)
    monkeypatch.undo()
    assert left(dropping) == []
    assert len(set_aside(dropping)) == 3
    assert stat.S_ISREG((dropping.path / "drop" / ".lock").stat().st_mode)


def test_what_is_answered_beside_the_collector_is_not_taken_away(dropping: Home) -> None:
    """A verdict is answered while another process takes files; only what a crash left long ago goes."""
    put(dropping)
    one(dropping)
    taken = dropping.path / "drop" / ".taken"
    fresh, old = taken / ".fresh.tmp", taken / ".old.tmp"
    for path in (fresh, old):
        path.write_bytes(b"{}")
    os.utime(old, (0, 0))
    take(dropping)
    assert (fresh.exists(), old.exists()) == (True, False)


# -- what happens between two steps -------------------------------------------------------------------------


def test_a_file_that_vanishes_while_it_is_taken_is_no_fault(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(dropping)
    whole = aside.write_note

    def vanishing(*given: Any) -> None:
        whole(*given)
        path.unlink(missing_ok=True)

    monkeypatch.setattr(aside, "write_note", vanishing)
    assert take(dropping) == []
    assert set_aside(dropping) == []
    assert left(dropping) == ["november.json"]


@pytest.mark.parametrize("way", ["append", "replace"])
def test_a_file_that_changes_after_the_look_is_left_for_the_next_one(
    dropping: Home, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    path = put(dropping)
    whole = survey.look_around

    def changing(store: Any) -> Any:
        seen = whole(store)
        if way == "append":
            with path.open("ab") as stream:
                stream.write(b"\r\n")
        else:
            other = path.with_suffix(".part")
            other.write_bytes(GOOD + b"\r\n")
            other.replace(path)
        return seen

    with monkeypatch.context() as patch:
        patch.setattr(taking, "look_around", changing)
        assert take(dropping) == []
    receipt = one(dropping).receipt
    assert receipt is not None
    assert dropping.at().archive.get_bytes(receipt["sha256"]) == GOOD + b"\r\n"


def test_a_manifest_that_is_gone_before_its_file_is_taken_was_read_all_the_same(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(dropping)
    whole = aside.write_note

    def removing(*given: Any) -> None:
        whole(*given)
        path.with_suffix(".json").unlink(missing_ok=True)

    monkeypatch.setattr(aside, "write_note", removing)
    assert one(dropping).receipt is not None
    assert left(dropping) == ANSWERED


def test_a_file_that_is_written_while_it_is_read_is_refused_with_all_that_came(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping)
    taken = dropping.path / "drop" / ".taken"
    whole = taking.read_bounded

    def growing(descriptor: int, limit: int) -> bytes:
        content = whole(descriptor, limit)
        [place] = [path for path in taken.iterdir() if "." not in path.name]
        with place.open("ab") as stream:
            stream.write(b"x")
        return content

    monkeypatch.setattr(taking, "read_bounded", growing)
    outcome = one(dropping)
    monkeypatch.undo()
    moved = (folder(dropping) / "refused" / "november.csv").read_bytes()
    assert moved.startswith(GOOD + b"x")
    assert_refused(dropping, outcome, "file-changed", content=moved)


def test_a_client_that_only_sets_the_times_afterwards_stops_nothing(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping)
    taken = dropping.path / "drop" / ".taken"
    whole, times = taking.read_bounded, itertools.count(1)

    def setting(descriptor: int, limit: int) -> bytes:
        content = whole(descriptor, limit)
        if (time := next(times)) == 1:
            [place] = [path for path in taken.iterdir() if "." not in path.name]
            os.utime(place, (time, time))
        return content

    monkeypatch.setattr(taking, "read_bounded", setting)
    assert one(dropping).receipt is not None
    assert left(dropping) == ANSWERED


def test_what_is_written_after_the_reading_is_kept_and_the_operator_told(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(dropping)
    whole = taking.receive
    with path.open("ab") as stream:

        def late(*given: Any) -> Any:
            receipt = whole(*given)
            stream.write(b"more")
            stream.flush()
            return receipt

        monkeypatch.setattr(taking, "receive", late)
        receipt = one(dropping).receipt
    assert receipt is not None
    assert dropping.at().archive.get_bytes(receipt["sha256"]) == GOOD
    assert (folder(dropping) / "refused" / "november.csv").read_bytes() == GOOD + b"more"
    [event] = dropping.events("drop-late-write")
    assert event["submission_id"] == receipt["submission_id"]


# -- faults of one file, of a folder, of the machine --------------------------------------------------------


def poisoned(
    whole: Callable[..., Any], error: Exception, is_poison: Callable[..., bool]
) -> Callable[..., Any]:
    def breaking(*given: Any, **named: Any) -> Any:
        if is_poison(*given, **named):
            raise error
        return whole(*given, **named)

    return breaking


def test_a_file_that_cannot_even_be_moved_is_answered_and_given_up(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping, "poison.csv", b"poison")
    put(dropping)
    error = OSError(18, "Invalid cross-device link")
    monkeypatch.setattr(
        Folder, "move", poisoned(Folder.move, error, lambda _, name, *rest: name == "poison.csv")
    )
    assert [(o.name, o.attempt, o.is_news) for o in take(dropping) if o.fault] == [("poison.csv", 1, True)]
    assert answer(dropping)["submission_id"] == "S00000001"
    for attempt in (2, 3, 4):
        outcome = one(dropping)
        assert (outcome.fault, outcome.attempt, outcome.is_news) == (error, attempt, False)
    assert take(dropping) == []
    assert not is_waiting(dropping.at())
    assert answer(dropping, "poison.csv")["refused"]["code"] == "internal-fault"
    assert (folder(dropping) / "poison.csv").read_bytes() == b"poison"
    assert len(dropping.events("drop-parked")) == 1
    assert (f"{kit.HOLDER}/poison.csv", "処理できなかったため、試すのをやめました") in left_lying(
        dropping.at()
    )


def test_a_file_that_breaks_the_looking_around_hides_no_other(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping, "poison.csv", told=b"poison")
    put(dropping)
    error = RuntimeError("a bug")
    breaking = poisoned(survey.told_by, error, lambda content, *_, **__: content == b"poison")
    monkeypatch.setattr(survey, "told_by", breaking)
    outcomes = {o.name: o for o in take(dropping)}
    assert outcomes["november.csv"].receipt is not None
    assert outcomes["poison.csv"].fault is error
    assert is_waiting(dropping.at())
    for _ in range(3):
        assert one(dropping).is_news is False
    assert take(dropping) == []
    assert not is_waiting(dropping.at())
    assert answer(dropping, "poison.csv")["refused"]["code"] == "internal-fault"


def test_a_folder_that_cannot_be_read_hides_no_other(dropping: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    put(dropping, holder=kit.MEMBER, told=TOLD | {"user": kit.MEMBER + "001"})
    put(dropping)
    error = PermissionError(13, "Permission denied")
    monkeypatch.setattr(
        Folder, "inner", poisoned(Folder.inner, error, lambda _, name, *rest: name == kit.MEMBER)
    )
    outcomes = {o.holder: o for o in take(dropping)}
    assert outcomes[kit.HOLDER].receipt is not None
    assert outcomes[kit.MEMBER].is_news
    assert not is_waiting(dropping.at())
    for _ in range(4):
        assert [o.is_news for o in take(dropping)] in ([False], [])
    assert take(dropping) == []


def test_a_file_that_may_not_be_read_is_told_so(dropping: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    put(dropping, "closed.csv")
    place = f"{(folder(dropping) / 'closed.csv').stat().st_ino}"
    put(dropping)
    error = PermissionError(13, "Permission denied")
    monkeypatch.setattr(
        Folder, "opened", poisoned(Folder.opened, error, lambda _, name, *__: name.endswith(f"-{place}"))
    )
    first, second = take(dropping)
    monkeypatch.undo()
    assert second.receipt is not None
    assert first.refusal is not None
    assert "権限" in first.refusal.message
    assert answer(dropping, "closed.csv")["refused"]["code"] == "unreadable-file"


@pytest.mark.parametrize("note", [b"", b"{}", b"[1]", b"\xff", b'{"path": 1}'])
def test_a_note_that_cannot_be_read_keeps_nobody_waiting(dropping: Home, note: bytes) -> None:
    put(dropping)
    take(dropping)
    taken = dropping.path / "drop" / ".taken"
    (taken / "1-1").write_bytes(GOOD)
    (taken / "1-1.note").write_bytes(note)
    put(dropping, "other.csv", kit.csv_bytes(contracts("EX-2")))
    first, second = take(dropping)
    assert (first.name, first.is_news) == ("1-1", True)
    assert second.receipt is not None
    for _ in range(3):
        take(dropping)
    assert take(dropping) == []
    assert not is_waiting(dropping.at())
    assert (taken / "1-1").read_bytes() == GOOD
    assert len(dropping.events("drop-parked")) == 1


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), sqlite3.OperationalError("database is locked")]
)
def test_a_fault_of_the_machine_is_not_put_down_to_the_file(
    dropping: Home, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    put(dropping)
    with monkeypatch.context() as patch:
        patch.setattr(taking, "receive", poisoned(taking.receive, error, lambda *_: True))
        for _ in range(6):
            outcome = one(dropping)
            assert (outcome.fault, outcome.is_news) == (error, True), "told every time"
    assert is_waiting(dropping.at())
    assert one(dropping).receipt is not None
    assert left(dropping) == ANSWERED


def test_what_the_version_before_set_aside_is_finished(dropping: Home) -> None:
    """With the notes that it wrote."""
    home = folder(dropping)
    (home / "november.json").write_text(json.dumps(TOLD), encoding="utf-8")
    found = (home / "november.json").stat()
    taken = dropping.path / "drop" / ".taken"
    taken.mkdir()
    (taken / "2-1").write_bytes(GOOD)
    note = {
        "source": f"drop:{kit.HOLDER}/november.csv:1:2",
        "name": "november.csv",
        "holder": kit.HOLDER,
        "path": f"{kit.HOLDER}/november.csv".encode().hex(),
        "manifest": f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}",
        "told": TOLD | {"count": "1", "resend": False},
        "received_at": "2018-11-06T09:00:00+09:00",
        "attempts": 1,
    }
    (taken / "2-1.note").write_text(json.dumps(note), encoding="utf-8")
    receipt = one(dropping).receipt
    assert receipt is not None
    assert receipt["received_at"] == "2018-11-06T09:00:00+09:00"
    assert left(dropping) == ANSWERED
    assert set_aside(dropping) == []


def test_a_run_fails_once_for_a_file_and_the_others_go_on(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping, "poison.csv", b"poison")
    put(dropping)
    error = RuntimeError("a bug")
    breaking = poisoned(taking.receive, error, lambda _, upload, __: upload.content == b"poison")
    monkeypatch.setattr(taking, "receive", breaking)
    first = dropping.cli("run", "intake", "--json")
    assert (first.code, first.json["processed"]) == (3, ["S00000001"])
    assert dropping.cli("run", "intake", "--json").code == 0
    for _ in range(3):
        take(dropping)
    assert answer(dropping, "poison.csv")["refused"]["code"] == "internal-fault"
    assert not is_waiting(dropping.at())
