"""The portal's time: the product's clock, and nothing else reads time for a rule here.

Django's own housekeeping (technical end of session rows) goes by real time, as leases do elsewhere.
"""

from datetime import date, datetime

from daicho.clock import Clock
from daicho.settings import Settings

_in_use: list[Clock] = []


def now() -> datetime:
    """The present instant, aware, in Asia/Tokyo."""
    if not _in_use:
        _in_use.append(Clock.from_settings(Settings.from_env()))
    return _in_use[0].now()


def today() -> date:
    """The present day in Tokyo."""
    return now().date()


def use(clock: Clock | None) -> None:
    """Replaces the clock (tests); ``None`` goes back to the one of the environment."""
    _in_use[:] = [clock] if clock is not None else []
