"""The part of pages that follows a hand-in by itself (``feed/parts/standing.html``), asked for again until nothing more comes.

What it says is ``feed.standing``. C-018, S-012.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub import clock
from portal_stub.access import Access, page
from portal_stub.accounts.models import ApplicationScope, User
from portal_stub.feed.models import Refused, Submission
from portal_stub.feed.standing import Standing, Waiting, standing
from portal_stub.ledgers.models import Upload


@page(
    "ledger-standing",
    "ledger-standing/<str:key>/",
    chapter="9章4-1・5-1",
    access=Access.USER,
    otp=True,
    passive=True,
)
def standing_part(request: HttpRequest, key: str) -> HttpResponse:
    """How one hand-in of the own holder stands: an upload's id, or a 受付番号. ``?was=``: what is shown already."""
    found = _standing(request.user, key)
    if request.GET.get("was") == found.digest:
        return HttpResponse(status=204)  # nothing changed: nothing is read aloud again
    # What else the page says of it (premium, errors) is as old as the page.
    context = {"it": found, "page_is_older": found.is_final}
    return render(request, "feed/parts/standing_now.html", context)


def _standing(user: User, key: str) -> Standing:
    """Of what the user handed in, or may see by 申込データ参照範囲 (G-016); anything else does not exist."""
    waiting = Waiting(clock.now())
    upload = (
        Upload.objects.filter(pk=key[:32], holder=user.holder_id).exclude(state=Upload.State.DRAFT).first()
    )
    if upload is not None and upload.pk == key and _may_see(user, upload.user_id == user.pk):
        told = Submission.objects.filter(dispatch=key).first()
        refused = None if told else Refused.objects.filter(pk=key).first()
        return standing(key, told, refused.message if refused else "", waiting)
    told = Submission.objects.filter(pk=key[:20], holder=user.holder.code).first()
    if told is None or told.pk != key or not _may_see(user, told.user == user.login_id):
        raise Http404
    return standing(key, told, "", waiting)


def _may_see(user: User, own: bool) -> bool:
    return own or user.application_scope == ApplicationScope.ALL
