"""A check that tests can steer until they ask for the real one."""

from collections.abc import Callable
from typing import Any

import pytest

from portal_stub.jobs import registry
from portal_stub.jobs.registry import Kind, Running
from portal_stub.ledgers.models import Upload

Said = dict[str, Any]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says what the next checks find; every checked file is counted in ``check.files``."""
    said: Said = {"findings": [], "premium": 18_400}
    files: list[str] = []

    def work(running: Running) -> dict[str, Any]:
        upload = Upload.objects.get(pk=running.parameters["upload"])
        files.append(upload.file_name)
        findings = said["findings"]
        return {
            "records": upload.count,
            "errors": sum(each["severity"] == "error" for each in findings),
            "warnings": sum(each["severity"] == "warning" for each in findings),
            "premium_total_yen": said["premium"],
            "acceptance_date": "2026-04-01",
            "findings": findings,
            "findings_total": len(findings),
        }

    registry.kind_named.__globals__["autodiscover_modules"]("jobs")
    monkeypatch.setitem(registry._KINDS, "check", Kind(work, True, lambda user, row: True))

    def says(*findings: Said, premium: int = 18_400) -> None:
        said.update(findings=list(findings), premium=premium)

    says.files = files  # type: ignore[attr-defined]
    return says
