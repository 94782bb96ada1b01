"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.history"
    label = "history"
    verbose_name = "アクセス履歴"
