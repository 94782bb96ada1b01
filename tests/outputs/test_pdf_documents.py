"""PDF documents, read back by poppler: what they say, how they page, that they equal the CSV to the yen."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from outputs import documents as d
from outputs import formats
from tests.outputs.samples import (
    ENTERPRISE,
    INVOICE,
    NAMES,
    NOTICE,
    RECEIPT,
    UNIT,
    Pdf,
    finding,
    findings_frame,
    frame,
    header,
    line,
    notice,
    submission,
)

Reader = Callable[[bytes], Pdf]
FEW = frame([line(number) for number in range(1, 4)])
MANY = frame([line(number) for number in range(1, 61)])
NOTICES = frame([notice(number) for number in range(1, 31)])
NO_FINDINGS = findings_frame([])
NO_DIFFERENCES = pl.DataFrame(
    schema={
        **dict.fromkeys(("application_no", "shipment_no", "settlement_no", "how", "changes"), pl.String),
        **dict.fromkeys(("premium_before", "premium_after", "difference"), pl.Int64),
    }
)

EVERY_KIND: dict[str, Callable[[], bytes]] = {
    "受付票": lambda: d.receipt_pdf(RECEIPT, header().holder_name, "企業総合保険", header().created_at),
    "モニタリスト": lambda: d.monitor_list_pdf(header(), submission(), MANY, NO_FINDINGS, labels=ENTERPRISE),
    **{
        d.TITLES[kind]: lambda kind=kind: d.ledger_pdf(header(), UNIT, MANY, kind=kind, labels=ENTERPRISE)
        for kind in ("reconciliation_ledger", "confirmed_ledger")
    },
    **{
        d.TITLES[kind]: lambda kind=kind: d.ledger_pdf(header(), UNIT, NOTICES, kind=kind, labels=NOTICE)
        for kind in ("shipment_statement_check", "shipment_statement")
    },
    "保険料計算書": lambda: d.premium_statement_pdf(header(), UNIT, MANY, labels=ENTERPRISE),
    "保険料請求書": lambda: d.invoice_pdf(header(), UNIT, INVOICE, MANY),
    "処理結果受付票": lambda: d.result_pdf(
        header(), submission(), [d.Control("申告とファイル", {"申告した件数": 3, "ファイルのデータ": 3})]
    ),
    "照合・確定差異一覧": lambda: d.difference_list_pdf(
        header(), UNIT, "U_C_1", NO_DIFFERENCES, labels=ENTERPRISE
    ),
}


def printed_premiums(text: str, mark: str = "履歴") -> list[list[int]]:
    """The last five figures of every line of text that carries ``mark``: premiums A–D and their total."""
    found = []
    for row in text.splitlines():
        figures = re.search(r"((?:-?[\d,]+\s+){4}-?[\d,]+)\s*$", row)
        if mark in row and figures:
            found.append([int(figure.replace(",", "")) for figure in figures.group(1).split()])
    return found


def premiums_of(lines: pl.DataFrame) -> list[list[int]]:
    return [
        list(row) for row in lines.select([f"premium_{x}" for x in "abcd"] + ["premium_total"]).iter_rows()
    ]


@pytest.mark.req("D-044")
@pytest.mark.parametrize("title", EVERY_KIND)
def test_every_page_has_the_head_and_the_typeface_is_embedded(title: str, read: Reader) -> None:
    pdf = read(EVERY_KIND[title]())
    pages = pdf.pages()
    for number, page in enumerate(pages, start=1):
        assert title in page
        assert "株式会社髙﨑商事" in page
        assert "123456789" in page
        assert "2018年11月9日" in page
        assert f"{number} / {len(pages)} ページ" in page
    assert pdf.fonts()
    for font in pdf.fonts():
        assert "IPAexGothic" in font[0]
        assert font[-5:-2] == ["yes", "yes", "yes"], "embedded, subset, searchable"
    assert pdf.info()["Title"] == f"{title} 株式会社髙﨑商事"


@pytest.mark.req("D-001", "D-019")
@pytest.mark.parametrize("title", EVERY_KIND)
def test_every_kind_is_a_pdf_on_a4(title: str, read: Reader) -> None:
    content = EVERY_KIND[title]()
    assert content.startswith(b"%PDF-")
    assert "A4" in read(content).info()["Page size"]


@pytest.mark.parametrize("title", EVERY_KIND)
def test_same_input_same_bytes(title: str) -> None:
    assert EVERY_KIND[title]() == EVERY_KIND[title]()


def test_bytes_do_not_depend_on_the_process() -> None:
    script = (
        "import hashlib; from tests.outputs.test_pdf_documents import EVERY_KIND as e;"
        "print([hashlib.sha256(e[k]()).hexdigest() for k in e])"
    )
    root = Path(__file__).resolve().parents[2]
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": seed, "TZ": zone},
            check=True,
            capture_output=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(seen) == 1


def test_a_later_making_is_another_document() -> None:
    later = header(created_at=header().created_at.replace(day=10))
    kind = "confirmed_ledger"
    first, second = (d.ledger_pdf(h, UNIT, FEW, kind=kind, labels=ENTERPRISE) for h in (header(), later))
    assert first != second


# -- ledgers ------------------------------------------------------------------------------------------------


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("cp932"), newline="")))


@pytest.mark.parametrize(
    ("kind", "labels", "lines"),
    [
        ("reconciliation_ledger", ENTERPRISE, MANY),
        ("confirmed_ledger", ENTERPRISE, MANY),
        ("shipment_statement_check", NOTICE, NOTICES),
        ("shipment_statement", NOTICE, NOTICES),
    ],
)
def test_every_premium_of_a_ledger_is_printed_and_the_totals_equal_the_csv(
    kind: d.LedgerKind, labels: dict[str, str], lines: pl.DataFrame, read: Reader
) -> None:
    text = read(d.ledger_pdf(header(), UNIT, lines, kind=kind, labels=labels, names=NAMES)).text()
    rows = csv_rows(d.ledger_csv(lines, labels))
    from_csv = [[int(row[f"保険料{x}"]) for x in "ABCD"] + [int(row["合計保険料"])] for row in rows]
    assert printed_premiums(text) == from_csv
    sums = [sum(column) for column in zip(*from_csv, strict=True)]
    assert printed_premiums(text, "保険料 計") == [sums]
    assert f"合計 {lines.height} 件" in re.sub(r"[\s　]+", " ", text)
    insured = [formats.yen(sum(int(row[f"保険金額{x}"]) for row in rows)) for x in "ABCD"]
    (total_line,) = [row for row in text.splitlines() if "保険金額 計" in row]
    assert total_line.split()[-4:] == insured


def test_a_ledger_line_tells_what_the_ledger_must_hold(read: Reader) -> None:
    source = line(
        3, guarantor_code="111000009", guarantor_country="111", shipment_no="02", settlement_no="03"
    )
    text = read(
        d.ledger_pdf(header(), UNIT, frame([source]), kind="confirmed_ledger", labels=ENTERPRISE, names=NAMES)
    ).text()
    for expected in (
        "18-000003-00",
        "船積02 決済03 履歴00",
        "EX-2018-00003",
        "111000009 THAI INDUSTRIES",
        "111 タイ",
        "GS",
        "2018/11/06",
        "2018/12/06",
        "2019/02/04",
        "USD 66,115.70",
        "0.026",
        "0.079",
        "0.003",
        "0.110",
        *(formats.yen(source[f"insured_amount_{x}"]) for x in "abcd"),
        "999999901",
        "DEPT01",
        "2018年11月",
    ):
        assert expected in text, expected


def test_three_thousand_lines_page_on_with_the_heading_on_every_page(read: Reader) -> None:
    lines = frame([line(number) for number in range(1, 3001)])
    pages = read(d.ledger_pdf(header(), UNIT, lines, kind="confirmed_ledger", labels=ENTERPRISE)).pages()
    assert len(pages) > 200
    assert all("申込番号-枝番" in page for page in pages)
    assert f"{len(pages)} / {len(pages)} ページ" in pages[-1]
    assert printed_premiums("\n".join(pages)) == premiums_of(lines)
    # The total never stands alone.
    assert "18-003000-00" in pages[-1]


@pytest.mark.parametrize("count", range(6, 26))
def test_the_total_is_never_alone_on_a_page(count: int, read: Reader) -> None:
    lines = frame([line(number) for number in range(1, count + 1)])
    last = read(d.ledger_pdf(header(), UNIT, lines, kind="confirmed_ledger", labels=ENTERPRISE)).pages()[-1]
    assert f"18-{count:06d}-00" in last
    assert "保険料 計" in last


def test_beyond_the_limit_the_paper_points_to_the_csv_and_totals_are_of_all(read: Reader) -> None:
    text = read(
        d.ledger_pdf(header(), UNIT, MANY, kind="confirmed_ledger", labels=ENTERPRISE, max_lines=10)
    ).text()
    assert "印字は先頭の 10 件までです。残り 50 件は同じ内容のCSVをご覧ください。" in text
    assert printed_premiums(text) == premiums_of(MANY.head(10))
    assert printed_premiums(text, "保険料 計") == [
        [sum(column) for column in zip(*premiums_of(MANY), strict=True)]
    ]


def test_an_empty_ledger_says_zero(read: Reader) -> None:
    text = read(d.ledger_pdf(header(), UNIT, FEW.clear(), kind="confirmed_ledger", labels=ENTERPRISE)).text()
    assert "0 件" in text
    assert printed_premiums(text, "保険料 計") == [[0, 0, 0, 0, 0]]


def test_figures_are_never_cut(read: Reader) -> None:
    largest = 9_999_999_999_999
    source = line(1, premium_d=largest, premium_total=largest, contract_amount="9999999999999.99")
    text = read(
        d.ledger_pdf(header(), UNIT, frame([source]), kind="confirmed_ledger", labels=ENTERPRISE)
    ).text()
    assert text.count("9,999,999,999,999") >= 4
    assert "9,999,999,999,999.99" in text


def test_long_names_are_cut_with_an_ellipsis_and_their_code_stays(read: Reader) -> None:
    text = read(
        d.ledger_pdf(
            header(), UNIT, frame([line(2)]), kind="confirmed_ledger", labels=ENTERPRISE, names=NAMES
        )
    ).text()
    assert re.search(r"304000777 GREAT LAKES INDUSTRIAL.*…", text)


LONG_NAME = "グローバル・インダストリアル・エンジニアリング・アンド・トレーディング・ジャパン・ホールディングス株式会社"


@pytest.mark.req("D-044")
@pytest.mark.parametrize("title", ["confirmed_ledger", "invoice"])
def test_a_long_policyholder_name_is_printed_whole(title: str, read: Reader) -> None:
    long = header(holder_name=LONG_NAME)
    content = (
        d.invoice_pdf(long, UNIT, INVOICE, FEW)
        if title == "invoice"
        else d.ledger_pdf(long, UNIT, FEW, kind="confirmed_ledger", labels=ENTERPRISE)
    )
    assert LONG_NAME in read(content).text()


def test_a_character_without_glyph_is_marked_and_explained(read: Reader) -> None:
    text = read(d.invoice_pdf(header(holder_name="商事😀"), UNIT, INVOICE, FEW)).text()
    assert "商事〓" in text
    assert "〓 は印字できない文字です。" in text


def test_every_character_of_cp932_can_be_printed(read: Reader) -> None:
    characters = []
    for code in [*range(0x20, 0x7F), *range(0xA1, 0xE0), *range(0x8140, 0xFC4C)]:
        raw = bytes([code]) if code < 0x100 else code.to_bytes(2, "big")
        try:
            character = raw.decode("cp932")
        except UnicodeDecodeError:
            continue
        private_use = 0xE000 <= ord(character[0]) < 0xF900  # no meaning of its own
        if len(character) == 1 and not private_use:
            characters.append(character)
    assert len(characters) > 7_800
    remarks = "".join(characters)
    content = d.monitor_list_pdf(header(), submission(remarks=remarks), FEW, NO_FINDINGS, labels=ENTERPRISE)
    assert "〓 は印字できない文字です。" not in read(content).text()


# -- monitor list and receipt -------------------------------------------------------------------------------


@pytest.mark.req("D-007")
def test_monitor_list_has_head_lines_totals_per_type_and_warnings(read: Reader) -> None:
    lines = pl.concat([MANY, frame([line(number, process_type="4") for number in range(61, 66)])])
    warning = finding(
        2, severity="warning", code="not-covered", message="対象外です。保険料はありません。", cell="F3"
    )
    text = read(
        d.monitor_list_pdf(
            header(),
            submission(declared_count=65, counted=65),
            lines,
            findings_frame([warning]),
            labels=ENTERPRISE,
            names=NAMES,
        )
    ).text()
    squeezed = re.sub(r"[\s　]+", " ", text)
    for expected in (
        "S00000001",
        "企業総合保険",
        "2018/11/06 17:29:59",
        "企総_11月分.csv",
        "65 件 ／ 65 件",
        "処理完了",
        "11月上旬分です。",
        "112000123 MERLION TRADING PTE LTD",
        "EX-2018-00065",
        "USD 66,115.70",
        "前 30・後 60",
        "エラー 0 件 警告 1 件",
        "警告 2 3 F3 支払人バイヤーコード not-covered 対象外です。保険料はありません。 999999999",
    ):
        assert expected in squeezed, expected
    assert printed_premiums(text) == premiums_of(lines)
    for code, part in (("1 新規", MANY), ("4 修正", lines.tail(5))):
        sums = [sum(column) for column in zip(*premiums_of(part), strict=True)]
        (row,) = [row for row in text.splitlines() if row.strip().startswith(code)]
        assert [int(x.replace(",", "")) for x in row.split()[2:]] == [part.height, *sums]


@pytest.mark.req("D-008")
def test_monitor_list_of_a_rejected_upload_shows_every_finding_and_no_premium(read: Reader) -> None:
    found = [
        finding(None, field=None, code="count", message="件数が違います。確かめてください。", value="12")
    ]
    found += [finding(number, code=f"code-{number}", value=f"V{number}") for number in range(1, 121)]
    pdf = read(
        d.monitor_list_pdf(
            header(), submission(status="申請内容要確認"), FEW, findings_frame(found), labels=ENTERPRISE
        )
    )
    text = pdf.text()
    assert "申請内容要確認" in text
    assert "1件も受理されていません" in text
    assert "保険料" not in text
    for number in range(1, 121):
        assert re.search(
            rf"エラー\s+{number}\s+{number + 1}\s+—\s+支払人バイヤーコード\s+code-{number}\s.*V{number}\b",
            text,
        )
    assert "件数が違います。確かめてください。" in text
    assert len(pdf.pages()) > 1


def test_long_messages_are_wrapped_and_none_is_lost(read: Reader) -> None:
    message = "この項目は誤りです。" * 20 + "おわり"
    text = read(
        d.monitor_list_pdf(
            header(),
            submission(status="申請内容要確認"),
            FEW,
            findings_frame([finding(1, message=message), finding(2, message="次の指摘")]),
            labels=ENTERPRISE,
        )
    ).text()
    assert text.count("この項目は誤りです。") + text.count("この項目") >= 20
    assert "おわり" in text
    assert text.index("おわり") < text.index("次の指摘")


def test_no_findings_are_said_in_words(read: Reader) -> None:
    text = read(d.monitor_list_pdf(header(), submission(), FEW, NO_FINDINGS, labels=ENTERPRISE)).text()
    assert "エラー・警告はありません。" in text


def test_monitor_list_prints_the_first_rows_and_totals_of_all(read: Reader) -> None:
    found = findings_frame([finding(number, severity="warning") for number in range(1, 31)])
    text = read(
        d.monitor_list_pdf(header(), submission(), MANY, found, labels=ENTERPRISE, max_rows=10)
    ).text()
    assert "残り 50 件は同じ内容のCSV" in text
    assert "残り 20 件は検出事項一覧（CSV）" in text
    assert formats.yen(int(MANY["premium_total"].sum())) in text
    assert "18-000011-00" not in text


def test_remarks_of_six_hundred_characters_are_printed_whole(read: Reader) -> None:
    remarks = "".join(f"備考{number:04d}。" for number in range(86))
    text = read(
        d.monitor_list_pdf(header(), submission(remarks=remarks), FEW, NO_FINDINGS, labels=ENTERPRISE)
    ).text()
    assert remarks in re.sub(r"\s", "", text)


def test_receipt_proves_what_came_in(read: Reader) -> None:
    issued = datetime.fromisoformat("2018-11-06T17:30:02+09:00")
    text = read(
        d.receipt_pdf(
            {**RECEIPT, "window": "next-business-day", "remarks": ""}, "株式会社A", "企業総合保険", issued
        )
    ).text()
    for expected in (
        "S00000001",
        "2018/11/06 17:29:59",
        "翌営業日受理（17:30〜20:00）",
        "2018年11月6日",
        "企総_11月分.csv",
        RECEIPT["sha256"],
        "123,456 バイト",
        "123456789001",
        "ファイル投入",
        "なし",
    ):
        assert expected in text, expected


# -- premium statement and invoice --------------------------------------------------------------------------


@pytest.mark.req("D-040")
def test_premium_statement_shows_base_rate_factor_and_premium_of_every_danger(read: Reader) -> None:
    lines = MANY.with_columns(factor_d=pl.lit("0.950"))
    text = read(d.premium_statement_pdf(header(), UNIT, lines, labels=ENTERPRISE, names=NAMES)).text()
    assert printed_premiums(text) == premiums_of(lines)
    bases = [formats.yen(value) for value in lines["base_pre_yen"]]
    key_lines = [row for row in text.splitlines() if re.search(r"18-\d{6}-00", row)]
    assert [row.split()[-4:] for row in key_lines] == [[base] * 4 for base in bases]
    assert text.count("0.110％（割引割増 0.950）") == lines.filter(pl.col("rate_d") == 110).height
    assert text.count("0.026％") == 60
    assert text.count("@151.25") == 20
    (total,) = [row for row in text.splitlines() if re.match(r"\s*合計[\s　]+60 件", row)]
    assert [int(x.replace(",", "")) for x in total.split()[-5:]] == [
        sum(column) for column in zip(*premiums_of(lines), strict=True)
    ]


@pytest.mark.req("D-041")
def test_invoice_total_equals_the_statement_and_the_csv(read: Reader) -> None:
    text = read(
        d.invoice_pdf(header(), UNIT, INVOICE, MANY, bank_account="甲銀行 乙支店\n普通 1234567")
    ).text()
    statement = read(d.premium_statement_pdf(header(), UNIT, MANY, labels=ENTERPRISE)).text()
    (invoice,) = csv_rows(d.invoice_csv(UNIT, INVOICE, MANY))
    total = formats.yen(int(invoice["請求金額"]))
    assert f"{total} 円" in text
    assert f"{total} 円" in statement
    for danger, name in d.DANGERS.items():
        (row,) = [row for row in text.splitlines() if name in row]
        assert row.split()[-1] == formats.yen(int(MANY[f"premium_{danger}"].sum()))
    for expected in (
        "I-2018-000007",
        "2018年12月28日",
        "2019年2月6日",
        "60 件",
        "御中",
        "甲銀行 乙支店",
        "普通 1234567",
    ):
        assert expected in text, expected


# -- how quickly, and with what -----------------------------------------------------------------------------


def work(count: int) -> int:
    """How many Python functions a confirmed ledger of so many lines calls."""
    lines = frame([line(number) for number in range(1, count + 1)])
    calls = 0

    def count_calls(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count_calls)
    try:
        d.ledger_pdf(header(), UNIT, lines, kind="confirmed_ledger", labels=ENTERPRISE, names=NAMES)
    finally:
        sys.setprofile(None)
    return calls


def test_a_long_ledger_costs_no_more_a_line_than_a_short_one() -> None:
    work(1)  # what is remembered, is remembered now
    short, long = work(100), work(400)
    assert long < 4.4 * short
    assert long < 1_000 * 400, (short, long)


def test_importing_the_documents_loads_nothing_heavy() -> None:
    script = "import sys, outputs.documents, outputs.delivery; print([m for m in sys.modules])"
    root = Path(__file__).resolve().parents[2]
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=root, check=True, capture_output=True, text=True
    )
    for heavy in ("'fpdf'", "'fontTools'", "'paramiko'", "'matplotlib'", "'matplotlib_fontja'", "'openpyxl'"):
        assert heavy not in loaded.stdout


def test_making_a_pdf_does_not_load_the_plotting_library() -> None:
    script = (
        "import sys; from tests.outputs.test_pdf_documents import EVERY_KIND as e; e['受付票']();"
        "print([m for m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=root, check=True, capture_output=True, text=True
    )
    assert "'fpdf'" in loaded.stdout
    assert "'matplotlib'" not in loaded.stdout
