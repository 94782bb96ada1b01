"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.estimates"
    label = "estimates"
    verbose_name = "保険料試算"
