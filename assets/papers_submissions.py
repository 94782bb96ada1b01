"""Papers of a submission: 受付票, モニタリスト, 検出事項一覧, 台帳ファイル, 処理結果受付票.

Which lines came of a submission is told by the journal, its records by the archive; how a paper looks is ``outputs``.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

import polars as pl

from assets.papers_common import ISSUER, header, holder_name, issue, names, reference_at
from daicho.drop import answer
from daicho.reading.uploads import Wanted, read
from daicho.references import reference_of
from daicho.store import Store
from outputs import documents as paper
from pipelines.judge import judge
from pipelines.ledger import bookings
from pipelines.naming import line_keys, own_number
from pipelines.reading.decode import decode
from pipelines.reading.table import Decoded
from pipelines.reference import Reference
from schemas.findings import empty
from schemas.products import FACTS, Product
from sensors.windows import provided_until, status_of

MONITOR_DAYS = 30
"""For so many days papers about one submission can be fetched (C-027)."""


def issue_receipt(store: Store, receipt: Mapping[str, Any]) -> str:
    """受付票 of a submission; its document id."""
    created = datetime.fromisoformat(receipt["received_at"])
    data = paper.receipt_pdf(
        receipt,
        holder_name(reference_at(store, created), receipt["holder"]),
        FACTS[Product(receipt["product"])].name_ja,
        created,
        issuer=ISSUER,
    )
    submission_id = receipt["submission_id"]
    name = f"{submission_id}_受付票.pdf"
    return issue(
        store, f"receipt-{submission_id}", "receipt", "pdf", name, data, receipt["holder"], created, receipt
    )


def issue_monitor_list(store: Store, receipt: Mapping[str, Any]) -> str:
    """All papers of a decided submission, モニタリスト last; the list's id (D-001, D-002, D-007, D-008).

    With them whoever dropped the file gets its answer: before the papers, so that a crash between them repeats both.
    """
    told = _Decided(store, receipt)
    answer(store, receipt, told.answer)
    if store.events.document(f"receipt-{receipt['submission_id']}") is None:
        issue_receipt(store, receipt)  # its result is a receipt, too, and would hide that this one is owed
    return issue_decided(store, receipt, told)


def issue_decided(store: Store, receipt: Mapping[str, Any], told: "_Decided | None" = None) -> str:
    """The papers of a decided submission without the answer in the drop; the monitor list's id."""
    told = told or _Decided(store, receipt)
    submission_id = told.submission_id
    labels = told.decoded.layout.labels
    head = header(told.reference, receipt["holder"], told.product, told.at, f"monitor_list-{submission_id}")
    # Last: the list is what tells that nothing is owed any more.
    papers = [
        *([("ledger_file", "csv", "台帳ファイル", told.ledger_file)] if told.booked else []),
        (
            "findings_report",
            "csv",
            "検出事項",
            paper.findings_report_csv(told.findings, labels, told.keys),
        ),
        (
            "monitor_list",
            "pdf",
            "モニタリスト",
            paper.monitor_list_pdf(
                head,
                told.facts,
                told.lines,
                told.findings,
                labels=labels,
                names=names(told.reference, told.lines),
                keys=told.keys,
            ),
        ),
    ]
    _issue_result(store, receipt, told)
    for kind, form, title, data in papers:
        name = f"{submission_id}_{title}.{form}"
        document_id = f"{kind}-{submission_id}"
        issue(store, document_id, kind, form, name, data, receipt["holder"], told.at, receipt, told.until)
    return f"monitor_list-{submission_id}"


def _issue_result(store: Store, receipt: Mapping[str, Any], told: "_Decided") -> None:
    """処理結果受付票: the control totals of a submission, counted by four places (A-052)."""
    document_id = f"receipt-{told.submission_id}-result"
    head = header(told.reference, receipt["holder"], told.product, told.at, document_id)
    data = paper.result_pdf(head, told.facts, told.controls, sha256=receipt["sha256"])
    name = f"{told.submission_id}_{paper.RECEIPT_RESULT}.pdf"
    issue(store, document_id, "receipt", "pdf", name, data, receipt["holder"], told.at, receipt)


class _Decided:
    """A decided submission as archive, journal, event log and findings tell it.

    Raises:
        ValueError: there is no verdict yet.
    """

    def __init__(self, store: Store, receipt: Mapping[str, Any]) -> None:
        verdict = store.events.verdict(receipt["receipt_no"])
        self.submission_id: str = receipt["submission_id"]
        if verdict is None:
            raise ValueError(f"{self.submission_id} has no verdict yet")
        self._store, self._receipt, self.verdict = store, receipt, verdict
        self.product = Product(receipt["product"])
        self.at = datetime.fromisoformat(verdict["at"])
        self.booked: bool = verdict["verdict"] == "booked"
        self.until = provided_until(self.at, MONITOR_DAYS)
        found = store.findings.read(self.submission_id)
        self.findings = empty() if found is None else found
        acceptance_date = date.fromisoformat(receipt["acceptance_date"])
        self.status = str(status_of(acceptance_date, self.at, verdict["verdict"]))
        self.lines = (
            bookings(store.journal.open().scan())
            .filter(pl.col("submission_id") == self.submission_id)
            .collect()
            .sort("journal_no")
        )
        self.facts = paper.SubmissionFacts(
            self.submission_id,
            receipt["receipt_no"],
            receipt["user"],
            receipt["file_name"],
            datetime.fromisoformat(receipt["received_at"]),
            acceptance_date,
            receipt["declared_count"],
            receipt["counted"],
            self.status,
            receipt["remarks"] or "",
        )

    @cached_property
    def reference(self) -> Reference:
        """The tables of the verdict: made again, it is the same paper."""
        load = self.verdict["reference_load"]
        return reference_at(self._store, self.at) if load is None else reference_of(self._store, load)

    @property
    def answer(self) -> dict[str, Any]:
        """The verdict as programs read it: status, sums and all findings."""
        return {
            "status": self.status,
            "errors": self.verdict["errors"],
            "warnings": self.verdict["warnings"],
            "premium_total_yen": self.verdict["premium_total"],
            "findings": self.findings.to_dicts(),
        }

    @cached_property
    def decoded(self) -> Decoded:
        """The upload's records as they were sent."""
        content = self._store.archive.get_bytes(self._receipt["sha256"])
        receipt = self._receipt
        return read(
            Wanted(
                content,
                receipt["file_name"],
                self.product,
                receipt["layout_version"],
                receipt["reading_version"],
                patient=True,
            )
        )

    @cached_property
    def records(self) -> pl.DataFrame:
        """The records as text in one way of writing, with ``number``: the branch that each is about, as booked.

        New records get their number with the booking; the others name it themselves.
        """
        records = judge(self.decoded).records.select("record", *self.decoded.layout.names)
        booked = self.lines.filter(pl.col("record").is_not_null()).select(
            "record", pl.col("application_no").alias("booked_as")
        )
        return records.join(
            booked.unique("record", keep="first"), on="record", how="left", maintain_order="left"
        ).with_columns(pl.coalesce("booked_as", own_number(self.product)).alias("number"))

    @property
    def keys(self) -> pl.DataFrame:
        """Per record the line that it speaks of, as far as it tells (A-027)."""
        return line_keys(self.records)

    @cached_property
    def ledger_file(self) -> bytes:
        """The records in the upload's layout, by application, 枝番 and 船積No., else as entered (D-037, D-038)."""
        keys = ["place", "branch_no", *(("shipment_no",) if "shipment_no" in self.records.columns else ())]
        application = pl.coalesce(pl.col("number").str.head(-3), pl.format("#{}", "record"))
        records = self.records.with_columns(pl.col("record").min().over(application).alias("place"))
        return paper.ledger_file_csv(
            records.sort(*keys, "record", nulls_last=False), self.decoded.layout.labels
        )

    @property
    def controls(self) -> list[paper.Control]:
        """The same counts and sums by every place that knows them."""
        facts, lines = self.facts, self.lines
        controls = [
            paper.Control(
                "申告とファイル",
                {"申告した件数": facts.declared_count, "ファイルのデータ": self.decoded.count},
            )
        ]
        if not self.booked:
            return [
                *controls,
                paper.Control(
                    "計上（受理しない申請）", {"計上すべき行": 0, "台帳に計上した行": lines.height}
                ),
            ]
        again = decode(self.ledger_file, "ledger.csv", self.decoded.layout, self._receipt["reading_version"])
        totals = paper.totals_of(lines)
        return [
            *controls,
            paper.Control(
                "計上したデータ",
                {
                    "ファイルのデータ": self.decoded.count,
                    "台帳に計上したデータ": self._booked_records(),
                    "台帳ファイルのデータ": again.count,
                },
            ),
            paper.Control(
                "台帳行（新しい履歴）", {"台帳の行": lines.height, "モニタリストの明細": totals.lines}, "行"
            ),
            paper.Control(
                "保険料（変更は差額）",
                {
                    "判定の記録": self.verdict["premium_total"],
                    "台帳の合計": int(lines["difference_total"].fill_null(lines["premium_total"]).sum()),
                    "モニタリストの合計": totals.difference,
                },
                "円",
            ),
        ]

    def _booked_records(self) -> int:
        """How many records the rows of the journal stand for."""
        return int(self.lines["records"].sum())
