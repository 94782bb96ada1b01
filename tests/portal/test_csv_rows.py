"""CSV of the portal for people: no cell is taken for a formula, and there is no second way of writing one."""

import csv
import io

import pytest

from portal_stub.csv_rows import Identifier, csv_line, quoted_writer

EVIL = ["=cmd|'/C calc'!A0", "+1(2)", "-1|2", "@SUM(A1)", "＝1(2)", "\t=1", '　=HYPERLINK("x")']


@pytest.mark.parametrize("cell", EVIL)
def test_every_text_of_every_row_is_guarded_headings_and_identifiers_too(cell: str) -> None:
    out = io.StringIO()
    write = quoted_writer(out)
    write([cell, Identifier(cell)])
    for text in (csv_line([cell, Identifier(cell)]).decode(), out.getvalue()):
        [row] = csv.reader(io.StringIO(text, newline=""))
        assert row == [f"'{cell}", f"'{cell}"]


def test_what_does_nothing_stays() -> None:
    assert csv_line(["11月分", -5, 1.5, None, Identifier("-ABC1"), Identifier("=A1")]) == (
        "11月分,-5,1.5,,-ABC1,=A1\r\n".encode()
    )
