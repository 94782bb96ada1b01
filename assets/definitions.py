"""All that Dagster loads: assets, checks, jobs, sensor, schedules and the store."""

import dagster as dg

from assets import graph
from assets.checks import CHECKS
from assets.graph import StoreResource
from assets.jobs import INTAKE, JOBS, NIGHTLY
from assets.progress import progress
from daicho.folders import keep_private
from sensors.intake_sensor import intake_sensor
from sensors.schedules import business_day_schedule

keep_private()  # Dagster loads this in processes of its own

defs = dg.Definitions(
    assets=dg.load_assets_from_modules([graph]),
    asset_checks=CHECKS,
    jobs=JOBS,
    sensors=[intake_sensor(INTAKE)],
    schedules=[
        business_day_schedule(
            "opening", INTAKE, "0 8 * * *", "営業日8:00: 前日17:30以降に受け付けた申請を処理します。"
        ),
        business_day_schedule("nightly", NIGHTLY, "30 20 * * *", "営業日20:30: 夜間処理。"),
    ],
    resources={"store": StoreResource()},
    executor=dg.in_process_executor,
    loggers={"progress": progress},
)
