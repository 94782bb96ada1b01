"""The 口座 of holders, and the banks and branches from which they are chosen. Table in Seed 003 ch. 3 §3-4."""

from typing import ClassVar

from django.db import models

from portal_stub.accounts.models import Holder


class Use(models.TextChoices):
    """利用区分 (G-083, G-084)."""

    REFUND = "refund", "保険料返還"
    CLAIM = "claim", "保険金請求"


class Deposit(models.TextChoices):
    """預金種別 (G-094)."""

    ORDINARY = "ordinary", "普通"
    CURRENT = "current", "当座"


class Branch(models.Model):
    """A 支店 of a 金融機関; the insurer keeps the list."""

    bank_code = models.CharField(max_length=4)
    bank_name = models.CharField(max_length=40)
    code = models.CharField(max_length=3)
    name = models.CharField(max_length=40)

    class Meta:
        """One row per branch."""

        ordering: ClassVar = ["bank_code", "code"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["bank_code", "code"], name="branch_once")]

    def __str__(self) -> str:
        return f"{self.bank_code} {self.bank_name}　{self.code} {self.name}"


class Account(models.Model):
    """A 口座 of a holder for one use; deleted ones stay as rows."""

    holder = models.ForeignKey(Holder, models.CASCADE, related_name="accounts")
    use = models.CharField("利用区分", max_length=6, choices=Use)
    bank_code = models.CharField(max_length=4)
    bank_name = models.CharField(max_length=40)
    branch_code = models.CharField(max_length=3)
    branch_name = models.CharField(max_length=40)
    deposit = models.CharField("預金種別", max_length=8, choices=Deposit)
    number = models.CharField("口座番号", max_length=7)
    owner = models.CharField("口座名義人", max_length=50)
    owner_kana = models.CharField("口座名義人カナ", max_length=60)
    confirmed_on = models.DateField("確定日")
    deleted = models.BooleanField(default=False)

    class Meta:
        """One living row per account and use."""

        ordering: ClassVar = ["use", "number", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["holder", "use", "bank_code", "branch_code", "deposit", "number"],
                condition=models.Q(deleted=False),
                name="account_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_use_display()} {self.bank_name} {self.branch_name} {self.number}"
