"""What the pipeline told, as rows to look at; and what the insurer's desk asked of the pipeline.

All but ``DeskRequest`` is a read model: ``receiving`` writes it, pages only read it, and it can be filled again from
zero. Truth is in the pipeline's store.
"""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from schemas.desk import Wish
from schemas.submission import Status
from sensors.windows import TOKYO, opening_of, status_of

MOST_FINDINGS = 1000
"""So many findings of a submission are kept here; all of them are in its 検出事項一覧."""


class Mark(models.Model):
    """How far a part of the feed has come."""

    name = models.CharField(max_length=20, unique=True)
    position = models.CharField(max_length=40, default="0")
    generation = models.PositiveIntegerField(default=0)
    """Raised when the part is filled again from zero; rows of an older one are taken away at the end of it."""
    filling = models.BooleanField(default=False)


SHOWN_YEARS = 2
"""Submissions stay in 申請済一覧 and 通知済一覧 for so long (C-027)."""


def shown_since(now: datetime) -> datetime:
    """The earliest receipt that lists still show: two years ago today, as closed applications leave theirs (C-031).

    >>> shown_since(datetime(2028, 2, 29, 12, tzinfo=TOKYO)).date()
    datetime.date(2026, 3, 1)
    """
    today = now.astimezone(TOKYO).date()
    try:
        day = today.replace(year=today.year - SHOWN_YEARS)
    except ValueError:  # 29 February
        day = today.replace(year=today.year - SHOWN_YEARS, month=3, day=1)
    return datetime.combine(day, time(0), TOKYO)


class SubmissionQuery(models.QuerySet):
    """Searches."""

    def shown_at(self, now: datetime) -> "SubmissionQuery":
        """Those that exporters still see in their lists; undecided ones always (C-027)."""
        return self.filter(Q(received_at__gte=shown_since(now)) | Q(verdict=""))

    def in_status(self, status: str, now: datetime) -> "SubmissionQuery":
        """Submissions in one of the four statuses at an instant; the same as ``Submission.status``."""
        local = now.astimezone(TOKYO)
        opened = local.date() if local >= opening_of(local.date()) else local.date() - timedelta(1)
        return self.filter(
            {
                Status.DONE: Q(verdict="booked"),
                Status.NEEDS_CHECK: Q(verdict="rejected"),
                Status.IN_PROCESS: Q(verdict="", acceptance_date__lte=opened),
                Status.BEFORE_ACCEPTANCE: Q(verdict="", acceptance_date__gt=opened),
            }[Status(status)]
        )

    def naming_only(self, codes: Collection[str]) -> "SubmissionQuery":
        """Submissions that name no other 特約 than these (G-021); those of which it is not known are left out."""
        told = self.exclude(agreements="").order_by().values_list("agreements", flat=True).distinct()
        return self.filter(agreements__in=[named for named in told if set(named.split()) <= set(codes)])


class Submission(models.Model):
    """An upload (申請・通知) as ``daicho status`` tells it, and why it is held."""

    submission_id = models.CharField("受付番号", max_length=20, primary_key=True)
    receipt_no = models.BigIntegerField(unique=True)
    product = models.CharField("保険種", max_length=20)
    holder = models.CharField("保険利用者コード", max_length=40)
    user = models.CharField("WebユーザーID", max_length=40)
    file_name = models.CharField("ファイル名", max_length=255)
    sha256 = models.CharField(max_length=64, blank=True)
    dispatch = models.CharField(max_length=32, blank=True, db_index=True)
    """The portal's own number, for what it sent itself."""
    declared_count = models.BigIntegerField("申請件数")
    remarks = models.TextField("備考情報", blank=True)
    channel = models.CharField("受付経路", max_length=20)
    received_at = models.DateTimeField("受付日時")
    acceptance_date = models.DateField("受理日")
    verdict = models.CharField(max_length=8, blank=True)
    """``booked``, ``rejected``, or empty while there is none."""
    decided_at = models.DateTimeField(null=True)
    errors = models.BigIntegerField("エラー", null=True)
    warnings = models.BigIntegerField("警告", null=True)
    premium_total_yen = models.BigIntegerField("保険料合計（円）", null=True)
    held = models.BooleanField("保留", default=False)
    held_at = models.DateTimeField(null=True)
    hold_codes = models.JSONField(default=list)
    hold_reason = models.TextField(blank=True)
    waits_for = models.CharField(max_length=20, blank=True)
    """The held submission about the same application behind which it was set."""
    findings_total = models.BigIntegerField(default=0)
    agreements = models.TextField(blank=True)
    """The 特約 that its records name, with blanks between; empty while that is not known."""
    generation = models.PositiveIntegerField(default=0)

    objects = SubmissionQuery.as_manager()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-receipt_no"]
        indexes: ClassVar = [
            models.Index(fields=["holder", "-receipt_no"], name="feed_by_holder"),
            models.Index(fields=["acceptance_date", "-receipt_no"], name="feed_by_day"),
            models.Index(fields=["-receipt_no"], condition=Q(held=True), name="feed_held"),
            models.Index(
                fields=["holder", "-receipt_no"], condition=Q(held=True), name="feed_held_of_holder"
            ),
            models.Index(fields=["sha256"], name="feed_by_bytes"),
            models.Index(fields=["holder", "product", "-received_at"], name="feed_by_product"),
            models.Index(fields=["receipt_no"], condition=Q(verdict=""), name="feed_undecided"),
            models.Index(
                fields=["holder", "-decided_at"], condition=Q(verdict="rejected"), name="feed_rejected"
            ),
            # Whether a file of the same name came later.
            models.Index(fields=["holder", "product", "file_name", "receipt_no"], name="feed_by_name"),
        ]

    def __str__(self) -> str:
        return self.submission_id

    def status_at(self, now: datetime) -> Status:
        """One of the four words. It changes with the hour, so it is no column."""
        return status_of(self.acceptance_date, now, self.verdict or None)


class Refused(models.Model):
    """What the portal sent and the pipeline refused at its door: nothing of it is kept there but this."""

    dispatch = models.CharField(max_length=32, primary_key=True)
    code = models.CharField(max_length=60)
    message = models.TextField()
    at = models.DateTimeField()


class Finding(models.Model):
    """One of the first findings of a submission."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="findings")
    position = models.PositiveIntegerField()
    record = models.BigIntegerField(null=True)
    line = models.BigIntegerField(null=True)
    cell = models.CharField(max_length=20, blank=True)
    field = models.CharField(max_length=60, blank=True)
    code = models.CharField(max_length=60)
    severity = models.CharField(max_length=10)
    message = models.TextField()
    value = models.TextField(blank=True)

    class Meta:
        """As told."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "position"], name="finding_once")
        ]


class DocumentQuery(models.QuerySet):
    """Searches."""

    def obtainable_at(self, now: datetime) -> "DocumentQuery":
        """Those that are still provided: モニタリスト, 検出事項一覧, 台帳ファイル and 提供データ for 30 days (C-025 to C-027)."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), removed=False)


class Document(models.Model):
    """A document that was made, as ``daicho outputs`` tells it."""

    document_id = models.CharField(max_length=200, primary_key=True)
    kind = models.CharField("種類", max_length=40)
    format = models.CharField("形式", max_length=10)
    path = models.TextField()
    """Below the folder of files (``papers``)."""
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    holder = models.CharField(max_length=40)
    submission_id = models.CharField(max_length=20, blank=True, db_index=True)
    """No foreign key: a document may be told before its submission."""
    unit = models.CharField(max_length=200, blank=True)
    agreement = models.CharField("特約コード", max_length=40, blank=True)
    """Of a paper of a ledger unit, as the two below."""
    department = models.CharField("部門", max_length=40, blank=True)
    month = models.CharField("受理月", max_length=7, blank=True)
    """``YYYY-MM``."""
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    removed = models.BooleanField(default=False)
    generation = models.PositiveIntegerField(default=0)

    objects = DocumentQuery.as_manager()

    class Meta:
        """In order of creation."""

        ordering: ClassVar = ["created_at", "document_id"]
        indexes: ClassVar = [
            models.Index(fields=["holder", "created_at"], name="feed_papers_of_holder"),
            models.Index(fields=["holder", "kind", "-created_at"], name="feed_papers_by_kind"),
        ]


class Policyholder(models.Model):
    """A holder as the reference tables know it, whether it uses the portal or not."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.TextField(blank=True)
    association = models.CharField(max_length=40, blank=True)
    provided_data = models.BooleanField("提供データ", default=False)
    """Whether it asked for 提供データ beforehand (D-023)."""


class ClosedDay(models.Model):
    """A day of the pipeline's business calendar on which nothing is accepted, week-ends aside."""

    day = models.DateField(primary_key=True)


class AgreementPeriod(models.Model):
    """One period of a 特約 as the reference tables know it."""

    code = models.CharField(max_length=40)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    holder = models.CharField(max_length=40, db_index=True)
    product = models.CharField(max_length=20)

    class Meta:
        """One row per code and first day."""

        ordering: ClassVar = ["code", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="agreement_period_once")
        ]


class MonthFigure(models.Model):
    """What a holder insured under an agreement in a month of acceptance (受理月), and what it costs.

    The meaning of the numbers stands in ``pipelines.figures``. Yen are null where they are too large to be kept.
    """

    holder = models.CharField("保険利用者コード", max_length=40)
    agreement = models.CharField("特約コード", max_length=40)
    product = models.CharField("保険種", max_length=20)
    month = models.DateField("受理月")
    """Its first day."""
    applications = models.BigIntegerField("申込件数")
    lines = models.BigIntegerField("明細行数")
    insured_yen = models.BigIntegerField("保険金額（円）", null=True)
    unconfirmed_yen = models.BigIntegerField("未確定の保険料（円）", null=True)
    confirmed_yen = models.BigIntegerField("確定した保険料（円）", null=True)

    class Meta:
        """One row per agreement and month."""

        ordering: ClassVar = ["holder", "agreement", "product", "month"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["holder", "agreement", "product", "month"], name="month_figure_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["holder", "month"], name="feed_figures_by_month")]


class LimitUse(models.Model):
    """The 支払限度額 of a buyer under an agreement and what is in use of it today (``pipelines.limits``)."""

    holder = models.CharField("保険利用者コード", max_length=40)
    agreement = models.CharField("特約コード", max_length=40)
    buyer = models.CharField("バイヤーコード", max_length=40)
    limit_yen = models.BigIntegerField("支払限度額（円）", null=True)
    used_yen = models.BigIntegerField("使用額（円）", null=True)
    used_permille = models.BigIntegerField(null=True)
    """Cut; null without a limit."""
    state = models.CharField(max_length=10, blank=True)
    """``ok``, ``near`` (from 80 %), ``exceeded``; empty without a limit."""

    class Meta:
        """One row per agreement and buyer."""

        ordering: ClassVar = ["holder", "agreement", "buyer"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["holder", "agreement", "buyer"], name="limit_use_once")
        ]
        indexes: ClassVar = [models.Index(fields=["holder", "-used_permille"], name="feed_limits_by_use")]


class RatingChange(models.Model):
    """A day from which a 海外商社 has another rating than before (格付変更), as the reference tables know it.

    Days to come are told too. No foreign key: the 海外商社名簿 is taken in by its own ways.
    """

    code = models.CharField("バイヤーコード", max_length=40)
    valid_from = models.DateField("効力発生日")
    former = models.CharField("変更前の格付", max_length=10)
    new = models.CharField("変更後の格付", max_length=10)

    class Meta:
        """Newest first; within a day by code."""

        ordering: ClassVar = ["-valid_from", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="rating_change_once")
        ]
        indexes: ClassVar = [models.Index(fields=["-valid_from", "code"], name="rating_change_by_day")]


class DeskRequest(models.Model):
    """What somebody of the desk asked of the pipeline, and the answer."""

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", "確認待ち"
        """Reference tables that were uploaded and not sent yet."""
        WAITING = "waiting", "送信済み・反映待ち"
        DONE = "done", "反映済み"
        REFUSED = "refused", "却下"

    KINDS: ClassVar = {
        Wish.RELEASE: "保留を解除",
        Wish.REFUSE: "申請内容要確認にする",
        Wish.TABLES: "参照表の読込",
    }

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=10)
    subject = models.TextField()
    """The submission id, or the names of the tables with commas between."""
    by = models.CharField(max_length=100)
    login_id = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    message = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    preview = models.JSONField(default=list)
    """Of reference tables: per file what was found in it."""

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "id"]
        indexes: ClassVar = [models.Index(fields=["kind", "-at"], name="desk_request_by_kind")]

    @property
    def wish(self) -> str:
        """In words."""
        return self.KINDS.get(Wish(self.kind), self.kind)
