"""Shelves below ``$DAICHO_HOME/portal-files``: bytes by their SHA-256. What a file is, and whose, is a row elsewhere.

A file is there before its row is written and stays until no row names it, so an answer is never given for lost bytes.
Each function of the portal has a shelf of its own, so that one's housekeeping never touches another's files.
"""

import hashlib
import logging
import os
import shlex
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from schemas.submission import Refusal

_HOUR = 3600
_HASHED = "[0-9a-f][0-9a-f]/*"


_SCAN_SECONDS = 120


class FileRefused(Refusal):
    """A file of a user that is not kept, because a scanner found something or could not look."""


class Writing:
    """A file that is being written: ``stream`` takes the bytes, afterwards ``sha256`` and ``size`` tell what they were."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.sha256, self.size = "", 0


class Shelf:
    """One folder of files under their hashes; without a name the folder of all shelves itself."""

    def __init__(self, name: str = "") -> None:
        self._name = name

    def keep(self, pieces: Iterable[bytes]) -> Writing:
        """Stores bytes of a user for good: temporary name, scan, flush, rename. Known bytes are kept once.

        Raises:
            FileRefused: ``infected-file``, ``scan-failed``; nothing is kept.
        """
        with self.writing(_scan) as writing:
            for piece in pieces:
                writing.stream.write(piece)
        return writing

    @contextmanager
    def writing(self, look: Callable[[BinaryIO], None] = lambda _: None) -> Iterator[Writing]:
        """A new file; when the block ends well it stands under its hash, otherwise nothing is left of it."""
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{uuid.uuid4()}.tmp"
        try:
            with temporary.open("xb+") as stream:
                writing = Writing(stream)
                yield writing
                stream.flush()
                look(stream)
                os.fsync(stream.fileno())
                stream.seek(0)
                writing.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
                writing.size = stream.seek(0, os.SEEK_END)
            goal = self.path(writing.sha256)
            goal.parent.mkdir(exist_ok=True)
            temporary.replace(goal)
            flush(goal.parent)
        finally:
            temporary.unlink(missing_ok=True)

    def read(self, sha256: str) -> BinaryIO:
        """The bytes of a stored file, open for reading."""
        return self.path(sha256).open("rb")

    def path(self, sha256: str) -> Path:
        """Where these bytes stand, or would."""
        return self._folder() / sha256[:2] / sha256

    def sweep(self, in_use: set[str]) -> int:
        """Removes files that no row names any more; young ones may belong to a row that is being written."""
        removed, young = 0, time.time() - _HOUR
        for path in self._folder().glob(_HASHED):
            if path.name not in in_use and path.stat().st_mtime < young:
                path.unlink()
                removed += 1
        return removed

    def _folder(self) -> Path:
        return Path(settings.PORTAL_FILES) / self._name


def _scan(stream: BinaryIO) -> None:
    """Asks the scanner of the settings, if there is one: 0 is clean, 1 is not, anything else is no answer."""
    words = shlex.split(settings.PORTAL.scan_command)
    if not words:
        return
    os.lseek(stream.fileno(), 0, os.SEEK_SET)
    try:
        code = subprocess.run(
            words, stdin=stream, capture_output=True, timeout=_SCAN_SECONDS, check=False
        ).returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        logging.getLogger(__name__).error("the scanner could not look: %s", error)
        code = -1
    if code == 1:
        raise FileRefused(
            "infected-file",
            "ファイルからウイルスなどの危険なものが見つかったため、受け取りませんでした。ファイルを確かめて送り直してください。",
        )
    if code != 0:
        logging.getLogger(__name__).error("the scanner ended with %d", code)
        raise FileRefused(
            "scan-failed",
            "ファイルのウイルス検査ができないため、受け取れませんでした。時間をおいてもう一度お試しください。",
        )


def flush(folder: Path) -> None:
    """Makes names in a folder lasting."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
