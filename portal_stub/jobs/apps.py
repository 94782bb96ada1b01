"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.jobs"
    label = "jobs"
    verbose_name = "作成処理"
