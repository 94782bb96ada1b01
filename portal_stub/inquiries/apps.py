"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.inquiries"
    label = "inquiries"
    verbose_name = "各種情報照会"
