"""Homes for the tests of this folder."""

from tests.homes import empty_home, home, lived, loaded

__all__ = ["empty_home", "home", "lived", "loaded"]
