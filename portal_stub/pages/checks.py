"""The start-up check: no view without a declaration of who may open it."""

from typing import Any

from django.core.checks import Error, register


@register()
def every_view_is_declared(app_configs: Any, **_: Any) -> list[Error]:
    """An error per address whose view was not declared with ``portal_stub.access.page``."""
    from django.urls import get_resolver

    from portal_stub.access import undeclared

    return [
        Error(f"the view at /{address} is not declared with portal_stub.access.page", id="portal.E001")
        for address in undeclared(get_resolver().url_patterns)
    ]
