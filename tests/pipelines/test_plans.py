"""How much is asked of Polars, and what is remembered: a small upload must not pay for the number of rules.

Queries are counted, not timed. That remembering changes no result is proven against the plain definition.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import dated
from pipelines import reference as module
from pipelines.dated import different
from pipelines.reference import Reference
from schemas.reference import TABLES
from tests import kit

MOST_QUERIES = 80
"""Of one upload. There are more than two hundred rules: one that asks for itself breaks this."""


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every query that is carried out meanwhile."""
    queries: list[str] = []

    def counting(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any, **more: Any) -> Any:
            queries.append(name)
            return ask(*arguments, **more)

        return asked

    with monkeypatch.context() as patched:
        for name in ("collect", "_collect_eager"):
            patched.setattr(pl.LazyFrame, name, counting(name, getattr(pl.LazyFrame, name)))
        yield queries


@pytest.mark.parametrize("row", [kit.enterprise_row, kit.notice_row], ids=["ledger", "notice"])
def test_one_upload_asks_few_questions_however_many_records(
    row: Callable[..., kit.Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    product = kit.ENTERPRISE if row is kit.enterprise_row else kit.NOTICE
    field = "export_contract_no" if row is kit.enterprise_row else "shipped_amount"
    asked = {}
    for count in (1, 20):
        rows = [row(**{field: f"{1_000_000 + n}"}) for n in range(count)]
        assert not kit.errors(kit.assess_rows(rows, product))  # tables and rules are ready from here on
        with counted(monkeypatch) as queries:
            kit.assess_rows(rows, product)
        asked[count] = len(queries)
    assert 0 < asked[1] <= MOST_QUERIES
    assert asked[20] <= asked[1]


def test_a_rule_that_hits_costs_its_own_question_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = [kit.enterprise_row()], [kit.enterprise_row(currency="XXX")]
    counts = []
    for rows in (good, bad):
        kit.assess_rows(rows)
        with counted(monkeypatch) as queries:
            kit.assess_rows(rows)
        counts.append(len(queries))
    assert counts[1] > counts[0]
    assert counts[1] - counts[0] < 40


def test_the_same_content_is_the_same_table_and_other_content_is_not() -> None:
    world = kit.world()
    one, again = kit.reference_of(world, 1), kit.reference_of(kit.world(), 2)
    assert all(one.dated(name) is again.dated(name) for name in TABLES)
    world["buyers"][0]["rating"] = "EC" if world["buyers"][0]["rating"] != "EC" else "EM"
    other = kit.reference_of(world, 3)
    assert {name for name in TABLES if other.dated(name) is not one.dated(name)} == {"buyers"}


DAYS = st.dates(date(2018, 1, 1), date(2018, 2, 15))


@st.composite
def periods(draw: st.DrawFn) -> list[kit.Row]:
    """Rows of ``agreements``: some codes, several periods of each, open or with an end."""
    keys = draw(st.sets(st.tuples(st.sampled_from("123"), DAYS), max_size=8))
    return [
        {
            "agreement_code": code * 9,
            "holder": kit.HOLDER,
            "product": "simplified-notice",
            "valid_from": f"{start}",
            "valid_to": draw(st.sampled_from(["", f"{start + timedelta(days=draw(st.integers(0, 20)))}"])),
        }
        for code, start in sorted(keys)
    ]


@settings(deadline=None, max_examples=30)
@given(periods(), st.lists(DAYS, max_size=6))
def test_in_force_is_what_it_is_by_definition(rows: list[kit.Row], days: list[date]) -> None:
    tables = kit.reference_of({"agreements": rows})
    for _ in range(2):  # worked out, then remembered
        found = tables.in_force("agreements", pl.Series(days, dtype=pl.Date))
        expected = set()
        for day in days:
            for code in {row["agreement_code"] for row in rows}:
                begun = [r for r in rows if r["agreement_code"] == code and r["valid_from"] <= f"{day}"]
                latest = max(begun, key=lambda row: row["valid_from"], default=None)
                if latest and (not latest["valid_to"] or latest["valid_to"] >= f"{day}"):
                    expected.add((code, date.fromisoformat(latest["valid_from"]), day))
        assert sorted(found.select("agreement_code", "valid_from", "on").rows()) == sorted(expected)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_tables", type(module._tables)())
    monkeypatch.setattr(module, "_TABLES_REMEMBERED", 3)
    for load in range(10):
        rate = [{"currency": "USD", "valid_from": "2018-01-01", "yen_per_unit": f"{100 + load}"}]
        kit.reference_of({"exchange_rates": rate}).table("exchange_rates")
    assert len(module._tables) <= 3
    memory = dated.Memory()
    for key in range(2 * dated._THINGS_REMEMBERED):
        assert memory.of(key, lambda key=key: key) == key
        memory.of(0, lambda: pytest.fail("what is asked for all the time is forgotten last"))
    assert len(memory) == dated._THINGS_REMEMBERED
    large = pl.DataFrame({"n": range(dated._ROWS_REMEMBERED // 3)})
    for key in range(10):
        memory.of(f"large {key}", lambda: large)
    assert memory.rows <= dated._ROWS_REMEMBERED
    beyond = pl.DataFrame({"n": range(dated._ROWS_REMEMBERED + 1)})
    for key in range(3):
        memory.of(f"beyond {key}", lambda: dated.Keyed(beyond, ["n"]))
    assert len(memory) == 2  # one assessment asks for the same two again, however large they are


KEYS = st.none() | st.sampled_from("abc")


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(st.tuples(KEYS, KEYS), st.integers(0, 9) | st.none(), max_size=6),
    st.lists(st.tuples(KEYS, KEYS), max_size=5),
    st.booleans(),
    st.sampled_from([0, 1, 3]),
)
def test_a_few_records_get_by_hand_what_a_query_gives(
    rows: dict[tuple[str | None, str | None], int | None],
    asked: list[tuple[str | None, str | None]],
    blank_matches: bool,
    most_by_hand: int,
) -> None:
    table = pl.DataFrame(
        [(*key, value, "said") for key, value in rows.items()],
        schema={"x": pl.String, "y": pl.String, "value": pl.Int64, "word": pl.String},
        orient="row",
    )
    frame = pl.DataFrame(asked, schema={"a": pl.String, "b": pl.String}, orient="row")
    keyed = dated.Keyed(table, ["x", "y"], blank_matches=blank_matches)
    for take in (None, {"one": "value", "other": "value"}):
        found = keyed.joined(frame, ["a", "b"], take)
        assert found.equals(keyed.joined_by_query(frame, ["a", "b"], take))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(dated, "_MOST_BY_HAND", most_by_hand)
            again = dated.Keyed(table, ["x", "y"], blank_matches=blank_matches)
            assert again.joined(frame, ["a", "b"], take).equals(found)
    expected = [rows.get(key) if blank_matches or None not in key else None for key in asked]
    assert keyed.joined(frame, ["a", "b"])["value"].to_list() == expected


@settings(deadline=None, max_examples=30)
@given(periods(), st.lists(st.none() | DAYS, max_size=6), st.integers(0, 1))
def test_each_record_gets_what_is_in_force_on_its_own_day(
    rows: list[kit.Row], days: list[date | None], few: int
) -> None:
    tables = kit.reference_of({"agreements": rows})
    asked = [(code * 9, day) for code in "123" for day in days]
    frame = pl.DataFrame(asked, schema={"code": pl.String, "day": pl.Date}, orient="row")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(dated, "_FEW", 100 * few)
        found = tables.look_up(
            frame, "agreements", {"code": "agreement_code"}, "day", {"since": "valid_from"}
        )
    in_force = {
        (row["agreement_code"], day): row["valid_from"]
        for day in set(days)
        if day is not None
        for row in tables.in_force("agreements", pl.Series([day])).iter_rows(named=True)
    }
    assert found.rows() == [(*key, in_force.get(key)) for key in asked]


def test_one_record_alone_is_not_compared_and_two_are() -> None:
    one, other = kit.enterprise_row(), kit.enterprise_row(shipment_no="02", payer_code=kit.buyer("EM"))
    assert not kit.found(kit.assess_rows([one]))
    assert kit.found(kit.assess_rows([one, other]), "inconsistent") == [(2, "payer_code", "inconsistent")]


@settings(deadline=None)
@given(st.lists(st.none() | DAYS, max_size=300))
def test_different_days_come_once_in_their_order(days: list[date | None]) -> None:
    expected = list(dict.fromkeys(day for day in days if day is not None))
    assert different(pl.Series(days, dtype=pl.Date)) == expected


def test_a_table_that_nobody_loaded_is_asked_like_others() -> None:
    assert Reference.of({}).in_force("agreements", pl.Series([date(2018, 1, 1)])).is_empty()
