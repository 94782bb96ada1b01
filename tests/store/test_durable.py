"""What says that it is kept is on the disk: bytes, and the names of files and folders, whoever wrote them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from daicho.settings import SettingsError
from daicho.store import lake
from daicho.store.lake import Lake

SCHEMA = {"number": pl.Int64(), "entry": pl.String()}
Unflushed = Callable[[], list[str]]


@pytest.fixture
def unflushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unflushed:
    """Tells files and folders of the test that changed after they were last flushed: a power cut may take them."""
    flushed: dict[str, int] = {}
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        flushed[str(Path(f"/proc/self/fd/{descriptor}").readlink())] = time.time_ns()

    monkeypatch.setattr(os, "fsync", fsync)

    def look() -> list[str]:
        everything = [tmp_path, *tmp_path.rglob("*")]
        # A new name changes the folder's time, not the file's.
        return [
            str(path.relative_to(tmp_path))
            for path in everything
            if path.stat().st_mtime_ns > flushed.get(str(path), 0)
        ]

    return look


def rows(number: int, entry: str = "booking") -> pl.DataFrame:
    return pl.DataFrame({"number": [number], "entry": [entry]})


def test_the_helper_sees_what_is_not_flushed(unflushed: Unflushed, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("x")
    assert unflushed() == [".", "folder", "folder/file"]


@pytest.mark.parametrize("place", ["lake", "our lake/台帳", "100% #1?"])
def test_every_append_is_on_the_disk_when_it_returns(
    unflushed: Unflushed, tmp_path: Path, place: str
) -> None:
    table = Lake(str(tmp_path / place)).open("table", SCHEMA, ["entry"], ["number"])
    assert unflushed() == []
    for number in (1, 2):
        table = lake.append(table, rows(number), "table", number)
        assert unflushed() == []
    table = lake.append(table, rows(3, "reconciliation"), "table", 3)
    assert unflushed() == [], "with its new folder"
    lake.compact(table)
    assert unflushed() == []
    again = Lake(str(tmp_path / place)).open("table", SCHEMA, ["entry"], ["number"])
    assert sorted(lake.scan(again, SCHEMA).collect()["number"]) == [1, 2, 3]


def test_a_folder_that_delta_would_take_for_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="別の名前にしてください"):
        Lake(str(tmp_path / "our%20lake"))


def test_a_new_column_and_a_checkpoint_are_on_the_disk_too(unflushed: Unflushed, tmp_path: Path) -> None:
    place = tmp_path / "lake" / "table"
    place.mkdir(parents=True)
    DeltaTable.create(
        place, pl.Schema(SCHEMA), partition_by=["entry"], configuration={"delta.checkpointInterval": "2"}
    )
    table = Lake(str(tmp_path / "lake")).open("table", SCHEMA, ["entry"], [])
    for number in range(1, 5):
        frame = rows(number).with_columns(pl.lit(number).alias("later"))
        table = lake.append(table, frame, "table", number)
    assert list((place / "_delta_log").glob("*.checkpoint.parquet"))
    # What was there before the table was opened is not ours to flush.
    assert [name for name in unflushed() if "00000000000000000000.json" not in name] == []


def test_a_disk_that_refuses_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Lake(str(tmp_path / "lake")).open("table", SCHEMA, ["entry"], [])

    def refusing(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refusing)
    with pytest.raises(OSError, match="Input/output error"):
        lake.append(table, rows(1), "table", 1)
