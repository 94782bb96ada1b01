"""What may be done with a registration, each deed in one transaction with its audit and mail. No forms here.

Seed 000/001 ch. 2; states in table F-T2::

    (request) → url-sent → authenticated → confirmed → sent → in-process → complete
                               ↑______________________|
                                       restart

The applicant's deeds: ``request_url``, ``authenticate``, ``choose``, ``confirm``, ``discard``, ``send``.
The insurer's deeds: ``restart``, ``start_processing``, ``complete``, ``renew_notice``. These raise ``NotPossible``, whose
text tells the desk what to do, and change nothing then; the same deed twice is such a case.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.hashers import make_password as hash_of
from django.db import transaction
from django.urls import reverse

from portal_stub import clock
from portal_stub.accounts.hashing import turn
from portal_stub.accounts.models import Holder, User
from portal_stub.accounts.models import Kind as UserKind
from portal_stub.accounts.passwords import make_password
from portal_stub.accounts.rules import create_administrator, keep_renewed
from portal_stub.history.recording import audit
from portal_stub.mails.sending import post
from portal_stub.registration.models import (
    URL_LIFE,
    WITH_APPLICANT,
    Branch,
    Kind,
    Registration,
    State,
)
from portal_stub.registration.papers import completion_notice

MOST_FAILURES = 5
BLOCK = timedelta(minutes=30)
"""So many wrong passwords close the URL for so long (F-021)."""
MOST_MAILS = 5
MAIL_SPAN = timedelta(hours=1)
"""No more mails than this to one address in this span: anybody can type anybody's address."""
_CODE = re.compile(r"[0-9]{9}")


class Verdict(StrEnum):
    """What came of an authentication."""

    OPEN = "open"
    WRONG = "wrong"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    SENT = "sent"
    """The application was sent: the URL has done its work (F-019)."""


class TooManyMails(Exception):
    """Somebody had many mails sent to one address within an hour."""


class Outdated(Exception):
    """What was shown is not what is stored, or not at that step any more; nothing was done."""


class NotPossible(Exception):
    """A deed of the insurer that the state or the facts do not permit; the text is for the desk."""


# ---------------------------------------------------------------------------------------------- the applicant
@transaction.atomic
def request_url(mail: str, once: str) -> Registration:
    """Mails 登録用URL and 登録用パスワード to the typed address (F-016). ``once`` names the form that asked.

    Raises:
        TooManyMails: the address got five within the hour.
        Busy: too many passwords are being hashed at once.
    """
    now, token, password = clock.now(), secrets.token_urlsafe(32), make_password()
    with turn():
        hashed = hash_of(password)
    key = _hashed(f"{once} {mail}")
    if (known := Registration.objects.filter(request_key=key).first()) is not None:
        return known
    if Registration.objects.filter(mail__iexact=mail, url_sent_at__gt=now - MAIL_SPAN).count() >= MOST_MAILS:
        raise TooManyMails
    registration, new = Registration.objects.get_or_create(
        request_key=key,
        defaults={
            "mail": mail,
            "token_hash": _hashed(token),
            "password_hash": hashed,
            "url_sent_at": now,
            "created_at": now,
        },
    )
    if new:
        audit("registration", "registration-url", registration.number)
        _mail_url("registration-url", registration, "登録用URL", token, password)
    return registration


def _mail_url(kind: str, registration: Registration, name: str, token: str, password: str) -> None:
    link = f"{settings.PORTAL.base_url}{reverse('registration-url', args=[token])}"
    zone = clock.now().tzinfo
    post(
        kind,
        registration.mail,
        secret=f"{name}: {link}\n登録用パスワード: {password}",
        days=URL_LIFE.days,
        until=registration.url_ends_at.astimezone(zone).strftime("%Y/%m/%d %H:%M"),
        number=registration.number,
        holder_name=registration.applicant_name,
    )


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def of_url(token: str) -> Registration | None:
    """The registration whose present URL this is."""
    return Registration.objects.filter(token_hash=_hashed(token)).first()


def why_closed(registration: Registration) -> Verdict | None:
    """Why the URL asks for no password at present; None when it does."""
    if registration.state not in WITH_APPLICANT:
        return Verdict.SENT
    if registration.expired:
        return Verdict.EXPIRED
    if registration.blocked_until is not None and clock.now() < registration.blocked_until:
        return Verdict.BLOCKED
    return None


def authenticate(registration: Registration, password: str) -> Verdict:
    """Judges the 登録用パスワード; the fifth wrong one in a row closes the URL for 30 minutes (F-020, F-021)."""
    # The hash takes long and is compared before the transaction, so that nobody waits for it.
    with turn():
        right = check_password(password, registration.password_hash)
    with transaction.atomic():
        found = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
        if closed := why_closed(found):
            return closed
        # A password that was replaced meanwhile is a wrong one.
        if not right or found.password_hash != registration.password_hash:
            found.failures += 1
            if found.failures >= MOST_FAILURES:
                found.failures, found.blocked_until = 0, clock.now() + BLOCK
            found.save(update_fields=["failures", "blocked_until"])
            audit("registration", "registration-refused", found.number)
            return why_closed(found) or Verdict.WRONG
        found.failures, found.blocked_until = 0, None
        if found.state == State.URL_SENT:
            found.state = State.AUTHENTICATED
        found.save(update_fields=["failures", "blocked_until", "state"])
        audit("registration", "registration-authenticated", found.number)
    return Verdict.OPEN


def _locked(registration: Registration, *states: Any) -> Registration:
    """The row as it is now, held until the transaction ends.

    Raises:
        Outdated: it is in none of the states.
    """
    found: Registration = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
    if found.state not in states or found.expired:
        raise Outdated
    return found


@transaction.atomic
def choose(registration: Registration, kind: str) -> None:
    """申込みの種類; another one than before discards what was typed for that (F-022)."""
    found = _locked(registration, State.AUTHENTICATED, State.CONFIRMED)
    if found.kind != kind:
        found.kind, found.answers, found.state = kind, {}, State.AUTHENTICATED
        found.version += 1
        found.save(update_fields=["kind", "answers", "state", "version"])


@transaction.atomic
def confirm(registration: Registration, kind: str, answers: Mapping[str, str]) -> None:
    """「申込情報の確認へ」: keeps valid answers to the form of ``kind`` (F-027).

    Raises:
        Outdated: meanwhile sent, or another kind was chosen in another window.
    """
    found = _locked(registration, State.AUTHENTICATED, State.CONFIRMED)
    if found.kind != kind:
        raise Outdated
    if found.answers != answers or found.state != State.CONFIRMED:
        found.answers, found.state = dict(answers), State.CONFIRMED
        found.version += 1
        found.save(update_fields=["answers", "state", "version"])


@transaction.atomic
def discard(registration: Registration) -> None:
    """「申込手続きの内容と流れへ」 in step 2: back to the choice, entries are gone (F-026)."""
    found = _locked(registration, State.AUTHENTICATED, State.CONFIRMED)
    found.kind, found.answers, found.state = "", {}, State.AUTHENTICATED
    found.version += 1
    found.save(update_fields=["kind", "answers", "state", "version"])


@transaction.atomic
def send(registration: Registration, version: int, terms_edition: str) -> None:
    """「申込書印刷へ」 with the tick: the application is sent, once, as it was last shown (F-041).

    Raises:
        Outdated: the answers were changed in another window since ``version``.
    """
    found = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
    if found.state not in WITH_APPLICANT:
        return  # a double click, a reload, a second tab
    if found.state != State.CONFIRMED or found.expired or found.version != version:
        raise Outdated
    found.state, found.sent_at, found.terms_edition = State.SENT, clock.now(), terms_edition
    found.save(update_fields=["state", "sent_at", "terms_edition"])
    audit("registration", "registration-sent", found.number, kind=found.kind, terms=terms_edition)


# ---------------------------------------------------------------------------------------------- the insurer
def _held(registration: Registration, state: Any, deed: str) -> Registration:
    found: Registration = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
    if found.state != state:
        raise NotPossible(
            f"{deed}できるのは「{state.label}」の登録だけです（現在: {found.shown_state.label}）。画面を開き直してください。"
        )
    return found


@transaction.atomic
def restart(registration: Registration, by: str, reason: str) -> None:
    """Reopens step 2 with the stored answers: new URL and password by mail, sixty days anew (F-046).

    sent → authenticated. ``by`` is a login ID of the desk, ``reason`` what the applicant asked for.

    Raises:
        NotPossible: it is not waiting for its form, or the reason is empty.
    """
    found = _held(registration, State.SENT, "手続きを再開")
    if not reason.strip():
        raise NotPossible("手続きを再開する理由を入力してください。")
    token, password, now = secrets.token_urlsafe(32), make_password(), clock.now()
    found.token_hash, found.password_hash = _hashed(token), hash_of(password)
    found.url_sent_at = found.restarted_at = now
    found.failures, found.blocked_until, found.sent_at = 0, None, None
    found.generation += 1
    found.state = State.AUTHENTICATED
    found.save()
    audit(by, "registration-restarted", found.number, reason=reason)
    _mail_url("registration-restart", found, "手続き再開用URL", token, password)


@transaction.atomic
def start_processing(registration: Registration, by: str, arrived_on: date) -> None:
    """手続開始: the sealed form arrived by post on ``arrived_on``; mail to the address of step 1 (F-045, F-047).

    sent → in-process.

    Raises:
        NotPossible: it is not waiting for its form, or the form did not arrive between the sending and its last day.
    """
    found = _held(registration, State.SENT, "手続きを開始")
    last = found.form_valid_until
    if last is not None and arrived_on > last:
        raise NotPossible(
            f"申込書の有効期限（{last:%Y/%m/%d}）を過ぎて到着しています。手続きを再開して、申込書を作り直すよう案内してください。"
        )
    zone = clock.now().tzinfo
    if arrived_on > clock.today() or arrived_on < found.sent_at.astimezone(zone).date():
        raise NotPossible("申込書の到着日は、申込情報の送信日から今日までの日付を入力してください。")
    found.state, found.arrived_on, found.started_at = State.IN_PROCESS, arrived_on, clock.now()
    found.save(update_fields=["state", "arrived_on", "started_at"])
    audit(by, "registration-started", found.number, arrived_on=arrived_on.isoformat())
    _tell("registration-started", found)


@dataclass(frozen=True)
class Completed:
    """What came of ``complete``. ``notice`` is the 登録完了通知書 as PDF, to be printed now: it is kept nowhere."""

    holder: Holder
    administrator: User
    notice: bytes


@transaction.atomic
def complete(registration: Registration, by: str, code: str = "") -> Completed:
    """手続完了: 保険利用者 and 管理者 come into being, mail to the address of step 1 (F-048, F-049).

    in-process → complete. ``code`` is the 保険利用者コード that the insurer gives to a 本店 or 支店; it must be empty for a
    Webユーザー登録, whose holder is registered. The first password stands in the returned PDF and, hashed, in the
    new user's row, and nowhere else; it must be changed at the first login (F-050).

    Raises:
        NotPossible: not in process; the code is malformed, taken or missing; the named 本店 or 保険利用者 does not
            exist; the 保険利用者 has a WebユーザーID already (F-004, F-009).
    """
    found = _held(registration, State.IN_PROCESS, "手続きを完了")
    answers = found.answers
    if found.kind == Kind.WEB_USER:
        holder = _registered(code, answers["holder_code"])
    else:
        holder = _new_holder(found, code)
    holder.otp_required = answers["otp_wish"] == "1"
    holder.save()
    password = make_password()
    administrator = create_administrator(
        holder,
        password,
        mail=answers["mail"],
        name=answers["person_name"],
        phone=answers["person_phone"],
        department=answers["department"],
        title=answers["title"],
    )
    found.state, found.completed_at, found.holder = State.COMPLETE, clock.now(), holder
    found.save(update_fields=["state", "completed_at", "holder"])
    audit(by, "registration-completed", found.number, holder=holder.code)
    _tell("registration-completed", found)
    return Completed(holder, administrator, completion_notice(found, administrator, password, clock.now()))


def _new_holder(registration: Registration, code: str) -> Holder:
    answers = registration.answers
    if not _CODE.fullmatch(code):
        raise NotPossible("新しい保険利用者コードを半角数字9桁で入力してください。")
    if Holder.objects.filter(code=code).exists():
        raise NotPossible(f"保険利用者コード {code} は登録済みです。別のコードを入力してください。")
    holder = Holder(
        code=code,
        name=answers["name"],
        name_kana=answers["name_kana"],
        postal_code=answers["postal_code"],
        address=answers["address"],
        phone=answers["phone"],
        homepage=answers["homepage"],
    )
    if registration.kind == Kind.HEAD_OFFICE:
        same = answers["registered_same"] == "1"
        holder.registered_address = answers["address"] if same else answers["registered_address"]
        holder.representative_title = answers["representative_title"]
        holder.representative_name = answers["representative_name"]
        holder.save()
        return holder
    head_office = Holder.objects.filter(code=answers["head_office_code"], is_branch=False).first()
    if head_office is None:
        raise NotPossible(
            f"申込書の本店の保険利用者コード {answers['head_office_code']} は、本店として登録されていません。"
            "申込者に確認し、訂正が必要なときは新しい申込みを案内してください。"
        )
    holder.is_branch = True
    holder.save()
    Branch.objects.create(holder=holder, head_office=head_office)
    return holder


def _registered(code: str, typed: str) -> Holder:
    if code:
        raise NotPossible(
            "Webユーザー登録では、新しい保険利用者コードは発行しません。コードを空欄にしてください。"
        )
    holder: Holder | None = Holder.objects.select_for_update().filter(code=typed).first()
    if holder is None:
        raise NotPossible(f"保険利用者コード {typed} は登録されていません。申込者に確認してください。")
    if holder.users.exists():
        raise NotPossible(
            f"保険利用者コード {typed} には、WebユーザーID（管理者用）が発行済みです。申込者に、パスワード再発行などを案内してください。"
        )
    return holder


@transaction.atomic
def renew_notice(registration: Registration, by: str, reason: str) -> bytes:
    """Another 登録完了通知書 with another first password, when the first was lost on its way.

    Raises:
        NotPossible: not complete, the reason is empty, or the 管理者 has logged in and changed the password before.
    """
    found = _held(registration, State.COMPLETE, "登録完了通知書を再作成")
    if not reason.strip():
        raise NotPossible("登録完了通知書を再作成する理由を入力してください。")
    administrator = User.objects.select_for_update(of=("self",)).get(
        holder=found.holder, kind=UserKind.ADMINISTRATOR
    )
    if administrator.password_changed_at is not None:
        raise NotPossible("Webユーザー（管理者）はログイン済みです。パスワード再発行を案内してください。")
    password = make_password()
    administrator.set_password(password)
    keep_renewed(administrator)
    audit(by, "registration-renewed", found.number, reason=reason)
    return completion_notice(found, administrator, password, clock.now())


def _tell(kind: str, registration: Registration) -> None:
    # Neither ID nor password: these travel on paper (F-049).
    post(kind, registration.mail, number=registration.number, holder_name=registration.applicant_name)
