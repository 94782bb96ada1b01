"""What goes wrong around a command: settings, clock, faults inside, readers that leave, terminals that cannot."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests import kit
from tests.homes import BIN, TUESDAY, USER, Home, contracts


@pytest.mark.parametrize(
    "now", ["yesterday", "2018-13-01T00:00:00", "@", "@soon", "20181106 25:00", "２０１８"]
)
def test_a_clock_that_is_no_instant_is_refused(home: Home, now: str) -> None:
    ran = home.cli("status", "--json", now=now)
    assert ran.refused == "setting"
    assert f"DAICHO_NOW「{now}」" in ran.json["refused"]["message"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("max_records = ", "settings.toml を読めません: 終わりの書き方が正しくありません"),
        (
            "max_records = 1\nmax_records = !",
            "settings.toml を読めません: 2行目の15文字目の書き方が正しくありません",
        ),
        ("max_records = 'many'", "max_records"),
        ("max_records = -1", "max_records"),
        ("maxrecords = 1", "maxrecords"),
        ("lease_seconds = true", "lease_seconds"),
        ("[limits]\nmax_records = 1", "limits"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(home: Home, text: str, told: str) -> None:
    (home.path / "settings.toml").write_text(text, encoding="utf-8")
    ran = home.cli("status", "--json")
    assert ran.refused == "setting"
    assert told in ran.json["refused"]["message"]


def test_settings_in_another_encoding_are_refused(home: Home) -> None:
    (home.path / "settings.toml").write_bytes("# 設定".encode("cp932"))
    assert home.cli("status", "--json").refused == "setting"


@pytest.mark.parametrize(
    ("variable", "value", "secret"),
    [
        ("DAICHO_DATABASE_URL", "mysql://user:geheim@host/db", "geheim"),
        ("DAICHO_LAKE", "ftp://host/lake", None),
        ("DAICHO_FILES", "ftp://host/files", None),
        ("DAICHO_FILES", "s3://bucket/files", None),
    ],
)
def test_places_that_cannot_be_used_are_refused(
    home: Home, variable: str, value: str, secret: str | None
) -> None:
    ran = home.cli("verify", "--json", **{variable: value})
    assert ran.refused == "setting"
    if secret:
        assert secret not in ran.out + ran.err


def test_an_internal_fault_ends_with_3_and_keeps_the_traceback_for_the_operator(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full of bees")

    monkeypatch.setattr("daicho.store.eventlog.EventLog.submissions", broken)
    ran = home.cli("status", "--json")
    assert (ran.code, ran.out) == (3, "")
    assert "Traceback" not in ran.err
    assert "内部エラーです(エラーの種類 RuntimeError)" in ran.err
    assert "システムの担当者に知らせてください" in ran.err
    assert "bees" not in ran.err
    log = (home.path / "faults.log").read_text(encoding="utf-8")
    assert "Traceback" in log
    assert "bees" in log


def test_a_fault_without_a_place_for_the_log_still_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be", encoding="utf-8")
    ran = Home(tmp_path / "home").cli("status")
    assert ran.code == 3
    assert "Traceback" not in ran.err


def test_interruption_is_no_fault(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("daicho.store.eventlog.EventLog.submissions", interrupted)
    ran = home.cli("status")
    assert (ran.code, ran.out) == (130, "")
    assert not (home.path / "faults.log").exists()


@pytest.mark.parametrize("arguments", [("sql", "select * from range(200000)", "--json"), ("status",)])
def test_a_reader_that_leaves_is_no_fault(home: Home, arguments: tuple[str, ...]) -> None:
    home.submit(contracts("EX-0001"))
    read, write = os.pipe()
    os.close(read)  # nobody reads any more
    with os.fdopen(write, "wb") as out:
        done = subprocess.run(
            [str(BIN / "daicho"), *arguments],
            env=home.environ(),
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_nobody_listening_to_progress_stops_no_work(home: Home) -> None:
    file = home.file(contracts("EX-0001"))
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run(
            [
                *(
                    str(BIN / "daicho"),
                    "submit",
                    str(file),
                    "--product",
                    "enterprise",
                    "--holder",
                    kit.HOLDER,
                ),
                *("--user", USER, "--count", "1"),
            ],
            env=home.environ(),
            stdout=subprocess.PIPE,
            stderr=gone,
            check=False,
        )
    assert done.returncode == 0
    assert home.status("S00000001")["status"] == "処理中"


@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
def test_a_terminal_of_another_encoding_gets_whole_json_and_no_fault(home: Home, encoding: str) -> None:
    home.submit(contracts("EX-0001"), name="十一月分~髙橋.csv")
    environ = home.environ(PYTHONIOENCODING=encoding)
    for arguments in (("status", "--json"), ("status",)):
        done = subprocess.run(
            [str(BIN / "daicho"), *arguments], env=environ, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        text = done.stdout.decode(encoding)
        if "--json" in arguments:
            (row,) = json.loads(text)
            assert (row["file_name"], row["status"]) == ("十一月分~髙橋.csv", "処理中")
        else:
            assert "S00000001" in text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status", "受付"), "unknown-submission"),
        (("explain", "十八"), "unknown-application"),
        (("sql", "select '文"), "sql"),
        (("decide", "受付", "--release", "--by", "山田", "--reason", "理由"), "unknown-submission"),
    ],
)
def test_words_typed_in_another_encoding_are_no_fault(
    home: Home, arguments: tuple[str, ...], code: str
) -> None:
    typed = [word.encode("cp932").decode("utf-8", "surrogateescape") for word in arguments]
    ran = home.cli(*typed, "--json")
    assert ran.refused == code
    if code != "sql":
        assert arguments[1] in ran.json["refused"]["message"]


def test_a_crash_of_the_engine_is_a_fault(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    def panics(*_: object) -> None:
        raise pl.exceptions.PanicException("called `Result::unwrap()`")

    monkeypatch.setattr("daicho.store.eventlog.EventLog.submissions", panics)
    ran = home.cli("status")
    assert (ran.code, ran.out) == (3, "")
    assert "内部エラー" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("arguments", [("--json", "status"), ("status", "--json")])
def test_json_before_or_after_the_command(home: Home, arguments: tuple[str, ...]) -> None:
    assert home.cli(*arguments).json == []


def test_two_homes_never_see_each_other(home: Home, tmp_path: Path) -> None:
    home.submit(contracts("EX-0001"))
    other = Home(tmp_path / "other")
    assert other.cli("status", "--json").json == []
    assert other.cli("ledger", "--json").json == []
    assert len(home.cli("status", "--json").json) == 1


def test_lake_and_files_may_lie_elsewhere(home: Home, tmp_path: Path) -> None:
    places = {"DAICHO_LAKE": str(tmp_path / "lake"), "DAICHO_FILES": str(tmp_path / "files")}
    folder = kit.write_reference(tmp_path / "tables", kit.world())
    fresh = Home(tmp_path / "fresh")
    assert fresh.cli("reference", "load", str(folder), **places).code == 0
    file = fresh.file(contracts("EX-0001"))
    arguments = ("--product", "enterprise", "--holder", kit.HOLDER, "--user", USER, "--count", "1")
    assert fresh.cli("submit", str(file), *arguments, **places).code == 0
    assert (tmp_path / "lake" / "reference").is_dir()
    assert len(list((tmp_path / "files" / "receipts").iterdir())) == 1
    assert not (fresh.path / "lake").exists()
    assert not (fresh.path / "files").exists()


def test_a_running_clock_is_shared_by_all_commands_of_a_home(home: Home) -> None:
    first = home.cli("status", "--json", now=f"@{TUESDAY}")
    assert first.code == 0
    started = (home.path / "clock.json").read_bytes()
    assert home.cli("status", now=f"@{TUESDAY}").code == 0
    assert (home.path / "clock.json").read_bytes() == started
