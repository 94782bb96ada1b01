"""What may follow on what: agreements, limits and discounts of a load against the rows that stand already.

Only rows that are new or changed are judged, so that what was loaded under older rules can be loaded again. What is
wrong in itself (form, bounds, overlaps) is ``pipelines.reference``. Sources stand at each rule.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from pipelines.periods import insurance_year
from pipelines.reference import Reference, completed, typed_table
from schemas.products import Product
from schemas.reference import TABLES
from sensors.calendar import BusinessCalendar

MAX_SMALL_BUYER_TURNOVER = 100_000_000
"""Yen a year up to which buyers may be left out of 簡易 (Seed 004 簡易(1)2)."""
_LIMITS = {"limit_yen": "支払限度額", "pre_limit_yen": "船積前の支払限度額"}
_DAY = timedelta(days=1)

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Load:
    """Tables that somebody wants to load, and those that stand.

    ``offered``: canonical text in the order of the files. ``stored``: canonical text of all tables.
    """

    offered: Mapping[str, pl.DataFrame]
    stored: Mapping[str, pl.DataFrame]

    @cached_property
    def after(self) -> dict[str, pl.DataFrame]:
        """All tables as they would stand: offered rows win by key."""
        tables = {name: completed(name, text) for name, text in self.stored.items() if text.width}
        for name, text in self.offered.items():
            old = [tables[name]] if name in tables else []
            tables[name] = pl.concat([*old, completed(name, text)]).unique(
                list(TABLES[name].key), keep="last", maintain_order=True
            )
        return tables

    def states(self, name: str) -> pl.DataFrame:
        """The offered text of a table with ``line`` in its file and ``state``: ``new``, ``changed``, ``unchanged``."""
        text = completed(name, self.offered[name]).with_row_index("line", 2)
        key, columns = list(TABLES[name].key), TABLES[name].column_names
        old = self.stored.get(name)
        if old is None or not old.width:
            return text.with_columns(pl.lit("new").alias("state"))
        old = completed(name, old)
        there = old.select(*key, pl.lit(True).alias("there"))
        same = old.select(*columns, pl.lit(True).alias("same"))
        state = pl.when("same").then(pl.lit("unchanged")).when("there").then(pl.lit("changed"))
        return (
            text.join(there, on=key, how="left", maintain_order="left")
            .join(same, on=columns, how="left", maintain_order="left")
            .with_columns(state.otherwise(pl.lit("new")).alias("state"))
            .drop("there", "same")
        )

    def lines(self, name: str) -> dict[tuple[str, ...], int]:
        """Key of every new or changed row → its line in the file; the dates of keys as ISO text."""
        if name not in self.offered:
            return {}
        key = TABLES[name].key
        rows = self.states(name).filter(pl.col("state") != "unchanged").select("line", *key).iter_rows()
        return {tuple(values): line for line, *values in rows}


def refusals(load: Load, calendar: BusinessCalendar) -> list[str]:
    """Japanese sentences with file, line, key and remedy; empty when the load may be made."""
    periods = typed_table("agreements", load.after.get("agreements"))
    by_code = _grouped(periods.sort("valid_from"), "agreement_code")
    return [*_agreements(load, periods, by_code, calendar), *_increases(load, by_code)]


def cautions(load: Load, day: date) -> list[str]:
    """What may be loaded but should be looked at."""
    return [*_without_end(load), *_without_pre_limit(load, day)]


def _grouped(frame: pl.DataFrame, *key: str) -> dict[Any, list[dict[str, Any]]]:
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        groups[row[key[0]] if len(key) == 1 else tuple(row[name] for name in key)].append(row)
    return groups


# ---------------------------------------------------------------------------------------------- agreements


def _agreements(
    load: Load, periods: pl.DataFrame, by_code: Mapping[str, Rows], calendar: BusinessCalendar
) -> Iterable[str]:
    lines = load.lines("agreements")
    by_customer = _grouped(periods.filter(pl.lit(bool(lines))), "holder", "product")
    told: list[str] = []
    for code in dict.fromkeys(code for code, _ in lines):
        before = None
        for row in by_code[code]:
            line = lines.get((code, row["valid_from"].isoformat()))
            problems = [] if line is None else [*_alone(row, before is None, calendar)]
            if line is not None and row["discount_factor_num"] != row["discount_factor_den"]:
                problems += _too_new(row, by_customer[row["holder"], row["product"]], by_code)
            if line is None and before is not None:
                line = lines.get((code, before["valid_from"].isoformat()))
            if line is not None:
                problems += _gap(row, before)
            told += [f"agreements.csv {line}行目: 特約コード {code}: {problem}" for problem in problems]
            before = row
    return told


def _alone(row: Mapping[str, Any], first: bool, calendar: BusinessCalendar) -> Iterable[str]:
    """Begin of 企総 (E-001) and 簡易 (E-115); the exclusion of small buyers (E-119)."""
    start, product, turnover = row["valid_from"], row["product"], row["small_buyer_turnover_yen"]
    if product == Product.ENTERPRISE and start.day != 1:
        yield f"企業総合保険の特約は月の1日に始まります(valid_from {start})。1日の日付にしてください。"
    if (
        product == Product.SIMPLIFIED_NOTICE
        and first
        and calendar.first_year <= start.year <= calendar.last_year
    ):
        opening = calendar.on_or_after(start.replace(day=1))
        if start != opening:
            yield (
                f"簡易通知型包括保険は月の最初の営業日に締結します(valid_from {start})。"
                f"{opening} にしてください。"
            )
    if turnover is not None and turnover > MAX_SMALL_BUYER_TURNOVER:
        yield (
            f"少額取引バイヤーの除外(small_buyer_turnover_yen {turnover:,}円)は、"
            f"年間取引額{MAX_SMALL_BUYER_TURNOVER:,}円以下で設定してください。"
        )
    if turnover is not None and product != Product.SIMPLIFIED_NOTICE:
        yield (
            "少額取引バイヤーの除外(small_buyer_turnover_yen)は簡易通知型包括保険だけのオプションです。"
            "空欄にしてください。"
        )


def _gap(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterable[str]:
    """A renewal begins where the period before ends; 企総 and 簡易 run on without interruption (E-001, E-115)."""
    end = before and before["valid_to"]
    if end and row["valid_from"] > end + _DAY:
        yield (
            f"期間 {row['valid_from']}~ の前に空白があります(前の期間は {end} まで)。valid_from を {end + _DAY} にするか、"
            "間の期間の行を加えてください。いったん終わった特約には新しい特約コードを使ってください。"
        )


def _too_new(row: Mapping[str, Any], customers: Rows, by_code: Mapping[str, Rows]) -> Iterable[str]:
    """割引・割増 only after two years of the same product without a gap (E-071)."""
    start = _plus_months(row["valid_from"], -24)
    reached = start
    for first, last in sorted(_in_force(other, by_code[other["agreement_code"]]) for other in customers):
        if first <= reached <= last:
            reached = last + _DAY if last < date.max else date.max
    if reached < row["valid_from"]:
        yield (
            f"割引・割増(discount_factor)は、同じ保険種を2年以上続けて利用している保険利用者だけのものです"
            f"({start}~{row['valid_from'] - _DAY} に切れ目なく有効な特約がありません)。"
            "1にするか、過去の特約期間の行も読み込んでください。"
        )


def _in_force(row: Mapping[str, Any], periods: Rows) -> tuple[date, date]:
    """First and last day on which a period counts: a later period of the same code takes over."""
    later = [other["valid_from"] for other in periods if other["valid_from"] > row["valid_from"]]
    ends = [end for end in (row["valid_to"], min(later) - _DAY if later else None) if end]
    return row["valid_from"], min(ends) if ends else date.max


def _without_end(load: Load) -> Iterable[str]:
    for (code, start), line in load.lines("agreements").items():
        row = load.offered["agreements"].row(line - 2, named=True)
        if row["product"] == Product.ENTERPRISE and not row["valid_to"]:
            yield (
                f"agreements.csv {line}行目: 特約コード {code}({start}~)に valid_to がありません。"
                "企業総合保険の特約は1年です。毎年更新されるものとして扱います。"
            )


# ---------------------------------------------------------------------------------------------- limits


def _increases(load: Load, by_code: Mapping[str, Rows]) -> Iterable[str]:
    """Once per insurance year, and only later than three months after the last setting (E-055…E-057, E-132).

    What is set on the first day of an insurance year is that year's limit, no increase. A row that repeats the limit
    on any other day sets nothing.
    """
    lines = load.lines("buyer_registrations")
    if not lines:
        return
    rows = typed_table("buyer_registrations", load.after["buyer_registrations"]).sort("valid_from")
    pair = ["agreement_code", "buyer_code"]
    touched = pl.DataFrame([key[:2] for key in lines], schema=pair, orient="row").unique()
    several = rows.join(touched, on=pair, how="semi").filter(pl.struct(pair).is_duplicated())
    for (agreement, buyer), settings in _grouped(several, *pair).items():
        for column, name in _LIMITS.items():
            given = [(row["valid_from"], row[column]) for row in settings if row[column] is not None]
            changed = {day for day, _ in given if (agreement, buyer, day.isoformat()) in lines}
            for day, cause, problem in _one_too_many(given, by_code.get(agreement, []), name):
                if day in changed or cause in changed:
                    line = lines.get((agreement, buyer, (day if day in changed else cause).isoformat()))
                    yield (
                        f"buyer_registrations.csv {line}行目: 特約 {agreement} のバイヤー {buyer} の{problem}"
                    )


def _one_too_many(
    given: Sequence[tuple[date, int]], periods: Rows, name: str
) -> Iterable[tuple[date, date, str]]:
    """Day of each increase that may not be, the day of the setting that forbids it, and the sentence."""
    last, value = given[0] if given else (date.min, 0)
    raised: dict[tuple[date, date], date] = {}
    for day, limit in given[1:]:
        year = _year(periods, day)
        opens = year is not None and day == year[0]
        if limit > value and year and not opens:
            if year in raised:
                yield (
                    day,
                    raised[year],
                    (
                        f"{name}の増額({day})は保険年度({year[0]}~{year[1]})中1回に限ります({raised[year]} に増額済み)。"
                        "次の保険年度の初日からの設定にしてください。"
                    ),
                )
            elif day <= _plus_months(last, 3):
                yield (
                    day,
                    last,
                    (
                        f"{name}の増額({day})は、前回の設定日 {last} から3か月たつまでできません。"
                        f"valid_from を {_plus_months(last, 3)} より後にしてください。"
                    ),
                )
            raised.setdefault(year, day)
        if limit != value or opens:
            last, value = day, limit


def _year(periods: Rows, day: date) -> tuple[date, date] | None:
    """The insurance year of the period in force on a day."""
    begun = [row for row in periods if row["valid_from"] <= day]
    if not begun or (begun[-1]["valid_to"] and begun[-1]["valid_to"] < day):
        return None
    return insurance_year(begun[-1]["valid_from"], begun[-1]["valid_to"], day)


def _without_pre_limit(load: Load, day: date) -> Iterable[str]:
    """The option before shipment needs a limit of its own for every buyer whose rating needs one (E-133)."""
    if not {"agreements", "buyer_registrations"} & load.offered.keys():
        return
    tables = Reference.of(load.after)
    latest = (
        tables.table("buyer_registrations")
        .sort("valid_from")
        .unique(["agreement_code", "buyer_code"], keep="last")
        .filter(pl.col("pre_limit_yen").is_null() & ~pl.col("excluded"))
        .with_columns(pl.max_horizontal("valid_from", pl.lit(day)).alias("on"))
    )
    for table, key, take in (
        ("agreements", {"agreement_code": "agreement_code"}, {"product": "product", "option": "pre_shipment_cover"}),
        ("buyers", {"buyer_code": "buyer_code"}, {"rating": "rating"}),
        ("buyer_ratings", {"rating": "rating"}, {"required": "limit_required"}),
    ):  # fmt: skip
        latest = tables.look_up(latest, table, key, "on", take)
    missing = latest.filter(
        pl.col("option") & pl.col("required") & (pl.col("product") == str(Product.SIMPLIFIED_NOTICE))
    )
    counts = (
        missing.group_by("agreement_code").agg(pl.len(), pl.col("buyer_code").min()).sort("agreement_code")
    )
    for code, count, buyer in counts.iter_rows():
        yield (
            f"buyer_registrations.csv: 特約 {code} は船積前危険てん補オプション付きですが、船積前の支払限度額"
            f"(pre_limit_yen)のないバイヤーが{count:,}件あります(例 {buyer})。設定してください。"
        )


def _plus_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
