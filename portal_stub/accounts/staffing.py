"""What a supervisor may do to members of the insurer's desk. Each deed tells who did it, and why.

Two things never happen: that the desk is left without a supervisor who can log in, and that somebody lowers himself.
"""

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import DoneOnce, Kind, StaffRole, User
from portal_stub.accounts.passwords import make_password
from portal_stub.accounts.rules import create_staff, new_password
from portal_stub.history.recording import audit
from portal_stub.mails.sending import post


class NotAllowed(Exception):
    """The deed would lower the doer, or leave the desk without supervisor; the message says so to the doer."""


@transaction.atomic
def add_staff(supervisor: User, login_id: str, person: dict[str, str], reason: str, once: str) -> User:
    """A new member of the desk; the first password goes to the person by mail and must be changed.

    ``once`` names the check page: sent a second time it returns the member of the first (S-017).
    """
    User.objects.select_for_update(of=("self",)).get(pk=supervisor.pk)
    done = DoneOnce.objects.filter(user=supervisor, token=once).first()
    if done is not None:
        return User.objects.get(login_id=done.result)
    password = make_password()
    user = create_staff(login_id, password, **person)
    DoneOnce.objects.create(user=supervisor, token=once, result=login_id, at=clock.now())
    audit(supervisor.login_id, "staff-added", login_id, role=user.role, reason=reason)
    post("staff-added", user.mail, user=user, secret=password)
    return user


@transaction.atomic
def first_supervisor(login_id: str, person: dict[str, str]) -> str:
    """The supervisor of a portal that has none who can log in; returns the first password, which must be changed.

    Raises:
        NotAllowed: there is one; he adds others at the desk.
    """
    active = User.objects.filter(kind=Kind.STAFF, role="supervisor", active=True)
    if any(not user.locked for user in active):
        raise NotAllowed("決裁の担当者がすでにいます。新しい担当者は、デスクの「担当者」で登録してください。")
    password = make_password()
    create_staff(login_id, password, "supervisor", **person)
    audit("portal-command", "staff-added", login_id, role="supervisor", reason="最初の担当者")
    return password


@transaction.atomic
def change_staff(supervisor: User, user: User, *, role: str, active: bool, reason: str) -> None:
    """Changes role and 使用状態; who is switched off, or gets another role, has to log in again.

    Raises:
        NotAllowed: for oneself, and when no active supervisor would be left.
    """
    kept = _active_supervisors()
    if user.pk == supervisor.pk:
        raise NotAllowed("ご自身の役割と使用状態は変更できません。別の決裁の担当者に依頼してください。")
    stays = active and StaffRole(role).includes(StaffRole("supervisor"))
    if not stays and kept == {user.pk}:
        raise NotAllowed(
            "有効な決裁の担当者がいなくなるため、変更できません。先に別の決裁の担当者を追加してください。"
        )
    before = {"role": user.role, "active": user.active}
    user.role, user.active, user.session_token = role, active, ""
    user.save(update_fields=["role", "active", "session_token"])
    audit(
        supervisor.login_id,
        "staff-changed",
        user.login_id,
        before=before,
        after={"role": role, "active": active},
        reason=reason,
    )


def _active_supervisors() -> set[int]:
    """The supervisors that can log in, locked against two changes at once."""
    rows = User.objects.select_for_update(of=("self",)).filter(
        kind=Kind.STAFF, role=StaffRole.SUPERVISOR, active=True
    )
    return {row.pk for row in rows.order_by("pk")}


@transaction.atomic
def reset_staff(supervisor: User, user: User, reason: str) -> None:
    """A new password by mail to the person; frees a locked ID and ends its sessions."""
    password = new_password(user)
    audit(supervisor.login_id, "staff-reset", user.login_id, reason=reason)
    post("staff-reset", user.mail, user=user, secret=password)
