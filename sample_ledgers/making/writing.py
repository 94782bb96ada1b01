"""From records to the bytes of an upload: CSV in several encodings, .xlsx, and broken files. Same bytes every time."""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from openpyxl import Workbook

from making.model import Sample
from schemas.layouts import layout_of
from schemas.products import Product


def table(sample: Sample, *, japanese: bool = False) -> list[list[object]]:
    """Header and rows in layout order; only columns that some record fills."""
    layout = layout_of(Product(sample.product))
    known = set(layout.names)
    names = [n for n in layout.names if any(r.cells.get(n, "") != "" for r in sample.records)]
    names += [n for n in sample.records[0].cells if n not in known]
    header: list[object] = [layout.labels.get(n, n) if japanese else n for n in names]
    return [header, *([record.cells.get(n, "") for n in names] for record in sample.records)]


def csv_bytes(encoding: str, newline: str = "\r\n", *, japanese: bool = False) -> Callable[[Sample], bytes]:
    """A writer of CSV in that encoding."""

    def write(sample: Sample) -> bytes:
        out = io.StringIO()
        csv.writer(out, lineterminator=newline).writerows(table(sample, japanese=japanese))
        return out.getvalue().encode(encoding)

    return write


def xlsx_bytes(*, japanese: bool = False) -> Callable[[Sample], bytes]:
    """A writer of .xlsx as people make them: codes and amounts as numbers, dates as date cells; serials as text."""

    def write(sample: Sample) -> bytes:
        rows = table(sample, japanese=japanese)
        names = table(sample)[0]
        for row in rows[1:]:
            for place, name in enumerate(names):
                row[place] = _natural(str(name), row[place])
        return workbook(rows)

    return write


def _natural(name: str, cell: object) -> object:
    text = str(cell)
    if name.endswith("_date"):
        return datetime.strptime(text, "%Y%m%d").date() if text else None  # noqa: DTZ007 - a day has no zone
    if text.isdigit() and name != "export_contract_no" and not name.endswith("_serial"):
        return int(text)
    if name.endswith(("_amount", "_principal")):
        return Decimal(text) if text else None
    return text or None


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """An .xlsx file whose bytes do not depend on the clock."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    fixed = io.BytesIO()
    with zipfile.ZipFile(out) as made, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as still:
        for name in sorted(made.namelist()):
            data = made.read(name)
            if name == "docProps/core.xml":
                stamp = "2018-11-01T00:00:00Z"
                data = _between(data, b"<dcterms:created", stamp.encode())
                data = _between(data, b"<dcterms:modified", stamp.encode())
            still.writestr(zipfile.ZipInfo(name, (2018, 11, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def _between(data: bytes, tag: bytes, text: bytes) -> bytes:
    """The content of the first element with that tag replaced."""
    start = data.index(b">", data.index(tag)) + 1
    return data[:start] + text + data[data.index(b"<", start) :]


def fixed_bytes(content: bytes) -> Callable[[Sample], bytes]:
    """A writer of exactly these bytes."""
    return lambda _: content


def zipped(write: Callable[[Sample], bytes]) -> Callable[[Sample], bytes]:
    """The file packed into a zip archive."""

    def packed(sample: Sample) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(zipfile.ZipInfo("moushikomi.csv", (2018, 11, 1, 0, 0, 0)), write(sample))
        return out.getvalue()

    return packed


UTF8, BOM, CP932 = csv_bytes("utf-8"), csv_bytes("utf-8-sig"), csv_bytes("cp932")
