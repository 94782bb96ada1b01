"""The schedules of the business day, in Tokyo time. Each asks the product's calendar whether there is work today."""

import dagster as dg

from daicho.references import calendar_of, reference_of
from daicho.store import Store
from sensors.partitions import ensure_partitions, partition_of_now


def business_day_schedule(name: str, job: object, cron: str, description: str) -> dg.ScheduleDefinition:
    """A schedule that runs the job on business days only; what was missed is caught up by the run's own query."""

    @dg.schedule(
        name=name,
        cron_schedule=cron,
        job=job,  # type: ignore[arg-type]
        execution_timezone="Asia/Tokyo",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=description,
    )
    def _schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        store = Store.open()
        today = store.clock.now().date()
        if not calendar_of(reference_of(store)).is_business_day(today):
            return dg.SkipReason(f"{today} は営業日ではありません。")
        day = partition_of_now(store)
        ensure_partitions(context.instance, day)
        return dg.RunRequest(partition_key=day)

    return _schedule
