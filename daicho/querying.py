"""Read-only SQL over the published views with DuckDB (``daicho sql``).

The views are handed in as frames; files, network and settings are closed to the query, its time, memory and rows are
bounded.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import polars as pl

from daicho.expecting import expected_lately
from daicho.references import reference_of
from daicho.store import Store
from daicho.views import ledger_frame
from pipelines.cover_period import with_cover_period
from pipelines.limits import limit_use
from pipelines.yearly import PLAN, owed
from schemas.findings import SCHEMA as FINDINGS
from schemas.journal import YEARLY
from schemas.reference import TABLES
from schemas.submission import Refusal

_PIECE = 10_000
"""Rows that are fetched at once."""


def query(store: Store, sql: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Column names and rows of one SELECT.

    Raises:
        Refusal: ``sql`` for anything that is no single SELECT or that DuckDB cannot do, ``sql-bounds`` for what takes too
            long or tells too many rows.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "python_enable_replacements": "false",
            "memory_limit": f"{store.settings.sql_memory_mb}MB",
            "temp_directory": "",
        },
    )
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise Refusal("sql", "読取り専用です。SELECT 文を1つだけ指定してください。")
        words = {word.lower() for word in re.findall(r"[A-Za-z_]+", sql)}
        for name, frame in views(store).items():
            if name in words:
                connection.register(name, frame().to_arrow())
        connection.execute("SET lock_configuration = true")
        with _given_up_after(connection, store.settings.sql_seconds):
            return _told(connection.execute(statements[0]), store.settings.sql_rows)
    except duckdb.InterruptException as error:
        raise Refusal(
            "sql-bounds",
            f"{store.settings.sql_seconds}秒で終わらないため、やめました。条件を絞ってください(設定 sql_seconds)。",
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise Refusal(
            "sql-bounds",
            f"メモリ{store.settings.sql_memory_mb}MBに収まらないため、やめました。条件を絞ってください(設定 sql_memory_mb)。",
        ) from error
    except duckdb.Error as error:
        raise Refusal("sql", f"{_wrong(str(error))}\n使えるビュー: {', '.join(views(store))}") from error
    finally:
        connection.close()


@contextmanager
def _given_up_after(connection: duckdb.DuckDBPyConnection, seconds: int) -> Iterator[None]:
    """Interrupts what the connection does when it takes longer; DuckDB has no setting for that."""
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _told(result: duckdb.DuckDBPyConnection, most: int) -> tuple[list[str], list[dict[str, Any]]]:
    columns = [column[0] for column in result.description or []]
    rows: list[dict[str, Any]] = []
    while piece := result.fetchmany(_PIECE):
        rows += (dict(zip(columns, row, strict=True)) for row in piece)
        if len(rows) > most:
            raise Refusal(
                "sql-bounds", f"結果が{most:,}行を超えます。条件を絞るか、集計してください(設定 sql_rows)。"
            )
    return columns, rows


def views(store: Store) -> dict[str, Callable[[], pl.DataFrame]]:
    """The views by name; each is made only when a query names it."""
    return {
        "submissions": lambda: pl.DataFrame(
            store.events.submissions(store.clock.now()), infer_schema_length=None, schema=_SUBMISSIONS
        ),
        "findings": lambda: _findings(store),
        "ledger": lambda: with_cover_period(ledger_frame(store).collect(), reference_of(store)),
        "ledger_history": lambda: with_cover_period(
            ledger_frame(store, history=True).collect(), reference_of(store)
        ),
        "limit_use": lambda: _limit_use(store),
        "documents": lambda: pl.DataFrame(
            store.documents.find({}, store.clock.now()), schema=_DOCUMENTS, infer_schema_length=None
        ),
        "expected_notices": lambda: expected_lately(store),
        "yearly_premiums": lambda: _yearly(store),
        **{f"reference_{name}": lambda name=name: reference_of(store).table(name) for name in TABLES},  # type: ignore[misc]
    }


_SUBMISSIONS = {
    **dict.fromkeys(("submission_id", "product", "holder", "user", "file_name"), pl.String),
    "declared_count": pl.Int64,
    **dict.fromkeys(("received_at", "acceptance_date", "status"), pl.String),
    "held": pl.Boolean,
    **dict.fromkeys(("errors", "warnings", "premium_total_yen"), pl.Int64),
}
_DOCUMENTS = dict.fromkeys(
    (
        "document_id",
        "kind",
        "format",
        "path",
        "sha256",
        "holder",
        "submission_id",
        "unit",
        "created_at",
        "expires_at",
    ),
    pl.String,
)


def _yearly(store: Store) -> pl.DataFrame:
    """Yearly premiums of 簡易: those billed with their invoice, and those owed, ``state`` telling why they are not."""
    journal = store.journal.open().scan()
    billed = journal.filter(pl.col("entry") == YEARLY).select(
        *(
            "agreement_code",
            pl.col("policyholder_code").alias("holder"),
            pl.col("payer_code").alias("buyer_code"),
        ),
        *(
            "year_from",
            "year_until",
            pl.col("acceptance_date").alias("day"),
            "paid_limit_yen",
            "pre_limit_yen",
        ),
        pl.lit("billed").alias("state"),
        pl.col("payer_country").alias("buyer_country"),
        *("buyer_rating", "country_category", "rate_p", pl.col("days_pre").alias("days")),
        *(pl.col("base_pre_yen").alias("base_yen"), "premium_total", pl.col("ledger_id").alias("billing_id")),
        *(pl.format("INV-{}", "ledger_id").alias("invoice_no"), pl.col("booked_at").alias("billed_at")),
    )
    left = owed(reference_of(store), journal, store.clock.now().date())
    rows = pl.concat([billed.collect(), left.select(list(PLAN))], how="diagonal")
    return rows.sort("agreement_code", "year_from", "buyer_code", "day")


def _limit_use(store: Store) -> pl.DataFrame:
    """Payment limits and what is in use of them today."""
    lines = ledger_frame(store).filter(pl.col("stage") != "withdrawn").collect()
    return limit_use(lines, reference_of(store), store.clock.now().date())


def _findings(store: Store) -> pl.DataFrame:
    parts = [pl.DataFrame(schema={"submission_id": pl.String, **FINDINGS})]
    for submission_id in store.findings.submissions():
        frame = store.findings.read(submission_id)
        if frame is not None:
            parts.append(frame.select(pl.lit(submission_id).alias("submission_id"), *FINDINGS))
    return pl.concat(parts)


_WRONG = (
    (r'syntax error at or near "(.*?)"', r"「\1」の近くの書き方が正しくありません"),
    (r"syntax error at end of input", "文の終わりが足りません"),
    (r"Table with name (.*?) does not exist", r"表またはビュー「\1」はありません"),
    (r'Referenced (?:column|table) "(.*?)" not found', r"列または表「\1」はありません"),
    (r"Scalar Function with name (.*?) does not exist", r"関数「\1」はありません"),
    (r'Ambiguous reference to column name "(.*?)"', r"列「\1」がどの表のものか分かりません"),
    (
        r"column \"?(.*?)\"? must appear in the GROUP BY",
        r"列「\1」を GROUP BY に加えるか、集計関数に入れてください",
    ),
    (r"Could not convert string '(.*?)'", r"値「\1」を変換できません"),
    (r"(?i)permission error|disabled by configuration", "ほかのファイルや設定には触れられません"),
    (r"Conversion Error", "値を変換できません"),
    (r"Binder Error", "列や関数の型が合いません"),
)


def _wrong(said: str) -> str:
    """What is wrong with a query; the line of it at which DuckDB points stays."""
    words = next(
        (found.expand(text) for pattern, text in _WRONG if (found := re.search(pattern, said))), None
    )
    place = re.search(r"^LINE \d+:.*\n *\^", said, re.MULTILINE)
    shown = f"\n{place[0].replace('LINE ', '  行 ')}" if place else ""
    return f"SQLを実行できません。{words or 'SQLの書き方を確かめてください'}。{shown}"
