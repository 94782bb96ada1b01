"""The Dagster graph: what it offers, what its runs tell, and that materialising again books nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets import booking, graph
from assets.definitions import defs
from assets.graph import DUE_TAG, StoreResource
from daicho import drop
from tests import kit
from tests.book import change
from tests.homes import CUT_OFF, LINE_YEN, TUESDAY, WEEK_OVER, Home, contracts

DAY = "2018-11-06"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def here(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home that the assets of this process work on; ``at`` stands on Tuesday unless a test moves it."""
    monkeypatch.setattr(booking, "RETRY_PAUSE_SECONDS", 0)
    monkeypatch.setenv("DAICHO_HOME", str(home.path))
    monkeypatch.setenv("DAICHO_NOW", TUESDAY)
    home.settings(drop_settle_seconds=0)
    return home


def run(instance: dg.DagsterInstance, name: str, day: str | None = DAY) -> dg.ExecuteInProcessResult:
    """A job as sensor or schedule start it."""
    if day:
        instance.add_dynamic_partitions("acceptance_date", [day])
    return defs.resolve_job_def(name).execute_in_process(
        instance=instance, partition_key=day, raise_on_error=False
    )


def told(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """Metadata of what an asset materialised for its own partition; Markdown and JSON as they are."""
    events = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
    return {name: value.value for name, value in events[-1].metadata.items()}


def failed_checks(result: dg.ExecuteInProcessResult) -> set[str]:
    return {
        f"{e.asset_check_evaluation_data.asset_key.to_user_string()}:{e.asset_check_evaluation_data.check_name}"
        for e in result.all_events
        if e.event_type_value == "ASSET_CHECK_EVALUATION" and not e.asset_check_evaluation_data.passed
    }


# -- what is offered ----------------------------------------------------------------------------------------


def test_the_definitions_load() -> None:
    dg.Definitions.validate_loadable(defs)


def test_assets_their_order_and_their_partitions() -> None:
    graph_ = defs.resolve_asset_graph()
    found = {
        key.to_user_string(): (
            sorted(parent.to_user_string() for parent in graph_.get(key).parent_keys),
            graph_.get(key).group_name,
        )
        for key in graph_.get_all_asset_keys()
    }
    assert found == {
        "uploads": ([], "submissions"),
        "desk_requests": ([], "portal"),
        "verdicts": (["desk_requests", "uploads"], "submissions"),
        "monitor_lists": (["verdicts"], "submissions"),
        "reconciliation_ledgers": (["verdicts"], "ledgers"),
        "confirmed_ledgers": (["reconciliation_ledgers"], "ledgers"),
        "yearly_premiums": ([], "ledgers"),
        "finance_premiums": (["confirmed_ledgers", "yearly_premiums"], "finance"),
        "deliveries": (["confirmed_ledgers", "finance_premiums", "reconciliation_ledgers"], "finance"),
        "retention": (["deliveries"], "finance"),
        "portal_feed": (
            ["deliveries", "desk_requests", "monitor_lists", "reconciliation_ledgers", "retention"],
            "portal",
        ),
    }
    partitioned = {"uploads", "verdicts", "monitor_lists"}
    for name in found:
        definition = graph_.get(dg.AssetKey(name)).partitions_def
        if name in partitioned:
            assert isinstance(definition, dg.DynamicPartitionsDefinition)
            assert definition.name == "acceptance_date", "one per acceptance day, never one per file"
        else:
            assert definition is None
        text = graph_.get(dg.AssetKey(name)).description or ""
        assert any("ぁ" <= char <= "ん" for char in text), f"{name} is described in Japanese"


def test_jobs_checks_sensor_and_schedules() -> None:
    repository = defs.get_repository_def()
    assert {job.name for job in repository.get_all_jobs()} >= {"intake", "nightly", "reconcile", "confirm"}
    checks = {key.to_user_string() for key in defs.resolve_asset_graph().asset_check_keys}
    assert checks == {
        *(f"{stage}:nothing_failed" for stage in ("uploads", "verdicts", "monitor_lists")),
        *(f"{stage}:nothing_failed" for stage in ("reconciliation_ledgers", "confirmed_ledgers")),
        "yearly_premiums:nothing_failed",
        "desk_requests:nothing_failed",
        "yearly_premiums:yearly_premiums_are_billed",
        "retention:expected_notices_are_in",
        "verdicts:records_are_conserved",
        "verdicts:premiums_are_conserved",
        "verdicts:nothing_booked_twice",
        "uploads:calendar_reaches_a_year",
        "deliveries:everything_is_delivered",
        "reconciliation_ledgers:reconciled_within_a_week",
    }
    assert sorted(sensor.name for sensor in repository.sensor_defs) == ["intake_sensor"]
    assert sorted(schedule.name for schedule in repository.schedule_defs) == ["nightly", "opening"]


def test_the_jobs_and_their_stages() -> None:
    stages = {
        name: {key.to_user_string() for key in defs.resolve_job_def(name).asset_layer.selected_asset_keys}
        for name in ("intake", "reconcile", "confirm", "nightly")
    }
    intake = {"desk_requests", "uploads", "verdicts", "monitor_lists", "portal_feed"}
    assert stages == {
        "intake": intake,
        "reconcile": {"reconciliation_ledgers", "deliveries", "portal_feed"},
        "confirm": {"confirmed_ledgers", "yearly_premiums", "finance_premiums", "deliveries", "portal_feed"},
        "nightly": {
            *intake,
            *("reconciliation_ledgers", "confirmed_ledgers", "yearly_premiums", "finance_premiums"),
            *("deliveries", "retention"),
        },
    }
    for name in stages:
        tags = defs.resolve_job_def(name).tags
        assert tags[DUE_TAG] == "1"
        assert int(tags["dagster/max_runtime"]) > 0


# -- runs ---------------------------------------------------------------------------------------------------


def test_an_intake_run_tells_counts_sums_and_papers(here: Home, instance: dg.DagsterInstance) -> None:
    here.submit(contracts("EX-1", "EX-2"), name="二件.csv")
    here.submit(contracts("EX-3", currency=""))
    folder = here.path / "drop" / kit.HOLDER
    folder.mkdir(parents=True)
    (folder / f"enterprise_{kit.HOLDER}_1_x.csv").write_bytes(kit.csv_bytes(contracts("EX-4")))
    (folder / f"enterprise_{kit.HOLDER}_9_y.csv").write_bytes(kit.csv_bytes(contracts("EX-5")))
    result = run(instance, "intake")
    assert result.success
    uploads = told(result, "uploads")
    assert (uploads["受付件数"], uploads["レコード数"], uploads["今回dropから受付"]) == (3, 4, 1)
    assert "申請件数(9件)" in uploads["今回dropで拒否"]
    assert "| S00000001 | 二件.csv |" in uploads["受付一覧"]
    verdicts = told(result, "verdicts")
    assert (verdicts["処理完了"], verdicts["申請内容要確認"], verdicts["計上行数"]) == (2, 1, 3)
    assert verdicts["保険料合計(円)"] == 3 * LINE_YEN
    assert verdicts["processed"] == ["S00000001", "S00000002", "S00000003"]
    assert "| S00000002 | upload.csv | 申請内容要確認 | 1 | 0 |" in verdicts["結果"]
    papers = told(result, "monitor_lists")
    assert papers["作成"] == 3
    assert f"{here.path}/files/documents/monitor_list/" in papers["帳票"]
    assert failed_checks(result) == set()


def test_a_run_is_red_once_for_a_file_of_the_drop(
    here: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(attempt: int) -> None:
        fault = drop.DropOutcome("x.csv", kit.HOLDER, fault=RuntimeError("a bug"), attempt=attempt)
        monkeypatch.setattr(drop, "collect", lambda _: [fault])

    failing(1)
    assert not run(instance, "intake").success
    [event] = here.events("fault")
    assert (event["details"]["about"], event["reason"]) == (
        f"drop/{kit.HOLDER}/x.csv",
        "RuntimeError('a bug')",
    )
    failing(2)
    assert run(instance, "intake").success
    assert len(here.events("fault")) == 1
    failing(0)
    assert not run(instance, "intake").success, "a fault of the machine is told as long as it lasts"


@pytest.mark.req("A-054", "D-001")
def test_materialising_a_day_again_prints_again_and_books_nothing(
    here: Home, instance: dg.DagsterInstance
) -> None:
    here.submit(contracts("EX-1"))
    assert run(instance, "intake").success
    (paper,) = here.papers(TUESDAY, kind="monitor_list")
    Path(paper["path"]).unlink()
    before = (here.at().journal.open().version, here.cli("status", "--json").json)

    def again() -> dg.ExecuteInProcessResult:
        """By hand, as an operator does in the web UI: without the tag of due work."""
        return dg.materialize(
            [graph.uploads, graph.verdicts, graph.monitor_lists],
            instance=instance,
            partition_key=DAY,
            resources={"store": StoreResource()},
        )

    result = again()
    assert told(result, "verdicts")["processed"] == []
    assert told(result, "monitor_lists")["作成"] == 1
    assert Path(paper["path"]).exists()
    assert (here.at().journal.open().version, here.cli("status", "--json").json) == before
    assert here.verify() == []
    # A run of due work prints only what is owed.
    assert told(run(instance, "intake"), "monitor_lists")["作成"] == 0


def test_a_run_after_downtime_tells_the_days_that_it_caught_up(
    here: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.submit(contracts("EX-1"))
    here.submit(contracts("EX-2"), "2018-11-08T18:00:00")
    monkeypatch.setenv("DAICHO_NOW", "2018-11-12T09:00:00")
    result = run(instance, "intake", "2018-11-12")
    assert result.success
    assert told(result, "verdicts")["processed"] == ["S00000001", "S00000002"]
    for asset in ("uploads", "verdicts", "monitor_lists"):
        days = {
            event.partition
            for event in result.get_asset_materialization_events()
            if event.asset_key == dg.AssetKey(asset)
        }
        assert days == {"2018-11-06", "2018-11-09", "2018-11-12"}
    assert [str(day) for day in here.journal()["acceptance_date"]] == ["2018-11-06", "2018-11-09"]


def test_a_night_puts_everything_in_its_place(
    here: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (here.path / "delivery.toml").write_text(
        f'[finance]\ntype = "folder"\npath = "{tmp_path / "finance"}"\n', encoding="utf-8"
    )
    here.submit(contracts("EX-1"))
    monkeypatch.setenv("DAICHO_NOW", WEEK_OVER)
    night = run(instance, "nightly", "2018-11-09")
    assert night.success
    assert told(night, "reconciliation_ledgers")["processed"] == [f"{kit.AGREEMENT}_-_2018-11"]
    assert told(night, "confirmed_ledgers")["台帳"] == 0
    monkeypatch.setenv("DAICHO_NOW", CUT_OFF)
    night = run(instance, "nightly", "2018-12-28")
    assert night.success
    assert told(night, "confirmed_ledgers")["台帳"] == 1
    assert told(night, "finance_premiums")["作成"] == 1
    assert told(night, "deliveries")["配送"] == 1
    assert told(night, "retention")["片付け"] == 3, "monitor list, findings and ledger file are over"
    assert len(list((tmp_path / "finance").iterdir())) == 1
    assert here.verify() == []


# -- faults -------------------------------------------------------------------------------------------------


def breaks_on(monkeypatch: pytest.MonkeyPatch, target: str, content: Any) -> None:
    import importlib

    module, _, name = target.rpartition(".")
    owner = importlib.import_module(module)
    whole = getattr(owner, name)

    def breaks(*arguments: Any, **named: Any) -> Any:
        if content in arguments:
            raise RuntimeError("a bug")
        return whole(*arguments, **named)

    monkeypatch.setattr(owner, name, breaks)


def test_an_upload_that_breaks_us_turns_the_run_red_and_stops_nothing_else(
    here: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.submit(contracts("EX-1"))
    here.submit(contracts("EX-2"))
    breaks_on(monkeypatch, "assets.booking.Wanted", kit.csv_bytes(contracts("EX-1")))
    monkeypatch.setenv("DAICHO_NOW", WEEK_OVER)
    result = run(instance, "nightly", "2018-11-09")
    assert not result.success
    assert [event.step_key for event in result.get_step_failure_events()] == ["verdicts_nothing_failed"]
    assert told(result, "verdicts")["processed"] == ["S00000002"]
    assert told(result, "monitor_lists")["作成"] == 1
    assert told(result, "reconciliation_ledgers")["台帳"] == 1, "the night goes on"
    (event,) = here.events("fault")
    assert event["details"] == {"stage": "verdicts", "about": "S00000001"}
    assert (event["actor"], event["reason"]) == (f"run:{result.run_id}", "RuntimeError('a bug')")
    # The next run has nothing to be red about.
    assert run(instance, "nightly", "2018-11-09").success


def test_a_paper_that_fails_keeps_no_other_waiting(
    here: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = here.submit(contracts("EX-1"))
    here.submit(contracts("EX-2"))
    with monkeypatch.context() as patch:
        breaks_on(patch, "assets.papers.issue_monitor_list", first)
        breaks_on(patch, "assets.papers.issue_receipt", first)
        result = run(instance, "intake")
    assert not result.success
    assert {event.step_key for event in result.get_step_failure_events()} == {
        "uploads_nothing_failed",
        "monitor_lists_nothing_failed",
    }
    assert [row["submission_id"] for row in here.papers(TUESDAY, kind="monitor_list")] == ["S00000002"]
    assert run(instance, "intake").success
    assert len(here.papers(TUESDAY, kind="monitor_list")) == 2
    assert {row["document_id"] for row in here.papers(TUESDAY, kind="receipt")} == {
        *("receipt-S00000001", "receipt-S00000001-result"),
        *("receipt-S00000002", "receipt-S00000002-result"),
    }


def test_a_request_of_the_desk_that_cannot_be_answered_turns_one_run_red(
    here: Home, instance: dg.DagsterInstance
) -> None:
    desk = here.path / "desk"
    desk.mkdir()
    (desk / "answers").touch()  # no folder: whatever is asked cannot be answered
    (desk / f"{'0' * 32}.json").write_text("{}")
    here.settings(drop_settle_seconds=0)
    assert [run(instance, "intake").success for _ in range(3)] == [False, True, True]
    [event] = here.events("fault")
    assert event["details"] == {"stage": "desk_requests", "about": f"desk/{'0' * 32}.json"}


def test_the_command_ends_with_3_and_tells_what_was_processed(
    here: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.submit(contracts("EX-1"))
    here.submit(contracts("EX-2"))
    breaks_on(monkeypatch, "assets.booking.Wanted", kit.csv_bytes(contracts("EX-1")))
    ran = here.cli("run", "intake", "--json")
    assert (ran.code, ran.json["processed"]) == (3, ["S00000002"])
    assert "Traceback" not in ran.err
    assert ran.json["run_id"] in ran.err


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE verdicts SET premium_total = premium_total + 1", "verdicts:premiums_are_conserved"),
        ("UPDATE receipts SET declared_count = 2", "verdicts:records_are_conserved"),
    ],
)
def test_checks_tell_sums_that_do_not_agree(
    here: Home, instance: dg.DagsterInstance, statement: str, check: str
) -> None:
    import sqlite3

    here.submit(contracts("EX-1"))
    assert failed_checks(run(instance, "intake")) == set()
    with sqlite3.connect(here.path / "daicho.db") as database:
        for table in ("verdicts", "receipts"):
            database.execute(f"DROP TRIGGER {table}_no_update")
        database.execute(statement)
    database.close()
    result = run(instance, "intake")
    assert result.success, "an alarm, not a quarantine"
    assert failed_checks(result) == {check}


def test_a_check_tells_what_is_booked_twice(here: Home, instance: dg.DagsterInstance) -> None:
    here.booked(contracts("EX-1"))
    twice = here.journal().drop("journal_no", "commit_no", "prev_hash", "commit_hash", "entry")
    here.at().journal.commit(lambda _: twice, "booking")
    assert failed_checks(run(instance, "intake")) == {
        "verdicts:nothing_booked_twice",
        "verdicts:records_are_conserved",
        "verdicts:premiums_are_conserved",
    }
    assert any("回計上されています" in problem for problem in here.verify())


@pytest.mark.req("D-010")
def test_a_check_tells_what_took_longer_than_a_week_to_reconcile(
    here: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.booked(contracts("EX-1"))
    monkeypatch.setenv("DAICHO_NOW", "2018-11-13T20:30:00")  # the seventh day after
    assert failed_checks(run(instance, "reconcile", None)) == set()
    here.booked(contracts("EX-2"), "2018-11-14T10:00:00")
    for now, late in (
        ("2018-11-22T20:30:00", {"reconciliation_ledgers:reconciled_within_a_week"}),  # the eighth day
        ("2018-12-20T20:30:00", {"reconciliation_ledgers:reconciled_within_a_week"}),
        ("2018-12-25T20:30:00", set()),  # a month later it is history
    ):
        monkeypatch.setenv("DAICHO_NOW", now)
        assert failed_checks(run(instance, "reconcile", None)) == late, now


@pytest.mark.req("D-010")
def test_a_change_of_an_old_line_counts_from_its_own_acceptance(
    here: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.booked(contracts("EX-1"))
    monkeypatch.setenv("DAICHO_NOW", "2018-11-09T20:30:00")
    run(instance, "reconcile", None)
    (line,) = here.journal().iter_rows(named=True)
    number = f"{line['application_year']}-{line['application_serial']}-{line['branch_no']}"
    here.booked([change("5", number, history_no=line["history_no"])], "2018-11-20T10:00:00")
    monkeypatch.setenv("DAICHO_NOW", "2018-11-22T20:30:00")
    assert failed_checks(run(instance, "reconcile", None)) == set()


def test_checks_warn_of_the_end_of_the_calendar_and_of_deliveries(
    here: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DAICHO_NOW", "2035-06-01T10:00:00")
    assert failed_checks(run(instance, "intake", "2035-06-01")) == {"uploads:calendar_reaches_a_year"}
    monkeypatch.setenv("DAICHO_NOW", CUT_OFF)
    here.booked(contracts("EX-1"))
    (tmp_path / "finance").write_bytes(b"no folder")
    (here.path / "delivery.toml").write_text(
        f'[finance]\ntype = "folder"\npath = "{tmp_path / "finance"}"\n', encoding="utf-8"
    )
    result = run(instance, "confirm", None)
    assert result.success
    assert failed_checks(result) == {"deliveries:everything_is_delivered"}
    (tmp_path / "finance").unlink()
    assert failed_checks(run(instance, "confirm", None)) == set()
