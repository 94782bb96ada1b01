"""Acceptance days (受理日) as Dagster partitions: dynamic, since Dagster would judge daily ones by the real clock."""

import dagster as dg

from daicho.references import calendar_of, reference_of
from daicho.store import Store

ACCEPTANCE_DAYS = dg.DynamicPartitionsDefinition(name="acceptance_date")


def partition_of_now(store: Store) -> str:
    """The acceptance day under which a run of now is filed: today, or the last business day before it."""
    calendar = calendar_of(reference_of(store))
    return calendar.on_or_before(store.clock.now().date()).isoformat()


def ensure_partitions(instance: dg.DagsterInstance, *days: str) -> None:
    """Makes acceptance days known to Dagster; a day without uploads needs none."""
    known = set(instance.get_dynamic_partitions(str(ACCEPTANCE_DAYS.name)))
    if new := sorted(set(days) - known):
        instance.add_dynamic_partitions(str(ACCEPTANCE_DAYS.name), new)
