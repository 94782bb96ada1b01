"""What the desk does to お知らせ and お問い合わせ先, each deed in one transaction with its log. S-006, S-048, S-049.

Its deeds on people are in ``accounts`` (``staffing``, ``readers``, ``rules``).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import DoneOnce, User
from portal_stub.history.recording import audit
from portal_stub.pages.models import Notice, Office


def _first_time(user: User, token: str) -> bool:
    """Whether this check page is sent for the first time (S-017); two at once wait for each other."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    return not DoneOnce.objects.filter(user=user, token=token).exists()


def _was_done(user: User, token: str, result: Any) -> None:
    DoneOnce.objects.create(user=user, token=token, result=str(result), at=clock.now())


@transaction.atomic
def add_notice(by: User, values: Mapping[str, Any], once: str) -> None:
    """A new お知らせ."""
    if _first_time(by, once):
        notice = Notice.objects.create(**values)
        _was_done(by, once, notice.pk)
        audit(by.login_id, "notice-added", str(notice.pk), title=notice.title)


@transaction.atomic
def change_notice(by: User, notice: Notice, values: Mapping[str, Any]) -> None:
    """Other words or days."""
    for name, value in values.items():
        setattr(notice, name, value)
    notice.save()
    audit(by.login_id, "notice-changed", str(notice.pk), title=notice.title)


@transaction.atomic
def end_notice(by: User, notice: Notice) -> None:
    """Takes an お知らせ down at once; it stays in the desk's list."""
    notice.shown_to = clock.today() - timedelta(days=1)
    notice.save(update_fields=["shown_to"])
    audit(by.login_id, "notice-ended", str(notice.pk), title=notice.title)


@transaction.atomic
def add_office(by: User, values: Mapping[str, Any], once: str) -> None:
    """A new line of お問い合わせ, at the end."""
    if _first_time(by, once):
        last = Office.objects.order_by("-position").first()
        office = Office.objects.create(position=0 if last is None else last.position + 1, **values)
        _was_done(by, once, office.pk)
        audit(by.login_id, "office-added", str(office.pk), business=office.business)


@transaction.atomic
def change_office(by: User, office: Office, values: Mapping[str, Any]) -> None:
    """Other words."""
    for name, value in values.items():
        setattr(office, name, value)
    office.save()
    audit(by.login_id, "office-changed", str(office.pk), business=office.business)


@transaction.atomic
def delete_office(by: User, office: Office) -> None:
    """Takes a line away; what it said stays in the log."""
    words = {name: getattr(office, name) for name in ("business", "office", "phone", "hours")}
    audit(by.login_id, "office-deleted", str(office.pk), **words)
    office.delete()


@transaction.atomic
def move_office(by: User, office: Office, step: int) -> None:
    """One line up (-1) or down (1); at the end of the list nothing moves."""
    rows = list(Office.objects.select_for_update())
    old = next(index for index, row in enumerate(rows) if row.pk == office.pk)
    new = min(max(old + step, 0), len(rows) - 1)
    rows.insert(new, rows.pop(old))
    for position, row in enumerate(rows):
        row.position = position
    Office.objects.bulk_update(rows, ["position"])
    audit(by.login_id, "office-moved", str(office.pk), business=office.business, position=new)
