"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.feed"
    label = "feed"
    verbose_name = "受付状況"
