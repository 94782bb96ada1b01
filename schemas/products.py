"""The four insurance products (保険種) and what differs between them by name only.

Rules that differ between products live in ``pipelines``; figures that differ are reference tables.
"""

from dataclasses import dataclass
from enum import StrEnum


class Product(StrEnum):
    """Insurance product as written on every interface (contract §1)."""

    ENTERPRISE = "enterprise"
    EQUIPMENT = "equipment"
    CONSUMER_GOODS = "consumer-goods"
    SIMPLIFIED_NOTICE = "simplified-notice"


@dataclass(frozen=True)
class ProductFacts:
    """Names of a product and of its papers (Seed 000 ch. 9 §4, §5)."""

    product: Product
    name_ja: str
    act_ja: str
    """What the exporter does: 申請 for ledgers, 通知 for notices."""


PROCESS_TYPES = frozenset("12345")
"""処理種別: 1 新規, 2 変更, 3 訂正内変, 4 修正, 5 取消."""

PARTIAL_TYPES = frozenset("2345")
"""Process types whose records name only what they change; the others are complete."""

CLEARED = "-"
"""Alone in a cell of a partial record: the value is taken out (blank = unchanged)."""

FACTS: dict[Product, ProductFacts] = {
    Product.ENTERPRISE: ProductFacts(Product.ENTERPRISE, "企業総合保険", "申請"),
    Product.EQUIPMENT: ProductFacts(Product.EQUIPMENT, "設備財包括保険", "申請"),
    Product.CONSUMER_GOODS: ProductFacts(Product.CONSUMER_GOODS, "消費財包括保険", "申請"),
    Product.SIMPLIFIED_NOTICE: ProductFacts(Product.SIMPLIFIED_NOTICE, "簡易通知型包括保険", "通知"),
}


def product_named(name: str) -> Product | None:
    """The product of that interface name, or None.

    >>> product_named("enterprise")
    <Product.ENTERPRISE: 'enterprise'>
    >>> product_named("繊維") is None
    True
    """
    try:
        return Product(name)
    except ValueError:
        return None


def is_notice(product: Product) -> bool:
    """Whether records of the product are flat shipment notices (通知) instead of ledger lines (台帳)."""
    return product is Product.SIMPLIFIED_NOTICE
