"""不審なアクセス: the doors that are being tried just now, and what was refused lately. For supervisors; it changes nothing."""

from datetime import timedelta

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub import clock
from portal_stub.access import ROUTES, Access, page
from portal_stub.accounts.limits import DOORS, By
from portal_stub.accounts.models import Attempts, StaffRole, User
from portal_stub.desk.events import EVENTS, REFUSALS
from portal_stub.history.models import AuditEvent

SPAN = timedelta(hours=24)
MOST_ROWS = 100


@page(
    "desk-attacks", "desk/attacks/", chapter="-", access=Access.STAFF, otp=False, least=StaffRole.SUPERVISOR
)
def attacks(request: HttpRequest) -> HttpResponse:
    """Counts at the doors, IDs that are locked, and refusals of a day by who met them."""
    now = clock.now()
    tried = list(Attempts.objects.filter(last__gt=now - SPAN).order_by("-last")[:MOST_ROWS])
    for row in tried:
        row.label = DOORS[row.door].label if row.door in DOORS else row.door
        row.what = "アドレス" if row.by == By.ADDRESS else "ID"
        row.closed = row.closed_until if row.closed_until is not None and now < row.closed_until else None
    context = {
        "tried": tried,
        "closed": sum(row.closed is not None for row in tried),
        "locked": User.objects.filter(locked_until__gt=now).order_by("-locked_until")[:MOST_ROWS],
        "refused": _refusals(now - SPAN),
        "most": MOST_ROWS,
        "has_log": "desk-audit" in ROUTES,
    }
    return render(request, "desk/attacks.html", context)


def _refusals(since: object) -> list[dict[str, object]]:
    """What was refused since then: kind, who, how often, last when; the most frequent first."""
    rows = (
        AuditEvent.objects.filter(at__gt=since, event__in=REFUSALS)
        .values("event", "actor", "subject")
        .annotate(count=Count("pk"), last=Max("at"))
        .order_by("-count", "-last")[:MOST_ROWS]
    )
    return [{**row, "words": EVENTS[row["event"]]} for row in rows]
