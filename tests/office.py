"""A real LibreOffice, to see what another program makes of the workbooks that we give out."""

import atexit
import contextlib
import csv
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,-1"
"""Comma, quote, UTF-8, every text quoted, cells as shown, every sheet in a file of its own."""


_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,true,false,false,-1"
"""The same with numbers as their formats show them."""
_LOT = 50
_STANDS_STILL_SECONDS = 20
_JAPANESE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>ja-JP</value></prop></item></oor:items>
"""


@cache
def _profile(settings: str) -> Path:
    """The folder of a LibreOffice's own files, one per process: making them costs as much as thirty workbooks."""
    folder = Path(tempfile.mkdtemp(prefix="daicho-office-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if settings:
        (folder / "user").mkdir()
        (folder / "user" / "registrymodifications.xcu").write_text(settings, encoding="utf-8")
    return folder


def converted_together(sources: Sequence[Path], form: str, folder: Path) -> Path:
    """The folder with what a Japanese LibreOffice made of many files, some at a time.

    It stands still now and then, and ends when it is run again; a file on which it stands still alone has no result.
    """
    out = folder / "converted"
    for start in range(0, len(sources), _LOT):
        lot = sources[start : start + _LOT]
        if not _ended(lot, form, out):
            # Whatever came after the last result, and that one, which it may not have written to its end.
            for source in lot[max(0, sum(_has_result(source, out) for source in lot) - 1) :]:
                _ended([source], form, out)
    return out


def _has_result(source: Path, out: Path) -> bool:
    return any(out.glob(f"{source.stem}[-.]*"))


def _ended(sources: Sequence[Path], form: str, out: Path) -> bool:
    """Whether it came to its end; it is given up when nothing new was written for a while."""
    process = subprocess.Popen(
        [
            *("soffice", f"-env:UserInstallation=file://{_profile(_JAPANESE)}", "--headless"),
            *("--convert-to", form, "--outdir", str(out), *map(str, sources)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    written, since = -1, time.monotonic()
    try:
        while time.monotonic() - since < _STANDS_STILL_SECONDS:
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert process.wait(0.2) == 0
                return True
            results = sum(1 for _ in out.glob("*"))
            if results != written:
                written, since = results, time.monotonic()
        _profile.cache_clear()  # it is killed, and may leave what it was writing half done
        return False
    finally:
        # What it started stays otherwise.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def shown_together(sources: Sequence[Path], folder: Path) -> dict[str, dict[str, list[list[str]]]]:
    """By the stem of each file every sheet as a Japanese LibreOffice shows it: name → rows of texts.

    Stems must not hold a hyphen.
    """
    told: dict[str, dict[str, list[list[str]]]] = {}
    for path in converted_together(sources, _SHOWN, folder).glob("*.csv"):
        stem, _, sheet = path.stem.partition("-")
        with path.open(encoding="utf-8", newline="") as stream:
            told.setdefault(stem, {})[sheet] = list(csv.reader(stream))
    return told


def converted(content: bytes, form: str, folder: Path) -> Path:
    """The folder with what LibreOffice made of a workbook; it must not complain."""
    out = folder / "converted"
    shutil.rmtree(out, ignore_errors=True)
    source = folder / "book.xlsx"
    source.write_bytes(content)
    done = subprocess.run(
        [
            *("soffice", f"-env:UserInstallation=file://{_profile('')}", "--headless"),
            *("--convert-to", form, "--outdir", str(out), str(source)),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert "rror" not in done.stdout + done.stderr, done.stderr
    return out


def sheets(content: bytes, folder: Path) -> dict[str, list[list[str]]]:
    """Every sheet as LibreOffice shows it: name → rows of texts."""
    told = {}
    for path in converted(content, _CSV, folder).glob("book-*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            told[path.stem.removeprefix("book-")] = list(csv.reader(stream))
    return told


def resaved(content: bytes, folder: Path) -> bytes:
    """The workbook as LibreOffice saves it."""
    return (converted(content, "xlsx:Calc MS Excel 2007 XML", folder) / "book.xlsx").read_bytes()
