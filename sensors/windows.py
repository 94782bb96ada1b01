"""Which day does an upload count for, and when is which paper due? Pure functions of instant and calendar.

Sources: Seed 000 ch. 9 §4-1 note 2 (acceptance hours), Seed 004 企総(4) (within a week, end of next month, 40 days),
contract §7. Boundaries: table C-T2.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.submission import Refusal, Status
from sensors.calendar import BusinessCalendar, end_of_month, first_of_next_month

TOKYO = ZoneInfo("Asia/Tokyo")
OPENS = time(8, 0)
SAME_DAY_ENDS = time(17, 30)
CLOSES = time(20, 0)


def acceptance_day(received_at: datetime, calendar: BusinessCalendar) -> date:
    """The acceptance day (受理日) of an upload.

    17:30:00 itself already counts for the next business day; 20:00:00 is refused.

    Raises:
        Refusal: ``outside-hours`` before 8:00, from 20:00, and on days that are no business days.
    """
    local = received_at.astimezone(TOKYO)
    day, clock = local.date(), local.time()
    if not calendar.is_business_day(day):
        opening = calendar.next_business_day(day)
        raise Refusal(
            "outside-hours",
            f"{day:%Y年%m月%d日}は営業日ではないため受け付けられません。"
            f"次の営業日 {opening:%Y年%m月%d日} 8:00以降に送ってください。",
        )
    if not OPENS <= clock < CLOSES:
        opening = day if clock < OPENS else calendar.next_business_day(day)
        raise Refusal(
            "outside-hours",
            f"受付時間は営業日の8:00~20:00です({clock:%H:%M:%S}に受信)。{opening:%Y年%m月%d日} 8:00以降に送ってください。",
        )
    return day if clock < SAME_DAY_ENDS else calendar.next_business_day(day)


def acceptance_day_if_sent(now: datetime, calendar: BusinessCalendar) -> date:
    """The acceptance day that an upload sent now would get; outside the hours the next business day's."""
    local = now.astimezone(TOKYO)
    if calendar.is_business_day(local.date()):
        if local.time() < SAME_DAY_ENDS:
            return local.date()
        return calendar.next_business_day(local.date())
    return calendar.on_or_after(local.date())


def opening_of(acceptance_date: date) -> datetime:
    """The instant from which a submission of that acceptance day is processed: 08:00."""
    return datetime.combine(acceptance_date, OPENS, TOKYO)


def status_of(acceptance_date: date, now: datetime, verdict: str | None) -> Status:
    """The word the exporter sees, from acceptance day, clock and verdict (``booked``, ``rejected`` or None)."""
    if verdict is not None:
        return Status.DONE if verdict == "booked" else Status.NEEDS_CHECK
    return Status.BEFORE_ACCEPTANCE if now < opening_of(acceptance_date) else Status.IN_PROCESS


def reconciliation_due(acceptance_date: date, calendar: BusinessCalendar) -> datetime:
    """When a line accepted that day is due on a 照合台帳: 20:00 on the last business day of its ISO week.

    Never later than 7 calendar days after acceptance, since the acceptance day is itself a business day of the week.
    """
    sunday = acceptance_date + timedelta(days=7 - acceptance_date.isoweekday())
    return datetime.combine(calendar.on_or_before(sunday), CLOSES, TOKYO)


def cut_off(unit_month: date, calendar: BusinessCalendar) -> datetime:
    """When corrections of a ledger unit end: 20:00 on the last business day of the month after its month."""
    return datetime.combine(calendar.last_of_month(first_of_next_month(unit_month)), CLOSES, TOKYO)


def application_deadline(contract_date: date) -> date:
    """Last day to apply: the end of the month after the month of the export contract (Seed 004 企総(4)).

    >>> application_deadline(date(2018, 9, 15))
    datetime.date(2018, 10, 31)
    """
    return end_of_month(first_of_next_month(contract_date))


def payment_due(issued_on: date, days: int, calendar: BusinessCalendar) -> date:
    """Due date of an invoice: issue date + days, moved to the next business day (D-014)."""
    return calendar.on_or_after(issued_on + timedelta(days=days))


def provided_until(created_at: datetime, days: int) -> datetime:
    """Last moment of download: creation date + days, 24:00 (C-026)."""
    day = created_at.astimezone(TOKYO).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(0, 0), TOKYO)
