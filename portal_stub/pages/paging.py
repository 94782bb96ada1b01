"""Cuts long lists into pages; the links to them are the tag ``pager``, above and below the list (K-008)."""

from typing import Any

from django.core.paginator import Page, Paginator

PER_PAGE = 50


def paged(rows: Any, asked: Any, per: int = PER_PAGE) -> Page:
    """The page of ``rows`` (a list or a query) that is asked for; another number leads to the nearest page."""
    return Paginator(rows, per).get_page(asked)
