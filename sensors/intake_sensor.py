"""The sensor that starts an intake run when there is something to do: a request of the insurer's desk, a file in the
drop, a due submission, an owed monitor list.

One sensor looks at all of it: what a tick costs an idle machine is Dagster's bookkeeping, not the look.
"""

import json
import time

import dagster as dg

from daicho import desk, drop
from daicho.store import Store
from sensors.partitions import ensure_partitions, partition_of_now

_ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_LONGEST_WAIT = 300


def intake_sensor(job: object) -> dg.SensorDefinition:
    """Looks every few seconds (Dagster's own loop takes five); at most one intake run at a time, and a growing pause
    after runs that failed.
    """

    @dg.sensor(
        name="intake_sensor",
        job=job,  # type: ignore[arg-type]
        minimum_interval_seconds=2,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="デスクの依頼、受付フォルダに届いたファイル、期日の来た申請を見つけて intake を起動します。",
    )
    def _sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        store = Store.open()
        due = store.events.due(store.clock.now())
        # A paper is owed when a run ended between verdict and print, or somebody refused a held submission.
        if (
            not due
            and not desk.is_waiting(store)
            and not drop.is_waiting(store)
            and not store.events.without_document("monitor_list", decided=True)
        ):
            return dg.SkipReason("デスクの依頼も、届いたファイルも、期日の来た申請もありません。")
        return _one_intake(context, store)

    return _sensor


def _one_intake(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """Asks for an intake run unless one is under way or the last ones failed just now."""
    memory = json.loads(context.cursor or "{}")
    for name in ("intake", "nightly"):
        if context.instance.get_runs(dg.RunsFilter(job_name=name, statuses=_ACTIVE), limit=1):
            return dg.SkipReason(f"{name} が実行中です。終わり次第、残りを処理します。")
    last = context.instance.get_runs(dg.RunsFilter(job_name="intake"), limit=1)
    failures = int(memory.get("failures", 0))
    if last and last[0].run_id != memory.get("judged"):
        failures = failures + 1 if last[0].status == dg.DagsterRunStatus.FAILURE else 0
        memory = {"judged": last[0].run_id, "failures": failures, "since": time.time()}
    wait = min(2**failures, _LONGEST_WAIT) if failures else 0
    if wait and time.time() - float(memory.get("since", 0)) < wait:
        context.update_cursor(json.dumps(memory))
        return dg.SkipReason(f"intake が{failures}回続けて失敗しました。{wait}秒おいて再試行します。")
    context.update_cursor(json.dumps(memory))
    day = partition_of_now(store)
    due = store.events.due(store.clock.now())
    ensure_partitions(context.instance, day, *(r["acceptance_date"] for r in due))
    # No run key: a key once used would drop a retry silently; the check above keeps runs single.
    return dg.SensorResult(run_requests=[dg.RunRequest(partition_key=day)])
