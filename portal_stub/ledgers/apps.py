"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.ledgers"
    label = "ledgers"
    verbose_name = "台帳型申込み・簡易通知"
