"""Running a job here and now, in this process: what ``daicho run`` does."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg

from assets.definitions import defs
from assets.jobs import PARTITIONED
from daicho.store import Store
from sensors.partitions import ensure_partitions, partition_of_now


@dataclass(frozen=True)
class RunOutcome:
    """A finished run in this process."""

    job: str
    run_id: str
    success: bool
    processed: list[str]


def run_in_process(name: str, store: Store, instance: dg.DagsterInstance) -> RunOutcome:
    """Runs a job here and now for all that is due (``daicho run``)."""
    job = defs.resolve_job_def(name)
    partition = None
    if name in PARTITIONED:
        partition = partition_of_now(store)
        ensure_partitions(
            instance, partition, *(r["acceptance_date"] for r in store.events.due(store.clock.now()))
        )
    result = job.execute_in_process(instance=instance, partition_key=partition, raise_on_error=False)
    events = [event.step_materialization_data for event in result.all_events if event.is_step_materialization]
    return RunOutcome(name, result.run_id, result.success, _processed(events))


def _processed(events: Iterable[Any]) -> list[str]:
    """What a finished run processed, in order: submission ids, then ledger units."""
    found: dict[str, None] = {}
    for event in events:
        value = event.materialization.metadata.get("processed")
        if value is not None:
            data = value.data if hasattr(value, "data") else value.value
            for name in json.loads(data) if isinstance(data, str) else data:
                found.setdefault(name)
    return list(found)
