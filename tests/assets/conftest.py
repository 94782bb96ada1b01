"""Homes for the tests of this folder, and paper that costs no time."""

import pytest

from tests.homes import empty_home, home, lived, loaded, quick_paper

__all__ = ["empty_home", "home", "lived", "loaded", "quick_paper", "real_paper"]


@pytest.fixture
def real_paper() -> None:
    """For tests that need what is really printed, in modules that print quickly otherwise."""
