"""Which holder's data a page shows: the own one, or one of those that a 全社閲覧用ID reads (G-022)."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from portal_stub.accounts.models import Holder


@dataclass(frozen=True)
class Choice:
    """The chosen holder, and all that can be chosen; ``accounts/parts_holder_choice.html`` offers them."""

    holder: Holder
    holders: list[Holder]


def holder_choice(request: HttpRequest) -> Choice:
    """What ``?holder=`` asks for; the first one without it. Holders that the user may not see do not exist."""
    holders = list(request.user.seen_holders())
    code = request.GET.get("holder", request.user.holder.code)
    for holder in holders:
        if holder.code == code:
            return Choice(holder, holders)
    raise Http404
