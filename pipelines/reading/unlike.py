"""Which rows of an upload do not look like data: asked when the number of records is not the declared one.

Nothing is left out because of it; the sender is told where to look.
"""

from collections.abc import Iterator
from itertools import islice

import polars as pl

from pipelines.reading.table import Decoded, columns_of
from schemas.characters import visible
from schemas.products import PROCESS_TYPES

MOST_NAMED = 3
_TOTALS = r"^[\s\-*【\[(]*(合計|小計|総計|累計|総合計|集計|平均|計|件数|total|subtotal|grand total|sum)([\s:】\])(]|$|金額|件数)"
_LEAST_FILLED = 3
"""So few cells, or a quarter of the usual number, are a title or a note."""
_LONGEST = 20


def unlike_data(decoded: Decoded) -> list[str]:
    """The first rows that look unlike data, each as words with its line: a title, a total, a second header, a note."""
    return list(islice(_found(decoded), MOST_NAMED))


def _found(decoded: Decoded) -> Iterator[str]:
    layout = decoded.layout
    if sum(field is not None for field in columns_of(decoded.header, layout)) <= 1:
        shown = next((title for title in decoded.header if title.strip()), "")
        yield f"最初の行「{_cut(shown)}」は見出しではありません"
    names = list(layout.names)
    filled = pl.sum_horizontal(pl.col(name).str.contains(r"\S").fill_null(False) for name in names)
    records = decoded.records.with_columns(filled.alias("filled"))
    first = pl.coalesce(pl.when(pl.col(name).str.contains(r"\S")).then(name) for name in names)
    usual = int(records["filled"].sort()[records.height // 2])
    titles = {name for field in layout.fields for name in (field.field, field.name_ja)}
    repeated = pl.sum_horizontal(pl.col(name).is_in(titles).fill_null(False) for name in names)
    total = pl.any_horizontal(pl.col(name).str.to_lowercase().str.contains(_TOTALS) for name in names)
    process_type = pl.col("process_type").is_in(list(PROCESS_TYPES)).fill_null(False)
    few = pl.col("filled") <= max(_LEAST_FILLED, usual // 4)
    kind = (
        pl.when(repeated >= 2)
        .then(pl.lit("もう一つの見出し"))
        .when(~process_type & total.fill_null(False))
        .then(pl.lit("合計の行"))
        .when(~process_type & few)
        .then(pl.when(pl.col("record") == 1).then(pl.lit("表題")).otherwise(pl.lit("注記か表題")))
        .when(~process_type)
        .then(pl.lit("処理種別のない行"))
    )
    strange = records.select("line", first.fill_null("").alias("shown"), kind.alias("kind")).filter(
        pl.col("kind").is_not_null()
    )
    # A file whose every row is so has another fault than rows too many.
    if strange.height < records.height or records.height == 1:
        for line, shown, words in strange.head(MOST_NAMED).iter_rows():
            yield f"{line}行目「{_cut(shown)}」は{words}"


def _cut(text: str) -> str:
    shown = " ".join(text.split())
    return visible(shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…")
