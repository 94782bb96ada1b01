"""A typed cell is judged as the pipeline judges a cell of a file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_stub.entries.cells import fault
from portal_stub.entries.offer import LEVELS, offered
from portal_stub.entries.tree import tidy
from schemas.layouts import layout_of
from schemas.products import Product
from tests import kit

LAYOUTS = [
    layout_of(product) for product in (Product.ENTERPRISE, Product.EQUIPMENT, Product.SIMPLIFIED_NOTICE)
]
EXAMPLES = (
    *("0", "1", "2", "01", "7", "105", "12", "840000", "999999999", "1234567890", "-", "00000"),
    *(
        "20181106",
        "2018-11-06",
        "2018/1/6",
        "20181131",
        "201811",
        "2018-11",
        "201813",
        "18991231",
        "30000101",
    ),
    *(
        "1,234,500.25",
        "12,34",
        "1.234",
        "12345678901234",
        "1234567890123.99",
        "９９９",
        "ＵＳＤ",
        "usd",
        "US",
    ),
    *("髙橋", "EX-0001", "x" * 21, "A B", "①契-髙橋㈱-001", "#REF!", "１２３　", "２０１８１１０６"),
)
CODES = {
    *("process-type", "invalid-code", "invalid-character", "too-long", "invalid-date", "invalid-month"),
    *("invalid-amount", "invalid-number", "invalid-flag", "invalid-currency"),
}


def differing(layout_no: int, kind: str, cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The cells (item, text), one a record, of whose form the pipeline and the screen think differently."""
    layout = LAYOUTS[layout_no]
    rows = [dict.fromkeys(layout.names, "") | {"process_type": kind, name: text} for name, text in cells]
    # A record without anything in it is none: the number of the row keeps each of them there.
    other = "department_code"
    rows = [row | ({} if name == other else {other: "D"}) for row, (name, _) in zip(rows, cells, strict=True)]
    found = kit.found(kit.assess_rows(rows, layout.product), *CODES)
    wrong = {(record, field) for record, field, _ in found}
    items = {item.field: item for item in layout.fields}
    return [
        (name, text)
        for number, (name, text) in enumerate(cells, start=1)
        if ((number, name) in wrong) != bool(tidy(text) and fault(items[name], tidy(text), kind))
    ]


@pytest.mark.req("A-034")
@pytest.mark.parametrize("kind", ["1", "2"])
@pytest.mark.parametrize("layout_no", range(len(LAYOUTS)))
def test_every_kind_of_item_is_judged_alike(layout_no: int, kind: str) -> None:
    layout = LAYOUTS[layout_no]
    seen: dict[tuple[str, str], str] = {}
    for level in ("record", *LEVELS):
        for item in offered(layout, kind, level):
            seen.setdefault((item.kind, item.length), item.field)
    assert len(seen) > 8
    assert not differing(layout_no, kind, [(name, text) for name in seen.values() for text in EXAMPLES])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["contract_amount", "last_shipment_date", "usance_days", "export_contract_no", "payer_code"]
            ),
            st.text("0123456789,.-/ ０９Aa髙", max_size=22),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_whatever_is_typed_is_judged_alike(cells: list[tuple[str, str]]) -> None:
    assert not differing(0, "1", cells)
