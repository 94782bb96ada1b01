"""Mails about applications, exactly as each procedure declares them (table S-T1). No insurance data in them (S-040)."""

from django.urls import reverse
from django.utils import timezone

from portal_stub.mails.sending import post
from portal_stub.procedures.declaration import ALL_THREE, Event, Role
from portal_stub.procedures.models import Application
from portal_stub.procedures.registry import PROCEDURES

_ALWAYS = frozenset({Event.AGAIN, Event.CANCELLATION})
"""Told to all three although no source says so (S-041)."""


def tell(application: Application, event: Event, reason: str = "") -> None:
    """Puts the mails of an event into the outbox: one per address, as it was at 申込む (S-039, K-043)."""
    procedure = PROCEDURES[application.procedure]
    roles = procedure.mails.get(event, ALL_THREE if event in _ALWAYS else frozenset())
    told: set[str] = set()
    for role in Role:
        person = application.recipients.get(str(role))
        if role not in roles or person is None or person["mail"].casefold() in told:
            continue
        told.add(person["mail"].casefold())
        applied = application.applied_at
        post(
            f"application-{event}",
            person["mail"],
            user=application.shown_user,
            name=person["name"],
            holder_name=application.holder.name,
            procedure=procedure.title,
            number=application.number,
            applied=timezone.localtime(applied).strftime("%Y/%m/%d %H:%M") if applied else "",
            reason=reason,
            path=reverse("application", args=[application.number]),
        )
