"""A real LibreOffice, to see what another program makes of the workbooks that we give out."""

import csv
import shutil
import subprocess
from pathlib import Path

_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false,false,false,-1"
"""Comma, quote, UTF-8, every text quoted, cells as shown, every sheet in a file of its own."""


def converted(content: bytes, form: str, folder: Path) -> Path:
    """The folder with what LibreOffice made of a workbook; it must not complain."""
    out = folder / "converted"
    shutil.rmtree(out, ignore_errors=True)
    source = folder / "book.xlsx"
    source.write_bytes(content)
    done = subprocess.run(
        [
            *("soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"),
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
