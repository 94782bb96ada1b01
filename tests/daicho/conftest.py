"""Homes for the tests of this folder."""

from tests.homes import empty_home, home, lived, loaded, quick_paper

__all__ = ["empty_home", "home", "lived", "loaded", "quick_paper"]
