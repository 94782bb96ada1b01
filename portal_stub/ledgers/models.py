"""Uploads (申請・通知) as the portal keeps them, from the file's first byte here to its place in the drop.

What the pipeline made of one is told by the feed (``feed.models``); the id of an upload travels with it, so that both
find each other. What may be done is ``sending``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from portal_stub.accounts.models import Holder, User
from portal_stub.feed.models import Refused, Submission
from schemas.submission import Status


@dataclass(frozen=True)
class Standing:
    """How an upload stands: one of the four statuses, what the pipeline knows of it, and why it was refused."""

    status: Status
    submission: Submission | None = None
    message: str = ""


class Upload(models.Model):
    """One hand-in: a file, or typed-in records as the file they make."""

    class Origin(models.TextChoices):
        """How it came to the portal."""

        FILE = "file", "アップロード"
        ENTRY = "entry", "個別入力"
        API = "api", "API"

    class State(models.TextChoices):
        """How far the portal is with it."""

        DRAFT = "draft", "未送信"
        SENDING = "sending", "送信中"
        """Decided; the worker brings it to the drop if the page could not."""
        SENT = "sent", "送信済み"

    id = models.CharField(max_length=32, primary_key=True)
    """Its dispatch: also its name in the drop, by which the pipeline takes it once however often it is put there."""
    product = models.CharField("保険種", max_length=20)
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    origin = models.CharField(max_length=5, choices=Origin)
    file_name = models.CharField("ファイル名", max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    """Of the bytes on the shelf of this room."""
    count = models.PositiveBigIntegerField("申請件数")
    remarks = models.TextField("備考情報", blank=True)
    resend = models.BooleanField(default=False)
    state = models.CharField(max_length=7, choices=State, default=State.DRAFT)
    kept_at = models.DateTimeField()
    sent_at = models.DateTimeField("申請日時", null=True)
    batch = models.CharField(max_length=32, blank=True)
    """What was sent with one click has this in common."""
    place = models.PositiveIntegerField(default=0)
    """Its place among those."""
    expected_on = models.DateField("受理日（予定）", null=True)
    claimed_until = models.BigIntegerField(default=0)
    """Real seconds: until then somebody is bringing it to the drop."""
    last_check = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+")
    """What was found in it before it was sent."""

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-sent_at", "-kept_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["holder", "product", "-sent_at"], name="upload_by_holder"),
            models.Index(fields=["user", "product", "-sent_at"], name="upload_by_user"),
            models.Index(fields=["sha256"], name="upload_by_bytes"),
            models.Index(fields=["sent_at"], condition=Q(state="sending"), name="upload_to_send"),
        ]

    def __str__(self) -> str:
        return self.file_name

    def standing(self, now: datetime) -> Standing | None:
        """How it stands at an instant; None while it was not sent. 受付前 until the pipeline told of it."""
        if self.state == self.State.DRAFT:
            return None
        found = Submission.objects.filter(dispatch=self.pk).first()
        if found is not None:
            return Standing(found.status_at(now), found)
        refused = Refused.objects.filter(pk=self.pk).first()
        if refused is not None:
            return Standing(Status.NEEDS_CHECK, None, refused.message)
        return Standing(Status.BEFORE_ACCEPTANCE)


class LedgerCheck(models.Model):
    """「確認済」 of a 照合台帳 of 企業総合保険: who looked at it and when, once (P-047). It binds nobody (D-020)."""

    ledger_id = models.CharField("台帳番号", max_length=200, primary_key=True)
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    name = models.CharField("氏名", max_length=50)
    """At that moment."""
    at = models.DateTimeField("確認日時")
