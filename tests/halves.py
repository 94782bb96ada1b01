"""Parts a long parametrization between day and night (``night`` in the markers)."""

from collections.abc import Iterable
from typing import Any

import pytest


def by_day(values: Iterable[Any], *day: Any) -> list[Any]:
    """All ``values`` as parameters; those that are not among ``day`` run at night."""
    rows = list(values)
    missing = [value for value in day if value not in rows]
    assert not missing, f"no such parameters: {missing}"
    return [value if value in day else pytest.param(value, marks=pytest.mark.night) for value in rows]
