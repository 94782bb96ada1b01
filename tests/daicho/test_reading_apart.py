"""Files that would take a process down, or keep it busy: refused in time, and nobody else notices."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psutil
import pytest

from daicho.reading import remembering, uploads
from daicho.reading.uploads import ReaderFault, Wanted, read, read_rows, reading_of
from schemas.cells import column_letter
from schemas.layouts import layout_of
from schemas.products import Product
from schemas.reading import FIRST_READING
from schemas.submission import Refusal
from tests.kit import csv_bytes, enterprise_row, xlsx_bytes
from tests.pipelines.reading.raw_book import Raw, text
from tests.pipelines.reading.test_workbook import TITLES, one

PROJECT = Path(__file__).resolve().parent.parent.parent
GOOD = xlsx_bytes([enterprise_row()], layout_of(Product.ENTERPRISE))


def wanted(content: bytes, name: str = "a.xlsx", **more: object) -> Wanted:
    return Wanted(content, name, Product.ENTERPRISE, **more)  # type: ignore[arg-type]


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    uploads._READ.forget()
    before = children()
    yield
    assert children() <= before
    assert rooms() == []


def rooms() -> list[str]:
    """Files in memory that are still open."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    return [name for name in found if "daicho-reading" in name]


def refused(content: bytes, **more: object) -> tuple[str, float, float]:
    """The message of the refusal, seconds of work and megabytes of the reader."""
    peak = [0.0]
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for child in psutil.Process().children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    peak[0] = max(peak[0], child.memory_info().rss / (1 << 20))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    before = os.times()
    try:
        with pytest.raises(Refusal) as caught:
            read(wanted(content, **more))
    finally:
        over.set()
        watcher.join()
    after = os.times()
    assert caught.value.code == "unreadable-file"
    worked = after.children_user + after.children_system - before.children_user - before.children_system
    return caught.value.message, worked, peak[0]


def test_a_good_workbook_is_read_as_in_this_process() -> None:
    from pipelines.reading.decode import decode
    from schemas.layouts import layout_of

    apart, here = read(wanted(GOOD)), decode(GOOD, "a.xlsx", layout_of(Product.ENTERPRISE))
    assert apart.records.equals(here.records)
    assert apart.findings.equals(here.findings)
    assert (apart.present, apart.address, apart.encoding) == (here.present, here.address, here.encoding)


@contextlib.contextmanager
def no_reading() -> Iterator[None]:
    """Whoever reads meanwhile fails: neither a process is started nor a file decoded."""
    from pipelines.reading import decode

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(uploads, "_Reader", lambda *_: pytest.fail("a process was started"))
        patched.setattr(decode, "decode", lambda *_: pytest.fail("a file was decoded"))
        yield


def test_the_same_upload_is_read_once_and_anything_else_again() -> None:
    csv = csv_bytes([enterprise_row()])
    for name, content, more in (("a.xlsx", GOOD, {}), ("a.csv", csv, {}), ("b.csv", csv, {"apart": True})):
        first = read(wanted(content, name, **more))
        with no_reading():
            assert read(wanted(content, name, **more)) is first
            assert read(wanted(content, name, **more, patient=True)) is first
            others = [
                wanted(content, f"other-{name}", **more),
                wanted(content + b"\n", name, **more),
                wanted(content, name, reading=FIRST_READING, **more),
                Wanted(content, name, Product.EQUIPMENT, **more),
            ]
            for other in others:
                with pytest.raises(pytest.fail.Exception):
                    read(other)


def test_what_was_read_with_more_patience_is_read_again_for_who_has_less() -> None:
    csv = csv_bytes([enterprise_row()])
    read(wanted(GOOD, patient=True))
    read(wanted(csv, "a.csv"))
    for hasty in (wanted(GOOD), wanted(csv, "a.csv", apart=True)):
        with no_reading(), pytest.raises(pytest.fail.Exception):
            read(hasty)
        read(hasty)
        with no_reading():
            read(hasty)


def test_a_refusal_is_not_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(Refusal):
        read_with(monkeypatch, tmp_path, "raise MemoryError")
    monkeypatch.setattr(uploads, "_ROOT", PROJECT)
    assert read(wanted(GOOD)).count == 1


def test_what_is_remembered_is_bounded_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [csv_bytes([enterprise_row(export_contract_no=f"EX-{n}")]) for n in range(4)]
    size = read(wanted(contents[0], "a.csv")).records.estimated_size()
    monkeypatch.setattr(remembering, "MOST_BYTES", 3 * size)
    for content in contents[1:]:
        read(wanted(contents[0], "a.csv"))
        read(wanted(content, "a.csv"))
    assert len(uploads._READ) == 3
    with no_reading():
        read(wanted(contents[0], "a.csv"))  # asked for all the time
        with pytest.raises(pytest.fail.Exception):
            read(wanted(contents[1], "a.csv"))
    monkeypatch.setattr(remembering, "MOST_BYTES", size - 1)
    read(wanted(contents[1], "a.csv"))
    assert len(uploads._READ) == 0


def test_a_csv_is_read_apart_where_requests_are_answered() -> None:
    content = csv_bytes([enterprise_row()])
    assert read(wanted(content, "a.csv", apart=True)).records.equals(read(wanted(content, "a.csv")).records)
    assert len(read_rows(wanted(content, "a.csv"))) == 2


def test_a_refusal_of_the_reader_is_a_refusal() -> None:
    with pytest.raises(Refusal) as caught:
        read(wanted(b"PK\x03\x04 nothing"))
    assert caught.value.code == "unreadable-file"


def test_a_workbook_that_swells_is_refused_before_it_is_parsed() -> None:
    content = swelling()
    assert len(content) < 3_000_000
    message, worked, megabytes = refused(content)
    assert "大きすぎます" in message
    assert worked < 5
    assert megabytes < 1000


@cache
def swelling() -> bytes:
    """2 GB of blanks between two rows, in 2 MB."""
    xml = one("export_contract_no", text("A")).sheet
    head, tail = xml.split("</sheetData>")
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    blank = b" " * (1 << 20)
    pieces = [head.encode(), *[blank] * 2048, b"</sheetData>" + tail.encode()]

    def block(piece: bytes) -> bytes:
        return squeeze.compress(piece) + squeeze.flush(zlib.Z_FULL_FLUSH)

    # After a full flush the same bytes are squeezed into the same block.
    data = block(pieces[0]) + block(blank) * 2048 + squeeze.compress(pieces[-1]) + squeeze.flush()
    crc = size = 0
    for piece in pieces:
        crc, size = zlib.crc32(piece, crc), size + len(piece)
    name = b"xl/worksheets/sheet1.xml"
    parts = one("export_contract_no", text("A")).bytes({"xl/worksheets/sheet1.xml": None})
    # One more entry before the central directory.
    end = parts.rindex(b"PK\x05\x06")
    count, length, start = struct.unpack("<HLL", parts[end + 10 : end + 20])
    told = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 0, crc, len(data), size, len(name), 0)
    entry = b"PK\x03\x04" + told + name + data
    listed = b"PK\x01\x02" + struct.pack("<H", 20) + told + struct.pack("<HHHLL", 0, 0, 0, 0, start) + name
    directory = parts[start : start + length] + listed
    return (
        parts[:start] + entry + directory
        + b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, count + 1, count + 1, len(directory), start + len(entry), 0)
    )  # fmt: skip


def test_a_size_that_lies_does_not_help() -> None:
    content = swelling()
    at = content.rindex(b"PK\x01\x02")
    lying = content[: at + 24] + struct.pack("<L", 1000) + content[at + 28 :]
    message, worked, megabytes = refused(lying)
    assert "保存し直してください" in message
    assert worked < 5
    assert megabytes < 1000


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(
            lambda n: f'<c r="{column_letter(n)}1" t="inlineStr"><is><t>h{n}</t></is></c>', id="beyond XFD"
        ),
        pytest.param(lambda n: f'<c t="inlineStr"><is><t>h{n}</t></is></c>', id="without addresses"),
        pytest.param(
            lambda n: (
                f'<c r="{column_letter(n % 16_384)}1" t="inlineStr"><is><t>h{n}</t></is></c>'
                if n < 16_384
                else ""
            ),
            id="all that Excel has",
        ),
    ],
)
def test_fifty_thousand_headings_are_refused(cell: Callable[[int], str]) -> None:
    raw = one("export_contract_no", text("A"))
    head, rest = raw.sheet.split('<row r="1">')
    row = "".join(cell(n) for n in range(50_000))
    sheet = f'{head}<row r="1">{row}{rest[rest.index("</row>") :]}'
    message, worked, megabytes = refused(raw.bytes({"xl/worksheets/sheet1.xml": sheet}))
    assert "列が多すぎます" in message
    assert "保存し直してください" in message
    assert worked < 8
    assert megabytes < 1000


def test_fifty_thousand_headings_of_a_csv_are_refused() -> None:
    content = ",".join(f"h{n}" for n in range(50_000)) + "\n" + "," * 49_999 + "1\n"
    with pytest.raises(Refusal, match="列が多すぎます") as caught:
        read(wanted(content.encode(), "a.csv", apart=True))
    assert caught.value.code == "unreadable-file"


def test_the_far_cell_that_killed_the_first_reading_is_refused_by_it() -> None:
    """Old uploads are read by the first reading for ever; it must not take anybody with it either."""
    far = (PROJECT / "tests/pipelines/reading/data/far_cell.xlsx").read_bytes()
    assert read(wanted(far)).count == 1
    _, worked, megabytes = refused(far, reading=FIRST_READING)
    assert worked < 10
    assert megabytes < 1000


def test_too_many_rows_are_refused() -> None:
    rows = [[text(title) for title in TITLES]]
    raw = Raw(rows)
    lines = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 200_003))
    sheet = raw.sheet.replace("</sheetData>", f"{lines}</sheetData>")
    assert "200,000行以内" in refused(raw.bytes({"xl/worksheets/sheet1.xml": sheet}))[0]


@pytest.mark.parametrize(
    ("death", "code"),
    [
        ("import os; os.abort()", "unreadable-file"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "unreadable-file"),
        ("raise MemoryError", "unreadable-file"),
        ("class PanicException(BaseException): pass\nraise PanicException", "unreadable-file"),
        ("x = b'x' * (2 << 30)", "unreadable-file"),
        (
            "import resource, os; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
            "unreadable-file",
        ),
    ],
)
def test_whatever_kills_the_reader_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, death: str, code: str
) -> None:
    with pytest.raises(Refusal) as caught:
        read_with(monkeypatch, tmp_path, death)
    assert caught.value.code == code
    assert "CSV形式" in caught.value.message


def test_a_fault_of_ours_is_none_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ReaderFault, match="a bug nobody knows"):
        read_with(monkeypatch, tmp_path, "raise RuntimeError('a bug nobody knows')")


def test_a_reader_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(uploads, "SECONDS", 3)
    begin = time.monotonic()
    with pytest.raises(Refusal) as caught:
        read_with(monkeypatch, tmp_path, "import time; time.sleep(60)")
    assert "3秒以内" in caught.value.message
    assert time.monotonic() - begin < 30


def test_the_alarm_of_a_reader_comes_after_all_patience(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where others keep the reader from working it is waited for; the alarm is for when nobody is left to wait."""
    with pytest.raises(ReaderFault) as caught:
        read_with(
            monkeypatch, tmp_path, "import signal; raise RuntimeError(f'left {signal.alarm(0)} seconds')"
        )
    [left] = re.findall(r"left (\d+) seconds", str(caught.value))
    assert int(left) > 5 * uploads.SECONDS


def read_with(monkeypatch: pytest.MonkeyPatch, folder: Path, deed: str) -> None:
    """Reads with a reader that does something else: its package of rules is another one."""
    room = folder / "pipelines" / "reading"
    room.mkdir(parents=True)
    (folder / "pipelines" / "__init__.py").touch()
    (room / "__init__.py").touch()
    body = "\n".join(f"    {line}" for line in deed.splitlines())
    (room / "decode.py").write_text(f"csv_rows = None\ndef decode(*_):\n{body}\n")
    for name in ("daicho", "schemas"):
        (folder / name).symlink_to(PROJECT / name)
    monkeypatch.setattr(uploads, "_ROOT", folder)
    read(wanted(GOOD))


def test_a_reader_that_nobody_waits_for_is_ended() -> None:
    with reading_of(wanted(GOOD)):
        assert len(children()) >= 1


def test_a_reader_ends_with_its_parent(tmp_path: Path) -> None:
    """No zombie and no file remain when the parent is killed while the reader is at work."""
    script = (
        "import sys, time\n"
        "from daicho.reading import uploads\n"
        "from daicho.reading.uploads import Wanted, reading_of\n"
        "from schemas.products import Product\n"
        "with reading_of(Wanted(sys.stdin.buffer.read(), 'a.xlsx', Product.ENTERPRISE)) as reading:\n"
        "    print(reading._reader._process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    slow = Raw(
        [[text(title) for title in TITLES], *[[text("1"), text(f"N{n}")] for n in range(150_000)]]
    ).bytes()
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(slow)
    parent.stdin.close()
    reader = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while psutil.pid_exists(reader) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(reader)
    assert list(tmp_path.iterdir()) == []


def test_the_reader_is_spawned_not_forked_from_threads() -> None:
    """A fork of a process with threads may stand still for ever in a lock that nobody holds."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(lambda _: read(wanted(GOOD)).count, range(6)))
    assert counts == [1] * 6
