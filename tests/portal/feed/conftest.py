"""Rows as the pipeline tells them, and a desk folder of the test's own."""

from pathlib import Path
from typing import Any

import pytest

from portal_stub.feed import receiving
from portal_stub.feed.receiving import Told
from tests.portal.conftest import HOLDER


def portrait(number: int, **changes: Any) -> dict[str, Any]:
    """A submission as ``EventLog.portraits`` tells it: booked, unless told otherwise."""
    return {
        "receipt_no": number,
        "submission_id": f"S{number:08d}",
        "product": "enterprise",
        "holder": HOLDER,
        "user": f"{HOLDER}001",
        "file_name": f"upload{number}.csv",
        "sha256": "0" * 64,
        "size": 10,
        "declared_count": 1234,
        "counted": 1234,
        "remarks": None,
        "resend": False,
        "channel": "drop",
        "source": None,
        "received_at": "2026-04-01T08:30:00+09:00",
        "acceptance_date": "2026-04-01",
        "window": "same-day",
        "layout_version": 1,
        "reading_version": 2,
        "verdict": "booked",
        "errors": 0,
        "warnings": 2,
        "premium_total": 9876543210,
        "decided_at": "2026-04-01T08:31:00+09:00",
        "held": False,
        "held_at": None,
        "hold_codes": [],
        "hold_reason": None,
        "waits_for": None,
    } | changes


UNDECIDED: dict[str, Any] = {
    "verdict": None,
    "errors": None,
    "warnings": None,
    "premium_total": None,
    "decided_at": None,
}
HELD = UNDECIDED | {
    "held": True,
    "held_at": "2026-04-01T08:31:00+09:00",
    "hold_codes": ["late-application"],
    "hold_reason": "申込みの期限を過ぎています。",
}


def found(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "record": number,
        "line": number + 1,
        "cell": None,
        "field": "goods_code",
        "code": "mandatory",
        "severity": "error",
        "message": f"「貨物コード」は必須です。{number}",
        "value": None,
    } | changes


def paper(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "document_id": name,
        "kind": "monitor_list",
        "format": "pdf",
        "path": f"/files/{name}.pdf",
        "sha256": "1" * 64,
        "size": 1000,
        "holder": HOLDER,
        "submission_id": None,
        "unit": None,
        "created_at": "2026-04-01T08:32:00+09:00",
        "expires_at": None,
        "removed_at": None,
    } | changes


def tell(
    *submissions: dict[str, Any],
    findings: dict[str, list[dict[str, Any]]] | None = None,
    totals: dict[str, int] | None = None,
    documents: list[dict[str, Any]] | None = None,
    answers: list[dict[str, Any]] | None = None,
    refusals: list[dict[str, Any]] | None = None,
    agreements: dict[str, list[str]] | None = None,
) -> None:
    """Tells what the next event was about."""
    since = receiving.position()
    findings = findings or {}
    totals = totals or {name: len(rows) for name, rows in findings.items()}
    told = Told(
        list(submissions),
        findings,
        totals,
        documents or [],
        answers or [],
        refusals or [],
        since + 1,
        agreements or {},
    )
    receiving.receive(told, since)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The desk folder that the portal writes to."""
    monkeypatch.setenv("DAICHO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAICHO_NOW", raising=False)
    return tmp_path / "home" / "desk"
