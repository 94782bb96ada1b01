"""The products of 保険料試算（詳細版） (table J-T1): group, what is asked, and where the rates come from. J-001, J-005, J-015.

A product that cannot be calculated becomes one that can in one of two ways, and nothing else has to change:

* Totals that are printed for certain conditions: rows of the product's key in ``printed_totals.csv`` (each with its
  source), and ``Ask.INDIVIDUAL`` here.
* Rates of a product that the ledgers know: rows of ``rates.csv`` loaded into the reference tables, and ``pipeline``
  here. A product that the ledgers do not know yet first gets its own ``schemas.products.Product``, layout and cover.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.products import Product


class Ask(StrEnum):
    """Which items are asked for (``forms``); without any the page only tells that there are no rates."""

    LEDGER = "ledger"
    NOTICE = "notice"
    INDIVIDUAL = "individual"


GENERAL, LOAN, OTHER = "貿易一般保険", "貿易代金貸付", "その他の保険"


@dataclass(frozen=True)
class EstimateProduct:
    """One entry of the list."""

    key: str
    group: str
    name: str
    ask: Ask | None = None
    pipeline: Product | None = None
    """Rated as records of this product; for INDIVIDUAL only days, categories and yen are taken from there."""
    note: str = ""
    """What a user has to know of the rates."""

    @property
    def title(self) -> str:
        """The name where its group is not beside it."""
        return f"{self.group}（{self.name}）" if self.group == LOAN else self.name


_ALL = (
    EstimateProduct(
        "individual-short",
        GENERAL,
        "輸出契約等（個別）／２年未満",
        Ask.INDIVIDUAL,
        Product.ENTERPRISE,
        "公表されている保険料の比較表（2018年11月の説明会資料）の条件に当てはまる場合に限り試算できます。",
    ),
    EstimateProduct("individual-long", GENERAL, "輸出契約等（個別）／２年以上"),
    EstimateProduct("service-individual-short", GENERAL, "技術提供契約（個別）／２年未満"),
    EstimateProduct("service-individual-long", GENERAL, "技術提供契約（個別）／２年以上"),
    EstimateProduct("service-comprehensive-short", GENERAL, "技術提供契約（包括）／２年未満"),
    EstimateProduct("service-comprehensive-long", GENERAL, "技術提供契約（包括）／２年以上"),
    EstimateProduct("licence-short", GENERAL, "ライセンス保険（個別）／２年未満"),
    EstimateProduct(
        "consumer-goods-short",
        GENERAL,
        "消費財包括（鋼材）／２年未満",
        Ask.LEDGER,
        Product.CONSUMER_GOODS,
    ),
    EstimateProduct("equipment-short", GENERAL, "設備財包括／２年未満", Ask.LEDGER, Product.EQUIPMENT),
    EstimateProduct("equipment-long", GENERAL, "設備財包括／２年以上"),
    EstimateProduct(
        "enterprise-short", GENERAL, "企業総合（包括）／２年未満", Ask.LEDGER, Product.ENTERPRISE
    ),
    EstimateProduct("loan-short-individual", LOAN, "２年未満／個別"),
    EstimateProduct("loan-short-comprehensive", LOAN, "２年未満／包括"),
    EstimateProduct("loan-long-individual", LOAN, "２年以上／個別"),
    EstimateProduct("loan-long-comprehensive", LOAN, "２年以上／包括"),
    EstimateProduct("simplified-notice", OTHER, "簡易通知型包括保険", Ask.NOTICE, Product.SIMPLIFIED_NOTICE),
    EstimateProduct("small-business", OTHER, "中小企業・農林水産業輸出代金保険"),
    EstimateProduct("limit-setting", OTHER, "限度額設定型貿易保険"),
    EstimateProduct("export-bill", OTHER, "輸出手形保険"),
    EstimateProduct("prepaid-import", OTHER, "前払輸入保険"),
    EstimateProduct("overseas-investment", OTHER, "海外投資保険"),
    EstimateProduct("overseas-loan", OTHER, "海外事業資金貸付保険"),
)
PRODUCTS: dict[str, EstimateProduct] = {product.key: product for product in _ALL}


def groups() -> list[tuple[str, list[EstimateProduct]]]:
    """The three groups in the order of the manual, each with its products."""
    return [
        (group, [product for product in _ALL if product.group == group]) for group in (GENERAL, LOAN, OTHER)
    ]
