"""Applications (申込み) from the first item typed to their removal, their documents, and what happened to them.

Who may do what with them is ``rules`` (holders' users) and ``deciding`` (the insurer's desk). States: table H-T1.
"""

import uuid
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db import models

from portal_stub.accounts.models import Holder, User


class State(models.TextChoices):
    """手続状況 (H-018), and the draft that has no Web申込番号 yet and is in no list."""

    DRAFT = "draft", "未保存"
    ENTERING = "entering", "入力中"
    PROCESSING = "processing", "手続中"
    REPORT = "report", "調書取得中"
    AGAIN = "again", "再入力依頼"
    COMPLETE = "complete", "手続完了"
    CANCELLED = "cancelled", "手続取消"


OPEN = (State.DRAFT, State.ENTERING, State.AGAIN)
"""The user may change it."""
PENDING = (State.PROCESSING, State.REPORT)
"""The insurer is at it."""
CLOSED = (State.COMPLETE, State.CANCELLED)
LISTED = (State.ENTERING, State.AGAIN, *PENDING, *CLOSED)
"""All but drafts. Named one by one: an index knows what to look for, not what to leave out."""
KEPT_YEARS = 2


class Application(models.Model):
    """One application of one procedure. Answers, and their words, are rows here, never in a session."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """Names it in addresses, also before it has a number."""
    procedure = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    """Of the declaration with which it was saved last."""
    # Its index is the one of the list.
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="applications", db_index=False)
    subject = models.CharField(max_length=40, blank=True)
    """What it is about (code of a buyer, number of an account), where it is about something."""
    number = models.CharField("Web申込番号", max_length=20, null=True, unique=True)
    state = models.CharField("手続状況", max_length=10, choices=State, default=State.DRAFT)
    answers = models.JSONField(default=dict)
    """Step → item → value, as judged by the forms."""
    typed = models.JSONField(default=dict)
    """Step → item → value, unjudged: what was typed when the user left a step without saving it."""
    told = models.JSONField(default=list)
    """Titles, labels and values as the check page showed them: what the user agreed to."""
    agreed = models.JSONField(default=list)
    """The sentences that were ticked at 申込む."""
    reference = models.CharField("参考情報", max_length=120, blank=True)
    revision = models.PositiveIntegerField(default=0)
    """Grows with every save: a page that was made of an older one is noticed."""
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    shown_user = models.ForeignKey(User, models.PROTECT, related_name="+")
    """ユーザーID of the list (H-013, H-014)."""
    session_token = models.CharField(max_length=43, blank=True)
    """The login in which it was saved last: within it, it can be finished without any right to look (G-020)."""
    recipients = models.JSONField(default=dict)
    """Role → name and mail address at 申込む; later changes of users do not move mails (S-039)."""
    reused_from = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    notice = models.BinaryField(null=True)
    """通知書 as PDF, once complete."""
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    applied_at = models.DateTimeField("Web申込日時", null=True)
    closed_at = models.DateTimeField(null=True)
    leaves_on = models.DateField(default=date.max)
    """First day on which it is no longer shown (H-026); the end of days while it is not closed."""
    listed_at = models.DateTimeField()
    """When applied, else when saved: the order of the list (H-008)."""

    class Meta:
        """Indexed the ways in which lists ask; a number exactly when it is no draft."""

        indexes: ClassVar = [
            # Counting reads a narrow index, leafing a wide one with all that the list asks of rows which it does not
            # show: neither reads whole rows.
            models.Index(fields=["holder", "state", "leaves_on", "shown_user"], name="application_count"),
            models.Index(
                fields=[
                    *("holder", "-listed_at", "-id", "state", "leaves_on", "shown_user"),
                    *("applied_at", "number", "reference"),
                ],
                name="application_of_holder",
            ),
            models.Index(fields=["state", "listed_at"], name="application_by_state"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="draft", number__isnull=True)
                | (~models.Q(state="draft") & models.Q(number__isnull=False)),
                name="number_unless_draft",
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(self.token)

    def close(self, at: datetime) -> None:
        """The insurer, or 申込む where it completes, has ended it at an instant in Tokyo; unsaved yet.

        It leaves the list on the day after the 2nd anniversary (H-023, H-024, H-026).
        """
        day = at.date()
        try:
            anniversary = day.replace(year=day.year + KEPT_YEARS)
        except ValueError:  # 29 February
            anniversary = day.replace(year=day.year + KEPT_YEARS, month=2, day=28)
        self.closed_at, self.leaves_on = at, anniversary + timedelta(days=1)

    @property
    def is_open(self) -> bool:
        """Whether the user may still change it."""
        return self.state in OPEN

    @property
    def all_answers(self) -> dict[str, Any]:
        """The answers of all steps in one mapping; names of items are unique within a procedure."""
        return {name: value for step in self.answers.values() for name, value in step.items()}


class Document(models.Model):
    """One attached file (添付書類): a row here, its bytes in ``files`` under their SHA-256."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="documents")
    slot = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    by_insurer = models.BooleanField(default=False)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        """No two files of one name (K-028), in the order in which they came."""

        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "name", "by_insurer"], name="document_name_once")
        ]


class Act(models.Model):
    """One act on an application: who, when, what, why. Only added to."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="acts")
    at = models.DateTimeField()
    actor = models.CharField(max_length=20)
    actor_name = models.CharField(max_length=50)
    what = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State)
    """The state it led to."""
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        """Oldest first."""

        ordering: ClassVar = ["id"]


class DayNumber(models.Model):
    """The last serial of Web申込番号 given on a day, over all users (H-039)."""

    day = models.DateField(unique=True)
    last = models.PositiveIntegerField(default=0)
