"""The tree of an entry: there and back to the records of a file, numbers, deleting with everything below."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_stub.entries import tree as trees
from portal_stub.entries.offer import LEVELS, levels_of, mandatory, offered
from portal_stub.entries.tree import Branch, Place, Settlement, Shipment, Tree
from schemas.layouts import IDENTIFYING, layout_of
from schemas.products import Product
from tests import kit

LEDGERS = (Product.ENTERPRISE, Product.EQUIPMENT)
VALUES = st.text("0123456789ABC髙㈱,.-_あ", min_size=1, max_size=8)
NUMBERS = st.lists(st.integers(0, 99), min_size=0, max_size=3, unique=True)


@st.composite
def fields(draw: st.DrawFn, product: Product, kind: str, level: str, **fixed: str) -> dict[str, str]:
    """Some of the offered items of a node, filled; numbers as given."""
    names = [item.field for item in offered(layout_of(product), kind, level)]
    free = [name for name in names if name not in ("branch_no", "shipment_no", "settlement_no")]
    filled = draw(st.dictionaries(st.sampled_from(free), VALUES)) if free else {}
    return fixed | {name: trees.tidy(value) for name, value in filled.items() if trees.tidy(value)}


@st.composite
def ledger_trees(draw: st.DrawFn) -> tuple[Product, Tree]:
    """A tree of a ledger whose nodes have different numbers, as the screen proposes them."""
    product, kind = draw(st.sampled_from(LEDGERS)), draw(st.sampled_from("12345"))
    header = draw(fields(product, kind, "header")) | {"process_type": kind}
    contract = draw(VALUES.map(trees.tidy).filter(bool))
    made, key = Tree(header), 0
    for branch_no in draw(NUMBERS.filter(bool)):
        key += 1
        of_branch = draw(fields(product, kind, "branch", branch_no=f"{branch_no:02}"))
        if kind == "1":
            of_branch["export_contract_no"] = contract
        branch = Branch(key, of_branch)
        for shipment_no in draw(NUMBERS.filter(bool) if kind == "1" else NUMBERS) if kind != "5" else []:
            key += 1
            shipment = Shipment(key, draw(fields(product, kind, "shipment", shipment_no=f"{shipment_no:02}")))
            for number in draw(NUMBERS.filter(bool) if kind == "1" else NUMBERS):
                key += 1
                of_line = draw(fields(product, kind, "settlement", settlement_no=f"{number:02}"))
                shipment.settlements.append(Settlement(key, of_line))
            branch.shipments.append(shipment)
        made.branches.append(branch)
    made.last_key = key
    return product, made


def without_keys(tree: Tree) -> Any:
    def bare(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: bare(value) for name, value in part.items() if name not in ("key", "last_key")}
        return [bare(each) for each in part] if isinstance(part, list) else part

    return bare(tree.kept())


@pytest.mark.req("A-058")
@given(ledger_trees())
def test_a_tree_is_found_again_in_its_file(made: tuple[Product, Tree]) -> None:
    product, tree = made
    layout = layout_of(product)
    content = trees.csv_bytes(trees.records(tree, layout), layout).decode()
    [back] = trees.trees_of(csv.DictReader(io.StringIO(content)), layout)
    assert without_keys(back) == without_keys(tree)
    assert Tree.of(tree.kept()) == tree


@given(st.data())
def test_a_notice_is_found_again_in_its_file(data: st.DataObject) -> None:
    layout, kind = layout_of(Product.SIMPLIFIED_NOTICE), data.draw(st.sampled_from("12345"))
    header = data.draw(fields(Product.SIMPLIFIED_NOTICE, kind, "record")) | {"process_type": kind}
    content = trees.csv_bytes(trees.records(Tree(header), layout), layout).decode()
    assert trees.trees_of(csv.DictReader(io.StringIO(content)), layout) == [Tree(header)]


def test_one_line_per_settlement_repeats_what_stands_above() -> None:
    layout = layout_of(Product.ENTERPRISE)
    rows = [
        kit.enterprise_row(branch_no="00", shipment_no="01", settlement_no="01"),
        kit.enterprise_row(branch_no="00", shipment_no="01", settlement_no="02", usance_days="90"),
        kit.enterprise_row(branch_no="00", shipment_no="02"),
        kit.enterprise_row(branch_no="01", goods_code="900000"),
    ]
    [tree] = trees.trees_of(rows, layout)
    assert [len(branch.shipments) for branch in tree.branches] == [2, 1]
    assert [len(each.settlements) for each in tree.branches[0].shipments] == [2, 1]
    made = trees.records(tree, layout)
    assert [record.values for record in made] == [
        {name: value for name, value in row.items() if value} for row in rows
    ]
    assert made[1].place == Place(
        tree.branches[0].key,
        tree.branches[0].shipments[0].key,
        tree.branches[0].shipments[0].settlements[1].key,
    )


def test_contracts_of_a_file_are_entries_of_their_own_and_versions_keep_their_order() -> None:
    layout = layout_of(Product.ENTERPRISE)
    number = {"application_year": "18", "application_serial": "000001", "branch_no": "00"}
    rows = [
        kit.enterprise_row(export_contract_no="A"),
        kit.enterprise_row(export_contract_no="B"),
        kit.enterprise_row(export_contract_no="A", branch_no="01"),
        {"process_type": "4", "contract_amount": "1", **number},
        {"process_type": "5", **number},
        {"process_type": "4", "contract_amount": "1", **number},
        {"process_type": "4", "contract_amount": "1", **number},
    ]
    found = trees.trees_of(rows, layout)
    assert [tree.process_type for tree in found] == ["1", "1", "4", "5", "4"]
    assert [len(tree.branches) for tree in found] == [2, 1, 1, 1, 2], "the same line again: the next version"


@pytest.mark.req("A-032", "P-005", "P-006")
def test_deleting_takes_everything_below() -> None:
    layout = layout_of(Product.ENTERPRISE)
    tree = trees.fresh(layout, "1")
    second = tree.add_branch()
    tree.add_shipment(second)
    first = tree.branches[0]
    tree.remove(Place(second.key, second.shipments[0].key, second.shipments[0].settlements[0].key))
    assert [len(each.settlements) for each in second.shipments] == [0, 1]
    tree.remove(Place(second.key, second.shipments[0].key))
    assert len(second.shipments) == 1
    tree.remove(Place(second.key))
    assert tree.branches == [first]
    assert [record.place.branch for record in trees.records(tree, layout)] == [first.key]


def test_numbers_are_proposed() -> None:
    layout = layout_of(Product.ENTERPRISE)
    tree = trees.fresh(layout, "1")
    tree.branches[0].fields |= {"export_contract_no": "EX-1", "currency": "USD", "contract_amount": "5"}
    second = tree.add_branch()
    assert (tree.branches[0].fields["branch_no"], second.fields["branch_no"]) == ("00", "01")
    assert (second.fields["export_contract_no"], second.fields["currency"]) == ("EX-1", "USD")
    assert "contract_amount" not in second.fields
    shipment = tree.add_shipment(second)
    assert shipment.fields["shipment_no"] == "02"
    assert tree.add_settlement(shipment).fields["settlement_no"] == "02"


@pytest.mark.req("P-002")
def test_the_process_type_decides_what_is_offered() -> None:
    layout, notice = layout_of(Product.ENTERPRISE), layout_of(Product.SIMPLIFIED_NOTICE)
    for kind in "2345":
        assert {"application_year", "application_serial", "branch_no"} <= mandatory(layout, kind)
    assert levels_of(layout, "5") == ("header", "branch")
    assert {item.field for level in LEVELS for item in offered(layout, "5", level)} < set(IDENTIFYING)
    assert "change_reason" in mandatory(layout, "2")
    assert not mandatory(layout, "1") & {"application_serial", "history_no"}
    assert "shipment_process_type" in [item.field for item in offered(layout, "2", "shipment")]
    assert "shipment_process_type" not in [item.field for item in offered(layout, "1", "shipment")]
    assert "notice_serial" not in [item.field for item in offered(notice, "1", "record")]
    assert "history_no" in mandatory(notice, "4")


def test_another_process_type_keeps_what_was_typed() -> None:
    layout = layout_of(Product.ENTERPRISE)
    tree = trees.fresh(layout, "1")
    trees.retyped(tree, layout, "2")
    assert tree.branches[0].shipments == [], "the empty form of a new contract is no change"
    trees.retyped(tree, layout, "1")
    line = tree.branches[0].shipments[0].settlements[0]
    line.fields["settlement_principal"] = "100"
    for kind in "2513":
        trees.retyped(tree, layout, kind)
    assert tree.branches[0].shipments[0].settlements[0].fields["settlement_principal"] == "100"
    trees.retyped(tree, layout, "5")
    assert "settlement_principal" not in trees.records(tree, layout)[0].values
