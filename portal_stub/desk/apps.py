"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.desk"
    label = "desk"
    verbose_name = "保険者デスク"
