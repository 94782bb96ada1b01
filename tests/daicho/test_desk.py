"""The desk folder: requests of the portal's desk taken, done once, answered, told, and kept."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from daicho.desk import given_up, is_waiting, take
from schemas.desk import ANSWERED, DeskRequest
from tests import kit
from tests.homes import LINE_YEN, TUESDAY, Home

LATE = kit.enterprise_row(export_contract_no="LATE-1", contract_date="20180928")
ID = "0123456789abcdef0123456789abcdef"
REASON = "やむを得ない事情を確認した"


def request(kind: str, subject: str, number: str = ID, **changes: str) -> DeskRequest:
    told = {
        "id": number,
        "kind": kind,
        "subject": subject,
        "by": "審査 一郎",
        "login_id": "desk-1",
        "reason": REASON,
        "at": "2018-11-06T10:00:00+09:00",
    }
    return DeskRequest(**{**told, **changes})


def put(home: Home, wanted: DeskRequest) -> Path:
    """A decision as the portal writes it."""
    folder = home.path / "desk"
    folder.mkdir(exist_ok=True)
    path = folder / f"{wanted.id}.json"
    path.write_text(wanted.text(), encoding="utf-8")
    return path


def put_tables(home: Home, files: dict[str, str | bytes], subject: str | None = None) -> Path:
    """A load of reference tables as the portal writes it."""
    folder = home.path / "desk" / ID
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    names = subject or ",".join(sorted(name.removesuffix(".csv") for name in files))
    (folder / "manifest.json").write_text(request("tables", names).text(), encoding="utf-8")
    return folder


def answer(home: Home, name: str = ID) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        (home.path / "desk" / "answers" / f"{name}.json").read_text(encoding="utf-8")
    )
    return told


def done(home: Home) -> list[str]:
    return sorted(path.name for path in (home.path / "desk" / "done").iterdir())


@pytest.fixture
def held(home: Home) -> str:
    """A late application that is held."""
    submission_id = home.submit([LATE])["submission_id"]
    home.decide()
    assert home.status(submission_id)["held"]
    return submission_id


def test_a_release_is_done_answered_and_told(home: Home, held: str) -> None:
    put(home, request("release", held))
    assert is_waiting(home.at())
    [outcome] = take(home.at("2018-11-08T10:00:00"))
    assert outcome.done
    assert not is_waiting(home.at())
    assert home.decide() == [held]
    assert home.status(held)["premium_total_yen"] == LINE_YEN
    told = answer(home)
    assert (told["id"], told["state"], told["kind"], told["subject"]) == (ID, "done", "release", held)
    assert "保留を解除しました" in told["message"]
    assert done(home) == [f"{ID}.json"]
    [event] = home.events("hold-release")
    assert (event["actor"], event["reason"], event["details"]) == (
        "審査 一郎",
        REASON,
        {"request": ID, "login_id": "desk-1"},
    )
    [event] = home.events(ANSWERED)
    assert (event["actor"], event["reason"], event["submission_id"]) == ("審査 一郎", REASON, held)


def test_a_refusal_reaches_the_exporter_without_the_login(home: Home, held: str) -> None:
    put(home, request("refuse", held, reason="期限を2か月過ぎている"))
    assert take(home.at())[0].done
    assert home.status(held)["status"] == "申請内容要確認"
    frame = home.at().findings.read(held)
    assert frame is not None
    assert "期限を2か月過ぎている" in frame["message"][0]
    assert "desk-1" not in str(frame.to_dicts())


def test_the_same_request_twice_is_done_once(home: Home, held: str) -> None:
    for _ in range(2):
        put(home, request("release", held))
        assert take(home.at())[0].done
        assert answer(home)["state"] == "done"
    assert len(home.events("hold-release")) == 1
    assert done(home) == [f"{ID}.json", f"{ID}.json-2"]


def test_a_crash_before_the_answer_ends_in_the_same_answer(
    home: Home, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, request("refuse", held))
    with monkeypatch.context() as broken:

        def full(*_: Any) -> None:
            raise OSError("disk full")

        broken.setattr("daicho.folders.Folder.write", full)
        [outcome] = take(home.at())
        assert isinstance(outcome.fault, OSError)
    assert is_waiting(home.at()), "it stays until it is answered"
    assert take(home.at())[0].done
    assert answer(home)["state"] == "done"
    assert len(home.events("hold-refuse")) == 1


@pytest.mark.parametrize("wish", ["refuse", "tables"])
def test_a_request_that_cannot_be_answered_fails_one_run_and_is_given_up(
    home: Home, held: str, wish: str
) -> None:
    """A folder of answers that is a file: the deed is done at the first attempt, and stays done once."""
    path = put_tables(home, {"buyers.csv": BUYERS}) if wish == "tables" else put(home, request(wish, held))
    answers = path.parent / "answers"
    answers.touch()
    outcomes = [outcome for _ in range(6) for outcome in take(home.at())]
    assert [(type(outcome.fault), outcome.attempt, outcome.is_news) for outcome in outcomes] == [
        (NotADirectoryError, number, number == 1) for number in (1, 2, 3, 4)
    ]
    assert not is_waiting(home.at()), "the sensor starts no runs for it"
    assert given_up(home.at()) == [path.name]
    [event] = home.events("drop-parked")
    assert event["details"]["file_name"] == path.name
    answers.unlink()
    os.utime(path)  # the operator has put it right, and touches it
    [outcome] = take(home.at())
    assert outcome.done
    assert answer(home)["state"] == "done"
    assert given_up(home.at()) == []
    if wish == "refuse":
        assert len(home.events("hold-refuse")) == 1
    assert home.events("drop-parked") == [event]


@pytest.mark.parametrize("wish", ["refuse", "tables"])
def test_a_request_that_ends_the_process_is_answered_as_a_fault(
    home: Home, held: str, wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_tables(home, {"buyers.csv": BUYERS}) if wish == "tables" else put(home, request(wish, held))

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt  # what no run survives

    for place in ("daicho.deciding.decide_held", "daicho.references.load_folder"):
        monkeypatch.setattr(place, killed)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            take(home.at())
    [outcome] = take(home.at())
    assert (outcome.done, outcome.fault) == (False, None)
    assert (answer(home)["state"], answer(home)["code"]) == ("refused", "internal-fault")
    assert done(home) == [path.name]
    assert home.events("hold-refuse") == []


def test_faults_of_the_machine_are_not_counted(
    home: Home, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, request("refuse", held))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "disk full")

    with monkeypatch.context() as broken:
        broken.setattr("daicho.folders.Folder.write", full)
        for _ in range(9):
            assert [(outcome.attempt, outcome.is_news) for outcome in take(home.at())] == [(0, True)]
    assert take(home.at())[0].done


def test_another_decision_about_a_decided_one_is_refused_with_the_reason(home: Home, held: str) -> None:
    put(home, request("release", held))
    take(home.at())
    other = "f" * 32
    put(home, request("refuse", held, other))
    [outcome] = take(home.at())
    assert not outcome.done
    told = answer(home, other)
    assert (told["state"], told["code"]) == ("refused", "not-held")
    assert "保留されていません" in told["message"]
    assert home.decide() == [held], "the release stands"
    assert take(home.at()) == []


def test_an_unknown_submission_is_answered(home: Home) -> None:
    put(home, request("release", "S00000099"))
    assert not take(home.at())[0].done
    assert answer(home)["code"] == "unknown-submission"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        (f"{ID}.json", "{", "desk-unreadable"),
        (f"{ID}.json", "[]", "desk-unreadable"),
        (f"{ID}.json", b"\x82\xa0", "desk-unreadable"),
        (f"{ID}.json", "[" * 100_000, "desk-unreadable"),
        (f"{ID}.json", request("release", "S1", by="").text(), "desk-incomplete"),
        (f"{ID}.json", request("release", "S1", reason=" ").text(), "desk-incomplete"),
        (f"{ID}.json", request("release", "S1", reason="あ" * 501).text(), "desk-incomplete"),
        (f"{ID}.json", request("delete", "S1").text(), "desk-incomplete"),
        (f"{ID}.json", request("release", "S1", "f" * 32).text(), "desk-misplaced"),
        (f"{ID}.json", request("tables", "buyers").text(), "desk-misplaced"),
        ("メモ.txt", "hello", "desk-unreadable"),
    ],
)
def test_what_cannot_be_read_is_answered_and_kept(
    home: Home, name: str, content: str | bytes, code: str
) -> None:
    home.settings(drop_settle_seconds=0)
    folder = home.path / "desk"
    folder.mkdir()
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    [outcome] = take(home.at())
    assert not outcome.done
    told = answer(home, name.removesuffix(".json"))
    assert (told["state"], told["code"]) == ("refused", code)
    assert "依頼し直してください" in told["message"]
    assert (folder / "done" / name).read_bytes() == data
    assert len(home.events(ANSWERED)) == 1
    assert not is_waiting(home.at())


def test_what_is_still_being_written_is_left_alone(home: Home) -> None:
    home.settings(drop_settle_seconds=1000)
    folder = home.path / "desk"
    (folder / ".draft-x").mkdir(parents=True)
    (folder / f".{ID}.tmp").write_text("{")
    (folder / "half.json").write_text("{")
    (folder / ID).mkdir()
    assert take(home.at()) == []
    assert not (folder / "answers").exists()
    home.settings(drop_settle_seconds=0)
    assert len(take(home.at())) == 2


def test_links_lead_nowhere(home: Home, tmp_path: Path) -> None:
    home.settings(drop_settle_seconds=0)
    outside = tmp_path / "outside.json"
    outside.write_text(request("release", "S1").text())
    (home.path / "desk").mkdir()
    os.symlink(outside, home.path / "desk" / f"{ID}.json")
    take(home.at())
    assert answer(home)["code"] == "desk-unreadable"
    assert outside.exists()


def test_one_bad_request_does_not_stop_the_others(
    home: Home, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_tables(home, {"buyers.csv": "x"})
    put(home, request("release", held, "f" * 32))

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("daicho.references.load_folder", broken)
    outcomes = take(home.at())
    assert sorted(outcome.done for outcome in outcomes) == [False, True]
    assert answer(home)["code"] == "internal-fault"
    assert "broken" in home.events("desk-fault")[0]["reason"]
    assert not is_waiting(home.at())


BUYERS = "buyer_code,valid_from,name,country,rating\n977777777,2018-11-01,NEW BUYER,105,EA\n"


def test_reference_tables_are_loaded_with_person_and_reason(home: Home) -> None:
    put_tables(home, {"buyers.csv": BUYERS})
    assert take(home.at())[0].done
    told = answer(home)
    assert told["state"] == "done"
    assert "buyers 1行" in told["message"]
    history = home.at().reference.history("buyers")
    assert history.filter(buyer_code="977777777")["source"].to_list() == [f"desk:{ID}"]
    [event] = home.events(ANSWERED)
    assert (event["actor"], event["reason"], event["details"]["loaded"]) == (
        "審査 一郎",
        REASON,
        {"buyers": 1},
    )
    assert sorted(path.name for path in (home.path / "desk" / "done" / ID).iterdir()) == [
        "buyers.csv",
        "manifest.json",
    ]


@pytest.mark.parametrize(
    ("files", "subject", "code"),
    [
        ({"buyers.csv": BUYERS.replace("EA", "")}, None, "reference-invalid"),
        ({"buyers.csv": BUYERS.replace("NEW", "㈱").encode("cp932")}, None, "reference-unreadable"),
        ({"buyers.csv": BUYERS}, "buyers,rates", "desk-incomplete"),
        ({"other.csv": BUYERS}, None, "desk-incomplete"),
    ],
)
def test_tables_that_cannot_be_loaded_change_nothing_and_say_why(
    home: Home, files: dict[str, str | bytes], subject: str | None, code: str
) -> None:
    before = home.at().reference.current_load()
    put_tables(home, files, subject)
    assert not take(home.at())[0].done
    told = answer(home)
    assert (told["state"], told["code"]) == ("refused", code)
    assert home.at().reference.current_load() == before


def test_many_problems_are_told_in_few_lines(home: Home) -> None:
    rows = "".join(f"{977777000 + n},2018-11-01,B,105,\n" for n in range(500))
    put_tables(home, {"buyers.csv": BUYERS.splitlines()[0] + "\n" + rows})
    take(home.at())
    message = answer(home)["message"]
    assert len(message.splitlines()) <= 21
    assert "ほか" in message


def test_the_desk_goes_first_in_an_intake_run_of_the_command_line(home: Home, held: str) -> None:
    put(home, request("release", held))
    ran = home.cli("run", "intake", "--json", now=TUESDAY)
    assert ran.code == 0, ran.err
    assert ran.json["processed"] == [held]
    assert home.status(held)["status"] == "処理完了"
