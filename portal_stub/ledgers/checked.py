"""「確認済」 of a 照合台帳, and until when it may be corrected. 002 ch. 9 §3-3; P-047, D-020, D-030."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from portal_stub import clock
from portal_stub.accounts.models import Holder, User
from portal_stub.feed.calendar import calendar
from portal_stub.history.recording import audit
from portal_stub.ledgers.models import LedgerCheck
from sensors.calendar import CalendarEnded
from sensors.windows import cut_off


def limit_of(month: str) -> datetime | None:
    """照合期限 of a ledger of a month of acceptance (``YYYY-MM``): until then 修正 and 取消 are taken; None: unknown."""
    try:
        return cut_off(date.fromisoformat(f"{month}-01"), calendar())
    except (ValueError, CalendarEnded):
        return None


def check(user: User, holder: Holder, ledger_id: str) -> bool:
    """Notes that a user looked a 照合台帳 through; False when somebody did before."""
    try:
        with transaction.atomic():
            LedgerCheck.objects.create(
                ledger_id=ledger_id, holder=holder, user=user, name=user.name, at=clock.now()
            )
            audit(user.login_id, "ledger-checked", ledger_id, holder=holder.code)
    except IntegrityError:
        return False
    return True
