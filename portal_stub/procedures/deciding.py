"""What the insurer's desk does with applications; each act names its person and, where it refuses, a reason.

States: table H-T1. The portal alone never decides: what 手続完了 brings into force is the procedure's ``effect``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.history.recording import audit
from portal_stub.procedures import files
from portal_stub.procedures.declaration import Event
from portal_stub.procedures.models import CLOSED, Act, Application, Document, State
from portal_stub.procedures.papers import notice_of
from portal_stub.procedures.registry import PROCEDURES
from portal_stub.procedures.telling import tell
from portal_stub.procedures.uploads import take


class NotPossible(Exception):
    """The act does not fit the present state; the message tells which that is."""


@dataclass(frozen=True)
class Deed:
    """One act of the desk."""

    key: str
    title: str
    """Label of its button."""
    since: frozenset[Any]
    """States; mypy, without stubs of Django, takes the members of an enumeration for tuples."""
    to: Any
    reason: bool
    """True: nothing without a reason, which the user reads."""
    event: Event | None
    credit_report: bool = False
    """True: only where the applicant asked the insurer to get the 信用調査報告書 (H-019, K-025)."""


_PENDING: frozenset[Any] = frozenset({State.PROCESSING})
DEEDS = {
    deed.key: deed
    for deed in (
        Deed("review", "審査を開始する", _PENDING, State.PROCESSING, False, Event.START),
        Deed("order-report", "信用調査報告書を取り寄せる", _PENDING, State.REPORT, False, None, True),
        Deed(
            "report-here",
            "信用調査報告書を取得した（審査へ進む）",
            frozenset({State.REPORT}),
            State.PROCESSING,
            False,
            Event.START,
        ),
        Deed("complete", "手続完了にする", _PENDING, State.COMPLETE, False, Event.COMPLETION),
        Deed("ask-again", "再入力を依頼する", _PENDING, State.AGAIN, True, Event.AGAIN),
        Deed(
            "cancel",
            "手続取消にする",
            frozenset({State.PROCESSING, State.REPORT}),
            State.CANCELLED,
            True,
            Event.CANCELLATION,
        ),
    )
}


WHAT = {
    "saved": "保存",
    "applied": "申込み",
    "reminded": "別送資料の確認メール",
    **{key: deed.title for key, deed in DEEDS.items()},
}
"""What an act is called on pages."""


def deeds_for(application: Application) -> list[Deed]:
    """What can be done with an application as it is."""
    procedure = PROCEDURES[application.procedure]
    done = set(application.acts.filter(at__gte=application.applied_at).values_list("what", flat=True))
    unneeded = {"review"} if done & {"review", "report-here"} or Event.START not in procedure.mails else set()
    if "report-here" in done:
        unneeded.add("order-report")
    return [
        deed
        for deed in DEEDS.values()
        if application.state in deed.since
        and (not deed.credit_report or procedure.credit_report(application))
        and deed.key not in unneeded
    ]


@transaction.atomic
def decide(staff: User, application: Application, key: str, reason: str) -> Application:
    """Does one of ``DEEDS``.

    Raises:
        NotPossible: it does not fit the present state, or a reason is missing.
    """
    present = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    deed = next((each for each in deeds_for(present) if each.key == key), None)
    if deed is None:
        raise NotPossible(
            f"この申込みは現在「{present.get_state_display()}」のため、その操作はできません。画面を開き直してください。"
        )
    reason = reason.strip()
    if deed.reason and not reason:
        raise NotPossible("理由を入力してください。申込者に通知されます。")
    procedure, now = PROCEDURES[present.procedure], clock.now()
    present.state = deed.to
    if deed.to is State.COMPLETE:
        procedure.effect(present)
    if deed.to in CLOSED:
        present.close(now)
    if deed.to is State.COMPLETE and procedure.notice is not None:
        present.notice = notice_of(present)
    present.save(update_fields=["state", "closed_at", "leaves_on", "notice"])
    Act.objects.create(
        application=present,
        at=now,
        actor=staff.login_id,
        actor_name=staff.name,
        what=deed.key,
        state=deed.to,
        reason=reason[:400],
    )
    audit(staff.login_id, f"application-{deed.key}", str(present.number), reason=reason)
    if deed.event is not None:
        tell(present, deed.event, reason)
    return present


@transaction.atomic
def add_documents(staff: User, application: Application, uploads: Sequence[Any]) -> list[str]:
    """Puts files of the insurer to an application; returns, in words, why some were not taken."""
    present = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    taken, faults = take(staff, present, "insurer", uploads, by_insurer=True)
    for document in taken:
        audit(staff.login_id, "application-document", str(present.number), name=document.name)
    return faults


def tidy() -> dict[str, int]:
    """The nightly housekeeping: rows past their two years, abandoned drafts, reminders, bytes that no row names."""
    today = clock.today()
    removed, _ = Application.objects.filter(leaves_on__lte=today).delete()
    drafts, _ = Application.objects.filter(
        state=State.DRAFT, saved_at__lt=clock.now() - timedelta(days=7)
    ).delete()
    reminded = _remind(today)
    in_use = set(Document.objects.values_list("sha256", flat=True))
    return {"removed": removed, "drafts": drafts, "reminded": reminded, "files": files.sweep(in_use)}


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _remind(today: date) -> int:
    """Reminds once of separate documents on the day after they were due (K-040)."""
    reminded = 0
    for key, procedure in PROCEDURES.items():
        if procedure.separate is None:
            continue
        due = _start_of(today - timedelta(days=procedure.separate.days))
        waiting = Application.objects.filter(
            procedure=key, state__in=[State.PROCESSING, State.REPORT], applied_at__lt=due
        ).exclude(acts__what="reminded")
        for application in waiting:
            if procedure.separate.said(application):
                with transaction.atomic():
                    Act.objects.create(
                        application=application,
                        at=clock.now(),
                        actor="portal",
                        actor_name="自動",
                        what="reminded",
                        state=application.state,
                    )
                    tell(application, Event.REMINDER)
                reminded += 1
    return reminded
