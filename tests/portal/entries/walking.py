"""Somebody at the screen of an entry: reads the form as a browser does, types, presses.

What tests of this room share; what pages must do belongs in tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from portal_stub.entries.models import Entry
from portal_stub.entries.tree import Tree, trees_of
from portal_stub.ledgers.functions import FUNCTIONS


class _Form(HTMLParser):
    """The controls of the form with this id (or of the only form in main) with their values."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.wanted, self.inside = wanted, False
        self.values: dict[str, str] = {}
        self.required: set[str] = set()
        self.offered: dict[str, list[str]] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = told.get("id") == self.wanted
        if not self.inside:
            return
        name = told.get("name", "")
        if told.get("aria-required") == "true":
            self.required.add(name)
        if tag == "input" and told.get("type") not in {"radio", "checkbox"}:
            self.values[name] = told.get("value", "")
        elif tag == "input" and "checked" in told:
            self.values[name] = told.get("value", "on")
        elif tag == "select":
            self._select, self.values[name], self.offered[name] = name, "", []
        elif tag == "option" and self._select:
            self.offered[self._select].append(told.get("value", ""))
            if "selected" in told:
                self.values[self._select] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select":
            self._select = ""


def form_of(reply: Any, wanted: str = "entry") -> _Form:
    """The form of a page."""
    found = _Form(wanted)
    found.feed(reply.content.decode())
    found.values.pop("csrfmiddlewaretoken", None)
    return found


@dataclass
class Screen:
    """One entry on the screen of one browser."""

    client: Client
    product: str = "enterprise"
    reply: Any = None
    address: str = ""
    trail: list[int] = field(default_factory=list)

    def starts(self, kind: str = "1") -> "Screen":
        """「新規申請」 with a process type."""
        reply = self.client.post(f"/ledger/{self.product}/entries/new/", {"type": kind}, follow=True)
        return self.sees(reply)

    def sees(self, reply: Any) -> "Screen":
        """A page is in front of him now."""
        self.reply = reply
        if reply.status_code in {200, 422}:
            self.address = reply.request["PATH_INFO"]
        self.trail.append(reply.status_code)
        return self

    @property
    def entry(self) -> Entry:
        """The row behind the screen."""
        return Entry.objects.get(pk=self.address.split("/")[4])

    @property
    def tree(self) -> Tree:
        """What is kept."""
        return self.entry.typed

    @property
    def form(self) -> _Form:
        """The form of the page."""
        return form_of(self.reply)

    def presses(self, do: str, **typed: str) -> "Screen":
        """Types into items (``h_agreement_code`` is ``h-agreement_code``) and presses a button of the page."""
        data = self.form.values | {name.replace("_", "-", 1): value for name, value in typed.items()}
        return self.sees(self.client.post(self.address, data | {"do": do}, follow=True))

    def types_in(self, tree: Tree) -> "Screen":
        """Types a whole tree in, node by node, as somebody does who reads a file."""
        self.starts(tree.process_type)
        header = {f"h_{name}": value for name, value in tree.header.items() if name != "process_type"}
        self.presses("look", **header)
        for number, branch in enumerate(tree.branches):
            if number:
                self.presses("add-branch")
            self._fills("b", branch.fields)
            for place, shipment in enumerate(branch.shipments):
                if place or tree.process_type != "1":
                    self.presses("add-shipment")
                self._fills("s", shipment.fields)
                for nth, settlement in enumerate(shipment.settlements):
                    if nth or tree.process_type != "1":
                        self.presses("add-settlement")
                    self._fills(self.settlements[nth], settlement.fields)
        return self

    @property
    def settlements(self) -> list[str]:
        """Prefixes of the displayed settlements."""
        names = [name for name in self.form.values if name.endswith("-settlement_no")]
        return [name.partition("-")[0] for name in names]

    def _fills(self, prefix: str, fields: Mapping[str, str]) -> None:
        # Numbers that were proposed and copied values give way to what the file says.
        items = [name for name in self.form.values if name.startswith(f"{prefix}-")]
        typed = {name.replace("-", "_", 1): fields.get(name.partition("-")[2], "") for name in items}
        missing = {f"{prefix}-{name}" for name in fields} - set(items)
        assert not missing, missing
        self.presses("look", **typed)


def type_in(client: Client, product: str, rows: Sequence[Mapping[str, str]]) -> list[Entry]:
    """Types the contracts of a file in, one after the other, and saves each; the saved rows in the file's order."""
    saved = []
    for tree in trees_of(rows, FUNCTIONS[product].layout):
        screen = Screen(client, product).types_in(tree)
        row = screen.entry
        screen.presses("save")
        row.refresh_from_db()
        assert row.place == Entry.Place.WAITING, screen.reply.content.decode()
        saved.append(row)
    return saved


def waiting_form(client: Client, product: str = "enterprise") -> dict[str, str]:
    """What 「一括申請」 of the displayed list carries."""
    page = client.get(f"/ledger/{product}/entries/waiting/").content.decode()
    part = page[page.index("/waiting/send/") :]
    found = _Form("")
    found.inside = True
    found.feed(part[: part.index("</form>")])
    found.values.pop("csrfmiddlewaretoken", None)
    return found.values
