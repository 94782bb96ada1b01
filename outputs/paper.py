"""The house style of a PDF: page, header, facts, boxes, tables, notes – and their bytes.

Everything here is about looks: A4, one embedded Japanese typeface (IPAex Gothic, only the glyphs in use),
calm colours, right-aligned figures. What a document says is decided in the modules of the documents.

Text is placed by precomputed positions and cached glyph widths straight into the page content; fpdf2 carries
fonts, metadata and the file structure. (Its own ``table()`` lays out every cell anew: minutes for a ledger of
20,000 lines.) The same input gives the same bytes: the only date in the file is the ``created_at`` handed in.

Lengths are millimetres from the upper left corner; type sizes are points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from outputs.formats import day_long
from outputs.headers import DocumentHeader

if TYPE_CHECKING:
    from fpdf.fonts import TTFFont

Align = Literal["left", "right", "center"]
Orientation = Literal["landscape", "portrait"]
Colour = tuple[float, float, float]

INK: Colour = (0.12, 0.14, 0.17)
MUTED: Colour = (0.42, 0.45, 0.50)
ACCENT: Colour = (0.10, 0.22, 0.37)
RULE: Colour = (0.80, 0.83, 0.87)
BAND: Colour = (0.918, 0.938, 0.960)
ZEBRA: Colour = (0.971, 0.978, 0.986)
ALERT: Colour = (0.70, 0.13, 0.12)
CAUTION: Colour = (0.62, 0.40, 0.02)
WHITE: Colour = (1.0, 1.0, 1.0)

POINT = 72 / 25.4
"""Points in a millimetre."""
SIDE = 12.0
HEAD = {"landscape": 28.5, "portrait": 33.5}
FOOT = 12.0
GETA = "〓"
"""The printer's mark for a character that the typeface does not have."""
NARROWEST = 82
"""Percent of the natural width below which text is cut instead of squeezed further."""


@dataclass(frozen=True)
class Style:
    """Size in points, colour, weight (the typeface has one weight; bold is drawn with a thin outline)."""

    size: float
    colour: Colour = INK
    bold: bool = False


BODY = Style(7.0)
STRONG = Style(7.2, INK, bold=True)
SUB = Style(6.4, MUTED)
LABEL = Style(6.4, MUTED)
VALUE = Style(8.4)
HEADING = Style(9.6, ACCENT, bold=True)
COLUMN_TITLE = Style(6.6, ACCENT, bold=True)


@dataclass(frozen=True)
class Slot:
    """One line of text within a column: a value for every row.

    ``whole`` marks figures: they are squeezed to fit, never cut. ``wrap`` breaks long text over several lines
    (only for the last slot of a column) and makes the row as high as needed. ``over`` draws on the same line
    as the slot before (a value in one of two colours).
    """

    values: Sequence[str]
    style: Style = BODY
    whole: bool = False
    wrap: bool = False
    over: bool = False


@dataclass(frozen=True)
class TableColumn:
    """A column of a table: heading lines, relative width, and the lines of text stacked in each row."""

    titles: tuple[str, ...]
    width: float
    slots: tuple[Slot, ...]
    align: Align = "left"
    totals: tuple[str, ...] = ()


def plain(
    title: str,
    width: float,
    values: Sequence[str],
    align: Align = "left",
    style: Style = BODY,
    *,
    wrap: bool = False,
) -> TableColumn:
    """A column of one line of text."""
    return TableColumn((title,), width, (Slot(values, style, wrap=wrap),), align)


def figures(
    title: str, width: float, values: Sequence[str], total: str = "", style: Style = BODY
) -> TableColumn:
    """A column of one line of figures, with its total."""
    return TableColumn(
        (title,), width, (Slot(values, style, whole=True),), "right", (total,) if total else ()
    )


def numbering(count: int, width: float = 8) -> TableColumn:
    """The running number of the rows."""
    return figures("No.", width, [str(number) for number in range(1, count + 1)], style=SUB)


@dataclass(frozen=True)
class Box:
    """A figure worth seeing at once. ``main`` boxes are filled, ``alert`` ones in red."""

    label: str
    value: str
    note: str = ""
    main: bool = False
    alert: bool = False


class _Codes(dict[int, str]):
    """Character → hexadecimal code in the embedded subset, given on first use: only used glyphs are there."""

    def __init__(self, face: TTFFont) -> None:
        super().__init__()
        self._font = face
        self.missing: set[str] = set()

    def __missing__(self, character: int) -> str:
        if character < 0x20:
            shown = 0x20
        elif character in _INVISIBLE:
            self[character] = ""
            return ""
        elif character in _LOOKALIKES:
            shown = _LOOKALIKES[character]
        elif character not in self._font.cmap:
            self.missing.add(chr(character))
            shown = ord(GETA)
        else:
            shown = character
        code = self[character] = f"{self._font.subset.pick(shown):04x}"
        return code


class _Widths(dict[str, float]):
    """Character → width in thousandths of the type size."""

    def __init__(self, face: TTFFont) -> None:
        super().__init__()
        self._font = face

    def __missing__(self, character: str) -> float:
        code = ord(character)
        if code in _INVISIBLE:
            width = 0.0
        elif code < 0x20:
            width = self._font.cw[0x20]
        else:
            code = _LOOKALIKES.get(code, code)
            width = self._font.cw[code if code in self._font.cmap else ord(GETA)]
        self[character] = width
        return width


_LOOKALIKES = {0x2211: 0x03A3}
"""∑ as Σ: the one character of CP932 that the typeface lacks."""
MOST_LINES = 12
"""Of one wrapped cell, so that a row always fits on a page; the CSV has all of it."""
_INVISIBLE = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x200B, 0x200C, 0x200D, 0xFEFF])
_MOST_HANGING = 1000
"""How far (thousandths of the type size) signs that start no line may stand out before they start one after all."""
_NO_LINE_START = frozenset(
    "、。，．,.・：；:;）」』】〉》)]!?！？ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々％%円"
)


class Paper:
    """A document being written, top to bottom; :meth:`render` gives its bytes.

    Every page carries the document name, the policyholder with code, the product, the date of making and
    ``page n/m`` (D-044).
    """

    legible_at = "同じ内容のCSV"
    """Where characters stand that the typeface lacks."""

    def __init__(
        self,
        title: str,
        header: DocumentHeader,
        *,
        subtitle: str = "",
        orientation: Orientation = "landscape",
    ) -> None:
        # Here, not above: a command that makes no PDF does not wait for fpdf2.
        from fpdf import FPDF

        from outputs.typeface import FAMILY, typeface

        self.title = title
        self.subtitle = subtitle
        self.header = header
        self.width, self.height = (297.0, 210.0) if orientation == "landscape" else (210.0, 297.0)
        # A letter is read from further away than a ledger.
        self._head = HEAD[orientation]
        self.scale = 1.0 if orientation == "landscape" else 1.18
        self.left = SIDE
        self.right = self.width - SIDE
        self.bottom = self.height - FOOT
        self._pdf = FPDF(orientation=orientation, unit="mm", format="A4")
        self._pdf.set_auto_page_break(False)
        self._typeface = typeface()
        self._face = self._pdf.fonts[FAMILY] = self._typeface.face()
        self._codes = _Codes(self._face)
        self._widths = _Widths(self._face)
        self._font_name = f"/F{self._face.i}"
        self._states: dict[Style, str] = {}
        self._pages: list[list[str]] = []
        self._page: list[str] = []
        self.new_page()

    # -- primitives ---------------------------------------------------------------------------------------

    def new_page(self) -> None:
        """Start a page and set the pen below its header."""
        self._page = []
        self._pages.append(self._page)
        self.y = self._head

    def room(self) -> float:
        """Millimetres left on the page."""
        return self.bottom - self.y

    def need(self, height: float) -> None:
        """Start a new page unless ``height`` fits on this one."""
        if self.room() < height:
            self.new_page()

    def skip(self, height: float) -> None:
        """Leave white space."""
        self.y += height

    def measure(self, text: str, style: Style) -> float:
        """Width of ``text`` in millimetres."""
        return sum(map(self._widths.__getitem__, text)) * style.size / 1000 / POINT

    def text(
        self,
        x: float,
        y: float,
        text: str,
        style: Style = BODY,
        align: Align = "left",
        width: float | None = None,
    ) -> None:
        """Draw one line; ``y`` is the baseline. ``width`` is the room it must fit in."""
        self._page.append(self._state(style) + self._line(x, y, text, style, align, width, whole=False))

    def rectangle(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self._page.append(
            f"{_rgb(colour)} rg {x * POINT:.2f} {(self.height - y - height) * POINT:.2f} "
            f"{width * POINT:.2f} {height * POINT:.2f} re f"
        )

    def frame(
        self, x: float, y: float, width: float, height: float, colour: Colour = RULE, line: float = 0.5
    ) -> None:
        """Outline a rectangle; ``line`` in points."""
        self._page.append(
            f"{_rgb(colour)} RG {line} w {x * POINT:.2f} {(self.height - y - height) * POINT:.2f} "
            f"{width * POINT:.2f} {height * POINT:.2f} re S"
        )

    def rule(self, y: float, colour: Colour = RULE, line: float = 0.4, left: float | None = None,
             right: float | None = None) -> None:  # fmt: skip
        """A horizontal line; ``line`` in points."""
        x0, x1 = (self.left if left is None else left), (self.right if right is None else right)
        height = (self.height - y) * POINT
        self._page.append(
            f"{_rgb(colour)} RG {line} w {x0 * POINT:.2f} {height:.2f} m {x1 * POINT:.2f} {height:.2f} l S"
        )

    def _state(self, style: Style) -> str:
        state = self._states.get(style)
        if state is None:
            colour = _rgb(style.colour)
            # One weight only in the typeface: a hairline around the glyph makes it bold.
            weight = f"2 Tr {style.size * 0.035:.2f} w {colour} RG " if style.bold else "0 Tr "
            state = self._states[style] = f"{colour} rg {weight}{self._font_name} {style.size:.2f} Tf "
        return state

    def _line(
        self, x: float, y: float, text: str, style: Style, align: Align, width: float | None, *, whole: bool
    ) -> str:
        natural = sum(map(self._widths.__getitem__, text)) * style.size / 1000
        stretch = ""
        if width is not None and natural > (room := width * POINT):
            percent = max(1, int(100 * room / natural))
            if percent < NARROWEST and not whole:
                percent = NARROWEST
                text, natural = self._cut(text, room * 100 / percent, style.size)
            natural *= percent / 100
            stretch = f"{percent} Tz "
        left = x * POINT
        if align == "right":
            left -= natural
        elif align == "center":
            left -= natural / 2
        reset = " 100 Tz" if stretch else ""
        return (
            f"BT {stretch}{left:.2f} {(self.height - y) * POINT:.2f} Td "
            f"<{text.translate(self._codes)}> Tj{reset} ET"
        )

    def _cut(self, text: str, room: float, size: float) -> tuple[str, float]:
        total = self._widths["…"]
        limit = room * 1000 / size
        for place, character in enumerate(text):
            total += self._widths[character]
            if total > limit:
                return text[:place] + "…", (total - self._widths[character]) * size / 1000
        return text, total * size / 1000

    def wrapped(self, text: str, width: float, style: Style) -> list[str]:
        """``text`` broken into lines of ``width`` mm; Latin words stay whole, no line starts with a stop."""
        limit = width * POINT * 1000 / style.size
        lines: list[str] = []
        for paragraph in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            line, used = "", 0.0
            for character in paragraph:
                wide = self._widths[character]
                hangs = character in _NO_LINE_START and used <= limit + _MOST_HANGING
                if used + wide > limit and line and not hangs:
                    head, tail = _word_break(line, character)
                    lines.append(head)
                    line = tail
                    used = sum(map(self._widths.__getitem__, line))
                line += character
                used += wide
            lines.append(line)
        return lines

    # -- blocks -------------------------------------------------------------------------------------------

    def heading(self, text: str, note: str = "") -> None:
        """A section title with a short bar in front."""
        self.need(22)
        self.y += 2.5
        self.rectangle(self.left, self.y, 1.2, 4.2, ACCENT)
        self.text(self.left + 3, self.y + 3.4, text, HEADING)
        if note:
            self.text(self.right, self.y + 3.4, note, SUB, "right", width=self.right - self.left - 60)
        self.y += 6.4

    def facts(self, pairs: Sequence[tuple[str, str]], columns: int = 4) -> None:
        """Labels above values on a quiet grid. A value too long for its cell is squeezed, then cut."""
        cell = (self.right - self.left) / columns
        height = 9.4 * self.scale
        label_style, value_style = self._scaled(LABEL), self._scaled(VALUE)
        for start in range(0, len(pairs), columns):
            self.need(height)
            for place, (label, value) in enumerate(pairs[start : start + columns]):
                x = self.left + place * cell
                self.text(x + 1.5, self.y + 3.3 * self.scale, label, label_style)
                self.text(x + 1.5, self.y + 7.5 * self.scale, value, value_style, width=cell - 4)
            self.y += height
            self.rule(self.y)
        self.y += 2.5

    def _scaled(self, style: Style) -> Style:
        return replace(style, size=style.size * self.scale)

    def paragraph(self, label: str, text: str) -> None:
        """A fact that may be long (remarks): label, then all of the text over as many lines as it needs."""
        style = self._scaled(replace(VALUE, size=7.8))
        lines = self.wrapped(text, self.right - self.left - 4, style)
        self.need(4.5 + 4 * min(len(lines), 3))
        self.text(self.left + 1.5, self.y + 1.6, label, self._scaled(LABEL))
        self.y += 1.9
        for line in lines:
            self.need(5)
            self.y += 3.9 * self.scale
            self.text(self.left + 1.5, self.y, line, style)
        self.y += 1.8
        self.rule(self.y)
        self.y += 2.5

    def boxes(self, boxes: Sequence[Box], height: float = 14.5) -> None:
        """A row of summary boxes; the filled one is what the reader looks for."""
        self.need(height + 3)
        gap = 2.5
        weights = [1.45 if box.main else 1.0 for box in boxes]
        unit = (self.right - self.left - gap * (len(boxes) - 1)) / sum(weights)
        x = self.left
        for box, weight in zip(boxes, weights, strict=True):
            width = unit * weight
            if box.main:
                self.rectangle(x, self.y, width, height, ALERT if box.alert else ACCENT)
            else:
                self.rectangle(x, self.y, width, height, ZEBRA)
                self.frame(x, self.y, width, height)
            label = self._scaled(Style(6.8, WHITE if box.main else MUTED))
            # Higher boxes carry larger figures.
            size = (13.0 if box.main else 10.2) * min(self.scale * height / 14.5, 1.6)
            value = Style(size, WHITE if box.main else INK, bold=True)
            self.text(x + 2.5, self.y + 4.6, box.label, label, width=width - 5)
            if box.note:
                self.text(x + width - 2.5, self.y + 4.6, box.note, label, "right")
            self._page.append(
                self._state(value)
                + self._line(
                    x + width - 2.5, self.y + height - 3.4, box.value, value, "right", width - 5, whole=True
                )
            )
            x += width + gap
        self.y += height + 3

    def note(self, text: str, style: Style = SUB) -> None:
        """A sentence in small type, over as many lines as it needs."""
        for line in self.wrapped(text, self.right - self.left - 2, style):
            self.need(5)
            self.y += 4
            self.text(self.left + 1, self.y, line, style)
        self.y += 1.5

    def table(
        self,
        columns: Sequence[TableColumn],
        *,
        total_label: str = "",
        pitch: float = 3.15,
    ) -> None:
        """A table over as many pages as it needs; the heading is repeated on every page.

        All slots must have the same number of values. With ``total_label`` a last row shows ``totals`` of the
        columns; it never stands alone on a page.
        """
        layout = _TableLayout(self, columns, pitch)
        count = layout.rows
        self.need(layout.head_height + layout.plain_height * min(count + 1, 2))
        layout.draw_head()
        for row in range(count):
            height = layout.height_of(row)
            last = layout.total_height if total_label and row == count - 1 else 0.0
            if self.y + height + last > self.bottom:
                layout.close()
                self.new_page()
                layout.draw_head()
            layout.draw_row(row, height)
        layout.close()
        if total_label:
            layout.draw_total(total_label)
        self.y += 2.5

    # -- the whole ----------------------------------------------------------------------------------------

    def render(self) -> bytes:
        """The finished PDF."""
        pdf = self._pdf
        header = self.header
        pdf.set_title(f"{self.title} {header.holder_name}")
        pdf.set_subject(self.subject())
        pdf.set_author(header.issuer or "daicho")
        pdf.set_creator("daicho")
        pdf.set_lang("ja-JP")
        pdf.set_creation_date(header.created_at)
        pages = len(self._pages)
        for number, body in enumerate(self._pages, start=1):
            pdf.add_page()
            # Through fpdf's own call once per page: it registers the typeface as a resource of the page.
            pdf.set_font(self._face.fontkey, size=6)
            self._page = []
            self._draw_frame(number, pages)
            pdf.text(self.left, 5, " ")
            pdf._out("q\n" + "\n".join(self._page + body) + "\nQ")
        self._typeface.cut(self._face)
        return bytes(pdf.output())

    def subject(self) -> str:
        """What the file's properties say it is about."""
        return f"{self.header.product_name} {self.title} 保険利用者コード {self.header.holder_code}"

    def _draw_frame(self, number: int, pages: int) -> None:
        self._draw_title(number, pages)
        self._draw_parties()
        self._draw_foot(number, pages)

    def _draw_title(self, number: int, pages: int) -> None:
        header = self.header
        title = Style(16.0, ACCENT, bold=True)
        self.text(self.left, 14.2, self.title, title)
        if self.subtitle:
            after = self.left + self.measure(self.title, title) + 4
            self.text(after, 14.0, self.subtitle, Style(8.4, MUTED))
        right = Style(8.0)
        self.text(self.right, 10.2, f"作成日　{day_long(header.created_at)}", right, "right")
        self.text(self.right, 14.4, f"{number} / {pages} ページ", right, "right")
        self.rule(17.0, ACCENT, 1.1)

    def _draw_parties(self) -> None:
        header = self.header
        product = replace(VALUE, colour=ACCENT, bold=True)
        code = f"保険利用者コード　{header.holder_code}"
        start = self.left + 16
        self.text(self.left, 21.8, "保険利用者", LABEL)
        if self.width > self.height:
            room = (
                self.right
                - start
                - self.measure(header.product_name, product)
                - self.measure(code, VALUE)
                - 18
            )
            end = start + self._draw_name(start, 22.0, room)
            self.text(end + 6, 22.0, code, VALUE)
            self.text(self.right, 22.0, header.product_name, product, "right")
        else:
            self._draw_name(start, 22.0, self.right - start)
            self.text(start, 27.0, code, VALUE)
            self.text(self.right, 27.0, header.product_name, product, "right")
        self.rule(self._head - 3.9)

    def _draw_foot(self, number: int, pages: int) -> None:
        header = self.header
        foot = self.height - 6.4
        self.rule(self.height - FOOT + 1.8)
        small = Style(6.0, MUTED)
        left = "　".join(part for part in (header.issuer, header.document_id) if part)
        self.text(self.left, foot, left, small)
        if self._codes.missing:
            self.text(
                (self.left + self.right) / 2,
                foot,
                f"{GETA} は印字できない文字です。正しい文字は{self.legible_at}でご確認ください。",
                small,
                "center",
            )
        self.text(self.right, foot, f"{self.title}　{number} / {pages}", small, "right")

    def _draw_name(self, x: float, y: float, room: float) -> float:
        """The policyholder's name, whole whatever its length: first smaller, then narrower. Gives its width."""
        style = Style(9.6, INK, bold=True)
        natural = self.measure(self.header.holder_name, style)
        if natural > room:
            style = replace(style, size=max(6.4, style.size * room / natural))
        name = self.header.holder_name
        self._page.append(self._state(style) + self._line(x, y, name, style, "left", room, whole=True))
        return min(self.measure(name, style), room)


class _TableLayout:
    """Positions of one table, worked out once, and the drawing of its rows."""

    def __init__(self, paper: Paper, columns: Sequence[TableColumn], pitch: float) -> None:
        self.paper = paper
        self.columns = columns
        self.pitch = pitch
        self.pad = 1.0
        self.rows = len(columns[0].slots[0].values)
        total = sum(column.width for column in columns)
        unit = (paper.right - paper.left) / total
        self.edges = [paper.left]
        for column in columns:
            self.edges.append(self.edges[-1] + column.width * unit)
        self.depth = max(sum(not slot.over for slot in column.slots) for column in columns)
        self.plain_height = self.depth * pitch + 2 * self.pad
        self.title_depth = max(len(column.titles) for column in columns)
        self.head_height = self.title_depth * pitch + 2 * self.pad + 0.4
        self.total_height = (
            max(1, *(len(column.totals) for column in columns)) * (pitch + 0.2) + 2 * self.pad + 0.6
        )
        self.top = 0.0
        self.shaded = False
        self.heads: dict[float, list[str]] = {}
        # (state, values, style, align, x, room, offset of the baseline, whole, wrap)
        self.slots = []
        for place, column in enumerate(columns):
            x, room = self._anchor(place, column.align)
            line = -1
            for slot in column.slots:
                line += not slot.over
                offset = self.pad + (line + 0.78) * pitch
                self.slots.append((slot, paper._state(slot.style), column.align, x, room, offset))
        self.wrapping = [slot for slot in self.slots if slot[0].wrap]

    def _anchor(self, place: int, align: Align) -> tuple[float, float]:
        left, right = self.edges[place], self.edges[place + 1]
        room = right - left - 2.0
        return {"left": left + 1.0, "right": right - 1.0, "center": (left + right) / 2}[align], room

    def height_of(self, row: int) -> float:
        if not self.wrapping:
            return self.plain_height
        extra = 0
        for slot, _, _, _, room, offset in self.wrapping:
            above = round((offset - self.pad) / self.pitch - 0.78)
            extra = max(extra, above + len(self.lines_of(slot, room, row)) - self.depth)
        return self.plain_height + extra * self.pitch

    def lines_of(self, slot: Slot, room: float, row: int) -> list[str]:
        lines = self.paper.wrapped(slot.values[row], room, slot.style)
        return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1] + "…"]

    def draw_head(self) -> None:
        paper = self.paper
        self.top = paper.y
        self.shaded = False
        # On every page but the first it stands at the same height.
        if self.top not in self.heads:
            before = len(paper._page)
            self._draw_head()
            self.heads[self.top] = paper._page[before:]
        else:
            paper._page += self.heads[self.top]
            paper.y += self.head_height

    def _draw_head(self) -> None:
        paper = self.paper
        paper.rectangle(paper.left, paper.y, paper.right - paper.left, self.head_height, BAND)
        paper.rule(paper.y, ACCENT, 0.8)
        for place, column in enumerate(self.columns):
            x, room = self._anchor(place, column.align)
            first = self.title_depth - len(column.titles)
            for line, title in enumerate(column.titles):
                y = paper.y + self.pad + 0.2 + (first + line + 0.78) * self.pitch
                style = (
                    COLUMN_TITLE if line == 0 or self.title_depth == 1 else replace(COLUMN_TITLE, bold=False)
                )
                paper.text(x, y, title, style, column.align, room)
        paper.y += self.head_height
        paper.rule(paper.y, ACCENT, 0.5)

    def draw_row(self, row: int, height: float) -> None:
        paper = self.paper
        page = paper._page
        top = paper.y
        if self.shaded:
            # A hair lower than the rule above, which stays visible.
            paper.rectangle(paper.left, top + 0.06, paper.right - paper.left, height - 0.06, ZEBRA)
        self.shaded = not self.shaded
        current = ""
        for slot, state, align, x, room, offset in self.slots:
            value = slot.values[row]
            if not value:
                continue
            if state is not current:
                page.append(state)
                current = state
            if slot.wrap:
                for number, line in enumerate(self.lines_of(slot, room, row)):
                    y = top + offset + number * self.pitch
                    page.append(paper._line(x, y, line, slot.style, align, room, whole=False))
            else:
                page.append(paper._line(x, top + offset, value, slot.style, align, room, whole=slot.whole))
        paper.y = top + height
        paper.rule(paper.y, RULE, 0.25)

    def close(self) -> None:
        self.paper.rule(self.paper.y, ACCENT, 0.5)

    def draw_total(self, label: str) -> None:
        paper = self.paper
        paper.need(self.total_height)
        paper.rectangle(paper.left, paper.y, paper.right - paper.left, self.total_height, BAND)
        strong = replace(STRONG, size=STRONG.size * min(1.3, max(1.0, self.pitch / 4)))
        baseline = paper.y + self.pad + 0.3
        first = baseline + 0.78 * (self.pitch + 0.2)
        paper.text(paper.left + 1.0, first, label, replace(strong, size=strong.size * 1.1))
        for place, column in enumerate(self.columns):
            x, room = self._anchor(place, column.align)
            for line, value in enumerate(column.totals):
                y = baseline + (line + 0.78) * (self.pitch + 0.2)
                paper._page.append(
                    paper._state(strong) + paper._line(x, y, value, strong, column.align, room, whole=True)
                )
        paper.y += self.total_height
        paper.rule(paper.y, ACCENT, 1.0)


def _rgb(colour: Colour) -> str:
    return f"{colour[0]:g} {colour[1]:g} {colour[2]:g}"


def _word_break(line: str, following: str) -> tuple[str, str]:
    """Where to break: before the Latin word that would be torn, if it is not the whole line."""
    if not (following.isascii() and following.isalnum()):
        return line, ""
    place = len(line)
    while place and line[place - 1].isascii() and line[place - 1].isalnum():
        place -= 1
    return (line[:place], line[place:]) if 0 < len(line) - place < 24 and place else (line, "")
