"""Background jobs as rows: what was asked for, how far it is, where its file lies. What may be done to them is ``rules``."""

from typing import Any, ClassVar

from django.db import models

from portal_stub.accounts.models import Holder, User


class Job(models.Model):
    """One piece of work that a user asked for."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", "順番待ち"
        RUNNING = "running", "作成中"
        DONE = "done", "完了"
        FAILED = "failed", "作成できませんでした"

    id = models.CharField(max_length=32, primary_key=True)
    number = models.BigIntegerField(unique=True)
    """The order of requests."""
    kind = models.CharField(max_length=40)
    """The name under which its work is registered (``registry``)."""
    user = models.ForeignKey(User, models.CASCADE, related_name="jobs")
    holder = models.ForeignKey(Holder, models.CASCADE, related_name="+")
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    urgent = models.BooleanField(default=False)
    """Somebody waits in front of the page: it goes before the others."""
    asked_at = models.DateTimeField("作成依頼日時")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    """From then on it is not shown any more; null: it stays."""
    progress = models.PositiveSmallIntegerField(default=0)
    """Percent."""
    words = models.TextField(blank=True)
    """What it is doing, or why it failed."""
    result: Any = models.JSONField(default=dict)
    file_name = models.CharField(max_length=200, blank=True)
    """The name that the user gets; empty when there is no file."""
    sha256 = models.CharField(max_length=64, blank=True)
    """Of the file on the shelf of this room."""
    size = models.BigIntegerField(default=0)
    more_files: Any = models.JSONField(default=dict)
    """Further files by a word: ``file_name``, ``sha256`` and ``size`` of each."""
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.BigIntegerField(default=0)
    """Real seconds: until then a process works on it; a later one takes it over."""
    given_up_at = models.BigIntegerField(default=0)
    """Real seconds: at which its process is ended, if it is still at it; then nobody begins it anew."""

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-number"]
        indexes: ClassVar = [
            models.Index(fields=["user", "kind", "-number"], name="job_by_user"),
            models.Index(
                fields=["-urgent", "number"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="job_to_do",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in {self.State.DONE, self.State.FAILED}
