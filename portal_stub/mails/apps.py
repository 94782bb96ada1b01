"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.mails"
    label = "mails"
    verbose_name = "メール"
