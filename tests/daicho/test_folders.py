"""The door to folders of others: links are not followed, whenever they appear; names and modes are what they are told to be."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from daicho.folders import Folder, NotAFile

SECRET = b"of another holder"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of somebody else's, beside a file that is not for them."""
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "theirs").mkdir()
    return tmp_path / "theirs"


def swapping(monkeypatch: pytest.MonkeyPatch, place: Path, step: str, put: Any) -> None:
    """Another process that changes what stands at a place just before a step of ours, once."""
    whole, swapped = getattr(os, step), []

    def after_the_swap(*given: Any, **named: Any) -> Any:
        if not swapped and given[0] == place.name:
            swapped.append(True)
            place.unlink(missing_ok=True)
            put(place)
        return whole(*given, **named)

    monkeypatch.setattr(os, step, after_the_swap)


def link_to(target: Path) -> Any:
    return lambda place: place.symlink_to(target)


def second_name_of(target: Path) -> Any:
    return lambda place: os.link(target, place)


@pytest.mark.parametrize("swap", [link_to, second_name_of])
def test_a_file_swapped_between_look_and_opening_is_not_read(
    theirs: Path, monkeypatch: pytest.MonkeyPatch, swap: Any
) -> None:
    (theirs / "a.csv").write_bytes(b"mine")
    with Folder.at(theirs) as folder:
        assert folder.look("a.csv") is not None
        swapping(monkeypatch, theirs / "a.csv", "open", swap(theirs.parent / "secret"))
        with pytest.raises(NotAFile):
            folder.read("a.csv", 100)


def test_a_file_swapped_after_the_opening_is_the_one_that_was_opened(theirs: Path) -> None:
    (theirs / "a.csv").write_bytes(b"mine")
    with Folder.at(theirs) as folder, folder.opened("a.csv") as (descriptor, _):
        (theirs / "a.csv").unlink()
        (theirs / "a.csv").symlink_to(theirs.parent / "secret")
        assert os.read(descriptor, 100) == b"mine"


def test_a_folder_swapped_for_a_link_is_not_entered(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = theirs.parent / "elsewhere"
    elsewhere.mkdir()

    def put(place: Path) -> None:
        place.symlink_to(elsewhere)

    with Folder.at(theirs) as folder:
        swapping(monkeypatch, theirs / "answers", "open", put)
        with pytest.raises(NotADirectoryError):
            folder.inner("answers").write("a.json", b"{}")
    assert list(elsewhere.iterdir()) == []


def test_what_is_written_goes_over_a_link_and_not_through_it(theirs: Path) -> None:
    (theirs / "a.json").symlink_to(theirs.parent / "secret")
    with Folder.at(theirs) as folder:
        folder.write("a.json", b"{}")
    assert (theirs / "a.json").read_bytes() == b"{}"
    assert (theirs.parent / "secret").read_bytes() == SECRET


def test_a_link_planted_under_the_name_of_what_is_being_written_stops_it(
    theirs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are random; even a guessed one gains nothing."""
    monkeypatch.setattr("daicho.folders._fresh_name", lambda: f".{'0' * 32}.tmp")
    (theirs / f".{'0' * 32}.tmp").symlink_to(theirs.parent / "secret")
    with Folder.at(theirs) as folder, pytest.raises(FileExistsError):
        folder.write("a.json", b"{}")
    assert (theirs.parent / "secret").read_bytes() == SECRET


def test_half_written_names_are_never_the_same(theirs: Path) -> None:
    with Folder.at(theirs) as folder:
        assert len({folder.write_apart(b"") for _ in range(20)}) == 20


def test_writers_of_one_name_never_meet(theirs: Path) -> None:
    with Folder.at(theirs) as folder, ThreadPoolExecutor(6) as six:
        contents = [bytes([number]) * 100_000 for number in range(6)]
        list(six.map(lambda content: folder.write("a.csv", content), contents))
    assert (theirs / "a.csv").read_bytes() in contents
    assert [path.name for path in theirs.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("name", ["../secret", "a/b", "", ".", ".."])
def test_only_names_reach_into_a_folder_and_no_paths(theirs: Path, name: str) -> None:
    with Folder.at(theirs) as folder:
        for deed in (
            lambda: folder.read(name, 1),
            lambda: folder.write(name, b""),
            lambda: folder.remove(name),
            lambda: folder.inner(name),
            lambda: folder.move(name, folder, "x"),
            lambda: folder.remove_tree(name),
        ):
            with pytest.raises(ValueError, match="not one name"):
                deed()
    assert (theirs.parent / "secret").read_bytes() == SECRET


def test_a_tree_is_removed_and_what_its_links_mean_stays(theirs: Path) -> None:
    (theirs / "draft").mkdir()
    (theirs / "draft" / "link").symlink_to(theirs.parent)
    with Folder.at(theirs) as folder:
        folder.remove_tree("draft")
    assert not (theirs / "draft").exists()
    assert (theirs.parent / "secret").read_bytes() == SECRET


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_modes_are_told_whatever_the_umask_is(theirs: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Folder.made_at(theirs / "drop", 0o711) as drop, drop.inner("answers", 0o755) as answers:
            answers.write("a.json", b"{}")
            answers.write("b.json", b"{}", 0o600)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in theirs.rglob("*")}
    assert modes == {"drop": 0o711, "answers": 0o755, "a.json": 0o644, "b.json": 0o600}


def test_what_a_dead_process_half_wrote_goes_after_an_hour(theirs: Path) -> None:
    with Folder.at(theirs) as folder:
        old, young = folder.write_apart(b"old"), folder.write_apart(b"young")
        folder.write(".theirs", b"")
        os.utime(theirs / old, (0, 0))
        os.utime(theirs / ".theirs", (0, 0))
        folder.tidy()
    assert sorted(path.name for path in theirs.iterdir()) == sorted([young, ".theirs"])
