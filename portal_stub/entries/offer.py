"""Which items a process type (処理種別) offers and asks for, on which level. Pure facts of the layouts.

How items are drawn and which codes they know is ``items``; how a cell must be written is ``cells``.
"""

from functools import cache

from schemas.layouts import IDENTIFYING, Layout, LayoutField, layout_of
from schemas.products import PARTIAL_TYPES, Product, is_notice

LEVELS = ("header", "branch", "shipment", "settlement")
_NUMBERS = ("application_year", "application_serial", "notice_year", "notice_serial")
_FLAGS = ("shipment_process_type", "settlement_process_type")
_REASONS = ("change_date", "change_reason")


def offered(layout: Layout, process_type: str, level: str) -> tuple[LayoutField, ...]:
    """The items of a level (``record`` of a notice) in the order of the layout, without 処理種別 itself.

    1:新規 has no history and no flags of sub-records; its number, date and reason are those of 増額新規 (ledgers only).
    2:変更 has everything, 3:訂正内変 and 4:修正 no date and reason, 5:取消 only what names the line. 元枝番 is never
    asked for: splitting a branch is not accepted (``branch-split``).
    """
    return _offered(layout.product, layout.version, process_type, level)


@cache
def _offered(product: Product, version: int, process_type: str, level: str) -> tuple[LayoutField, ...]:
    layout = layout_of(product, version)
    return tuple(
        item
        for item in layout.fields
        if item.level == level
        and item.field not in ("process_type", "source_branch_no")
        and _fits(layout, process_type, item.field)
    )


def _fits(layout: Layout, process_type: str, name: str) -> bool:
    notice = is_notice(layout.product)
    if process_type == "1":
        if notice:
            return name not in (*_NUMBERS, *_REASONS, "branch_no", "history_no")
        return name not in (*_FLAGS, "history_no")
    if process_type == "5":
        line = ("shipment_no", "settlement_no")
        return name in IDENTIFYING and name not in (*_REASONS, *_FLAGS, *line)
    return process_type == "2" or name not in _REASONS


def levels_of(layout: Layout, process_type: str) -> tuple[str, ...]:
    """The levels on which the process type offers anything, from the top."""
    if is_notice(layout.product):
        return ("record",)
    return tuple(level for level in LEVELS if offered(layout, process_type, level))


def mandatory(layout: Layout, process_type: str) -> frozenset[str]:
    """The items marked ＊: always mandatory by the layout (A-034), and the numbers of what was added on the screen."""
    return _mandatory(layout.product, layout.version, process_type)


@cache
def _mandatory(product: Product, version: int, process_type: str) -> frozenset[str]:
    layout = layout_of(product, version)
    asked = {
        item.field
        for level in levels_of(layout, process_type)
        for item in offered(layout, process_type, level)
    }
    numbers = {"shipment_no", "settlement_no"} if process_type in PARTIAL_TYPES else set()
    return frozenset(asked & ({*layout.mandatory(process_type)} | numbers))


def clearable(process_type: str, name: str) -> bool:
    """Whether ``-`` may stand in the item: it takes a value out, in partial records only (contract §7)."""
    return process_type in PARTIAL_TYPES and name not in IDENTIFYING
