"""What is dear to make and the same for many tests: made once in a run of the tests, whoever of its workers asks first."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path


def made_once(shared: Path, name: str, make: Callable[[Path], object]) -> Path:
    """The folder ``name`` in ``shared``, filled by ``make``; the others wait for whoever makes it.

    What breaks off while it is made is made anew by the next who asks. Tests copy the folder and leave it as it is.
    """
    folder, partial = shared / name, shared / f"{name}.part"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.rename(folder)
    return folder
