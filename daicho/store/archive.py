"""The archive: the bytes of every upload by SHA-256, and one receipt per submission. Nothing is ever deleted.

It is the first of the three places where truth lives. Who may hand something in, and which number it gets, is
``eventlog``; documents made by daicho are ``documents``.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict, cast

from daicho.store.files import Files
from schemas.reading import FIRST_READING


class Receipt(TypedDict):
    """One submission as it was received; never changes afterwards."""

    receipt_no: int
    submission_id: str
    product: str
    holder: str
    user: str
    file_name: str
    sha256: str
    size: int
    declared_count: int
    counted: int
    remarks: str | None
    resend: bool
    channel: str
    source: str | None
    received_at: str
    acceptance_date: str
    window: str
    layout_version: int
    reading_version: int


class ArchiveDamaged(Exception):
    """Stored bytes do not have the hash under which they are stored, or a receipt cannot be read."""


class ReceiptExists(Exception):
    """Another receipt already has this number: receipts are never overwritten."""


class Archive:
    """Bytes under ``archive/<aa>/<sha256>``, receipts under ``receipts/<receipt_no, 8 digits>.json``."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def put_bytes(self, data: bytes | Path) -> str:
        """Keeps the bytes (or a copy of the file) durably; their SHA-256. Known bytes are kept once."""
        return self._files.take_in(data, _bytes_key)

    def get_bytes(self, sha256: str) -> bytes:
        """The bytes with this hash, verified.

        Raises:
            FileNotFoundError: when the archive never got them.
            ArchiveDamaged: when they changed since.
        """
        data = self._files.read(_bytes_key(sha256))
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ArchiveDamaged(
                f"保管庫のファイル {self._files.address(_bytes_key(sha256))} の内容が変わっています。"
            )
        return data

    def hashes(self) -> Iterator[str]:
        """The SHA-256 of everything kept."""
        return (key.rsplit("/", 1)[1] for key in self._files.keys("archive"))

    def write_receipt(self, receipt: Mapping[str, Any]) -> None:
        """Keeps a receipt durably under its number; the same receipt again is fine.

        Raises:
            ReceiptExists: when the number is taken by another receipt.
        """
        key = _receipt_key(receipt["receipt_no"])
        data = json.dumps(receipt, ensure_ascii=False, indent=1).encode()
        if not self._files.create(key, data) and self._files.read(key) != data:
            raise ReceiptExists(f"受付番号 {receipt['receipt_no']} の受付票は既にあります。")

    def read_receipt(self, receipt_no: int) -> Receipt | None:
        """The receipt with this number, or None.

        Raises:
            ArchiveDamaged: when the file is no receipt with this number.
        """
        key = _receipt_key(receipt_no)
        try:
            receipt = json.loads(self._files.read(key))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ArchiveDamaged(f"受付票 {self._files.address(key)} を読めません。") from error
        if not isinstance(receipt, dict) or receipt.get("receipt_no") != receipt_no:
            raise ArchiveDamaged(f"受付票 {self._files.address(key)} の受付番号が名前と一致しません。")
        # Receipts of before the reading had versions name none.
        return cast(Receipt, {**receipt, "reading_version": receipt.get("reading_version", FIRST_READING)})

    def receipt_numbers(self) -> Iterator[int]:
        """The numbers of all receipts, ascending."""
        return (int(key.rsplit("/", 1)[1].removesuffix(".json")) for key in self._files.keys("receipts"))


def _bytes_key(sha256: str) -> str:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"not a SHA-256: {sha256!r}")
    return f"archive/{sha256[:2]}/{sha256}"


def _receipt_key(receipt_no: int) -> str:
    return f"receipts/{receipt_no:08d}.json"
