"""Puts mails into the outbox and sends what is due. A mail that fails never blocks a procedure (S-038).

``post`` belongs into the transaction of the deed. Sending takes a row by a conditional update, so that two senders
never send one mail twice; after a crash in between, the same Message-ID goes out again.
"""

import re
import smtplib
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q

from portal_stub import clock
from portal_stub.mails.models import Mail, State
from portal_stub.mails.texts import TEXTS

_LEASE = timedelta(minutes=10)
_MOST_ATTEMPTS = 10
_LONGEST_PAUSE = timedelta(hours=2)


class NoServer(OSError):
    """No mail server is set: mails wait in the outbox."""


class KeptBackend(BaseEmailBackend):
    """Without ``smtp_host`` nothing leaves; in a demo home the outbox page is the mailbox."""

    def send_messages(self, email_messages: Any) -> int:
        """Takes the mails in a demo home, refuses them elsewhere."""
        if not settings.PORTAL.development:
            raise NoServer("portal.toml に smtp_host がありません")
        return len(email_messages)


def post(kind: str, to: str, *, user: Any = None, secret: str = "", **words: Any) -> Mail:
    """Puts one mail into the outbox; ``secret`` is kept apart until it is sent.

    ``user`` is whom it is about; without one (nobody is registered yet) ``words`` says what the text needs.

    Raises:
        KeyError: a word of the text is missing.
    """
    text, now = TEXTS[kind], clock.now()
    holder = user.holder if user else None
    known = {
        "holder_name": holder.name if holder else "",
        "name": user.name if user else "",
        "login_id": user.login_id if user else "",
        "at": now.strftime("%Y/%m/%d %H:%M"),
        "base_url": settings.PORTAL.base_url,
        **words,
    }

    def word(found: re.Match[str]) -> str:
        # The secret stays apart; a typed name with its place in it is no second place for it.
        return found[0] if found[1] == "secret" else str(known[found[1]]).replace("{secret}", "(secret)")

    body = re.sub(r"\{(\w+)\}", word, text.body)
    return Mail.objects.create(
        kind=kind,
        to=to,
        subject=text.subject,
        body=body,
        secret=secret,
        holder_code=holder.code if holder else "",
        message_id=f"<{uuid.uuid4()}@{settings.PORTAL.mail_sender.partition('@')[2] or 'daicho.invalid'}>",
        created_at=now,
        next_attempt_at=now,
    )


def send_due(limit: int = 100) -> tuple[int, int]:
    """Sends what is due; returns how many were sent and how many failed and wait for another try."""
    now, sent, failed = clock.now(), 0, 0
    due = Q(state=State.WAITING, next_attempt_at__lte=now) | Q(
        state=State.SENDING, claimed_at__lt=now - _LEASE
    )
    for mail in Mail.objects.filter(due).order_by("id")[:limit]:
        claimed = Mail.objects.filter(due, pk=mail.pk, attempts=mail.attempts).update(
            state=State.SENDING, claimed_at=now, attempts=mail.attempts + 1
        )
        if claimed != 1:
            continue  # another sender was first
        mail.attempts += 1
        if _send(mail):
            sent += 1
        else:
            failed += 1
    return sent, failed


def _send(mail: Mail) -> bool:
    message = EmailMessage(
        mail.subject,
        mail.body.replace("{secret}", mail.secret),
        settings.PORTAL.mail_sender,
        [mail.to],
        headers={"Message-ID": mail.message_id},
    )
    now = clock.now()
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        given_up = mail.attempts >= _MOST_ATTEMPTS and not isinstance(error, NoServer)
        pause = min(timedelta(minutes=2 ** min(mail.attempts - 1, 7)), _LONGEST_PAUSE)
        Mail.objects.filter(pk=mail.pk).update(
            state=State.GIVEN_UP if given_up else State.WAITING,
            next_attempt_at=now + pause,
            attempts=min(mail.attempts, _MOST_ATTEMPTS),
            fault=f"{type(error).__name__}: {error}"[:200],
            # A password that reached nobody is of no use any more.
            secret="" if given_up else mail.secret,
        )
        return False
    kept = mail.secret if settings.PORTAL.development else ""
    Mail.objects.filter(pk=mail.pk).update(state=State.SENT, sent_at=now, secret=kept, fault="")
    return True
