"""Encodings, separators and trimmings of CSV, kind by kind: read right, or refused with line and bytes."""

import pytest

from pipelines.reading.decode import csv_rows, decode
from schemas.layouts import layout_of
from schemas.reading import MOST_CHARACTERS, MOST_COLUMNS, MOST_LINES
from schemas.submission import Refusal
from tests.kit import ENTERPRISE, csv_bytes, enterprise_row

LAYOUT = layout_of(ENTERPRISE)


def content_of(*texts: str, header: bool = False, encoding: str = "utf-8", newline: str = "\r\n") -> bytes:
    rows = [enterprise_row(export_contract_no=text) for text in texts]
    return csv_bytes(rows, encoding, newline, **({"header": LAYOUT.labels} if header else {}))


def contracts(content: bytes) -> list[str]:
    decoded = decode(content, "a.csv", LAYOUT)
    assert decoded.findings.is_empty()
    return decoded.records["export_contract_no"].to_list()


def refusal(content: bytes, name: str = "a.csv") -> str:
    with pytest.raises(Refusal) as caught:
        decode(content, name, LAYOUT)
    assert caught.value.code == "unreadable-file"
    assert caught.value.message.isascii() is False
    return caught.value.message


def bytes_in(text: str, raw: bytes, header: bool = False, encoding: str = "utf-8") -> bytes:
    """A file with ``MARK`` in its third line replaced by raw bytes."""
    return content_of("EX-1", "MARK", text, header=header, encoding=encoding).replace(b"MARK", raw)


# ---------------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (bytes_in("東京", b"\x87\x9f"), "3行目のバイト列「87 9F」"),
        (bytes_in("東京", "見積".encode("cp932")), "3行目「8C A9 90 CF」"),
        (bytes_in("EX-2", "あ".encode() + b"\xe3\x81", header=True), "3行目のバイト列「E3 81」は UTF-8"),
        (bytes_in("見積", "東京".encode(), encoding="cp932"), "3行目のバイト列「E6 9D B1 E4 BA AC」は UTF-8"),
        (bytes_in("見積", "株式会社".encode(), header=True, encoding="cp932"), "3行目のバイト列「E6 A0 AA"),
        (bytes_in("見積", b"\xed\xa0\x81\xed\xb0\x80"), "CESU-8"),
        (bytes_in("見積", b"\xa0", encoding="cp932"), "3行目のバイト列「A0」は CP932"),
        (bytes_in("見積", b"\xfd\xfe", encoding="cp932"), "3行目のバイト列「FD FE」は CP932"),
        (bytes_in("見積", b"\x87\x9f", encoding="cp932", header=True), "JIS X 0213 の「"),
        (b"\xef\xbb\xbf" + content_of("見積", encoding="cp932"), "BOM)で始まりますが、2行目のバイト列「8C A9 90 CF」"),
        (content_of("ﾂｩ", encoding="cp932"), "2行目のバイト列「C2 A9」は UTF-8 の「©」とも Shift_JIS(CP932)の「ﾂｩ」"),
        (content_of("Café"), "2行目のバイト列「C3 A9」"),
        (content_of("カナ", encoding="euc_jp"), "2行目のバイト列「A5 AB A5 CA」は EUC-JP の「カナ」"),
        (content_of("契約", encoding="iso2022_jp"), "2行目のバイト列「1B 24 42」は ISO-2022-JP"),
        (content_of("契約", encoding="utf-16"), "UTF-16"),
        (content_of("契約", encoding="utf-16-le"), "UTF-16"),
        (content_of("契約", encoding="utf-16-be"), "UTF-16"),
        (bytes_in("見積", b"a\x00b"), "3行目のバイト列「00」は文字ではない"),
    ],
)  # fmt: skip
def test_what_could_be_rubbish_is_refused_with_line_and_bytes(content: bytes, says: str) -> None:
    told = refusal(content)
    assert says in told
    assert "保存し直してください" in told


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
@pytest.mark.parametrize("raw", [b"\xed\xa0\xb1", b"EX\xed\xa0\x81B", b"\xed\xb0\xb1", b"\xed\xbf\xbf"])
def test_half_a_pair_of_cesu_8_is_refused(raw: bytes, encoding: str) -> None:
    told = refusal(bytes_in("見積", raw, header=True, encoding=encoding))
    assert f"3行目のバイト列「{raw.removeprefix(b'EX')[:3].hex(' ').upper()}」" in told


@pytest.mark.parametrize(
    "text", ["Café", "¥100", "¥", "25°C", "αβγ", "İstanbul", "Gdańsk", "Москва", "3×4", "Ø 5", "± 5", "été"]
)
def test_letters_of_two_bytes_of_utf_8_between_cp932_are_refused(text: str) -> None:
    assert "3行目" in refusal(bytes_in("見積", text.encode(), header=True, encoding="cp932"))
    assert contracts(bytes_in("見積", text.encode(), header=True))[1] == text.replace("¥", "￥")


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        *(
            "Médias",
            "CAFÉ",
            "Straße",
            "Zürich",
            "Buyer’s",
            "don’t",
            "École",
            "Bär",
            "São Paulo",
            "Müller",
            "25°C",
        ),
        *(
            "£100",
            "©2018",
            "ABC™",
            "Citroën",
            "Rio–Tokyo",
            "“A” Ltd",
            "LYCÉE",
            "A\xa0B",
            "España",
            "€100",
            "Garçon",
        ),
    ],
)
def test_letters_of_windows_1252_are_refused(text: str, header: bool) -> None:
    told = contracts_or_refusal(bytes_in("見積", text.encode("cp1252"), header, "cp932"))
    assert "3行目" in told or "外字" in told


def contracts_or_refusal(content: bytes) -> str:
    """What is said of a file: the refusal, or its findings."""
    try:
        return " ".join(decode(content, "a.csv", LAYOUT).findings["message"])
    except Refusal as refused:
        return refused.message


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("カナ", "euc_jp"),
        ("けいやく", "euc_jp"),
        ("契約", "euc_jp"),
        ("合同", "gb18030"),
        ("訂購合同", "gb18030"),
        ("合約", "big5"),
        ("계약", "euc_kr"),
    ],
)
def test_encodings_of_neighbours_between_cp932_are_refused(text: str, encoding: str, header: bool) -> None:
    told = contracts_or_refusal(bytes_in("見積", text.encode(encoding), header, "cp932"))
    assert "3行目" in told or "外字" in told


@pytest.mark.parametrize("text", ["ﾅｼ", "FAXﾅｼ", "ﾃｽ"])
def test_half_width_katakana_between_utf_8_are_refused(text: str) -> None:
    assert f"「{text[-2:]}」" in refusal(bytes_in("見積", text.encode("cp932"), header=True))


def test_letters_that_cp932_has_twice_are_one() -> None:
    """Rows of NEC, their copies by NEC of what IBM added, and IBM's own."""
    for code, letter in {
        "8740": "①",
        "878a": "㈱",
        "fa58": "㈱",
        "eee0": "髙",
        "fbfc": "髙",
        "ed40": "纊",
    }.items():
        assert contracts(bytes_in("見積", bytes.fromhex(code), header=True, encoding="cp932"))[1] == letter


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        *(
            "ﾆｯﾎﾟﾝﾎﾞｳｴｷﾎｹﾝ",
            "A社PCﾌﾞﾋﾝ",
            "ｶ)ﾀﾞｲﾁｮｳ",
            "03ｰ1234",
            "A地区",
            "Tシャツ",
            "X線",
            "ｽｹｼﾞｭｰﾙA",
            "ﾌｧｯｸｽ",
            "ｳﾞｨﾄﾝ",
        ),
        *("A型", "B品", "No.1ﾌﾟﾗﾝﾄ", "･品名", "｢A｣1", "ﾃﾞｭｱﾙ", "B/L写", "aとb", "東京ｶﾌﾞｼｷ"),
    ],
)
def test_ordinary_half_width_katakana_are_read(text: str, header: bool) -> None:
    """In a file whose other cells say what it is in."""
    assert contracts(content_of("見積", text, header=header, encoding="cp932")) == ["見積", text]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("賣買契約書", "cp932"),
        ("纐纈", "cp932"),
        ("齋藤國男", "cp932"),
        ("驫龜鑑", "cp932"),
        ("麗澤", "cp932"),
        ("㈱", "utf-8"),
        ("№①", "utf-8"),
        ("A–1 ’18", "utf-8"),
        ("€100", "utf-8"),
        ("東京ｶﾌﾞｼｷ", "cp932"),
        ("𠮷野家", "utf-8"),
    ],
)
def test_ordinary_names_of_either_encoding_are_read(text: str, encoding: str, header: bool) -> None:
    assert contracts(content_of("EX-1", text, header=header, encoding=encoding)) == ["EX-1", text]


@pytest.mark.parametrize("text", ["ﾂｩ", "ﾃｽﾄｶﾌﾞｼｷｶﾞｲｼｬ", "ｱｲ", "Café" ])  # fmt: skip
def test_a_japanese_header_tells_what_half_width_letters_are(text: str) -> None:
    encoding = "utf-8" if text == "Café" else "cp932"
    assert contracts(content_of(text, header=True, encoding=encoding)) == [text]


def test_private_characters_of_cp932_are_named() -> None:
    decoded = decode(bytes_in("見積", b"\xf0\x40", header=True, encoding="cp932"), "a.csv", LAYOUT)
    assert decoded.findings.select("record", "code").rows() == [(2, "invalid-character")]
    assert "[U+E000]」に使えない文字U+E000(外字)" in decoded.findings["message"][0]


# ---------------------------------------------------------------------------------------------- trimmings


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"\x1a",
        lambda content: content.rstrip(b"\r\n") + b"\x1a\x1a\r\n",
        lambda content: b"\xef\xbb\xbf\xef\xbb\xbf\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\r\n1,", b"\r\n\xef\xbb\xbf1,", 1),
        lambda content: content.replace(b"EX-1", b'"\xef\xbb\xbfEX-1"'),
        lambda content: content.replace(b"EX-1", b'\xef\xbb\xbf"EX-1"'),
        lambda content: content.replace(b"\r\n", b"\r"),
        lambda content: content.replace(b"\r\n", b"\n", 1),
        lambda content: content.replace(b"\r\n", b"\r", 1),
        lambda content: content.replace(b"\r\n", b"\r\r\n"),
        lambda content: b"sep=,\r\n" + content,
        lambda content: content.replace(b"EX-1", b'="EX-1"').replace(b"EX-2", b'"=""EX-2"""'),
        lambda content: content.replace(b"20181206", b"2018/12/6 0:00"),
        lambda content: content.replace(b"20181206", b"2018-12-06 00:00:00"),
        lambda content: content.replace(b"20181206", b"\xc2\xa020181206\xe3\x80\x80"),
        lambda content: content.replace(b"EX-1", b"\xc2\xa0EX-1\xe2\x80\x83"),
    ],
)
def test_customary_trimmings_change_nothing(change) -> None:  # type: ignore[no-untyped-def]
    content = change(content_of("EX-1", "EX-2"))
    decoded = decode(content, "a.csv", LAYOUT)
    assert decoded.findings.is_empty()
    assert decoded.records["export_contract_no"].to_list() == ["EX-1", "EX-2"]
    days = decoded.records["last_shipment_date"].to_list()
    assert [day.replace("/12/6", "1206").replace("-", "") for day in days] == ["20181206"] * 2


def test_lines_are_counted_over_every_kind_of_end() -> None:
    lines = content_of("EX-1", "MARK", "EX-3").decode().split("\r\n")
    content = f"{lines[0]}\r{lines[1]}\n{lines[2].replace('MARK', chr(34) + 'a' + chr(10) + 'b' + chr(34))}\r\n{lines[3]}\r"
    assert decode(content.encode(), "a.csv", LAYOUT).records["line"].to_list() == [2, 3, 5]


@pytest.mark.parametrize(
    ("separator", "name"),
    [("\t", "タブ"), (";", "セミコロン"), ("|", "縦線"), ("，", "全角コンマ"), ("、", "読点")],
)
@pytest.mark.parametrize("header", [True, False])
def test_another_separator_is_one_refusal_that_says_so(separator: str, name: str, header: bool) -> None:
    content = content_of("EX-1", header=header, encoding="utf-8-sig").decode("utf-8-sig")
    assert f"区切りが{name}" in refusal(content.replace(",", separator).encode("utf-8-sig"))


def test_a_separator_line_of_another_sign_is_refused() -> None:
    assert "区切りがセミコロン" in refusal(b"sep=;\r\n" + content_of("EX-1"))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
@pytest.mark.parametrize(
    ("inside", "says"),
    [("EncryptedPackage", "パスワードで保護"), ("Workbook", "古い Excel 形式"), ("", "パスワード付きの Excel ファイルか、古い")],
)  # fmt: skip
def test_a_password_or_an_old_workbook_is_told_under_either_name(name: str, inside: str, says: str) -> None:
    assert says in refusal(OLE + inside.encode("utf-16-le"), name)


@pytest.mark.parametrize(
    ("head", "says"),
    [(b"%PDF-1.7\n", "PDF"), (b"\r\n<html>", "HTML"), (b"\x1f\x8b\x08", "圧縮"), (b'{"a":1}', "JSON")],
)
def test_other_content_under_the_name_of_a_csv_is_told(head: bytes, says: str) -> None:
    assert says in refusal(head + content_of("EX-1"))
    with pytest.raises(Refusal):
        csv_rows(head + content_of("EX-1"), "a.csv")


# ---------------------------------------------------------------------------------------------- bounds


def test_a_csv_is_bounded_before_it_is_parsed() -> None:
    good = content_of("EX-1")
    assert "行が多すぎます" in refusal(good + b"\n" * (2 * MOST_LINES + 1))
    header, row = good.decode().split("\r\n")[:2]
    wide = "," * (MOST_COLUMNS + 1)
    assert "列が多すぎます" in refusal(f"{header}{wide}\n{row}{wide}\n".encode())
    for value in ("x" * (MOST_CHARACTERS + 1), '"' + "x," * MOST_CHARACTERS + '"'):
        assert "2行目に32,767文字を超える値" in refusal(good.replace(b"EX-1", value.encode()))
