"""Every sample upload does what ``sample_ledgers/expected.csv`` says, through the rules alone.

The whole tour through the command line is ``sample_ledgers/run.py``; here no store and no Dagster is needed.
"""

import csv
import importlib.util
import json
import sys
import zipfile
from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from xml.etree.ElementTree import canonicalize

import polars as pl
import pytest

from daicho.views import ledger_state
from pipelines.assess import Assessment, assess_decoded
from pipelines.ledger import confirmation_entries, reconciliation_entries
from pipelines.post import Candidate, Posted, post
from pipelines.reading.decode import decode
from pipelines.reference import canonical_tables, unusable_values
from schemas.findings import KINDS, NEEDS_DECISION
from schemas.journal import CHAIN, SCHEMA
from schemas.layouts import layout_of
from schemas.products import Product
from schemas.submission import Refusal
from sensors.windows import acceptance_day
from tests.sample_ledgers.reference_set import ROOT, calendar, reference, text_tables

AT_THE_DOOR = {"count-mismatch", "identical-upload", "remarks-too-long"}
"""Refusals that are decided by the door, not by the rules or the hours; the tour shows them."""
BEYOND_THE_TOUR = {
    "history-full",  # takes 99 versions of one branch
    "old-contract",  # takes a contract that was insured before October 2014
    "goods-excluded",  # takes a product that none of the samples' exporters has
    "limit-near",  # takes a limit that is nearly used up
    "limit-exceeded",
    "buyer-excluded",  # takes an agreement that leaves small buyers out
    "untitled-value",  # takes a file that is damaged
    "exponent-number",
    "lost-zero",
    "similar-contract",
}
SHEETS = {
    "calculation-rest",
    "cell-error",
    "cell-is-date",
    "column-narrow",
    "conditional-format",
    "date-partly-shown",
    "digits-lost",
    "format-unknown",
    "formula-no-result",
    "formula-not-calculated",
    "hidden-column",
    "hidden-row",
    "merged-cells",
    "number-in-text",
    "sheet-hidden",
    "sheet-not-read",
    "shown-otherwise",
    "shown-short",
    "time-dropped",
}
"""What only a workbook can have; ``tests/pipelines/reading`` fires them."""
"""Findings that no sample of four months can show; ``tests/pipelines`` fires them."""


def expected() -> list[dict[str, str]]:
    with (ROOT / "expected.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def assessed(row: dict[str, str]) -> Assessment:
    sent_at = datetime.fromisoformat(row["sent_at"])
    layout = layout_of(Product(row["product"]))
    return assess_decoded(
        decode((ROOT / row["file"]).read_bytes(), Path(row["file"]).name, layout),
        row["holder"],
        sent_at.date(),
        acceptance_day(sent_at, calendar()),
        reference(),
    )


@cache
def outcomes() -> dict[int, Posted]:
    """Every upload that is not refused, decided on one ledger: when it was sent, and what was held again when released."""
    ledger = _Ledger()
    rows = [(number, row) for number, row in enumerate(expected()) if not row["refusal"]]
    moments = [(row["sent_at"], number, frozenset[str]()) for number, row in rows]
    moments += [
        (row["decided_at"], number, NEEDS_DECISION) for number, row in rows if row["decision"] == "release"
    ]
    evenings = [(evening, -1, frozenset[str]()) for evening in loaded("run").EVENINGS]
    result: dict[int, Posted] = {}
    for now, number, released in sorted(moments + evenings, key=lambda m: (m[0], m[1] < 0)):
        at = datetime.fromisoformat(now)
        if number < 0:
            ledger.close(at)
            continue
        posted = ledger.send(number, expected()[number], at, released)
        assert (number in result) == bool(released)
        assert not released or result[number].verdict == "held"
        result[number] = posted
    return result


class _Ledger:
    """Journal rows of the samples, without store."""

    def __init__(self) -> None:
        self.rows = pl.DataFrame(schema={k: v for k, v in SCHEMA.items() if k not in CHAIN})

    def send(self, number: int, row: dict[str, str], now: datetime, released: frozenset[str]) -> Posted:
        """One upload, decided at that instant."""
        receipt = {"receipt_no": number + 1, "submission_id": f"S{number + 1:08d}", "holder": row["holder"]}
        candidate = Candidate(receipt, assessed(row), released)
        state = ledger_state(self.rows.lazy(), [candidate])
        [posted] = post([candidate], state, now, lambda _: reference(), calendar())
        self._append(posted.rows)
        return posted

    def close(self, now: datetime) -> None:
        """The evening's 照合 and 確定."""
        for entries in (reconciliation_entries, confirmation_entries):
            self._append(entries(self.rows.lazy(), now, calendar()))

    def _append(self, rows: pl.DataFrame) -> None:
        number = pl.int_range(pl.len(), dtype=pl.Int64).alias("journal_no") + self.rows.height + 1
        self.rows = pl.concat([self.rows, rows.with_columns(number)], how="diagonal").select(
            self.rows.columns
        )


def booked() -> dict[str, pl.DataFrame]:
    """File → its lines in the journal."""
    rows = expected()
    return {rows[n]["file"]: posted.rows for n, posted in outcomes().items() if posted.verdict == "booked"}


def test_the_reference_set_can_beloaded() -> None:
    tables = canonical_tables(text_tables())
    assert unusable_values(tables) == []
    assert set(tables["rates"]["rate_set"]) == {"CAL-2018(仮定: 2018年の例に合わせた較正値)"}
    for name in ("country_categories", "rates", "exchange_rates"):
        assert (tables[name]["remark"] != "").all(), f"{name}: every assumption is marked in its row"


@pytest.mark.parametrize(
    ("number", "row"),
    [pytest.param(n, row, id=row["file"]) for n, row in enumerate(expected()) if not row["refusal"]],
)
def test_an_upload_gets_what_is_expected_of_it(number: int, row: dict[str, str]) -> None:
    posted = outcomes()[number]
    found = Counter(
        f"{record or 0}:{code}" for record, code in posted.findings.select("record", "code").iter_rows()
    )
    by_desk = Counter(["0:refused-by-desk"] if row["decision"] == "refuse" else [])
    assert found + by_desk == Counter(row["findings"].split())
    assert str(posted.errors + by_desk.total()) == row["errors"]
    assert str(posted.warnings) == row["warnings"]
    verdict = "held" if by_desk else {"処理完了": "booked", "申請内容要確認": "rejected"}[row["expected"]]
    assert posted.verdict == verdict
    assert str(posted.premium_total) == row["premium_total_yen"]
    if posted.verdict == "booked" and set(posted.rows["process_type"]) == {"1"}:
        assert str(posted.rows.height) == row["count"]


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row['file']} {row['sent_at']}") for row in expected() if row["refusal"]]
)
def test_a_refused_upload_is_refused_for_the_expected_reason(row: dict[str, str]) -> None:
    if row["refusal"] in AT_THE_DOOR:
        assert assessed(row).count > 0  # readable and in time: only the door refuses it
        return
    with pytest.raises(Refusal) as refusal:
        assessed(row)
    assert refusal.value.code == row["refusal"]


def test_every_kind_of_finding_fires_in_some_sample() -> None:
    shown = {found.split(":")[1] for row in expected() for found in row["findings"].split()}
    assert shown == set(KINDS) - BEYOND_THE_TOUR - SHEETS


@pytest.mark.req("E-151", "E-152", "E-154", "E-155", "E-158")
def test_the_printed_totals_come_out_to_the_yen() -> None:
    by_file = booked()
    ledger = by_file["worked_examples/seed004_enterprise.csv"]
    assert ledger.select("country_category", "buyer_rating", "premium_total").rows() == [
        ("A", "EA", 9_400),
        ("A", "EF", 12_800),
        ("C", "EA", 18_400),
        ("C", "EF", 21_800),
        ("D", "EA", 22_300),
        ("D", "EF", 25_700),
    ]
    components = [f"premium_{c}" for c in "acbd"]
    assert ledger.select(components).rows()[2:4] == [(2_600, 300, 7_900, 7_600), (2_600, 300, 7_900, 11_000)]
    assert set(ledger["days_pre"]) == {30}
    assert set(ledger["days_post"]) == {60}
    notices = by_file["worked_examples/seed004_notice.csv"]
    assert notices["premium_total"].to_list() == [8_900, 12_700, 15_900, 19_700, 19_500, 23_300]
    assert notices.select("premium_b", "premium_d").rows()[2:4] == [(7_900, 8_000), (7_900, 11_800)]


@pytest.mark.req("B-013", "B-015", "E-149", "E-150")
def test_one_record_per_band_costs_the_same_as_one_per_shipment() -> None:
    by_file = booked()
    summed = by_file["worked_examples/matome_summed.csv"]
    single = by_file["worked_examples/matome_single.csv"]
    key = ["payer_code", "destination_country", "period_band"]
    totals = [pl.col("contract_yen").sum(), pl.col("premium_total").sum()]
    assert (summed.height, single.height) == (8, 10)
    assert summed.group_by(key).agg(totals).sort(key).equals(single.group_by(key).agg(totals).sort(key))
    assert summed["payer_code"].value_counts()["count"].to_list() == [4, 4]


def test_manifests_say_what_expected_csv_says() -> None:
    for row in expected():
        manifest = (ROOT / row["file"]).with_suffix(".json")
        if not manifest.exists():
            product, holder, count = Path(row["file"]).stem.split("_")[:3]
            assert (product, holder, count) == (row["product"], row["holder"], row["count"])
            continue
        told = json.loads(manifest.read_text(encoding="utf-8"))
        assert set(told) == {"product", "user", "count", "remarks", "resend"}
        assert (told["product"], told["user"], str(told["count"])) == (
            row["product"],
            row["user"],
            row["count"],
        )


def test_no_sample_is_forgotten() -> None:
    folders = ("worked_examples", "month", "changes", "findings", "refused")
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).iterdir()
        if path.suffix != ".json"
    }
    assert there == {row["file"] for row in expected()}


def test_the_samples_are_what_their_program_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    program = loaded("make_samples")
    monkeypatch.setattr(program, "HERE", tmp_path)
    program.main()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            committed = ROOT / path.relative_to(tmp_path)
            assert _content(committed) == _content(path), f"run make_samples.py: {committed} differs"


def _content(path: Path) -> object:
    """The bytes; of a workbook what its parts say, since compression and the writing of XML differ between machines."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return {name: _canonical(name, archive.read(name)) for name in archive.namelist()}
    return path.read_bytes()


def _canonical(name: str, part: bytes) -> str | bytes:
    """Of XML what it says, however namespaces are named and empty elements are closed."""
    if name.endswith((".xml", ".rels")):
        return canonicalize(part.decode("utf-8"), rewrite_prefixes=True)
    return part


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"samples_{name}", ROOT / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
