"""Homes for the tests of this folder."""

from tests.homes import empty_home, home, loaded, quick_paper

__all__ = ["empty_home", "home", "loaded", "quick_paper"]
