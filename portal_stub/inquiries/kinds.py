"""保険種 of 各種情報照会: the four of the ledgers and those that are concluded one by one or on paper. Seed 000 ch. 5 §3."""

from portal_stub.feed.forms import PRODUCTS

LEDGER_KINDS: dict[str, str] = {str(product): words for product, words in PRODUCTS.items()}
"""Those whose contracts the ledgers hold; some of their contracts may have come on paper all the same."""
KINDS: dict[str, str] = LEDGER_KINDS | {
    "individual": "貿易一般保険（個別）",
    "small-business": "中小企業・農林水産業輸出代金保険",
    "loan": "貿易代金貸付保険",
    "investment": "海外投資保険",
    "overseas-loan": "海外事業資金貸付保険",
}
"""All of them, in the order in which they are shown, with their words."""
