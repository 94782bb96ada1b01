"""What may be done to holders and users, each deed in one transaction with its history and mails. No forms here.

Seed 003 ch. 3 §4; states in table G-T4.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password as hash_of_nothing
from django.db import transaction
from django.urls import reverse

from portal_stub import clock
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
    User,
)
from portal_stub.accounts.passwords import make_password
from portal_stub.history.recording import audit, record
from portal_stub.mails.sending import post

MOST_APPLICANTS = 99
ADDRESS_CHANGE_LIFE = timedelta(hours=24)
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


def _list_agreements(user: User, codes: Iterable[str]) -> None:
    chosen = set(codes) if user.data_scope == DataScope.LISTED else set()
    user.listed_agreements.set(Agreement.objects.filter(holder_id=user.holder_id, code__in=chosen))


@transaction.atomic
def reset_applicant(administrator: User, user: User) -> None:
    """パスワードリセット: a new password by mail to the 管理者; frees a locked ID (G-070, G-138)."""
    password = new_password(user)
    audit(administrator.login_id, "applicant-reset", user.login_id)
    post("applicant-reset", administrator.mail, user=user, secret=password)


@transaction.atomic
def reissue(login_id: str, mail: str, address: str, admits: Any) -> bool:
    """パスワード再発行 of a 管理者; False, without a trace for the asker, when the pair is not right (G-049 to G-051).

    ``admits`` tells whether the holder's IPアドレス制限 lets the asker in (G-134).
    """
    user = (
        User.objects.select_for_update(of=("self",))
        .filter(login_id=login_id, kind=Kind.ADMINISTRATOR)
        .first()
    )
    if user is None or user.mail.casefold() != mail.casefold() or not admits(user.holder):
        hash_of_nothing("")  # takes as long as a real reissue
        audit("reissue", "reissue-refused", login_id, address=address)
        return False
    password = new_password(user)
    audit("reissue", "password-reissued", user.login_id, address=address)
    post("password-reissued", user.mail, user=user, secret=password)
    return True


def new_password(user: User) -> str:
    """A password that must be changed at the next login; frees a locked ID and ends its sessions."""
    password = make_password()
    user.set_password(password)
    user.must_change_password, user.failures, user.locked, user.session_token = True, 0, False, ""
    user.save(update_fields=["password", "must_change_password", "failures", "locked", "session_token"])
    return password


@transaction.atomic
def change_password(user: User, password: str) -> None:
    """パスワード変更 by the user; opens what a first login or a reset had closed."""
    user.set_password(password)
    user.must_change_password, user.password_changed_at = False, clock.now()
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    if user.is_staff_member:
        audit(user.login_id, "password-changed")
    else:
        record(user, "1-2")


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
    waits = person["mail"] != user.mail
    user.address_changes.filter(closed=False).update(closed=True)
    if waits:
        token = secrets.token_urlsafe(32)
        AddressChange.objects.create(
            user=user, mail=person["mail"], token_hash=_hashed(token), issued_at=clock.now()
        )
        link = f"{settings.PORTAL.base_url}{reverse('address-confirmation', args=[token])}"
        post("address-confirmation", person["mail"], user=user, secret=link)
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
    change.user.mail = change.mail
    change.user.save(update_fields=["mail"])
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
    user.failures, user.locked = 0, False
    user.save(update_fields=["failures", "locked"])
    audit(by, "unlocked", user.login_id, reason=reason)


@transaction.atomic
def reissue_by_desk(user: User, by: str, reason: str) -> None:
    """A new password for a 管理者 who asked the desk; it goes to the registered address only."""
    password = new_password(user)
    audit(by, "password-reissued", user.login_id, reason=reason)
    post("password-reissued", user.mail, user=user, secret=password)
