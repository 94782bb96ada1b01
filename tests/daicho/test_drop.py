"""The upload drop: what is taken and when, what is answered, what is refused, and that no sender stops the others."""

import hashlib
import json
import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from daicho import drop
from daicho.drop import DropOutcome, collect, is_waiting
from tests import kit
from tests.homes import LINE_YEN, TUESDAY, USER, Home, contracts, instant

TOLD = {"product": "enterprise", "user": USER, "count": 1}
GOOD = kit.csv_bytes(contracts("EX-0001"))


@pytest.fixture
def dropping(home: Home) -> Home:
    """A home whose drop does not wait for files to settle, nor for manifests."""
    home.settings(drop_settle_seconds=0, manifest_wait_minutes=0)
    return home


def folder(home: Home, holder: str = kit.HOLDER) -> Path:
    path = home.path / "drop" / holder
    path.mkdir(parents=True, exist_ok=True)
    return path


def put(
    home: Home,
    name: str = "november.csv",
    content: bytes = GOOD,
    told: Any = TOLD,
    holder: str = kit.HOLDER,
) -> Path:
    """A file as a sender leaves it, manifest first; ``told`` None = without one, bytes = as they are."""
    path = folder(home, holder) / name
    if told is not None:
        text = told if isinstance(told, bytes) else json.dumps(told).encode()
        path.with_suffix(".json").write_bytes(text)
    path.write_bytes(content)
    return path


def take(home: Home, now: str = TUESDAY) -> list[DropOutcome]:
    return collect(home.at(now))


def one(home: Home, now: str = TUESDAY) -> DropOutcome:
    (outcome,) = take(home, now)
    return outcome


def answer(home: Home, stem: str = "november", holder: str = kit.HOLDER) -> dict[str, Any]:
    return json.loads((folder(home, holder) / "answers" / f"{stem}.json").read_text(encoding="utf-8"))


def left(home: Home, holder: str = kit.HOLDER) -> list[str]:
    """Every file of a holder's folder."""
    root = folder(home, holder)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def set_aside(home: Home) -> list[str]:
    taken = home.path / "drop" / ".taken"
    return sorted(path.name for path in taken.iterdir()) if taken.exists() else []


# -- taken --------------------------------------------------------------------------------------------------


def test_a_file_with_its_manifest_becomes_a_submission_and_is_answered(dropping: Home) -> None:
    put(dropping, told=TOLD | {"remarks": "契約発効日㈱", "resend": False})
    receipt = one(dropping).receipt
    assert receipt is not None
    assert {name: receipt[name] for name in ("product", "holder", "user", "file_name", "channel")} == {
        "product": "enterprise",
        "holder": kit.HOLDER,
        "user": USER,
        "file_name": "november.csv",
        "channel": "drop",
    }
    assert (receipt["declared_count"], receipt["remarks"], receipt["resend"]) == (1, "契約発効日㈱", False)
    assert receipt["sha256"] == hashlib.sha256(GOOD).hexdigest()
    assert dropping.at().archive.get_bytes(receipt["sha256"]) == GOOD
    assert answer(dropping) == {
        "submission_id": "S00000001",
        "file_name": "november.csv",
        "sha256": receipt["sha256"],
        "declared_count": 1,
        "counted": 1,
        "received_at": "2018-11-06T10:00:00+09:00",
        "acceptance_date": "2018-11-06",
        "window": "same-day",
    }
    assert left(dropping) == ["answers/november.json"], (
        "the bytes are in the archive, the manifest is used up"
    )
    assert set_aside(dropping) == []
    assert take(dropping) == []


def test_the_verdict_and_the_findings_are_answered_later(dropping: Home) -> None:
    put(dropping, "good.csv")
    put(dropping, "bad.csv", kit.csv_bytes(contracts("EX-2", process_type="9")))
    take(dropping)
    dropping.decide()
    dropping.print_papers()
    good, bad = answer(dropping, "good"), answer(dropping, "bad")
    assert good["submission_id"] == "S00000001"
    verdict = ("status", "errors", "warnings", "premium_total_yen", "findings")
    assert [good[name] for name in verdict] == ["処理完了", 0, 0, LINE_YEN, []]
    assert [bad[name] for name in verdict[:4]] == ["申請内容要確認", 1, 0, None]
    assert [(f["record"], f["field"], f["code"]) for f in bad["findings"]] == [
        (1, "process_type", "process-type")
    ]


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".xlsx"])
def test_a_telling_name_needs_no_manifest(dropping: Home, suffix: str) -> None:
    content = (
        GOOD if suffix.lower() == ".csv" else kit.xlsx_bytes(contracts("EX-1"), kit.layout_of(kit.ENTERPRISE))
    )
    put(dropping, f"enterprise_{kit.HOLDER}_1_11月分_その2{suffix}", content, told=None)
    receipt = one(dropping).receipt
    assert receipt is not None
    assert (receipt["user"], receipt["declared_count"]) == (f"{kit.HOLDER}000", 1)
    dropping.decide()
    assert dropping.journal()["premium_total"].to_list() == [LINE_YEN]


def test_a_notice_by_its_name(dropping: Home) -> None:
    put(dropping, f"simplified-notice_{kit.HOLDER}_1_x.csv", kit.csv_bytes([kit.notice_row()]), told=None)
    receipt = one(dropping).receipt
    assert receipt is not None
    assert receipt["product"] == "simplified-notice"


def test_a_manifest_with_a_byte_order_mark_and_a_count_as_text(dropping: Home) -> None:
    put(dropping, told=b"\xef\xbb\xbf" + json.dumps(TOLD | {"count": "１"}).encode())
    assert one(dropping).receipt is not None


def test_files_are_taken_in_order_of_appearance(dropping: Home) -> None:
    for n in (3, 1, 2):
        put(dropping, f"{n}.csv", kit.csv_bytes(contracts(f"EX-{n}")))
        time.sleep(0.02)  # the clock of the file system is coarse
    assert [o.receipt["file_name"] for o in take(dropping) if o.receipt] == ["3.csv", "1.csv", "2.csv"]


@pytest.mark.parametrize(
    "name",
    ["november.csv.part", "november.csv.tmp", "november.tmp", ".november.csv", "november.txt", "november"],
)
def test_what_is_still_written_or_no_upload_is_left_alone(dropping: Home, name: str) -> None:
    put(dropping, name)
    assert take(dropping) == []
    assert not is_waiting(dropping.at())
    assert name in left(dropping)


def test_folders_and_links_are_no_uploads(dropping: Home, tmp_path: Path) -> None:
    secret = tmp_path / f"enterprise_{kit.HOLDER}_1_secret.csv"
    secret.write_bytes(GOOD)
    (folder(dropping) / secret.name).symlink_to(secret)
    (folder(dropping) / f"enterprise_{kit.HOLDER}_1_folder.csv").mkdir()
    (dropping.path / "drop" / "loose.csv").write_bytes(GOOD)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / secret.name).write_bytes(GOOD)
    (dropping.path / "drop" / kit.MEMBER).symlink_to(elsewhere)
    assert take(dropping) == []
    assert secret.exists()
    assert (elsewhere / secret.name).exists()


def test_an_empty_home_has_no_drop(empty_home: Home) -> None:
    assert not is_waiting(empty_home.at())
    assert take(empty_home) == []


# -- two looks ----------------------------------------------------------------------------------------------


def test_a_file_is_taken_when_two_looks_saw_the_same(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    sleep = time.sleep

    def sleeps(seconds: float) -> None:
        waited.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", sleeps)
    home.settings(drop_settle_seconds=1)
    put(home)
    assert not is_waiting(home.at()), "the first look"
    assert one(home).receipt is not None, "one run takes the second look itself"
    assert waited == [1], "once, as long as the setting says"


def test_a_file_that_still_grows_is_left_alone(home: Home) -> None:
    home.settings(drop_settle_seconds=1)
    path = put(home)
    growing = threading.Event()

    def grow() -> None:
        with path.open("ab") as stream:
            while not growing.wait(0.1):
                stream.write(b"\r\n")
                stream.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        time.sleep(0.3)
        assert take(home) == []
        assert not is_waiting(home.at())
    finally:
        growing.set()
        writer.join()
    assert left(home) == ["november.csv", "november.json"]
    assert one(home).receipt is not None


def test_a_manifest_that_is_still_written_is_waited_for(home: Home) -> None:
    home.settings(drop_settle_seconds=1, manifest_wait_minutes=15)
    path = put(home, told=None)
    assert take(home) == []
    time.sleep(1.1)  # the upload itself has settled
    whole = json.dumps(TOLD).encode()
    path.with_suffix(".json").write_bytes(whole[:10])
    finisher = threading.Timer(0.4, path.with_suffix(".json").write_bytes, [whole])
    finisher.start()
    assert take(home) == [], "half a manifest is no manifest yet"
    finisher.join()
    assert one(home).receipt is not None


def test_a_file_waits_for_its_manifest_and_is_then_refused(home: Home) -> None:
    home.settings(drop_settle_seconds=0)
    path = put(home, told=None)
    assert take(home) == []
    assert not is_waiting(home.at()), "no run is started for a file that must wait"
    path.with_suffix(".json").write_text(json.dumps(TOLD), encoding="utf-8")
    assert is_waiting(home.at())
    assert one(home).receipt is not None

    home.settings(drop_settle_seconds=0, manifest_wait_minutes=0)
    put(home, "lonely.csv", told=None)
    assert is_waiting(home.at())
    assert_refused(home, one(home), "manifest-missing", "lonely.csv")


def test_the_wait_for_a_manifest_is_fifteen_minutes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings(drop_settle_seconds=0)
    path = put(home, told=None)
    changed = path.stat().st_ctime_ns
    minutes = 60 * 10**9
    monkeypatch.setattr(drop.time, "time_ns", lambda: changed + 15 * minutes - 1)
    assert take(home) == []
    monkeypatch.setattr(drop.time, "time_ns", lambda: changed + 15 * minutes)
    assert_refused(home, one(home), "manifest-missing", "november.csv")
    assert "15分" in answer(home)["refused"]["message"]


# -- refused ------------------------------------------------------------------------------------------------


def assert_refused(
    home: Home, outcome: DropOutcome, code: str, name: str = "november.csv", content: bytes = GOOD
) -> None:
    """Answered, kept as an event, moved unchanged, and nothing else kept."""
    assert outcome.refusal is not None, outcome
    assert (outcome.refusal.code, outcome.receipt, outcome.fault) == (code, None, None)
    told = answer(home, Path(name).stem)
    assert told == {"refused": {"code": code, "message": outcome.refusal.message}}
    event = home.events("refused")[-1]
    assert (event["details"]["code"], event["details"]["channel"]) == (code, "drop")
    assert event["details"]["file_name"] == name
    assert event["reason"] == outcome.refusal.message
    moved = folder(home) / "refused" / name
    assert moved.read_bytes() == content
    assert not (folder(home) / name).exists()
    assert set_aside(home) == []


REFUSALS = [
    (TOLD | {"count": 2}, "count-mismatch"),
    (TOLD | {"count": 0}, "invalid-count"),
    (TOLD | {"count": 1.5}, "invalid-count"),
    (TOLD | {"count": True}, "invalid-count"),
    (TOLD | {"product": "textiles"}, "unknown-product"),
    (TOLD | {"product": ["enterprise"]}, "unknown-product"),
    (TOLD | {"user": kit.MEMBER + "001"}, "invalid-user"),
    (TOLD | {"remarks": "備" * 501}, "remarks-too-long"),
    (TOLD | {"resend": "yes"}, "manifest-unreadable"),
    ({"product": "enterprise", "user": USER}, "manifest-incomplete"),
    (TOLD | {"count": None}, "manifest-incomplete"),
    ({"refusal": ["own-code", "own words"]}, "manifest-incomplete"),
    ([TOLD], "manifest-unreadable"),
    (b"product: enterprise", "manifest-unreadable"),
    (b"", "manifest-unreadable"),
    (b"\xff\xfe{", "manifest-unreadable"),
    (b"[" * 100_000, "manifest-unreadable"),
    (b'{"count": ' + b"1" * 10_000 + b"}", "manifest-unreadable"),
    (json.dumps(TOLD).encode() + b" " * 1_000_001, "manifest-unreadable"),
]


@pytest.mark.parametrize(
    ("told", "code"), REFUSALS, ids=[f"{n}-{code}" for n, (_, code) in enumerate(REFUSALS)]
)
def test_a_refused_file_moves_unchanged_with_its_manifest(dropping: Home, told: Any, code: str) -> None:
    put(dropping, told=told)
    assert_refused(dropping, one(dropping), code)
    assert left(dropping) == ["answers/november.json", "refused/november.csv", "refused/november.json"]
    assert dropping.cli("status", "--json").json == []


@pytest.mark.req("A-007", "B-004")
def test_nothing_of_a_refused_file_reaches_the_archive(dropping: Home) -> None:
    put(dropping, told=TOLD | {"count": 2})
    take(dropping)
    assert list(dropping.at().archive.hashes()) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (f"enterprise_{kit.MEMBER}_1_x.csv", "invalid-holder"),
        (f"enterprise_{kit.HOLDER}_2_x.csv", "count-mismatch"),
        (f"textiles_{kit.HOLDER}_1_x.csv", "manifest-missing"),
        (f"enterprise_{kit.HOLDER}_1.csv", "manifest-missing"),
        (f"enterprise_{kit.HOLDER}_one_x.csv", "manifest-missing"),
    ],
)
def test_a_name_that_tells_something_wrong_is_refused(dropping: Home, name: str, code: str) -> None:
    put(dropping, name, told=None)
    assert_refused(dropping, one(dropping), code, name)


@pytest.mark.req("C-003", "C-007")
def test_outside_the_hours_a_file_is_refused(dropping: Home) -> None:
    put(dropping)
    assert_refused(dropping, one(dropping, "2018-11-10T10:00:00"), "outside-hours")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.settings(drop_settle_seconds=0, max_bytes=len(GOOD) - 1)
    put(home)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read into memory"))
    outcome = one(home)
    monkeypatch.undo()
    assert_refused(home, outcome, "file-too-large")


def test_the_same_bytes_again_are_refused_unless_the_manifest_means_it(dropping: Home) -> None:
    put(dropping, "first.csv")
    assert one(dropping).receipt is not None
    put(dropping, "second.csv")
    assert_refused(dropping, one(dropping), "identical-upload", "second.csv")
    put(dropping, "third.csv", told=TOLD | {"resend": True})
    receipt = one(dropping).receipt
    assert receipt is not None
    assert (receipt["submission_id"], receipt["resend"]) == ("S00000002", True)


def test_refused_files_of_one_name_stand_beside_each_other_with_their_manifests(dropping: Home) -> None:
    contents = [GOOD, GOOD + b"\r\n", GOOD + b"\r\n\r\n"]
    for n, content in enumerate(contents):
        put(dropping, content=content, told=TOLD | {"count": n + 2})
        assert one(dropping).refusal is not None
    refused = folder(dropping) / "refused"
    for n, name in enumerate(("november", "november-2", "november-3")):
        assert (refused / f"{name}.csv").read_bytes() == contents[n]
        assert json.loads((refused / f"{name}.json").read_text(encoding="utf-8"))["count"] == n + 2
    assert len(list(refused.iterdir())) == 6


# -- when it was received -----------------------------------------------------------------------------------


def test_a_standing_clock_gives_its_instant(dropping: Home) -> None:
    path = put(dropping)
    os.utime(path, (0, 0))
    receipt = one(dropping, "2018-11-06T17:30:00").receipt
    assert receipt is not None
    assert (receipt["received_at"], receipt["acceptance_date"], receipt["window"]) == (
        "2018-11-06T17:30:00+09:00",
        "2018-11-07",
        "next-business-day",
    )


@pytest.mark.req("C-005")
def test_a_running_clock_gives_the_moment_of_the_final_name_never_the_senders_time(dropping: Home) -> None:
    store = dropping.at(f"@{TUESDAY}")
    path = put(dropping, "november.part")
    time.sleep(0.05)
    path = path.rename(path.with_suffix(".csv"))
    os.utime(path, (1, 1))  # what a client may set
    appeared = path.stat().st_ctime_ns
    time.sleep(0.05)
    (outcome,) = collect(store)
    assert outcome.receipt is not None
    received_at = instant(outcome.receipt["received_at"][:26])
    assert received_at == store.clock.from_file_time(appeared).replace(tzinfo=received_at.tzinfo)
    assert (store.clock.now() - received_at).total_seconds() >= 0.05
    assert (received_at - instant(TUESDAY)).total_seconds() < 60


# -- faults -------------------------------------------------------------------------------------------------


def crash_in(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """The process dies when it comes to that function."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(target, die)


@pytest.mark.parametrize(
    "place",
    ["daicho.drop._try_to_take", "daicho.drop.receive", "daicho.drop._receipt_answer", "pathlib.Path.unlink"],
)
def test_after_a_crash_the_same_file_gives_one_receipt(
    dropping: Home, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    put(dropping)
    crash_in(monkeypatch, place)
    with pytest.raises(KeyboardInterrupt):
        take(dropping)
    monkeypatch.undo()
    assert is_waiting(dropping.at())
    receipt = one(dropping, "2018-11-06T11:00:00").receipt
    assert receipt is not None
    assert receipt["submission_id"] == "S00000001"
    assert receipt["received_at"] == "2018-11-06T10:00:00+09:00", (
        "when it came, not when it was taken up again"
    )
    assert [row["submission_id"] for row in dropping.cli("status", "--json").json] == ["S00000001"]
    assert answer(dropping)["submission_id"] == "S00000001"
    assert left(dropping) == ["answers/november.json"], "the manifest went with its file"
    assert set_aside(dropping) == []
    assert take(dropping) == []


def test_a_crash_before_anything_was_moved_leaves_the_file_to_be_taken(
    dropping: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dropping)
    crash_in(monkeypatch, "pathlib.Path.rename")
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
    crash_in(monkeypatch, "daicho.drop._try_to_take")
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
    whole = drop.receive

    def breaks(store: Any, upload: Any, received_at: Any) -> Any:
        if upload.content == b"poison":
            raise RuntimeError("a bug")
        return whole(store, upload, received_at)

    monkeypatch.setattr(drop, "receive", breaks)
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
    crash_in(monkeypatch, "daicho.drop.receive")
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
    dropping.decide()
    dropping.print_papers()
    assert answer(dropping, holder=kit.MEMBER)["status"] == "申請内容要確認", "told as to anybody"


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
    assert answer(dropping, f"enterprise_{kit.HOLDER}_1_十一月分①")["submission_id"] == "S00000001"
    assert [o.refusal.code for o in taken if o.refusal] == ["count-mismatch"]
    assert (folder(dropping) / "refused" / long).exists()
    (told,) = [name for name in left(dropping) if name.startswith("answers/長")]
    assert len(told.encode()) < 255


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
    crash_in(monkeypatch, "daicho.drop.receive")
    with pytest.raises(KeyboardInterrupt):
        take(dropping)
    monkeypatch.undo()
    assert left(dropping) == []
    assert len(set_aside(dropping)) == 3
    assert stat.S_ISREG((dropping.path / "drop" / ".lock").stat().st_mode)
