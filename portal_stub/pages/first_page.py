"""Sections of ユーザーページ that other apps add; this room knows none of them.

An app with something to tell there has a module ``first_page`` with a function under ``@section(template, order)``. It
gets the request and gives the template's context, or None for who has nothing to see. Such modules are found when the
portal starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

Content = Callable[[HttpRequest], dict[str, Any] | None]


@dataclass(frozen=True)
class Section:
    """One section, and where it stands among the others."""

    order: int
    template: str
    content: Content


SECTIONS: list[Section] = []


def section(template: str, order: int) -> Callable[[Content], Content]:
    """Adds a section of ユーザーページ; small ``order`` comes first."""

    def add(content: Content) -> Content:
        SECTIONS.append(Section(order, template, content))
        return content

    return add


def sections_of(request: HttpRequest) -> list[str]:
    """The sections that the user has, as they are put into the page."""
    shown = []
    for one in sorted(SECTIONS, key=lambda each: each.order):
        context = one.content(request)
        if context is not None:
            shown.append(render_to_string(one.template, context, request))
    return shown
