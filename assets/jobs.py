"""The four jobs of the day and how a run of one is started in this process.

``nightly`` = intake + due 照合 + due 確定 + month extract + delivery + retention (contract §7).
"""

from dataclasses import dataclass
from typing import Any

import dagster as dg

from assets.graph import (
    DUE_TAG,
    confirmed_ledgers,
    deliveries,
    finance_premiums,
    monitor_lists,
    processed_of,
    reconciliation_ledgers,
    retention,
    uploads,
    verdicts,
)
from daicho.store import Store
from sensors.partitions import ensure_partitions, partition_of_now

_TAGS = {DUE_TAG: "1", "dagster/max_runtime": 6 * 3600}
_INTAKE = [uploads, verdicts, monitor_lists]
_CONFIG = {"loggers": {"progress": {}}}
_EXECUTOR = dg.in_process_executor


def _job(name: str, selection: list[dg.AssetsDefinition], description: str) -> Any:
    return dg.define_asset_job(
        name, selection=selection, description=description, tags=_TAGS, config=_CONFIG, executor_def=_EXECUTOR
    )


INTAKE = _job("intake", _INTAKE, "受付・審査・計上・モニタリスト。期日の来た申請をすべて処理します。")
RECONCILE = _job("reconcile", [reconciliation_ledgers, deliveries], "期日の来た行を照合台帳に載せます。")
CONFIRM = _job(
    "confirm", [confirmed_ledgers, finance_premiums, deliveries], "締切を過ぎた単位を確定し、請求します。"
)
NIGHTLY = _job(
    "nightly",
    [*_INTAKE, reconciliation_ledgers, confirmed_ledgers, finance_premiums, deliveries, retention],
    "毎営業日20:30: 受付・審査から照合、確定、経理データ、配送、保存期間まで。",
)
JOBS = [INTAKE, RECONCILE, CONFIRM, NIGHTLY]
PARTITIONED = {"intake", "nightly"}


@dataclass(frozen=True)
class RunOutcome:
    """A finished run in this process."""

    job: str
    run_id: str
    success: bool
    processed: list[str]


def run_in_process(name: str, store: Store, instance: dg.DagsterInstance) -> RunOutcome:
    """Runs a job here and now for all that is due (``daicho run``)."""
    from assets.definitions import defs

    job = defs.resolve_job_def(name)
    partition = None
    if name in PARTITIONED:
        partition = partition_of_now(store)
        ensure_partitions(
            instance, partition, *(r["acceptance_date"] for r in store.events.due(store.clock.now()))
        )
    result = job.execute_in_process(instance=instance, partition_key=partition, raise_on_error=False)
    events = [event.step_materialization_data for event in result.all_events if event.is_step_materialization]
    return RunOutcome(name, result.run_id, result.success, processed_of(events))
