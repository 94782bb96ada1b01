"""The files of documents that the pipeline made, for who may read them. Where they lie is told by the settings."""

from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.conf import settings


class NoFile(Exception):
    """There is no such file below the folder of files."""


def opened(path: str) -> BinaryIO:
    """The file at a path below ``PIPELINE_FILES``, open for reading.

    Raises:
        NoFile: also for a path, or a link, that leads out of that folder.
    """
    root = Path(settings.PIPELINE_FILES).resolve()
    if not path or "\0" in path:
        raise NoFile(path)
    try:
        found = (root / PurePosixPath(path)).resolve(strict=True)
        if not found.is_relative_to(root) or not found.is_file():
            raise NoFile(path)
        return found.open("rb")
    except OSError as error:
        raise NoFile(path) from error
