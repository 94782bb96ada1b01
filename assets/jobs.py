"""The four jobs of the day.

Each ends with telling the portal. ``nightly`` = intake + due 照合 + due 確定 + yearly premiums + month extract + delivery
+ retention (contract §7).
"""

from typing import Any

import dagster as dg

from assets.graph import (
    DUE_TAG,
    confirmed_ledgers,
    deliveries,
    desk_requests,
    finance_premiums,
    monitor_lists,
    portal_feed,
    reconciliation_ledgers,
    retention,
    uploads,
    verdicts,
    yearly_premiums,
)

_TAGS = {DUE_TAG: "1", "dagster/max_runtime": 6 * 3600}
_INTAKE = [desk_requests, uploads, verdicts, monitor_lists, portal_feed]
_CONFIG: dict[str, Any] = {"loggers": {"progress": {}}}
_EXECUTOR = dg.in_process_executor


def _job(name: str, selection: list[dg.AssetsDefinition], description: str) -> Any:
    return dg.define_asset_job(
        name, selection=selection, description=description, tags=_TAGS, config=_CONFIG, executor_def=_EXECUTOR
    )


INTAKE = _job(
    "intake", _INTAKE, "デスクの依頼・受付・審査・計上・モニタリスト。期日の来た申請をすべて処理します。"
)
RECONCILE = _job(
    "reconcile", [reconciliation_ledgers, deliveries, portal_feed], "期日の来た行を照合台帳に載せます。"
)
CONFIRM = _job(
    "confirm",
    [confirmed_ledgers, yearly_premiums, finance_premiums, deliveries, portal_feed],
    "締切を過ぎた単位を確定し、請求します。簡易の年額保険料も請求します。",
)
NIGHTLY = _job(
    "nightly",
    [
        *_INTAKE,
        *(
            reconciliation_ledgers,
            confirmed_ledgers,
            yearly_premiums,
            finance_premiums,
            deliveries,
            retention,
        ),
    ],
    "毎営業日20:30: 受付・審査から照合、確定、年額保険料、経理データ、配送、保存期間まで。",
)
JOBS = [INTAKE, RECONCILE, CONFIRM, NIGHTLY]
PARTITIONED = {"intake", "nightly"}
