"""The yearly premium of 簡易 over a real store: billed once, an increase pro rata, papers, finance, what operators see."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets import yearly, yearly_papers
from assets.definitions import defs
from assets.ledgers import Listed, extract_due
from assets.yearly import bill_yearly_due, unbilled
from pipelines.reference import Reference
from pipelines.yearly import yearly_entries
from tests import kit
from tests.homes import CUT_OFF, TUESDAY, Home, csv_rows
from tests.outputs.samples import Pdf

EA, EF = kit.buyer("EA"), kit.buyer("EF")
AGREEMENT = kit.NOTICE_AGREEMENT
FIRST = f"{AGREEMENT}_-_2018-04_Y_1"
GROWN = f"{AGREEMENT}_-_2018-11_Y_1"
KINDS = [("invoice", "csv"), ("invoice", "pdf"), ("premium_statement", "csv"), ("premium_statement", "pdf")]
RATE_P = {
    "product": "simplified-notice",
    "component": "P",
    "country_category": "C",
    "valid_from": "2017-01-01",
    "a": "0",
    "b": "0.150",
}
ABROAD = "800000001"
"""A buyer of a category without rate P."""


def registered(buyer: str, limit: int, since: str = "2018-04-01") -> kit.Row:
    return {
        "agreement_code": AGREEMENT,
        "buyer_code": buyer,
        "valid_from": since,
        "limit_yen": "100000000",
        "pre_limit_yen": str(limit),
    }


def load(home: Home, now: str = TUESDAY, **rows: list[kit.Row]) -> None:
    folder = home.path.parent / f"tables{len(list(home.path.parent.iterdir()))}"
    assert home.cli("reference", "load", str(kit.write_reference(folder, rows)), now=now).code == 0


@pytest.fixture
def insured(home: Home) -> Home:
    """A home whose 簡易 agreement has the option, with a limit of 10,000,000 yen for EA and 20,000,000 for EF."""
    (agreement,) = (row for row in kit.world()["agreements"] if row["agreement_code"] == AGREEMENT)
    load(
        home,
        agreements=[agreement | {"pre_shipment_cover": "1"}],
        rates=[RATE_P],
        buyer_registrations=[registered(EA, 10_000_000), registered(EF, 20_000_000)],
    )
    return home


def bill(home: Home, now: str) -> Listed:
    done = bill_yearly_due(home.at(now))
    assert done.failed == []
    return done


def csv(home: Home, document_id: str) -> list[dict[str, str]]:
    data = home.at(CUT_OFF).documents.read(document_id)
    assert data is not None, document_id
    return csv_rows(data, "utf-8" if document_id.startswith("finance") else "cp932")


def text(home: Home, document_id: str) -> str:
    """The text of a PDF without spaces."""
    (path,) = (row["path"] for row in home.papers() if row["document_id"] == document_id)
    paper = Pdf(Path(path))
    assert all(font[-5] == "yes" for font in paper.fonts()), "every font is embedded"
    return "".join(paper.text().split())


@pytest.mark.req("E-137", "E-138", "E-156", "B-033")
def test_a_year_is_billed_once_an_increase_for_its_days_and_both_are_invoiced(insured: Home) -> None:
    done = bill(insured, TUESDAY)
    assert (done.ledgers, done.units) == ([FIRST], [f"{AGREEMENT}_-_2018-04"])
    assert insured.kinds(TUESDAY) == KINDS
    assert bill(insured, "2018-11-07T20:30:00") == Listed()
    load(insured, buyer_registrations=[registered(EA, 30_000_000, "2018-11-20")])
    assert bill(insured, "2018-11-19T20:30:00") == Listed(), "not before its day"
    assert bill(insured, "2018-11-20T20:30:00").ledgers == [GROWN]
    assert bill(insured, CUT_OFF) == Listed()
    rows = insured.journal("yearly").select("journal_no", "payer_code", "premium_total", "ledger_id").rows()
    # 2018-11-20 … 2019-04-01 are 133 of 365 days: 30,000 × 133 ÷ 365 = 10,931.5
    assert rows == [(1, EA, 15_000, FIRST), (2, EF, 30_000, FIRST), (3, EA, 10_931, GROWN)]

    (invoice,) = csv(insured, f"invoice-{FIRST}-csv")
    assert (invoice["請求番号"], invoice["請求金額"], invoice["明細件数"]) == (f"INV-{FIRST}", "45000", "2")
    assert (invoice["発行日"], invoice["支払期限"]) == ("20181106", "20181217"), "40 days later is a Sunday"
    (grown,) = csv(insured, f"invoice-{GROWN}-csv")
    assert (grown["請求金額"], grown["発行日"]) == ("10931", "20181120")
    statement = csv(insured, f"premium_statement-{FIRST}-csv")
    assert [(row["バイヤーコード"], row["年率（％）"], row["合計保険料"]) for row in statement] == [
        (EA, "0.150", "15000"),
        (EF, "0.150", "30000"),
    ]
    (line,) = csv(insured, f"premium_statement-{GROWN}-csv")
    told = [line[name] for name in ("区分", "保険料対象額（円）", "日数", "保険年度の日数", "計算開始日")]
    assert told == ["限度額の増額", "20000000", "133", "365", "20181120"]
    printed = text(insured, f"invoice-{FIRST}-pdf")
    for words in ("髙橋貿易㈱御中", "45,000円", "2018年12月17日", f"INV-{FIRST}", "2018/04/02～2019/04/01"):
        assert words in printed, words
    assert insured.verify() == []
    printed = text(insured, f"premium_statement-{GROWN}-pdf")
    for words in (
        EA,
        "BUYEREA",
        "限度額の増額",
        "133日／365日",
        "0.150",
        "20,000,000",
        "10,931円",
        "105国105",
    ):
        assert words in printed, words


def test_of_two_runs_at_once_only_one_bills(insured: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    others: list[Listed] = []

    def overtaken(reference: Reference, journal: pl.LazyFrame, now: datetime) -> pl.DataFrame:
        rows = yearly_entries(reference, journal, now)
        if not others:
            others.append(Listed())
            others.append(bill(insured, TUESDAY))
        return rows

    monkeypatch.setattr(yearly, "yearly_entries", overtaken)
    assert bill(insured, TUESDAY) == Listed(), "the other one came first"
    assert others[1].ledgers == [FIRST]
    assert insured.journal("yearly")["ledger_id"].to_list() == [FIRST, FIRST]
    assert insured.verify(TUESDAY) == []


@pytest.mark.req("E-137")
def test_the_renewal_is_billed_on_the_first_day_of_the_next_year(insured: Home) -> None:
    bill(insured, TUESDAY)
    assert bill(insured, "2019-04-01T20:30:00") == Listed()
    renewed = bill(insured, "2019-04-02T20:30:00")
    assert renewed.ledgers == [f"{AGREEMENT}_-_2019-04_Y_1"]
    assert insured.journal("yearly")["premium_total"].to_list() == [15_000, 30_000] * 2


@pytest.mark.req("E-123", "E-130", "B-033")
def test_without_the_option_nothing_is_billed_and_no_rate_is_missed(home: Home) -> None:
    load(home, buyer_registrations=[registered(EA, 10_000_000)])
    assert bill(home, TUESDAY) == Listed()
    assert unbilled(home.at()).is_empty()
    home.booked([kit.notice_row()], product="simplified-notice")
    (line,) = home.journal().iter_rows(named=True)
    assert (line["rate_a"], line["premium_b"], line["rate_c"], line["premium_d"]) == (
        None,
        7_900,
        None,
        8_000,
    )


def test_verify_compares_the_journal_with_the_invoice(insured: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from daicho import conserving

    bill(insured, TUESDAY)
    problems, counts = conserving.conserved(insured.at(TUESDAY))
    assert (problems, counts["ledgers_conserved"], counts["totals_compared"]) == ([], 1, 3)
    told = conserving.billings
    monkeypatch.setattr(
        conserving, "billings", lambda journal: told(journal).with_columns(pl.col("premium_total") + 1)
    )
    problems, _ = conserving.conserved(insured.at(TUESDAY))
    assert len(problems) == 3
    assert FIRST in problems[0]


def test_finance_gets_the_yearly_invoices_of_a_month_also_without_any_ledger(insured: Home) -> None:
    bill(insured, TUESDAY)
    assert extract_due(insured.at("2018-11-30T19:59:59")) == []
    assert extract_due(insured.at("2018-11-30T20:00:00")) == ["finance_premiums-2018-11-v1"]
    (row,) = csv(insured, "finance_premiums-2018-11-v1")
    assert (row["invoice_no"], row["due_on"], row["premium_total"]) == (f"INV-{FIRST}", "2018-12-17", "45000")
    assert (row["product"], row["holder"], row["holder_name"]) == (
        "simplified-notice",
        kit.HOLDER,
        "髙橋貿易㈱",
    )
    assert (row["acceptance_month"], row["department_code"], row["lines"]) == ("2018-04", "-", "2")
    assert [row[f"premium_{c}"] for c in "abcd"] == ["0"] * 4
    assert (row["charged_total"], row["payable_yen"]) == ("45000", "45000")
    assert [row[name] for name in ("returned_total", "refund_yen", "listed_only_yen")] == ["0"] * 3
    load(insured, buyer_registrations=[registered(EA, 30_000_000, "2018-12-03")])
    bill(insured, "2018-12-03T20:30:00")
    assert extract_due(insured.at(CUT_OFF)) == ["finance_premiums-2018-12-v1"]


def test_papers_that_a_crash_left_out_are_made_by_the_next_run(
    insured: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> bytes:
        raise RuntimeError("out of paper")

    with monkeypatch.context() as patched:
        patched.setattr(yearly_papers, "yearly_invoice_pdf", crash)
        done = bill_yearly_due(insured.at())
    assert [(name, str(error)) for name, error in done.failed] == [(FIRST, "out of paper")]
    assert insured.kinds() == []
    again = bill(insured, "2018-11-07T20:30:00")
    assert (again.ledgers, len(again.documents)) == ([], 4)
    assert insured.journal("yearly").height == 2
    (invoice,) = csv(insured, f"invoice-{FIRST}-csv")
    assert invoice["発行日"] == "20181106", "it is of the day of the billing"


def test_a_paper_made_again_is_the_same_paper(insured: Home) -> None:
    bill(insured, TUESDAY)
    before = insured.papers()
    load(insured, policyholders=[{"holder": kit.HOLDER, "name": "新社名㈱"}])
    yearly_papers.issue_yearly_billing(insured.at("2018-12-03T10:00:00"), FIRST)
    assert insured.papers() == before
    for document in before:
        again = insured.cli("reissue", document["document_id"], "--json", now="2018-12-03T10:00:00")
        assert again.json["identical"] is True


def test_the_view_tells_what_is_billed_and_what_is_not(insured: Home) -> None:
    load(
        insured,
        buyers=[{"buyer_code": ABROAD, "valid_from": "2010-01-01", "country": "111", "rating": "EA"}],
        buyer_registrations=[registered(ABROAD, 5_000_000)],
    )
    query = "select buyer_code, state, premium_total, invoice_no, country_category from yearly_premiums order by 1"
    before = insured.cli("sql", query, "--json").json
    assert [(row["buyer_code"], row["state"], row["premium_total"]) for row in before] == [
        (ABROAD, "no-rate", None),
        (EA, "due", 15_000),
        (EF, "due", 30_000),
    ]
    bill(insured, TUESDAY)
    after = insured.cli("sql", query, "--json").json
    assert [(row["buyer_code"], row["state"], row["invoice_no"]) for row in after] == [
        (ABROAD, "no-rate", None),
        (EA, "billed", f"INV-{FIRST}"),
        (EF, "billed", f"INV-{FIRST}"),
    ]
    assert after[0]["country_category"] == "D"


# -- the graph ------------------------------------------------------------------------------------------------


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def warned(result: dg.ExecuteInProcessResult, check: str) -> dict[str, object] | None:
    """Metadata of a check that did not pass; None when it passed."""
    (found,) = (
        e.asset_check_evaluation_data
        for e in result.all_events
        if e.event_type_value == "ASSET_CHECK_EVALUATION"
        and e.asset_check_evaluation_data.check_name == check
    )
    if found.passed:
        return None
    assert found.severity == dg.AssetCheckSeverity.WARN
    return {name: value.value for name, value in found.metadata.items()}


@pytest.mark.parametrize("job", ["nightly", "confirm"])
def test_the_jobs_bill_tell_and_warn(
    insured: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    load(
        insured,
        buyers=[{"buyer_code": ABROAD, "valid_from": "2010-01-01", "country": "111", "rating": "EA"}],
        buyer_registrations=[registered(ABROAD, 5_000_000)],
    )
    monkeypatch.setenv("DAICHO_HOME", str(insured.path))
    monkeypatch.setenv("DAICHO_NOW", TUESDAY)
    insured.settings(drop_settle_seconds=0)
    day = "2018-11-06" if job == "nightly" else None
    if day:
        instance.add_dynamic_partitions("acceptance_date", [day])

    def run() -> dg.ExecuteInProcessResult:
        return defs.resolve_job_def(job).execute_in_process(instance=instance, partition_key=day)

    result = run()
    assert insured.journal("yearly").height == 2
    (event,) = (
        e.step_materialization_data.materialization
        for e in result.all_events
        if e.is_step_materialization and e.asset_key == dg.AssetKey("yearly_premiums")
    )
    metadata = {name: value.value for name, value in event.metadata.items()}
    assert (metadata["台帳"], metadata["未請求"]) == (1, 1)
    assert metadata["processed"] == [f"{AGREEMENT}_-_2018-04"]
    assert f"| {AGREEMENT} | {ABROAD} | 2018-04-02 | D | EA | 料率P" in metadata["未請求一覧"]
    told = warned(result, "yearly_premiums_are_billed")
    assert told is not None
    assert told["未請求"] == 1
    load(insured, rates=[RATE_P | {"country_category": "D"}])
    again = run()
    assert insured.journal("yearly").height == 3
    assert warned(again, "yearly_premiums_are_billed") is None
