"""Rows of the interface for programs: tokens, and requests that carry an Idempotency-Key.

Of a token only its hash is kept. What may be done to tokens is ``rules``; whether a request may use one, ``callers``.
"""

from datetime import date
from typing import ClassVar

from django.db import models

from portal_stub.accounts.models import Holder, User


class Scope(models.TextChoices):
    """What a token is for: it never widens the rights of its user, and narrows them where wanted."""

    BOTH = "both", "送信と参照"
    SEND = "send", "送信のみ（申請・通知の送信と事前チェック）"
    READ = "read", "参照のみ（状況・検出事項・書類）"

    def includes(self, other: "Scope") -> bool:
        """Whether a token of this scope does what ``other`` names."""
        return self in {Scope("both"), other}


class ApiToken(models.Model):
    """An APIトークン: a program that knows it acts as one Webユーザー of the holder."""

    holder = models.ForeignKey(Holder, models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    """The Webユーザー whose rights bind every request."""
    name = models.CharField("名称", max_length=40)
    scope = models.CharField("範囲", max_length=4, choices=Scope)
    token_hash = models.CharField(max_length=64, unique=True)
    ending = models.CharField(max_length=4)
    """The last characters, by which people tell tokens apart."""
    made_at = models.DateTimeField("発行日時")
    made_by = models.CharField(max_length=20)
    last_day = models.DateField("有効期限")
    """The last day on which it can be used."""
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=20, blank=True)
    last_used_at = models.DateTimeField("最終利用", null=True)
    last_used_address = models.CharField(max_length=45, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} …{self.ending}"

    def state_on(self, today: date) -> str:
        """How the list calls its state."""
        if self.withdrawn_at is not None:
            return "無効"
        if self.last_day < today:
            return "期限切れ"
        return (
            "有効"
            if self.user.active and not self.user.locked
            else "停止中（Webユーザーが無効またはロック中）"
        )

    def can_be_withdrawn_on(self, today: date) -> bool:
        """Whether there is still something to withdraw."""
        return self.withdrawn_at is None and self.last_day >= today


class KeyedRequest(models.Model):
    """A request with an Idempotency-Key: repeated, it gets the answer of the first time (``repeating``)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    """Of what was sent."""
    claimed_until = models.BigIntegerField()
    """Real seconds: until then somebody works on it."""
    subject = models.CharField(max_length=32, blank=True)
    """The upload that was kept for it, from the moment it is kept."""
    status = models.PositiveSmallIntegerField(null=True)
    """Of the answer; null while there is none."""
    answer = models.TextField(blank=True)
    """As JSON; a column of JSON would change the order of its names."""
    at = models.DateTimeField()

    class Meta:
        """Once per user and key."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key_hash"], name="key_once")]
        indexes: ClassVar = [models.Index(fields=["at"], name="keyed_by_age")]
