"""What holders' users do with applications, each deed in one transaction. What the insurer does is ``deciding``.

Seed 000 ch. 1 §2-3, ch. 4; states in table H-T1; rows S-017, S-020, H-003, H-013, H-027 to H-035.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F

from portal_stub import clock
from portal_stub.accounts.models import Kind, User
from portal_stub.history.recording import audit, record
from portal_stub.procedures.declaration import Event, Procedure, Role, Step
from portal_stub.procedures.journey import Journey
from portal_stub.procedures.models import OPEN, Act, Application, DayNumber, Document, State
from portal_stub.procedures.registry import PROCEDURES
from portal_stub.procedures.telling import tell
from portal_stub.procedures.uploads import take
from portal_stub.visibility.judging import may_see as visible

MOST_DRAFTS = 20
"""Unsaved drafts of one user and procedure; the oldest go."""


class Stale(Exception):
    """The page was made of an older state of the application; ``application`` is the present one."""

    def __init__(self, application: Application) -> None:
        super().__init__("stale")
        self.application = application


class Closed(Exception):
    """The application is not open to changes any more; ``application`` is the present one."""

    def __init__(self, application: Application) -> None:
        super().__init__("closed")
        self.application = application


class Incomplete(Exception):
    """Something is missing or does not hold; ``step`` is where, or None for the application as a whole."""

    def __init__(self, step: Step | None, faults: Sequence[str]) -> None:
        super().__init__("incomplete")
        self.step, self.faults = step, list(faults)


def journey_of(application: Application, user: User) -> Journey:
    """An application with its declaration and subject.

    Raises:
        NotEligible: what it is about is not there any more, or not now.
    """
    procedure = PROCEDURES[application.procedure]
    return Journey(procedure, application, procedure.subject(user, application.subject))


def may_continue(user: User, application: Application) -> bool:
    """Whether a user may go on with an open application.

    A draft belongs to who began it; a saved one is open to everybody who sees it in the list (H-028), and within the
    login in which it was saved to who saved it (G-020).
    """
    if application.holder_id != user.holder_id or not user.may_enter:
        return False
    if application.state == State.DRAFT:
        return bool(application.entered_by_id == user.pk)
    if application.saved_by_id == user.pk and application.session_token == user.session_token:
        return True
    return may_see(user, application)


def may_see(user: User, application: Application) -> bool:
    """Whether a user finds a saved application in the list (G-016, G-018)."""
    return visible(user, application)


@transaction.atomic
def start(user: User, procedure: Procedure, subject: str, copied: Application | None = None) -> Application:
    """A new draft; with ``copied`` it takes over answers and documents of a former application (H-032).

    Raises:
        NotEligible: see ``Procedure.subject``.
    """
    procedure.subject(user, subject)
    now = clock.now()
    old = Application.objects.filter(procedure=procedure.key, entered_by=user, state=State.DRAFT)
    for each in old.order_by("-saved_at")[MOST_DRAFTS - 1 :]:
        each.delete()
    application = Application.objects.create(
        procedure=procedure.key,
        version=procedure.version,
        holder=user.holder,
        subject=subject,
        answers=copied.answers if copied else {},
        reused_from=copied,
        entered_by=user,
        saved_by=user,
        shown_user=user,
        created_at=now,
        saved_at=now,
        listed_at=now,
    )
    if copied is not None:
        Document.objects.bulk_create(
            Document(
                application=application,
                slot=document.slot,
                name=document.name,
                size=document.size,
                sha256=document.sha256,
                added_by=user,
                added_at=now,
            )
            for document in copied.documents.filter(by_insurer=False)
        )
    return application


def _open(application: Application, revision: int | None = None) -> Application:
    """The present row, locked against others.

    Raises:
        Closed: not open any more.
        Stale: saved since by somebody, or in another window.
    """
    present = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if present.state not in OPEN:
        raise Closed(present)
    if revision is not None and present.revision != revision:
        raise Stale(present)
    return present


@transaction.atomic
def save_step(
    user: User, application: Application, step: Step, kept: Mapping[str, Any], revision: int
) -> Application:
    """Keeps the judged items of a step. The state stays; a saved application is saved anew at the check page.

    Raises:
        Closed, Stale: see there.
    """
    present = _open(application, revision)
    left = present.typed.pop(step.key, None)
    if present.answers.get(step.key) != kept or left is not None:
        present.answers = {**present.answers, step.key: dict(kept)}
        _touch(present, user)
        present.save()
    return present


@transaction.atomic
def leave_step(application: Application, step: Step, typed: Mapping[str, Any]) -> None:
    """Keeps what was typed, unjudged, while the user is elsewhere: at another step, or choosing something.

    Raises:
        Closed: not open any more.
    """
    present = _open(application)
    present.typed = {**present.typed, step.key: dict(typed)}
    present.save(update_fields=["typed"])


@transaction.atomic
def attach(user: User, application: Application, slot: str, uploads: Sequence[Any]) -> list[str]:
    """Stores files at once; returns, in the user's words, why some were not taken.

    Raises:
        Closed: not open any more.
    """
    return take(user, _open(application), slot, uploads)[1]


@transaction.atomic
def detach(application: Application, document: int) -> None:
    """Removes an attached file; one that is gone already is no fault.

    Raises:
        Closed: not open any more.
    """
    _open(application).documents.filter(pk=document, by_insurer=False).delete()


def _looked_at(application: Application, revision: int | None = None) -> Application:
    """The row as it stands, unlocked: what takes long is judged on it before others have to wait.

    Raises:
        Closed, Stale: see there.
    """
    seen = Application.objects.select_related("holder", "saved_by", "shown_user").get(pk=application.pk)
    if seen.state not in OPEN:
        raise Closed(seen)
    if revision is not None and seen.revision != revision:
        raise Stale(seen)
    return seen


def _whole(seen: Application, user: User) -> Journey:
    """The journey of an application all of whose steps hold.

    Raises:
        Incomplete: one does not.
        NotEligible: see ``Procedure.subject``.
    """
    journey = journey_of(seen, user)
    gap = journey.unanswered()
    if gap is not None:
        raise Incomplete(*gap)
    return journey


def save(user: User, application: Application) -> Application:
    """The transition to 申込内容の確認: judges all steps, gives the Web申込番号, saves (S-020, H-003).

    Answers and documents of steps that are not asked any more are dropped; the words shown are kept with the answers.
    The same page again saves nothing and records nothing.

    Raises:
        Incomplete: a step does not hold.
        Closed: not open any more.
        Stale: others save it all the time.
        NotEligible: see ``Procedure.subject``.
    """
    for _ in range(_TRIES):
        seen = _looked_at(application)
        journey = _whole(seen, user)
        asked = {step.key for step in journey.steps}
        slots = {slot.key for step in journey.steps for slot in step.slots(seen)}
        answers = {key: values for key, values in seen.answers.items() if key in asked}
        dropped = answers != seen.answers
        seen.answers = answers
        told = journey_of(seen, user).shown()
        if (
            seen.state != State.DRAFT
            and not dropped
            and (told, journey.procedure.version) == (seen.told, seen.version)
        ):
            _judge(journey.procedure, seen)
            return seen
        try:
            return _keep(user, seen, journey, told, slots)
        except Stale as moved:
            stale = moved
    raise stale


_TRIES = 3


def _judge(procedure: Procedure, application: Application) -> None:
    faults = list(procedure.judge(application))
    if faults:
        raise Incomplete(None, faults)


@transaction.atomic
def _keep(
    user: User, seen: Application, journey: Journey, told: list[dict[str, object]], slots: Collection[str]
) -> Application:
    present = _open(seen, seen.revision)
    procedure, new = journey.procedure, present.state == State.DRAFT
    present.answers, present.typed = seen.answers, {}
    present.documents.filter(by_insurer=False).exclude(slot__in=slots).delete()
    _judge(procedure, present)
    present.told, present.version = told, procedure.version
    present.reference = procedure.reference(present, journey.subject)[:120]
    if new:
        present.number, present.state = allot_number(clock.today()), State.ENTERING
    else:
        present.shown_user = user
    _touch(present, user)
    present.listed_at = present.saved_at
    present.save()
    _act(present, user, "saved")
    if procedure.saved_code:
        record(user, procedure.saved_code)
    else:
        audit(user.login_id, "application-saved", str(present.number))
    return present


def apply(user: User, application: Application, revision: int, ticks: Collection[str]) -> Application:
    """申込む: hands the application in, once. Sent again it changes nothing (S-017).

    Raises:
        Incomplete: a step or an agreement is missing.
        Stale: the check page that was sent showed an older state.
        Closed: withdrawn or decided meanwhile.
        NotEligible: see ``Procedure.subject``.
    """
    try:
        seen = _looked_at(application, revision)
    except Closed as closed:
        if _sent_before(closed.application, revision):
            return closed.application
        raise
    files_seen = _files(seen)
    journey = _whole(seen, user)
    procedure = journey.procedure
    faults = [
        f"「{agreement.text}」を確認し、チェックしてください。"
        for agreement in procedure.agreements
        if agreement.key not in ticks
    ]
    if faults:
        raise Incomplete(None, [*procedure.judge(seen), *faults])
    if seen.number is None or seen.version != procedure.version or journey.shown() != seen.told:
        raise Stale(seen)  # what would be sent is not what was read: the check page is shown again
    return _hand_in(user, seen, procedure, files_seen)


def _files(application: Application) -> list[int]:
    """The user's documents, by number: they come and go without a new revision."""
    return list(application.documents.filter(by_insurer=False).values_list("pk", flat=True))


def _sent_before(application: Application, revision: int) -> bool:
    """Whether this very check page handed the application in."""
    return (
        application.applied_at is not None
        and application.state not in OPEN
        and application.revision == revision + 1
    )


@transaction.atomic
def _hand_in(user: User, seen: Application, procedure: Procedure, files_seen: Collection[int]) -> Application:
    present = Application.objects.select_for_update(of=("self",)).get(pk=seen.pk)
    if _sent_before(present, seen.revision):
        return present
    present = _open(seen, seen.revision)
    if _files(present) != files_seen:
        raise Stale(present)
    _judge(procedure, present)
    present.agreed = [each.text for each in procedure.agreements]
    _touch(present, user)
    present.applied_at = present.listed_at = present.saved_at
    present.shown_user = user
    present.recipients = _recipients(present, user)
    present.state = State.COMPLETE if procedure.at_once else State.PROCESSING
    if procedure.at_once:
        procedure.effect(present)
        present.close(present.saved_at)
    present.save()
    _act(present, user, "applied")
    if procedure.applied_code:
        record(user, procedure.applied_code)
    else:
        audit(user.login_id, "application-applied", str(present.number))
    tell(present, Event.RECEIPT)
    if procedure.at_once:
        tell(present, Event.COMPLETION)
    return present


def may_delete(user: User, application: Application) -> bool:
    """「削除」: 管理者 or last updating user, while 入力中 or 再入力依頼 (H-034)."""
    return application.state in {State.ENTERING, State.AGAIN} and (
        user.kind == Kind.ADMINISTRATOR or application.saved_by_id == user.pk
    )


@transaction.atomic
def delete(user: User, application: Application) -> None:
    """Deletes an application; gone already is no fault.

    Raises:
        Closed: not deletable any more, or not by this user.
    """
    present = Application.objects.select_for_update(of=("self",)).filter(pk=application.pk).first()
    if present is None:
        return
    if not may_delete(user, present):
        raise Closed(present)
    audit(user.login_id, "application-deleted", str(present.number), procedure=present.procedure)
    present.delete()


def allot_number(day: date) -> str:
    """The next Web申込番号 of a day: YYYY-MMDD-NNNN, one series over all users (H-039, H-040)."""
    row, _ = DayNumber.objects.select_for_update().get_or_create(day=day)
    row.last = F("last") + 1
    row.save(update_fields=["last"])
    row.refresh_from_db(fields=["last"])
    return f"{day:%Y-%m%d}-{row.last:04}"


def _touch(application: Application, user: User) -> None:
    application.revision += 1
    application.saved_by, application.saved_at = user, clock.now()
    application.session_token = user.session_token


def _act(application: Application, user: User, what: str, reason: str = "") -> None:
    Act.objects.create(
        application=application,
        at=clock.now(),
        actor=user.login_id,
        actor_name=user.name,
        what=what,
        state=application.state,
        reason=reason,
    )


def _recipients(application: Application, user: User) -> dict[str, dict[str, str]]:
    """Names and addresses of the three roles as they are now (S-039)."""
    administrator = application.holder.users.filter(kind=Kind.ADMINISTRATOR).first()
    people = {
        Role.APPLICANT: user,
        Role.ADMINISTRATOR: administrator,
        Role.ENTERER: application.entered_by,
    }
    return {
        str(role): {"login_id": person.login_id, "name": person.name, "mail": person.mail}
        for role, person in people.items()
        if person is not None
    }
