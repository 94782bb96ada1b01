"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.holders"
    label = "holders"
    verbose_name = "保険利用者"
