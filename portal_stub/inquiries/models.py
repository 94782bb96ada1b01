"""What the insurer's desk brings in for 各種情報照会: contracts on paper, losses, lists of claims (Seed 000 ch. 5).

Contracts of the ledgers are not kept here: they are read from the journal when data are made (``jobs``). What may be
done to these rows is ``rules``; the shape of the desk's files is ``layouts``.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from portal_stub.accounts.models import Holder


class Bringing(models.Model):
    """A CSV of the desk: judged when it is uploaded, taken over once its check page is confirmed."""

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", "確認待ち"
        DONE = "done", "反映済み"
        DROPPED = "dropped", "取りやめ"

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=10)
    """``contracts`` or ``losses`` (``layouts.LAYOUTS``)."""
    file_name = models.CharField("ファイル名", max_length=100)
    sha256 = models.CharField(max_length=64)
    """Of the file on the shelf of this room; it stays as long as the row does."""
    rows = models.PositiveIntegerField("行数")
    added = models.PositiveIntegerField("追加", default=0)
    changed = models.PositiveIntegerField("変更", default=0)
    state = models.CharField(max_length=7, choices=State, default=State.DRAFT)
    login_id = models.CharField("担当者", max_length=20)
    by = models.CharField(max_length=50)
    reason = models.CharField("理由", max_length=100, blank=True)
    at = models.DateTimeField("日時")
    done_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "id"]
        indexes: ClassVar = [models.Index(fields=["kind", "-at"], name="bringing_by_kind")]


class _Contract(models.Model):
    """Which insurance contract a row is about, and when it was brought."""

    holder = models.CharField("保険利用者コード", max_length=9)
    """The code alone: contracts of holders that do not use the portal (yet) are kept as well."""
    kind = models.CharField("保険種", max_length=20)
    number = models.CharField("証券番号", max_length=20)
    agreement = models.CharField("特約コード", max_length=9, blank=True)
    country = models.CharField("国コード", max_length=3)
    buyer = models.CharField("バイヤーコード", max_length=9)
    remarks = models.CharField("備考", max_length=100, blank=True)
    cancelled = models.BooleanField("取消", default=False)
    """Brought in by mistake: the row stays and is not told to anybody."""
    brought_at = models.DateTimeField()

    class Meta:
        """Fields for others."""

        abstract = True


class PaperContract(_Contract):
    """A contract that was concluded on paper (I-005)."""

    subject = models.CharField("貨物・案件", max_length=60, blank=True)
    concluded_on = models.DateField("保険契約締結日")
    ends_on = models.DateField("保険責任終了日")
    currency = models.CharField("通貨", max_length=3)
    amount = models.DecimalField("契約金額", max_digits=15, decimal_places=2)
    insured_yen = models.BigIntegerField("保険金額（円）")
    premium_yen = models.BigIntegerField("保険料（円）")
    long_term = models.BooleanField("中長期", default=False)

    class Meta:
        """By number."""

        ordering: ClassVar = ["holder", "kind", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["holder", "kind", "number"], name="paper_contract_once")
        ]


class Loss(_Contract):
    """An accident (事故) of a contract, on paper or of a ledger, as far as the insurer tells of it (I-021)."""

    loss_no = models.CharField("事故番号", max_length=20)
    stage = models.CharField("区分", max_length=10)
    """``danger`` (危険発生) or ``loss`` (損失発生)."""
    cause = models.CharField("事由", max_length=60)
    happened_on = models.DateField("発生日")
    told_on = models.DateField("損失等発生通知日", null=True)
    loss_yen = models.BigIntegerField("損失額（円）", null=True)
    claimed_yen = models.BigIntegerField("保険金請求額（円）", null=True)
    paid_on = models.DateField("保険金支払日", null=True)
    paid_yen = models.BigIntegerField("支払保険金（円）", null=True)
    recovered_yen = models.BigIntegerField("回収額（円）", null=True)

    class Meta:
        """By number."""

        ordering: ClassVar = ["holder", "loss_no"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["holder", "loss_no"], name="loss_once")]
        indexes: ClassVar = [models.Index(fields=["holder", "kind", "number"], name="loss_of_contract")]


class ClaimsQuery(models.QuerySet):
    """Searches."""

    def of(self, holder: Any, agreements: set[str] | None) -> "ClaimsQuery":
        """The published files of a holder; with ``agreements`` those of these 特約 alone (G-021)."""
        found = self.filter(holder=holder, published_at__isnull=False, withdrawn_at__isnull=True)
        return found if agreements is None else found.filter(agreement__in=agreements)


class ClaimsFile(models.Model):
    """A 債権一覧表 of a project, put in by the desk: seen by nobody until its check page is confirmed (I-023 to I-026)."""

    holder = models.ForeignKey(Holder, models.CASCADE, related_name="claims_files")
    project = models.CharField("プロジェクトコード", max_length=20)
    project_name = models.CharField("プロジェクト名", max_length=60)
    agreement = models.CharField("特約コード", max_length=9, blank=True)
    """Who may see listed 特約 only sees it if this is one of them."""
    name = models.CharField("債権一覧表ファイル名", max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    """Of the file on the shelf of this room."""
    by = models.CharField("担当者", max_length=50)
    reason = models.CharField("理由", max_length=100)
    added_at = models.DateTimeField("登録日時")
    published_at = models.DateTimeField("公開日時", null=True)
    withdrawn_at = models.DateTimeField("取下げ日時", null=True)
    withdrawn_reason = models.CharField(max_length=100, blank=True)

    objects = ClaimsQuery.as_manager()

    class Meta:
        """Newest first; at most one file of a name stands in a project of a holder."""

        ordering: ClassVar = ["-added_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["holder", "project", "name"],
                condition=Q(published_at__isnull=False, withdrawn_at__isnull=True),
                name="claims_file_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.name}"
