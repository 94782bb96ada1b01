"""The tag of ``feed/parts/standing.html``: how a hand-in stands, whatever a page has of it."""

from typing import Any

from django import template

from portal_stub import clock
from portal_stub.feed.models import Submission
from portal_stub.feed.standing import Standing, Waiting, standing

register = template.Library()
_SHARED = "_standing_waiting"


@register.simple_tag(takes_context=True)
def standing_of(context: Any, hand_in: Any) -> Standing:
    """The standing of an upload of the ledger desk, of a row of its lists, or of a submission.

    A row tells ``key``, ``submission`` and ``message`` (why it was refused at the door); an upload has ``standing(now)``.
    """
    shared = Waiting(clock.now())
    request = context.get("request")
    if request is not None:  # one for all rows of a page
        shared = request.__dict__.setdefault(_SHARED, shared)
    if isinstance(hand_in, Submission):
        return standing(hand_in.pk, hand_in, "", shared)
    if hasattr(hand_in, "submission"):
        return standing(hand_in.key, hand_in.submission, hand_in.message, shared)
    found = hand_in.standing(shared.now)
    return standing(hand_in.pk, found.submission if found else None, found.message if found else "", shared)
