"""How results reach people and programs: tables, CSV, one JSON document, refusals."""

import argparse
import contextlib
import csv
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width

from schemas.cells import unformulated_if_active


def say(text: str) -> None:
    """A message or progress for people: standard error, so that standard output stays the result.

    Nobody listening is no reason to stop the work.
    """
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        # What is still buffered must not fail once more when Python ends (exit code 120).
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def as_json(document: Any) -> None:
    """One JSON document on standard output; escaped where its encoding cannot say a character."""
    text = json.dumps(document, ensure_ascii=False, indent=1, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(document, indent=1, default=str)
    print(text)


def as_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Rows as CSV on standard output; what a spreadsheet would run gets an apostrophe, identifiers keep their letters."""
    names = list(columns or (rows[0] if rows else []))
    writer = csv.DictWriter(sys.stdout, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                name: unformulated_if_active(cell) if isinstance(cell, str) else cell
                for name, cell in row.items()
            }
        )


def rows_out(
    rows: Sequence[Mapping[str, Any]],
    options: argparse.Namespace,
    table: Mapping[str, str],
    columns: Sequence[str] | None = None,
) -> None:
    """Rows as JSON, as CSV with ``columns`` (also without rows), or a table of some (name → title)."""
    if options.json:
        as_json(list(rows))
    elif getattr(options, "csv", False):
        as_csv(rows, columns)
    elif rows:
        as_table([[row.get(name) for name in table] for row in rows], list(table.values()))
    else:
        say("該当するデータはありません。")


def as_table(rows: Iterable[Sequence[Any]], titles: Sequence[str]) -> None:
    """An aligned table; full-width characters count two."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [max([_width(title), *(_width(row[n]) for row in cells)]) for n, title in enumerate(titles)]
    numeric = [all(isinstance(c, int) for c in column) for column in zip(*rows, strict=True)] if cells else []
    print("  ".join(_pad(title, width, False) for title, width in zip(titles, widths, strict=True)).rstrip())
    print("  ".join("-" * width for width in widths))
    for row in cells:
        print("  ".join(_pad(c, w, n) for c, w, n in zip(row, widths, numeric, strict=True)).rstrip())


def refused(code: str, message: str, options: argparse.Namespace) -> int:
    """A refusal: exit code 2, for programs as JSON, for people as a sentence."""
    if getattr(options, "json", False):
        as_json({"refused": {"code": code, "message": message}})
    say(f"受け付けられません [{code}]: {message}")
    return 2


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int, right: bool) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank
