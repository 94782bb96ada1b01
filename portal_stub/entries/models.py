"""Typed-in applications and notices as rows: being typed, 仮保存, 雛形, 申請待, sent (table P-T1). Deeds are ``rules``."""

import time
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from portal_stub.accounts.models import Holder, User
from portal_stub.entries.tree import Tree


class Entry(models.Model):
    """One typed-in contract or notice. What stands on the screen is a row from its first button on."""

    class Place(models.TextChoices):
        """In which list it stands."""

        EDITING = "editing", "入力中"
        """On the screen; kept with every button, so that nothing is lost."""
        DRAFT = "draft", "仮保存"
        TEMPLATE = "template", "雛形"
        WAITING = "waiting", "申請待"
        SENT = "sent", "申請済"

    id = models.CharField(max_length=32, primary_key=True)
    """Random: names it in addresses."""
    user = models.ForeignKey(User, models.PROTECT, related_name="entries")
    holder = models.ForeignKey(Holder, models.PROTECT, related_name="+")
    product = models.CharField("保険種", max_length=20)
    place = models.CharField(max_length=8, choices=Place)
    name = models.CharField("雛形名称", max_length=40, blank=True)
    process_type = models.CharField("処理種別", max_length=1)
    about = models.CharField(max_length=60, blank=True)
    """What tells it from others in a list: number of the export contract, of the application, or the shipment month."""
    lines = models.PositiveIntegerField("件数", default=1)
    """Records of the file it makes."""
    tree: Any = models.JSONField()
    revision = models.PositiveIntegerField(default=0)
    """Grows with every change: a page that was made of an older state is noticed."""
    source = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    """Of what is on the screen: the row that was opened."""
    source_place = models.CharField(max_length=8, blank=True)
    """Where that row stood; it stays when the row is gone, since then the user is told."""
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField("保存日時")
    number = models.BigIntegerField(default=time.time_ns)
    """The order of saving, also between two that the clock cannot tell apart."""
    check_job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+")
    """The last check of it."""
    checked_revision = models.PositiveIntegerField(default=0)
    upload = models.ForeignKey("ledgers.Upload", models.SET_NULL, null=True, related_name="entries")
    """What it was made into when it was sent."""

    class Meta:
        """Newest first; a name of a 雛形 once per user and function (P-010)."""

        ordering: ClassVar = ["-number", "id"]
        indexes: ClassVar = [
            models.Index(fields=["user", "product", "place", "-number"], name="entry_of_user"),
            models.Index(fields=["holder", "product", "place", "-number"], name="entry_of_holder"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "product", "name"],
                condition=Q(place="template"),
                name="template_name_once",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.about or self.pk

    @property
    def typed(self) -> Tree:
        """The tree."""
        return Tree.of(self.tree)

    @property
    def check_is_current(self) -> bool:
        """Whether the last check was of what stands there now."""
        return self.check_job is not None and self.checked_revision == self.revision
