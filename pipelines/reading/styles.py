"""The number format of every cell style of a workbook. Fonts, fills and borders are nobody's matter here."""

from pipelines.reading.number_format import BUILT_IN, NumberFormat, number_format
from pipelines.reading.package import elements


def formats_of(xml: bytes | None) -> list[NumberFormat]:
    """Per style number (attribute ``s`` of a cell) its format; 標準 for all when a workbook has no styles.

    Raises:
        Broken: the part is no XML.
    """
    codes: dict[int, str] = {}
    ids: list[int] = []

    def see(path: tuple[str, ...], told: dict[str, str]) -> None:
        if path[1:] == ("numFmts", "numFmt"):
            codes[_number(told.get("numFmtId"))] = told.get("formatCode", "General")
        elif path[1:] == ("cellXfs", "xf"):
            ids.append(_number(told.get("numFmtId")))

    if xml is not None:
        elements(xml, see)
    known = {
        n: number_format(codes.get(n, BUILT_IN.get(n, "General")), None if n in codes else n)
        for n in set(ids)
    }
    return [known[n] for n in ids] or [number_format("General")]


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
