"""Reference tables: upserts by key, versions for ever, all tables of a load or none."""

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from daicho.store import lake
from daicho.store.lake import Lake
from daicho.store.reference import ReferenceStore
from tests.store import workers
from tests.store.made import NINE

KEYS = {
    "buyers": ["buyer_code", "valid_from"],
    "holidays": ["date"],
}


@pytest.fixture
def reference(tmp_path: Path) -> ReferenceStore:
    return ReferenceStore(Lake(str(tmp_path / "lake")))


def buyers(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("buyer_code", "valid_from", "rating"), pl.String), orient="row"
    )


def holidays(*days: str) -> pl.DataFrame:
    return pl.DataFrame({"date": list(days), "name": ["祝日"] * len(days)})


def load(reference: ReferenceStore, source: str = "desk", **tables: pl.DataFrame) -> dict[str, int]:
    return reference.load(tables, KEYS, NINE, source)


def test_a_fresh_home_has_no_tables(reference: ReferenceStore) -> None:
    assert reference.rows() == {}
    assert reference.current_load() == 0
    assert reference.history("buyers").is_empty()


def test_loaded_rows_come_back_as_text_sorted_by_key(reference: ReferenceStore) -> None:
    given = buyers(("012300", "2018-10-01", "EE"), ("000700", "2018-01-01", None))
    assert load(reference, buyers=given, holidays=holidays("2018-11-23")) == {"buyers": 2, "holidays": 1}
    rows = reference.rows()
    assert rows["buyers"].rows() == [("000700", "2018-01-01", None), ("012300", "2018-10-01", "EE")]
    assert rows["buyers"].columns == ["buyer_code", "valid_from", "rating"]
    assert set(rows["buyers"].dtypes) == {pl.String}
    assert rows["holidays"].rows() == [("2018-11-23", "祝日")]
    assert reference.current_load() == 1


def test_the_same_values_again_do_nothing_in_whatever_order_of_columns(reference: ReferenceStore) -> None:
    given = buyers(("000700", "2018-01-01", "EE")).with_columns(country=pl.lit("SG"))
    load(reference, buyers=given)
    for columns in itertools.permutations(given.columns):
        assert load(reference, "elsewhere", buyers=given.select(columns)) == {"buyers": 1}
    assert reference.current_load() == 1
    assert reference.history("buyers").height == 1


def test_other_values_make_a_version_and_the_old_one_stays(reference: ReferenceStore) -> None:
    load(reference, buyers=buyers(("000700", "2018-01-01", "EE"), ("000800", "2018-01-01", "EA")))
    assert load(
        reference, "2", buyers=buyers(("000700", "2018-01-01", "EF"), ("000800", "2018-01-01", "EA"))
    ) == {"buyers": 2}
    assert reference.rows()["buyers"].rows() == [
        ("000700", "2018-01-01", "EF"),
        ("000800", "2018-01-01", "EA"),
    ]
    assert reference.rows(1)["buyers"].rows() == [
        ("000700", "2018-01-01", "EE"),
        ("000800", "2018-01-01", "EA"),
    ]
    assert reference.rows(0) == {}
    assert reference.history("buyers").select("load_no", "source", "buyer_code", "rating").rows() == [
        (1, "desk", "000700", "EE"),
        (1, "desk", "000800", "EA"),
        (2, "2", "000700", "EF"),
    ]
    assert reference.history("buyers")["loaded_at"].to_list() == [NINE] * 3


def test_going_back_to_old_values_is_a_version_of_its_own(reference: ReferenceStore) -> None:
    for rating in ("EE", "EF", "EE"):
        load(reference, buyers=buyers(("000700", "2018-01-01", rating)))
    assert reference.current_load() == 3
    assert reference.rows()["buyers"]["rating"].to_list() == ["EE"]


def test_another_effective_date_is_another_row_and_absence_deletes_nothing(reference: ReferenceStore) -> None:
    load(reference, buyers=buyers(("000700", "2018-01-01", "EE")), holidays=holidays("2018-11-23"))
    load(reference, buyers=buyers(("000700", "2018-12-01", "EF")))
    assert reference.rows()["buyers"].rows() == [
        ("000700", "2018-01-01", "EE"),
        ("000700", "2018-12-01", "EF"),
    ]
    assert reference.rows()["holidays"].height == 1


def test_a_blank_and_an_empty_value_differ(reference: ReferenceStore) -> None:
    load(reference, buyers=buyers(("000700", "2018-01-01", None)))
    load(reference, buyers=buyers(("000700", "2018-01-01", "")))
    assert reference.current_load() == 2
    assert reference.rows()["buyers"]["rating"].to_list() == [""]


def test_values_survive_whatever_they_contain(reference: ReferenceStore) -> None:
    odd = ['"', "\\", "\n", "①㈱", "a,b", "null", "\u2028", "𠮷"]
    load(reference, buyers=buyers(*((f"{index}", value, value) for index, value in enumerate(odd))))
    assert reference.rows()["buyers"].rows() == [
        (f"{index}", value, value) for index, value in enumerate(odd)
    ]


def test_a_column_that_comes_later_is_blank_in_earlier_rows(reference: ReferenceStore) -> None:
    load(reference, buyers=buyers(("1", "2018-01-01", "EE")))
    load(reference, buyers=buyers(("2", "2018-01-01", "EE")).with_columns(country=pl.lit("SG")))
    assert reference.rows()["buyers"].sort("buyer_code").select("buyer_code", "country", "rating").rows() == [
        ("1", None, "EE"),
        ("2", "SG", "EE"),
    ]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (buyers(("1", "2018-01-01", "EE"), ("1", "2018-01-01", "EF")), "buyers: a key occurs twice"),
        (buyers(("1", "2018-01-01", "EE"), ("1", "2018-01-01", "EE")), "buyers: a key occurs twice"),
        (buyers(("1", "2018-01-01", "EE")).with_columns(valid_from=pl.lit(None)), "buyers: a key is blank"),
        (buyers().drop("valid_from"), r"buyers: key columns missing: \['valid_from'\]"),
    ],
)
def test_one_bad_table_and_nothing_of_the_load_is_kept(
    reference: ReferenceStore, frame: pl.DataFrame, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        load(reference, holidays=holidays("2018-11-23"), buyers=frame)
    assert reference.rows() == {}
    assert reference.current_load() == 0


def test_a_crash_before_the_commit_leaves_nothing(
    reference: ReferenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(lake, "write_deltalake", fail)
        with pytest.raises(OSError, match="disk full"):
            load(reference, buyers=buyers(("1", "2018-01-01", "EE")), holidays=holidays("2018-11-23"))
    assert reference.rows() == {}


def test_the_built_in_tables_are_loaded_once_and_never_over_others(reference: ReferenceStore) -> None:
    built_in = {"holidays": holidays("2018-11-23")}
    reference.ensure(built_in, KEYS, NINE)
    reference.ensure({"holidays": holidays("2018-12-24")}, KEYS, NINE)
    assert reference.rows()["holidays"]["date"].to_list() == ["2018-11-23"]
    assert reference.history("holidays")["source"].to_list() == ["built-in"]
    load(reference, holidays=holidays("2018-11-23").with_columns(name=pl.lit("勤労感謝の日")))
    reference.ensure(built_in, KEYS, NINE + timedelta(days=1))
    assert reference.rows()["holidays"]["name"].to_list() == ["勤労感謝の日"]
    assert reference.current_load() == 2


def test_stored_columns_are_as_promised(reference: ReferenceStore, tmp_path: Path) -> None:
    load(reference, buyers=buyers(("1", "2018-01-01", "EE")), holidays=holidays("2018-11-23"))
    stored = pl.read_delta(str(tmp_path / "lake" / "reference")).sort("table")
    assert stored["key"].to_list() == ['["1","2018-01-01"]', '["2018-11-23"]']
    assert stored["valid_from"].to_list() == ["2018-01-01", None]
    assert [json.loads(values) for values in stored["values"]] == [
        {"buyer_code": "1", "valid_from": "2018-01-01", "rating": "EE"},
        {"date": "2018-11-23", "name": "祝日"},
    ]


def test_processes_loading_at_once_make_one_history(tmp_path: Path) -> None:
    workers.together(workers.load_some, tmp_path, None, processes=3, each=3)
    reference = ReferenceStore(Lake(str(tmp_path / "lake")))
    assert reference.current_load() == 1 + 9
    history = reference.history("buyers")
    assert history.filter(pl.col("rating") == "built-in").height == 1
    assert history.filter(pl.col("buyer_code") == "common").height == 9
    assert history["load_no"].unique().sort().to_list() == list(range(1, 11))
    own = reference.rows()["buyers"].filter(pl.col("buyer_code").str.starts_with("own")).rows()
    assert own == [("own-0", "0-2"), ("own-1", "1-2"), ("own-2", "2-2")]
