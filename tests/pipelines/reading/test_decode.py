"""Bytes become text cells with the address that the sender sees, or are refused with a remedy."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from random import Random

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.reading.decode import decode
from pipelines.reading.table import Decoded
from schemas.cells import column_letter
from schemas.layouts import layout_of
from schemas.products import Product
from schemas.submission import Refusal
from tests import kit
from tests.kit import ENTERPRISE, NOTICE, assess_bytes, csv_bytes, enterprise_row, notice_row, xlsx_bytes

LAYOUT = layout_of(ENTERPRISE)
SPECIAL = "㈱①髙﨑"
"""Letters of CP932 that Shift_JIS lacks."""


def read(content: bytes, name: str = "upload.csv", product: Product = ENTERPRISE) -> Decoded:
    return decode(content, name, layout_of(product))


def refusal(content: bytes, name: str = "upload.csv") -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(content, name)
    return caught.value


def contract_nos(decoded: Decoded) -> list[str]:
    return decoded.records["export_contract_no"].to_list()


# ---------------------------------------------------------------------------------------------- CSV


@pytest.mark.req("A-029")
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize(
    ("encoding", "told", "text"),
    [
        ("cp932", "cp932", "㈱①髙﨑~"),
        ("cp932", "cp932", "ソ表能Ⅸ纊"),  # second bytes that are ASCII signs, NEC and IBM letters
        ("utf-8", "utf-8", SPECIAL),
        ("utf-8-sig", "utf-8-sig", SPECIAL),
        ("ascii", "utf-8", "PLAIN 1"),
    ],
)
def test_encodings_and_line_ends_are_told_apart(encoding: str, told: str, text: str, newline: str) -> None:
    rows = [enterprise_row(export_contract_no=text), enterprise_row(export_contract_no=f"{text}2")]
    decoded = read(csv_bytes(rows, encoding, newline))
    assert decoded.encoding == told
    assert contract_nos(decoded) == [text, f"{text}2"]
    assert decoded.records.select("record", "line", "row").rows() == [(1, 2, None), (2, 3, None)]
    assert not decoded.is_spreadsheet
    assert decoded.findings.is_empty()


def test_old_mac_line_ends_are_read_too() -> None:
    assert read(csv_bytes([enterprise_row()] * 3, newline="\r")).count == 3


def test_a_missing_last_line_end_loses_nothing() -> None:
    content = csv_bytes([enterprise_row(), enterprise_row()]).rstrip(b"\r\n")
    assert read(content).count == 2


@pytest.mark.req("A-008")
def test_records_are_the_lines_that_are_not_blank() -> None:
    """Blank lines, and rows that a spreadsheet program left as bare commas, count for nothing but their number."""
    row = csv_bytes([enterprise_row(), enterprise_row(export_contract_no="EX-2")]).decode().split("\r\n")
    commas = "," * (len(LAYOUT.names) - 1)
    lines = ["", "  ", row[0], "", commas, row[1], '"",""', "\t", "\u3000", row[2], commas, "", ""]
    decoded = read("\r\n".join(lines).encode())
    assert decoded.count == 2
    assert decoded.records.select("record", "line").rows() == [(1, 6), (2, 10)]


def test_quoted_cells_may_hold_commas_quotes_and_line_breaks() -> None:
    texts = ['A,B "C"', "line 1\nline 2\n\nline 4", ' "padded" ', "plain", '"', ""]
    rows = [enterprise_row(export_contract_no=text) for text in texts]
    for newline in ("\r\n", "\n"):
        decoded = read(csv_bytes(rows, newline=newline))
        assert [text or "" for text in contract_nos(decoded)] == [text.strip() for text in texts]
        assert decoded.records["line"].to_list() == [2, 3, 7, 8, 9, 10]
        assert decoded.findings.select("record", "code").rows() == [(2, "invalid-character")]


def test_physical_lines_stay_right_over_thousands_of_quoted_line_breaks() -> None:
    random = Random(5)
    texts = ["x\n" * random.randrange(4) + "y" for _ in range(5000)]
    decoded = read(csv_bytes([enterprise_row(export_contract_no=text) for text in texts], newline="\n"))
    line, expected = 2, []
    for text in texts:
        expected.append(line)
        line += 1 + text.count("\n")
    assert decoded.records["line"].to_list() == expected
    assert contract_nos(decoded) == texts


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('EX"1', "の引用符"),
        ('"EX"1', "の位置が正しくありません"),
        (' "EX,1"', "の位置が正しくありません"),
        ('"EX-1', "閉じていません"),
    ],
)
def test_a_stray_quote_is_refused_with_its_line(cell: str, says: str) -> None:
    """Nobody can say where such a cell ends: guessing would move every value behind it by a column."""
    good = csv_bytes([enterprise_row(export_contract_no=f"MARK{n}") for n in range(3)]).decode()
    told = refusal(good.replace("MARK1", cell, 1).encode())
    assert told.code == "unreadable-file"
    assert "3行目の引用符" in told.message
    assert says in told.message


def test_two_stray_quotes_do_not_swallow_the_lines_between() -> None:
    content = csv_bytes([enterprise_row(export_contract_no=f'5" {n}') for n in range(4)])
    told = refusal(content.replace(b'"5"" ', b'5" ').replace(b'0",', b"0,"))
    assert told.code == "unreadable-file"


@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_columns_may_stand_in_any_order_under_either_name(product: Product) -> None:
    layout = layout_of(product)
    row = kit.row_of(product)
    shuffled = list(row)
    Random(3).shuffle(shuffled)
    titles = {name: layout.labels[name] for name in shuffled[::2]}
    titles[shuffled[0]] = f" {layout.labels[shuffled[0]]}\u3000"
    titles[shuffled[1]] = shuffled[1].upper()
    content = csv_bytes([{name: row[name] for name in shuffled}], "cp932", header=titles)
    decoded = read(content, product=product)
    assert decoded.findings.is_empty()
    assert {
        name: text or "" for name, text in decoded.records.select(layout.names).row(0, named=True).items()
    } == row
    assert decoded.present == set(layout.names)


def test_headers_in_full_width_or_with_line_breaks_are_the_same_headers() -> None:
    titles = {"process_type": "処理\n種別", "lc_receipt_date": "Ｌ／Ｃ受領日", "settlement_no": "決済Ｎｏ．"}
    assert read(csv_bytes([enterprise_row()], header=titles)).findings.is_empty()


def test_full_width_digits_dates_and_commas_are_accepted() -> None:
    row = enterprise_row(
        agreement_code="１１１１１１１０１",
        contract_date="２０１８／１０／５",
        last_shipment_date="2018-12-06",
        contract_amount="１０，０００，０００",
        pre_shipment_amount=" 10,000,000\u3000",
        usance_days="０６０",
        shipment_no="１",
        currency="ｊｐｙ",
    )
    assessment = kit.assess_rows([row])
    assert kit.found(assessment) == []
    assert assessment.premium_total == 18_400
    line = assessment.lines.row(0, named=True)
    assert line["contract_date"] == "20181005"
    assert line["last_shipment_date"] == "20181206"
    assert line["contract_amount"] == "10000000"
    assert (line["usance_days"], line["shipment_no"], line["currency"]) == ("60", "01", "JPY")


# ---------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("name", ["upload.txt", "upload", "upload.xls", "upload.csv.zip", ".csvx", "表.pdf"])
def test_other_kinds_of_file_are_refused_by_name(name: str) -> None:
    told = refusal(csv_bytes([enterprise_row()]), name)
    assert told.code == "file-type"
    assert ".csv または .xlsx のファイルを送ってください" in told.message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \r\n\r\n",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\r\n , , \r\n",
        csv_bytes([enterprise_row()]).split(b"\r\n")[0],
        csv_bytes([enterprise_row()]).split(b"\r\n")[0] + b"\r\n,,,\r\n",
    ],
    ids=["nothing", "blank", "mark-only", "commas", "header", "header-and-commas"],
)
def test_a_file_without_records_is_refused(content: bytes) -> None:
    told = refusal(content)
    assert told.code == "empty-file"
    assert told.message.endswith("ください。")


def a_zip(name: str = "upload.csv") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, csv_bytes([enterprise_row()]))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (a_zip(), "中身は圧縮ファイルまたは表計算ファイルです"),
        (xlsx_bytes([enterprise_row()], LAYOUT), ".xlsx の名前で送ってください"),
        (bytes(range(256)) * 8, "文字ではないデータ"),
        (csv_bytes([enterprise_row()], "utf-16"), "UTF-16"),
        (csv_bytes([enterprise_row()], "euc_jp", header=LAYOUT.labels), "CP932"),
        (b"\xff\xfe\xfd abc,def\r\n1,2\r\n", "CP932"),
        (csv_bytes([enterprise_row()])[:-40] + '"口座'.encode(), "閉じていません"),
        (b"x" * 300_000, "1行目に32,767文字を超える値"),
    ],
    ids=["zip", "xlsx", "binary", "utf-16", "euc-jp", "no-text", "open-quote", "one-endless-cell"],
)
def test_what_is_no_csv_is_refused_with_a_remedy(content: bytes, says: str) -> None:
    told = refusal(content)
    assert told.code == "unreadable-file"
    assert says in told.message
    assert "upload.csv" in told.message


def test_text_of_another_kind_is_all_findings_and_no_fault() -> None:
    """A letter sent as .csv has no known column: one warning per title, one error per missing column."""
    assessment = assess_bytes("拝啓,時下ますます\r\nご清栄,の段\r\n".encode("cp932"))
    codes = assessment.findings["code"].value_counts().rows()
    assert dict(codes) == {"unknown-column": 2, "missing-column": len(LAYOUT.mandatory("1"))}
    assert assessment.premium_total == 0


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_never_ends_in_a_traceback(seed: int) -> None:
    """Whatever happened to the bytes on the way: records with findings, or a refusal."""
    random = Random(seed)
    is_book = seed % 4 == 0
    rows = [enterprise_row(export_contract_no=f'"{n}",\n髙') for n in range(5)]
    content = bytearray(
        xlsx_bytes(rows, LAYOUT) if is_book else csv_bytes(rows, random.choice(["utf-8", "cp932"]))
    )
    for _ in range(random.randrange(1, 12)):
        at = random.randrange(len(content))
        match random.randrange(3):
            case 0:
                content[at] = random.choice(b'",\r\n\x0c\xa0\xe3\x81 09')
            case 1:
                del content[at : at + random.randrange(1, 30)]
            case _:
                content[at:at] = random.choice([b'"', b",", b"\n", b"\r", b"\xef\xbb\xbf", b'""'])
    try:
        assessment = assess_bytes(bytes(content), file_name="a.xlsx" if is_book else "a.csv")
    except Refusal as told:
        message = told.message
    else:
        message = ""
        assert assessment.count == assessment.lines.height
    assert not message or message.endswith("ください。")


# ---------------------------------------------------------------------------------------------- spreadsheets


def book(fill: Callable[[Worksheet], None]) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    fill(sheet)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


@pytest.mark.req("A-029")
@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_a_spreadsheet_of_numbers_and_dates_reads_like_the_csv(product: Product) -> None:
    layout = layout_of(product)
    if product is ENTERPRISE:
        rows = [
            enterprise_row(**kit.lc(), branch_no="00", contract_amount="12345678901"),
            enterprise_row(export_contract_no="0012", currency="USD", settlement_principal="1234.56", goods_code="84A"),
            enterprise_row(export_contract_no="契約㈱", settlement_method="49", due_date="20190228", usance_days=""),
        ]  # fmt: skip
        rows[1]["export_contract_no"] = "EX-0012"
    else:
        rows = [notice_row(), notice_row(**kit.notice_lc(), first_shipment_date="20181031")]
    from_csv = assess_bytes(csv_bytes(rows), product)
    from_book = assess_bytes(xlsx_bytes(rows, layout), product, "upload.xlsx")
    assert kit.errors(from_csv) == []
    columns = [name for name in from_csv.lines.columns if name not in ("line", "row")]
    assert from_book.lines.select(columns).rows() == from_csv.lines.select(columns).rows()
    assert from_book.lines["row"].to_list() == list(range(2, 2 + len(rows)))


def test_codes_that_a_spreadsheet_keeps_as_numbers_get_their_zeros_back() -> None:
    def fill(sheet: Worksheet) -> None:
        row = enterprise_row()
        sheet.append(list(row))
        cells: dict[str, object] = {
            **row,
            "process_type": 1,
            "agreement_code": 1234567,
            "policyholder_code": 123456789.0,
            "branch_no": 0,
            "shipment_no": 1,
            "settlement_no": 2.0,
            "destination_country": 7,
            "usance_days": 60,
            "contract_amount": 10000000,
            "pre_shipment_amount": 1234.5,
        }
        sheet.append([text if text != "" else None for text in cells.values()])

    line = assess_bytes(book(fill), file_name="a.xlsx").lines.row(0, named=True)
    assert (line["process_type"], line["agreement_code"]) == ("1", "001234567")
    assert line["policyholder_code"] == kit.HOLDER
    assert (line["branch_no"], line["shipment_no"], line["settlement_no"]) == ("00", "01", "02")
    assert line["destination_country"] == "007"
    assert (line["contract_amount"], line["pre_shipment_amount"]) == ("10000000", "1234.50")


def test_date_cells_are_dates_but_not_with_a_time_of_day() -> None:
    def fill(sheet: Worksheet) -> None:
        row = enterprise_row(settlement_method="49", usance_days="")
        sheet.append(list(row))
        for contract, shipped, due in (
            (datetime(2018, 10, 5), date(2018, 12, 6), "2019/1/5"),  # noqa: DTZ001 - cells have no zone
            (datetime(2018, 10, 5, 9, 30), 43440, "2019-01-05"),  # noqa: DTZ001
        ):
            cells: dict[str, object] = {
                **row,
                "contract_date": contract,
                "last_shipment_date": shipped,
                "due_date": due,
            }
            sheet.append([text if text != "" else None for text in cells.values()])

    assessment = assess_bytes(book(fill), file_name="a.xlsx")
    lines = assessment.lines.select("contract_date", "last_shipment_date", "due_date").rows()
    assert lines == [("20181005", "20181206", "20190105"), (None, None, "20190105")]
    assert [
        (finding["cell"], finding["code"], finding["value"])
        for finding in assessment.findings.filter(code="invalid-date").iter_rows(named=True)
    ] == [("K3", "invalid-date", "2018-10-05 09:30:00"), ("AA3", "invalid-date", "43440")]


@pytest.mark.parametrize(("first_row", "first_column"), [(1, 1), (1, 2), (4, 1), (7, 30)])
def test_rows_and_letters_are_those_of_the_sheet(first_row: int, first_column: int) -> None:
    rows = [enterprise_row(export_contract_no=f"E-{n}", contract_date="someday") for n in range(4)]
    content = xlsx_bytes(rows, LAYOUT, first_row=first_row, first_column=first_column, blank_after=(1, 3))
    findings = assess_bytes(content, file_name="a.xlsx").findings
    letter = column_letter(first_column - 1 + LAYOUT.names.index("contract_date"))
    expected = [first_row + n for n in (1, 3, 4, 6)]
    assert findings["cell"].to_list() == [f"{letter}{line}" for line in expected]
    assert findings["line"].to_list() == expected
    assert findings["record"].to_list() == [1, 2, 3, 4]


def test_only_the_first_sheet_is_read() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(list(enterprise_row()))
        sheet.append([text or None for text in enterprise_row(export_contract_no="FIRST").values()])
        assert sheet.parent is not None
        sheet.parent.create_sheet("2").append(["memo"])

    assert contract_nos(read(book(fill), "a.xlsx")) == ["FIRST"]


def test_cells_that_show_a_formula_error_are_told_not_read_as_blank() -> None:
    """A broken optional amount read as blank would quietly change what is insured."""

    def fill(sheet: Worksheet) -> None:
        sheet.append(list(enterprise_row()))
        sheet.append([text or None for text in enterprise_row().values()])
        for field, error in (
            ("service_amount", "#REF!"),
            ("export_contract_no", "#N/A"),
            ("currency_rider", "#DIV/0!"),
        ):
            cell = sheet.cell(2, LAYOUT.names.index(field) + 1, error)
            cell.data_type = "e"

    findings = assess_bytes(book(fill), file_name="a.xlsx").findings
    assert findings.select("field", "code", "value").rows() == [
        ("export_contract_no", "cell-error", "#N/A"),
        ("currency_rider", "cell-error", "#DIV/0!"),
        ("service_amount", "cell-error", "#REF!"),
    ]


def damaged(member: str, content: bytes) -> bytes:
    """A workbook in which one part is something else."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_bytes([enterprise_row()], LAYOUT))) as source,
        zipfile.ZipFile(file, "w") as target,
    ):
        for name in source.namelist():
            target.writestr(name, content if name == member else source.read(name))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (book(lambda sheet: None), "empty-file"),
        (book(lambda sheet: sheet.append(list(enterprise_row()))), "empty-file"),
        (book(lambda sheet: sheet.append([" ", "　"])), "empty-file"),
        (csv_bytes([enterprise_row()]), "unreadable-file"),
        (a_zip(), "unreadable-file"),
        (xlsx_bytes([enterprise_row()], LAYOUT)[:2000], "unreadable-file"),
        (damaged("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"), "unreadable-file"),
        (damaged("xl/workbook.xml", b""), "unreadable-file"),
        (b"PK\x03\x04", "unreadable-file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "unreadable-file"),
        (b"", "empty-file"),
    ],
    ids=[
        "0-rows",
        "header-only",
        "blanks",
        "csv",
        "zip",
        "cut",
        "broken-sheet",
        "no-workbook",
        "magic-only",
        "password-protected",
        "nothing",
    ],
)
def test_what_is_no_workbook_with_records_is_refused(content: bytes, code: str) -> None:
    told = refusal(content, "upload.xlsx")
    assert told.code == code
    assert "upload.xlsx" in told.message


def test_capital_letters_in_the_file_name_do_not_matter() -> None:
    assert read(xlsx_bytes([enterprise_row()], LAYOUT), "台帳.XLSX").count == 1
    assert read(csv_bytes([enterprise_row()]), "台帳.v2.CSV").count == 1


@pytest.mark.parametrize(("place", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_column_letters_count_like_spreadsheets_do(place: int, letter: str) -> None:
    assert column_letter(place) == letter
