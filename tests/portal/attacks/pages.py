"""Reads the forms of a page as a browser would: where they go, and what is in them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class PageForm:
    """One form with its items, as they would be sent untouched."""

    action: str
    method: str
    items: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.open = False
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(got.get("action", ""), got.get("method", "get").upper()))
            self.open = True
        if not self.open:
            return
        form, name = self.forms[-1], got.get("name", "")
        if tag == "input" and name:
            self._input(form, name, got)
        elif tag == "button" and name:
            form.buttons.append((name, got.get("value", "")))
        elif tag == "textarea" and name:
            form.items[name], form.kinds[name] = [""], "textarea"
            self.area = name
        elif tag == "select" and name:
            form.items.setdefault(name, []), form.kinds.setdefault(name, "select")
            self.select = name
        elif tag == "option" and self.select and (not form.items[self.select] or "selected" in got):
            form.items[self.select] = [got.get("value", "")]

    def _input(self, form: PageForm, name: str, got: dict[str, str]) -> None:
        kind = got.get("type", "text")
        if kind == "file":
            form.files.append(name)
            return
        form.kinds[name] = kind
        held = form.items.setdefault(name, [])
        if kind in {"radio", "checkbox"}:
            if "checked" in got or not held:
                form.items[name] = [got.get("value", "on")]
        else:
            held.append(got.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.forms[-1].items[self.area] = [data.lstrip("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = False
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""


def forms_of(reply: Any) -> list[PageForm]:
    """All forms of a page but the one that logs out."""
    if not reply.headers.get("Content-Type", "").startswith("text/html") or reply.streaming:
        return []
    reader = _Reader()
    reader.feed(reply.content.decode())
    return [form for form in reader.forms if not form.action.endswith("/logout/")]


class _Tags(HTMLParser):
    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.wanted, self.found = wanted, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += tag == self.wanted or any(name.startswith("on") for name, _ in attrs)


def tags_of(reply: Any, name: str) -> int:
    """How many elements of a name, or with a handler of events, a browser would see in a page."""
    reader = _Tags(name)
    reader.feed(reply.content.decode())
    return reader.found
