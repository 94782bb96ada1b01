"""A small CSV of the upload's form as entries of the screen: its contracts one by one (contract §5).

Only for going on by hand: what is loaded is typed text and judged like it. Files that shall be sent as they are go
through the upload, where the pipeline reads them.
"""

from portal_stub.entries.tree import MOST_RECORDS, Tree, trees_of
from portal_stub.pipeline.typed_records import records_of
from schemas.layouts import Layout
from schemas.products import PROCESS_TYPES
from schemas.submission import Refusal

MOST_BYTES = 1_000_000
MOST_ENTRIES = 10
"""So many contracts at once; each of them becomes a screen of its own."""


class Unreadable(Exception):
    """The file cannot be loaded; the message tells why and what to do."""


def entries_of(content: bytes, file_name: str, layout: Layout) -> list[Tree]:
    """The contracts or notices of a CSV, as trees.

    Raises:
        Unreadable: no CSV of this layout, or too much of it for a screen.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(
            "ファイルが大きすぎます（1MBまで）。大きなファイルは、アップロードの画面で送信してください。"
        )
    try:
        fields, records = records_of(content, layout.product, file_name)
    except Refusal as refusal:
        raise Unreadable(refusal.message) from refusal
    if "process_type" not in fields:
        raise Unreadable(
            "見出しを読めません。1行目に、この保険の項目名（英語名または日本語名）を1つずつ書いてください。"
        )
    if len(records) > MOST_RECORDS:
        raise Unreadable(
            f"レコードが多すぎます（{MOST_RECORDS}件まで）。大きなファイルは、アップロードの画面で送信してください。"
        )
    found = trees_of(records, layout)
    if any(tree.process_type not in PROCESS_TYPES for tree in found):
        raise Unreadable("処理種別が1～5でないレコードがあります。直してから、もう一度読み込んでください。")
    if len(found) > MOST_ENTRIES:
        raise Unreadable(
            f"契約（通知）が{len(found)}件あります。一度に読み込めるのは{MOST_ENTRIES}件までです。"
            "分けて読み込むか、アップロードの画面で送信してください。"
        )
    return found
