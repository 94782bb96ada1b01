"""The front page of the desk and its log; the other pages are in the ``…_views`` beside, declared with these."""

from datetime import datetime, time, timedelta

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.accounts.models import StaffRole
from portal_stub.desk import (  # noqa: F401 - declare their pages
    attack_views,
    content_views,
    holder_views,
    reader_views,
    registration_views,
    staff_views,
)
from portal_stub.desk.cards import KEPT, WAITING, cards_of
from portal_stub.desk.events import EVENTS
from portal_stub.desk.forms import AuditForm
from portal_stub.history.models import AuditEvent
from portal_stub.pages.paging import paged
from sensors.windows import TOKYO

USUAL_DAYS = 30


@page("desk", "desk/", chapter="-", access=Access.STAFF, otp=False)
def desk(request: HttpRequest) -> HttpResponse:
    """The front page: what waits, and what is kept here."""
    context = {"waiting": cards_of(request.user, WAITING), "kept": cards_of(request.user, KEPT)}
    return render(request, "desk/front.html", context)


@page("desk-audit", "desk/log/", chapter="-", access=Access.STAFF, otp=False, least=StaffRole.OPERATOR)
def audit_log(request: HttpRequest) -> HttpResponse:
    """操作の記録: what has no code in the access history, newest first (G-111)."""
    today = clock.today()
    usual = {"start": today - timedelta(days=USUAL_DAYS), "end": today, "about": request.GET.get("about", "")}
    form = AuditForm(request.GET) if "start" in request.GET else AuditForm(usual)
    rows = None
    if form.is_valid():
        asked = form.cleaned_data
        found = AuditEvent.objects.filter(
            at__gte=datetime.combine(asked["start"], time(), TOKYO),
            at__lt=datetime.combine(asked["end"] + timedelta(days=1), time(), TOKYO),
        )
        if about := asked["about"].strip():
            found = found.filter(Q(subject__startswith=about) | Q(actor__startswith=about))
        rows = paged(found.order_by("-at", "-id"), request.GET.get("page"))
        for row in rows:
            row.words = EVENTS.get(row.event, row.event)
            row.reason = row.detail.get("reason", "")
            row.rest = "、".join(f"{key}: {value}" for key, value in row.detail.items() if key != "reason")
    context = {"form": form, "rows": rows, "url": request.get_full_path()}
    return render(request, "desk/audit.html", context, status=200 if rows is not None else 422)
