"""What processing would say of an upload sent now, without storing anything (``daicho check``)."""

from datetime import date
from typing import Any

from daicho.receiving import (
    checked_count,
    checked_holder,
    checked_product,
    checked_size,
    decoded_as_declared,
    legible,
)
from daicho.references import calendar_of, reference_of
from daicho.store import Store
from sensors.windows import acceptance_day_if_sent

_UNSENT = {"receipt_no": 1, "submission_id": "S00000000"}
"""Stands in for the receipt that an upload which is only checked does not have."""


def acceptance_day_now(store: Store) -> date:
    """The acceptance day of an upload sent now; outside the hours that of the next opening."""
    return acceptance_day_if_sent(store.clock.now(), calendar_of(reference_of(store)))


def check_upload(
    store: Store, content: bytes, file_name: str, product: str, holder: str, count: str
) -> dict[str, Any]:
    """Records, findings (a frame) and premium total as processing would have them.

    Raises:
        Refusal: what would be refused at once is refused here.
    """
    from functools import partial

    from daicho.views import ledger_state
    from pipelines.assess import assess_decoded
    from pipelines.post import Candidate, post
    from schemas.findings import NEEDS_DECISION

    kind = checked_product(product)
    declared = checked_count(count)
    holder = checked_holder(holder)
    checked_size(store.settings, len(content))
    decoded = decoded_as_declared(store.settings, content, legible(file_name), kind, declared)
    now = store.clock.now()
    day = acceptance_day_now(store)
    assessment = assess_decoded(decoded, holder, now.date(), day, reference_of(store))
    candidate = Candidate(_UNSENT | {"holder": holder}, assessment, NEEDS_DECISION)
    state = ledger_state(store.journal.open().scan(), [candidate])
    reference = reference_of(store)
    tables = partial(reference_of, store)
    posted = post([candidate], state, now, tables, calendar_of(reference))[0]
    return {
        "records": decoded.count,
        "findings": posted.findings,
        "premium_total_yen": posted.premium_total,
        "acceptance_date": day.isoformat(),
    }
