"""Tells Django of this app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Name and label."""

    name = "portal_stub.pages"
    label = "pages"
    verbose_name = "画面"

    def ready(self) -> None:
        """Registers the start-up check, and finds what apps add to ユーザーページ."""
        from django.utils.module_loading import autodiscover_modules

        from portal_stub.pages import checks  # noqa: F401

        autodiscover_modules("first_page")
