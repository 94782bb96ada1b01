"""The clock: real, standing, running from a chosen instant; always Japan Standard Time."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daicho.clock import Clock, ClockSettingError
from daicho.settings import Settings
from sensors.windows import TOKYO

NINE = datetime(2018, 11, 6, 9, 0, tzinfo=TOKYO)


def ns_of(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


@pytest.mark.parametrize(
    "raw",
    [
        "2018-11-06T09:00",
        "2018-11-06T09:00:00",
        " 2018-11-06 09:00:00 ",
        "2018-11-06T09:00:00+09:00",
        "2018-11-06T00:00:00Z",
        "2018-11-05T19:00:00-05:00",
    ],
)
def test_an_instant_stands_still_and_is_shown_in_japanese_time(raw: str) -> None:
    clock = Clock.from_setting(raw)
    assert clock.now() == NINE
    assert clock.now().isoformat() == "2018-11-06T09:00:00+09:00"
    assert clock.now() == clock.now()
    assert clock.from_file_time(time.time_ns()) == NINE


@pytest.mark.parametrize("raw", [None, "", "  "])
def test_without_setting_it_is_the_real_clock_in_japanese_time(raw: str | None) -> None:
    clock = Clock.from_setting(raw)
    before = datetime.now(UTC)
    now = clock.now()
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(hours=9)
    assert clock.from_file_time(ns_of(NINE)) == NINE


def test_with_at_sign_it_starts_there_and_runs() -> None:
    clock = Clock.from_setting("@2018-11-06T09:00:00")
    first = clock.now()
    assert NINE <= first < NINE + timedelta(seconds=5)
    time.sleep(0.02)
    assert clock.now() - first >= timedelta(milliseconds=20)
    # A file that got its name one real minute ago got it one minute ago by this clock.
    minute_ago = clock.from_file_time(time.time_ns() - 60 * 10**9)
    assert timedelta(seconds=59) < clock.now() - minute_ago < timedelta(seconds=61)


@pytest.mark.parametrize(
    "raw", ["@", "yesterday", "2018-13-01", "09:00", "@@2018-11-06", "2018-11-06T25:00", "1541462400"]
)
def test_what_is_no_instant_is_refused_in_japanese(raw: str) -> None:
    with pytest.raises(ClockSettingError, match="は日時として読めません。例: 2018-11-06T09:00:00") as caught:
        Clock.from_setting(raw)
    assert raw in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_microseconds_of_a_file_time_survive() -> None:
    exact = datetime(2026, 11, 21, 17, 29, 59, 999_999, tzinfo=TOKYO)
    assert Clock().from_file_time(ns_of(exact) + 999) == exact


@pytest.mark.req("C-005")
def test_a_dropped_file_counts_from_its_final_name_whatever_the_client_says(tmp_path: Path) -> None:
    partial = tmp_path / "upload.csv.part"
    partial.write_text("x")
    os.utime(partial, (0, 0))  # the client's clock
    clock = Clock.from_setting(None)
    time.sleep(0.02)
    before = clock.now()
    final = partial.rename(tmp_path / "upload.csv")
    received_at = clock.from_file_time(final.stat().st_ctime_ns)
    # The file system's clock ticks in steps of a few milliseconds.
    assert before - timedelta(milliseconds=15) <= received_at <= clock.now()
    assert received_at.utcoffset() == timedelta(hours=9)


def test_all_processes_of_a_home_share_one_running_clock(tmp_path: Path) -> None:
    anchor = tmp_path / "home" / "clock.json"
    first = Clock.from_setting("@2018-11-06T09:00", anchor)
    time.sleep(0.05)
    second = Clock.from_setting("@2018-11-06T09:00", anchor)
    assert second.shift == first.shift
    assert second.now() >= NINE + timedelta(milliseconds=50)
    assert [path.name for path in anchor.parent.iterdir()] == ["clock.json"]


def test_another_setting_or_a_damaged_anchor_starts_the_clock_anew(tmp_path: Path) -> None:
    anchor = tmp_path / "clock.json"
    Clock.from_setting("@2018-11-06T09:00", anchor)
    moved = Clock.from_setting("@2018-11-30T20:30", anchor)
    assert timedelta() <= moved.now() - datetime(2018, 11, 30, 20, 30, tzinfo=TOKYO) < timedelta(seconds=5)
    anchor.write_text("[]")
    again = Clock.from_setting("@2018-11-30T20:30", anchor)
    assert timedelta() <= again.now() - datetime(2018, 11, 30, 20, 30, tzinfo=TOKYO) < timedelta(seconds=5)


def test_a_standing_clock_leaves_nothing_in_the_home(tmp_path: Path) -> None:
    settings = Settings.from_env({"DAICHO_HOME": str(tmp_path / "h"), "DAICHO_NOW": "2018-11-06T09:00"})
    assert Clock.from_settings(settings).now() == NINE
    assert not (tmp_path / "h").exists()
