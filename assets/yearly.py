"""Billing the yearly premium before shipment of 簡易: once per insurance year, and what a larger limit adds to it.

A plain function over the store, without Dagster. What is owed is ``pipelines.yearly``; it is a query over tables and
journal, so that a run after any downtime catches up, and papers that are missing are made again.
"""

from collections.abc import Callable

import polars as pl

from assets.ledgers import Listed
from assets.yearly_papers import issue_yearly_billing
from daicho.references import reference_of
from daicho.store import Store
from daicho.store.journal import Snapshot
from pipelines.yearly import billings, owed, yearly_entries
from schemas.journal import YEARLY

Say = Callable[[str], None]

REASONS = {
    "no-rate": "料率Pがありません。rates に国カテゴリー・格付の行を読み込んでください",
    "buyer-unregistered": "バイヤーが buyers にありません。登録を確かめてください",
    "buyer-refused": "B格のため引き受けられません。船前支払限度額を外してください",
    "changed-after-billing": "請求した後で、限度額か特約の期間が請求前にさかのぼって変わりました。請求は変えていません。表を確かめてください",
    "due": "次の処理で請求します",
}
"""Why a buyer's yearly premium is not billed, and what the operator can do."""


def bill_yearly_due(store: Store, say: Say = lambda _: None) -> Listed:
    """Bills every yearly premium that is due and issues the papers that are owed."""
    now, reference = store.clock.now(), reference_of(store)
    made: list[pl.DataFrame] = []

    def build(snapshot: Snapshot) -> pl.DataFrame:
        made[:] = [yearly_entries(reference, snapshot.scan(), now)]
        return made[0]

    snapshot = store.journal.commit(build, YEARLY)
    listed = Listed()
    for rows in made:
        listed.ledgers = rows["ledger_id"].unique(maintain_order=True).to_list()
        listed.units = rows["unit"].unique(maintain_order=True).to_list()
    issued = store.events.issued_ids("invoice")
    for billing_id in sorted(billings(snapshot.scan())["ledger_id"].to_list()):
        if f"invoice-{billing_id}-csv" in issued:
            continue
        try:
            listed.documents += issue_yearly_billing(store, billing_id)
        except Exception as error:  # noqa: BLE001 - one billing must not keep the others waiting; it is told at the end
            listed.failed.append((billing_id, error))
            continue
        say(f"{billing_id} の保険料計算書・請求書を作成しました")
    return listed


def unbilled(store: Store) -> pl.DataFrame:
    """What is owed at this moment and not billed (see ``pipelines.yearly.owed``), with a ``reason`` in Japanese."""
    plan = owed(reference_of(store), store.journal.open().scan(), store.clock.now().date())
    return plan.with_columns(pl.col("state").replace_strict(REASONS, return_dtype=pl.String).alias("reason"))
