"""The one entry to the records of an upload for everybody who has its bytes.

A workbook is read in a process of its own, always; a CSV where the process must go on answering (``apart``). A file that
is beyond the bounds, breaks the reader or keeps it busy too long is refused as ``unreadable-file``. Contract §5.
"""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from daicho.reading.child import LENGTH, UNREADABLE
from daicho.reading.remembering import Readings
from schemas.layouts import CURRENT_VERSION, layout_of
from schemas.reading import CURRENT_READING
from schemas.submission import Refusal

if TYPE_CHECKING:
    from pipelines.reading.table import Decoded
    from schemas.products import Product

SECONDS = 10
"""How long anybody waits for an upload to be read at the door."""
PATIENT_SECONDS = 120
"""How long an upload that was taken is read for again: the machine may be busy, the file is known to be good."""
MEGABYTES = 900
"""Memory of the reading process; with its program it stays below 1 GB."""
_CSV_MEGABYTES_PER_MEGABYTE = 12
_CSV_BYTES_PER_SECOND = 5_000_000
_STARVED = 5
"""How many times its seconds a reader gets that other processes keep from working."""
_AT_ONCE = threading.BoundedSemaphore(4)
"""Readers that one process runs at a time: each may take :data:`MEGABYTES`."""
_READ = Readings()
"""What this process read lately."""
_ROOT = Path(__file__).resolve().parent.parent.parent
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TZ")


class ReaderFault(RuntimeError):
    """The reader failed in a way that is no fault of the file: a fault of ours, with what it said."""


@dataclass(frozen=True)
class Wanted:
    """One upload and how it is to be read: ``layout`` and ``reading`` are those of its receipt, if it has one.

    ``apart``: a CSV is read in a process of its own too. ``patient``: the upload was taken before.
    """

    content: bytes
    file_name: str
    product: Product
    layout: int = CURRENT_VERSION
    reading: int = CURRENT_READING
    apart: bool = False
    patient: bool = False

    @property
    def is_csv(self) -> bool:
        """By its name; the reader looks again."""
        return not self.file_name.lower().endswith(".xlsx")

    @property
    def seconds(self) -> int:
        """How long it may be read."""
        more = len(self.content) // _CSV_BYTES_PER_SECOND if self.is_csv else 0
        return (PATIENT_SECONDS if self.patient else SECONDS) + more

    @property
    def longest(self) -> int:
        """How long it may be read where others keep the reader from working."""
        return (1 + _STARVED) * self.seconds

    @property
    def bound(self) -> float:
        """How long reading may keep whoever asks from going on, in seconds; a CSV that is read here has no bound."""
        return float("inf") if self.is_csv and not self.apart else self.seconds

    @property
    def megabytes(self) -> int:
        """How much memory its reading may take."""
        more = (len(self.content) >> 20) * _CSV_MEGABYTES_PER_MEGABYTE if self.is_csv else 0
        return MEGABYTES + more


class Reading:
    """An upload that is being read, perhaps elsewhere, or was read before."""

    def __init__(self, wanted: Wanted, reader: _Reader | None = None, known: Decoded | None = None) -> None:
        self._wanted, self._reader, self._known = wanted, reader, known

    def decoded(self) -> Decoded:
        """Its records.

        Raises:
            Refusal: ``empty-file``, ``file-type`` or ``unreadable-file``.
            ReaderFault: the reader has a fault of its own.
        """
        if self._known is not None:
            return self._known
        wanted = self._wanted
        if self._reader is None:
            from pipelines.reading.decode import decode

            layout = layout_of(wanted.product, wanted.layout)
            self._known = decode(wanted.content, wanted.file_name, layout, wanted.reading)
        else:
            self._known = _decoded(self._reader.result(), wanted)
        _READ.keep(wanted, self._known)
        return self._known


@contextmanager
def reading_of(wanted: Wanted) -> Iterator[Reading]:
    """Begins to read; whoever has other things to do meanwhile does them before asking for the records.

    What this process read lately under bounds no wider than these is not read again.
    """
    known = _READ.of(wanted)
    if known is not None or (wanted.is_csv and not wanted.apart):
        yield Reading(wanted, known=known)
        return
    with _AT_ONCE:
        reader = _Reader(wanted, "records")
        try:
            yield Reading(wanted, reader)
        finally:
            reader.close()


def read(wanted: Wanted) -> Decoded:
    """The records of an upload.

    Raises:
        Refusal: ``empty-file``, ``file-type`` or ``unreadable-file``.
    """
    with reading_of(wanted) as reading:
        return reading.decoded()


def read_rows(wanted: Wanted) -> list[list[str]]:
    """The cells of a CSV as written, header first, read in a process of its own.

    Raises:
        Refusal: as :func:`read`.
    """
    with _AT_ONCE:
        reader = _Reader(wanted, "rows")
        try:
            rows = _told(reader.result())["rows"]
        finally:
            reader.close()
    return [[str(cell) for cell in row] for row in rows]


class _Reader:
    """The process and what joins us to it: nothing of it has a name, so nothing is left behind."""

    def __init__(self, wanted: Wanted, what: str) -> None:
        self._wanted = wanted
        told = {
            "what": what,
            "file_name": wanted.file_name,
            "product": str(wanted.product),
            "layout": wanted.layout,
            "reading": wanted.reading,
            "seconds": wanted.seconds,
            "longest": wanted.longest,
            "megabytes": wanted.megabytes,
        }
        words = json.dumps(told).encode()
        self._result, self._said = _space(), _space()
        with _space() as request:
            request.write(LENGTH.pack(len(words)) + words)
            request.write(wanted.content)
            request.seek(0)
            alive, self._alive = os.pipe()
            try:
                passed = (request.fileno(), self._result.fileno(), alive)
                self._process = subprocess.Popen(
                    [sys.executable, "-s", "-m", "daicho.reading.child", *map(str, passed)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=self._said,
                    pass_fds=passed,
                    cwd=_ROOT,
                    env={name: os.environ[name] for name in _KEPT if name in os.environ}
                    | {"PYTHONPATH": str(_ROOT), "POLARS_MAX_THREADS": "2", "PYTHONUTF8": "1"},
                )
            except BaseException:
                os.close(self._alive)
                raise
            finally:
                os.close(alive)
        assert self._process.stdout is not None
        self._ends = self._process.stdout

    def result(self) -> IO[bytes]:
        """What the reader wrote.

        Raises:
            Refusal: ``unreadable-file`` when it broke down or took too long.
            ReaderFault: it told a fault of its own.
        """
        if not self._ended():
            raise _unreadable(
                self._wanted,
                f"{self._wanted.seconds}秒以内に読み終わりませんでした。不要なシート・書式・行を除くか、ファイルを分けるか、CSV形式で送ってください。",
            )
        code = self._process.wait()
        if code in (
            UNREADABLE,
            -signal.SIGABRT,
            -signal.SIGKILL,
            -signal.SIGXCPU,
            -signal.SIGSEGV,
            -signal.SIGALRM,
        ):
            raise _unreadable(
                self._wanted,
                "大きすぎるか、壊れています。データだけを新しいブックに貼り付けるか、CSV形式で保存して送ってください。",
            )
        if code:
            self._said.seek(0)
            raise ReaderFault(
                f"reader ended with {code}: {self._said.read().decode(errors='replace')[-4000:]}"
            )
        self._result.seek(0)
        return self._result

    def _ended(self) -> bool:
        """Whether it came to an end in time. Where the machine is busy with others, its own time counts."""
        seconds = self._wanted.seconds
        if self._waited(seconds):
            return True
        used = _seconds_used(self._process.pid)
        for _ in range(_STARVED * seconds):
            if self._waited(1):
                return True
            before, used = used, _seconds_used(self._process.pid)
            if used == before or used * 2 > seconds:
                break
        return False

    def _waited(self, seconds: float) -> bool:
        """Its output is closed when it ends."""
        return bool(select.select([self._ends], [], [], seconds)[0])

    def close(self) -> None:
        """Ends the process if it still runs, and waits for it."""
        self._process.kill()
        self._process.wait()
        self._ends.close()
        os.close(self._alive)
        self._result.close()
        self._said.close()


def _seconds_used(process: int) -> float:
    """Seconds that a process was at work; 0 where that cannot be told."""
    try:
        told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _space() -> IO[bytes]:
    """Room for bytes without a name: it is gone with the last who has it open."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("daicho-reading"), "w+b")
    return tempfile.TemporaryFile()


def _unreadable(wanted: Wanted, why: str) -> Refusal:
    return Refusal("unreadable-file", f"ファイル「{wanted.file_name}」を読めません。{why}")


def _told(stream: IO[bytes]) -> dict[str, Any]:
    (size,) = LENGTH.unpack(stream.read(LENGTH.size))
    told: dict[str, Any] = json.loads(stream.read(size))
    if "refusal" in told:
        code, message = told["refusal"]
        raise Refusal(str(code), str(message))
    return told


def _decoded(stream: IO[bytes], wanted: Wanted) -> Decoded:
    import polars as pl

    from pipelines.reading.table import Decoded
    from pipelines.rules import Address

    told = _told(stream)
    values = dict(told["decoded"])
    for name in told["frames"]:
        (size,) = LENGTH.unpack(stream.read(LENGTH.size))
        values[name] = pl.read_ipc(io.BytesIO(stream.read(size)))
    values["address"] = Address(values["address"])
    values["present"] = frozenset(values["present"])
    values["header"] = tuple(values["header"])
    return Decoded(layout=layout_of(wanted.product, wanted.layout), **values)
