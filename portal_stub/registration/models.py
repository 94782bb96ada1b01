"""The rows of registration: one per mailed 登録用URL, and which branch belongs to which head office. Table F-T2."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db import models

from portal_stub import clock
from portal_stub.accounts.models import Holder

URL_LIFE = timedelta(days=60)
"""Life of a 登録用URL from its sending (C-033, F-018)."""
FORM_LIFE = timedelta(days=60)
"""Validity of the 申込書 from the sending of the application (F-044)."""


class Kind(models.TextChoices):
    """What is applied for (F-001)."""

    HEAD_OFFICE = "head-office", "保険利用者登録（本店）"
    BRANCH = "branch", "保険利用者登録（支店）"
    WEB_USER = "web-user", "Webユーザー登録"


class State(models.TextChoices):
    """Where a registration is (table F-T2). ``expired`` is never stored: it is a matter of time."""

    URL_SENT = "url-sent", "登録用URL送信済み"
    AUTHENTICATED = "authenticated", "申込情報の入力中"
    CONFIRMED = "confirmed", "申込情報の確認済み"
    SENT = "sent", "申込書の到着待ち"
    IN_PROCESS = "in-process", "手続中"
    COMPLETE = "complete", "登録完了"
    EXPIRED = "expired", "登録用URLの期限切れ"


WITH_APPLICANT = (State.URL_SENT, State.AUTHENTICATED, State.CONFIRMED)
"""States in which the application has not been sent: the URL works, everything can be changed."""


class Registration(models.Model):
    """One application, from the mailed URL to the 登録完了通知書. URL and password are kept as hashes only."""

    mail = models.CharField("メールアドレス", max_length=50)
    """The address of step 1: all mails go there (F-047, F-048)."""
    request_key = models.CharField(max_length=64, unique=True)
    """Names the form of step 1 that asked for it: sent twice, it is one registration."""
    token_hash = models.CharField(max_length=64, unique=True)
    password_hash = models.CharField(max_length=128)
    url_sent_at = models.DateTimeField("登録用URL送信日時")
    failures = models.PositiveSmallIntegerField(default=0)
    """Consecutive wrong 登録用パスワード."""
    blocked_until = models.DateTimeField(null=True)
    generation = models.PositiveSmallIntegerField(default=1)
    """Counts the URLs that were mailed: who authenticated with an older one has to do it again."""
    state = models.CharField("状況", max_length=13, choices=State, default=State.URL_SENT)
    kind = models.CharField("申込種類", max_length=11, choices=Kind, blank=True)
    answers = models.JSONField(default=dict)
    """What was typed in step 2 and found valid, by the names of the form of ``kind``."""
    version = models.PositiveIntegerField(default=0)
    """Counts the savings of ``answers``: only what was last shown in step 3 can be sent."""
    terms_edition = models.CharField("同意した規約の版", max_length=10, blank=True)
    created_at = models.DateTimeField("受付日時")
    restarted_at = models.DateTimeField("手続再開日時", null=True)
    sent_at = models.DateTimeField("申込情報送信日時", null=True)
    arrived_on = models.DateField("申込書到着日", null=True)
    started_at = models.DateTimeField("手続開始日時", null=True)
    completed_at = models.DateTimeField("手続完了日時", null=True)
    holder = models.OneToOneField(Holder, models.PROTECT, null=True, blank=True, related_name="registration")
    """The 保険利用者 that came of it; empty until 手続完了."""

    class Meta:
        """Newest first; found by state and by address."""

        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["state", "sent_at"], name="registration_by_state"),
            models.Index(fields=["mail", "url_sent_at"], name="registration_by_mail"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """受付番号, printed on the 申込書."""
        return f"R{self.pk:07}"

    @property
    def url_ends_at(self) -> datetime:
        """Until when the 登録用URL works."""
        return self.url_sent_at + URL_LIFE

    @property
    def expired(self) -> bool:
        """Whether the URL ran out before the application was sent."""
        return self.state in WITH_APPLICANT and clock.now() > self.url_ends_at

    @property
    def shown_state(self) -> Any:
        """The state as it is told to people."""
        return State.EXPIRED if self.expired else State(self.state)

    @property
    def form_valid_until(self) -> date | None:
        """Last day on which the 申込書 may arrive, as printed on it (F-043, F-044); None before the sending."""
        return (
            None if self.sent_at is None else (self.sent_at.astimezone(clock.now().tzinfo) + FORM_LIFE).date()
        )

    @property
    def applicant_name(self) -> str:
        """保険利用者名 as typed; empty before step 3."""
        return str(self.answers.get("name", ""))


class Branch(models.Model):
    """Which head office a 支店 belongs to (F-003)."""

    holder = models.OneToOneField(Holder, models.CASCADE, related_name="branch")
    head_office = models.ForeignKey(Holder, models.PROTECT, related_name="branches")

    class Meta:
        """Nobody is a branch of itself."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(holder=models.F("head_office")), name="branch_of_another"
            )
        ]
