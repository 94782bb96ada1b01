"""The shelf of attached files; which application has them is a row (``models.Document``)."""

from typing import BinaryIO

from django.core.files.uploadedfile import UploadedFile

from portal_stub.shelves import Shelf

_SHELF = Shelf()


def keep(upload: UploadedFile) -> str:
    """Stores an upload for good and returns its SHA-256."""
    return _SHELF.keep(upload.chunks()).sha256


def read(sha256: str) -> BinaryIO:
    """The bytes of a stored file, open for reading."""
    return _SHELF.read(sha256)


def sweep(in_use: set[str]) -> int:
    """Removes files that no row names any more."""
    return _SHELF.sweep(in_use)
