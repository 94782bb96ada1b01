"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.entries"
    label = "entries"
    verbose_name = "個別入力"
