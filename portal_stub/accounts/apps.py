"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.accounts"
    label = "accounts"
    verbose_name = "利用者"
