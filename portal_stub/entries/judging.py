"""What 「保存」 and 「仮保存」 say of an entry before it is kept: type and length of every cell, and with 保存 the ＊ (P-003, P-004).

All else (codes, dates, sums, cover, what is booked) is the check's, which runs the pipeline's own judgement.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from portal_stub.accounts.fields import required_message
from portal_stub.entries import cells
from portal_stub.entries.offer import levels_of, mandatory, offered
from portal_stub.entries.tree import Place, Tree, Values
from schemas.layouts import Layout
from schemas.products import is_notice


@dataclass(frozen=True)
class Fault:
    """A sentence about one item of one node."""

    place: Place
    level: str
    field: str
    message: str
    warning: bool = False

    def at(self, level: str, place: Place) -> bool:
        """Whether it is about an item of this node."""
        if self.level != level:
            return False
        mine, theirs = self.place, place
        match level:
            case "branch":
                return mine.branch == theirs.branch
            case "shipment":
                return (mine.branch, mine.shipment) == (theirs.branch, theirs.shipment)
            case "settlement":
                return mine == theirs
        return True


def level_of(layout: Layout, name: str) -> str:
    """The level of an item; ``header`` for what is no item."""
    return next((item.level for item in layout.fields if item.field == name), "header")


def judged(
    tree: Tree, layout: Layout, *, whole: bool, agreements: Iterable[str] | None = None
) -> list[Fault]:
    """The faults of an entry in the order of the screen; ``whole`` asks for the ＊ as well.

    ``agreements``: the only ones under which the user may enter; None is no limit.
    """
    kind, found = tree.process_type, []
    starred = mandatory(layout, kind) if whole else frozenset()
    for level, place, values in nodes(tree, layout):
        for item in offered(layout, kind, level):
            text = values.get(item.field, "")
            if text and (message := cells.fault(item, text, kind)):
                found.append(Fault(place, level, item.field, message))
            elif not text and item.field in starred:
                found.append(Fault(place, level, item.field, required_message(item.name_ja)))
    if whole:
        found += _across(tree)
        code = tree.header.get("agreement_code", "")
        if agreements is not None and code and code not in agreements:
            words = "特約コードは、入力できる特約の中から選び直してください。"
            found.append(
                Fault(Place(), "record" if is_notice(layout.product) else "header", "agreement_code", words)
            )
    return found


def _across(tree: Tree) -> Iterator[Fault]:
    """One entry is one contract, and nodes side by side need different numbers."""
    contracts = {branch.fields.get("export_contract_no", "") for branch in tree.branches}
    if tree.process_type == "1" and len(contracts) > 1:
        last = tree.branches[-1]
        yield Fault(
            Place(last.key),
            "branch",
            "export_contract_no",
            "輸出契約等番号が枝番の間で違います。1件の申請では、すべての枝番で同じ番号にしてください。",
        )
    for branch in tree.branches:
        for shipment in _twice(branch.shipments, "shipment_no"):
            yield Fault(Place(branch.key, shipment), "shipment", "shipment_no", _again("船積No."))
        for shipment_node in branch.shipments:
            for settlement in _twice(shipment_node.settlements, "settlement_no"):
                place = Place(branch.key, shipment_node.key, settlement)
                yield Fault(place, "settlement", "settlement_no", _again("決済No."))
    if tree.process_type == "1":
        for branch_key in _twice(tree.branches, "branch_no"):
            yield Fault(Place(branch_key), "branch", "branch_no", _again("申込番号_枝番"))


def _again(label: str) -> str:
    return f"{label}が重なっています。別の番号にしてください。"


def _twice(found: Iterable["_Node"], name: str) -> Iterator[int]:
    seen: set[str] = set()
    for node in found:
        number = node.fields.get(name, "").zfill(2)
        if number in seen:
            yield node.key
        seen.add(number)


class _Node(Protocol):
    """A branch, shipment or settlement."""

    key: int
    fields: Values


def nodes(tree: Tree, layout: Layout) -> Iterator[tuple[str, Place, Mapping[str, str]]]:
    """Every node that the process type offers, with its level and place, from top to bottom."""
    if is_notice(layout.product):
        yield "record", Place(), tree.header
        return
    deep = levels_of(layout, tree.process_type)
    yield "header", Place(), tree.header
    for branch in tree.branches:
        yield "branch", Place(branch.key), branch.fields
        for shipment in branch.shipments if "shipment" in deep else []:
            yield "shipment", Place(branch.key, shipment.key), shipment.fields
            for settlement in shipment.settlements:
                yield "settlement", Place(branch.key, shipment.key, settlement.key), settlement.fields


def where(tree: Tree, place: Place) -> str:
    """A place in words; empty for the header.

    >>> from portal_stub.entries.tree import Branch
    >>> where(Tree({}, [Branch(1, {"branch_no": "00"})]), Place(1))
    '枝番00'
    """
    branch, shipment = tree.branch(place.branch), tree.shipment(place.branch, place.shipment)
    settlement = None
    if shipment is not None:
        settlement = next((each for each in shipment.settlements if each.key == place.settlement), None)
    told = [
        f"{word}{node.fields.get(name) or '（番号なし）'}"
        for word, name, node in (
            ("枝番", "branch_no", branch),
            ("船積", "shipment_no", shipment),
            ("決済", "settlement_no", settlement),
        )
        if node is not None
    ]
    return " ".join(told)
