"""An entry as a tree, and what it is as records of an upload: header → 枝番 → 船積 → 決済 (contract §5).

Pure: no database, no clock. A tree holds what was typed, offered or not; ``records`` takes of it what the process type
(処理種別) offers. A record is one settlement with the fields of its shipment, branch and header repeated; a notice of
簡易 is its header alone. ``trees_of`` goes the way back, from the records of a file.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal_stub.entries.offer import levels_of, offered
from schemas.layouts import Layout
from schemas.products import PARTIAL_TYPES, is_notice

MOST_NODES = 100
"""Two digits number 枝番, 船積 and 決済: 00 to 99."""
MOST_RECORDS = 500
"""So many records can be typed in as one entry; more of them is what files are for."""

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LONGEST = 200

Values = dict[str, str]


@dataclass
class Settlement:
    """One 決済: ``key`` names it within its tree for as long as the tree lives."""

    key: int
    fields: Values = field(default_factory=dict)


@dataclass
class Shipment:
    """One 船積 with its settlements; a partial record may name a shipment without any."""

    key: int
    fields: Values = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)


@dataclass
class Branch:
    """One 枝番 with its shipments; a partial record may name a branch without any."""

    key: int
    fields: Values = field(default_factory=dict)
    shipments: list[Shipment] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where a record or a fault stands: keys of the nodes; None where it stops above that level."""

    branch: int | None = None
    shipment: int | None = None
    settlement: int | None = None


@dataclass
class Tree:
    """All that was typed in for one contract or notice. Blank values are not kept."""

    header: Values = field(default_factory=dict)
    branches: list[Branch] = field(default_factory=list)
    last_key: int = 0
    """Keys are never used again, so that a page of an older state cannot mean another node."""

    @property
    def process_type(self) -> str:
        """処理種別."""
        return self.header.get("process_type", "")

    # ------------------------------------------------------------------------------------------ kept as JSON
    def kept(self) -> dict[str, Any]:
        """As it is kept in a row."""
        return {
            "header": dict(self.header),
            "last_key": self.last_key,
            "branches": [
                {
                    "key": branch.key,
                    "fields": dict(branch.fields),
                    "shipments": [
                        {
                            "key": shipment.key,
                            "fields": dict(shipment.fields),
                            "settlements": [
                                {"key": settlement.key, "fields": dict(settlement.fields)}
                                for settlement in shipment.settlements
                            ],
                        }
                        for shipment in branch.shipments
                    ],
                }
                for branch in self.branches
            ],
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Tree":
        """A tree as ``kept`` wrote it."""
        return cls(
            dict(kept["header"]),
            [
                Branch(
                    branch["key"],
                    dict(branch["fields"]),
                    [
                        Shipment(
                            shipment["key"],
                            dict(shipment["fields"]),
                            [
                                Settlement(settlement["key"], dict(settlement["fields"]))
                                for settlement in shipment["settlements"]
                            ],
                        )
                        for shipment in branch["shipments"]
                    ],
                )
                for branch in kept["branches"]
            ],
            kept["last_key"],
        )

    # ------------------------------------------------------------------------------------------ nodes
    def branch(self, key: int | None) -> Branch | None:
        """The branch of a key."""
        return next((branch for branch in self.branches if branch.key == key), None)

    def shipment(self, branch: int | None, key: int | None) -> Shipment | None:
        """The shipment of a key within a branch."""
        found = self.branch(branch)
        return next((each for each in found.shipments if each.key == key), None) if found else None

    def add_branch(self) -> Branch:
        """One more 枝番 with the next number. A new contract's branch says of the contract what the first one says."""
        values = {"branch_no": next_number([each.fields.get("branch_no", "") for each in self.branches], 0)}
        if self.branches and self.process_type == "1":
            first = self.branches[0].fields
            values |= {name: first[name] for name in _OF_THE_CONTRACT if name in first}
            # A single branch may go without number, several may not (contract §5).
            if not first.get("branch_no"):
                first["branch_no"], values["branch_no"] = "00", "01"
        made = Branch(self._new_key(), values)
        self.branches.append(made)
        if self.process_type not in PARTIAL_TYPES:
            self.add_shipment(made)
        return made

    def add_shipment(self, branch: Branch) -> Shipment:
        """One more 船積 with the next number; a new contract's begins with one settlement."""
        numbers = [each.fields.get("shipment_no", "") for each in branch.shipments]
        made = Shipment(self._new_key(), {"shipment_no": next_number(numbers, 1)})
        branch.shipments.append(made)
        if self.process_type not in PARTIAL_TYPES:
            self.add_settlement(made)
        return made

    def add_settlement(self, shipment: Shipment) -> Settlement:
        """One more 決済 with the next number."""
        numbers = [each.fields.get("settlement_no", "") for each in shipment.settlements]
        made = Settlement(self._new_key(), {"settlement_no": next_number(numbers, 1)})
        shipment.settlements.append(made)
        return made

    def remove(self, place: Place) -> None:
        """Takes out the lowest node that the place names, and everything below it (A-032)."""
        branch, shipment = self.branch(place.branch), self.shipment(place.branch, place.shipment)
        if place.settlement is not None and shipment is not None:
            shipment.settlements = [each for each in shipment.settlements if each.key != place.settlement]
        elif place.shipment is not None and branch is not None and place.settlement is None:
            branch.shipments = [each for each in branch.shipments if each.key != place.shipment]
        elif place.shipment is None:
            self.branches = [each for each in self.branches if each.key != place.branch]

    def _new_key(self) -> int:
        self.last_key += 1
        return self.last_key


_OF_THE_CONTRACT = (
    *("contract_form", "export_contract_no", "contract_date", "change_date", "change_reason"),
    *("counterparty_code", "payer_code", "guarantor_code"),
    *("destination_country", "payer_country", "guarantor_country", "goods_code", "currency"),
)
"""What another branch of a contract most often shares with the first; everything can be changed."""


def tidy(text: str) -> str:
    """A cell as the pipeline reads it: full-width ASCII half-width, no blanks around it; ㈱ and 髙 stay."""
    return text[:_LONGEST].translate(_WIDE).strip(" \t\r\n")


def next_number(numbers: Sequence[str], first: int) -> str:
    """The number after the highest of two-digit numbers; ``first`` when there is none, empty after 99.

    >>> next_number([], 1), next_number(["01", "7"], 1), next_number(["99"], 0)
    ('01', '08', '')
    """
    taken = [int(text) for text in numbers if text.isascii() and text.isdigit()]
    number = max(taken) + 1 if taken else first
    return f"{number:02}" if number < MOST_NODES else ""


def fresh(layout: Layout, process_type: str, **header: str) -> Tree:
    """An empty entry: what must be there for its process type, with the numbers proposed."""
    made = Tree({"process_type": process_type} | {name: value for name, value in header.items() if value})
    if not is_notice(layout.product):
        made.add_branch()
    return made


def retyped(tree: Tree, layout: Layout, process_type: str) -> None:
    """Changes the process type; typed values stay, also those that the new one does not offer.

    Shipments in which nothing but numbers stands are only the form of an empty entry: they come and go with the type.
    """
    tree.header["process_type"] = process_type
    if is_notice(layout.product):
        return
    if not tree.branches:
        tree.add_branch()
    for branch in tree.branches:
        if process_type in PARTIAL_TYPES:
            branch.shipments = [each for each in branch.shipments if _told(each)]
        elif not branch.shipments:
            tree.add_shipment(branch)


def _told(shipment: Shipment) -> bool:
    nodes = [shipment.fields, *(settlement.fields for settlement in shipment.settlements)]
    return any(name not in ("shipment_no", "settlement_no") for fields in nodes for name in fields)


# ---------------------------------------------------------------------------------------------- to a file
@dataclass(frozen=True)
class Record:
    """One line of the upload, and the nodes it was made of."""

    values: Values
    place: Place


def records(tree: Tree, layout: Layout) -> list[Record]:
    """The records of an entry in the order of the screen: only what its process type offers."""
    kind = tree.process_type
    header = {"process_type": kind} | _taken(tree.header, layout, kind, "record", "header")
    if is_notice(layout.product):
        return [Record(header, Place())]
    deep = levels_of(layout, kind)
    made = []
    for branch in tree.branches:
        of_branch = header | _taken(branch.fields, layout, kind, "branch")
        shipments = branch.shipments if "shipment" in deep else []
        if not shipments:
            made.append(Record(of_branch, Place(branch.key)))
        for shipment in shipments:
            of_shipment = of_branch | _taken(shipment.fields, layout, kind, "shipment")
            if not shipment.settlements:
                made.append(Record(of_shipment, Place(branch.key, shipment.key)))
            made += [
                Record(
                    of_shipment | _taken(settlement.fields, layout, kind, "settlement"),
                    Place(branch.key, shipment.key, settlement.key),
                )
                for settlement in shipment.settlements
            ]
    return made


def _taken(fields: Values, layout: Layout, kind: str, *levels: str) -> Values:
    names = [item.field for level in levels for item in offered(layout, kind, level)]
    return {name: fields[name] for name in names if fields.get(name)}


def csv_bytes(found: Iterable[Record], layout: Layout) -> bytes:
    """The records as a file of the layout (UTF-8, CRLF, English names), as the pipeline reads it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(layout.names)
    writer.writerows([record.values.get(name, "") for name in layout.names] for record in found)
    return text.getvalue().encode()


# ---------------------------------------------------------------------------------------------- from a file
def trees_of(rows: Iterable[Mapping[str, str]], layout: Layout) -> list[Tree]:
    """The entries that the records of a file are, in the order in which they begin.

    New lines of one contract are one entry wherever they stand. Partial records of one application are one entry as
    long as they say the same in their header; what comes after another of its entries is an entry of its own, since
    the file's order is the order of versions.
    """
    found: list[Tree] = []
    last: dict[tuple[str, ...], Tree] = {}
    for row in rows:
        values = {name: tidy(row.get(name) or "") for name in layout.names}
        values = {name: value for name, value in values.items() if value}
        levels = ("record",) if is_notice(layout.product) else ("header",)
        header = {name: values[name] for name in layout.at_level(*levels) if name in values}
        if is_notice(layout.product):
            found.append(Tree(header))
            continue
        key = _application(values)
        tree = last.get(key)
        if tree is None or tree.header != header:
            tree = last[key] = Tree(header)
            found.append(tree)
        _grow(tree, values, layout)
    return found


def _application(values: Values) -> tuple[str, ...]:
    number = (values.get("application_year", ""), values.get("application_serial", ""))
    if values.get("process_type") in PARTIAL_TYPES:
        return number
    return (*number, values.get("agreement_code", ""), values.get("export_contract_no", ""))


def _grow(tree: Tree, values: Values, layout: Layout) -> None:
    """Puts one record into the tree: into the nodes that say the same, or into new ones."""
    partial = tree.process_type in PARTIAL_TYPES
    of = {
        level: {name: values[name] for name in layout.at_level(level) if name in values}
        for level in ("branch", "shipment", "settlement")
    }
    branch = next(_fitting(reversed(tree.branches), of["branch"], ("branch_no", *_ACT), partial), None)
    if branch is not None and partial and _has_line(branch, of["shipment"], of["settlement"]):
        branch = None  # the same line once more is the next version
    if branch is None:
        branch = Branch(tree._new_key())
        tree.branches.append(branch)
    branch.fields |= of["branch"]
    if not of["shipment"] and not of["settlement"]:
        return
    shipment = next(_fitting(branch.shipments, of["shipment"], ("shipment_no",), partial), None)
    if shipment is None:
        shipment = Shipment(tree._new_key())
        branch.shipments.append(shipment)
    shipment.fields |= of["shipment"]
    if of["settlement"]:
        shipment.settlements.append(Settlement(tree._new_key(), of["settlement"]))


_ACT = ("history_no", "change_date", "change_reason")
"""Records of a branch that differ in one of these make different versions."""


def _fitting(nodes: Iterable[Any], fields: Values, keys: tuple[str, ...], partial: bool) -> Iterator[Any]:
    """The nodes that a record may be of: the same key, and nothing else contradicts.

    A blank of a partial record says nothing; of a new one it is a value.
    """
    for node in nodes:
        same = all(node.fields.get(name) == fields.get(name) for name in keys)
        if partial:
            agrees = all(node.fields.get(name, value) == value for name, value in fields.items())
        else:
            agrees = node.fields == fields
        if same and agrees:
            yield node


def _has_line(branch: Branch, of_shipment: Values, of_settlement: Values) -> bool:
    wanted = (of_shipment.get("shipment_no"), of_settlement.get("settlement_no"))
    lines = [
        (shipment.fields.get("shipment_no"), settlement.get("settlement_no"))
        for shipment in branch.shipments
        for settlement in ([each.fields for each in shipment.settlements] or [{}])
    ]
    return wanted in lines or (not branch.shipments and wanted == (None, None))
