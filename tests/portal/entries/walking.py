"""Somebody at the screen of an entry: reads the form as a browser does, types, presses.

What tests of this room share; what pages must do belongs in tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from portal_stub.entries.models import Entry
from portal_stub.entries.tree import Tree, trees_of
from portal_stub.ledgers.functions import FUNCTIONS
from tests.portal.pages import Form, Page, page_of


class EntryForm(Form):
    """The form of the screen: ``values``, and what of it must be filled and may be chosen."""

    @property
    def required(self) -> set[str]:
        """Names of items that a screen reader tells as required."""
        return {name for name, item in self.fields.items() if item.attributes.get("aria-required") == "true"}

    @property
    def offered(self) -> dict[str, list[str]]:
        """Values that lists offer."""
        return {
            name: list(item.options.values()) for name, item in self.fields.items() if item.kind == "select"
        }


def form_of(reply: Any) -> EntryForm:
    """The form of the screen of an entry."""
    [node] = page_of(reply, reply.status_code).find("form#entry")
    return EntryForm([node])


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
    def page(self) -> Page:
        """What is in front of him, which may be a form that came back."""
        return page_of(self.reply, self.reply.status_code)

    @property
    def form(self) -> EntryForm:
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
    page = page_of(client.get(f"/ledger/{product}/entries/waiting/"))
    return page.form("/waiting/send/").values
