"""Reference tables as the rules see them: read from text, checked, typed, and looked up by date.

Which tables exist is ``schemas.reference``; where versions are kept is ``daicho.store.reference``.
"""

import io
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from hashlib import sha256
from math import prod
from typing import Any

import polars as pl

from pipelines.dated import DatedTable, different, joined_by_day
from pipelines.text import bare, halfwidth, is_wide, plain_date, scaled_integer
from schemas.money import MAX_FACTOR_TERM, MAX_YEN, MICRO
from schemas.products import Product
from schemas.reference import ALLOWED, TABLES, ReferenceColumn, ReferenceTable, builtin_rows

_CATEGORIES = "ABCDEFGH"
_FRACTION = r"^[0-9]{1,6}(\.[0-9]{1,6})?(/[0-9]{1,6}(\.[0-9]{1,6})?)?$"
_FORM = {
    "date": "日付(YYYYMMDD、YYYY-MM-DD、YYYY/MM/DD)",
    "yen": f"0から{MAX_YEN:,}までの整数(円)",
    "int": "0以上の整数",
    "flag": "0または1",
    "micro": "小数6桁以内の数",
    "fraction": "小数または分数(例 0.9、100/97.5)",
    "letters": "英大文字A~Hの並び",
    "component": "A、B、C、D、Pのいずれか",
    "product": "、".join(Product),
    "code": "半角の英数字",
}


class ReferenceProblems(Exception):
    """The tables cannot be loaded; ``problems`` are Japanese lines naming table, line and remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def builtin_tables() -> dict[str, pl.DataFrame]:
    """The tables a fresh home has, as canonical text."""
    return dict(_builtin_tables())


@cache
def _builtin_tables() -> dict[str, pl.DataFrame]:
    return canonical_tables(
        {name: pl.DataFrame(builtin_rows(name)) for name, table in TABLES.items() if table.builtin}
    )


def canonical_tables(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Text tables with one way to write each value, ready for an upsert by key.

    Args:
        tables: table name → frame of String columns, named as in contract §6.

    Raises:
        ReferenceProblems: with every problem of every table, so that one look mends all.
    """
    problems: list[str] = []
    result: dict[str, pl.DataFrame] = {}
    for name, frame in tables.items():
        if name not in TABLES:
            problems.append(
                f"{name}.csv: 参照表の名前ではありません。使える名前: {'、'.join(sorted(TABLES))}"
            )
            continue
        result[name] = _canonical(TABLES[name], frame, problems)
    if problems:
        raise ReferenceProblems(problems)
    return result


def _canonical(table: ReferenceTable, frame: pl.DataFrame, problems: list[str]) -> pl.DataFrame:
    frame = frame.rename({column: column.strip().lstrip("\ufeff") for column in frame.columns})
    missing = [c.name for c in table.columns if c.default is None and c.name not in frame.columns]
    if missing:
        problems.append(
            f"{table.name}.csv: 列 {'、'.join(missing)} がありません。見出し行を確かめてください。"
        )
        return frame
    unknown = [column for column in frame.columns if column not in table.column_names]
    if unknown:
        problems.append(
            f"{table.name}.csv: 知らない列 {'、'.join(unknown)} があります。列名を確かめてください。"
        )
    there = [name for name in table.column_names if name in frame.columns]
    wide = frame.select(is_wide(pl.col(name)).any() for name in there)
    forms = {name: halfwidth if wide[name].item() else bare for name in there}
    frame = frame.select(
        (forms[name](pl.col(name)) if name in forms else pl.lit(None, pl.String)).alias(name)
        for name in table.column_names
    )
    problems.extend(_problems_of_cells(table, frame))
    frame = frame.with_columns(
        _canonical_cell(column).fill_null(column.default or "").alias(column.name) for column in table.columns
    )
    twice = frame.filter(pl.struct(table.key).is_duplicated()).select(table.key).unique(maintain_order=True)
    for key in twice.iter_rows():
        problems.append(
            f"{table.name}.csv: キー {'、'.join(map(str, key))} が2行以上あります。1行にしてください。"
        )
    return frame


def _problems_of_cells(table: ReferenceTable, frame: pl.DataFrame) -> Iterator[str]:
    """What is wrong with cells, column by column; all are asked at once."""
    asked: dict[str, pl.Expr] = {}
    for column in table.columns:
        cell = pl.col(column.name)
        if column.default is None:
            asked[f"blank {column.name}"] = cell.is_null()
        asked[f"bad {column.name}"] = cell.is_not_null() & _canonical_cell(column).is_null()
        words = ALLOWED.get((table.name, column.name))
        if words:
            asked[f"word {column.name}"] = cell.is_not_null() & ~cell.is_in(words)
    for hit in frame.select(when.alias(what) for what, when in asked.items()):
        if not hit.any():
            continue
        what, _, name = hit.name.partition(" ")
        for n in hit.arg_true():
            yield _problem_of_cell(table, name, what, n + 2, frame.item(n, name))


def _problem_of_cell(table: ReferenceTable, name: str, what: str, line: int, value: str | None) -> str:
    place = f"{table.name}.csv {line}行目: {name} "
    if what == "blank":
        return f"{place}が空です。"
    if what == "bad":
        kind = next(column.kind for column in table.columns if column.name == name)
        return f"{place}の値「{value}」は{_FORM.get(kind, '')}ではありません。"
    return f"{place}の値「{value}」は使えません。使える値: {'、'.join(ALLOWED[table.name, name])}"


def _canonical_cell(column: ReferenceColumn) -> pl.Expr:
    """The cell in its one way of writing, null where the text is not of the column's kind."""
    cell = pl.col(column.name)
    if column.kind == "date":
        return plain_date(cell).dt.to_string("%Y-%m-%d")
    if column.kind in ("yen", "int"):
        plain = cell.str.replace_all(",", "")
        return pl.when(plain.str.contains(r"^[0-9]{1,13}$")).then(
            plain.cast(pl.Int64, strict=False).cast(pl.String)
        )
    if column.kind == "micro":
        number = scaled_integer(cell.str.replace_all(",", ""), 6)
        fraction = (number % 1_000_000).cast(pl.String).str.pad_start(6, "0").str.strip_chars_end("0")
        whole = (number // 1_000_000).cast(pl.String)
        return pl.when(fraction == "").then(whole).otherwise(pl.concat_str(whole, pl.lit("."), fraction))
    if column.kind == "fraction":
        return pl.when(cell.str.contains(_FRACTION)).then(cell)
    if column.kind == "flag":
        return pl.when(cell.is_in(["0", "1"])).then(cell)
    if column.kind == "letters":
        return pl.when(cell.str.contains(r"^[A-H]+$")).then(cell)
    if column.kind == "component":
        return pl.when(cell.str.to_uppercase().is_in(list("ABCDP"))).then(cell.str.to_uppercase())
    if column.kind == "product":
        return pl.when(cell.is_in([str(p) for p in Product])).then(cell)
    if column.kind == "code":
        return pl.when(cell.str.contains(r"^[0-9A-Za-z_-]+$")).then(cell)
    return cell


def _typed(table: ReferenceTable, frame: pl.DataFrame) -> pl.DataFrame:
    """Canonical text as typed columns; blanks are null. A fraction becomes ``<name>_num`` and ``<name>_den``."""
    expressions: list[pl.Expr] = []
    for column in table.columns:
        cell = pl.when(pl.col(column.name) != "").then(pl.col(column.name))
        if column.kind == "date":
            expressions.append(cell.str.to_date("%Y-%m-%d").alias(column.name))
        elif column.kind in ("yen", "int"):
            expressions.append(cell.cast(pl.Int64).alias(column.name))
        elif column.kind == "micro":
            expressions.append(scaled_integer(cell, 6).alias(column.name))
        elif column.kind == "flag":
            expressions.append((pl.col(column.name) == "1").alias(column.name))
        elif column.kind == "component":
            expressions.append(cell.str.to_lowercase().alias(column.name))
        elif column.kind == "fraction":
            top, bottom = cell.str.split("/").list.get(0), cell.str.split("/").list.get(1, null_on_oob=True)
            expressions.append(scaled_integer(top, 6).alias(f"{column.name}_num"))
            expressions.append(scaled_integer(bottom.fill_null("1"), 6).alias(f"{column.name}_den"))
        else:
            expressions.append(cell.alias(column.name))
    return frame.select(expressions)


def completed(name: str, text: pl.DataFrame) -> pl.DataFrame:
    """Stored text with every column that the table has today: what came later has its default in older rows."""
    columns = TABLES[name].columns
    return text.select(
        (
            pl.col(c.name).fill_null(c.default or "") if c.name in text.columns else pl.lit(c.default or "")
        ).alias(c.name)
        for c in columns
    )


def typed_table(name: str, text: pl.DataFrame | None) -> pl.DataFrame:
    """A table's canonical text as typed columns; an absent table is empty."""
    if text is None or not text.width:
        text = pl.DataFrame(schema=dict.fromkeys(TABLES[name].column_names, pl.String))
    return _typed(TABLES[name], completed(name, text))


def unusable_values(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """What is well written but cannot be in force: discounts beyond 30 %, zero divisors, overlapping periods,
    subsidiary exclusions with a gap (Seed 004 企総(2)), rates beyond 100 %. What may not follow on what stands already
    is ``pipelines.reference_rules``.

    Args:
        tables: canonical text of the tables as they would stand after the load.
    """
    problems: list[str] = []
    if "agreements" in tables:
        agreements = typed_table("agreements", tables["agreements"])
        too_low = pl.col("discount_factor_num") * 10 < pl.col("discount_factor_den") * 7
        for code in agreements.filter(too_low)["agreement_code"]:
            problems.append(
                f"agreements.csv: 特約コード {code} の割引は30%までです(discount_factor は0.7以上)。"
            )
        reversed_period = agreements.filter(pl.col("valid_to") < pl.col("valid_from"))
        for code in reversed_period["agreement_code"]:
            problems.append(f"agreements.csv: 特約コード {code} の valid_to が valid_from より前です。")
        ordered = agreements.sort("agreement_code", "valid_from").with_columns(
            pl.col("valid_from").shift(-1).over("agreement_code").alias("next_from")
        )
        for code in ordered.filter(pl.col("next_from") <= pl.col("valid_to"))["agreement_code"]:
            problems.append(
                f"agreements.csv: 特約コード {code} の期間が重なっています。valid_to を確かめてください。"
            )
        excluded = pl.col("subsidiary_excluded_categories")
        gaps = agreements.filter(excluded.is_not_null() & ~pl.lit(_CATEGORIES).str.starts_with(excluded))
        for code, letters in gaps.select("agreement_code", excluded).iter_rows():
            problems.append(
                f"agreements.csv: 特約コード {code} の子会社等の付保除外「{letters}」は使えません。"
                "AからHまでAから続けて書いてください(例 AB)。"
            )
        enterprise = agreements.filter(pl.col("product") == "enterprise")
        for row in enterprise.iter_rows(named=True):
            if row["floor_yen"] > 10_000_000:
                problems.append(
                    f"agreements.csv: 特約コード {row['agreement_code']} の裾切金額は0~10,000,000円で設定してください。"
                )
        too_long = enterprise.filter(pl.col("valid_to") >= pl.col("valid_from").dt.offset_by("1y"))
        for code in too_long["agreement_code"]:
            problems.append(f"agreements.csv: 特約コード {code} の期間は1年以内です。")
    if "rates" in tables:
        rates = typed_table("rates", tables["rates"])
        too_high = rates.filter(pl.max_horizontal("a", "b") > 100 * MICRO)
        for row in too_high.iter_rows(named=True):
            problems.append(
                f"rates.csv: {row['product']} {str(row['component']).upper()}"
                f"(国カテゴリー {row['country_category']}、格付 {row['buyer_rating']})の a、b は100以下(%)です。"
            )
    problems += _too_fine_factors(tables)
    for name in ("factors", "agreements"):
        if name in tables:
            column = "value" if name == "factors" else "discount_factor"
            typed = typed_table(name, tables[name])
            zero = typed.filter(pl.col(f"{column}_den") == 0)
            problems.extend(f"{name}.csv: {column} の分母が0です。" for _ in range(zero.height))
    return problems


def _too_fine_factors(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Components whose factors, all taken together, would have too many digits to stay exact."""
    worst: dict[tuple[str, str], dict[str, int]] = {}

    def see(product: str, component: str, factor: str, numerator: int, denominator: int) -> None:
        exact = Fraction(numerator, denominator or 1)
        seen = worst.setdefault((product, component), {})
        seen[factor] = max(seen.get(factor, 1), exact.numerator, exact.denominator)

    if "factors" in tables:
        for row in typed_table("factors", tables["factors"]).iter_rows(named=True):
            see(row["product"], row["component"], row["factor"], row["value_num"], row["value_den"])
    if "agreements" in tables:
        for row in typed_table("agreements", tables["agreements"]).iter_rows(named=True):
            see(row["product"], "d", "", row["discount_factor_num"], row["discount_factor_den"])
    return [
        f"factors.csv: {product} {component.upper()} の係数と割引を全て掛けると桁数が多すぎます。"
        "小数の桁を減らしてください。"
        for (product, component), terms in worst.items()
        if prod(terms.values()) > MAX_FACTOR_TERM
    ]


_TABLES_REMEMBERED = 128
"""Some loads' worth of them: premiums of earlier loads are recomputed in between."""
_tables: OrderedDict[tuple[str, bytes], DatedTable] = OrderedDict()


def _shorten(remembered: OrderedDict[Any, Any], most: int) -> None:
    while len(remembered) > most:
        with suppress(KeyError):  # another thread was quicker
            remembered.popitem(last=False)


def _dated_table(name: str, text: pl.DataFrame | None) -> DatedTable:
    """The typed table of a canonical text, remembered by what stands in it."""
    content = b""
    if text is not None and text.width:
        written = io.BytesIO()
        text.write_ipc(written)
        content = sha256(written.getbuffer()).digest()
    found = _tables.get((name, content))
    if found is None:
        found = _tables[name, content] = DatedTable(TABLES[name], typed_table(name, text))
        _shorten(_tables, _TABLES_REMEMBERED)
    return found


@dataclass(frozen=True)
class Reference:
    """All reference tables as of one load, typed, with look-ups by date.

    ``load_no`` is remembered with every premium: the same number gives the same tables for ever.
    """

    load_no: int
    text: Mapping[str, pl.DataFrame]

    @classmethod
    def of(cls, text: Mapping[str, pl.DataFrame], load_no: int = 0) -> "Reference":
        """From canonical text tables; a table that is absent is empty."""
        return cls(load_no, text)

    @cached_property
    def _tables(self) -> dict[str, DatedTable]:
        return {}

    def replaced(self, tables: Mapping[str, pl.DataFrame]) -> "Reference":
        """A world that is only supposed: these tables, but some of them exchanged, as canonical text.

        What was typed already is shared, so that many can be made of one load. It bears the number of the load that it
        was made of but is not that load: nothing is booked with it.
        """
        supposed = Reference(self.load_no, {**self.text, **tables})
        supposed._tables.update({name: self.dated(name) for name in TABLES if name not in tables})
        return supposed

    def dated(self, name: str) -> DatedTable:
        """The table, the same object for the same content: a key for what follows from it."""
        if name not in self._tables:
            self._tables[name] = _dated_table(name, self.text.get(name))
        return self._tables[name]

    def table(self, name: str) -> pl.DataFrame:
        """The typed table with all periods."""
        return self.dated(name).rows

    def in_force(self, name: str, days: pl.Series) -> pl.DataFrame:
        """Rows in force on each of the given days, with the day in column ``on``.

        Per key the row with the latest ``valid_from`` not after the day; an agreement whose ``valid_to`` is past
        is not in force, and no older period comes back to life.
        """
        table = self.dated(name)
        parts = [
            table.in_force(day).with_columns(pl.lit(day, pl.Date).alias("on")) for day in different(days)
        ]
        return (
            pl.concat(parts) if parts else table.rows.clear().with_columns(pl.lit(None, pl.Date).alias("on"))
        )

    def look_up(
        self, frame: pl.DataFrame, name: str, on: Mapping[str, str], day: str, take: Mapping[str, str]
    ) -> pl.DataFrame:
        """``frame`` with columns of a table joined on; rows and their order stay.

        Args:
            frame: any frame.
            name: the table.
            on: frame column → key column of the table.
            day: frame column (Date) that tells the day on which the row must be in force.
            take: new column name → column of the table; null where no row is in force.
        """
        table, keys = self.dated(name), list(on.values())
        return joined_by_day(frame, list(on), day, lambda one: table.keyed(one, keys), take)

    @cached_property
    def holidays(self) -> frozenset[Any]:
        """Days that are holidays by law or by the operator's own table."""
        days = pl.concat([self.table("law_holidays")["date"], self.table("holidays")["date"]])
        return frozenset(days.to_list())

    @cached_property
    def calendar_years(self) -> tuple[int, int]:
        """First and last year that the calendar of the law covers."""
        years = self.table("law_holidays")["date"].dt.year()
        if years.is_empty():
            return (9999, 0)
        return (int(years.min()), int(years.max()))  # type: ignore[arg-type]

    def codes(self, name: str, day: Any) -> set[str]:
        """The codes of a code list in force on a day."""
        key = TABLES[name].key[0]
        return set(self.in_force(name, pl.Series([day], dtype=pl.Date))[key].to_list())
