"""The number formats of a workbook, by cell style and by condition. Fonts, fills and borders are nobody's matter here."""

from dataclasses import dataclass

from pipelines.reading.number_format import BUILT_IN, NumberFormat, number_format
from pipelines.reading.package import elements


@dataclass(frozen=True)
class Formats:
    """``cells``: per style number (attribute ``s`` of a cell) its format. ``laid_over``: those of conditions (``dxfId``)."""

    cells: list[NumberFormat]
    laid_over: list[NumberFormat | None]


def formats_of(xml: bytes | None) -> Formats:
    """The formats of a workbook; 標準 for all cells when it has no styles.

    Raises:
        Broken: the part is no XML.
    """
    codes: dict[int, str] = {}
    ids: list[int] = []
    laid_over: list[NumberFormat | None] = []

    def see(path: tuple[str, ...], told: dict[str, str]) -> None:
        if path[1:] == ("numFmts", "numFmt"):
            codes[_number(told.get("numFmtId"))] = told.get("formatCode", "General")
        elif path[1:] == ("cellXfs", "xf"):
            ids.append(_number(told.get("numFmtId")))
        elif path[1:] == ("dxfs", "dxf"):
            laid_over.append(None)
        elif path[1:] == ("dxfs", "dxf", "numFmt"):
            laid_over[-1] = number_format(told.get("formatCode", "General"))

    if xml is not None:
        elements(xml, see)
    known = {
        n: number_format(codes.get(n, BUILT_IN.get(n, "General")), None if n in codes else n)
        for n in set(ids)
    }
    return Formats([known[n] for n in ids] or [number_format("General")], laid_over)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
