"""An issued paper made once more, byte for byte, from archive, journal and event log (``daicho reissue``).

The functions that issue papers run once more over a store whose documents are only remembered; tables, settings and
journal are those of the first time. Works for papers whose file was removed after its time, and for all versions.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets import papers
from assets.papers_submissions import issue_decided
from assets.yearly_papers import issue_yearly_billing
from daicho.store import Store
from schemas.journal import CONFIRMATION, RECONCILIATION, YEARLY
from schemas.submission import Refusal


@dataclass(frozen=True)
class Again:
    """A document made again, with its row of the event log."""

    document: Mapping[str, Any]
    data: bytes

    @property
    def sha256(self) -> str:
        """Hash of what was made now."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def identical(self) -> bool:
        """Whether it is byte for byte what was issued."""
        return bool(self.sha256 == self.document["sha256"])


def reissued(store: Store, document_id: str) -> Again:
    """The document as it is made again; nothing is stored.

    Raises:
        Refusal: ``unknown-document``, or ``document-without-source`` when what it told is not there any more.
    """
    document = store.events.document(document_id)
    if document is None:
        raise Refusal(
            "unknown-document",
            f"帳票「{document_id}」を作成した記録はありません。daicho outputs で番号を確かめてください。",
        )
    desk = _Desk()
    copy = Store(store.settings, store.clock)
    copy.__dict__["documents"] = desk  # instead of the part that would store it
    if document["kind"] == "finance_premiums":
        _extract_again(store, copy, document_id, document["unit"])
    elif document["submission_id"]:
        _submission_again(copy, document["submission_id"], document_id)
    else:
        _ledger_again(store, copy, _ledger_id(document))
    if document_id not in desk.made:
        raise Refusal(
            "document-without-source", f"帳票「{document_id}」のもとになる台帳・申請がもうありません。"
        )
    return Again(document, desk.made[document_id])


def put_back(store: Store, again: Again) -> bool:
    """Stores an identical document again whose file is missing; removed ones (retention) stay removed."""
    row = again.document
    if not again.identical or row["removed_at"] is not None or store.files.exists(row["path"]):
        return False
    store.files.write(row["path"], again.data)
    return True


class _Desk:
    """Takes what is issued and stores nothing."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}

    def issue(self, document_id: str, kind: str, form: str, name: str, data: bytes, *_: Any) -> None:
        self.made[document_id] = data


def _submission_again(copy: Store, submission_id: str, document_id: str) -> None:
    receipt = copy.events.receipt(submission_id)
    if receipt is None:
        return
    if document_id == f"receipt-{submission_id}":
        papers.issue_receipt(copy, receipt)
    else:
        issue_decided(copy, receipt)


def _ledger_id(document: Mapping[str, Any]) -> str:
    """What a ledger's document is about: ``<kind>-<ledger id>`` with ``-<format>`` where there are two."""
    name = str(document["document_id"]).removeprefix(f"{document['kind']}-")
    return name.removesuffix(f"-{document['format']}")


def _ledger_again(store: Store, copy: Store, ledger_id: str) -> None:
    entries = (
        store.journal.open()
        .scan()
        .filter(pl.col("ledger_id") == ledger_id)
        .select(pl.col("entry").unique())
        .collect()
        .to_series()
        .to_list()
    )
    for entry, issue in (
        (RECONCILIATION, papers.issue_reconciliation_ledger),
        (CONFIRMATION, papers.issue_confirmed_ledger),
        (YEARLY, issue_yearly_billing),
    ):
        if entry in entries:
            issue(copy, ledger_id)


def _extract_again(store: Store, copy: Store, document_id: str, month: str) -> None:
    told = [e for e in store.events.events(kind=papers.EXTRACT) if e["details"]["document_id"] == document_id]
    if told:  # extracts of before this was kept are made of the whole journal
        copy.__dict__["journal"] = _Until(store, int(told[0]["details"]["journal_no"]))
    data = papers.paper.finance_premiums_csv(papers.finance_extract(copy, month))
    copy.documents.issue(document_id, "finance_premiums", "csv", "", data, "", store.clock.now())


class _Until:
    """The journal as it stood when its last row was ``journal_no``."""

    def __init__(self, store: Store, journal_no: int) -> None:
        self._store, self._journal_no = store, journal_no

    def open(self) -> "_Until":
        """Itself: there is but one version to read."""
        return self

    def scan(self) -> pl.LazyFrame:
        """The rows of that time."""
        return self._store.journal.open().scan().filter(pl.col("journal_no") <= self._journal_no)
