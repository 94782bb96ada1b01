"""Which notices are still to come: a month's shipments of 簡易 are to be told by the end of the month after (B-022).

Pure views over agreements and journal. An agreement without shipments in a month has nothing to tell, which nobody but
its holder knows; so these rows are a reason to ask, not a fault.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.ledger import current_versions
from pipelines.reference import Reference
from schemas.products import Product
from sensors.calendar import end_of_month
from sensors.windows import application_deadline

EXPECTED: dict[str, Any] = {
    "agreement_code": pl.String(),
    "holder": pl.String(),
    "holder_name": pl.String(),
    "month": pl.String(),
    "deadline": pl.Date(),
    "days_left": pl.Int64(),
    "overdue": pl.Boolean(),
    "last_notice_month": pl.String(),
}
"""Columns of :func:`expected_notices`; months as ``YYYY-MM``, ``days_left`` negative when overdue."""

NEEDED = (
    *("entry", "product", "application_no", "history_no", "process_type"),
    *("replaced_history_no", "removed", "agreement_code", "shipment_month"),
)
"""Columns of the journal that :func:`expected_notices` reads."""

MAILS: dict[str, Any] = {
    "holder": pl.String(),
    "holder_name": pl.String(),
    "month": pl.String(),
    "deadline": pl.Date(),
    "agreements": pl.List(pl.String()),
    "subject": pl.String(),
    "body": pl.String(),
}
"""Columns of :func:`reminders`."""


def expected_notices(reference: Reference, journal: pl.LazyFrame, month: date, today: date) -> pl.DataFrame:
    """The 簡易 agreements that run in a month and have told no shipment of it, by holder and agreement.

    A notice that was withdrawn (処理種別5) counts as none, a corrected one for the month that it tells now.

    Args:
        reference: the tables; an agreement runs in a month when it is in force on a day of it.
        journal: all journal rows.
        month: any day of the month of shipment.
        today: from which the days to the deadline count.
    """
    first = month.replace(day=1)
    deadline = application_deadline(first)
    told = _told(journal)
    names = dict(reference.table("policyholders").select("holder", "name").iter_rows())
    rows = [
        {
            "agreement_code": code,
            "holder": holder,
            "holder_name": names.get(holder) or f"保険利用者 {holder}",
            "month": f"{first:%Y-%m}",
            "deadline": deadline,
            "days_left": (deadline - today).days,
            "overdue": deadline < today,
            "last_notice_month": max(told.get(code, ()), default=None),
        }
        for code, holder in _running(reference, first)
        if f"{first:%Y-%m}" not in told.get(code, ())
    ]
    return pl.DataFrame(rows, schema=EXPECTED, orient="row").sort("holder", "agreement_code")


def month_before(day: date, months: int = 1) -> date:
    """The first day of a month before the one of ``day``.

    >>> month_before(date(2018, 1, 31)), month_before(date(2018, 11, 6), 12)
    (datetime.date(2017, 12, 1), datetime.date(2017, 11, 1))
    """
    years, place = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, place + 1, 1)


def reminders(expected: pl.DataFrame) -> pl.DataFrame:
    """Mail-ready sentences, one row per holder and month: to whom, subject, body.

    Args:
        expected: rows of :func:`expected_notices`.
    """
    rows = []
    for (holder, month), part in expected.partition_by(
        ["holder", "month"], as_dict=True, maintain_order=True
    ).items():
        first = part.row(0, named=True)
        rows.append(
            {
                "holder": holder,
                "holder_name": first["holder_name"],
                "month": month,
                "deadline": first["deadline"],
                "agreements": part["agreement_code"].to_list(),
                "subject": f"【{'至急' if first['overdue'] else 'ご確認'}】{_month(str(month))}船積分の船積確定通知について",
                "body": _body(part),
            }
        )
    return pl.DataFrame(rows, schema=MAILS, orient="row")


def _body(part: pl.DataFrame) -> str:
    first = part.row(0, named=True)
    day = first["deadline"]
    deadline = f"{day.year}年{day.month}月{day.day}日"
    agreements = [
        f"　・包括保険契約番号 {code}"
        + (f"（前回の通知: {_month(last)}船積分）" if last else "（これまでの通知はありません）")
        for code, last in part.select("agreement_code", "last_notice_month").iter_rows()
    ]
    if first["overdue"]:
        asked = [
            f"　通知期限: {deadline}（{-first['days_left']}日過ぎています）",
            "",
            "通知期限を過ぎております。期限後の通知では、当方が受理する日より前に生じた損失が",
            "てん補されないことがございます。お手数ですが、至急ご通知くださいますようお願い申し上げます。",
        ]
    else:
        left = "本日まで" if first["days_left"] == 0 else f"あと{first['days_left']}日"
        asked = [
            f"　通知期限: {deadline}（{left}）",
            "",
            "お手数ですが、期限までにご通知くださいますようお願い申し上げます。",
            "当日付の受付は営業日の8:00から17:30までです。期限が休業日に当たる場合は、その前の営業日までにお送りください。",
        ]
    return "\n".join(
        [
            f"{first['holder_name']} 御中",
            "",
            "平素より貿易保険をご利用いただき、厚く御礼申し上げます。",
            f"{_month(first['month'])}に船積みされた貨物について、下記のご契約の船積確定通知をまだ受理しておりません。",
            "",
            *agreements,
            *asked,
            "",
            "対象となる船積みがなかった場合は、通知は不要です。",
            "本状と行き違いにご通知いただいておりましたら、何とぞご容赦ください。",
            "ご不明の点は、担当窓口までお問い合わせください。",
        ]
    )


def _month(text: str) -> str:
    year, month = text.split("-")
    return f"{year}年{int(month)}月"


def _told(journal: pl.LazyFrame) -> dict[str, set[str]]:
    """Agreement → months (``YYYY-MM``) of which a notice stands."""
    month = pl.format("{}-{}", pl.col("shipment_month").str.head(4), pl.col("shipment_month").str.tail(2))
    rows = (
        current_versions(journal)
        .filter(pl.col("product") == Product.SIMPLIFIED_NOTICE, ~pl.col("removed").fill_null(False))
        .select("agreement_code", month.alias("month"))
        .unique()
        .collect()
    )
    found: dict[str, set[str]] = {}
    for agreement, told in rows.iter_rows():
        found.setdefault(agreement, set()).add(told)
    return found


def _running(reference: Reference, first: date) -> Iterator[tuple[str, str]]:
    """Agreement and holder (the last one of the month) of what is in force on any day of the month from ``first``."""
    last = end_of_month(first)
    table = reference.table("agreements").sort("agreement_code", "valid_from")
    for (code,), part in table.partition_by("agreement_code", as_dict=True, maintain_order=True).items():
        holder = None
        rows = part.select("valid_from", "valid_to", "product", "holder").rows()
        for place, (begins, ends, product, held_by) in enumerate(rows):
            # No older period comes back to life when a newer one has begun.
            until = rows[place + 1][0] - timedelta(days=1) if place + 1 < len(rows) else None
            stops = min([day for day in (ends, until) if day is not None], default=None)
            if product == Product.SIMPLIFIED_NOTICE and begins <= last and (stops is None or stops >= first):
                holder = held_by
        if holder is not None:
            yield str(code), str(holder)
