"""The desk's CSV files of contracts on paper and of losses: their layout, and how a file is judged (I-005, I-021).

All problems of a file are told at once, each with its place and what to do. What is done with good rows is ``rules``.
The layout is version 1; columns are found by their headings, in any order.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from portal_stub.accounts.fields import FIRST_YEAR, LAST_YEAR, in_jis_x_0213
from portal_stub.accounts.models import Agreement, Holder
from portal_stub.buyers.models import Buyer, Country
from portal_stub.feed.models import AgreementPeriod, Policyholder
from portal_stub.inquiries.finding import STAGES
from portal_stub.inquiries.kinds import KINDS, LEDGER_KINDS

VERSION = 1
MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 50_000
MOST_TOLD = 100
"""So many problems are told in full; of the others only how many there are."""
MOST_YEN = 9_999_999_999_999
_LONGEST_SHOWN = 30
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffd]")
_DAY = re.compile(r"([0-9]{4})([-/]?)([0-9]{2})\2([0-9]{2})")
_YEN = re.compile(r"[0-9]{1,13}|[0-9]{1,3}(?:,[0-9]{3}){1,4}")
_AMOUNT = re.compile(r"(?:[0-9]{1,13}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,2})?")
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{0,19}")


class Wrong(Exception):
    """What is wrong with a cell and what to do, in words."""


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().upper()


def _matching(pattern: str, advice: str) -> Callable[[str], str]:
    wanted = re.compile(pattern)

    def take(text: str) -> str:
        value = _narrow(text)
        if not wanted.fullmatch(value):
            raise Wrong(advice)
        return value

    return take


def _chosen(words: Mapping[str, str]) -> Callable[[str], str]:
    by_word = {_narrow(label): key for key, label in words.items()} | {_narrow(key): key for key in words}

    def take(text: str) -> str:
        found = by_word.get(_narrow(text))
        if found is None:
            raise Wrong(f"「{'」「'.join(words.values())}」のどれかを記入してください。")
        return found

    return take


def _day(text: str) -> date:
    found = _DAY.fullmatch(_narrow(text))
    try:
        day = date(int(found[1]), int(found[3]), int(found[4])) if found else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Wrong("暦にある日付を、20260401 か 2026-04-01 の形で記入してください。")
    return day


def _yen(text: str) -> int:
    value = _narrow(text)
    if not _YEN.fullmatch(value):
        raise Wrong("円の単位の数字（13桁以内、小数なし）で記入してください。")
    return int(value.replace(",", ""))


def _amount(text: str) -> Decimal:
    value = _narrow(text)
    if not _AMOUNT.fullmatch(value):
        raise Wrong("整数13桁・小数2桁以内の数字で記入してください。")
    return Decimal(value.replace(",", ""))


def _flag(text: str) -> bool:
    value = _narrow(text)
    if value not in {"0", "1"}:
        raise Wrong("1（はい）か 0（いいえ）を記入してください。")
    return value == "1"


def _words(limit: int) -> Callable[[str], str]:
    def take(text: str) -> str:
        value = text.strip()
        if _CONTROL.search(value) or not in_jis_x_0213(value):
            raise Wrong(
                "使えない文字（機種依存文字・絵文字・改行など）があります。別の文字に直してください。"
            )
        if len(value) > limit:
            raise Wrong(f"{limit}文字以内にしてください（現在{len(value)}文字）。")
        return value

    return take


@dataclass(frozen=True)
class Column:
    """A column of a file: name of the value, heading, how a cell is taken, whether it must be there and filled.

    ``empty``: what an empty cell of an optional column stands for.
    """

    name: str
    label: str
    take: Callable[[str], Any]
    form: str
    """What to write, for the table on the page."""
    required: bool = True
    empty: Any = ""


_CONTRACT = (
    Column("holder", "保険利用者コード", _matching(r"[0-9]{9}", "9桁の数字で記入してください。"), "9桁"),
    Column("kind", "保険種", _chosen(KINDS), "、".join(KINDS.values())),
    Column(
        "number",
        "証券番号",
        _matching(_NUMBER.pattern, "半角の英数字とハイフンで、20文字以内にしてください。"),
        "半角英数字とハイフン20文字以内",
    ),
    Column(
        "agreement",
        "特約コード",
        _matching(r"[0-9]{9}", "9桁の数字で記入してください。"),
        "9桁。台帳・通知の保険種では必須",
        required=False,
    ),
    Column("country", "国コード", _matching(r"[0-9]{3}", "3桁の数字で記入してください。"), "3桁"),
    Column("buyer", "バイヤーコード", _matching(r"[0-9]{9}", "9桁の数字で記入してください。"), "9桁"),
)
_LAST = (
    Column("remarks", "備考", _words(100), "全角100文字以内", required=False),
    Column("cancelled", "取消", _flag, "誤って登録した行を取り消すときは1", required=False, empty=False),
)
LAYOUTS: dict[str, tuple[Column, ...]] = {
    "contracts": (
        *_CONTRACT,
        Column("subject", "貨物・案件", _words(60), "全角60文字以内", required=False),
        Column("concluded_on", "保険契約締結日", _day, "YYYYMMDD"),
        Column("ends_on", "保険責任終了日", _day, "YYYYMMDD"),
        Column(
            "currency",
            "通貨",
            _matching(r"[A-Z]{3}", "ISO 4217の3文字（例: USD）で記入してください。"),
            "3文字（例: USD）",
        ),
        Column("amount", "契約金額", _amount, "整数13桁・小数2桁以内"),
        Column("insured_yen", "保険金額（円）", _yen, "13桁以内"),
        Column("premium_yen", "保険料（円）", _yen, "13桁以内"),
        Column("long_term", "中長期", _flag, "1（中長期）か 0"),
        *_LAST,
    ),
    "losses": (
        Column(
            "loss_no",
            "事故番号",
            _matching(_NUMBER.pattern, "半角の英数字とハイフンで、20文字以内にしてください。"),
            "半角英数字とハイフン20文字以内",
        ),
        *_CONTRACT,
        Column("stage", "区分", _chosen(STAGES), "、".join(STAGES.values())),
        Column("cause", "事由", _words(60), "全角60文字以内"),
        Column("happened_on", "発生日", _day, "YYYYMMDD"),
        Column("told_on", "損失等発生通知日", _day, "YYYYMMDD", required=False, empty=None),
        Column("loss_yen", "損失額（円）", _yen, "13桁以内", required=False, empty=None),
        Column("claimed_yen", "保険金請求額（円）", _yen, "13桁以内", required=False, empty=None),
        Column("paid_on", "保険金支払日", _day, "YYYYMMDD", required=False, empty=None),
        Column("paid_yen", "支払保険金（円）", _yen, "13桁以内", required=False, empty=None),
        Column("recovered_yen", "回収額（円）", _yen, "13桁以内", required=False, empty=None),
        *_LAST,
    ),
}
KEYS = {"contracts": ("holder", "kind", "number"), "losses": ("holder", "loss_no")}
"""What names a row; the same again is a change of it."""
TITLES = {"contracts": "書面の保険契約", "losses": "事故"}


@dataclass
class Judged:
    """What was found in a file: its rows, or why it cannot be taken."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    more: int = 0
    """Problems beyond those that are told."""

    def fault(self, words: str) -> None:
        """One more problem."""
        if len(self.problems) < MOST_TOLD:
            self.problems.append(words)
        else:
            self.more += 1


def judge(kind: str, stream: BinaryIO) -> Judged:
    """Reads a file of a kind through; UTF-8 or CP932, first line the headings."""
    judged = Judged()
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        judged.fault(f"ファイルが大きすぎます。{MOST_BYTES // 1024**2}MB以内に分けてください。")
        return judged
    try:
        text = _decoded(content)
    except UnicodeDecodeError:
        judged.fault("文字コードがUTF-8でもShift_JIS（CP932）でもありません。CSVとして保存し直してください。")
        return judged
    if "\x00" in text:
        judged.fault("CSVファイルではありません。表計算ソフトでCSVとして保存し直してください。")
        return judged
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        _read(kind, reader, judged)
    except csv.Error:
        judged.fault(f"{reader.line_num}行目: CSVとして読めません。引用符を確かめて、保存し直してください。")
    return judged


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp932")


def _read(kind: str, reader: Any, judged: Judged) -> None:
    columns = _headings(kind, next(reader, []), judged)
    if columns is None:
        return
    seen: dict[tuple[Any, ...], int] = {}
    known = _Known()
    rows = 0
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        rows += 1
        if rows > MOST_ROWS:
            judged.fault(f"{MOST_ROWS:,}行を超えています。ファイルを分けてください。")
            return
        line = reader.line_num
        row = _row(kind, columns, cells, line, judged)
        if row is None:
            continue
        key = tuple(row[name] for name in KEYS[kind])
        if key in seen:
            judged.fault(f"{line}行目: {seen[key]}行目と同じ{_key_words(kind)}です。1行にしてください。")
        seen.setdefault(key, line)
        for words in known.faults(row):
            judged.fault(f"{line}行目{words}")
        judged.rows.append(row)
    if not rows:
        judged.fault("データの行がありません。見出しの下に行のあるファイルを選んでください。")


def _key_words(kind: str) -> str:
    labels = {column.name: column.label for column in LAYOUTS[kind]}
    return "・".join(labels[name] for name in KEYS[kind])


def _headings(kind: str, cells: list[str], judged: Judged) -> list[Column | None] | None:
    """The columns in the order of the file; None when a column is missing without which no row can be read."""
    by_label = {_narrow(column.label): column for column in LAYOUTS[kind]}
    found = [by_label.get(_narrow(cell)) for cell in cells]
    named = [column for column in found if column is not None]
    missing = [column.label for column in LAYOUTS[kind] if column.required and column not in named]
    unknown = [cell.strip()[:_LONGEST_SHOWN] for cell, column in zip(cells, found, strict=True) if not column]
    if missing:
        judged.fault(f"1行目: 見出し「{'」「'.join(missing)}」がありません。見出しを確かめてください。")
    if unknown:
        told = "」「".join(unknown[:10])
        judged.fault(f"1行目: 見出し「{told}」は使えません。下の表の見出しにするか、列を除いてください。")
    if len(named) != len(set(named)):
        judged.fault("1行目: 同じ見出しが2つ以上あります。1つにしてください。")
    return None if missing else found


def _row(
    kind: str, columns: list[Column | None], cells: list[str], line: int, judged: Judged
) -> dict[str, Any] | None:
    """The values of a line; None when some of them could not be taken."""
    if len(cells) != len(columns):
        judged.fault(
            f"{line}行目: 列の数が見出し（{len(columns)}）と違います（{len(cells)}）。行を確かめてください。"
        )
        return None
    row: dict[str, Any] = {column.name: column.empty for column in LAYOUTS[kind]}
    good = True
    for column, cell in zip(columns, cells, strict=True):
        if column is None:
            continue
        if not cell.strip():
            if column.required:
                judged.fault(f"{line}行目「{column.label}」: 空欄です。{column.form}で記入してください。")
                good = False
            continue
        try:
            row[column.name] = column.take(cell)
        except Wrong as wrong:
            judged.fault(f"{line}行目「{column.label}」: 「{_shown(cell)}」。{wrong}")
            good = False
    return row if good else None


def _shown(cell: str) -> str:
    text = _CONTROL.sub("", cell).strip()
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


class _Known:
    """What codes there are, asked once per code: they repeat from row to row."""

    def __init__(self) -> None:
        self._countries = set(Country.objects.values_list("code", flat=True))
        self._asked: dict[tuple[str, ...], bool] = {}

    def faults(self, row: Mapping[str, Any]) -> Iterator[str]:
        """What does not fit with what is known, or within the row; each begins with the column."""
        holder, agreement = row["holder"], row.get("agreement", "")
        if not self._is(("holder", holder)):
            yield f"「保険利用者コード」: 「{holder}」は登録されていません。コードを確かめてください。"
        if row["country"] not in self._countries:
            yield f"「国コード」: 「{row['country']}」はありません。コードを確かめてください。"
        if not self._is(("buyer", row["buyer"])):
            yield f"「バイヤーコード」: 「{row['buyer']}」は海外商社名簿にありません。コードを確かめてください。"
        if agreement and not self._is(("agreement", holder, agreement)):
            yield f"「特約コード」: 「{agreement}」は保険利用者 {holder} の特約ではありません。確かめてください。"
        if not agreement and row["kind"] in LEDGER_KINDS:
            yield f"「特約コード」: 空欄です。{KINDS[row['kind']]}では、特約コードを記入してください。"
        for first, last, words in (
            ("concluded_on", "ends_on", "「保険責任終了日」: 保険契約締結日より前です。"),
            ("happened_on", "told_on", "「損失等発生通知日」: 発生日より前です。"),
            ("happened_on", "paid_on", "「保険金支払日」: 発生日より前です。"),
        ):
            if row.get(first) and row.get(last) and row[last] < row[first]:
                yield f"{words}日付を確かめてください。"

    def _is(self, what: tuple[str, ...]) -> bool:
        if what not in self._asked:
            self._asked[what] = self._look(*what)
        return self._asked[what]

    @staticmethod
    def _look(what: str, code: str, second: str = "") -> bool:
        if what == "holder":
            return (
                Holder.objects.filter(code=code).exists() or Policyholder.objects.filter(code=code).exists()
            )
        if what == "buyer":
            return bool(Buyer.objects.filter(code=code).exists())
        return bool(
            Agreement.objects.filter(holder__code=code, code=second).exists()
            or AgreementPeriod.objects.filter(holder=code, code=second).exists()
        )
