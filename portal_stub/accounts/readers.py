"""全社閲覧用ID: issued by the desk on request, reading the data of several holders of one company. G-022, G-023.

Kept under one of the holders and numbered from 901 there: 001 to 099 are 申込者 (G-003, G-005). That the holders are one
company is what the desk looked up and confirms; the portal cannot know.
"""

from collections.abc import Iterable, Mapping

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import DataScope, DoneOnce, Holder, Kind, User
from portal_stub.accounts.passwords import make_password
from portal_stub.accounts.rules import new_password
from portal_stub.history.recording import audit
from portal_stub.mails.sending import post

FIRST_NUMBER, LAST_NUMBER = 901, 999
PERSON_FIELDS = ("mail", "name", "phone", "department", "title")


class TooManyReaders(Exception):
    """All numbers of a holder were given."""


@transaction.atomic
def issue_reader(
    by: User, home: Holder, person: Mapping[str, str], codes: Iterable[str], reason: str, once: str
) -> User:
    """A new 全社閲覧用ID; the first password goes to the person by mail. Again with the same ``once``: the same ID.

    Raises:
        TooManyReaders: 999 was given; numbers are never used again.
    """
    Holder.objects.select_for_update().get(pk=home.pk)
    done = DoneOnce.objects.filter(user=by, token=once).first()
    if done is not None:
        return User.objects.get(login_id=done.result)
    last = home.users.filter(kind=Kind.COMPANY_READER).order_by("-login_id").first()
    number = FIRST_NUMBER if last is None else int(last.login_id[-3:]) + 1
    if number > LAST_NUMBER:
        raise TooManyReaders
    password = make_password()
    user = User(
        login_id=f"{home.code}{number}",
        kind=Kind.COMPANY_READER,
        holder=home,
        data_scope=DataScope.ALL,
        created_at=clock.now(),
        **{name: person[name] for name in PERSON_FIELDS},
    )
    user.set_password(password)
    user.save()
    read = _read(user, codes)
    DoneOnce.objects.create(user=by, token=once, result=user.login_id, at=clock.now())
    audit(by.login_id, "reader-issued", user.login_id, holders=read, reason=reason)
    post("reader-issued", user.mail, user=user, secret=password)
    return user


@transaction.atomic
def change_reader(
    by: User, user: User, person: Mapping[str, str], codes: Iterable[str], *, active: bool, reason: str
) -> None:
    """Changes person, holders and 使用状態; 無効 ends running sessions."""
    for name in PERSON_FIELDS:
        setattr(user, name, person[name])
    user.active = active
    if not active:
        user.session_token = ""
    user.save(update_fields=[*PERSON_FIELDS, "active", "session_token"])
    read = _read(user, codes)
    audit(by.login_id, "reader-changed", user.login_id, holders=read, active=active, reason=reason)


def _read(user: User, codes: Iterable[str]) -> list[str]:
    """Sets whose data are read: the named holders and the one under which the ID is kept."""
    user.read_holders.set(Holder.objects.filter(code__in={*codes, user.login_id[:9]}))
    return list(user.read_holders.order_by("code").values_list("code", flat=True))


@transaction.atomic
def reset_reader(by: User, user: User, reason: str) -> None:
    """A new password by mail to the person; frees a locked ID and ends its sessions."""
    password = new_password(user)
    audit(by.login_id, "reader-reset", user.login_id, reason=reason)
    post("password-reissued", user.mail, user=user, secret=password)
