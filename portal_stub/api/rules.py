"""What may be done to APIトークン, each deed in one transaction with its history and mail. No forms here."""

import hashlib
import secrets
from datetime import date, timedelta

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import DoneOnce, Holder, Kind, User
from portal_stub.api.models import ApiToken, KeyedRequest, Scope
from portal_stub.history.recording import audit, record
from portal_stub.mails.sending import post

PREFIX = "daicho_"
"""By it people, and scanners of source code, know what they found."""
MOST_TOKENS = 50
"""Of a holder, that are in force at once."""
DEFAULT_LIFE, LONGEST_LIFE = timedelta(days=365), timedelta(days=731)
KEYS_KEPT = timedelta(days=7)
"""So long a repeated request with an Idempotency-Key is known."""


class TooManyTokens(Exception):
    """The holder has as many tokens in force as it may have."""


def users_for_tokens(holder: Holder) -> list[User]:
    """Whom a token may act as: the 管理者 and the active 申込者. A 全社閲覧用ID reads several holders, and is not theirs."""
    return list(holder.users.filter(kind__in=[Kind.ADMINISTRATOR, Kind.APPLICANT], active=True))


@transaction.atomic
def make_token(
    administrator: User, user: User, name: str, scope: Scope, last_day: date, once: str
) -> tuple[ApiToken, str]:
    """A new token and its text, which nobody can read again.

    ``once`` names the check page: sent a second time it returns the token of the first, with an empty text (S-017).

    Raises:
        TooManyTokens: the holder has ``MOST_TOKENS`` in force.
    """
    holder = Holder.objects.select_for_update().get(pk=administrator.holder_id)
    done = DoneOnce.objects.filter(user=administrator, token=once).first()
    if done is not None:
        return ApiToken.objects.get(pk=done.result, holder=holder), ""
    if in_force(holder) >= MOST_TOKENS:
        raise TooManyTokens
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        holder=holder,
        user=user,
        name=name,
        scope=scope,
        token_hash=hashed(text),
        ending=text[-4:],
        made_at=clock.now(),
        made_by=administrator.login_id,
        last_day=last_day,
    )
    DoneOnce.objects.create(user=administrator, token=once, result=str(token.pk), at=clock.now())
    _tell(administrator, token, "made")
    return token, text


@transaction.atomic
def withdraw_token(administrator: User, token: ApiToken) -> None:
    """Ends a token at once; a second time does nothing."""
    row = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if row.withdrawn_at is not None:
        return
    row.withdrawn_at, row.withdrawn_by = clock.now(), administrator.login_id
    row.save(update_fields=["withdrawn_at", "withdrawn_by"])
    _tell(administrator, row, "withdrawn")


def _tell(administrator: User, token: ApiToken, what: str) -> None:
    record(administrator, "10-2")
    audit(
        administrator.login_id,
        f"api-token-{what}",
        str(token.pk),
        name=token.name,
        acts_as=token.user.login_id,
        scope=token.scope,
        last_day=token.last_day.isoformat(),
    )
    post(
        f"api-token-{what}",
        administrator.mail,
        user=administrator,
        token_name=token.name,
        ending=token.ending,
        acts_as=token.user.login_id,
        scope=Scope(token.scope).label,
        last_day=f"{token.last_day:%Y/%m/%d}",
    )


def in_force(holder: Holder) -> int:
    """How many tokens of a holder can be used."""
    rows = ApiToken.objects.filter(holder=holder, withdrawn_at__isnull=True, last_day__gte=clock.today())
    return int(rows.count())


def hashed(text: str) -> str:
    """What is kept of a token. It has 256 bits of chance: a slow hash would protect nothing."""
    return hashlib.sha256(text.encode()).hexdigest()


def tidy() -> None:
    """Forgets old requests with a key."""
    before = clock.now() - KEYS_KEPT
    KeyedRequest.objects.filter(at__lt=before).delete()
