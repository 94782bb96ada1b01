"""Reference tables as somebody uploads them: what can be told of a file before the pipeline judges it.

Encoding, header and number of rows; what the values mean is the pipeline's to say (contract §6).
"""

import csv
import io
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from schemas.reference import TABLES

NAMES = {
    "policyholders": "保険利用者",
    "agreements": "特約",
    "buyers": "バイヤー",
    "buyer_registrations": "バイヤー登録・支払限度額",
    "country_categories": "国カテゴリー",
    "rates": "料率",
    "factors": "係数",
    "exchange_rates": "換算率",
    "holidays": "臨時の休業日",
    "law_holidays": "国民の祝日",
    "settlement_methods": "決済方法",
    "notice_limits": "内容変更等通知期限",
    "return_bases": "返還の計算方法",
    "period_bands": "期間帯",
    "excluded_goods": "対象外の貨物",
    "buyer_ratings": "バイヤー格付",
    "cover": "てん補範囲",
    "cover_ratios": "付保率",
    "process_types": "処理種別",
    "change_reasons": "変更理由",
    "contract_forms": "契約形態",
    "notice_kinds": "通知の種類",
}
"""Words of the tables; one that has none is shown by its own name."""
MOST_BYTES = 100 * 1024 * 1024
"""All files of one load together."""


@dataclass
class Looked:
    """What was seen in one file."""

    table: str
    file_name: str
    rows: int = 0
    columns: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """As it is kept with the draft."""
        words = NAMES.get(self.table, "")
        return {"table": self.table, "name": words, "rows": self.rows, "columns": self.columns}


def table_of(file_name: str) -> str | None:
    """The table that a file is named after."""
    stem, dot, ending = file_name.rpartition(".")
    return stem if dot and ending.lower() == "csv" and stem in TABLES else None


def look_at(table: str, file_name: str, stream: BinaryIO) -> Looked:
    """Reads a file through once."""
    looked = Looked(table, file_name)
    try:
        text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
        _count(looked, text)
        text.detach()
    except UnicodeDecodeError:
        looked.problems.append(
            f"{file_name}: 文字コードがUTF-8ではありません。UTF-8のCSVで保存してください。"
        )
    except csv.Error:
        looked.problems.append(
            f"{file_name}: CSVとして読めません。改行と引用符を確かめ、UTF-8のCSVで保存し直してください。"
        )
    return looked


def _count(looked: Looked, text: io.TextIOWrapper) -> None:
    reader = csv.reader(text)
    looked.columns = [column.strip() for column in next(reader, [])]
    known = TABLES[looked.table]
    missing = [c.name for c in known.columns if c.default is None and c.name not in looked.columns]
    unknown = [name for name in looked.columns if name not in known.column_names]
    name = looked.file_name
    if not looked.columns:
        looked.problems.append(f"{name}: 空のファイルです。見出し行のあるファイルを選んでください。")
    elif missing:
        looked.problems.append(f"{name}: 列 {'、'.join(missing)} がありません。見出し行を確かめてください。")
    if unknown:
        looked.problems.append(
            f"{name}: 知らない列 {'、'.join(column[:40] for column in unknown[:10])} があります。列名を確かめてください。"
        )
    if len(set(looked.columns)) != len(looked.columns):
        looked.problems.append(f"{name}: 同じ名前の列が2つ以上あります。1つにしてください。")
    for row in reader:
        if not row:
            continue
        looked.rows += 1
        if len(row) != len(looked.columns) and len(looked.problems) < 5:
            looked.problems.append(
                f"{name} {reader.line_num}行目: 列の数が見出し（{len(looked.columns)}）と違います（{len(row)}）。"
            )
    if looked.columns and not looked.rows:
        looked.problems.append(f"{name}: データの行がありません。行のあるファイルを選んでください。")
