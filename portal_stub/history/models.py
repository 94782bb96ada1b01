"""Rows of the access history and of the internal audit log; both are only added to."""

from typing import ClassVar

from django.db import models


class AccessRecord(models.Model):
    """One operation of a user, with the person's attributes at that moment (G-104)."""

    at = models.DateTimeField()
    holder_code = models.CharField(max_length=9)
    login_id = models.CharField(max_length=20)
    code = models.CharField(max_length=5)
    name = models.CharField(max_length=50)
    department = models.CharField(max_length=25)
    title = models.CharField(max_length=50)

    class Meta:
        """Indexed the two ways in which it is asked for."""

        indexes: ClassVar = [
            models.Index(fields=["holder_code", "at"], name="access_by_time"),
            models.Index(fields=["holder_code", "login_id", "at"], name="access_by_user"),
        ]


class AuditEvent(models.Model):
    """What has no code in G-T3: failed logins, user management, one-time passwords (G-111)."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=40)
    """A login ID, or the name of the process; never empty."""
    event = models.CharField(max_length=40)
    subject = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        """Indexed by time, and by the two things whose beginnings the desk looks for (PostgreSQL: as LIKE needs it)."""

        indexes: ClassVar = [
            models.Index(fields=["at"], name="audit_by_time"),
            *(
                models.Index(
                    fields=[name, "at"],
                    name=f"audit_by_{name}",
                    opclasses=["varchar_pattern_ops", "timestamptz_ops"],
                )
                for name in ("subject", "actor")
            ),
        ]
