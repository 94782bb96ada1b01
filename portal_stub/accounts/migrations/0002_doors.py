"""Locks that end by themselves, counts at the doors, and reissued passwords that wait for their URL.

Whoever was locked before may try again: the old lock told no time.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="user",
            name="locked",
        ),
        migrations.AddField(
            model_name="user",
            name="failed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="locked_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Attempts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("door", models.CharField(max_length=24)),
                ("by", models.CharField(max_length=7)),
                ("key", models.CharField(max_length=64)),
                ("count", models.PositiveIntegerField(default=0)),
                ("since", models.DateTimeField()),
                ("last", models.DateTimeField()),
                ("closed_until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["last"], name="attempts_by_age")],
                "constraints": [models.UniqueConstraint(fields=("door", "by", "key"), name="attempts_once")],
            },
        ),
        migrations.CreateModel(
            name="PendingPassword",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("issued_at", models.DateTimeField()),
                ("closed", models.BooleanField(default=False)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pending_passwords",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
