"""What ユーザーページ tells of hand-ins and of the times that come next (``attention``).

For those with 情報データ参照, behind the one-time password like the pages that it leads to.
"""

from typing import Any

from django.http import HttpRequest

from portal_stub import clock
from portal_stub.access import ROUTES, Right, has_right, otp_open
from portal_stub.ledgers.attention import cases, deadlines
from portal_stub.ledgers.functions import FUNCTIONS
from portal_stub.pages.first_page import section

MOST_CASES = 5


@section("ledgers/first_page.html", order=10)
def attention(request: HttpRequest) -> dict[str, Any] | None:
    """Held and rejected hand-ins, and deadlines."""
    user, now = request.user, clock.now()
    if not has_right(user, Right.DATA) or not otp_open(request):
        return None
    seen = has_right(user, Right.APPLICATIONS)
    shown, number = cases(user, now, MOST_CASES) if seen else ([], 0)
    return {
        "seen": seen,
        "cases": [(case, FUNCTIONS[case.product].title) for case in shown],
        "more": max(number - len(shown), 0),
        "linked": "ledger-submission" in ROUTES,
        "deadlines": deadlines(now),
    }
