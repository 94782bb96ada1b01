"""The 海外商社名簿 as the portal knows it, its changes, users' bookmarks, and the season of スリーピング候補 (Seed 000 ch. 7)."""

from datetime import date
from typing import ClassVar

from django.db import models

from portal_stub.accounts.models import User

RATINGS = (
    ("GS", "政府・中央銀行・財政当局・国際機関"),
    ("GA", "行政府各省・州・地方公共団体等"),
    ("GE", "GS・GA等が過半を保有する企業等"),
    ("EE", "民間企業"),
    ("EA", "民間企業"),
    ("EM", "民間企業"),
    ("EF", "民間企業"),
    ("EC", "民間企業"),
    ("SA", "銀行等"),
    ("P", "信用状態不明"),
    ("R", "事故管理区分（債務不履行）"),
    ("GR", "事故管理区分（債務不履行）"),
    ("ER", "事故管理区分（債務不履行）"),
    ("SR", "事故管理区分（債務不履行）"),
    ("B", "事故管理区分（破産等）"),
    ("GB", "事故管理区分（破産等）"),
    ("EB", "事故管理区分（破産等）"),
    ("SB", "事故管理区分（破産等）"),
)
"""格付 with their words; the same codes as the reference table ``buyer_ratings``."""
SLEEPING = "スリーピング候補"
REMOVED = "名簿から削除"


class Country(models.Model):
    """A country (所在国) by the three digits of the insurer, as the reference tables know it today."""

    code = models.CharField("国コード", max_length=40, primary_key=True)
    name = models.CharField("国名", max_length=60, blank=True)
    """Empty while only a buyer told of the country."""
    category = models.CharField("国カテゴリー", max_length=10, blank=True)
    """Empty when the tables do not tell of the country (any more)."""

    class Meta:
        """By code."""

        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


class Kind(models.TextChoices):
    """企業/公的機関/銀行区分 (K-018)."""

    ENTERPRISE = "enterprise", "企業"
    PUBLIC = "public", "公的機関"
    BANK = "bank", "銀行"


DETAILS = ("address", "phone", "url", "industry", "kind")
"""What the 海外商社名簿 does not tell of a buyer, and users and the desk do."""


class Buyer(models.Model):
    """A 海外商社 of the 海外商社名簿. A removed one stays, since bookmarks and applications tell of it."""

    code = models.CharField("バイヤーコード", max_length=9, unique=True)
    name = models.CharField("バイヤー名称", max_length=200)
    search_name = models.CharField(max_length=400, editable=False)
    """The name as it is searched (K-014); NFKC can make it longer."""
    country = models.ForeignKey(Country, models.PROTECT, related_name="+", verbose_name="所在国")
    rating = models.CharField("格付", max_length=4, blank=True)
    address = models.CharField("住所", max_length=200, blank=True)
    phone = models.CharField("電話番号", max_length=30, blank=True)
    url = models.CharField("URL", max_length=200, blank=True)
    industry = models.CharField("業種", max_length=50, blank=True)
    kind = models.CharField("区分", max_length=10, choices=Kind, blank=True)
    sleeping_candidate = models.BooleanField(SLEEPING, default=False)
    limit_balance = models.BigIntegerField("個別保証枠残高", null=True, blank=True)
    """Yen; None: not known."""
    removed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        """By code, also within a country: the ways in which it is searched."""

        ordering: ClassVar = ["code"]
        indexes: ClassVar = [models.Index(fields=["country", "code"], name="buyer_of_country")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def remark(self) -> str:
        """備考 (K-015)."""
        return REMOVED if self.removed_at else SLEEPING if self.sleeping_candidate else ""


class DirectoryChange(models.Model):
    """A change of rating or a removal, as the 海外商社名簿 told it. Only added to; ``after`` empty: removed."""

    buyer = models.ForeignKey(Buyer, models.CASCADE, related_name="changes")
    day = models.DateField()
    before = models.CharField("変更前の格付", max_length=4, blank=True)
    after = models.CharField("変更後の格付", max_length=4, blank=True)
    removed = models.BooleanField(default=False)
    told = models.BooleanField(default=False)
    """Whether all who bookmarked the buyer got their mail (K-063)."""
    told_upto = models.BigIntegerField(default=0)
    """While they are being told: the last bookmark whose user was."""

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-day", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["day"], name="directory_change_by_day"),
            models.Index(fields=["id"], condition=models.Q(told=False), name="directory_change_untold"),
        ]


class AwaitedBuyer(models.Model):
    """A buyer whose 海外商社登録 is complete: what was typed waits for the 海外商社名簿 to bring it, and is used once."""

    application = models.CharField("Web申込番号", max_length=20, unique=True)
    country = models.CharField("国コード", max_length=40)
    search_name = models.CharField(max_length=400)
    details = models.JSONField()
    since = models.DateTimeField()
    buyer_code = models.CharField("バイヤーコード", max_length=9, blank=True)
    """Who got the details; empty: still awaited."""

    class Meta:
        """Oldest first."""

        ordering: ClassVar = ["id"]


class Season(models.Model):
    """スリーピング候補バイヤー解除期間, both days included; the desk sets it each year (K-051)."""

    opens = models.DateField("開始日")
    closes = models.DateField("終了日")

    class Meta:
        """Newest first; it has a direction."""

        ordering: ClassVar = ["-opens"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(closes__gte=models.F("opens")), name="season_has_days")
        ]

    def __str__(self) -> str:
        return f"{self.opens:%Y/%m/%d}～{self.closes:%Y/%m/%d}"

    @classmethod
    def on(cls, day: date) -> "Season | None":
        """The season that is open on a day, if there is one."""
        return cls.objects.filter(opens__lte=day, closes__gte=day).first()


class Bookmark(models.Model):
    """A buyer that a user wants to hear of (K-060 to K-065)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="bookmarks")
    buyer = models.ForeignKey(Buyer, models.CASCADE, related_name="bookmarks")
    at = models.DateTimeField()

    class Meta:
        """Once per user and buyer."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "buyer"], name="bookmark_once")]


class DocumentRule(models.Model):
    """With a value in an item of step 1 a document is called for (K-026); see ``documents``."""

    procedure = models.CharField("手続き", max_length=40)
    item = models.CharField("項目", max_length=40, blank=True)
    value = models.CharField("値", max_length=40, blank=True)
    document = models.SlugField("書類", max_length=40)
    title = models.CharField("書類名", max_length=60)
    required = models.BooleanField("必須", default=True)
    note = models.CharField("説明", max_length=100, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField("終了日時", null=True, blank=True)
    """Set: not in force any more."""

    class Meta:
        """In the order in which documents are shown."""

        ordering: ClassVar = ["position", "id"]
