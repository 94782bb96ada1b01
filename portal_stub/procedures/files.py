"""The bytes of attached files, by their SHA-256 under ``$DAICHO_HOME/portal-files``; which application has them is a row.

A file is there before its row is written and stays until no row names it, so an answer is never given for lost bytes.
"""

import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

_HOUR = 3600


def keep(upload: UploadedFile) -> str:
    """Stores an upload for good and returns its SHA-256: temporary name, flush, rename."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{uuid.uuid4()}.tmp"
    digest = hashlib.sha256()
    try:
        with temporary.open("xb") as stream:
            for chunk in upload.chunks():
                digest.update(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        goal = _path(digest.hexdigest())
        goal.parent.mkdir(exist_ok=True)
        temporary.replace(goal)
        _flush(goal.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return digest.hexdigest()


def read(sha256: str) -> BinaryIO:
    """The bytes of a stored file, open for reading."""
    return _path(sha256).open("rb")


def sweep(in_use: set[str]) -> int:
    """Removes files that no row names any more; young ones may belong to a row that is being written."""
    removed, young = 0, time.time() - _HOUR
    for path in _folder().glob("*/*"):
        if path.name not in in_use and path.stat().st_mtime < young:
            path.unlink()
            removed += 1
    return removed


def _folder() -> Path:
    return Path(settings.PORTAL_FILES)


def _path(sha256: str) -> Path:
    return _folder() / sha256[:2] / sha256


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
