"""What ユーザーページ tells of concluded contracts: premiums of the months, and the limits that are used most.

Only for 情報データ参照, within its listed 特約 (G-015, G-021), and behind the one-time password (G-116).
"""

from typing import Any

from django.http import HttpRequest

from portal_stub import clock
from portal_stub.access import Right, has_right, otp_open
from portal_stub.accounts.choosing import holder_choice
from portal_stub.feed.chart import chart
from portal_stub.feed.figures import limits_used, months_back, months_of, total
from portal_stub.pages.first_page import section

MONTHS = 13
"""The present one and twelve before it: the same month of last year stands beside it."""
MOST_LIMITS = 5


@section("feed/first_page.html", order=20)
def figures(request: HttpRequest) -> dict[str, Any] | None:
    """Premiums and limits of the chosen holder."""
    user = request.user
    if not has_right(user, Right.DATA):
        return None
    if not otp_open(request):
        return {"protected": True}
    choice, agreements = holder_choice(request), user.seen_agreements()
    code = choice.holder.code
    months = months_of(user, code, months_back(clock.today(), MONTHS))
    limits, marked = limits_used(user, code, MOST_LIMITS)
    return {
        "choice": choice,
        "months": months,
        "newest_first": months[::-1],
        "present": months[-1],
        "before": total(month.premium_yen for month in months[:-1]),
        "is_empty": all(month.is_empty for month in months),
        "chart": chart(months),
        "limits": limits,
        "marked": marked,
        "more_marked": max(marked - MOST_LIMITS, 0),
        "listed": agreements is not None,
    }
