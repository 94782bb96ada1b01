"""The outbox."""

from typing import ClassVar

from django.db import models


class State(models.TextChoices):
    """Where a mail is."""

    WAITING = "waiting", "送信待ち"
    SENDING = "sending", "送信中"
    SENT = "sent", "送信済み"
    GIVEN_UP = "given-up", "送信断念"


class Mail(models.Model):
    """One mail to one address. The text has ``{secret}`` where a password or link stood; it goes when sent."""

    kind = models.CharField(max_length=40)
    to = models.CharField(max_length=50)
    subject = models.CharField(max_length=100)
    body = models.TextField()
    secret = models.CharField(max_length=300, blank=True)
    holder_code = models.CharField(max_length=9, blank=True)
    message_id = models.CharField(max_length=100, unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=200, blank=True)

    class Meta:
        """Indexed by what is due."""

        indexes: ClassVar = [models.Index(fields=["state", "next_attempt_at"], name="mail_due")]
