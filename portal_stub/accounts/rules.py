"""What may be done to holders and users, each deed in one transaction with its history and mails. No forms here.

Seed 003 ch. 3 §4; states in table G-T4.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password as hash_of
from django.db import transaction
from django.urls import reverse

from portal_stub import clock
from portal_stub.accounts import limits
from portal_stub.accounts.hashing import turn
from portal_stub.accounts.models import (
    AddressChange,
    AddressEntry,
    Agreement,
    ApplicationScope,
    DataScope,
    DoneOnce,
    EntryRight,
    Holder,
    Kind,
    PendingPassword,
    User,
)
from portal_stub.accounts.passwords import make_password
from portal_stub.history.recording import audit, record
from portal_stub.mails.sending import post

MOST_APPLICANTS = 99
ADDRESS_CHANGE_LIFE = timedelta(hours=24)
REISSUE_LIFE = timedelta(hours=24)
APPLICANT_FIELDS = (
    *("mail", "name", "phone", "department", "title"),
    *("entry_right", "data_scope", "application_scope"),
)


class TooManyApplicants(Exception):
    """All 99 numbers of a holder were given (G-004)."""


@transaction.atomic
def create_administrator(holder: Holder, password: str, **person: str) -> User:
    """The 管理者 of a holder: number 000, the widest right in every dimension (G-002, G-010)."""
    user = User(
        login_id=f"{holder.code}000",
        kind=Kind.ADMINISTRATOR,
        holder=holder,
        entry_right=EntryRight.APPLY,
        data_scope=DataScope.ALL,
        application_scope=ApplicationScope.ALL,
        created_at=clock.now(),
        **person,
    )
    user.set_password(password)
    user.save()
    return user


@transaction.atomic
def create_staff(login_id: str, password: str, role: str, **person: str) -> User:
    """A member of the insurer's desk."""
    user = User(login_id=login_id, kind=Kind.STAFF, role=role, created_at=clock.now(), **person)
    user.set_password(password)
    user.save()
    return user


@transaction.atomic
def register_applicant(
    administrator: User, person: Mapping[str, Any], codes: Iterable[str], once: str
) -> User:
    """A new 申込者 with the next number; the first password goes to the 管理者 by mail (G-003, G-067).

    ``once`` names the check page: sent a second time it returns the user of the first (S-017).

    Raises:
        TooManyApplicants: all 99 numbers were given; 無効 ones count (G-004, G-005).
    """
    holder = Holder.objects.select_for_update().get(pk=administrator.holder_id)
    done = DoneOnce.objects.filter(user=administrator, token=once).first()
    if done is not None:
        return User.objects.get(login_id=done.result, holder=holder)
    if holder.last_number >= MOST_APPLICANTS:
        raise TooManyApplicants
    holder.last_number += 1
    holder.save(update_fields=["last_number"])
    password = make_password()
    user = User(
        login_id=f"{holder.code}{holder.last_number:03}",
        kind=Kind.APPLICANT,
        holder=holder,
        created_at=clock.now(),
        **{name: person[name] for name in APPLICANT_FIELDS},
    )
    user.set_password(password)
    user.save()
    _list_agreements(user, codes)
    DoneOnce.objects.create(user=administrator, token=once, result=user.login_id, at=clock.now())
    audit(administrator.login_id, "applicant-registered", user.login_id)
    post("applicant-registered", administrator.mail, user=user, secret=password)
    return user


@transaction.atomic
def change_applicant(
    administrator: User, user: User, person: Mapping[str, Any], codes: Iterable[str]
) -> None:
    """Changes an 申込者; 無効 ends running sessions (G-060), rights count from the next request (G-071)."""
    before = {name: getattr(user, name) for name in (*APPLICANT_FIELDS, "active")}
    for name in (*APPLICANT_FIELDS, "active"):
        setattr(user, name, person[name])
    if not user.active:
        user.session_token = ""
    user.save(update_fields=[*APPLICANT_FIELDS, "active", "session_token"])
    _list_agreements(user, codes)
    changed = sorted(name for name, value in before.items() if getattr(user, name) != value)
    audit(administrator.login_id, "applicant-changed", user.login_id, changed=changed)
    if "mail" in changed:
        for address in (before["mail"], user.mail):
            post("mail-changed", address, user=user)
    if "active" in changed:
        post("id-switched", user.mail, user=user, state="使用できる" if user.active else "使用できない")


def _list_agreements(user: User, codes: Iterable[str]) -> None:
    chosen = set(codes) if user.data_scope == DataScope.LISTED else set()
    user.listed_agreements.set(Agreement.objects.filter(holder_id=user.holder_id, code__in=chosen))


@transaction.atomic
def reset_applicant(administrator: User, user: User) -> None:
    """パスワードリセット: a new password by mail to the 管理者; frees a locked ID (G-070, G-138)."""
    password = new_password(user)
    audit(administrator.login_id, "applicant-reset", user.login_id)
    post("applicant-reset", administrator.mail, user=user, secret=password)
    if user.mail != administrator.mail:
        post("password-was-reset", user.mail, user=user)


def reissue(login_id: str, mail: str, address: str, admits: Any) -> bool:
    """パスワード再発行 of a 管理者: mails a new password with the URL that puts it into force (G-049). Until that is opened
    nothing changes: whoever knows ID and address can make no more of it than a mail.

    False, without a trace for the asker, when the pair is not right or had its mails for now (G-050, G-051). ``admits``
    tells whether the holder's IPアドレス制限 lets the asker in (G-134).

    Raises:
        TryLater: too many from this address.
        Busy: too many passwords are being hashed at once.
    """
    limits.look("reissue", address)
    limits.count("reissue", limits.By.ADDRESS, address)
    row = limits.count("reissue", limits.By.TARGET, login_id)
    password, token = make_password(), secrets.token_urlsafe(32)
    with turn():
        hashed = hash_of(password)  # also for nobody: it takes as long
    with transaction.atomic():
        user = (
            User.objects.select_for_update(of=("self",))
            .filter(login_id=login_id, kind=Kind.ADMINISTRATOR)
            .first()
        )
        right = user is not None and user.mail.casefold() == mail.casefold() and admits(user.holder)
        if user is None or not right or limits.is_beyond(row):
            audit("reissue", "reissue-refused", login_id, address=address, too_often=limits.is_beyond(row))
            return False
        user.pending_passwords.filter(closed=False).update(closed=True)
        PendingPassword.objects.create(
            user=user, password=hashed, token_hash=_hashed(token), issued_at=clock.now()
        )
        audit("reissue", "reissue-mailed", user.login_id, address=address)
        link = f"{settings.PORTAL.base_url}{reverse('reissue-confirmation', args=[token])}"
        post(
            "reissue-confirmation",
            user.mail,
            user=user,
            secret=f"新しいパスワード: {password}\n確認用URL: {link}",
        )
        return True


@transaction.atomic
def confirm_reissue(token: str, address: str) -> User | None:
    """Puts a reissued password into force; None when the URL is unknown, used or older than 24 hours."""
    pending = (
        PendingPassword.objects.select_for_update(of=("self",))
        .filter(token_hash=_hashed(token), closed=False)
        .first()
    )
    if pending is None or not pending.issued_at <= clock.now() <= pending.issued_at + REISSUE_LIFE:
        return None
    user: User = User.objects.select_for_update(of=("self",)).get(pk=pending.user_id)
    user.password = pending.password
    keep_renewed(user)
    audit("reissue", "password-reissued", user.login_id, address=address)
    post("password-was-reset", user.mail, user=user)
    return user


def new_password(user: User) -> str:
    """A password that must be changed at the next login; frees a locked ID and ends its sessions, and whatever waits to
    change its credentials.
    """
    password = make_password()
    user.set_password(password)
    keep_renewed(user)
    return password


def keep_renewed(user: User) -> None:
    """Keeps a password that somebody else than its owner set."""
    user.must_change_password, user.failures, user.locked_until, user.session_token = True, 0, None, ""
    user.save(update_fields=["password", "must_change_password", "failures", "locked_until", "session_token"])
    close_pending(user)


def close_pending(user: User) -> None:
    """Ends what was begun under credentials that count no more: changes of the mail address, reissues, one-time passwords."""
    user.address_changes.filter(closed=False).update(closed=True)
    user.pending_passwords.filter(closed=False).update(closed=True)
    user.one_time_passwords.filter(closed=False).update(closed=True)


@transaction.atomic
def change_password(user: User, password: str) -> None:
    """パスワード変更 by the user; opens what a first login or a reset had closed, and tells the owner by mail."""
    user.set_password(password)
    user.must_change_password, user.password_changed_at = False, clock.now()
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    close_pending(user)
    if user.is_staff_member:
        audit(user.login_id, "password-changed")
    else:
        record(user, "1-2")
    post("password-was-changed", user.mail, user=user)


@transaction.atomic
def change_administrator(user: User, person: Mapping[str, Any], *, otp_required: bool) -> bool:
    """Webユーザー（管理者）情報変更. True when the mail address differs and waits for its confirmation (G-042).

    The old address stays, and gets the mails, until the URL sent to the new one is opened (G-044, G-046).
    """
    names = ("name", "phone", "department", "title")
    changed = sorted(name for name in names if getattr(user, name) != person[name])
    for name in names:
        setattr(user, name, person[name])
    user.save(update_fields=names)
    if user.holder is not None and user.holder.otp_required != otp_required:
        changed.append("otp_required")
        Holder.objects.filter(pk=user.holder.pk).update(otp_required=otp_required)
        post("otp-switched", user.mail, user=user, setting="利用する" if otp_required else "利用しない")
    waits = person["mail"] != user.mail
    user.address_changes.filter(closed=False).update(closed=True)
    if waits:
        token = secrets.token_urlsafe(32)
        AddressChange.objects.create(
            user=user, mail=person["mail"], token_hash=_hashed(token), issued_at=clock.now()
        )
        link = f"{settings.PORTAL.base_url}{reverse('address-confirmation', args=[token])}"
        post("address-confirmation", person["mail"], user=user, secret=link)
        post("mail-change-asked", user.mail, user=user, new=person["mail"])
    audit(user.login_id, "administrator-changed", user.login_id, changed=changed, mail_waits=waits)
    return waits


@transaction.atomic
def confirm_address(token: str) -> User | None:
    """Puts a confirmed mail address into force; None when the URL is unknown, used or older than 24 hours."""
    change = (
        AddressChange.objects.select_for_update(of=("self",))
        .filter(token_hash=_hashed(token), closed=False)
        .first()
    )
    if change is None or clock.now() > change.issued_at + ADDRESS_CHANGE_LIFE:
        return None
    change.closed = True
    change.save(update_fields=["closed"])
    before, change.user.mail = change.user.mail, change.mail
    change.user.save(update_fields=["mail"])
    for address in (before, change.mail):
        post("mail-changed", address, user=change.user)
    audit(change.user.login_id, "address-confirmed", change.user.login_id)
    return change.user


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def change_addresses(user: User, *, restricted: bool, entries: Iterable[tuple[str, str]]) -> None:
    """IPアドレス制限: in force at once, told to the 管理者 by mail (G-132)."""
    holder = Holder.objects.select_for_update().get(pk=user.holder_id)
    holder.address_entries.all().delete()
    AddressEntry.objects.bulk_create(
        AddressEntry(holder=holder, network=network, memo=memo) for network, memo in entries
    )
    holder.addresses_restricted = restricted
    holder.save(update_fields=["addresses_restricted"])
    record(user, "10-1")
    audit(user.login_id, "addresses-changed", holder.code, restricted=restricted)
    post("addresses-changed", user.mail, user=user, setting="利用する" if restricted else "利用しない")


@transaction.atomic
def lift_addresses(holder: Holder, by: str, reason: str) -> None:
    """Lifts the restriction for a 管理者 who locked himself out; by an operator, with a reason (G-133)."""
    Holder.objects.filter(pk=holder.pk).update(addresses_restricted=False)
    audit(by, "addresses-lifted", holder.code, reason=reason)
    administrator = holder.users.filter(kind=Kind.ADMINISTRATOR).first()
    if administrator is not None:
        post("addresses-changed", administrator.mail, user=administrator, setting="利用しない")


@transaction.atomic
def unlock(user: User, by: str, reason: str) -> None:
    """Lets an ID with too many wrong passwords in again, with its old password; by the desk, with a reason."""
    user.failures, user.locked_until = 0, None
    user.save(update_fields=["failures", "locked_until"])
    audit(by, "unlocked", user.login_id, reason=reason)
    post("id-unlocked", user.mail, user=user)


@transaction.atomic
def reissue_by_desk(user: User, by: str, reason: str) -> None:
    """A new password for a 管理者 who asked the desk; it goes to the registered address only."""
    password = new_password(user)
    audit(by, "password-reissued", user.login_id, reason=reason)
    post("password-reissued", user.mail, user=user, secret=password)
