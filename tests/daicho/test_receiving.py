"""The door: what is refused at once, with which code, and that nothing of it stays but the refusal."""

import hashlib
import io
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from daicho.receiving import MAX_REMARKS
from tests import kit
from tests.homes import TUESDAY, USER, Home, Ran, contracts

ROWS = contracts("EX-0001")


def submit(
    home: Home,
    content: bytes | None = None,
    *more: str,
    now: str = TUESDAY,
    name: str = "upload.csv",
    **options: str,
) -> Ran:
    """``daicho submit --json`` of a good line; ``options`` replace what is told of it."""
    path = home.path.parent / name
    path.write_bytes(kit.csv_bytes(ROWS) if content is None else content)
    told = {"product": "enterprise", "holder": kit.HOLDER, "user": USER, "count": "1"} | options
    flags = [word for option, value in told.items() for word in (f"--{option}", value)]
    return home.cli("submit", str(path), *flags, *more, "--json", now=now)


def assert_only_refused(home: Home, ran: Ran, code: str, before: int = 0) -> dict[str, Any]:
    """The refusal is told and kept as one event; of the upload nothing is kept. The event."""
    assert ran.refused == code
    store = home.at()
    assert len(list(store.archive.hashes())) == before
    assert len(list(store.archive.receipt_numbers())) == before
    assert store.events.accounting()["received"] == before
    event = store.events.events(kind="refused")[-1]
    assert event["details"]["code"] == code
    assert event["reason"] == ran.json["refused"]["message"]
    assert event["submission_id"] is None
    assert event["actor"]
    return event


@pytest.mark.req("A-001")
@pytest.mark.parametrize("product", ["繊維", "textiles", "", "ENTERPRISE", "限度額設定型"])
def test_a_product_that_is_none_of_ours_is_refused(home: Home, product: str) -> None:
    event = assert_only_refused(home, submit(home, product=product), "unknown-product")
    assert event["details"]["product"] == product


@pytest.mark.parametrize("holder", ["12345678", "1234567890", "12345678X", "", "１２３４５６７８"])
def test_a_holder_is_nine_digits(home: Home, holder: str) -> None:
    assert_only_refused(home, submit(home, holder=holder, user=f"{holder}001"), "invalid-holder")


@pytest.mark.parametrize(
    "user", [kit.HOLDER, f"{kit.HOLDER}0001", f"{kit.MEMBER}001", f"{kit.HOLDER}ABC", ""]
)
def test_a_user_is_twelve_digits_that_begin_with_the_holder(home: Home, user: str) -> None:
    assert_only_refused(home, submit(home, user=user), "invalid-user")


@pytest.mark.req("A-009")
@pytest.mark.parametrize("count", ["0", "-1", "1.5", "1,0", "", "一", "abc", "1e3", "＋１", "9999999999"])
def test_a_count_is_an_integer_from_1(home: Home, count: str) -> None:
    ran = home.cli(
        "submit", str(home.file(ROWS)), "--product", "enterprise", "--holder", kit.HOLDER, "--user", USER,
        f"--count={count}", "--json",
    )  # fmt: skip
    assert_only_refused(home, ran, "invalid-count")


@pytest.mark.req("A-009")
def test_full_width_digits_count(home: Home) -> None:
    rows = contracts(*(f"EX-{n:04}" for n in range(12)))
    ran = submit(home, kit.csv_bytes(rows), count="１２")
    assert ran.code == 0
    assert home.status("S00000001")["declared_count"] == 12


@pytest.mark.req("A-007", "B-004")
@pytest.mark.parametrize(
    ("product", "row"), [("enterprise", kit.enterprise_row()), ("simplified-notice", kit.notice_row())]
)
@pytest.mark.parametrize("count", ["1", "3"])
def test_another_count_than_typed_is_refused_and_nothing_stored(
    home: Home, product: str, row: kit.Row, count: str
) -> None:
    ran = submit(home, kit.csv_bytes([row, row]), product=product, count=count)
    assert_only_refused(home, ran, "count-mismatch")
    assert f"({count}件)" in ran.json["refused"]["message"]
    assert "(2件)" in ran.json["refused"]["message"]
    assert home.decide() == []
    assert home.journal().is_empty()


@pytest.mark.req("A-008")
def test_blank_lines_and_the_header_do_not_count(home: Home) -> None:
    lines = kit.csv_bytes(contracts("EX-1", "EX-2", "EX-3")).decode().splitlines()
    text = "\r\n".join([lines[0], "", lines[1], ",,,", *lines[2:], "", "  ", ""])
    assert submit(home, text.encode(), count="3").code == 0
    assert home.status("S00000001")["declared_count"] == 3


@pytest.mark.req("A-010", "A-011", "B-005")
@pytest.mark.parametrize("product", ["enterprise", "simplified-notice"])
@pytest.mark.parametrize(
    "remarks",
    [
        "備" * 500,
        "a" * 500,
        unicodedata.normalize("NFD", "が") * 500,  # two code points each, one character
        "あ" * 498 + "\r\n" + "い",  # a line break is one, however it is written
        "𠮷" * 500,
        "",
    ],
)
def test_remarks_of_500_characters_are_taken_as_they_are(home: Home, product: str, remarks: str) -> None:
    content = kit.csv_bytes([kit.row_of(kit.Product(product))])
    assert submit(home, content, product=product, remarks=remarks).code == 0
    receipt = home.at().events.receipt("S00000001")
    assert receipt is not None
    assert receipt["remarks"] == remarks


@pytest.mark.req("A-010", "A-011", "B-005")
@pytest.mark.parametrize("product", ["enterprise", "simplified-notice"])
@pytest.mark.parametrize("remarks", ["備" * 501, "あ" * 499 + "\r\n" + "い", "a" * 600])
def test_the_501st_character_is_refused(home: Home, product: str, remarks: str) -> None:
    content = kit.csv_bytes([kit.row_of(kit.Product(product))])
    ran = submit(home, content, product=product, remarks=remarks)
    assert_only_refused(home, ran, "remarks-too-long")
    assert f"{MAX_REMARKS}文字" in ran.json["refused"]["message"]


@pytest.mark.req("A-012", "B-005")
@pytest.mark.parametrize("product", ["enterprise", "simplified-notice"])
def test_remarks_reach_the_insurer_and_change_neither_verdict_nor_premium(home: Home, product: str) -> None:
    import subprocess

    remarks = "契約発効日 2018-11-01 契約No. EX-9"
    plain_row, remarked_row = (
        kit.row_of(kit.Product(product), department_code=code) for code in ("D1", "D2")
    )
    if product == "enterprise":
        remarked_row["export_contract_no"] = "EX-2"
    submit(home, kit.csv_bytes([plain_row]), product=product)
    submit(home, kit.csv_bytes([remarked_row]), product=product, remarks=remarks)
    home.decide()
    home.print_papers()
    plain, remarked = (home.status(name) for name in ("S00000001", "S00000002"))
    same = ("status", "errors", "warnings", "premium_total_yen")
    assert [plain[name] for name in same] == [remarked[name] for name in same]
    (monitor,) = home.papers(TUESDAY, submission_id="S00000002", kind="monitor_list")
    shown = subprocess.run(["pdftotext", "-raw", monitor["path"], "-"], capture_output=True, check=True)
    assert remarks.replace(" ", "") in shown.stdout.decode().replace(" ", "").replace("\n", "")


WINDOWS = [
    # table C-T2
    ("2018-11-06T08:00:00", "2018-11-06"),
    ("2018-11-06T17:29:59", "2018-11-06"),
    ("2018-11-06T17:29:59.999999", "2018-11-06"),
    ("2018-11-06T17:30:00", "2018-11-07"),
    ("2018-11-06T19:59:59", "2018-11-07"),
    ("2018-11-02T18:00:00", "2018-11-05"),
    ("2018-11-22T19:59:59", "2018-11-26"),  # Friday is a holiday
    ("2018-12-28T17:30:00", "2019-01-04"),  # over the year end
    ("2018-11-06T00:30:00+00:00", "2018-11-06"),  # 9:30 in Tokyo, wherever the server stands
]


@pytest.mark.req("C-001", "C-002", "C-004", "C-005", "C-006", "C-010", "C-011", "C-014")
@pytest.mark.parametrize(("now", "day"), WINDOWS)
def test_the_window_decides_the_acceptance_day(home: Home, now: str, day: str) -> None:
    ran = submit(home, now=now)
    assert (ran.code, ran.json["acceptance_date"]) == (0, day)
    same_day = ran.json["received_at"][:10] == day
    assert ran.json["status"] == ("処理中" if same_day else "受付前")
    receipt = home.at().events.receipt("S00000001")
    assert receipt is not None
    assert receipt["window"] == ("same-day" if same_day else "next-business-day")


@pytest.mark.req("C-003", "C-004", "C-006", "C-007")
@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2018-11-06T07:59:59", "2018年11月06日"),
        ("2018-11-06T20:00:00", "2018年11月07日"),
        ("2018-11-06T23:59:59", "2018年11月07日"),
        ("2018-11-09T20:00:00", "2018年11月12日"),
        ("2018-11-10T10:00:00", "2018年11月12日"),  # Saturday
        ("2018-11-11T10:00:00", "2018年11月12日"),
        ("2018-11-23T10:00:00", "2018年11月26日"),  # 勤労感謝の日
        ("2018-12-29T10:00:00", "2019年01月04日"),
        ("2019-01-03T10:00:00", "2019年01月04日"),
    ],
)
def test_outside_the_hours_it_is_refused_and_the_next_opening_told(
    home: Home, now: str, opening: str
) -> None:
    ran = submit(home, now=now)
    assert_only_refused(home, ran, "outside-hours")
    assert opening in ran.json["refused"]["message"]


def test_a_day_beyond_the_calendar_is_refused_not_a_fault(home: Home) -> None:
    ran = submit(home, now="2099-11-06T10:00:00")
    assert ran.refused == "calendar-ended"
    assert "law_holidays.csv" in ran.json["refused"]["message"]


def _workbook(*rows: list[str]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("upload.csv", kit.csv_bytes(ROWS))
    return out.getvalue()


UNREADABLE = [
    ("empty.csv", b"", "empty-file"),
    ("blank.csv", b"\r\n \r\n,,,\r\n", "empty-file"),
    ("header.csv", kit.csv_bytes(ROWS).splitlines()[0], "empty-file"),
    ("empty.xlsx", b"", "empty-file"),
    ("header.xlsx", _workbook(list(kit.enterprise_row())), "empty-file"),
    ("no_rows.xlsx", _workbook(), "empty-file"),
    ("zip.csv", _zip(), "unreadable-file"),
    ("zip.xlsx", _zip(), "unreadable-file"),
    ("csv.xlsx", kit.csv_bytes(ROWS), "unreadable-file"),
    ("broken.xlsx", _workbook(["a"], ["b"])[:200], "unreadable-file"),
    ("utf16.csv", kit.csv_bytes(ROWS).decode().encode("utf-16"), "unreadable-file"),
    ("binary.csv", b"a,b\r\n\x00\x01\x02,\xff\r\n", "unreadable-file"),
    ("latin.csv", b"a,b\r\n\x80\xa0\xfd\xff,1\r\n", "unreadable-file"),
    ("quote.csv", b'a,b\r\n"1,2\r\n3,4\r\n', "unreadable-file"),
    ("text.txt", kit.csv_bytes(ROWS), "file-type"),
    ("old.xls", b"\xd0\xcf\x11\xe0", "file-type"),
    ("noending", kit.csv_bytes(ROWS), "file-type"),
]


@pytest.mark.parametrize(("name", "content", "code"), UNREADABLE, ids=[name for name, *_ in UNREADABLE])
def test_what_cannot_be_read_is_refused(home: Home, name: str, content: bytes, code: str) -> None:
    ran = submit(home, content, name=name)
    event = assert_only_refused(home, ran, code)
    assert event["details"]["file_name"] == name
    assert name in ran.json["refused"]["message"]


def test_a_missing_file_is_refused(home: Home, tmp_path: Path) -> None:
    arguments = ("--product", "enterprise", "--holder", kit.HOLDER, "--count", "1", "--json")
    for missing in (tmp_path / "none.csv", tmp_path):
        assert home.cli("submit", str(missing), "--user", USER, *arguments).refused == "unreadable-file"
        assert home.cli("check", str(missing), *arguments).refused == "unreadable-file"


@pytest.mark.req("A-057")
def test_limits_of_bytes_and_records_are_settings(home: Home) -> None:
    content = kit.csv_bytes(contracts("EX-1", "EX-2"))
    home.settings(max_bytes=len(content) - 1)
    assert_only_refused(home, submit(home, content, count="2"), "file-too-large")
    home.settings(max_bytes=len(content), max_records=1)
    assert_only_refused(home, submit(home, content, count="2"), "too-many-records")
    home.settings(max_bytes=len(content), max_records=2)
    assert submit(home, content, count="2").code == 0
    settings = home.at().settings
    home.settings()
    assert (home.at().settings.max_records, home.at().settings.max_bytes) == (1_000_000, 300_000_000)
    assert settings.max_records == 2


@pytest.mark.req("A-053")
def test_the_same_bytes_again_are_refused_unless_meant(home: Home) -> None:
    assert submit(home).code == 0
    waiting = submit(home)
    assert_only_refused(home, waiting, "identical-upload", before=1)
    assert "S00000001" in waiting.json["refused"]["message"]
    assert "--resend" in waiting.json["refused"]["message"]
    home.decide()
    assert submit(home).refused == "identical-upload", "booked as well as waiting"
    assert submit(home, now="2018-11-07T10:00:00").refused == "identical-upload", "on other days too"

    assert submit(home, None, "--resend").json["submission_id"] == "S00000002"
    home.decide()
    assert home.findings("S00000002") == [(1, "export_contract_no", "already-insured")]
    assert home.status("S00000002")["status"] == "申請内容要確認"
    assert home.journal().height == 1


@pytest.mark.req("A-053")
def test_the_same_bytes_of_another_holder_or_product_are_another_upload(home: Home) -> None:
    assert submit(home).code == 0
    assert submit(home, holder=kit.MEMBER, user=f"{kit.MEMBER}001").code == 0
    assert submit(home, product="simplified-notice").code == 0


@pytest.mark.req("C-019", "A-053")
def test_after_a_rejection_the_same_bytes_may_come_again_as_a_new_submission(home: Home) -> None:
    rejected = kit.csv_bytes(contracts("EX-1", payer_code="999999999"))
    assert submit(home, rejected).code == 0
    home.decide()
    assert home.status("S00000001")["status"] == "申請内容要確認"
    assert submit(home, rejected).json["submission_id"] == "S00000002"
    home.decide()
    assert home.status("S00000001")["status"] == "申請内容要確認", "it never returns to 処理中"
    assert home.status("S00000002")["status"] == "申請内容要確認"


@pytest.mark.req("C-012")
def test_before_its_day_a_submission_cannot_be_taken_back(home: Home) -> None:
    assert submit(home, now="2018-11-06T18:00:00").json["status"] == "受付前"
    by = ("--by", "山田", "--reason", "取下げ")
    for decision in ("--refuse", "--release"):
        ran = home.cli("decide", "S00000001", decision, *by, "--json", now="2018-11-06T18:30:00")
        assert ran.refused == "not-held"
    assert home.decide("2018-11-07T08:00:00") == ["S00000001"]
    assert home.status("S00000001")["status"] == "処理完了"


@pytest.mark.req("A-028")
def test_the_receipt_keeps_what_was_handed_in(home: Home) -> None:
    content = kit.csv_bytes(ROWS)
    submit(home, content, remarks="備考㈱", name="十一月分①.csv")
    receipt = home.at().archive.read_receipt(1)
    assert receipt == {
        "receipt_no": 1,
        "submission_id": "S00000001",
        "product": "enterprise",
        "holder": kit.HOLDER,
        "user": USER,
        "file_name": "十一月分①.csv",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "declared_count": 1,
        "counted": 1,
        "remarks": "備考㈱",
        "resend": False,
        "channel": "cli",
        "source": None,
        "received_at": "2018-11-06T10:00:00+09:00",
        "acceptance_date": "2018-11-06",
        "window": "same-day",
        "layout_version": 1,
        "reading_version": 2,
    }
    assert home.at().archive.get_bytes(receipt["sha256"]) == content


def test_names_and_remarks_in_another_encoding_are_made_readable(home: Home) -> None:
    # A file that a Windows program named, and words typed in a CP932 terminal.
    name = "十一月分.csv".encode("cp932").decode("utf-8", "surrogateescape")
    remarks = "備考".encode("cp932").decode("utf-8", "surrogateescape")
    ran = submit(home, name=name, remarks=remarks)
    assert ran.code == 0, ran.err
    receipt = home.at().events.receipt("S00000001")
    assert receipt is not None
    assert (receipt["file_name"], receipt["remarks"]) == ("十一月分.csv", "備考")
    refused = submit(home, b"", name=name)
    assert refused.refused == "empty-file"
    assert "十一月分.csv" in refused.json["refused"]["message"]
    assert home.cli("submit", name, "--product", "enterprise", "--holder", kit.HOLDER, "--user", USER,
                    "--count", "1", "--json").refused == "unreadable-file"  # fmt: skip
