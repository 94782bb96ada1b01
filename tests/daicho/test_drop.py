"""The upload drop: what is taken and when, what is answered, and what is refused."""

import hashlib
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from daicho.drop import collect, is_waiting, left_lying, survey, taking
from schemas.submission import dispatch_of
from tests import kit
from tests.daicho.dropping import (
    ANSWERED,
    GOOD,
    TOLD,
    answer,
    assert_refused,
    by_hand,
    dropping,
    folder,
    left,
    one,
    put,
    set_aside,
    take,
)
from tests.homes import LINE_YEN, TUESDAY, USER, Home, contracts, instant

__all__ = ["dropping"]

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
    assert left(dropping) == ANSWERED, "the bytes are in the archive, the manifest is used up"
    assert set_aside(dropping) == []
    assert take(dropping) == []


def test_the_verdict_and_the_findings_are_answered_later(dropping: Home) -> None:
    put(dropping, "good.csv")
    put(dropping, "bad.csv", kit.csv_bytes(contracts("EX-2", process_type="9")))
    take(dropping)
    dropping.decide()
    dropping.print_papers()
    good, bad = answer(dropping, "good.csv"), answer(dropping, "bad.csv")
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
    [
        *(
            "november.csv.part",
            "november.csv.tmp",
            "november.tmp",
            "NOVEMBER.CSV.PART",
            "november.csv.filepart",
        ),
        *(".november.csv", "._november.csv", ".DS_Store", "~$november.xlsx", "Thumbs.db", "desktop.ini"),
        "~$november.csv",
    ],
)
def test_what_is_still_written_or_of_the_system_is_left_alone(dropping: Home, name: str) -> None:
    put(dropping, name, told=None)
    assert take(dropping) == []
    assert not is_waiting(dropping.at())
    assert left(dropping) == [name]


def test_what_lies_outside_of_a_holders_folder_is_left_alone_and_shown_to_the_operator(
    dropping: Home, tmp_path: Path
) -> None:
    name = f"enterprise_{kit.HOLDER}_1_x.csv"
    root = dropping.path / "drop"
    (folder(dropping) / "2018").mkdir()
    (folder(dropping) / "2018" / name).write_bytes(GOOD)
    (folder(dropping) / f"2_{name}").mkdir()
    (root / name).write_bytes(GOOD)
    (root / "loose.json").write_text(json.dumps(TOLD), encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / name).write_bytes(GOOD)
    (root / kit.MEMBER).symlink_to(elsewhere)
    assert take(dropping) == []
    assert not is_waiting(dropping.at())
    assert (elsewhere / name).read_bytes() == GOOD
    assert dict(left_lying(dropping.at())) == {
        name: "保険利用者のフォルダの外にあります",
        "loose.json": "保険利用者のフォルダの外にあります",
        kit.MEMBER: "保険利用者のフォルダの外にあります",
        f"{kit.HOLDER}/2018": "フォルダの中は見ません",
        f"{kit.HOLDER}/2_{name}": "フォルダの中は見ません",
    }


def test_an_empty_home_has_no_drop(empty_home: Home) -> None:
    assert not is_waiting(empty_home.at())
    assert take(empty_home) == []


# -- whole --------------------------------------------------------------------------------------------------


def at_age(monkeypatch: pytest.MonkeyPatch, path: Path, seconds: float) -> None:
    """The drop is looked at when so much time has passed since the file got its name."""
    changed = path.lstat().st_ctime_ns / 1e9
    monkeypatch.setattr(survey.time, "time", lambda: changed + seconds)


def test_a_file_is_whole_when_it_has_not_changed_for_thirty_seconds(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(home)
    os.utime(path, (1, 1))  # what a client says does not count
    at_age(monkeypatch, path, 29.9)
    assert not is_waiting(home.at())
    assert take(home) == []
    at_age(monkeypatch, path, 30.1)
    assert is_waiting(home.at())
    assert one(home).receipt is not None


def test_who_asks_by_hand_waits_until_what_was_just_copied_is_whole(home: Home) -> None:
    home.settings(drop_settle_seconds=1)
    put(home)
    assert take(home) == []
    [outcome] = by_hand(home)
    assert outcome.receipt is not None


def test_a_run_by_hand_waits_for_its_file_and_not_for_one_without_manifest(home: Home) -> None:
    home.settings(drop_settle_seconds=1)
    put(home)
    put(home, "alone.csv", told=None)
    (folder(home) / "growing.csv.part").write_bytes(b"")
    ran = home.cli("run", "intake", "--json")
    assert (ran.code, ran.json["processed"]) == (0, ["S00000001"])
    assert "1ファイルの書込みが終わるのを待ちます" in ran.err


@pytest.mark.parametrize("proof", ["size", "sha256", "both"])
def test_a_file_that_fits_its_manifest_is_whole_at_once(home: Home, proof: str) -> None:
    proofs = {"size": len(GOOD), "sha256": hashlib.sha256(GOOD).hexdigest().upper()}
    told = TOLD | (proofs if proof == "both" else {proof: proofs[proof]})
    path = put(home, content=GOOD[:-20], told=told)
    assert not is_waiting(home.at()), "half of it"
    assert take(home) == []
    path.write_bytes(GOOD)
    assert is_waiting(home.at())
    assert one(home).receipt is not None


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        ({"size": len(GOOD) + 1}, "size-mismatch"),
        ({"sha256": "0" * 64}, "sha256-mismatch"),
        ({"size": len(GOOD), "sha256": "0" * 64}, "sha256-mismatch"),
        ({"size": len(GOOD) - 1, "sha256": hashlib.sha256(GOOD).hexdigest()}, "size-mismatch"),
    ],
)
def test_a_file_that_never_fits_its_manifest_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch, proof: dict[str, Any], code: str
) -> None:
    path = put(home, told=TOLD | proof)
    assert take(home) == []
    at_age(monkeypatch, path, 31)
    assert_refused(home, one(home), code)


@pytest.mark.parametrize("ending", [".part", ".PART", ".csv.part", ".csv.tmp", ".csv.filepart"])
def test_a_file_that_was_seen_under_its_unfinished_name_is_whole_at_once(home: Home, ending: str) -> None:
    path = folder(home) / f"november{ending}"
    path.write_bytes(GOOD)
    (folder(home) / "november.json").write_text(json.dumps(TOLD), encoding="utf-8")
    assert not is_waiting(home.at())
    time.sleep(0.02)  # the clock of the file system is coarse
    path.rename(folder(home) / "november.csv")
    assert is_waiting(home.at())
    assert one(home).receipt is not None


def test_an_inode_that_was_an_unfinished_file_once_proves_nothing_while_it_is_written(home: Home) -> None:
    path = folder(home) / "november.part"
    path.write_bytes(GOOD)
    assert not is_waiting(home.at())
    path.rename(folder(home) / "november.csv")
    (folder(home) / "november.json").write_text(json.dumps(TOLD), encoding="utf-8")
    with (folder(home) / "november.csv").open("r+b") as stream:  # as another file in its place would
        stream.write(GOOD[:100])
    assert not is_waiting(home.at())


def test_a_disk_whose_clock_is_ahead_lets_files_settle_too(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.settings(drop_settle_seconds=1)
    at_age(monkeypatch, put(home), -3600)
    assert take(home) == []
    threading.Event().wait(1.1)
    assert one(home).receipt is not None


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
        assert by_hand(home) == []
        assert not is_waiting(home.at())
    finally:
        growing.set()
        writer.join()
    assert left(home) == ["november.csv", "november.json"]
    assert by_hand(home)[0].receipt is not None


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
    assert not is_waiting(home.at())
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
    at_age(monkeypatch, path, 15 * 60 - 0.1)
    assert take(home) == []
    at_age(monkeypatch, path, 15 * 60 + 0.1)
    assert_refused(home, one(home), "manifest-missing", "november.csv")
    assert "15分" in answer(home)["refused"]["message"]


# -- refused ------------------------------------------------------------------------------------------------


def test_a_sender_cannot_speak_for_the_portal(dropping: Home) -> None:
    claimed = {"dispatch": "0" * 32, "file_name": "別の名前.csv", "channel": "portal", "holder": kit.MEMBER}
    put(dropping, told=TOLD | claimed)
    receipt = one(dropping).receipt
    assert receipt is not None
    told = [receipt[name] for name in ("channel", "file_name", "holder", "user")]
    assert told == ["drop", "november.csv", kit.HOLDER, USER]
    assert dispatch_of(receipt["source"]) == ""
    assert answer(dropping)["submission_id"] == receipt["submission_id"], "answered like every sender"


@pytest.mark.parametrize("mode", [0o777, 0o730, 0o700])
def test_the_portals_part_of_the_drop_is_believed_only_where_nobody_else_can_write(
    dropping: Home, mode: int
) -> None:
    put(
        dropping,
        told=TOLD | {"dispatch": "0" * 32, "file_name": "11月分.csv"},
        holder=f".portal/{kit.HOLDER}",
    )
    (dropping.path / "drop" / ".portal").chmod(mode)
    if mode != 0o700:
        assert take(dropping) == []
        assert [place for place, _ in left_lying(dropping.at())] == [".portal"]
        return
    receipt = one(dropping).receipt
    assert receipt is not None
    assert (receipt["channel"], receipt["file_name"], receipt["holder"]) == (
        "portal",
        "11月分.csv",
        kit.HOLDER,
    )
    assert dispatch_of(receipt["source"]) == "0" * 32
    assert left(dropping, f".portal/{kit.HOLDER}") == [], "the portal hears by the feed"


def test_a_link_in_place_of_the_portals_part_is_not_followed(dropping: Home, tmp_path: Path) -> None:
    put(dropping, told=TOLD | {"dispatch": "0" * 32}, holder=".elsewhere/" + kit.HOLDER)
    (dropping.path / "drop" / ".portal").symlink_to(dropping.path / "drop" / ".elsewhere")
    assert [outcome.receipt for outcome in take(dropping)] == [None]
    assert dropping.at().events.submissions(dropping.at().clock.now()) == []


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
    (TOLD | {"remarks": ["x"]}, "manifest-unreadable"),
    (TOLD | {"remarks": 5}, "manifest-unreadable"),
    (TOLD | {"remarks": "a\x00b"}, "invalid-remarks"),
    (TOLD | {"user": [USER]}, "invalid-user"),
    (TOLD | {"user": "1\x00\n"}, "invalid-user"),
    (TOLD | {"product": "enterprise\x00\n"}, "unknown-product"),
    (TOLD | {"count": "1\x00\n1"}, "invalid-count"),
    (TOLD | {"user": {"id": USER}}, "invalid-user"),
    (TOLD | {"size": -1}, "manifest-unreadable"),
    (TOLD | {"size": str(len(GOOD))}, "manifest-unreadable"),
    (TOLD | {"size": True}, "manifest-unreadable"),
    (TOLD | {"size": float(len(GOOD))}, "manifest-unreadable"),
    (TOLD | {"sha256": 5}, "manifest-unreadable"),
    (TOLD | {"sha256": "0" * 63}, "manifest-unreadable"),
    (
        b'{"count": 1, "product": "enterprise", "count": 1, "user": "' + USER.encode() + b'"}',
        "manifest-unreadable",
    ),
    (b'{"count": NaN, "product": "enterprise", "user": "' + USER.encode() + b'"}', "manifest-unreadable"),
    (json.dumps(TOLD | {"remarks": "備考"}, ensure_ascii=False).encode("cp932"), "manifest-unreadable"),
    (json.dumps(TOLD).encode("utf-16"), "manifest-unreadable"),
    (json.dumps(TOLD).encode()[:-1], "manifest-unreadable"),
    (b"null", "manifest-unreadable"),
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
    assert left(dropping) == [*ANSWERED, "refused/november.csv", "refused/november.json"]
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
    monkeypatch.setattr(taking, "read_bounded", lambda *_: pytest.fail("read into memory"))
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
