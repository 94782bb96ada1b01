"""Holders (保険利用者) and users (Webユーザー), with what belongs to a login. What may be done to them is ``rules``.

Seed 003 ch. 3 §1; tables G-T1 and G-T4.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import BaseUserManager
from django.db import models

from portal_stub import clock


class Holder(models.Model):
    """A 保険利用者: one per unit of use (head office, branch, division)."""

    code = models.CharField("保険利用者コード", max_length=9, unique=True)
    name = models.CharField("保険利用者名", max_length=50)
    name_kana = models.CharField("保険利用者名（カナ）", max_length=60, blank=True)
    is_branch = models.BooleanField("支店", default=False)
    postal_code = models.CharField("郵便番号", max_length=8, blank=True)
    address = models.CharField("所在地", max_length=55, blank=True)
    phone = models.CharField("代表電話番号", max_length=20, blank=True)
    registered_address = models.CharField("登記所在地", max_length=60, blank=True)
    representative_title = models.CharField("代表者 役職名", max_length=15, blank=True)
    representative_name = models.CharField("代表者 氏名", max_length=15, blank=True)
    homepage = models.CharField("ホームページアドレス", max_length=90, blank=True)
    otp_required = models.BooleanField("ワンタイムパスワード利用", default=False)
    addresses_restricted = models.BooleanField("IPアドレス制限", default=False)
    last_number = models.PositiveSmallIntegerField(default=0)
    """Highest number given to an 申込者; numbers are never used again (G-005)."""

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def uses_enterprise(self) -> bool:
        """Whether 対象特約のみ参照可能 can be chosen (G-014)."""
        return self.agreements.filter(product="enterprise").exists()


class Agreement(models.Model):
    """A 特約 of a holder as far as permissions need it: code and product."""

    holder = models.ForeignKey(Holder, models.CASCADE, related_name="agreements")
    code = models.CharField("特約コード", max_length=9)
    product = models.CharField("保険種", max_length=20)

    class Meta:
        """One row per code of a holder."""

        ordering: ClassVar = ["code"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["holder", "code"], name="agreement_once")]

    def __str__(self) -> str:
        return self.code


class AddressEntry(models.Model):
    """One line of the IPアドレス制限: an address or a range in CIDR form (G-129)."""

    holder = models.ForeignKey(Holder, models.CASCADE, related_name="address_entries")
    network = models.CharField("IPアドレス", max_length=43)
    memo = models.CharField("メモ", max_length=40, blank=True)

    class Meta:
        """In the order of entry."""

        ordering: ClassVar = ["id"]


class Kind(models.TextChoices):
    """What kind of user."""

    ADMINISTRATOR = "administrator", "Webユーザー（管理者）"
    APPLICANT = "applicant", "Webユーザー（申込者）"
    COMPANY_READER = "company", "全社閲覧用ID"
    """Reads the data of several holders of one company (G-022)."""
    STAFF = "staff", "担当者（保険者）"


class EntryRight(models.TextChoices):
    """入力/申込権限 (G-011)."""

    NONE = "none", "権限なし"
    ENTER = "enter", "入力権限のみ"
    APPLY = "apply", "入力＋申込権限"


class DataScope(models.TextChoices):
    """情報データ参照範囲 (G-014)."""

    NONE = "none", "情報データ参照不可"
    ALL = "all", "情報データ参照制限なし"
    LISTED = "listed", "対象特約のみ参照可能"


class ApplicationScope(models.TextChoices):
    """申込データ参照範囲 (G-016)."""

    NONE = "none", "申込データ参照不可"
    OWN = "own", "ログインユーザーによる申込みのみ参照可能"
    ALL = "all", "申込データ参照制限なし"


class StaffRole(models.TextChoices):
    """What a member of the insurer's desk does, narrow to wide; a page asks for the least role that opens it."""

    READER = "reader", "照会"
    OPERATOR = "operator", "審査・処理"
    SUPERVISOR = "supervisor", "決裁"

    def includes(self, other: "StaffRole") -> bool:
        """Whether this role may do what the other does."""
        order = list(StaffRole)
        return order.index(self) >= order.index(other)


class UserManager(BaseUserManager):
    """Finds users by their login ID; they are made by ``rules``."""

    def get_by_natural_key(self, login_id: str) -> "User":
        """The user with this ID."""
        return self.get(login_id=login_id)


class User(AbstractBaseUser):
    """A Webユーザー (holder set) or a member of the insurer's desk (holder empty)."""

    # Django would write its own clock's time there; ours is last_login_at.
    last_login = None

    login_id = models.CharField("WebユーザーID", max_length=20, unique=True)
    kind = models.CharField("種別", max_length=13, choices=Kind.choices)
    holder = models.ForeignKey(Holder, models.PROTECT, null=True, blank=True, related_name="users")
    mail = models.CharField("メールアドレス", max_length=50)
    name = models.CharField("氏名", max_length=50)
    phone = models.CharField("電話番号", max_length=20, blank=True)
    department = models.CharField("所属名", max_length=25, blank=True)
    title = models.CharField("役職名", max_length=50, blank=True)
    entry_right = models.CharField("入力/申込権限", max_length=5, choices=EntryRight, default=EntryRight.NONE)
    data_scope = models.CharField(
        "情報データ参照範囲", max_length=6, choices=DataScope, default=DataScope.NONE
    )
    application_scope = models.CharField(
        "申込データ参照範囲", max_length=4, choices=ApplicationScope, default=ApplicationScope.NONE
    )
    listed_agreements = models.ManyToManyField(Agreement, blank=True, related_name="+")
    read_holders = models.ManyToManyField(Holder, blank=True, related_name="company_readers")
    """Of a 全社閲覧用ID: the holders whose data it reads, the one under which it is kept included."""
    role = models.CharField("役割", max_length=10, choices=StaffRole, blank=True)
    active = models.BooleanField("使用状態", default=True)
    must_change_password = models.BooleanField(default=True)
    password_changed_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    """Consecutive wrong passwords, the first of them ``failed_at``."""
    failed_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    """Set by too many of them; the lock ends by itself."""
    session_token = models.CharField(max_length=43, blank=True)
    """Names the one session that counts; another login or an end replaces it (G-139)."""
    last_login_at = models.DateTimeField(null=True)
    previous_login_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = UserManager()
    USERNAME_FIELD = "login_id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """One 管理者 per holder, always ending in 000; 全社閲覧用ID from 901; staff without holder."""

        ordering: ClassVar = ["login_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["holder"], condition=models.Q(kind="administrator"), name="one_administrator"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="staff", holder__isnull=True)
                | (~models.Q(kind="staff") & models.Q(holder__isnull=False)),
                name="staff_without_holder",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="staff")
                | models.Q(kind="administrator", login_id__endswith="000")
                | (models.Q(kind__in=["applicant", "company"]) & ~models.Q(login_id__endswith="000")),
                name="administrator_ends_in_000",
            ),
            # 901 to 999 are of 全社閲覧用ID alone: a number tells what an ID is.
            models.CheckConstraint(
                condition=models.Q(kind="staff")
                | models.Q(kind="company", login_id__regex=r"^[0-9]{9}9[0-9]{2}$")
                | (~models.Q(kind="company") & ~models.Q(login_id__regex=r"^[0-9]{9}9[0-9]{2}$")),
                name="company_reader_from_901",
            ),
            # G-023: all data of the linked holders, no input, no application.
            models.CheckConstraint(
                condition=~models.Q(kind="company")
                | models.Q(entry_right="none", data_scope="all", application_scope="none"),
                name="company_reader_only_reads",
            ),
            # G-010: the 管理者 has the widest right in all three dimensions and cannot be restricted.
            models.CheckConstraint(
                condition=~models.Q(kind="administrator")
                | models.Q(entry_right="apply", data_scope="all", application_scope="all", active=True),
                name="administrator_unrestricted",
            ),
        ]

    def __str__(self) -> str:
        return self.login_id

    @property
    def is_active(self) -> bool:
        """Django's name for 使用状態."""
        return self.active

    @property
    def locked(self) -> bool:
        """Whether too many wrong passwords keep the ID out now (G-138)."""
        return self.locked_until is not None and clock.now() < self.locked_until

    @property
    def is_staff_member(self) -> bool:
        """Whether of the insurer's desk."""
        return self.kind == Kind.STAFF

    @property
    def is_administrator(self) -> bool:
        """Whether the 管理者 of a holder."""
        return self.kind == Kind.ADMINISTRATOR

    @property
    def is_company_reader(self) -> bool:
        """Whether a 全社閲覧用ID."""
        return self.kind == Kind.COMPANY_READER

    @property
    def may_enter(self) -> bool:
        """Input screens are open (G-013)."""
        return not self.is_staff_member and self.entry_right != EntryRight.NONE

    @property
    def may_apply(self) -> bool:
        """「申込む」 and its like are open (G-012)."""
        return not self.is_staff_member and self.entry_right == EntryRight.APPLY

    @property
    def may_see_data(self) -> bool:
        """Concluded contracts can be seen, all or the listed ones (G-015)."""
        return not self.is_staff_member and self.data_scope != DataScope.NONE

    @property
    def may_see_applications(self) -> bool:
        """Applications can be seen, all or the own ones (G-017, G-025)."""
        return not self.is_staff_member and self.application_scope != ApplicationScope.NONE

    @property
    def uses_otp(self) -> bool:
        """Whether the holder asks for one-time passwords (G-113); of several holders, any of them. For the desk a setting."""
        if self.is_staff_member:
            return bool(settings.PORTAL.staff_otp)
        return any(holder.otp_required for holder in self.bound_by())

    def live_tokens(self) -> int:
        """How many APIトークン act as this user and can be used today."""
        rows = self.api_tokens.filter(withdrawn_at__isnull=True, last_day__gte=clock.today())
        return int(rows.count())

    def seen_holders(self) -> "models.QuerySet[Holder]":
        """The holders whose data may be seen: the own one, or those of a 全社閲覧用ID (G-022); none for the desk."""
        if self.is_company_reader:
            return self.read_holders.order_by("code")
        return Holder.objects.filter(pk=self.holder_id)

    def bound_by(self) -> list[Holder]:
        """The holders whose one-time password and IPアドレス制限 bind the user: all whose data can be seen."""
        if self.is_company_reader:
            return list(self.seen_holders())
        return [] if self.holder is None else [self.holder]

    def seen_agreements(self) -> set[str] | None:
        """Codes of the agreements whose data may be seen; None is no limit (G-021)."""
        if self.data_scope == DataScope.ALL:
            return None
        if self.data_scope == DataScope.LISTED:
            return set(self.listed_agreements.values_list("code", flat=True))
        return set()


class OneTimePassword(models.Model):
    """A ワンタイムパスワード as issued; only its hash is kept (G-119, G-120)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="one_time_passwords")
    code_hash = models.CharField(max_length=64)
    session_token = models.CharField(max_length=43)
    issued_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0)
    closed = models.BooleanField(default=False)
    """Entered, replaced by a newer one, or ended by wrong entries."""


class AddressChange(models.Model):
    """A new mail address of a 管理者 that waits for its confirmation (G-042, G-044)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="address_changes")
    mail = models.CharField(max_length=50)
    token_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    closed = models.BooleanField(default=False)


class PendingPassword(models.Model):
    """A new password of a 管理者 that counts once the mailed URL was opened (G-049). Only hashes are kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="pending_passwords")
    password = models.CharField(max_length=128)
    token_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    closed = models.BooleanField(default=False)


class Attempts(models.Model):
    """How often a door was tried from one address, or about one target (``limits``)."""

    door = models.CharField(max_length=24)
    by = models.CharField(max_length=7)
    key = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    last = models.DateTimeField()
    closed_until = models.DateTimeField(null=True)

    class Meta:
        """Once per door and key."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["door", "by", "key"], name="attempts_once")]
        indexes: ClassVar = [models.Index(fields=["last"], name="attempts_by_age")]


class DoneOnce(models.Model):
    """A confirmation that was carried out: the same one again leads to the same result (S-017)."""

    user = models.ForeignKey(User, models.CASCADE)
    token = models.CharField(max_length=43)
    result = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        """Once per user and token."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "token"], name="done_once")]
