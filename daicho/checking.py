"""What processing would say of an upload sent now, without storing anything (``daicho check``)."""

from datetime import date
from typing import Any

from daicho.receiving import checked_count, checked_product, checked_size, count_mismatch
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
    import polars as pl

    from daicho.views import ledger_state
    from pipelines.assess import assess_decoded
    from pipelines.decode import decode
    from pipelines.post import Candidate, post
    from schemas.layouts import layout_of

    kind = checked_product(product)
    declared = checked_count(count)
    checked_size(store, len(content))
    decoded = decode(content, file_name, layout_of(kind))
    if decoded.count != declared:
        raise count_mismatch(declared, decoded.count)
    now = store.clock.now()
    day = acceptance_day_now(store)
    assessment = assess_decoded(decoded, holder, now.date(), day, reference_of(store))
    candidate = Candidate(_UNSENT | {"holder": holder}, assessment)
    bookings = store.journal.open().scan().filter(pl.col("entry") == "booking")
    posted = post([candidate], ledger_state(bookings, [candidate]), now)[0]
    return {
        "records": decoded.count,
        "findings": posted.findings,
        "premium_total_yen": posted.premium_total,
        "acceptance_date": day.isoformat(),
    }
