"""The two explicit calls that write history; called where the deed is done, in the same transaction."""

from typing import Any

from portal_stub import clock
from portal_stub.history.codes import CODES
from portal_stub.history.models import AccessRecord, AuditEvent


def record(user: Any, code: str) -> None:
    """Writes one row of the access history for an operation of table G-T3 (G-110).

    Raises:
        KeyError: for a code that the table does not know.
    """
    if code not in CODES:
        raise KeyError(code)
    AccessRecord.objects.create(
        at=clock.now(),
        holder_code=user.holder.code,
        login_id=user.login_id,
        code=code,
        name=user.name,
        department=user.department,
        title=user.title,
    )


def audit(actor: str, event: str, subject: str = "", **detail: Any) -> None:
    """Writes one row of the internal log. ``actor`` is a login ID or the name of a process; no secret in it."""
    AuditEvent.objects.create(
        at=clock.now(), actor=actor[:40], event=event, subject=subject[:40], detail=detail
    )
