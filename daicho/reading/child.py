"""The process that reads one upload: bounded in memory and time, and gone when its parent is gone.

Run by ``uploads`` as ``python -m daicho.reading.child IN OUT ALIVE``, three descriptors: the request, where the result is
written, and a pipe that closes when the parent dies. What is written is JSON and Arrow, never pickled objects.
"""

import dataclasses
import json
import os
import resource
import signal
import struct
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

from schemas.submission import Refusal

if TYPE_CHECKING:
    from pipelines.reading.table import Decoded

UNREADABLE = 70
"""Exit code: the file broke the reader, though not the process."""
LENGTH = struct.Struct(">Q")


def main(arguments: list[str]) -> int:
    """Reads one upload; the exit code."""
    request, result, alive = (int(text) for text in arguments)
    with os.fdopen(request, "rb") as stream:
        (size,) = LENGTH.unpack(stream.read(LENGTH.size))
        told = json.loads(stream.read(size))
        _bind(told["megabytes"], told["seconds"], told["longest"])
        threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
        content = stream.read()
    with os.fdopen(result, "wb") as out:
        try:
            _write(out, told, content)
        except Refusal as refusal:
            _tell(out, {"refusal": [refusal.code, refusal.message]})
        except MemoryError:
            return UNREADABLE
        except BaseException as error:
            # What panics in compiled code comes as this, under a class that nobody can import.
            if type(error).__name__ == "PanicException":
                return UNREADABLE
            raise
    return 0


def _bind(megabytes: int, seconds: int, longest: int) -> None:
    limits = {
        resource.RLIMIT_DATA: megabytes << 20,
        resource.RLIMIT_CPU: 2 * seconds,
        resource.RLIMIT_CORE: 0,
    }
    for what, limit in limits.items():
        resource.setrlimit(what, (limit, limit))
    # Even if nobody were left to end this process, it ends itself.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(longest + 2)


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)
    os._exit(1)


def _write(out: BinaryIO, told: dict[str, Any], content: bytes) -> None:
    from pipelines.reading.decode import csv_rows, decode
    from schemas.layouts import layout_of
    from schemas.products import Product

    if told["what"] == "rows":
        _tell(out, {"rows": csv_rows(content, told["file_name"], told["reading"])})
        return
    layout = layout_of(Product(told["product"]), told["layout"])
    _write_decoded(out, decode(content, told["file_name"], layout, told["reading"]))


def _write_decoded(out: BinaryIO, decoded: "Decoded") -> None:
    import polars as pl

    values: dict[str, Any] = {}
    frames: dict[str, pl.DataFrame] = {}
    for field in dataclasses.fields(decoded):
        value = getattr(decoded, field.name)
        if isinstance(value, pl.DataFrame):
            frames[field.name] = value
        elif field.name == "address":
            values[field.name] = dict(value.letters)
        elif field.name != "layout":
            values[field.name] = sorted(value) if isinstance(value, frozenset) else value
    _tell(out, {"decoded": values, "frames": list(frames)})
    for frame in frames.values():
        start = out.tell()
        out.write(LENGTH.pack(0))
        frame.write_ipc(out)
        end = out.tell()
        out.seek(start)
        out.write(LENGTH.pack(end - start - LENGTH.size))
        out.seek(end)


def _tell(out: BinaryIO, words: dict[str, Any]) -> None:
    text = json.dumps(words).encode()
    out.write(LENGTH.pack(len(text)) + text)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(
        code
    )  # what was read need not be taken apart piece by piece: everything that was written is closed
