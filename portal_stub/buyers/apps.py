"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.buyers"
    label = "buyers"
    verbose_name = "海外商社"
