"""Folders that others can write in: everything is reached by one name from an open descriptor.

No name is ever followed: not a link in place of a file, not a folder that was swapped for a link meanwhile. What is
read is opened once, judged by its descriptor, and bounded. Nothing here knows what the files mean.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PIECE = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class NotAFile(Exception):
    """Something else than a file with one name: a link, a pipe, a device, a file that has another name elsewhere."""


class Changing(Exception):
    """A file that was written to while it was read."""


class Folder:
    """An open folder; a context that closes it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def at(cls, path: Path) -> "Folder":
        """A folder of the operator's, who may put a link there."""
        return cls(os.open(path, _FOLDER))

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def inner(self, name: str, mode: int | None = None) -> "Folder":
        """The folder of that name in this one, made with ``mode`` when given and missing; never a link's."""
        if mode is not None:
            with suppress(FileExistsError):
                os.mkdir(name, mode, dir_fd=self._descriptor)
                self.flush()
        return Folder(os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=self._descriptor))

    def entries(self) -> list[tuple[str, os.stat_result]]:
        """Names and what they are, links as links, sorted by name; what goes away meanwhile is left out."""
        found = []
        with os.scandir(self._descriptor) as listed:
            for entry in listed:
                with suppress(FileNotFoundError):
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
        return sorted(found, key=lambda each: os.fsencode(each[0]))

    def look(self, name: str) -> os.stat_result | None:
        """What stands under a name, a link as a link; None when nothing does or can."""
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
                return None
            raise

    @contextmanager
    def opened(self, name: str) -> Iterator[tuple[int, os.stat_result]]:
        """A file opened for reading, and what it was then.

        Raises:
            NotAFile: for everything that is not a file with this one name.
        """
        try:
            descriptor = os.open(name, _READ, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link; a socket or a device without driver
                raise NotAFile(name) from error
            raise
        try:
            found = os.fstat(descriptor)
            if not is_plain(found):
                raise NotAFile(name)
            yield descriptor, found
        finally:
            os.close(descriptor)

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a file, at most ``limit`` + 1 of them.

        Raises:
            NotAFile: see ``opened``.
            Changing: somebody wrote to it meanwhile.
        """
        with self.opened(name) as (descriptor, before):
            content = read_bounded(descriptor, limit)
            if look_of(os.fstat(descriptor)) != look_of(before):
                raise Changing(name)
        return content

    def write(self, name: str, content: bytes, mode: int = 0o644) -> None:
        """Puts whole content under a name in one step, durably."""
        self.hand_over(self.write_apart(content, mode), self, name)

    def write_apart(self, content: bytes, mode: int = 0o644) -> str:
        """Writes content durably under a fresh hidden name, which is returned."""
        name = f".{secrets.token_hex(16)}.tmp"
        descriptor = os.open(
            name,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
            mode,
            dir_fd=self._descriptor,
        )
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException:
            self.remove(name)
            raise
        return name

    def hand_over(self, written: str, target: "Folder", name: str) -> None:
        """Gives what ``write_apart`` wrote its name in a folder, durably; nothing stays when it cannot."""
        try:
            self.move(written, target, name)
        except BaseException:
            self.remove(written)
            raise

    def move(self, name: str, target: "Folder", new: str) -> None:
        """Moves a name as it is, unread, durably."""
        os.rename(name, new, src_dir_fd=self._descriptor, dst_dir_fd=target._descriptor)
        target.flush()
        if target is not self:
            self.flush()

    def remove(self, name: str) -> None:
        """Takes a name away; nothing happens when it is not there."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    def flush(self) -> None:
        """Brings the names of the folder to the disk."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            # Some network file systems cannot flush folders; everything else is a real fault.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise


def is_plain(found: os.stat_result) -> bool:
    """Whether it is a file with one name only. A second one could be that of a file that is not the sender's."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink <= 1


def look_of(found: os.stat_result) -> tuple[int, int, int]:
    """What tells two states of a file's content apart; a rename changes none of it."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def fingerprint(found: os.stat_result) -> str:
    """What tells two states of a name apart as text: content, metadata and renames."""
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}"


def read_bounded(descriptor: int, limit: int) -> bytes:
    """All bytes from here on, at most ``limit`` + 1."""
    pieces, left = [], limit + 1
    while left > 0 and (piece := os.read(descriptor, min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
