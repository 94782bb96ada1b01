"""What processing would say of an upload sent now, without storing anything (``daicho check``)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from daicho.reading.uploads import Wanted, reading_of
from daicho.receiving import (
    as_declared,
    checked_count,
    checked_holder,
    checked_product,
    checked_size,
    legible,
)
from daicho.references import calendar_of, reference_of
from daicho.store import Store
from sensors.windows import acceptance_day_if_sent

if TYPE_CHECKING:
    import polars as pl

    from pipelines.reading.table import Decoded

_UNSENT = {"receipt_no": 1, "submission_id": "S00000000"}
"""Stands in for the receipt that an upload which is only checked does not have."""


def acceptance_day_now(store: Store) -> date:
    """The acceptance day of an upload sent now; outside the hours that of the next opening."""
    return acceptance_day_if_sent(store.clock.now(), calendar_of(reference_of(store)))


@dataclass(frozen=True)
class Check:
    """What processing would say of an upload that is sent now."""

    decoded: "Decoded"
    findings: "pl.DataFrame"
    """As ``schemas.findings.SCHEMA``."""
    premium_total_yen: int
    """0 with any error, since nothing would be booked."""
    acceptance_date: date
    identical_to: str | None
    """The submission with the very same bytes that is booked or waiting: this one would be refused at the door
    unless it is meant to be sent again."""

    @property
    def errors(self) -> int:
        """Findings that forbid the upload."""
        return int((self.findings["severity"] == "error").sum())

    @property
    def told(self) -> dict[str, Any]:
        """As programs read it (contract §4), findings apart."""
        return {
            "records": self.decoded.count,
            "premium_total_yen": self.premium_total_yen,
            "acceptance_date": self.acceptance_date.isoformat(),
            "identical_to": self.identical_to,
        }

    def keys(self) -> "pl.DataFrame":
        """Which line of the ledger each record with findings speaks of (A-027)."""
        import polars as pl

        from pipelines.judge import judge
        from pipelines.naming import line_keys, own_number

        found = self.decoded.records.filter(
            pl.col("record").is_in(self.findings["record"].drop_nulls().unique().implode())
        )
        records = judge(replace(self.decoded, records=found)).records
        return line_keys(records.with_columns(own_number(self.decoded.layout.product).alias("number")))


def check_upload(
    store: Store,
    content: bytes,
    file_name: str,
    product: str,
    holder: str,
    count: str,
    tell: Callable[[str], None] = lambda _: None,
    apart: bool = False,
) -> Check:
    """Findings and premium total as processing would have them.

    ``tell`` hears the name of each step before it begins: ``decode``, ``assess``, ``post``. ``apart``: this process
    answers others meanwhile, so that a CSV is read in one of its own too.

    Raises:
        Refusal: what would be refused at once is refused here.
    """
    kind = checked_product(product)
    declared = checked_count(count)
    holder = checked_holder(holder)
    checked_size(store.settings, len(content))
    tell("decode")
    with reading_of(Wanted(content, legible(file_name), kind, apart=apart)) as reading:
        # A process of its own reads while this one loads what it needs afterwards.
        from functools import partial

        from daicho.views import ledger_state
        from pipelines.assess import assess_decoded
        from pipelines.post import Candidate, post
        from schemas.findings import NEEDS_DECISION

        decoded = as_declared(store.settings, reading.decoded(), declared)
    now, reference = store.clock.now(), reference_of(store)
    calendar = calendar_of(reference)
    day = acceptance_day_if_sent(now, calendar)
    tell("assess")
    assessment = assess_decoded(decoded, holder, now.date(), day, reference)
    candidate = Candidate(_UNSENT | {"holder": holder}, assessment, NEEDS_DECISION)
    tell("post")
    state = ledger_state(store.journal.open().scan(), [candidate])
    tables = partial(reference_of, store)
    posted = post([candidate], state, now, tables, calendar)[0]
    same = store.events.identical(hashlib.sha256(content).hexdigest(), holder, str(kind))
    return Check(decoded, posted.findings, posted.premium_total, day, same)
