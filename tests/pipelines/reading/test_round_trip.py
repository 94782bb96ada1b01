"""Any text a layout allows, written in each encoding and dialect that is accepted, is read back the same or refused.

What a cell must become is said by ``expected`` with the standard library alone, which knows nothing of the product's
expressions; how a file is written is Python's ``csv``.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from outputs.documents import ledger_file_csv
from pipelines.judge import judge
from pipelines.reading.decode import decode
from pipelines.reading.text import folded_text
from schemas.layouts import layout_of
from schemas.submission import Refusal
from tests.kit import ENTERPRISE, enterprise_row

LAYOUT = layout_of(ENTERPRISE)
FIELD = "export_contract_no"
FILES_BY_NIGHT = 20_000
KANA = "".join(chr(code) for code in range(0xFF61, 0xFFA0))
TWINS = "〜～−－—―‖∥¢￠£￡¬￢¦￤¥￥‾￣‑‐"
ORDINARY = "ABCabc012-/.,'\"=()+@#見積契約書東京ヶ崎髙﨑㈱①ー・（）「」ガが"
_ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0\x1b")
TEXTS = st.one_of(
    st.text(st.sampled_from(ORDINARY), max_size=20),
    st.text(st.sampled_from(ORDINARY + TWINS + KANA + "\u3000\xa0\ufeff\u3099éα"), max_size=20),
    st.text(st.sampled_from(KANA), max_size=8),
    st.text(_ANY, max_size=20),
    st.from_regex(r"['=]{0,2}\"?[=+@-]?[a-z(0-9' ]{0,6}\"?", fullmatch=True),
)
ENCODINGS = ("utf-8", "utf-8-sig", "cp932")
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
JIS = {0x301C: "~", 0x2212: "-", 0x2014: "―", 0x2016: "∥", 0x2011: "‐", 0xA2: "￠", 0xA3: "￡", 0xAC: "￢", 0xA6: "￤"} | {
    0xA5: "￥", 0xAF: "￣", 0x203E: "￣"
}  # fmt: skip
BLANK = dict.fromkeys((160, 5760, *range(8192, 8203), 8239, 8287), " ")


def expected(text: str) -> str:
    """The cell in its one form, but for the tricks of spreadsheet programs, which are cases of their own."""
    text = text.translate(WIDE).translate(JIS).translate(BLANK)
    return unicodedata.normalize("NFC", text).strip(" \t\r\n\ufeff")


def is_trick(text: str) -> bool:
    return expected(text).startswith(("'", "="))


def written(texts: Sequence[str], encoding: str, newline: str, quoting: int, header: bool) -> bytes:
    stream = io.StringIO(newline="")
    out = csv.writer(stream, lineterminator=newline, quoting=quoting)  # type: ignore[arg-type]
    row = enterprise_row()
    out.writerow(LAYOUT.labels[name] if header else name for name in row)
    for text in texts:
        out.writerow(enterprise_row(**{FIELD: text}).values())
    return stream.getvalue().encode(encoding)


NOT_IN_CP932 = set("\x80\uf8f0\uf8f1\uf8f2\uf8f3")
"""What Python's codec writes as the bytes 80, A0, FD, FE and FF, which CP932 does not use."""


def holds_no_text(text: str) -> bool:
    bad = {"Cc", "Cf", "Co", "Zl", "Zp"}
    fillers = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffd"
    return any(
        unicodedata.category(c) in bad
        or c in fillers
        or ord(c) & 0xFFFE == 0xFFFE
        or 0xFDD0 <= ord(c) <= 0xFDEF
        for c in text
    )


def may_be_other(text: str, encoding: str) -> bool:
    """Whether a cell may have been written in another encoding, whatever the rest of the file is in."""
    if encoding == "utf-8":
        return re.search("[\xc0-\u07ff]", text) is not None
    kana, beside_latin = "[\uff61-\uff9f]", "[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][a-z]"
    return bool(NOT_IN_CP932 & set(text)) or re.search(f"{kana}|{beside_latin}", text) is not None


def round_trip(texts: list[str], encoding: str, newline: str, quoting: int, header: bool) -> None:
    try:
        content = written(texts, encoding, newline, quoting, header)
    except UnicodeEncodeError:
        return
    if encoding == "cp932":
        # What CP932 itself makes of the text: some letters have their place only in the other form.
        texts = [text.encode("cp932").decode("cp932") for text in texts]
    refusal = None
    try:
        decoded = decode(content, "a.csv", LAYOUT)
    except Refusal as refused:
        refusal = refused.message
    if refusal is not None:
        # Only for the encoding, with line and bytes, and only where nothing else in the file tells which it is.
        assert re.search(r"\d+行目のバイト列「[0-9A-F ]+」", refusal), refusal
        assert encoding != "utf-8-sig", refusal
        assert not header or any(may_be_other(text, encoding) for text in texts), refusal
        return
    got = decoded.records[FIELD].to_list()
    told = set(decoded.findings.filter(field=FIELD)["record"].to_list())
    assert len(got) == len(texts)
    for record, (text, read) in enumerate(zip(texts, got, strict=True), start=1):
        form = expected(text)
        assert (record in told) >= holds_no_text(form), repr(text)
        if not is_trick(text) and record not in told:
            assert (read or "") == form, repr(text)
    assert decoded.findings.filter(pl.col("field") != FIELD).is_empty()


FILES = (
    st.lists(TEXTS, min_size=1, max_size=4),
    st.sampled_from(ENCODINGS),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)
_SETTINGS = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@given(*FILES)
@settings(max_examples=200, **_SETTINGS)  # type: ignore[arg-type]
@example(["繧ｱ"], "utf-8", "\n", csv.QUOTE_ALL, True)
@example(["見積〜01", "見積～01", "が"], "utf-8", "\r", csv.QUOTE_MINIMAL, True)
@example(["ﾂｩ"], "cp932", "\n", csv.QUOTE_MINIMAL, False)
@example(["ﾃｽﾄｶﾅ"], "cp932", "\n", csv.QUOTE_MINIMAL, True)
@example(['"\ufeff0', '0\ufeff"', "a,\ufeffb"], "utf-8", "\n", csv.QUOTE_ALL, True)
@example(["ｧ"], "cp932", "\n", csv.QUOTE_MINIMAL, True)
@example(["\x80"], "cp932", "\n", csv.QUOTE_MINIMAL, True)
@example(["\ufeff\ufeff"], "utf-8", "\r\n", csv.QUOTE_ALL, True)
def test_what_is_written_is_read_back_or_refused(
    texts: list[str], encoding: str, newline: str, quoting: int, header: bool
) -> None:
    round_trip(texts, encoding, newline, quoting, header)


@pytest.mark.night
@given(*FILES)
@settings(max_examples=FILES_BY_NIGHT, **_SETTINGS)  # type: ignore[arg-type]
def test_twenty_thousand_files_are_read_back_or_refused(
    texts: list[str], encoding: str, newline: str, quoting: int, header: bool
) -> None:
    round_trip(texts, encoding, newline, quoting, header)


@given(TEXTS)
@settings(max_examples=300, **_SETTINGS)  # type: ignore[arg-type]
@example('\'="x"')
@example('="\'=x("')
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = folded_text(text)
    assert folded_text(once) == once


@given(st.lists(TEXTS, min_size=1, max_size=4))
@settings(max_examples=100, **_SETTINGS)  # type: ignore[arg-type]
@example(["見積〜01", "Ａ−２", "=A(1)", "'=A(1)", '="00123"', "神\ufa19", "Å\u212b", "🗾"])
def test_the_ledger_file_of_an_upload_reads_as_the_upload(texts: list[str]) -> None:
    """So that, sent again, its contracts are known to be insured."""
    decoded = decode(written(texts, "utf-8-sig", "\r\n", csv.QUOTE_ALL, True), "a.csv", LAYOUT)
    first = judge(decoded)
    good = first.records.filter(
        ~pl.col("record").is_in(
            pl.concat([decoded.findings, first.findings])["record"].drop_nulls().implode()
        )
    )
    if good.is_empty():
        return
    try:
        again = decode(ledger_file_csv(good.select(LAYOUT.names), LAYOUT.labels), "ledger.csv", LAYOUT)
    except Refusal:
        assert any(may_be_other(text or "", "cp932") for text in good[FIELD])
        return
    assert judge(again).records[FIELD].to_list() == good[FIELD].to_list()
