"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.registration"
    label = "registration"
    verbose_name = "利用登録"
