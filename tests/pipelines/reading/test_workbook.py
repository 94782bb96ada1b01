"""The sheet as it is seen: every way in which a cell shows something else than it keeps is read rightly or told."""

from __future__ import annotations

import random
import zipfile
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.assess import Assessment, assess_decoded
from pipelines.reading.decode import decode
from pipelines.reading.kept_number import shortest
from pipelines.reading.table import Decoded
from schemas.findings import KINDS
from schemas.layouts import layout_of
from schemas.products import Product
from schemas.submission import Refusal
from tests.pipelines.reading.raw_book import STRICT, Raw, number, text
from tests.sample_ledgers.reference_set import reference

LAYOUT = layout_of(Product.ENTERPRISE)
CASES = Path(__file__).parent / "data"
TUESDAY = date(2018, 11, 6)
TITLES = [
    "process_type",
    "export_contract_no",
    "contract_date",
    "contract_amount",
    "goods_code",
    "full_political_cover",
]
AMOUNT, DAY, TEXT, CODE, FLAG = (
    "contract_amount",
    "contract_date",
    "export_contract_no",
    "goods_code",
    "full_political_cover",
)


def read(content: bytes) -> Decoded:
    return decode(content, "a.xlsx", LAYOUT)


def refusal(content: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        read(content)
    assert caught.value.code == "unreadable-file"
    return caught.value.message


def told(decoded: Decoded) -> list[tuple[str, str | None, str | None]]:
    return (
        decoded.findings.filter(decoded.findings["code"] != "missing-column")
        .select("code", "cell", "value")
        .rows()
    )


def one(field: str, cell: str | None, formats: Any = (), **more: Any) -> Raw:
    """A header and one record with this cell in the column of a field."""
    row: list[str | None] = [text("1") if title == "process_type" else None for title in TITLES]
    row[TITLES.index(field)] = cell
    return Raw([[text(title) for title in TITLES], row], formats, **more)


def seen(raw: Raw, field: str) -> tuple[str | None, list[str]]:
    """What is read of the cell, and the codes of what is told."""
    decoded = read(raw.bytes())
    return decoded.records.item(0, field), [code for code, _, _ in told(decoded)]


# ---------------------------------------------------------------------------------------------- cases


def assessed(name: str, holder: str) -> Assessment:
    decoded = decode((CASES / name).read_bytes(), name, LAYOUT)
    return assess_decoded(decoded, holder, TUESDAY, TUESDAY, reference())


@pytest.mark.parametrize(
    ("name", "premium", "field", "value"),
    [
        ("hidden_first_sheet.xlsx", 9_400, "export_contract_no", "NEW-0001"),
        ("contract_zero_format.xlsx", 9_400, "export_contract_no", "000123"),
        ("goods_zero.xlsx", 9_400, "goods_code", "030389"),
        ("jp_builtin_date.xlsx", 9_400, "last_shipment_date", "20181206"),
        ("amount_cents.xlsx", 7_882_761, "contract_amount", "74146043.92"),
        ("far_cell.xlsx", 9_400, "contract_amount", "10000000"),
    ],
)
def test_cases_are_read_as_they_are_seen(name: str, premium: int, field: str, value: str) -> None:
    found = assessed(name, "990000001")
    assert (found.count, found.errors, found.premium_total) == (1, 0, premium)
    assert found.lines[field].to_list() == [value]


@pytest.mark.parametrize(
    ("name", "holder", "findings"),
    [
        ("merged_flag.xlsx", "990000002", [("merged-cells", "W2", "W2:W4")]),
        ("formula_no_result.xlsx", "990000002", [("formula-no-result", f"W{n}", None) for n in (2, 3, 4)]),
        ("contract_20digits.xlsx", "990000001", [("digits-lost", "F2", "12345678901234567000")]),
    ],
)
def test_cases_that_nobody_can_read_are_told(
    name: str, holder: str, findings: list[tuple[str, str, str]]
) -> None:
    found = assessed(name, holder)
    assert found.premium_total == 0
    errors = found.findings.filter(found.findings["severity"] == "error")
    assert errors.select("code", "cell", "value").rows() == findings


def test_a_skipped_sheet_is_told_with_its_name() -> None:
    found = assessed("hidden_first_sheet.xlsx", "990000001").findings
    [row] = found.filter(found["code"] == "sheet-hidden").to_dicts()
    assert (row["severity"], row["value"]) == ("warning", "10月分")
    assert "「11月分」だけです" in row["message"]


# ---------------------------------------------------------------------------------------------- sheets


@pytest.mark.fires("sheet-hidden", "sheet-not-read")
@pytest.mark.parametrize("state", ['state="hidden"', 'state="veryHidden"'])
def test_the_first_sheet_that_is_seen_is_read(state: str) -> None:
    other = one(TEXT, text("SEEN")).sheet
    raw = one(
        TEXT,
        text("HIDDEN"),
        state=state,
        more=[("S2", "", other), ("S3", "", other), ("S4", state, "<worksheet><sheetData/></worksheet>")],
    )
    decoded = read(raw.bytes())
    assert decoded.records[TEXT].to_list() == ["SEEN"]
    assert told(decoded) == [("sheet-hidden", None, "S1"), ("sheet-not-read", None, "S3")]


def test_a_chart_sheet_is_no_worksheet() -> None:
    raw = one(TEXT, text("A"), more=[("S2", "", one(TEXT, text("B")).sheet)])
    relations = raw.parts["xl/_rels/workbook.xml.rels"].replace(
        '/worksheet" Target="/xl/worksheets/sheet1', '/chartsheet" Target="/xl/worksheets/sheet1'
    )
    assert read(raw.bytes({"xl/_rels/workbook.xml.rels": relations})).records[TEXT].to_list() == ["B"]


def test_a_workbook_of_hidden_sheets_is_refused() -> None:
    assert "再表示" in refusal(one(TEXT, text("A"), state='state="hidden"').bytes())


# ---------------------------------------------------------------------------------------------- merged, hidden


@pytest.mark.fires("merged-cells")
@pytest.mark.parametrize(
    ("area", "where"),
    [("B2:B9", "B2"), ("A1:B1", "A1"), ("C2:D2", "C2"), ("$A$2:$C$2", "A2"), ("F1:F2", "F1")],
)
def test_merged_areas_over_the_table_are_errors(area: str, where: str) -> None:
    raw = one(
        TEXT, text("A"), around={"after": f'<mergeCells count="1"><mergeCell ref="{area}"/></mergeCells>'}
    )
    assert told(read(raw.bytes())) == [("merged-cells", where, area.replace("$", ""))]


@pytest.mark.parametrize("area", ["B3:B9", "H1:J2", "B2:B2"])
def test_merged_areas_beside_the_table_are_nothing(area: str) -> None:
    raw = one(TEXT, text("A"), around={"after": f'<mergeCells><mergeCell ref="{area}"/></mergeCells>'})
    assert told(read(raw.bytes())) == []


@pytest.mark.fires("hidden-row")
@pytest.mark.parametrize(
    "how",
    [
        ' hidden="1"',
        ' hidden="true"',
        ' ht="0" customHeight="1"',
        ' outlineLevel="1" hidden="1"',
        ' ht="0.0"',
    ],
)
def test_hidden_rows_with_data_are_errors(how: str) -> None:
    assert told(read(one(TEXT, text("A"), around={"row2": how}).bytes())) == [("hidden-row", "A2", "2")]
    assert told(read(one(TEXT, text("A"), around={"row1": how}).bytes())) == [("hidden-row", "A1", "1")]
    raw = one(TEXT, text("A"))
    raw = Raw([*raw.rows, [None]], around={"row3": how})
    assert told(read(raw.bytes())) == []


@pytest.mark.fires("hidden-column")
@pytest.mark.parametrize("how", ['hidden="1"', 'width="0"', 'hidden="true" width="9"'])
def test_hidden_columns_with_data_are_told(how: str) -> None:
    raw = one(TEXT, text("A"), around={"before": f'<cols><col min="2" max="3" {how}/></cols>'})
    assert told(read(raw.bytes())) == [("hidden-column", "B1", "B")]


@pytest.mark.parametrize("how", ['ht="0.4" customHeight="1"', 'ht="0.25"'])
def test_so_little_that_nobody_sees_it_is_hidden(how: str) -> None:
    raw = one(
        TEXT,
        text("A"),
        around={"row2": f" {how}", "before": '<cols><col min="2" max="2" width="0.1"/></cols>'},
    )
    assert told(read(raw.bytes())) == [("hidden-row", "A2", "2"), ("hidden-column", "B1", "B")]


def test_rows_are_hidden_by_default_only_where_they_are_not_written() -> None:
    """So do Excel and LibreOffice: who hides all rows below a table leaves the table to be seen."""
    raw = one(TEXT, text("A"), around={"before": '<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>'})
    assert told(read(raw.bytes())) == []


def test_a_sheet_that_shows_formulas_is_refused() -> None:
    view = '<sheetViews><sheetView showFormulas="1" workbookViewId="0"/></sheetViews>'
    assert "「数式の表示」" in refusal(one(TEXT, text("A"), around={"before": view}).bytes())


@pytest.mark.parametrize(
    ("field", "kept", "form", "width", "narrow"),
    [
        (DAY, "43440", 14, "5", True),
        (DAY, "43440", 14, "9", False),
        (DAY, "43440", 31, "8.5", True),
        (AMOUNT, "12345678", "#,##0", "8", True),
        (AMOUNT, "12345678", "#,##0.00", "11.5", True),
        (AMOUNT, "12345678", "#,##0.00", "13", False),
        (AMOUNT, "1234567", 0, "5", True),
        (AMOUNT, "5", '#,##0"円"', "2.5", True),
        (CODE, "30389", "000000", "5.5", True),
        (CODE, "30389", "000000", "8", False),
        (TEXT, "123456", 0, "3", True),
    ],
)
def test_a_column_too_narrow_for_a_number_is_told(
    field: str, kept: str, form: Any, width: str, narrow: bool
) -> None:
    place = TITLES.index(field) + 1
    for before in (
        f'<cols><col min="{place}" max="{place}" width="{width}" customWidth="1"/></cols>',
        f'<sheetFormatPr defaultColWidth="{width}"/>',
        f'<sheetFormatPr defaultColWidth="30"/><cols><col min="1" max="99" width="{width}"/></cols>',
    ):
        assert (
            "column-narrow" in seen(one(field, number(kept, 1), [form], around={"before": before}), field)[1]
        ) is narrow
    wide = '<sheetFormatPr defaultColWidth="2"/><cols><col min="1" max="99" width="30"/></cols>'
    for around in ({}, {"before": wide}):
        assert "column-narrow" not in seen(one(field, number(kept, 1), [form], around=around), field)[1]


@pytest.mark.fires("column-narrow")
def test_narrow_columns_are_told_once_and_texts_need_no_room() -> None:
    around = {"before": '<cols><col min="1" max="9" width="2"/></cols>'}
    raw = one(AMOUNT, number("12345"), around=around)
    raw = Raw([*raw.rows, [text("1"), text("a long text"), None, number("123456")]], around=around)
    assert told(read(raw.bytes())) == [("column-narrow", "D3", "123456")]


def conditional(inside: str, area: str = "D2:D9 F1") -> dict[str, str]:
    return {
        "after": f'<conditionalFormatting sqref="{area}"><cfRule type="expression" priority="1" {inside}</cfRule></conditionalFormatting>'
    }


def laid_over(raw: Raw, *codes: str | None) -> bytes:
    """The workbook with formats for conditions; None for one that only colours."""
    made = "".join(
        f'<dxf><numFmt numFmtId="{n}" formatCode="{code}"/></dxf>' if code else "<dxf><font/></dxf>"
        for n, code in enumerate(codes, 200)
    )
    return raw.bytes(
        {
            "xl/styles.xml": raw.parts["xl/styles.xml"].replace(
                "</styleSheet>", f"<dxfs>{made}</dxfs></styleSheet>"
            )
        }
    )


@pytest.mark.parametrize(
    ("field", "cell", "form", "changed"),
    [
        (AMOUNT, number("1234"), "#,##0", False),
        (AMOUNT, number("1234"), "#,##0,", True),
        (AMOUNT, number("1234"), ";;;", True),
        (AMOUNT, number("1234.5"), "#,##0", True),
        (AMOUNT, number("1234"), "0%", True),
        (AMOUNT, text("abc"), "0%", False),
        (AMOUNT, text("abc"), ";;;", True),
        (AMOUNT, number("1234"), None, False),
        (AMOUNT, None, ";;;", False),
        (DAY, number("43440", 1), "yyyy/m/d", False),
        (DAY, number("43440", 1), "m/d", True),
        (CODE, number("30389"), "00", False),
        (CODE, number("30389"), "0.0", True),
        (TEXT, number("12"), "0000", True),
    ],
)
def test_formats_that_conditions_lay_over_cells_are_told(
    field: str, cell: str | None, form: str | None, changed: bool
) -> None:
    letter = "ABCDEF"[TITLES.index(field)]
    area = f"{letter}2:{letter}9"
    raw = one(field, cell, [14], around=conditional('dxfId="1"><formula>A1</formula>', f"A9 {area}"))
    found = [
        (code, value)
        for code, _, value in told(read(laid_over(raw, None, form)))
        if code == "conditional-format"
    ]
    assert found == ([("conditional-format", area)] if changed else [])
    assert [code for code, _, _ in told(read(laid_over(one(field, cell, [14]), None, form)))].count(
        "conditional-format"
    ) == 0


@pytest.mark.fires("conditional-format")
def test_bars_and_signs_in_the_place_of_numbers_are_told() -> None:
    for inside in ('><dataBar showValue="0"/>', '><iconSet iconSet="3Arrows" showValue="0"/>'):
        assert told(read(one(AMOUNT, number("5"), around=conditional(inside)).bytes())) == [
            ("conditional-format", "D1", "D2:D9")
        ]
    for inside in ("><dataBar/>", '><iconSet showValue="1"/>', 'dxfId="7">'):
        assert told(read(one(AMOUNT, number("5"), around=conditional(inside)).bytes())) == []
    later = '<extLst><ext xmlns:x14="y"><x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule>{}</x14:cfRule></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst>'
    for inside in ('<x14:dxf><numFmt formatCode=";;;"/></x14:dxf>', '<x14:iconSet showValue="0"/>'):
        raw = one(AMOUNT, number("5"), around={"after": later.format(inside)})
        assert told(read(raw.bytes())) == [
            ("conditional-format", "A1", "A列"),
            ("conditional-format", "D1", "D列"),
        ]


# ---------------------------------------------------------------------------------------------- formulas, errors


@pytest.mark.fires
@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("<c r='{at}'><f>1+1</f></c>", "formula-no-result"),
        ('<c r="{at}"><f>1+1</f></c>', "formula-no-result"),
        ('<c r="{at}"><f>1+1</f><v></v></c>', "formula-no-result"),
        ('<c r="{at}"><f>1+1</f><v/></c>', "formula-no-result"),
        ('<c r="{at}"><f t="shared" si="0"/></c>', "formula-no-result"),
        ('<c r="{at}" t="str"><f>A1</f></c>', "formula-no-result"),
        ('<c r="{at}"><f ca="1">NOW()</f><v>1</v></c>', "formula-not-calculated"),
        ('<c r="{at}" t="e"><f>NA()</f><v>#N/A</v></c>', "cell-error"),
        ('<c r="{at}" t="e"><v>#REF!</v></c>', "cell-error"),
    ],
)
def test_formulas_without_a_result_and_errors_are_told(cell: str, code: str) -> None:
    decoded = read(one(AMOUNT, cell).bytes())
    assert [(found, place) for found, place, _ in told(decoded)] == [(code, "D2")]
    assert KINDS[code].severity == "error"


def test_a_row_of_formulas_without_results_is_a_record() -> None:
    raw = one(TEXT, text("A"))
    raw = Raw([*raw.rows, [None, None, None, '<c r="{at}"><f>1+1</f></c>']])
    decoded = read(raw.bytes())
    assert (decoded.count, told(decoded)) == (2, [("formula-no-result", "D3", None)])


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="{at}"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="{at}"><f t="shared" ref="D2:D9" si="0">1+1</f><v>2</v></c>', "2"),
        ('<c r="{at}"><f t="shared" si="0"/><v>2</v></c>', "2"),
        ('<c r="{at}" t="str"><f>IF(A1&gt;"&amp;",1,"")</f><v></v></c>', None),
        ('<c r="{at}" t="str"><f>A1</f><v>a&amp;b</v></c>', "a&b"),
    ],
)
def test_formulas_with_a_result_are_read(cell: str, value: str | None) -> None:
    assert seen(one(AMOUNT, cell), AMOUNT) == (value, [])


def test_a_workbook_that_is_to_be_reckoned_again_has_no_results() -> None:
    cell = '<c r="{at}"><f>1+1</f><v>0</v></c>'
    raw = one(AMOUNT, cell, around={"calc": '<calcPr calcId="1" fullCalcOnLoad="1"/>'})
    assert told(read(raw.bytes())) == [("formula-not-calculated", "D2", "0")]


# ---------------------------------------------------------------------------------------------- numbers in text


@pytest.mark.fires("number-in-text")
@pytest.mark.parametrize(
    ("form", "kept", "value"),
    [
        ("000000", "123", "000123"),
        ("0000", "12345", "12345"),
        ('"A-"000', "5", "A-005"),
        ("000-0000", "1234567", "123-4567"),
        ("0;-0;;@", "12", "12"),
        ("0;-0;-", "0", "-"),
        (0, "123", "123"),
        (49, "123", "123"),
    ],
)
def test_a_number_in_a_column_of_text_is_read_as_it_is_shown(form: str | int, kept: str, value: str) -> None:
    assert seen(one(TEXT, number(kept, 1), [form]), TEXT) == (value, ["number-in-text"])


@pytest.mark.fires
@pytest.mark.parametrize(
    ("form", "kept", "code"),
    [
        ("0.00E+00", "123", "format-unknown"),
        ("[DBNum1]0", "123", "format-unknown"),
        (0, "1234567890123456", "digits-lost"),
        (0, "1.2345678901234567E+19", "digits-lost"),
        ("yyyy/m/d", "43440", "cell-is-date"),
        (31, "43440", "cell-is-date"),
        ("0;;", "0", "shown-otherwise"),
        (";;;", "5", "shown-otherwise"),
    ],
)
def test_a_number_that_shows_no_digits_of_its_own_is_an_error(form: str | int, kept: str, code: str) -> None:
    assert code in seen(one(TEXT, number(kept, 1), [form]), TEXT)[1]
    assert code in seen(one(CODE, number(kept, 1), [form]), CODE)[1]
    assert KINDS[code].severity == "error"


@pytest.mark.parametrize("field", [TEXT, CODE])
def test_a_long_number_in_the_standard_format_has_an_exponent_on_the_screen(field: str) -> None:
    assert "shown-short" in seen(one(field, number("123456789012")), field)[1]
    assert "shown-short" not in seen(one(field, number("12345678901")), field)[1]
    assert "shown-short" not in seen(one(field, number("123456789012", 1), ["0"]), field)[1]


def test_text_that_its_format_hides_is_told() -> None:
    assert seen(one(TEXT, text("A", 1), [";;;"]), TEXT) == ("A", ["shown-otherwise"])
    assert seen(one(TEXT, text("A", 1), ['@"様"']), TEXT) == ("A", ["shown-otherwise"])


# ---------------------------------------------------------------------------------------------- days


@pytest.mark.parametrize(
    "form",
    [
        *range(27, 37),
        *range(50, 59),
        14,
        15,
        22,
        "[$-411]ge.m.d",
        '[$-ja-JP-x-gannen]ggge"年"m"月"d"日";@',
        "[$-F800]dddd, mmmm dd, yyyy",
        'ggge"年"m"月"d"日"',
        "yyyymmdd",
        "d/m/yy;@",
    ],
)
def test_a_day_is_a_day_in_every_format(form: int | str) -> None:
    value, codes = seen(one(DAY, number("43440", 1), [form]), DAY)
    assert value == "2018-12-06"
    assert {KINDS[code].severity for code in codes} <= {"warning"}


@pytest.mark.fires("date-partly-shown")
def test_a_day_that_is_shown_in_part_is_told() -> None:
    for form in (34, 35, 32, "m/d", "mmm-yy"):
        assert seen(one(DAY, number("43440", 1), [form]), DAY)[1] == ["date-partly-shown"]
    for form in (14, 27, 31, 36):
        assert seen(one(DAY, number("43440", 1), [form]), DAY)[1] == []


@settings(max_examples=40, deadline=None)
@given(st.integers(61, 80_000), st.booleans())
def test_days_of_both_systems(serial: int, from_1904: bool) -> None:
    around = {"book": '<workbookPr date1904="1"/>'} if from_1904 else {}
    first = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    raw = one(DAY, number(str(serial), 1), [14], around=around)
    assert seen(raw, DAY)[0] == (first + timedelta(days=serial)).isoformat()


@pytest.mark.parametrize(
    ("serial", "day"), [("1", "1900-01-01"), ("59", "1900-02-28"), ("60", "1900-02-29"), ("61", "1900-03-01")]
)
def test_1900_has_the_day_that_never_was(serial: str, day: str) -> None:
    assert seen(one(DAY, number(serial, 1), [14]), DAY)[0] == day


@pytest.mark.fires("time-dropped")
def test_times_of_day() -> None:
    assert seen(one(DAY, number("43440.0", 1), [22]), DAY) == ("2018-12-06", [])
    assert seen(one(DAY, number("43440.4375", 1), [14]), DAY) == ("2018-12-06", ["time-dropped"])
    assert seen(one(DAY, number("43440.4375", 1), [22]), DAY)[0] == "2018-12-06 10:30:00"


def test_days_written_as_iso() -> None:
    cell = '<c r="{at}" t="d"><v>2018-12-06T00:00:00</v></c>'
    assert seen(one(DAY, cell), DAY) == ("2018-12-06", [])
    assert seen(one(AMOUNT, cell), AMOUNT)[1] == ["cell-is-date"]


def test_a_number_like_20181206_is_no_serial_number() -> None:
    assert seen(one(DAY, number("20181206")), DAY) == ("20181206", [])


# ---------------------------------------------------------------------------------------------- amounts


@settings(max_examples=60, deadline=None)
@given(st.integers(1_000_000_000, 999_999_999_999_99))
def test_amounts_are_what_was_typed(cents: int) -> None:
    typed = f"{cents // 100}.{cents % 100:02d}"
    kept = f"{float(typed):.17g}"
    plain = typed.rstrip("0").rstrip(".")
    assert seen(one(AMOUNT, number(kept, 1), ["#,##0.00"]), AMOUNT) == (plain, [])


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_shortest_decimal_gives_the_same_number(value: float) -> None:
    import polars as pl

    [text] = shortest(pl.Series([repr(value)]))
    assert float(text) == value
    assert "e" not in text.lower()
    assert len(text.lstrip("-0.")) <= max(len(repr(value)), 330)


@pytest.mark.parametrize(
    ("form", "kept"),
    [("#,##0", "1234.5"), ("#,##0,", "1234567"), ("0.0,,", "1500000"), ("0%", "0.5"), ("0.00%", "1"), ("0", "0.5"),
     ('0"千円"', "5"), ("0.00E+00", "1500"), ("# ?/?", "0.5"), ("0;;", "0"), (";;;", "5"), ('"1"0', "5"), ("yyyy/m/d", "43440"),
     (10, "0.05"), ("[>=1000]0,;0", "5000"), ("#,##0.0", "1.25"), ("h:mm", "0.5"),
     ("#,##0;[<100]0;0", "5000"), ('0"MIO"', "5"), ('0"K"', "5"), ('0"M"', "5"), ('0;[>9]""', "5000")],
)  # fmt: skip
def test_an_amount_that_is_shown_otherwise_than_kept_is_an_error(form: str | int, kept: str) -> None:
    codes = seen(one(AMOUNT, number(kept, 1), [form]), AMOUNT)[1]
    assert {KINDS[code].severity for code in codes} == {"error"}, codes


@pytest.mark.parametrize(
    ("form", "kept"),
    [("#,##0", "1234"), ('"¥"#,##0;[Red]"¥"-#,##0', "1234"), ('#,##0"円"', "5"), ("0.00", "1.5"), (38, "7"), (41, "0"), (44, "0"),
     ("[$¥-411]#,##0", "9"), ("#,##0_ ", "9"), ("#,##0.00_);(#,##0.00)", "9.25"), (0, "9.25"), ('[$USD] #,##0.00', "3"), ("[Red]0", "3"),
     ('"US$"#,##0', "3"), ("[$$-409]#,##0.00", "3"), ("[$NT$-404]0", "3"), ('0"ドル"', "3"), ("[>1000]#,##0;0", "5")],
)  # fmt: skip
def test_an_amount_with_signs_of_money_is_itself(form: str | int, kept: str) -> None:
    assert seen(one(AMOUNT, number(kept, 1), [form]), AMOUNT) == (kept, [])


@pytest.mark.parametrize(("form", "kept"), [("0%", "1"), ("0%", "0"), ('"有";;"無"', "1")])
def test_a_flag_that_shows_something_else_is_an_error(form: str, kept: str) -> None:
    assert seen(one(FLAG, number(kept, 1), [form]), FLAG)[1] == ["shown-otherwise"]


def test_zeros_that_the_sheet_does_not_show_are_told() -> None:
    around = {"before": '<sheetViews><sheetView showZeros="0" workbookViewId="0"/></sheetViews>'}
    assert seen(one(AMOUNT, number("0"), around=around), AMOUNT)[1] == ["shown-otherwise"]


@pytest.mark.fires("calculation-rest")
def test_the_rest_of_a_calculation_is_told_and_taken_as_it_is_shown() -> None:
    assert seen(one(AMOUNT, number("0.30000000000000004")), AMOUNT) == ("0.3", ["calculation-rest"])


@pytest.mark.fires("shown-short")
def test_the_standard_format_shows_eleven_characters() -> None:
    assert seen(one(AMOUNT, number("74146043.920000002")), AMOUNT) == ("74146043.92", [])
    assert seen(one(AMOUNT, number("1234567890.25")), AMOUNT) == ("1234567890.25", ["shown-short"])


# ---------------------------------------------------------------------------------------------- ways of writing


SHARED = (
    '<si><t>処理種別</t><rPh sb="0" eb="4"><t>ショリシュベツ</t></rPh><phoneticPr fontId="1"/></si>'
    '<si><r><rPr><b/></rPr><t>A&amp;</t></r><r><t xml:space="preserve"> B</t></r></si><si><t>x_x000D_y_x005F_</t></si>'
    "<si><t>a&#x3042;\r\nb</t></si><si><t/></si><si/>"
)


@pytest.mark.parametrize(
    ("index", "value"), [(0, "処理種別"), (1, "A& B"), (2, "x\ry_"), (3, "aあ\nb"), (4, None), (5, None)]
)
def test_shared_texts(index: int, value: str | None) -> None:
    cell = f'<c r="{{at}}" t="s"><v>{index}</v></c>'
    raw = one(TEXT, cell, shared=SHARED)
    assert read(raw.bytes()).records.item(0, TEXT) == value
    odd = raw.parts["xl/sharedStrings.xml"].replace("<sst", "<!-- by hand --><sst")
    assert read(raw.bytes({"xl/sharedStrings.xml": odd})).records.item(0, TEXT) == value
    prefixed = (
        raw.parts["xl/sharedStrings.xml"].replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    )
    prefixed = prefixed.replace("xmlns=", "xmlns:x=")
    assert read(raw.bytes({"xl/sharedStrings.xml": prefixed})).records.item(0, TEXT) == value


def whole() -> Raw:
    """A sheet with everything that may stand in one."""
    rows: list[list[str | None]] = [[text(title) for title in TITLES]]
    for n in range(2, 30):
        rows.append([
            text("1"), text(f"A{n} & <b> \"x\""), number(str(43000 + n), 1), number(f"{n}.5", 2), number(str(n), 3),
            '<c r="{at}" t="b"><v>1</v></c>' if n % 2 else '<c r="{at}"><f>1+1</f><v>0</v></c>',
        ])  # fmt: skip
    return Raw(
        rows,
        [14, "#,##0.00", "000000"],
        {"row9": ' hidden="1"', "after": '<mergeCells><mergeCell ref="B4:B5"/></mergeCells>'},
    )


def _without_addresses(xml: str) -> str:
    import re

    return re.sub(r' r="[A-Z]*[0-9]+"', "", xml)


def _single_quotes(xml: str) -> str:
    import re

    return re.sub(r'="([^"<>]*)"', r"='\1'", xml.replace('"x"', "&quot;x&quot;"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_without_addresses, id="no addresses"),
        pytest.param(_single_quotes, id="single quotes"),
        pytest.param(lambda xml: xml.replace("><", ">\n  <"), id="one element a line"),
        pytest.param(lambda xml: xml.replace("<c ", "<!-- c --><c "), id="comments"),
        pytest.param(lambda xml: xml.replace("<v>", "<v><![CDATA[").replace("</v>", "]]></v>"), id="CDATA"),
        pytest.param(
            lambda xml: xml.replace('r="B', 's="0" r="B').replace('s="0" t="inlineStr"', 't="inlineStr"'),
            id="other order",
        ),
        pytest.param(
            lambda xml: (
                xml.replace("</", "</x:")
                .replace("<", "<x:")
                .replace("<x:/x:", "</x:")
                .replace("<x:?", "<?")
                .replace("xmlns=", "xmlns:x=")
            ),
            id="prefix",
        ),
        pytest.param(lambda xml: xml.encode("utf-16"), id="UTF-16"),
        pytest.param(
            lambda xml: xml.replace("main", "main").replace("<sheetData>", "<sheetData >"),
            id="blank in a tag",
        ),
        pytest.param(lambda xml: b"\xef\xbb\xbf" + xml.encode(), id="byte order mark"),
    ],
)
def test_a_sheet_is_the_same_however_it_is_written(change: Any) -> None:
    raw = whole()
    plain = read(raw.bytes())
    changed = (
        raw.sheet.replace('encoding="UTF-8"', 'encoding="UTF-16"')
        if change(" ").__class__ is bytes and change(" ")[:2] == b"\xff\xfe"
        else raw.sheet
    )
    other = read(raw.bytes({"xl/worksheets/sheet1.xml": change(changed)}))
    assert other.records.equals(plain.records)
    assert other.findings.equals(plain.findings)
    assert plain.count == 28
    assert {"hidden-row", "merged-cells"} <= {code for code, _, _ in told(plain)}


def test_the_strict_kind_and_missing_styles_are_read() -> None:
    raw = one(TEXT, text("A"), main=STRICT)
    assert read(raw.bytes({"xl/styles.xml": None, "xl/sharedStrings.xml": None})).records.item(0, TEXT) == "A"


def test_blank_cells_far_away_are_nothing() -> None:
    raw = one(TEXT, text("A"))
    far = raw.sheet.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>')
    assert read(raw.bytes({"xl/worksheets/sheet1.xml": far})).count == 1


def test_a_large_sheet_passes_in_pieces() -> None:
    """More than one piece: rows keep their order and numbers, and cells of every piece their column."""
    rows: list[list[str | None]] = [[text(title) for title in TITLES]]
    rows += [
        [text("1"), text(f"N{n}" + "x" * 400), None, number(str(n)), None, None] for n in range(2, 30_002)
    ]
    decoded = read(Raw(rows).bytes())
    assert decoded.count == 30_000
    assert decoded.records["row"].to_list() == list(range(2, 30_002))
    assert decoded.records["contract_amount"].to_list() == [str(n) for n in range(2, 30_002)]


# ---------------------------------------------------------------------------------------------- strange files


def test_declared_entities_are_refused() -> None:
    raw = one(TEXT, '<c r="{at}" t="inlineStr"><is><t>&e;</t></is></c>')
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"):
        xml = raw.parts[part]
        head, _, rest = xml.rpartition("?>") if "?>" in xml else ("", "", xml)
        evil = f'{head}{"?>" if head else ""}<!DOCTYPE x [<!ENTITY e "{"lol" * 9}">]>{rest}'
        assert "保存し直してください" in refusal(raw.bytes({part: evil}))


def test_two_parts_of_one_name_and_encrypted_parts_are_refused() -> None:
    content = BytesIO(one(TEXT, text("A")).bytes())
    with zipfile.ZipFile(content, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("xl/workbook.xml", "<workbook/>")
    refusal(content.getvalue())
    locked = bytearray(one(TEXT, text("A")).bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = 0
        while (at := locked.find(signature, at)) >= 0:
            locked[at + place] |= 1
            at += 4
    assert "パスワード" in refusal(bytes(locked))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_broken_bytes_end_in_a_refusal_or_in_records(start: int) -> None:
    """Nothing of the parser's own reaches anybody."""
    chance = random.Random(start)
    parts = dict(whole().parts)
    name = chance.choice(list(parts))
    part = bytearray(parts[name].encode())
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(part))
        part[at : at + chance.randint(0, 5)] = chance.randbytes(chance.randint(0, 4))
    content = whole().bytes({name: bytes(part)})
    if chance.random() < 0.3:
        broken = bytearray(content)
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        content = bytes(broken)
    codes = []
    try:
        codes += read(content).findings["code"].to_list()
    except Refusal as refused:
        codes.append(refused.code)
    assert set(codes) <= {*KINDS, "unreadable-file", "empty-file"}
