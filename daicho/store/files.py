"""Files under one roof: the folder (later: the bucket) of DAICHO_FILES, addressed by relative keys.

The one place that touches these files, so that ``s3://`` is one more class here and nothing else. What the
files mean is the business of ``archive``, ``documents`` and ``findings``; Delta tables are ``lake``.
"""

import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from daicho.settings import SettingsError
from daicho.store.durable import flush_descriptor, flush_folder

_CHUNK = 1 << 20


class FilesError(SettingsError):
    """The place for files cannot be used; the message is Japanese."""


class Files(Protocol):
    """Whole files under keys such as ``archive/ab/abcd…``; nobody ever sees half a file."""

    def write(self, key: str, data: bytes) -> None:
        """Stores ``data`` durably, replacing what was there in one step."""

    def create(self, key: str, data: bytes) -> bool:
        """Stores ``data`` durably unless the key exists; False (and nothing done) when it does."""

    def take_in(self, source: bytes | Path, key_of: Callable[[str], str]) -> str:
        """Copies ``source`` durably to the key made from its SHA-256 (64 hex), which is returned."""

    def read(self, key: str) -> bytes:
        """All bytes; FileNotFoundError when there is no such key."""

    def exists(self, key: str) -> bool:
        """Whether the key is there."""

    def keys(self, folder: str) -> Iterator[str]:
        """All keys below a folder, sorted."""

    def remove(self, key: str) -> None:
        """Removes a key; nothing happens when it is not there."""

    def address(self, key: str) -> str:
        """Where a person or program finds the file: an absolute path or an address."""


def open_files(location: str) -> Files:
    """The files at a location of ``Settings.files``.

    Raises:
        FilesError: for a location that is not supported.
    """
    if "://" in location:
        raise FilesError(
            f"DAICHO_FILES「{location}」: s3:// にはまだ対応していません。フォルダを指定してください。"
        )
    return LocalFiles(Path(location))


class LocalFiles:
    """Files in a local folder: written under a temporary name, flushed to the disk, then given their name."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, key: str, data: bytes) -> None:
        """See :class:`Files`."""
        target = self._path(key)
        with self._temporary() as temporary:
            _write_flushed(temporary, data)
            self._folder_of(target)
            temporary.replace(target)
            flush_folder(target.parent)

    def create(self, key: str, data: bytes) -> bool:
        """See :class:`Files`."""
        target = self._path(key)
        with self._temporary() as temporary:
            _write_flushed(temporary, data)
            self._folder_of(target)
            try:
                # A second name for the same file: unlike a rename, it fails when the name is taken.
                os.link(temporary, target)
            except FileExistsError:
                return False
            flush_folder(target.parent)
        return True

    def take_in(self, source: bytes | Path, key_of: Callable[[str], str]) -> str:
        """See :class:`Files`."""
        with self._temporary() as temporary:
            sha256 = _copy_hashed(source, temporary)
            target = self._path(key_of(sha256))
            self._folder_of(target)
            if not target.exists():
                temporary.replace(target)
            # Also when it was there: whoever renamed it may not have come to this point yet.
            flush_folder(target.parent)
        return sha256

    def read(self, key: str) -> bytes:
        """See :class:`Files`."""
        return self._path(key).read_bytes()

    def exists(self, key: str) -> bool:
        """See :class:`Files`."""
        return self._path(key).is_file()

    def keys(self, folder: str) -> Iterator[str]:
        """See :class:`Files`."""
        for path in sorted(self._path(folder).rglob("*")):
            if path.is_file():
                yield path.relative_to(self.root).as_posix()

    def remove(self, key: str) -> None:
        """See :class:`Files`."""
        self._path(key).unlink(missing_ok=True)

    def address(self, key: str) -> str:
        """See :class:`Files`."""
        return str(self._path(key))

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\0" in key:
            raise ValueError(f"not a relative key: {key!r}")
        return self.root.joinpath(*parts)

    def _folder_of(self, target: Path) -> None:
        """Makes the folder of ``target`` durable: a new folder is an entry in the one above it."""
        folder = target.parent
        if folder.is_dir():
            return
        missing = [folder, *(above for above in folder.parents if not above.exists())]
        folder.mkdir(parents=True, exist_ok=True)
        for made in missing:
            flush_folder(made.parent)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A fresh name on the same file system, gone afterwards whatever happens."""
        folder = self.root / ".tmp"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / uuid.uuid4().hex
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def _copy_hashed(source: bytes | Path, target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("xb") as out:
        if isinstance(source, bytes):
            digest.update(source)
            out.write(source)
        else:
            with source.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                    out.write(chunk)
        _flush(out)
    return digest.hexdigest()


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("xb") as out:
        out.write(data)
        _flush(out)


def _flush(stream: BinaryIO) -> None:
    stream.flush()
    flush_descriptor(stream.fileno())
