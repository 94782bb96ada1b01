"""The journal: numbers without gaps, one writer wins, and a hash chain that tells every change."""

import hashlib
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable

from daicho.store import lake
from daicho.store.journal import GENESIS, Journal, JournalConflict, canonical_text
from daicho.store.lake import Lake
from tests.store import workers
from tests.store.made import JOURNAL_SCHEMA, NINE


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(Lake(str(tmp_path / "lake")), JOURNAL_SCHEMA)


def lines(submission_id: str, count: int = 2, **columns: Any) -> pl.DataFrame:
    return pl.DataFrame(
        {"submission_id": [submission_id] * count, "record": list(range(1, count + 1)), **columns},
        schema_overrides={name: JOURNAL_SCHEMA[name] for name in columns},
    )


def codes(journal: Journal) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.commit_no) for problem in journal.verify_chain()]


def data_files(journal: Journal) -> list[Path]:
    """The Parquet files of the present version, by commit."""
    table = DeltaTable(journal._lake.table_uri("journal"))
    paths = [Path(uri) for uri in table.file_uris()]
    return sorted(paths, key=lambda path: pl.read_parquet(path)["commit_no"].min())  # type: ignore[arg-type,return-value]


def rewrite(path: Path, change: pl.Expr) -> None:
    """Tampers: changes values in a stored file, and its size in the log so that it is still read."""
    before = path.stat().st_size
    pl.read_parquet(path, hive_partitioning=False).with_columns(change).write_parquet(path)
    log = path.parents[1] / "_delta_log"
    entry = next(entry for entry in log.glob("*.json") if path.name in entry.read_text())
    entry.write_text(entry.read_text().replace(f'"size":{before},', f'"size":{path.stat().st_size},'))


# ---------------------------------------------------------------------------------------------- appending


def test_a_fresh_journal_is_empty_and_in_order(journal: Journal) -> None:
    snapshot = journal.open()
    assert snapshot.last() == (0, 0, GENESIS)
    assert snapshot.scan().collect().is_empty()
    assert dict(snapshot.scan().collect_schema()) == JOURNAL_SCHEMA
    assert journal.verify_chain() == []


def test_rows_come_back_numbered_hashed_and_in_their_types(journal: Journal) -> None:
    frame = lines(
        "S00000001",
        text_00=["００\\x", None],
        acceptance_date=[date(2018, 11, 6)] * 2,
        booked_at=[NINE, None],
        days_pre=[30, None],
        live=[True, None],
        premium_total=[9_999_999_999_999, 0],
    )
    snapshot = journal.open().append(frame, "booking")
    stored = journal.open().scan().sort("journal_no").collect()
    assert dict(stored.schema) == JOURNAL_SCHEMA
    assert stored["journal_no"].to_list() == [1, 2]
    assert stored["commit_no"].to_list() == [1, 1]
    assert stored["entry"].to_list() == ["booking"] * 2
    assert stored["prev_hash"].to_list() == [GENESIS] * 2
    assert stored.select(frame.columns).equals(frame)
    assert stored["booked_at"].to_list() == [NINE, None]
    commit_hash = stored["commit_hash"][0]
    assert stored["commit_hash"].to_list() == [commit_hash] * 2
    assert snapshot.last() == journal.open().last() == (1, 2, commit_hash)


def test_every_commit_goes_on_where_the_last_one_ended(journal: Journal) -> None:
    first = journal.open().append(lines("S00000001", 3), "booking")
    second = first.append(lines("S00000002", 1), "reconciliation")
    assert second.scan().sort("journal_no").select("journal_no", "commit_no", "entry").collect().rows() == [
        (1, 1, "booking"),
        (2, 1, "booking"),
        (3, 1, "booking"),
        (4, 2, "reconciliation"),
    ]
    assert second.scan().filter(pl.col("commit_no") == 2).collect()["prev_hash"][0] == first.last()[2]
    assert journal.verify_chain() == []


def test_the_hash_is_what_the_module_says(journal: Journal) -> None:
    """An independent computation in plain Python, with every kind of value and what must be escaped."""
    snapshot = journal.open().append(
        lines(
            "S1",
            text_01=["a\\b\x1fc\x1ed", "東京"],
            booked_at=[NINE, None],
            acceptance_date=[date(2018, 11, 6), None],
            live=[True, False],
            days_pre=[None, -1],
        ),
        "booking",
    )
    us, rs = "\x1f", "\x1e"
    text = (
        GENESIS
        + f"acceptance_date=2018-11-06{us}booked_at=1541462400000000{us}commit_no=1{us}entry=booking{us}"
        + f"journal_no=1{us}live=true{us}record=1{us}submission_id=S1{us}text_01=a\\\\b\\uc\\rd{us}{rs}"
        + f"commit_no=1{us}days_pre=-1{us}entry=booking{us}journal_no=2{us}live=false{us}record=2{us}"
        + f"submission_id=S1{us}text_01=東京{us}{rs}"
    )
    assert snapshot.last()[2] == hashlib.sha256(text.encode()).hexdigest()


def test_different_rows_have_different_texts() -> None:
    tricky = [
        {"a": "1", "b": "2"},
        {"a": "1\x1fb=2", "b": None},
        {"a": "1\\ub=2", "b": None},
        {"a": "", "b": "2"},
        {"a": None, "b": "2"},
        {"a": "null", "b": "2"},
        {"a": "1\x1e", "b": "2"},
        {"a": "1\\r", "b": "2"},
        {"a": "1\n", "b": "2"},
        {"a": "１", "b": "2"},
        {"a": "1 ", "b": "2"},
    ]
    texts = canonical_text(pl.DataFrame(tricky, schema={"a": pl.String, "b": pl.String})).to_list()
    assert len(set(texts)) == len(tricky)
    assert not any("\x1e" in text for text in texts)


def test_hashing_in_pieces_is_hashing_at_once(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.open().append(lines("S00000001", 10), "booking").append(lines("S00000002", 3), "booking")
    assert journal.verify_chain() == []
    for rows in (1, 3, 4, 13):
        monkeypatch.setattr("daicho.store.journal._CHUNK_ROWS", rows)
        assert journal.verify_chain() == []


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (lines("S1", 0), "nothing to append"),
        (lines("S1").with_columns(colour=pl.lit("red")), "unknown to the journal: \\['colour'\\]"),
    ],
)
def test_what_does_not_fit_is_not_appended(journal: Journal, frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        journal.open().append(frame, "booking")
    assert journal.open().last() == (0, 0, GENESIS)


def test_a_value_of_the_wrong_type_is_not_appended(journal: Journal) -> None:
    with pytest.raises(pl.exceptions.InvalidOperationError):
        journal.open().append(lines("S1").with_columns(premium_total=pl.lit("1,000")), "booking")
    assert journal.open().last() == (0, 0, GENESIS)


def test_a_schema_with_floats_or_without_the_chain_is_no_journal(tmp_path: Path) -> None:
    place = Lake(str(tmp_path))
    with pytest.raises(ValueError, match="floating point columns in the journal: \\['rate'\\]"):
        Journal(place, JOURNAL_SCHEMA | {"rate": pl.Float64()})
    with pytest.raises(ValueError, match="lacks \\['entry', 'prev_hash'\\]"):
        Journal(place, {n: t for n, t in JOURNAL_SCHEMA.items() if n not in ("entry", "prev_hash")})


# ---------------------------------------------------------------------------------------------- concurrency


def test_a_stale_snapshot_cannot_append_and_writes_nothing(journal: Journal) -> None:
    early, late = journal.open(), journal.open()
    early.append(lines("S00000001"), "booking")
    with pytest.raises(JournalConflict):
        late.append(lines("S00000002"), "booking")
    with pytest.raises(JournalConflict):
        late.append(lines("S00000002"), "booking")
    assert late.scan().collect().is_empty()
    assert journal.open().scan().collect()["submission_id"].to_list() == ["S00000001"] * 2
    assert journal.verify_chain() == []


def test_a_snapshot_appends_once_and_still_shows_its_own_version(journal: Journal) -> None:
    first = journal.open()
    second = first.append(lines("S00000001"), "booking")
    with pytest.raises(JournalConflict):
        first.append(lines("S00000002"), "booking")
    assert first.scan().collect().is_empty()
    assert first.last() == (0, 0, GENESIS)
    assert second.scan().collect().height == 2
    assert second.append(lines("S00000002"), "booking").scan().collect().height == 4


def test_commit_starts_over_on_a_fresh_snapshot_after_a_conflict(journal: Journal) -> None:
    seen: list[int] = []

    def build(snapshot: Any) -> pl.DataFrame:
        seen.append(snapshot.last()[0])
        if len(seen) < 3:
            journal.open().append(lines(f"other-{len(seen)}"), "booking")
        return lines("mine")

    after = journal.commit(build, "booking")
    assert seen == [0, 1, 2]
    assert after.last()[:2] == (3, 6)
    assert after.scan().filter(pl.col("submission_id") == "mine").collect().height == 2
    assert journal.verify_chain() == []


def test_commit_of_nothing_writes_nothing(journal: Journal) -> None:
    for nothing in (None, lines("S1", 0)):
        assert journal.commit(lambda _, nothing=nothing: nothing, "booking").last()[0] == 0  # type: ignore[misc]
    assert journal.open().version == 0


def test_an_endless_conflict_ends_with_a_message(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daicho.store.journal._MAX_ATTEMPTS", 2)

    def build(_: Any) -> pl.DataFrame:
        journal.open().append(lines("other"), "booking")
        return lines("mine")

    with pytest.raises(JournalConflict, match="2 回続けて競合しました"):
        journal.commit(build, "booking")
    assert "mine" not in journal.open().scan().collect()["submission_id"]


def test_an_unknown_fault_while_committing_is_no_conflict(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(lake, "write_deltalake", fail)
    with pytest.raises(OSError, match="disk full"):
        journal.commit(lambda _: lines("S1"), "booking")


def test_whoever_is_second_to_make_the_table_uses_the_first_ones(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between finding no table and making one, another process makes it and books."""
    create = DeltaTable.create

    def overtaken(*arguments: Any, **named: Any) -> DeltaTable:
        with monkeypatch.context() as patched:
            patched.setattr(DeltaTable, "create", create)
            journal.open().append(lines("first"), "booking")
        return create(*arguments, **named)

    monkeypatch.setattr(DeltaTable, "create", overtaken)
    second = journal.open()
    assert second.last()[:2] == (1, 2)
    assert second.append(lines("second"), "booking").last()[:2] == (2, 4)
    assert journal.verify_chain() == []


def test_processes_appending_at_once_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    told = workers.together(workers.book_some, tmp_path, None, processes=3, each=6)
    journal = Journal(Lake(str(tmp_path / "lake")), JOURNAL_SCHEMA)
    stored = journal.open().scan().sort("journal_no").collect()
    assert stored["journal_no"].to_list() == list(range(1, 55))
    assert stored.group_by("commit_no").len()["len"].to_list() == [3] * 18
    assert stored.select("submission_id", "record").is_unique().all()
    firsts = stored.filter(pl.col("record") == 1)
    by_submission = dict(firsts.select("submission_id", "journal_no").rows())
    assert [[by_submission[f"P{number}-{index}"] for index in range(6)] for number in range(3)] == told
    assert journal.verify_chain() == []


# ---------------------------------------------------------------------------------------------- the chain


@pytest.fixture
def filled(journal: Journal) -> Journal:
    """Four commits of two rows, the third of another entry."""
    for number in (1, 2, 3, 4):
        entry = "reconciliation" if number == 3 else "booking"
        journal.commit(
            lambda _, number=number: lines(f"S{number}", premium_total=[100, 0], text_05=["123", None]),  # type: ignore[misc]
            entry,
        )
    assert journal.verify_chain() == []
    return journal


@pytest.mark.parametrize(
    "change",
    [
        pl.col("premium_total") + 1,
        pl.col("text_05").fill_null(""),
        pl.col("text_05").str.replace("1", "１"),
        pl.col("record").reverse(),
        pl.lit("x").alias("text_30"),
    ],
)
def test_a_changed_value_is_told(filled: Journal, change: pl.Expr) -> None:
    rewrite(data_files(filled)[1], change)
    assert codes(filled) == [("rows-changed", 2)]


_TAMPERED = [
    (pl.lit("f" * 64).alias("commit_hash"), [("rows-changed", 2), ("chain-broken", 3)]),
    (pl.lit("f" * 64).alias("prev_hash"), [("chain-broken", 2), ("rows-changed", 2)]),
    (
        pl.concat_str(pl.col("record"), pl.col("commit_hash").str.slice(1)).alias("commit_hash"),
        [("hash-not-uniform", 2), ("rows-changed", 2), ("chain-broken", 3)],
    ),
    (
        pl.col("journal_no") + 1,
        [("numbers-not-dense", 2), ("rows-changed", 2), ("numbers-not-dense", 3)],
    ),
    (
        pl.lit(None, dtype=pl.Int64).alias("journal_no"),
        [("numbers-not-dense", 2), ("rows-changed", 2), ("numbers-not-dense", 3)],
    ),
    (pl.lit(9, dtype=pl.Int64).alias("commit_no"), [("commit-missing", 2)]),
    (pl.lit(None, dtype=pl.Int64).alias("commit_no"), [("rows-changed", 0)]),
]


@pytest.mark.parametrize(("change", "expected"), _TAMPERED)
def test_changed_hashes_and_numbers_are_told(
    filled: Journal, change: pl.Expr, expected: list[tuple[str, int]]
) -> None:
    rewrite(data_files(filled)[1], change)
    found = codes(filled)
    assert [problem for problem in found if problem in expected] == expected


def test_a_lost_file_is_told(filled: Journal) -> None:
    data_files(filled)[2].unlink()
    assert codes(filled) == [("unreadable", None)]


def test_rows_taken_out_of_the_log_are_told(filled: Journal) -> None:
    table = DeltaTable(filled._lake.table_uri("journal"))
    table.delete("commit_no = 2")
    assert codes(filled) == [("commit-missing", 2), ("numbers-not-dense", 3), ("chain-broken", 3)]


def test_a_cut_off_end_is_told(filled: Journal) -> None:
    DeltaTable(filled._lake.table_uri("journal")).delete("commit_no = 4")
    assert codes(filled) == [("end-missing", None)]
    with pytest.raises(Exception, match="最後の記帳 4 の行がありません"):
        filled.open().append(lines("S5"), "booking")


def test_rows_slipped_in_beside_the_journal_are_told(filled: Journal) -> None:
    stored = filled.open().scan().filter(pl.col("commit_no") == 4).collect()
    lake.append(
        DeltaTable(filled._lake.table_uri("journal")),
        stored.with_columns(pl.col("journal_no") + 2, commit_no=pl.lit(5, dtype=pl.Int64)),
        "journal",
        5,
    )
    assert codes(filled) == [("chain-broken", 5), ("rows-changed", 5)]


def test_compaction_and_checkpoint_do_not_touch_the_chain(filled: Journal) -> None:
    last = filled.open().last()
    filled.compact()
    assert len(data_files(filled)) == 2
    DeltaTable(filled._lake.table_uri("journal")).create_checkpoint()
    assert filled.verify_chain() == []
    assert filled.open().last() == last
    after = filled.commit(lambda _: lines("S5"), "booking")
    assert after.last()[:2] == (5, 10)
    assert filled.verify_chain() == []


def test_compaction_during_a_booking_is_no_conflict(filled: Journal) -> None:
    snapshot = filled.open()
    filled.compact()
    assert snapshot.append(lines("S5"), "booking").last()[:2] == (5, 10)
    assert filled.open().scan().collect().height == 10
    assert filled.verify_chain() == []


def test_a_column_added_later_changes_no_old_hash(filled: Journal) -> None:
    wider = Journal(filled._lake, {**JOURNAL_SCHEMA, "history_no": pl.String()})
    assert wider.verify_chain() == []
    assert wider.open().scan().collect()["history_no"].null_count() == 8
    wider.commit(lambda _: lines("S5").with_columns(history_no=pl.lit("01")), "booking")
    assert wider.verify_chain() == []
    assert wider.open().scan().collect()["history_no"].drop_nulls().to_list() == ["01", "01"]
    # The older program still reads, verifies and appends.
    filled.commit(lambda _: lines("S6"), "booking")
    assert filled.verify_chain() == []
    assert filled.open().scan().collect().height == 12


def test_the_log_knows_where_the_last_commit_is(filled: Journal, tmp_path: Path) -> None:
    """``last`` must not read the whole journal: it still works when all other files are gone."""
    last = filled.open().last()
    for path in data_files(filled)[:-1]:
        path.unlink()
    assert filled.open().last() == last
    shutil.rmtree(tmp_path / "lake")
    assert filled.open().last() == (0, 0, GENESIS)


def test_booked_at_is_the_instant_in_any_zone(journal: Journal) -> None:
    as_utc = pl.DataFrame({"booked_at": [datetime.fromisoformat("2018-11-06T00:00:00+00:00")]})
    snapshot = journal.open().append(as_utc, "booking")
    assert journal.open().scan().collect()["booked_at"].to_list() == [NINE]
    assert snapshot.scan().collect()["booked_at"].dtype == pl.Datetime("us", "Asia/Tokyo")
    assert journal.verify_chain() == []
