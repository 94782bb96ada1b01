"""The exporter's workbook with findings in it: read back by openpyxl, by the pipeline, and by a real LibreOffice."""

from __future__ import annotations

import io
import re
import time
import zipfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from outputs import marked as m
from outputs.workbook import Workbook
from pipelines.reading.decode import csv_rows, decode
from schemas.layouts import layout_of
from schemas.products import Product
from tests.office import resaved, sheets
from tests.outputs.samples import ENTERPRISE, finding, findings_frame

FACTS = {"ファイル": "1101_企総.xlsx", "件数": "3件"}
LAYOUT = layout_of(Product.ENTERPRISE)


@pytest.fixture
def office(tmp_path: Path) -> Any:
    """What LibreOffice shows of a workbook."""
    return partial(sheets, folder=tmp_path)


def sent_book() -> bytes:
    """A workbook as an exporter has it: formats, dates, formulas, a chart, rules, a comment, a second sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "船積'一覧"
    sheet.append(["処理種別", "特約コード", "輸出契約等締結日", "輸出契約等元本", "表示通貨", "メモ"])
    sheet.append(["1", "000000123", date(2018, 10, 1), 1000, "USD", "=D2*2"])
    sheet.append(["9", "000000124", date(2018, 10, 2), 2000.5, "", "髙﨑"])
    sheet.append(["1", "000000125", date(2018, 10, 3), 3000, "JPY", "＝注意"])
    for row in range(2, 5):
        sheet.cell(row, 2).number_format = "@"
        sheet.cell(row, 3).number_format = "yyyy/mm/dd"
        sheet.cell(row, 4).number_format = "#,##0.00"
    sheet["A3"].font = Font(bold=True, color="FF112233")
    sheet["A3"].fill = PatternFill("solid", fgColor="FF00FF00")
    sheet["E4"].comment = Comment("わたしのメモ", "輸出者")
    sheet["E3"].comment = Comment("通貨を確認", "輸出者")
    sheet.column_dimensions["B"].width = 33
    sheet.conditional_formatting.add(
        "D2:D4", CellIsRule("greaterThan", formula=["2500"], font=Font(bold=True))
    )
    check = DataValidation("list", formula1='"1,2,3,4,5"')
    check.add("A2:A99")
    sheet.add_data_validation(check)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=4, min_row=1, max_row=4), titles_from_data=True)
    sheet.add_chart(chart, "H2")
    sheet.freeze_panes = "B2"
    other = book.create_sheet("社内用")
    other["A1"] = "そのまま"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def at(
    cell: str | None, severity: str = "error", message: str = "直してください。", **more: Any
) -> dict[str, Any]:
    row = int(cell.lstrip("ABCDE")) if cell else None
    told = {"record": row - 1 if row else None, "line": row, "cell": cell, "severity": severity}
    return finding(**(told | {"message": message, "field": "process_type"} | more))


FOUND = [
    at("A1", message="必須の列がありません。", record=None),
    at(None, message="ファイル全体のことです。"),
    at("A3", message="処理種別「9」は使えません。", value="9"),
    at("A3", "warning", message="こちらは注意です。"),
    at("E3", message="「表示通貨」は必須です。", field="currency"),
    at("D4", "warning", message="金額を確かめてください。", field="contract_amount", value="=1+1"),
]


def marked(content: bytes | None = None, rows: list[dict[str, Any]] | None = None) -> bytes:
    found = findings_frame(FOUND if rows is None else rows)
    return m.marked_workbook(content or sent_book(), found, ENTERPRISE, FACTS)


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), rich_text=True)


def colours(sheet: Worksheet) -> dict[str, str]:
    """Cell → colour, of the rules that are always true."""
    told = {}
    for block in sheet.conditional_formatting:
        for rule in block.rules:
            if rule.type == "expression":
                for area in block.sqref.ranges:
                    for row, column in area.cells:
                        told[sheet.cell(row, column).coordinate] = rule.dxf.fill.bgColor.rgb
    return told


def comments(sheet: Worksheet) -> dict[str, str]:
    return {c.coordinate: c.comment.text for row in sheet.iter_rows() for c in row if c.comment}


@pytest.mark.req("A-027")
def test_a_faulty_cell_is_coloured_and_says_all_that_was_found_in_it() -> None:
    sheet = opened(marked()).worksheets[0]
    red, yellow = "FFFFC7CE", "FFFFEB9C"
    assert colours(sheet) == {"A1": red, "A3": red, "E3": red, "D4": yellow}
    told = comments(sheet)
    assert told["A3"] == "送る前の検査\n【エラー】処理種別「9」は使えません。\n【警告】こちらは注意です。", (
        "one comment, errors first"
    )
    assert told["D4"] == "送る前の検査\n【警告】金額を確かめてください。"
    assert told["A1"] == "送る前の検査\n【エラー】必須の列がありません。"


def test_the_senders_own_comments_stay() -> None:
    told = comments(opened(marked()).worksheets[0])
    assert told["E4"] == "わたしのメモ"
    assert told["E3"] == "通貨を確認\n送る前の検査\n【エラー】「表示通貨」は必須です。"


@pytest.mark.req("A-027")
def test_the_sheet_lists_every_finding_and_leads_to_its_cell() -> None:
    book = opened(marked())
    assert book.sheetnames == ["船積'一覧", "社内用", "検査結果"], (
        "the first sheet is what is read when it is sent"
    )
    rows = [[cell.value for cell in row] for row in book["検査結果"].iter_rows()]
    head = rows.index(["レコード", "行", "セル", "項目", "区分", "コード", "内容と直し方", "値"])
    assert rows[1][0] == "ファイル"
    assert rows[1][3] == "1101_企総.xlsx"
    assert len(rows) - head - 1 == len(FOUND)
    assert rows[head + 1][:3] == [None, "1", "A1"]
    assert rows[head + 2][:3] == [None, None, None], "what has no cell stands in the list"
    assert rows[head + 3] == [
        "2", "3", "A3", "処理種別", "エラー", "buyer-unknown", "処理種別「9」は使えません。", "9",
    ]  # fmt: skip
    links = {
        cell.value: cell.hyperlink.location
        for row in book["検査結果"].iter_rows()
        for cell in row
        if cell.hyperlink
    }
    assert links["E3"] == "'船積''一覧'!E3"


def test_what_we_add_is_text_whatever_it_begins_with(office: Any) -> None:
    bad = '=HYPERLINK("http://example.com","x")'
    content = marked(rows=[at("A3", message=bad, value=bad), at("D4", value="@SUM(1)\tx\r\n\x0b_x0041_")])
    sheet = opened(content)["検査結果"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert bad in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n"}, "no formula"
    assert all(cell.quotePrefix for cell in cells if cell.value == bad), (
        "nor does it become one when it is edited"
    )
    shown = [cell for row in office(content)["検査結果"] for cell in row]
    assert shown.count(bad) == 2
    assert any(cell.startswith("@SUM(1)\tx") and cell.endswith("_x0041_") for cell in shown)


def test_values_and_formats_of_the_original_stay() -> None:
    before, after = opened(sent_book()), opened(marked())
    for name in before.sheetnames:
        for row in before[name].iter_rows():
            for cell in row:
                same = after[name][cell.coordinate]
                assert (same.value, same.data_type, same.number_format) == (
                    cell.value,
                    cell.data_type,
                    cell.number_format,
                )
                for style in ("font", "fill", "border", "alignment", "protection"):
                    assert repr(getattr(same, style)) == repr(getattr(cell, style)), (cell, style)
    sheet = after.worksheets[0]
    assert sheet["B2"].value == "000000123"
    assert sheet.column_dimensions["B"].width == 33
    assert sheet.freeze_panes == "B2"
    assert len(sheet._charts) == 1  # type: ignore[attr-defined]
    assert [str(v.sqref) for v in sheet.data_validations.dataValidation] == ["A2:A99"]
    rules = [rule for block in sheet.conditional_formatting for rule in block.rules]
    assert sorted(rule.priority for rule in rules) == [1, 2, 3], "ours on top, the sender's after them"
    assert next(rule.type for rule in rules if rule.priority == 3) == "cellIs"


def test_all_parts_but_those_that_must_change_keep_their_bytes() -> None:
    """Results of formulas, macros, links, drawings: what nobody touches cannot be lost."""
    source = io.BytesIO(sent_book())
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\x00macro")
        archive.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(io.BytesIO(marked(source.getvalue()))) as new:
        changed = {name for name in old.namelist() if old.read(name) != new.read(name)}
        sheet, after = (archive.read("xl/worksheets/sheet1.xml") for archive in (old, new))
    assert changed == {
        "[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml",
        "xl/worksheets/sheet1.xml", "xl/comments/comment1.xml", "xl/drawings/commentsDrawing1.vml",
    }  # fmt: skip
    rows = re.search(rb".*</sheetData>", sheet, re.DOTALL)
    assert rows is not None
    assert after.startswith(rows[0]), "the rows pass as they are"


def test_the_same_input_gives_the_same_bytes() -> None:
    source = sent_book()
    assert marked(source) == marked(source)


def test_libreoffice_shows_the_same_cells(office: Any) -> None:
    before, after = office(sent_book()), office(marked())
    assert after["船積'一覧"] == before["船積'一覧"]
    assert after["社内用"] == before["社内用"]
    assert any("処理種別「9」は使えません。" in row for row in after["検査結果"])


def test_libreoffice_saves_marks_and_comments_again(tmp_path: Path) -> None:
    """Another program understood them: it writes them into a file of its own."""
    content = resaved(marked(), tmp_path)
    sheet = opened(content).worksheets[0]
    assert set(colours(sheet)) >= {"A1", "A3", "E3", "D4"}
    assert comments(sheet)["D4"] == "送る前の検査\n【警告】金額を確かめてください。"
    # Corrected there and checked again: what was found the first time is gone.
    again = opened(marked(content, [at("D4", "warning", message="まだ残っています。")]))
    assert colours(again.worksheets[0]) == {"D4": "FFFFEB9C"}
    told = comments(again.worksheets[0])
    assert "A3" not in told
    assert told["E3"] == "通貨を確認"
    assert told["D4"] == "送る前の検査\n【警告】まだ残っています。"
    assert again.sheetnames == ["船積'一覧", "社内用", "検査結果"]


def test_checked_again_it_carries_the_new_marks_only(office: Any) -> None:
    once = marked()
    twice = marked(once, [at("D4", "warning", message="まだ残っています。")])
    book = opened(twice)
    assert book.sheetnames == ["船積'一覧", "社内用", "検査結果"]
    assert colours(book.worksheets[0]) == {"D4": "FFFFEB9C"}
    assert comments(book.worksheets[0])["D4"] == "送る前の検査\n【警告】まだ残っています。"
    assert "A3" not in comments(book.worksheets[0])
    assert "A1" not in comments(book.worksheets[0])
    assert not any("処理種別「9」" in cell for row in office(twice)["検査結果"] for cell in row)
    clean = marked(twice, [])
    assert colours(opened(clean).worksheets[0]) == {}
    assert set(comments(opened(clean).worksheets[0])) == {"E3", "E4"}


def test_it_can_be_sent_as_it_is() -> None:
    """The first sheet is still the data: the pipeline reads from the marked file what it read from the sent one."""
    before, after = (decode(content, "x.xlsx", LAYOUT) for content in (sent_book(), marked()))
    assert after.records.equals(before.records)
    assert after.records["agreement_code"].to_list() == ["000000123", "000000124", "000000125"]


def test_neighbours_are_one_area_and_far_cells_have_their_letters() -> None:
    found = [at(f"AB{row}", "warning") for row in (*range(10, 15), 20)]
    sheet = opened(marked(rows=found)).worksheets[0]
    assert [str(block.sqref) for block in sheet.conditional_formatting][-1] == "AB10:AB14 AB20"


def test_beyond_the_limit_of_marks_the_list_goes_on_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m, "MAX_MARKS", 3)
    found = [at(f"A{row}") for row in range(2, 8)] + [at("A2", "warning", message="同じセルです。")]
    book = opened(marked(rows=found))
    assert set(colours(book.worksheets[0])) == {"A2", "A3", "A4"}
    assert "同じセルです。" in comments(book.worksheets[0])["A2"]
    texts = [str(cell.value) for row in book["検査結果"].iter_rows() for cell in row if cell.value]
    assert any("印は3セルまで付けました。ほかに3セルに検出事項があります" in text for text in texts)
    assert {"A5", "A6", "A7"} <= set(texts)


def test_a_list_that_is_too_long_says_where_all_of_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m, "MAX_LISTED", 2)
    texts = [str(c.value) for row in opened(marked())["検査結果"].iter_rows() for c in row if c.value]
    assert "検出事項は6件あります。ここには2件までを示します(CSVには全件があります)。" in texts


def test_nothing_found_is_said(office: Any) -> None:
    book = marked(rows=[])
    assert colours(opened(book).worksheets[0]) == {}
    assert ["検出事項はありません。"] in [[c for c in row if c] for row in office(book)["検査結果"]]


STRANGE: dict[str, tuple[str, bytes, bytes]] = {
    "entities in the workbook": ("xl/workbook.xml", b"<workbook", b"<!DOCTYPE w [<!ENTITY a 'b'>]><workbook"),
    "no relations": ("xl/_rels/workbook.xml.rels", b"worksheet", b"nothing"),
    "rows without an end": ("xl/worksheets/sheet1.xml", b"sheetData", b"sheetdata"),
    "a broken part": ("xl/styles.xml", b"</styleSheet>", b""),
    "a drawing that ends early": ("xl/drawings/commentsDrawing1.vml", b"</xml>", b""),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_workbook_that_cannot_be_marked_is_answered_with_the_list(name: str) -> None:
    part, old, new = STRANGE[name]
    content = rewritten(sent_book(), {part: lambda xml: xml.replace(old, new)})
    book = opened(marked(content))
    assert book.sheetnames == ["検査結果"]
    texts = [str(cell.value) for row in book["検査結果"].iter_rows() for cell in row if cell.value]
    assert any("印を付けられない作りがある" in text for text in texts)
    assert "処理種別「9」は使えません。" in texts


def test_parts_that_swell_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes that unpack to gigabytes take no memory: the list is all one gets."""
    monkeypatch.setattr("outputs.workbook._MOST_READ", 100_000)
    assert opened(marked()).sheetnames != ["検査結果"]
    swollen = b"<!--" + b" " * 200_000 + b"-->"
    for part in ("xl/styles.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"):
        content = rewritten(sent_book(), {part: lambda xml: xml + swollen})
        assert opened(marked(content)).sheetnames == ["検査結果"], part
    monkeypatch.setattr("outputs.workbook._MOST_ALL", 10_000)
    assert opened(marked()).sheetnames == ["検査結果"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_parts_of_one_name_are_nobodys_workbook() -> None:
    source = io.BytesIO(sent_book())
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("XL/workbook.xml", b"<workbook/>")
    assert opened(marked(source.getvalue())).sheetnames == ["検査結果"]


def rewritten(content: bytes, changes: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name, lambda xml: xml)(old.read(name)))
    return out.getvalue()


def test_other_ways_of_writing_the_same_workbook(office: Any) -> None:
    """Prefixed names (as the Open XML SDK writes), no styles at all, no comments yet, tags on one line with CR LF."""
    book = openpyxl.Workbook()
    book.active.title = "Data"
    book.active.append(["処理種別", "特約コード"])
    book.active.append(["9", "000000123"])
    file = io.BytesIO()
    book.save(file)

    def prefixed(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", xml)
        return xml.replace(b"xmlns=", b"xmlns:x=").replace(b"><x:", b">\r\n<x:")

    content = rewritten(
        file.getvalue(),
        {
            "xl/worksheets/sheet1.xml": prefixed,
            "xl/workbook.xml": prefixed,
            "xl/styles.xml": lambda _: (
                b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
            ),
        },
    )
    for source in (
        content,
        rewritten(
            content,
            {
                "xl/styles.xml": lambda _: prefixed(
                    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"></styleSheet>'
                )
            },
        ),
    ):
        done = marked(source, [at("A2", value="9")])
        read = opened(done)
        assert colours(read.worksheets[0]) == {"A2": "FFFFC7CE"}
        assert comments(read.worksheets[0]) == {"A2": "送る前の検査\n【エラー】直してください。"}
        assert office(done)["Data"] == [["処理種別", "特約コード"], ["9", "000000123"]]


# ---------------------------------------------------------------------------------------------- CSV

CSV = (
    "処理種別,特約コード,輸出契約等締結日,知らない列,メモ\r\n"
    '1,000000123,20181001,=1+1,"二行の\n値 ""引用"""\r\n'
    "\r\n"
    "9,000000124,20181002,,髙﨑 \r\n"
)


def test_a_csv_becomes_a_workbook_of_texts(office: Any) -> None:
    rows = csv_rows(CSV.encode(), "x.csv")
    assert rows == [
        ["処理種別", "特約コード", "輸出契約等締結日", "知らない列", "メモ"],
        ["1", "000000123", "20181001", "=1+1", '二行の\n値 "引用"'],
        ["9", "000000124", "20181002", "", "髙﨑 "],
    ]
    content = m.marked_rows(
        rows, findings_frame([at("A3", value="9"), at("D1", "warning")]), ENTERPRISE, FACTS
    )
    book = opened(content)
    sheet = book.worksheets[0]
    assert book.sheetnames == ["データ", "検査結果"]
    assert [[cell.value or "" for cell in row] for row in sheet.iter_rows()] == rows
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
    assert {cell.number_format for row in sheet.iter_rows() for cell in row if cell.value} == {"@"}
    assert sheet.freeze_panes == "A2"
    assert colours(sheet) == {"A3": "FFFFC7CE", "D1": "FFFFEB9C"}
    assert office(content)["データ"] == rows


def test_a_csv_workbook_can_be_sent_instead_of_the_csv() -> None:
    rows = csv_rows(CSV.encode(), "x.csv")
    content = m.marked_rows(rows, findings_frame([at("A3")]), ENTERPRISE, FACTS)
    before, after = decode(CSV.encode(), "x.csv", LAYOUT), decode(content, "x.xlsx", LAYOUT)
    names = LAYOUT.names
    assert after.records.select(names).equals(before.records.select(names))


def test_a_csv_with_too_many_rows_is_answered_with_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m, "MAX_ROWS", 2)
    rows = csv_rows(CSV.encode(), "x.csv")
    assert opened(m.marked_rows(rows, findings_frame([at("A3")]), ENTERPRISE, FACTS)).sheetnames == [
        "検査結果"
    ]


def test_no_date_of_writing_is_in_it() -> None:
    with zipfile.ZipFile(io.BytesIO(marked())) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert Workbook(marked()).main == "xl/workbook.xml"


def test_marks_stand_on_the_sheet_that_is_read() -> None:
    """A hidden first sheet is not read, so nothing may be written into it."""
    book = openpyxl.load_workbook(io.BytesIO(sent_book()))
    book.create_sheet("先月", 0)["A1"] = "処理種別"
    book["先月"].sheet_state = "hidden"
    book.active = 1
    file = io.BytesIO()
    book.save(file)
    content = m.marked_workbook(file.getvalue(), findings_frame(at("A3")), {}, FACTS)
    back = openpyxl.load_workbook(io.BytesIO(content))
    assert back["先月"]["A3"].comment is None
    assert "直してください" in back["船積'一覧"]["A3"].comment.text
    assert decode(content, "x.xlsx", LAYOUT).records.equals(decode(file.getvalue(), "x.xlsx", LAYOUT).records)


# -- workbooks made to take long ------------------------------------------------------------------------------


def with_parts(parts: dict[str, bytes]) -> bytes:
    """The workbook of an exporter with other bytes in some parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(sent_book())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
    return out.getvalue()


def part_of(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(sent_book())) as book:
        return book.read(next(part for part in book.namelist() if name in part))


def name_of(name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(sent_book())) as book:
        return next(part for part in book.namelist() if name in part)


_MANY = 60_000
_LONG = {
    "shapes that do not end": lambda: {name_of("vml"): part_of("vml").replace(b"</xml>", b"<v:shape x>" * _MANY + b"</xml>")},
    "a row of many digits": lambda: {
        name_of("vml"): part_of("vml").replace(b"</xml>", b"<v:shape x><x:Row>" + b"9" * 5000 + b"</x:Row></v:shape></xml>")
    },
    "conditions": lambda: {
        "xl/worksheets/sheet1.xml": part_of("sheet1.xml").replace(
            b"<pageMargins",
            b'<conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>1</formula></cfRule>'
            b"</conditionalFormatting>" * (_MANY // 3) + b"<pageMargins",
        )
    },
    "comments": lambda: {
        name_of("comment1.xml"): part_of("comment1.xml").replace(
            b"</commentList>", b'<comment ref="F9" authorId="0"><text><r><t>x</t></r></text></comment>' * (_MANY // 3)
            + b"</commentList>",
        )
    },
    "sheets": lambda: {
        "xl/workbook.xml": part_of("xl/workbook.xml").replace(
            b"</sheets>",
            b'<sheet xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" name="x"'
            b' sheetId="9" r:id="rIdX"/>' * (_MANY // 10) + b"</sheets>",
        ),
        "xl/_rels/workbook.xml.rels": part_of("workbook.xml.rels").replace(
            b"</Relationships>", b'<Relationship Id="rIdY" Type="/x" Target="y"/>' * (_MANY // 10) + b"</Relationships>"
        ),
    },
    "elements": lambda: {
        "xl/worksheets/sheet1.xml": part_of("sheet1.xml").replace(b"<pageMargins", b"<a/>" * 600_000 + b"<pageMargins")
    },
}  # fmt: skip


@pytest.mark.parametrize("what", _LONG)
def test_a_workbook_made_to_take_long_is_marked_or_answered_soon(what: str) -> None:
    """By the processor's time: what grows with the square takes a minute and more here, what does not a second or two."""
    content = with_parts(_LONG[what]())
    assert len(content) < 1 << 20, "it costs its sender nothing"
    findings = findings_frame([finding(1, field="currency", cell="E3")])
    began = time.process_time()
    marked = m.marked_workbook(content, findings, {}, FACTS)
    assert time.process_time() - began < 10
    with zipfile.ZipFile(io.BytesIO(marked)) as book:
        assert m.RESULT_SHEET in book.read("xl/workbook.xml").decode()
