"""What the layout of every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def layout(request: HttpRequest) -> dict[str, Any]:
    """The user of the session, if any, and whether this is a demo."""
    user = getattr(request, "user", None)
    portal = settings.PORTAL
    return {
        "me": user if user is not None and user.is_authenticated else None,
        "demo": portal.development,
        "idle_minutes": portal.idle_minutes,
    }
