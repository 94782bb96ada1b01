"""The four functions of the ledger desk, one per product, with the words of their screens. Seed 000 ch. 9 §4, §5.

台帳型 products are applied for (申請), 簡易通知型 is notified (通知); the screens are the same. What a record holds is
``schemas.layouts``.
"""

from dataclasses import dataclass

from schemas.layouts import Layout, layout_of
from schemas.products import FACTS, Product, is_notice


@dataclass(frozen=True)
class LedgerFunction:
    """One 申請機能: the counters of saved entries are kept per user and function (C-023)."""

    product: Product

    @property
    def key(self) -> str:
        """Its name in addresses."""
        return str(self.product)

    @property
    def title(self) -> str:
        """The name of the product."""
        return FACTS[self.product].name_ja

    @property
    def is_notice(self) -> bool:
        """Whether 通知 and not 申請."""
        return is_notice(self.product)

    @property
    def act(self) -> str:
        """申請 or 通知: the word of the buttons."""
        return FACTS[self.product].act_ja

    @property
    def count_label(self) -> str:
        """申請件数 or 通知件数."""
        return f"{self.act}件数"

    @property
    def entry_title(self) -> str:
        """申請入力 or 通知入力."""
        return f"{self.act}入力"

    @property
    def waiting_title(self) -> str:
        """申請待一覧 or 通知待一覧."""
        return f"{self.act}待一覧"

    @property
    def sent_title(self) -> str:
        """申請済一覧 or 通知済一覧."""
        return f"{self.act}済一覧"

    @property
    def done_title(self) -> str:
        """申請完了 or 通知完了."""
        return f"{self.act}完了"

    @property
    def bulk(self) -> str:
        """一括申請 or 一括通知."""
        return f"一括{self.act}"

    @property
    def typed(self) -> bool:
        """Whether records can be typed in; 消費財包括保険 goes by file only (A-003)."""
        return self.product is not Product.CONSUMER_GOODS

    @property
    def layout(self) -> Layout:
        """The current record layout."""
        return layout_of(self.product)


FUNCTIONS = {str(product): LedgerFunction(product) for product in Product}
