"""Putting on the disk what was written: the last step before anything else may say that it is there.

A file is durable when its bytes are flushed and the folder that names it; a new folder, when the one above it is. What is
written is the business of ``files`` and ``lake``.
"""

import errno
import os
from collections.abc import Iterable
from pathlib import Path


def flush_descriptor(descriptor: int) -> None:
    """Puts the bytes of an open file, or the names in an open folder, on the disk."""
    os.fsync(descriptor)


def flush_folder(folder: Path) -> None:
    """Puts the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flush_descriptor(descriptor)
    except OSError as error:
        # Some network file systems cannot flush folders; everything else is a real fault.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def flush_files(files: Iterable[Path], top: Path) -> None:
    """Puts files that another library wrote on the disk, with every folder from theirs up to ``top`` inclusive.

    Raises:
        OSError: a file is not there, or the disk refuses.
    """
    folders: set[Path] = set()
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            flush_descriptor(descriptor)
        finally:
            os.close(descriptor)
        folder = file.parent
        while folder not in folders:
            folders.add(folder)
            if folder == top:
                break
            folder = folder.parent
    for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
        flush_folder(folder)
