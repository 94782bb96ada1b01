"""The sensor that starts an intake run when the insurer's desk asked for something."""

import dagster as dg

from daicho.desk import is_waiting
from daicho.store import Store
from sensors.drop_sensor import one_intake


def desk_sensor(job: object) -> dg.SensorDefinition:
    """Looks every two seconds at the desk folder; the run takes the requests first, then what they set free."""

    @dg.sensor(
        name="desk_sensor",
        job=job,  # type: ignore[arg-type]
        minimum_interval_seconds=2,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="ポータルのデスクからの依頼(保留の決定、参照表)を見つけて intake を起動します。",
    )
    def _sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        store = Store.open()
        if not is_waiting(store):
            return dg.SkipReason("デスクからの依頼はありません。")
        return one_intake(context, store)

    return _sensor
