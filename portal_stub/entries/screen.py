"""What the screen of an entry shows: the forms of the header, of one 枝番, one 船積 and its 決済, and faults with their way.

Only reading: what the buttons do is ``views``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from portal_stub.accounts.models import User
from portal_stub.entries.forms import NodeForm
from portal_stub.entries.items import CURRENCIES, Offers
from portal_stub.entries.judging import Fault, nodes, where
from portal_stub.entries.offer import levels_of, offered
from portal_stub.entries.tree import Branch, Place, Settlement, Shipment, Tree
from portal_stub.ledgers.functions import LedgerFunction

PREFIXES = {"record": "h", "header": "h", "branch": "b", "shipment": "s"}


@dataclass(frozen=True)
class Shown:
    """Which 枝番 and which 船積 are displayed."""

    branch: Branch | None
    shipment: Shipment | None

    @property
    def place(self) -> Place:
        """Their keys."""
        return Place(self.branch.key if self.branch else None, self.shipment.key if self.shipment else None)


@dataclass(frozen=True)
class Told:
    """A fault with its place in words and the way to it."""

    fault: Fault
    where: str
    link: str
    """The way to its item: within the page where that is displayed, else to the page that displays it."""

    @property
    def here(self) -> bool:
        """Whether the item is on the page."""
        return self.link.startswith("#")


def shown(tree: Tree, branch: int | None, shipment: int | None) -> Shown:
    """The nodes asked for; the first ones where there are none of these keys."""
    found = tree.branch(branch) or next(iter(tree.branches), None)
    if found is None:
        return Shown(None, None)
    return Shown(found, tree.shipment(found.key, shipment) or next(iter(found.shipments), None))


def prefix_of(settlement: Settlement) -> str:
    """The prefix of a settlement's items."""
    return f"t{settlement.key}"


def displayed(
    tree: Tree, function: LedgerFunction, view: Shown
) -> list[tuple[str, Place, str, Mapping[str, str], str]]:
    """The displayed nodes: level, place, prefix, values, and their number in words."""
    layout, kind = function.layout, tree.process_type
    if function.is_notice:
        return [("record", Place(), PREFIXES["record"], tree.header, "")]
    deep = levels_of(layout, kind)
    found: list[tuple[str, Place, str, Mapping[str, str], str]] = [
        ("header", Place(), PREFIXES["header"], tree.header, "")
    ]
    if view.branch is not None:
        found.append(("branch", Place(view.branch.key), PREFIXES["branch"], view.branch.fields, ""))
    if view.branch is not None and view.shipment is not None and "shipment" in deep:
        found.append(("shipment", view.place, PREFIXES["shipment"], view.shipment.fields, ""))
        for settlement in view.shipment.settlements:
            place = Place(view.branch.key, view.shipment.key, settlement.key)
            number = settlement.fields.get("settlement_no") or "番号なし"
            found.append(("settlement", place, prefix_of(settlement), settlement.fields, f"決済{number}"))
    return found


def forms_of(
    user: User, tree: Tree, function: LedgerFunction, view: Shown, faults: Iterable[Fault]
) -> dict[str, Any]:
    """The forms by level; of settlements a list with their nodes. Faults that only warn stand in the list above."""
    parts = displayed(tree, function, view)
    offers = Offers.to(user, function.layout, [values for _, _, _, values, _ in parts])
    wrong = [fault for fault in faults if not fault.warning]
    made: dict[str, Any] = {"settlements": [], "offers": offers, "currencies": CURRENCIES}
    for level, place, prefix, values, number in parts:
        told: dict[str, list[str]] = {}
        for fault in wrong:
            if fault.at(level, place):
                told.setdefault(fault.field, []).append(fault.message)
        form = NodeForm(
            offered(function.layout, tree.process_type, level),
            values,
            offers,
            tree.process_type,
            prefix=prefix,
            number=number,
            faults=told,
        )
        if level == "settlement":
            made["settlements"].append((place.settlement, number, form))
        else:
            made["header" if level == "record" else level] = form
    return made


def told(tree: Tree, faults: Iterable[Fault], view: Shown | None = None, judged: str = "") -> list[Told]:
    """Faults as the list above the items shows them, each leading to its item; ``judged`` keeps them there on the way.

    ``view``: what the page displays.
    """
    found = []
    for fault in faults:
        place, level = fault.place, fault.level
        query = {"b": place.branch, "s": place.shipment, "judged": judged}
        asked = urlencode({name: value for name, value in query.items() if value})
        prefix = f"t{place.settlement}" if level == "settlement" else PREFIXES[level]
        anchor = f"#id_{prefix}-{fault.field}" if fault.field else "#branch"
        here = view is not None and (
            place.branch is None
            or (
                place.branch == view.place.branch
                and (place.shipment is None or place.shipment == view.place.shipment)
            )
        )
        found.append(Told(fault, where(tree, place), anchor if here else f"?{asked}{anchor}"))
    return found


def in_words(user: User, tree: Tree, function: LedgerFunction) -> list[tuple[str, list[tuple[str, str]]]]:
    """The whole entry as people read it: per node its title and the values that will be sent (P-044)."""
    found = list(nodes(tree, function.layout))
    offers = Offers.to(user, function.layout, [values for _, _, values in found])
    titles = {"record": "通知の内容", "header": "申込みの項目"}
    return [
        (
            titles.get(level) or where(tree, place),
            [
                (item.name_ja, offers.words(item, values[item.field]))
                for item in offered(function.layout, tree.process_type, level)
                if values.get(item.field)
            ],
        )
        for level, place, values in found
    ]
