"""A small CSV of the upload's form as entries of the screen: its contracts one by one (contract §5).

Only for going on by hand: what is loaded is typed text and judged like it. Files that shall be sent as they are go
through the upload, where the pipeline reads them.
"""

import csv
import io
import unicodedata

from portal_stub.entries.tree import MOST_RECORDS, Tree, trees_of
from schemas.layouts import Layout
from schemas.products import PROCESS_TYPES

MOST_BYTES = 1_000_000
MOST_ENTRIES = 10
"""So many contracts at once; each of them becomes a screen of its own."""


class Unreadable(Exception):
    """The file cannot be loaded; the message tells why and what to do."""


def entries_of(content: bytes, layout: Layout) -> list[Tree]:
    """The contracts or notices of a CSV, as trees.

    Raises:
        Unreadable: no CSV of this layout, or too much of it for a screen.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(
            "ファイルが大きすぎます（1MBまで）。大きなファイルは、アップロードの画面で送信してください。"
        )
    try:
        rows = list(csv.reader(io.StringIO(_text(content), newline=""), strict=True))
    except csv.Error as error:
        raise Unreadable(
            "CSVとして読めません。引用符とコンマを確かめ、CSV形式で保存し直してください。"
        ) from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise Unreadable("データの行がありません。1行目に見出し、2行目からデータのあるCSVを選んでください。")
    names = {_plain(name): item.field for item in layout.fields for name in (item.field, item.name_ja)}
    header = [names.get(_plain(title), "") for title in rows[0]]
    if "process_type" not in header or len(set(header) - {""}) != len([name for name in header if name]):
        raise Unreadable(
            "見出しを読めません。1行目に、この保険の項目名（英語名または日本語名）を1つずつ書いてください。"
        )
    if len(rows) - 1 > MOST_RECORDS:
        raise Unreadable(
            f"レコードが多すぎます（{MOST_RECORDS}件まで）。大きなファイルは、アップロードの画面で送信してください。"
        )
    records = [{name: cell for name, cell in zip(header, row, strict=False) if name} for row in rows[1:]]
    found = trees_of(records, layout)
    if any(tree.process_type not in PROCESS_TYPES for tree in found):
        raise Unreadable("処理種別が1～5でないレコードがあります。直してから、もう一度読み込んでください。")
    if len(found) > MOST_ENTRIES:
        raise Unreadable(
            f"契約（通知）が{len(found)}件あります。一度に読み込めるのは{MOST_ENTRIES}件までです。"
            "分けて読み込むか、アップロードの画面で送信してください。"
        )
    return found


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable("文字を読めません。CSV（UTF-8またはShift_JIS）で保存し直したファイルを選んでください。")


def _plain(title: str) -> str:
    return unicodedata.normalize("NFKC", title).strip().casefold()
