"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.pages"
    label = "pages"
    verbose_name = "画面"

    def ready(self) -> None:
        """Registers the start-up check."""
        from portal_stub.pages import checks  # noqa: F401
