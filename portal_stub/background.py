"""What the portal does beside answering: mails and uploads every two seconds, housekeeping once a day.

Each runs in a thread of a process beside those that answer; what fails is tried again, and users never wait for it
(S-038). Several may run at once: mails are claimed, and housekeeping can be repeated.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import date

from django.core.management import call_command
from django.db import close_old_connections

from portal_stub import clock
from portal_stub.accounts import limits
from portal_stub.api import rules as programs
from portal_stub.entries import rules as entries
from portal_stub.feed import asking
from portal_stub.inquiries import rules as inquiries
from portal_stub.jobs import rules as jobs
from portal_stub.ledgers import sending as uploads
from portal_stub.mails.sending import send_due
from portal_stub.procedures.deciding import tidy

_PAUSE = 2
_last: list[date] = []


def start() -> None:
    """Starts the threads."""
    for name, work in (
        ("mails", send_due),
        ("uploads", uploads.bring_pending),
        ("housekeeping", keep_house),
    ):
        threading.Thread(target=_forever, args=(name, work), daemon=True, name=name).start()


def keep_house() -> bool:
    """The housekeeping of a day, once; whether there was any to do."""
    today = clock.today()
    if _last == [today]:
        return False
    tidy()
    uploads.tidy()
    asking.tidy()
    jobs.tidy()
    entries.tidy()
    programs.tidy()
    limits.tidy()
    inquiries.tidy()
    call_command("clearsessions")
    _last[:] = [today]
    return True


def _forever(name: str, work: Callable[[], object]) -> None:
    while True:
        try:
            work()
        except Exception:
            # The next round tries again.
            logging.getLogger(__name__).exception("%s could not be done", name)
        close_old_connections()
        time.sleep(_PAUSE)
