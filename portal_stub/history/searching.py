"""アクセス履歴出力: search, size and CSV. Seed 003 ch. 3 §4-12; G-096 to G-109."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet, Sum
from django.db.models.functions import Length

from portal_stub.csv_rows import MARK, csv_line
from portal_stub.history.codes import label
from portal_stub.history.models import AccessRecord
from sensors.windows import TOKYO

FIRST_DAY = date(2016, 3, 22)
LARGE_BYTES = 5 * 1024 * 1024
BY_USER, BY_TIME = "user", "time"
# Bytes of a row besides the texts: time, ID, code with words, commas and line end.
_ROW_BYTES = 19 + 12 + 60 + 7


def year_before(day: date) -> date:
    """The same day of the year before; the last of February for its 29th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 2, 28)


def first_day(today: date) -> date:
    """The earliest day that can be asked for: a year back, never before 2016-03-22 (G-105)."""
    return max(year_before(today), FIRST_DAY)


@dataclass(frozen=True)
class Search:
    """What is asked for; ``login_id`` empty means all users of the holder (（全ユーザー指定）)."""

    holder_code: str
    start: date
    end: date
    login_id: str
    order: str

    def rows(self, today: date) -> "QuerySet[AccessRecord]":
        """The records, in the order asked for; what lies before the limit is left out."""
        start = max(self.start, first_day(today))
        found = AccessRecord.objects.filter(
            holder_code=self.holder_code, at__gte=_midnight(start), at__lt=_midnight(self.end + timedelta(1))
        )
        if self.login_id:
            found = found.filter(login_id=self.login_id)
        return found.order_by(
            *(("login_id", "at", "id") if self.order == BY_USER else ("at", "login_id", "id"))
        )

    def size(self, today: date) -> tuple[int, int]:
        """Number of records and about how many bytes their CSV has (G-100)."""
        found = self.rows(today).order_by()
        total = found.aggregate(
            letters=Sum(Length("name") + Length("department") + Length("title")),
        )
        count = found.count()
        return count, count * _ROW_BYTES + 3 * (total["letters"] or 0)

    def csv(self, today: date) -> Iterator[bytes]:
        """The CSV piece by piece: UTF-8 with BOM, CRLF."""
        by_user = self.order == BY_USER
        first = ["WebユーザーID", "アクセス日時"] if by_user else ["アクセス日時", "WebユーザーID"]
        yield MARK + csv_line([*first, "操作内容", "氏名", "所属名", "役職名"])
        for row in self.rows(today).iterator(chunk_size=2000):
            at = row.at.astimezone(TOKYO).strftime("%Y/%m/%d %H:%M:%S")
            first = [row.login_id, at] if by_user else [at, row.login_id]
            yield csv_line([*first, label(row.code), row.name, row.department, row.title])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=TOKYO)
