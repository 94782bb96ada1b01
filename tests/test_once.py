"""What is made once in a run: by one of those who ask, whole or not at all."""

import threading
import time
from pathlib import Path

import pytest

from tests.once import made_once


def test_the_first_makes_and_all_get_the_same(tmp_path: Path) -> None:
    calls: list[Path] = []
    begun = threading.Event()

    def make(folder: Path) -> None:
        calls.append(folder)
        begun.set()
        time.sleep(0.1)  # the other asks meanwhile
        (folder / "file").write_text("whole", encoding="utf-8")

    seen: list[str] = []
    askers = [
        threading.Thread(
            target=lambda: seen.append((made_once(tmp_path, "it", make) / "file").read_text(encoding="utf-8"))
        )
        for _ in range(3)
    ]
    for asker in askers:
        asker.start()
    assert begun.wait(10)
    for asker in askers:
        asker.join()
    assert seen == ["whole"] * 3
    assert len(calls) == 1


def test_what_breaks_off_is_made_anew(tmp_path: Path) -> None:
    def breaks(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError

    with pytest.raises(OSError):
        made_once(tmp_path, "it", breaks)
    whole = made_once(tmp_path, "it", lambda folder: (folder / "file").touch())
    assert [path.name for path in whole.iterdir()] == ["file"]
