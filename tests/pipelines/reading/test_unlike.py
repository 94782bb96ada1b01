"""A count that does not fit names the first rows that do not look like data."""

from collections.abc import Callable

import pytest

from pipelines.reading.decode import decode
from pipelines.reading.unlike import unlike_data
from schemas.layouts import layout_of
from tests.kit import ENTERPRISE, NOTICE, csv_bytes, enterprise_row, notice_row

LAYOUT = layout_of(ENTERPRISE)
WIDTH = len(enterprise_row())


def lines_of(count: int) -> list[str]:
    rows = [enterprise_row(export_contract_no=f"E-{n}") for n in range(count)]
    return csv_bytes(rows, header=LAYOUT.labels).decode().split("\r\n")[:-1]


def told(lines: list[str]) -> list[str]:
    return unlike_data(decode("\r\n".join(lines).encode(), "a.csv", LAYOUT))


def with_(place: int, line: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[:place], line, *lines[place:]]


def padded(*cells: str) -> str:
    return ",".join([*cells, *[""] * (WIDTH - len(cells))])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (with_(4, padded("合計", *[""] * 21, "30000000")), "5行目「合計」は合計の行"),
        (with_(4, padded(*[""] * 5, "総計:", "3件", "10", "20", "30", "40", "50", "60", "70", "80", "90")), "5行目「総計:」は合計の行"),
        (with_(4, padded("集計", *[""] * 21, "30000000")), "5行目「集計」は合計の行"),
        (with_(1, padded("2018年11月分 申込み一覧")), "2行目「2018年11月分 申込み一覧」は表題"),
        (with_(4, padded("※ 金額は\u200b概算です")), "5行目「※ 金額は[U+200B]概算です」は注記か表題"),
        (lambda lines: [*lines, lines[0]], "5行目「処理種別」はもう一つの見出し"),
    ],
    ids=["total", "total-inside", "total-of-a-table", "title", "note", "header-again"],
)  # fmt: skip
def test_titles_totals_notes_and_second_headers_are_named(
    change: Callable[[list[str]], list[str]], says: str
) -> None:
    assert told(change(lines_of(3))) == [says]


def test_a_title_above_the_header_is_named_as_the_first_line() -> None:
    assert told(["企業総合保険 11月分", *lines_of(3)]) == [
        "最初の行「企業総合保険 11月分」は見出しではありません"
    ]


def test_at_most_three_are_named() -> None:
    assert len(told([*lines_of(6), *[padded(f"注{n}") for n in range(4)]])) == 3


@pytest.mark.parametrize("product", [ENTERPRISE, NOTICE])
def test_good_records_and_changes_look_like_data(product: object) -> None:
    rows = [enterprise_row()] * 3 if product is ENTERPRISE else [notice_row()] * 3
    part = {**rows[0], **dict.fromkeys(list(rows[0])[12:], ""), "process_type": "5"}
    layout = layout_of(ENTERPRISE if product is ENTERPRISE else NOTICE)
    assert unlike_data(decode(csv_bytes([*rows, part]), "a.csv", layout)) == []
