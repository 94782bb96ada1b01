"""お知らせ and the list of offices (S-006, S-048); the insurer keeps both."""

from typing import ClassVar

from django.db import models


class Notice(models.Model):
    """One お知らせ, shown from a day on, to another day if there is one."""

    title = models.CharField("表題", max_length=100)
    body = models.TextField("本文", blank=True)
    shown_from = models.DateField()
    shown_to = models.DateField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-shown_from", "-id"]


class Office(models.Model):
    """Whom to ask about a business (S-049)."""

    business = models.CharField("業務", max_length=60)
    office = models.CharField("部署", max_length=60)
    phone = models.CharField("電話番号", max_length=20, blank=True)
    hours = models.CharField("受付時間", max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        """In the order that the insurer gave."""

        ordering: ClassVar = ["position", "id"]
