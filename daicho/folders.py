"""The door to folders that others can write in: everything is reached by one name from an open descriptor.

No name is ever followed: not a link in place of a file, not a folder that was swapped for a link meanwhile. What is
read is opened once, judged by its descriptor, and bounded. What is written gets a fresh random name, whole and durable,
before it gets its own. Modes are told and do not hang on the umask. Nothing here knows what the files mean.
"""

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE, READABLE = 0o600, 0o644
"""Modes of files: for the service alone; for those, too, who may enter the folder."""
_UNNAMED = re.compile(r"\.[0-9a-f]{32}\.tmp")
_FORGOTTEN = 3600
"""Real seconds after which nobody is still writing what has no name yet."""
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_PIECE = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def keep_private() -> None:
    """Lets only this process's user read what it makes, and what its children make; other modes are told where they are due.

    Every program of ours calls it before it makes anything.
    """
    os.umask(0o077)


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
        self.close()

    def close(self) -> None:
        """Ends the use of it."""
        os.close(self._descriptor)

    @classmethod
    def made_at(cls, path: Path, mode: int) -> "Folder":
        """A folder of the operator's, made with ``mode`` when it is missing; those above it are for the service alone."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
            with cls.at(path.parent) as parent:
                parent.flush()
            with cls.at(path) as made:
                os.fchmod(made._descriptor, mode)
        return cls.at(path)

    def inner(self, name: str, mode: int | None = None) -> "Folder":
        """The folder of that name in this one, made with ``mode`` when given and missing; never a link's."""
        made = False
        if mode is not None:
            with suppress(FileExistsError):
                os.mkdir(_one_name(name), 0o700, dir_fd=self._descriptor)
                self.flush()
                made = True
        descriptor = os.open(_one_name(name), _FOLDER | os.O_NOFOLLOW, dir_fd=self._descriptor)
        if made and mode is not None:
            # The umask is that of a process which keeps its files to itself; a set-group bit is the operator's will.
            os.fchmod(descriptor, mode | (os.fstat(descriptor).st_mode & stat.S_ISGID))
        return Folder(descriptor)

    def within(self, place: str, mode: int | None = None) -> "Folder":
        """The folder at several names joined by ``/``, each opened from the one before; see ``inner``."""
        first, *further = place.split("/")
        folder = self.inner(first, mode)
        for name in further:
            with folder:
                folder = folder.inner(name, mode)
        return folder

    @property
    def is_our_own(self) -> bool:
        """Whether only this process's user, or root, can put anything into it."""
        found = os.fstat(self._descriptor)
        return found.st_uid in (0, os.geteuid()) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)

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
    def opened(self, name: str, names: int = 1) -> Iterator[tuple[int, os.stat_result]]:
        """A file opened for reading, and what it was then.

        Raises:
            NotAFile: for everything that is not a file with this one name, or with so many ``names``.
        """
        try:
            descriptor = os.open(_one_name(name), _READ, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link; a socket or a device without driver
                raise NotAFile(name) from error
            raise
        try:
            found = os.fstat(descriptor)
            if not is_plain(found, names):
                raise NotAFile(name)
            yield descriptor, found
        finally:
            os.close(descriptor)

    def read(self, name: str, limit: int, names: int = 1) -> bytes:
        """The bytes of a file, at most ``limit`` + 1 of them.

        Raises:
            NotAFile: see ``opened``.
            Changing: somebody wrote to it meanwhile.
        """
        with self.opened(name, names) as (descriptor, before):
            content = read_bounded(descriptor, limit)
            if look_of(os.fstat(descriptor)) != look_of(before):
                raise Changing(name)
        return content

    def write(self, name: str, content: bytes | Iterable[bytes], mode: int = READABLE) -> None:
        """Puts whole content under a name in one step, durably."""
        self.hand_over(self.write_apart(content, mode), self, name)

    def write_apart(self, content: bytes | Iterable[bytes], mode: int = READABLE) -> str:
        """Writes content durably under a fresh hidden name, which is returned."""
        name = _fresh_name()
        descriptor = os.open(
            name,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
            PRIVATE,
            dir_fd=self._descriptor,
        )
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, mode)
                for piece in (content,) if isinstance(content, bytes) else content:
                    stream.write(piece)
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
        os.rename(_one_name(name), _one_name(new), src_dir_fd=self._descriptor, dst_dir_fd=target._descriptor)
        target.flush()
        if target is not self:
            self.flush()

    def name_too(self, written: str, name: str) -> bool:
        """Gives what ``write_apart`` wrote a second name in one step; False when that is taken.

        Where the file system knows no second names it is moved, over what another process put there meanwhile.
        """
        names = (_one_name(written), _one_name(name))
        try:
            # A hard link, unlike a rename, never replaces anything.
            os.link(*names, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            os.rename(*names, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        return True

    def remove(self, name: str) -> None:
        """Takes a name away; nothing happens when it is not there."""
        with suppress(FileNotFoundError):
            os.unlink(_one_name(name), dir_fd=self._descriptor)

    def remove_tree(self, name: str) -> None:
        """Takes a folder away with all that is in it; what cannot be taken away stays. A link is not followed."""
        import shutil

        shutil.rmtree(_one_name(name), ignore_errors=True, dir_fd=self._descriptor)

    def tidy(self) -> None:
        """Takes away what ``write_apart`` had written when its process died."""
        forgotten = time.time() - _FORGOTTEN
        for name, found in self.entries():
            if _UNNAMED.fullmatch(name) and found.st_mtime < forgotten:
                self.remove(name)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Held by one process at a time; the lock dies with its process. The file of the lock stays."""
        descriptor = os.open(
            _one_name(name),
            os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW,
            PRIVATE,
            dir_fd=self._descriptor,
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def flush(self) -> None:
        """Brings the names of the folder to the disk."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            # Some network file systems cannot flush folders; everything else is a real fault.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise


def _fresh_name() -> str:
    """What nobody can guess, for what has no name yet."""
    return f".{os.urandom(16).hex()}.tmp"


def _one_name(name: str) -> str:
    """The name, if it is one: the system would walk through a path, and follow what stands on the way.

    Raises:
        ValueError: for a path.
    """
    if "/" in name or name in ("", ".", ".."):
        raise ValueError(f"not one name: {name!r}")
    return name


def is_plain(found: os.stat_result, names: int = 1) -> bool:
    """Whether it is a file with one name only. A second one could be that of a file that is not the sender's."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink <= names


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
