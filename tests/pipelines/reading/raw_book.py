"""Workbooks written by hand, part by part: what no library would write, and what some do."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from schemas.cells import column_letter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def text(value: str, style: int = 0) -> str:
    """A cell with its text in itself; ``{at}`` is its address."""
    return f'<c r="{{at}}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def number(value: str, style: int = 0) -> str:
    """A cell with a number, as it stands in the file."""
    return f'<c r="{{at}}" s="{style}"><v>{value}</v></c>'


@dataclass
class Raw:
    """``formats``: format codes by style from 1 on, or numbers of built-in ones. Texts of XML go in as they are."""

    rows: Sequence[Sequence[str | None]]
    formats: Sequence[str | int] = ()
    around: Mapping[str, str] = field(default_factory=dict)
    """``before`` and ``after`` the rows; ``book`` inside the workbook; ``row<n>``: more attributes of a row."""
    state: str = ""
    shared: str = ""
    more: Sequence[tuple[str, str, str]] = ()
    """Further sheets: name, state, XML."""
    main: str = MAIN

    @property
    def sheet(self) -> str:
        """The XML of the sheet."""
        lines = []
        for n, row in enumerate(self.rows, 1):
            cells = "".join(
                cell.replace("{at}", f"{column_letter(place)}{n}") for place, cell in enumerate(row) if cell
            )
            lines.append(f'<row r="{n}"{self.around.get(f"row{n}", "")}>{cells}</row>')
        return (
            f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{self.main}">'
            f"{self.around.get('before', '')}<sheetData>{''.join(lines)}</sheetData>{self.around.get('after', '')}</worksheet>"
        )

    @property
    def parts(self) -> dict[str, str]:
        """Every part by its name."""
        sheets = [("S1", self.state, self.sheet), *self.more]
        listed = "".join(
            f'<sheet name="{name}" sheetId="{n}" {state} r:id="rId{n}"/>'
            for n, (name, state, _) in enumerate(sheets, 1)
        )
        related = "".join(
            f'<Relationship Id="rId{n}" Type="{RELATIONS}/worksheet" Target="/xl/worksheets/sheet{n}.xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        codes = [(n, form) for n, form in enumerate(self.formats, 164) if isinstance(form, str)]
        xfs = "".join(
            f'<xf numFmtId="{form if isinstance(form, int) else n}" applyNumberFormat="1"/>'
            for n, form in enumerate(self.formats, 164)
        )
        styles = "".join(
            f'<numFmt numFmtId="{n}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>' for n, code in codes
        )
        told = {
            "_rels/.rels": f'<Relationships xmlns="x"><Relationship Id="r" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{self.main}" xmlns:r="{RELATIONS}">{self.around.get("book", "")}<sheets>{listed}</sheets>{self.around.get("calc", "")}</workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="x">{related}<Relationship Id="s" Type="{RELATIONS}/styles" Target="styles.xml"/><Relationship Id="t" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
            "xl/styles.xml": f'<styleSheet xmlns="{self.main}"><numFmts>{styles}</numFmts><cellXfs><xf numFmtId="0"/>{xfs}</cellXfs></styleSheet>',
            "xl/sharedStrings.xml": f'<sst xmlns="{self.main}">{self.shared}</sst>',
        }
        return told | {f"xl/worksheets/sheet{n}.xml": xml for n, (_, _, xml) in enumerate(sheets, 1)}

    def bytes(self, changed: Mapping[str, str | bytes | None] | None = None) -> bytes:
        """The file; ``changed``: other parts, None for none."""
        return package(self.parts | dict(changed or {}))


def package(parts: Mapping[str, str | bytes | None]) -> bytes:
    """A ZIP of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            if part is not None:
                file.writestr(name, part)
    return out.getvalue()
