"""The feed from the store to the portal's read model: complete, incremental, interrupted, and never in the way."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from django.db.utils import OperationalError

from assets import booking, feed, papers
from assets.feed import Announcer, feed_by_command, feed_if_reachable, feed_portal
from assets.ledgers import confirm_due
from daicho import drop
from daicho.deciding import decide_held
from daicho.references import load_folder
from portal_stub import running
from portal_stub.buyers.models import Buyer, Country
from portal_stub.feed import receiving
from portal_stub.feed.models import (
    AgreementPeriod,
    Document,
    Finding,
    LimitUse,
    Mark,
    MonthFigure,
    Policyholder,
    RatingChange,
    Submission,
)
from schemas.submission import Refusal
from sensors.windows import TOKYO
from tests import kit
from tests.assets.test_graph import run
from tests.homes import CUT_OFF, LINE_YEN, TUESDAY, Home, contracts

LATE = kit.enterprise_row(export_contract_no="LATE-1", contract_date="20180928")
COMPARED = (
    Submission,
    Finding,
    Document,
    Policyholder,
    AgreementPeriod,
    Country,
    RatingChange,
    MonthFigure,
    LimitUse,
)


def picture() -> dict[str, list[dict[str, Any]]]:
    """The whole read model but for technical numbers."""
    return {
        model.__name__: sorted(
            (
                {name: value for name, value in row.items() if name not in ("id", "generation")}
                for row in model.objects.values()
            ),
            key=str,
        )
        for model in COMPARED
    }


def _four_submissions(home: Home) -> None:
    home.booked(contracts("EX-1", "EX-2"))
    home.submit([kit.enterprise_row(goods_code="", currency="")], name="bad.csv")
    home.submit([LATE], name="late.csv")
    home.submit([{**LATE, "goods_code": "850000"}], name="again.csv")
    home.decide()
    home.print_papers()


@pytest.fixture
def busy(lived: Callable[[Callable[[Home], object]], Home]) -> Home:
    """A home with a booked, a rejected, a held and a waiting submission, and papers."""
    return lived(_four_submissions)


@pytest.mark.django_db
def test_submissions_tell_which_agreements_their_records_name(busy: Home) -> None:
    feed_portal(busy.at())
    named = dict(Submission.objects.values_list("file_name", "agreements"))
    assert named["upload.csv"] == named["bad.csv"] == kit.AGREEMENT, "booked or not"
    assert named["late.csv"] == "", "a held one got no verdict yet"
    assert [row.file_name for row in Submission.objects.naming_only({kit.AGREEMENT})] == [
        "bad.csv",
        "upload.csv",
    ]
    assert not Submission.objects.naming_only({"000000000"})
    feed_portal(busy.at(), rebuild=True)
    assert dict(Submission.objects.values_list("file_name", "agreements")) == named
    busy.print_papers()
    feed_portal(busy.at())
    assert dict(Submission.objects.values_list("file_name", "agreements")) == named, (
        "later events take nothing away"
    )


@pytest.mark.django_db
def test_holders_tell_whether_they_get_provided_data(busy: Home, tmp_path: Path) -> None:
    feed_portal(busy.at())
    assert not Policyholder.objects.filter(provided_data=True).exists()
    rows = f"holder,name,provided_data,department_ledgers,association\n{kit.HOLDER},提供先,1,0,\n"
    (tmp_path / "asked").mkdir()
    (tmp_path / "asked" / "policyholders.csv").write_text(rows, encoding="utf-8")
    load_folder(busy.at(), tmp_path / "asked")
    feed_portal(busy.at())
    assert list(Policyholder.objects.filter(provided_data=True).values_list("code", flat=True)) == [
        kit.HOLDER
    ]


@pytest.mark.django_db
def test_the_read_model_says_what_the_commands_say(busy: Home) -> None:
    told = feed_portal(busy.at())
    assert told["申請"] >= 4
    store = busy.at()
    now = store.clock.now()
    rows = store.events.submissions(now)
    assert len(rows) == 4
    for row in rows:
        fed = Submission.objects.get(pk=row["submission_id"])
        for name in ("product", "holder", "user", "file_name", "declared_count", "held", "errors", "warnings",
                     "premium_total_yen"):  # fmt: skip
            assert getattr(fed, name) == row[name], name
        assert fed.received_at.astimezone(TOKYO).isoformat() == row["received_at"]
        assert str(fed.acceptance_date) == row["acceptance_date"]
        assert str(fed.status_at(now)) == row["status"]
        findings = busy.findings(row["submission_id"])
        assert [(f.record, f.field or None, f.code) for f in fed.findings.all()] == findings
        assert fed.findings_total == len(findings)
    held, behind = Submission.objects.filter(verdict="").order_by("receipt_no")
    assert (held.hold_codes, behind.waits_for) == (["late-application"], held.pk)
    assert held.hold_reason
    papers = store.documents.find({}, now)
    assert {row["document_id"] for row in papers} == set(Document.objects.values_list("pk", flat=True))
    assert {row["path"] for row in papers} == {
        store.documents.path({"path": path}) for path in Document.objects.values_list("path", flat=True)
    }
    world = kit.world()
    assert set(Buyer.objects.values_list("code", "rating")) == {
        (row["buyer_code"], row["rating"]) for row in world["buyers"]
    }
    assert Policyholder.objects.count() == len(world["policyholders"])
    assert AgreementPeriod.objects.count() == len(world["agreements"])
    assert Country.objects.get(pk="105").category == kit.COUNTRIES["105"]


@pytest.mark.django_db
def test_only_what_is_new_is_told(busy: Home) -> None:
    feed_portal(busy.at())
    assert not any(feed_portal(busy.at()).values())
    late = Submission.objects.get(held=True).pk
    decide_held(busy.at(), late, True, "審査 花子", "確認")
    told = feed_portal(busy.at())
    assert told["申請"] == 1
    assert not Submission.objects.get(pk=late).held
    busy.decide()
    feed_portal(busy.at())
    assert Submission.objects.get(pk=late).premium_total_yen == LINE_YEN


@pytest.mark.django_db
@pytest.mark.parametrize("at_once", [1, 3, 2000])
def test_interrupted_anywhere_it_ends_like_one_from_zero(
    busy: Home, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(feed, "EVENTS_AT_ONCE", at_once)
    monkeypatch.setattr(receiving, "_FINDINGS_AT_ONCE", 2)
    steps = [
        "_keep_submissions",
        "_keep_documents",
        "_keep_answers",
        "_compare",
        "receive_figures",
        "grant_agreements",
    ]
    broken_at = 0
    for name in steps:
        for _ in range(2):  # each step breaks twice, before and after it wrote
            whole, before = getattr(receiving, name), broken_at % 2 == 0

            def breaking(*given: Any, _whole: Any = whole, _before: bool = before, **named: Any) -> Any:
                if not _before:
                    _whole(*given, **named)
                raise OSError("power cut")

            with monkeypatch.context() as broken:
                broken.setattr(receiving, name, breaking)
                with pytest.raises(OSError, match="power cut"):
                    feed_portal(busy.at())
            broken_at += 1
    feed_portal(busy.at())
    patched = picture()
    for model in (Buyer, *COMPARED, Mark):
        model.objects.all().delete()
    feed_portal(busy.at())
    assert picture() == patched
    assert len(patched["Submission"]) == 4


@pytest.mark.django_db
def test_a_rebuild_repairs_and_removes(busy: Home) -> None:
    feed_portal(busy.at())
    good = picture()
    Submission.objects.update(file_name="damaged", held=False)
    Finding.objects.all().delete()
    Country.objects.update(name="damaged")
    Submission.objects.create(
        submission_id="S99999999",
        receipt_no=99999999,
        declared_count=1,
        received_at="2018-11-06T10:00:00+09:00",
        acceptance_date="2018-11-06",
    )
    feed_portal(busy.at(), rebuild=True)
    assert picture() == good


@pytest.mark.django_db
def test_a_log_younger_than_the_read_model_is_told_from_zero(busy: Home) -> None:
    feed_portal(busy.at())
    good = picture()
    Mark.objects.filter(name="events").update(position="999999")
    feed_portal(busy.at())
    assert picture() == good


@pytest.mark.django_db
def test_tables_are_told_after_a_load_and_on_another_day(home: Home, tmp_path: Path) -> None:
    feed_portal(home.at())
    assert "国" not in feed_portal(home.at())
    rows = [
        {"country": "105", "valid_from": "2018-11-07", "name": "国105", "category": "E"},
        {"country": "999", "valid_from": "2018-11-01", "name": "新しい国", "category": "A"},
    ]
    load_folder(home.at(), kit.write_reference(tmp_path / "more", {"country_categories": rows}))
    assert feed_portal(home.at())["国"] == len(kit.COUNTRIES) + 1
    assert Country.objects.get(pk="999").name == "新しい国"
    assert Country.objects.get(pk="105").category == "C", "not in force yet"
    feed_portal(home.at("2018-11-07T08:00:00"))
    assert Country.objects.get(pk="105").category == "E"


@pytest.mark.req("I-003")
@pytest.mark.django_db
def test_a_change_of_rating_is_told_with_its_day_and_nothing_else_is(home: Home, tmp_path: Path) -> None:
    feed_portal(home.at())
    assert not RatingChange.objects.exists(), "a registration is no change"
    known, other = kit.buyer("EA"), kit.buyer("EE")
    names = ("buyer_code", "valid_from", "name", "country", "rating")

    def load(folder: str, *rows: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
        given = {"buyers": [dict(zip(names, row, strict=True)) for row in rows]}
        load_folder(home.at(), kit.write_reference(tmp_path / folder, given))
        assert feed_portal(home.at())["格付変更"] == 2
        return [(row.code, str(row.valid_from), row.former, row.new) for row in RatingChange.objects.all()]

    assert load(
        "more",
        (known, "2018-10-01", "BUYER EA", "105", "EM"),
        (known, "2018-11-01", "RENAMED", "105", "EM"),
        (known, "2018-12-01", "RENAMED", "304", "EF"),
        (other, "2018-11-01", "MOVED", "304", "EE"),
        ("999999999", "2018-11-01", "NEW", "105", "EA"),
    ) == [(known, "2018-12-01", "EM", "EF"), (known, "2018-10-01", "EA", "EM")]
    corrected = load("corrected", (known, "2018-10-01", "BUYER EA", "105", "EA"))
    assert corrected == [(known, "2018-12-01", "EM", "EF"), (known, "2018-11-01", "EA", "EM")]


def test_without_a_portal_nothing_is_told_and_no_django_wanted(
    busy: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "feed_portal", lambda *_: pytest.fail("there is no portal"))
    assert feed_if_reachable(busy.at(), pytest.fail) == {}


@pytest.mark.django_db
def test_a_database_without_a_portal_is_no_fault(busy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (busy.path / "portal.db").touch()
    assert receiving.is_prepared()
    monkeypatch.setattr(receiving, "is_prepared", lambda: False)
    assert feed_if_reachable(busy.at(), pytest.fail) == {}


@pytest.mark.django_db
def test_a_portal_out_of_reach_is_told_and_stops_nothing(busy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (busy.path / "portal.db").touch()

    def locked(*_: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(feed, "feed_portal", locked)
    said: list[str] = []
    assert feed_if_reachable(busy.at(), said.append) == {}
    assert "次の処理で追いつきます" in said[0]
    assert "locked" in said[0]


@pytest.mark.django_db
def test_who_feeds_a_portal_that_is_held_is_told_so(busy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(words: str) -> Any:
        def feed_nothing(*_: Any) -> None:
            raise OperationalError(words)

        return feed_nothing

    monkeypatch.setattr(running, "prepare", lambda: None)
    monkeypatch.setattr(feed, "feed_portal", failing("database is locked"))
    with pytest.raises(Refusal) as refusal:
        feed_by_command(busy.at(), rebuild=False)
    assert refusal.value.code == "portal-busy"
    assert "もう一度実行してください" in refusal.value.message
    monkeypatch.setattr(feed, "feed_portal", failing("disk I/O error"))
    with pytest.raises(OperationalError):
        feed_by_command(busy.at(), rebuild=False)
    monkeypatch.undo()
    assert feed_by_command(busy.at(), rebuild=False)["申請"] > 0


@pytest.mark.parametrize("job", ["intake", "nightly", "reconcile", "confirm"])
@pytest.mark.django_db
def test_every_job_ends_with_telling_the_portal(
    busy: Home, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAICHO_HOME", str(busy.path))
    monkeypatch.setenv("DAICHO_NOW", TUESDAY)
    busy.settings(drop_settle_seconds=0)
    (busy.path / "portal.db").touch()
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(instance, job, "2018-11-06" if job in ("intake", "nightly") else None)
    assert result.success
    stages = [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()]
    assert stages[-1] == "portal_feed"
    assert Submission.objects.count() == 4


@pytest.mark.slow
def test_a_run_succeeds_over_a_damaged_portal(busy: Home) -> None:
    (busy.path / "portal.db").write_bytes(b"no database at all" * 100)
    ran = busy.command("run", "intake", "--json")
    assert ran.code == 0, ran.err
    assert "ポータルに反映できませんでした" in ran.err


@pytest.mark.slow
def test_the_command_makes_and_fills_the_database(busy: Home) -> None:
    first = busy.command("portal", "feed", "--json")
    assert first.code == 0, first.err
    assert first.json["申請"] >= 4
    assert not any(busy.command("portal", "feed", "--json").json.values())
    again = busy.command("portal", "feed", "--rebuild", "--json")
    assert again.json["申請"] == first.json["申請"]
    with sqlite3.connect(busy.path / "portal.db") as opened:
        assert opened.execute("SELECT count(*) FROM feed_submission").fetchone() == (4,)


# -- in between ---------------------------------------------------------------------------------------------


@pytest.fixture
def running_here(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a portal in which jobs run in this process; every telling in between is due at once."""
    monkeypatch.setenv("DAICHO_HOME", str(home.path))
    monkeypatch.setenv("DAICHO_NOW", TUESDAY)
    monkeypatch.setattr(Announcer, "LEAST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(Announcer, "SHARE", 0)
    home.settings(drop_settle_seconds=0)
    (home.path / "portal.db").touch()
    return home


def dropped(home: Home, *names: str) -> None:
    """One good upload per name in the drop."""
    folder = home.path / "drop" / kit.HOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / f"enterprise_{kit.HOLDER}_1_{name}.csv"
        path.write_bytes(kit.csv_bytes(contracts(name)))


def intake() -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return run(instance, "intake", "2018-11-06")


def statuses(home: Home) -> list[str]:
    now = home.at().clock.now()
    return [str(row.status_at(now)) for row in Submission.objects.order_by("receipt_no")]


@pytest.mark.django_db
@pytest.mark.req("C-014")
def test_users_see_each_step_while_the_run_goes_on(
    running_here: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the portal shows at the moment at which each piece of work begins."""
    monkeypatch.setattr(booking, "CLAIM_AT_ONCE", 1)
    seen: dict[str, list[tuple[list[str], int]]] = {"receipt": [], "assess": [], "monitor": []}

    def watched(module: Any, name: str, step: str) -> None:
        whole = getattr(module, name)

        def watching(*given: Any, **named: Any) -> Any:
            seen[step].append((statuses(running_here), Document.objects.filter(kind="monitor_list").count()))
            return whole(*given, **named)

        monkeypatch.setattr(module, name, watching)

    watched(papers, "issue_receipt", "receipt")
    watched(booking, "assess_decoded", "assess")
    watched(papers, "issue_monitor_list", "monitor")
    dropped(running_here, "A", "B", "C")
    assert intake().success
    working, done = "処理中", "処理完了"
    assert seen["receipt"][0] == ([working] * 3, 0), "taken is told before anything is printed"
    assert seen["assess"] == [
        ([working] * 3, 0),
        ([done, working, working], 0),
        ([done, done, working], 0),
    ]
    assert seen["monitor"] == [([done] * 3, number) for number in range(3)]
    assert Document.objects.filter(kind="monitor_list").count() == 3


@pytest.mark.django_db
def test_what_is_dropped_during_a_long_run_is_taken_and_decided_in_it(
    running_here: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "CLAIM_AT_ONCE", 1)
    whole, seen = booking.assess_decoded, []

    def assessing(*given: Any) -> Any:
        seen.append(statuses(running_here))
        if len(seen) == 1:
            dropped(running_here, "LATER")
        return whole(*given)

    monkeypatch.setattr(booking, "assess_decoded", assessing)
    dropped(running_here, "A", "B")
    assert intake().success
    working, done = "処理中", "処理完了"
    assert seen[:2] == [[working, working], [done, working, working]], "told while the run goes on"
    assert statuses(running_here) == [done] * 3
    assert Document.objects.filter(pk="receipt-S00000003").exists(), "its 受付票 is made as well"
    assert Document.objects.filter(kind="monitor_list").count() == 3
    assert not list((running_here.path / "drop" / kit.HOLDER).glob("*.csv"))


@pytest.mark.django_db
def test_a_drop_that_cannot_be_read_meanwhile_stops_no_verdicts(
    running_here: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = drop.collect, []

    def failing(store: Any) -> Any:
        calls.append(store)
        if len(calls) > 1:
            raise OSError("stale handle")
        return whole(store)

    monkeypatch.setattr(drop, "collect", failing)
    dropped(running_here, "A")
    assert not intake().success, "the check tells it"
    assert statuses(running_here) == ["処理完了"]
    [fault] = running_here.events("fault")
    assert (fault["details"]["stage"], fault["details"]["about"]) == ("verdicts", "drop")


@pytest.mark.django_db
@pytest.mark.parametrize("broken_at", [1, 2, 3, 5])
@pytest.mark.parametrize("before", [True, False], ids=["before-writing", "after-writing"])
def test_a_portal_that_fails_at_any_telling_stops_no_run_and_catches_up(
    running_here: Home, monkeypatch: pytest.MonkeyPatch, broken_at: int, before: bool
) -> None:
    monkeypatch.setattr(booking, "CLAIM_AT_ONCE", 1)
    whole, calls = receiving.receive, []

    def breaking(*given: Any) -> None:
        calls.append(given)
        if len(calls) == broken_at and before:
            raise OperationalError("database is locked")
        whole(*given)
        if len(calls) == broken_at:
            raise OperationalError("power cut")

    monkeypatch.setattr(receiving, "receive", breaking)
    dropped(running_here, "A", "B")
    assert intake().success
    assert len(calls) >= 4
    assert statuses(running_here) == ["処理完了"] * 2, "the run went on, and its end told what was left"
    monkeypatch.setattr(receiving, "receive", whole)
    told = picture()
    for model in (Buyer, *COMPARED, Mark):
        model.objects.all().delete()
    feed_portal(running_here.at())
    assert picture() == told


@pytest.mark.django_db
def test_a_run_that_dies_between_two_verdicts_is_continued_by_the_next(
    running_here: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "CLAIM_AT_ONCE", 1)
    book, times = booking._book, []

    def dying(*given: Any) -> None:
        times.append(given)
        if len(times) == 2:
            raise KeyboardInterrupt
        book(*given)

    dropped(running_here, "A", "B")
    with monkeypatch.context() as broken:
        broken.setattr(booking, "_book", dying)
        assert not intake().success
    assert statuses(running_here) == ["処理完了", "処理中"], "what was decided had been told"
    assert intake().success
    assert statuses(running_here) == ["処理完了"] * 2
    told = picture()
    feed_portal(running_here.at(), rebuild=True)
    assert picture() == told


@pytest.mark.django_db
def test_telling_in_between_leaves_the_work_its_time(busy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (busy.path / "portal.db").touch()
    clock, told = [0.0], []

    def taking_two_seconds(*_: Any) -> dict[str, int]:
        told.append(clock[0])
        clock[0] += 2
        return {}

    monkeypatch.setattr(feed, "feed_events", taking_two_seconds)
    monkeypatch.setattr(feed.time, "monotonic", lambda: clock[0])
    with Announcer(busy.at(), pytest.fail) as announce:
        for _ in range(100):
            clock[0] += 0.5
            announce()
    assert told[0] == 0.5, "the first news at once"
    assert 3 <= len(told) <= 5, "a tenth of the time"
    assert told[-1] >= 50, "and the last news for sure"
    told.clear()
    with Announcer(busy.at(), pytest.fail):
        pass
    assert told == [], "nothing happened, nothing is asked"


@pytest.mark.django_db
def test_a_failing_portal_is_tried_once_per_stage(busy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (busy.path / "portal.db").touch()
    tried = []

    def locked(*_: Any) -> dict[str, int]:
        tried.append(1)
        raise OperationalError("database is locked")

    monkeypatch.setattr(feed, "feed_events", locked)
    monkeypatch.setattr(Announcer, "LEAST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(Announcer, "SHARE", 0)
    said: list[str] = []
    with Announcer(busy.at(), said.append) as announce:
        for _ in range(5):
            announce()
    assert (len(tried), len(said)) == (1, 1)


@pytest.mark.django_db
def test_who_is_overtaken_while_all_is_told_anew_takes_nothing_away(
    busy: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed_portal(busy.at())

    def overtaken(*_: Any) -> None:
        raise receiving.MovedOn

    with monkeypatch.context() as other:
        other.setattr(receiving, "receive", overtaken)
        feed_portal(busy.at(), rebuild=True)
    assert Submission.objects.count() == 4, "whoever overtook it has not told all of them yet"
    feed_portal(busy.at())
    assert Submission.objects.count() == 4
    assert not Mark.objects.get(name="events").filling


# -- figures ------------------------------------------------------------------------------------------------


def month_rows(holder: str = kit.HOLDER) -> list[tuple[Any, ...]]:
    rows = MonthFigure.objects.filter(holder=holder)
    return [
        (str(row.month)[:7], row.lines, row.unconfirmed_yen, row.confirmed_yen)
        for row in rows.order_by("month")
    ]


def scans(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every reading of figures from now on, as the holders that it was for."""
    told: list[Any] = []
    whole = receiving.receive_figures

    def watching(mark: str, since: str, holders: Any, *rest: Any) -> int:
        told.append(holders)
        return whole(mark, since, holders, *rest)

    monkeypatch.setattr(receiving, "receive_figures", watching)
    return told


@pytest.mark.django_db
def test_figures_follow_bookings_and_confirmations_of_those_they_are_about(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = scans(monkeypatch)
    feed_portal(home.at())
    home.booked(contracts("EX-1", "EX-2"))
    assert feed_portal(home.at())["集計"] > 0
    assert told == [None, [kit.HOLDER]]
    assert month_rows() == [("2018-11", 2, 2 * LINE_YEN, 0)]
    use = LimitUse.objects.get(agreement=kit.AGREEMENT, buyer=kit.buyer("EA"))
    assert (use.holder, use.limit_yen, use.used_yen, use.state) == (
        kit.HOLDER,
        100_000_000,
        18_000_000,
        "ok",
    )
    assert feed_portal(home.at())["集計"] == 0
    home.submit([kit.enterprise_row(goods_code="", currency="")], name="bad.csv")
    home.decide()
    feed_portal(home.at())
    assert len(told) == 2, "the journal is not read when nothing was booked"
    confirm_due(home.at(CUT_OFF))
    feed_portal(home.at(CUT_OFF))
    assert told[2:] == [None], "another day"
    assert month_rows() == [("2018-11", 2, 0, 2 * LINE_YEN)]
    assert feed_portal(home.at(CUT_OFF))["集計"] == 0


@pytest.mark.django_db
def test_limits_follow_the_tables_and_the_day(home: Home, tmp_path: Path) -> None:
    home.booked(contracts("EX-1"))
    feed_portal(home.at())
    rows = [row for row in kit.world()["buyer_registrations"] if row["buyer_code"] == kit.buyer("EA")]
    load_folder(
        home.at(),
        kit.write_reference(
            tmp_path / "limits", {"buyer_registrations": [row | {"limit_yen": "10000000"} for row in rows]}
        ),
    )
    feed_portal(home.at())
    use = LimitUse.objects.get(agreement=kit.AGREEMENT, buyer=kit.buyer("EA"))
    assert (use.limit_yen, use.used_permille, use.state) == (10_000_000, 900, "near")
    feed_portal(home.at("2019-08-01T10:00:00"))
    use.refresh_from_db()
    assert (use.used_yen, use.state) == (0, "ok"), "paid for long ago"


@pytest.mark.django_db
def test_figures_interrupted_or_overtaken_end_like_figures_from_zero(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.booked(contracts("EX-1"))
    feed_portal(home.at())
    home.booked(contracts("EX-2"), name="second.csv")
    whole, calls = receiving._compare, []

    def breaking(model: Any, *given: Any, **named: Any) -> int:
        calls.append(model)
        done = whole(model, *given, **named)
        if model is LimitUse:
            raise OSError("power cut")
        return done

    with monkeypatch.context() as broken:
        broken.setattr(receiving, "_compare", breaking)
        with pytest.raises(OSError, match="power cut"):
            feed_portal(home.at())
    assert month_rows() == [("2018-11", 1, LINE_YEN, 0)], "all of it or nothing"
    with pytest.raises(receiving.MovedOn):
        receiving.receive_figures("9:1:2018-11-06", "0:1:2018-11-05", None, [], [])
    feed_portal(home.at())
    told = picture()
    assert month_rows() == [("2018-11", 2, 2 * LINE_YEN, 0)]
    MonthFigure.objects.update(lines=99)
    LimitUse.objects.all().delete()
    MonthFigure.objects.create(
        holder="999", agreement="9", product="enterprise", month="2018-11-01", applications=1, lines=1
    )
    feed_portal(home.at(), rebuild=True)
    assert picture() == told
