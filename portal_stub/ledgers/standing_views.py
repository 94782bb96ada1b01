"""The part of pages that follows a hand-in by itself (``feed/parts/standing.html``), asked for again until nothing more comes.

What it says is ``feed.standing``. C-018, S-012.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.feed.models import Refused, Submission
from portal_stub.feed.standing import Standing, Waiting, standing
from portal_stub.visibility.resources import Resource


@page(
    "ledger-standing",
    "ledger-standing/<str:key>/",
    chapter="9章4-1・5-1",
    access=Access.USER,
    otp=True,
    passive=True,
    shows=Resource.STANDING,
)
def standing_part(request: HttpRequest, key: str) -> HttpResponse:
    """How one hand-in of the own holder stands: an upload's id, or a 受付番号. ``?was=``: what is shown already."""
    found = _standing(request.shown[Resource.STANDING])
    if request.GET.get("was") == found.digest:
        return HttpResponse(status=204)  # nothing changed: nothing is read aloud again
    # What else the page says of it (premium, errors) is as old as the page.
    context = {"it": found, "page_is_older": found.is_final}
    return render(request, "feed/parts/standing_now.html", context)


def _standing(row: Any) -> Standing:
    waiting = Waiting(clock.now())
    if isinstance(row, Submission):
        return standing(row.pk, row, "", waiting)
    told = Submission.objects.filter(dispatch=row.pk).first()
    refused = None if told else Refused.objects.filter(pk=row.pk).first()
    return standing(row.pk, told, refused.message if refused else "", waiting)
