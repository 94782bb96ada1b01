"""Files and archive: durable before anyone gets an answer, verified when read, never overwritten."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from daicho.store.archive import Archive, ArchiveDamaged, ReceiptExists
from daicho.store.files import FilesError, LocalFiles, open_files

BYTES = "申込番号,枝番\r\n".encode("cp932")
SHA256 = hashlib.sha256(BYTES).hexdigest()


def everything_below(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_bytes_are_kept_by_their_hash(archive: Archive, files: LocalFiles) -> None:
    assert archive.put_bytes(BYTES) == SHA256
    assert archive.get_bytes(SHA256) == BYTES
    assert everything_below(files.root) == [f"archive/{SHA256[:2]}/{SHA256}"]
    assert list(archive.hashes()) == [SHA256]


def test_a_file_is_copied_and_left_alone(archive: Archive, tmp_path: Path) -> None:
    upload = tmp_path / "upload.csv"
    upload.write_bytes(BYTES)
    assert archive.put_bytes(upload) == SHA256
    assert upload.read_bytes() == BYTES
    assert archive.get_bytes(SHA256) == BYTES


def test_the_same_bytes_again_are_kept_once(archive: Archive, files: LocalFiles) -> None:
    archive.put_bytes(BYTES)
    inode = (files.root / f"archive/{SHA256[:2]}/{SHA256}").stat().st_ino
    assert archive.put_bytes(BYTES) == SHA256
    assert (files.root / f"archive/{SHA256[:2]}/{SHA256}").stat().st_ino == inode
    assert len(everything_below(files.root)) == 1


def test_changed_bytes_are_never_handed_out(archive: Archive, files: LocalFiles) -> None:
    archive.put_bytes(BYTES)
    (files.root / f"archive/{SHA256[:2]}/{SHA256}").write_bytes(BYTES + b" ")
    with pytest.raises(ArchiveDamaged, match="内容が変わっています"):
        archive.get_bytes(SHA256)


def test_unknown_bytes_are_not_found_and_a_name_is_no_hash(archive: Archive) -> None:
    with pytest.raises(FileNotFoundError):
        archive.get_bytes(SHA256)
    with pytest.raises(ValueError, match="not a SHA-256"):
        archive.get_bytes("../../etc/passwd")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_fault_while_keeping_leaves_nothing(
    archive: Archive, files: LocalFiles, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
        with pytest.raises(OSError, match="disk full"):
            archive.put_bytes(BYTES)
    assert everything_below(files.root) == []


def test_the_file_is_flushed_before_it_gets_its_name_and_the_folders_after(
    archive: Archive, files: LocalFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        name = os.readlink(f"/proc/self/fd/{descriptor}")
        steps.append("file" if "/.tmp/" in name else "folder " + name.removeprefix(str(files.root.parent)))
        real_fsync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    archive.put_bytes(BYTES)
    assert steps[0] == "file"
    assert steps[-2:] == ["rename", f"folder /files/archive/{SHA256[:2]}"]
    assert {"folder /files", "folder /files/archive"} <= set(steps[1:-2])


def test_receipts_are_written_once(archive: Archive) -> None:
    receipt = {"receipt_no": 7, "remarks": "契約発効日 2018-11-01", "reading_version": 2}
    archive.write_receipt(receipt)
    archive.write_receipt(receipt)
    with pytest.raises(ReceiptExists, match="受付番号 7"):
        archive.write_receipt(receipt | {"remarks": "他"})
    assert archive.read_receipt(7) == receipt
    assert archive.read_receipt(8) is None
    archive.write_receipt({"receipt_no": 9})
    assert archive.read_receipt(9) == {"receipt_no": 9, "reading_version": 1}, (
        "of before readings had versions"
    )
    assert list(archive.receipt_numbers()) == [7, 9]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"receipt_no": 8}'])
def test_a_receipt_that_is_none_is_told(archive: Archive, files: LocalFiles, content: bytes) -> None:
    files.write("receipts/00000007.json", content)
    with pytest.raises(ArchiveDamaged, match="受付票"):
        archive.read_receipt(7)


def test_write_replaces_in_one_step_and_create_never_does(files: LocalFiles) -> None:
    files.write("a/b.txt", b"1")
    files.write("a/b.txt", b"2")
    assert files.create("a/b.txt", b"3") is False
    assert files.create("a/c.txt", b"3") is True
    assert files.read("a/b.txt") == b"2"
    assert list(files.keys("a")) == ["a/b.txt", "a/c.txt"]
    files.remove("a/b.txt")
    files.remove("a/b.txt")
    assert not files.exists("a/b.txt")
    assert everything_below(files.root) == ["a/c.txt"]


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../../x", "a\0b"])
def test_keys_stay_below_the_root(files: LocalFiles, key: str) -> None:
    with pytest.raises(ValueError, match="not a relative key"):
        files.write(key, b"x")


def test_buckets_are_refused_clearly_until_they_are_built() -> None:
    with pytest.raises(FilesError, match="s3:// にはまだ対応していません"):
        open_files("s3://bucket/files")
