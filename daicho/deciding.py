"""Deciding a held submission: released it is processed, refused it becomes 申請内容要確認 – with name and reason."""

from daicho.store import Store
from schemas.submission import Refusal


def decide_held(store: Store, submission_id: str, release: bool, by: str, reason: str) -> None:
    """Ends a hold.

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
    if not release:
        _tell_refused(store, submission_id, by, reason)
    try:
        store.events.end_hold(receipt["receipt_no"], "release" if release else "refuse", by, reason, now)
    except NotHeld as error:
        raise Refusal("not-held", f"{error} 保留中の申請だけ決定できます。") from error


def _tell_refused(store: Store, submission_id: str, by: str, reason: str) -> None:
    """The refusal as a finding, so that the exporter reads why."""
    import polars as pl

    from schemas.findings import KINDS, SCHEMA

    held = any(r["held"] for r in store.events.submissions(store.clock.now(), submission_id))
    if held:
        known = store.findings.read(submission_id)
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
        told = pl.DataFrame([row], schema=SCHEMA)
        store.findings.write(submission_id, told if known is None else pl.concat([told, known]))
