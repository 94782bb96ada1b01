"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.procedures"
    label = "procedures"
    verbose_name = "Web申込みの手続き"
