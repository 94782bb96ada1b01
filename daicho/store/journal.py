"""The journal: the one append-only Delta table of bookings, 照合 and 確定, with a hash chain over its rows.

It assigns numbers and hashes and makes concurrent commits fail; what is in a row and whether it may be booked
is decided by ``pipelines`` before. ``eventlog`` is the other half of the truth.

**The chain.** ``commit_hash`` = SHA-256 over prev_hash and then every row of the commit in order of
journal_no, each row as its canonical text and a record separator (U+001E). The canonical text is, for every
column but prev_hash and commit_hash in order of name: name, ``=``, value, unit separator (U+001F); null
columns are left out, so that a column added later changes no old hash. Values are shown as text (instants as
microseconds since 1970 UTC, dates as ISO, booleans as true/false), with ``\\``, U+001F and U+001E in them
escaped. The rows are hashed, not the files: compaction does not touch the chain.
"""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from deltalake import DeltaTable

from daicho.store import lake
from daicho.store.lake import Lake, LakeConflict
from schemas.reasons import of_fault

NAME = "journal"
GENESIS = "0" * 64
"""prev_hash of the first commit."""

ASSIGNED = ("journal_no", "commit_no", "prev_hash", "commit_hash")
"""Columns that the journal fills; a frame to append need not have them."""

_HASHES = ("prev_hash", "commit_hash")
_CHUNK_ROWS = 50_000  # × ~80 columns × ~20 bytes: under 100 MB of text at once
_MAX_ATTEMPTS = 200


class JournalConflict(Exception):
    """A concurrent commit came first; nothing was written. Start over on a fresh snapshot."""


class JournalDamaged(Exception):
    """The journal's numbers contradict each other; the message is Japanese."""


@dataclass(frozen=True)
class ChainProblem:
    """One thing that is not in order; ``commit_no`` is None when it concerns the whole journal."""

    code: str
    commit_no: int | None
    message: str


class Journal:
    """The table ``journal`` in the lake, partitioned by ``entry``.

    ``schema`` names every column and its polars type, the ASSIGNED ones and ``entry`` included. Floating
    point has no place in it.
    """

    def __init__(self, lake_: Lake, schema: Mapping[str, pl.DataType]) -> None:
        missing = {*ASSIGNED, "entry"} - set(schema)
        if missing:
            raise ValueError(f"the journal's schema lacks {sorted(missing)}")
        floats = [name for name, dtype in schema.items() if dtype.is_float()]
        if floats:
            raise ValueError(f"floating point columns in the journal: {floats}")
        self._lake = lake_
        self.schema = dict(schema)

    def open(self) -> "Snapshot":
        """The journal as it is now; later commits of others do not show in it."""
        statistics: list[str] = [
            name
            for name in (
                "commit_no",
                "journal_no",
                "receipt_no",
                "submission_id",
                "acceptance_date",
                "submitter",
            )
            if name in self.schema
        ]
        return Snapshot(self._lake.open(NAME, self.schema, ["entry"], statistics), self.schema)

    def commit(self, build: Callable[["Snapshot"], pl.DataFrame | None], entry: str) -> "Snapshot":
        """Appends what ``build`` makes of the present snapshot; starts over when another commit came first.

        ``build`` is called once per attempt and must judge everything (is it booked already? which number is
        next?) on the snapshot it is given. None or no rows: nothing to do. Returns the snapshot after it.
        """
        for attempt in range(_MAX_ATTEMPTS):
            snapshot = self.open()
            frame = build(snapshot)
            if frame is None or frame.is_empty():
                return snapshot
            try:
                return snapshot.append(frame, entry)
            except JournalConflict:
                # Each conflict means that somebody else got on; a little disorder keeps us apart.
                time.sleep(random.uniform(0, min(attempt + 1, 10) / 50))
        raise JournalConflict(
            f"記帳が {_MAX_ATTEMPTS} 回続けて競合しました。時間をおいて再度実行してください。"
        )

    def compact(self) -> None:
        """Puts the many small files of single commits together; rows and chain stay."""
        lake.compact(self._lake.open(NAME, self.schema, ["entry"], []))

    def verify_chain(self) -> list[ChainProblem]:
        """Recomputes every number and hash of the journal; an empty list when all is in order."""
        snapshot = self.open()
        problems: list[ChainProblem] = []
        try:
            problems.extend(snapshot.problems())
        except (OSError, pl.exceptions.PolarsError) as error:
            problems.append(
                ChainProblem("unreadable", None, f"台帳のファイルを読めません: {of_fault(error)}")
            )
        return problems


class Snapshot:
    """One version of the journal. ``version`` is Delta's, for diagnosis only."""

    def __init__(
        self,
        table: DeltaTable,
        schema: Mapping[str, pl.DataType],
        last: tuple[int, int, str] | None = None,
    ) -> None:
        self._table = table
        self._schema = schema
        self.version: int = table.version()
        self._frame = lake.scan(table, schema)
        self._last = last

    def scan(self) -> pl.LazyFrame:
        """All rows of this version, in no order, in the types of the journal's schema."""
        return self._frame

    def last(self) -> tuple[int, int, str]:
        """(commit_no, journal_no, commit_hash) of the last commit; (0, 0, GENESIS) of an empty journal.

        Cheap at any size: the log knows the last commit, its statistics the file in which it is.
        """
        if self._last is None:
            self._last = self._read_last()
        return self._last

    def append(self, frame: pl.DataFrame, entry: str) -> "Snapshot":
        """Appends the rows in their order as one commit and returns the snapshot with it.

        Columns of the schema that ``frame`` lacks are null. This snapshot may be read afterwards, but no more
        be appended to.

        Raises:
            JournalConflict: another commit came since this snapshot was opened; nothing was written.
            ValueError: no rows, or columns that the journal does not know.
        """
        if frame.is_empty():
            raise ValueError("nothing to append")
        unknown = set(frame.columns) - set(self._schema)
        if unknown:
            raise ValueError(f"columns unknown to the journal: {sorted(unknown)}")
        commit_no, journal_no, prev_hash = self.last()
        commit_no += 1
        numbered = (
            frame.with_columns(
                pl.lit(None, dtype=dtype).alias(name)
                for name, dtype in self._schema.items()
                if name not in frame.columns
            )
            .with_columns(
                pl.lit(entry).alias("entry"),
                pl.lit(commit_no, dtype=pl.Int64).alias("commit_no"),
                (pl.int_range(pl.len(), dtype=pl.Int64) + journal_no + 1).alias("journal_no"),
                pl.lit(prev_hash).alias("prev_hash"),
            )
            .select(pl.col(name).cast(dtype) for name, dtype in self._schema.items())
        )
        commit_hash = _hash_of(prev_hash, [numbered])
        hashed = numbered.with_columns(pl.lit(commit_hash).alias("commit_hash"))
        try:
            table = lake.append(self._table, hashed, NAME, commit_no)
        except LakeConflict as error:
            raise JournalConflict("他の処理が先に記帳しました。") from error
        return Snapshot(table, self._schema, (commit_no, journal_no + frame.height, commit_hash))

    def problems(self) -> Iterator[ChainProblem]:
        """Everything in this version that breaks numbering or chain, by commit."""
        # Also columns that only another version of this program knows: they are in the hashes.
        rows = lake.scan(self._table, {**lake.stored_schema(self._table), **self._schema})
        commits = (
            rows.group_by(pl.col("commit_no").fill_null(0))
            .agg(
                pl.len().alias("rows"),
                pl.col("journal_no").min().fill_null(0).alias("first"),
                pl.col("journal_no").max().fill_null(0).alias("last"),
                pl.col("journal_no").n_unique().alias("numbers"),
                *(pl.col(name).n_unique().alias(f"{name}es") for name in _HASHES),
                *(pl.col(name).first() for name in _HASHES),
            )
            .sort("commit_no")
            .collect(engine="streaming")
            .to_dicts()
        )
        expected_no, expected_first, expected_prev = 1, 1, GENESIS
        for commit, computed in zip(commits, _commit_hashes(rows, commits), strict=True):
            number = commit["commit_no"]
            if number != expected_no:
                yield ChainProblem(
                    "commit-missing", expected_no, f"記帳 {expected_no} から {number} の前までがありません。"
                )
            dense = commit["rows"] == commit["numbers"] == commit["last"] - commit["first"] + 1
            if not dense or commit["first"] != expected_first:
                yield ChainProblem("numbers-not-dense", number, f"記帳 {number} の行番号が続いていません。")
            if commit["prev_hashes"] != 1 or commit["commit_hashes"] != 1:
                yield ChainProblem(
                    "hash-not-uniform", number, f"記帳 {number} の行ごとにハッシュが異なります。"
                )
            if commit["prev_hash"] != expected_prev:
                yield ChainProblem("chain-broken", number, f"記帳 {number} が前の記帳につながっていません。")
            if commit["commit_hash"] != computed:
                yield ChainProblem(
                    "rows-changed", number, f"記帳 {number} の行の内容がハッシュと一致しません。"
                )
            expected_no, expected_first = number + 1, commit["last"] + 1
            expected_prev = commit["commit_hash"]
        logged = lake.last_number(self._table, NAME)
        if logged != expected_no - 1:
            yield ChainProblem(
                "end-missing",
                None,
                f"記帳は {logged} まであるはずですが、{expected_no - 1} までしかありません。",
            )

    def _read_last(self) -> tuple[int, int, str]:
        commit_no = lake.last_number(self._table, NAME)
        if commit_no == 0:
            return 0, 0, GENESIS
        found = (
            self._frame.filter(pl.col("commit_no") == commit_no)
            .select(pl.col("journal_no").max(), pl.col("commit_hash").first())
            .collect()
            .row(0)
        )
        if found[0] is None:
            raise JournalDamaged(
                f"台帳の最後の記帳 {commit_no} の行がありません。daicho verify で確認してください。"
            )
        return commit_no, found[0], found[1]


def canonical_text(rows: pl.DataFrame) -> pl.Series:
    """The text of every row that the chain hashes (see the module).

    >>> canonical_text(pl.DataFrame({"b": ["x", None], "a": [1, 2]})).to_list()
    ['a=1\\x1fb=x\\x1f', 'a=2\\x1f']
    """
    texts = [
        pl.concat_str(pl.lit(f"{name}="), _as_text(name, dtype), pl.lit("\x1f"))
        for name, dtype in sorted(rows.schema.items())
        if name not in _HASHES
    ]
    return rows.select(pl.concat_str(texts, ignore_nulls=True).alias("text")).to_series()


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.String:
        return column.str.replace_many(["\\", "\x1f", "\x1e"], ["\\\\", "\\u", "\\r"])
    if isinstance(dtype, pl.Datetime):
        return column.dt.timestamp("us").cast(pl.String)
    return column.cast(pl.String)


def _hash_of(prev_hash: str, pieces: Iterable[pl.DataFrame]) -> str:
    digest = hashlib.sha256(prev_hash.encode())
    for piece in pieces:
        for chunk in piece.iter_slices(_CHUNK_ROWS):
            for text in canonical_text(chunk):
                digest.update(text.encode())
                digest.update(b"\x1e")
    return digest.hexdigest()


def _commit_hashes(rows: pl.LazyFrame, commits: list[dict[str, Any]]) -> Iterator[str]:
    """The hash of every commit, recomputed from its rows; big commits in pieces, small ones together."""
    number, journal_no = pl.col("commit_no"), pl.col("journal_no")
    for group in _groups(commits):
        if len(group) == 1:
            commit = group[0]
            pieces = (
                _collect(rows, (number == commit["commit_no"]) & journal_no.is_between(low, high))
                for low, high in _ranges(commit["first"], commit["last"])
            )
            yield _hash_of(commit["prev_hash"], pieces)
            continue
        together = _collect(rows, number.is_between(group[0]["commit_no"], group[-1]["commit_no"]))
        parts = together.partition_by("commit_no", as_dict=True)
        for commit in group:
            yield _hash_of(commit["prev_hash"], [parts.get((commit["commit_no"],), together.clear())])


def _collect(rows: pl.LazyFrame, condition: pl.Expr) -> pl.DataFrame:
    return rows.filter(condition).collect().sort("journal_no")


def _groups(commits: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Neighbouring commits of together at most a chunk of rows."""
    group: list[dict[str, Any]] = []
    rows = 0
    for commit in commits:
        if group and rows + commit["rows"] > _CHUNK_ROWS:
            yield group
            group, rows = [], 0
        group.append(commit)
        rows += commit["rows"]
    if group:
        yield group


def _ranges(first: int, last: int) -> Iterator[tuple[int, int]]:
    for low in range(first, last + 1, _CHUNK_ROWS):
        yield low, min(low + _CHUNK_ROWS - 1, last)
