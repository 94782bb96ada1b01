"""``daicho sql``: the published views, read-only, and no way out of them."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.reference import TABLES
from tests import kit
from tests.homes import LINE_YEN, TUESDAY, Home, contracts

VIEWS = [
    "submissions",
    "findings",
    "ledger",
    "ledger_history",
    "documents",
    "expected_notices",
    "yearly_premiums",
    *(f"reference_{name}" for name in TABLES),
]


def _two_submissions(home: Home) -> None:
    home.submit(contracts("EX-1", "EX-2"))
    home.submit(contracts("EX-3", currency=""))
    home.decide()
    home.print_papers()


@pytest.fixture
def filled(lived: Callable[[Callable[[Home], object]], Home]) -> Home:
    return lived(_two_submissions)


def rows(home: Home, query: str) -> Any:
    ran = home.cli("sql", query, "--json")
    assert ran.code == 0, ran.err
    return ran.json


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_there_also_in_a_fresh_home(empty_home: Home, view: str) -> None:
    assert len(rows(empty_home, f"select count(*) n from {view}")) == 1


def test_the_views_tell_what_the_commands_tell(filled: Home) -> None:
    assert rows(filled, "select count(*) n, sum(premium_total) yen from ledger") == [
        {"n": 2, "yen": 2 * LINE_YEN}
    ]
    assert rows(filled, "select * from submissions") == filled.cli("status", "--json").json
    (found,) = rows(filled, "select submission_id, code, field from findings")
    assert found == {"submission_id": "S00000002", "code": "mandatory", "field": "currency"}
    kinds = rows(filled, "select kind, count(*) n from documents group by kind order by kind")
    assert [(row["kind"], row["n"]) for row in kinds] == [
        ("findings_report", 2),
        ("ledger_file", 1),
        ("monitor_list", 2),
        ("receipt", 4),
    ]
    assert rows(filled, "select name from reference_policyholders where holder = '123456789'") == [
        {"name": "髙橋貿易㈱"}
    ]
    history = rows(filled, "select line_id, history_no, stage from ledger_history order by journal_no")
    assert history == [
        {"line_id": "18-000001-00/01/01", "history_no": "00", "stage": "unconfirmed"},
        {"line_id": "18-000002-00/01/01", "history_no": "00", "stage": "unconfirmed"},
    ]
    joined = (
        "with s as (select * from submissions) select count(*) n from LEDGER l join s using (submission_id)"
    )
    assert rows(filled, joined) == [{"n": 2}]


def test_words_of_senders_run_in_no_spreadsheet(filled: Home) -> None:
    ran = filled.cli("sql", """select '=cmd|''/C calc''!A0' as a, '-ABC1' as b, -1 as c""", "--csv")
    assert ran.out == "a,b,c\n'=cmd|'/C calc'!A0,-ABC1,-1\n"


def test_rows_as_csv_and_as_a_table(filled: Home) -> None:
    query = "select application_no, acceptance_date, premium_total from ledger order by 1"
    told = list(csv.DictReader(io.StringIO(filled.cli("sql", query, "--csv").out)))
    assert told[0] == {
        "application_no": "18-000001-00",
        "acceptance_date": "2018-11-06",
        "premium_total": str(LINE_YEN),
    }
    empty = filled.cli("sql", f"select * from ({query}) where premium_total < 0", "--csv")
    assert empty.out == "application_no,acceptance_date,premium_total\n"
    assert "18-000002-00" in filled.cli("sql", query).out


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from read_text('/etc/passwd')",
        "select * from read_blob('/etc/passwd')",
        "select * from read_parquet('lake/journal/*/*.parquet')",
        "select * from glob('/etc/*')",
        "select * from read_json('https://example.com/x.json')",
        "select * from read_csv('s3://bucket/x.csv')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from parquet_metadata('/tmp/x.parquet')",
        "select * from sqlite_scan('daicho.db', 'receipts')",
        "copy (select 1) to '/tmp/daicho-out.csv'",
        "copy ledger to '/tmp/daicho-out.csv'",
        "attach 'daicho.db' as other",
        "attach ':memory:' as other",
        "install httpfs",
        "load httpfs",
        "pragma version",
        "pragma database_list",
        "set enable_external_access = true",
        "reset enable_external_access",
        "create table x as select 1",
        "create macro f() as 1",
        "insert into ledger values (1)",
        "update submissions set status = 'x'",
        "delete from ledger",
        "drop view ledger",
        "export database '/tmp/daicho-export'",
        "call pragma_version()",
        "use memory",
        "checkpoint",
        "begin",
        "select 1; select 2",
        "select 1; drop view ledger",
        "",
        ";",
        "-- nothing",
        "selec 1",
        "select",
        "select * from nowhere",
        "select nothing from ledger",
        "select * from store",
        "select 1/0 +",
        "select * from ledger where premium_total = 'x'",
    ],
)
def test_everything_but_a_select_over_the_views_is_refused(
    filled: Home, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(filled.path)
    ran = filled.cli("sql", query, "--json")
    assert ran.refused == "sql"
    assert "root:" not in ran.out
    assert not Path("/tmp/daicho-out.csv").exists()
    assert not Path("/tmp/daicho-export").exists()


_ENDLESS = "select count(*) from range(1000000000) a, range(1000000000) b where a.range + b.range = 7"


@pytest.mark.parametrize(
    ("setting", "query"),
    [
        ({"sql_seconds": 1}, _ENDLESS),
        ({"sql_memory_mb": 50}, "select count(*) from (select distinct random() from range(100000000))"),
        ({"sql_rows": 100}, "select * from range(101)"),
        ({"sql_seconds": 3}, "select * from range(1000000000000)"),
    ],
)
def test_a_query_is_bounded_in_time_memory_and_rows(
    filled: Home, setting: dict[str, int], query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(filled.path)
    filled.settings(**setting)
    before = sorted(filled.path.rglob("*"))
    ran = filled.cli("sql", query, "--json")
    assert ran.refused == "sql-bounds"
    assert sorted(filled.path.rglob("*")) == before, "what does not fit into memory is not put on the disk"


def test_as_many_rows_as_may_be_are_told(filled: Home) -> None:
    filled.settings(sql_rows=100)
    assert len(rows(filled, "select * from range(100)")) == 100


def test_a_refusal_names_the_views(filled: Home) -> None:
    message = filled.cli("sql", "select * from nowhere", "--json").json["refused"]["message"]
    assert "submissions" in message
    assert "reference_buyers" in message


def test_asking_changes_nothing(filled: Home) -> None:
    before = (filled.at().journal.open().version, filled.cli("status", "--json").json)
    for view in VIEWS:
        rows(filled, f"select * from {view} limit 1")
    assert (filled.at().journal.open().version, filled.cli("status", "--json").json) == before


def test_a_word_that_is_also_a_view_needs_no_view(filled: Home) -> None:
    assert rows(filled, "select 'documents' as ledger") == [{"ledger": "documents"}]
    assert rows(filled, f"select count(*) n from reference_buyers where valid_from <= '{TUESDAY[:10]}'")[0][
        "n"
    ] == len(kit.world()["buyers"])
