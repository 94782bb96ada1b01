"""What an exporter has to look at now: hand-ins that ended with 申請内容要確認 or are held, and the times that come next.

Questions only; ユーザーページ shows them (``first_page``). Contract §7; Seed 000 ch. 9 §4-1 note 2.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from portal_stub.accounts.models import User
from portal_stub.feed.calendar import calendar
from portal_stub.feed.models import Refused, Submission
from portal_stub.ledgers.models import Upload
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from sensors.calendar import CalendarEnded
from sensors.windows import (
    CLOSES,
    OPENS,
    SAME_DAY_ENDS,
    TOKYO,
    acceptance_day_if_sent,
    cut_off,
    opening_of,
    reconciliation_due,
)

LOOKED_BACK = timedelta(days=30)
"""So long a rejected hand-in is told of; its findings are there as long."""


@dataclass(frozen=True)
class Case:
    """One hand-in that somebody should look at."""

    key: str
    """Of its page: the id of the upload, or 受付番号 when the portal did not send it."""
    product: str
    file_name: str
    at: datetime
    held: bool
    words: str


@dataclass(frozen=True)
class Deadline:
    """A time that comes, and what ends or happens then."""

    when: str
    what: str


def cases(user: User, now: datetime, most: int) -> tuple[list[Case], int]:
    """What the user may see (G-016) of held and rejected hand-ins, newest first, and how many there are.

    A rejected one is over when a file of the same name was handed in after it for the same product.
    """
    rows = seen(Resource.SUBMISSION, user)
    held = rows.filter(held=True, verdict="")
    again = Submission.objects.filter(
        holder=OuterRef("holder"),
        product=OuterRef("product"),
        file_name=OuterRef("file_name"),
        receipt_no__gt=OuterRef("receipt_no"),
    )
    rejected = rows.filter(verdict="rejected", decided_at__gt=now - LOOKED_BACK).exclude(Exists(again))
    refused = _refused(user, now)
    number, told = len(refused), []
    for part in (held, rejected):  # each by an index of its own
        number += part.count()
        told += part.order_by("-receipt_no")[:most]
    here = set(Upload.objects.filter(pk__in=[row.dispatch for row in told]).values_list("pk", flat=True))
    found = [
        Case(
            row.dispatch if row.dispatch in here else row.pk,
            row.product,
            row.file_name,
            row.decided_at or row.held_at or row.received_at,
            row.held,
            "担当者の決定を待っています" if row.held else f"エラー {row.errors or 0:,}件",
        )
        for row in told
    ]
    found += refused
    found.sort(key=lambda case: case.at, reverse=True)
    return found[:most], number


def _refused(user: User, now: datetime) -> list[Case]:
    """What the pipeline refused at its door, of which the portal alone knows a name."""
    later = Submission.objects.filter(
        holder=user.holder.code, product=OuterRef("product"), file_name=OuterRef("file_name")
    ).filter(received_at__gt=OuterRef("sent_at"))
    messages = dict(Refused.objects.filter(at__gt=now - LOOKED_BACK).values_list("dispatch", "message"))
    rows = (
        seen(Resource.SENT_UPLOAD, user)
        .filter(sent_at__gt=now - LOOKED_BACK, pk__in=Refused.objects.values("dispatch"))
        .exclude(Exists(later))
    )
    return [
        Case(row.pk, row.product, row.file_name, row.sent_at, False, messages[row.pk])
        for row in rows
        if row.pk in messages
    ]


def deadlines(now: datetime) -> list[Deadline]:
    """The end of today's acceptance or the next opening, the next 照合 and the next 確定; none beyond the calendar."""
    days, local = calendar(), now.astimezone(TOKYO)
    today, clock = local.date(), local.time()
    try:
        day = acceptance_day_if_sent(now, days)
        if not days.is_business_day(today) or not OPENS <= clock < CLOSES:
            opening = opening_of(today if days.is_business_day(today) and clock < OPENS else day)
            window = Deadline(f"{_words(opening)}から", "次の受付")
        elif clock < SAME_DAY_ENDS:
            window = Deadline("本日17:30まで", "本日受理の申請・通知")
        else:
            window = Deadline("本日20:00まで", f"{day.month}月{day.day}日受理の申請・通知")
        this = today.replace(day=1)
        month = (this - timedelta(days=1)).replace(day=1)
        closing = cut_off(month, days)
        if closing <= now:
            month, closing = this, cut_off(this, days)
        return [
            window,
            Deadline(_words(reconciliation_due(day, days)), "次の照合台帳・船積通知明細書（照合用）の作成"),
            Deadline(
                f"{_words(closing)}まで", f"{month.month}月受理分の修正(4)・取消(5)。その後に確定します"
            ),
        ]
    except CalendarEnded:
        return []


def _words(instant: datetime) -> str:
    local = instant.astimezone(TOKYO)
    return f"{local.month}月{local.day}日（{'月火水木金土日'[local.weekday()]}）{local:%H:%M}"
