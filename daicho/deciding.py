"""Deciding a held submission: released it is processed, refused it becomes 申請内容要確認 – with name and reason."""

from typing import Any, Literal

from daicho.store import Store
from schemas.submission import Refusal


def decide_held(store: Store, submission_id: str, release: bool, by: str, reason: str, **told: Any) -> None:
    """Ends a hold; ``told`` is kept with the event.

    Raises:
        Refusal: unknown submission, one that is not held, or no name or reason.
    """
    from daicho.store.eventlog import NotHeld

    receipt = store.events.receipt(submission_id)
    if receipt is None:
        raise Refusal(
            "unknown-submission",
            f"受付番号「{submission_id}」はありません。daicho status で一覧を確かめてください。",
        )
    if not by.strip() or not reason.strip():
        raise Refusal("reason-missing", "決定した人の氏名(--by)と理由(--reason)を入力してください。")
    now = store.clock.now()
    warnings = 0 if release else _tell_refused(store, submission_id, by, reason)
    decision: Literal["release", "refuse"] = "release" if release else "refuse"
    try:
        store.events.end_hold(receipt["receipt_no"], decision, by, reason, now, warnings, **told)
    except NotHeld as error:
        raise Refusal("not-held", f"{error} 保留中の申請だけ決定できます。") from error


def _tell_refused(store: Store, submission_id: str, by: str, reason: str) -> int:
    """The refusal as a finding, so that the exporter reads why, before the warnings that stand; their number."""
    import polars as pl

    from schemas.findings import KINDS, SCHEMA

    if not any(row["held"] for row in store.events.submissions(store.clock.now(), submission_id)):
        return 0
    kind = KINDS["refused-by-desk"]
    row = {
        "record": None,
        "line": None,
        "cell": None,
        "field": None,
        "code": kind.code,
        "severity": kind.severity,
        "message": kind.text.replace("{reason}", reason),
        "value": by,
    }
    known = store.findings.read(submission_id)
    standing = pl.DataFrame(schema=SCHEMA) if known is None else known.filter(pl.col("code") != kind.code)
    store.findings.write(submission_id, pl.concat([pl.DataFrame([row], schema=SCHEMA), standing]))
    return standing.height
