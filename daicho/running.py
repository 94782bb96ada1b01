"""Running a Dagster job in this process (``daicho run``), with Dagster's own state in the home."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daicho.folders import PRIVATE, Folder
from daicho.store import Store

_TAKING = ("intake", "nightly")
"""Jobs that take what lies in the drop."""
_BASE = """\
# Written by daicho; Dagster's own state of this home.
telemetry:
  enabled: false
nux:
  enabled: false
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config:
    max_concurrent_runs: 4
    dequeue_interval_seconds: 3
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 21600
  free_slots_after_run_end_seconds: 300
run_retries:
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false
"""
_FILES = """\
run_storage:
  module: assets.run_history
  class: RunList
  config:
    base_dir: {history}
schedule_storage:
  module: assets.run_history
  class: Ticks
  config:
    base_dir: {schedules}
"""
_POSTGRES = """\
storage:
  postgres:
    postgres_url: {url}
"""


def dagster_home(store: Store) -> Path:
    """The folder of Dagster's state with its ``dagster.yaml``, made when missing."""
    home = (store.settings.home / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    text = _BASE
    if store.settings.uses_sqlite:
        text += _FILES.format(
            history=json.dumps(str(home / "history")), schedules=json.dumps(str(home / "schedules"))
        )
    else:
        # Dagster speaks to psycopg 2: the other driver, which SQLAlchemy takes unasked, refuses its NOTIFY.
        text += _POSTGRES.format(
            url=store.settings.database_url.replace("postgresql+psycopg://", "postgresql+psycopg2://")
        )
    path = home / "dagster.yaml"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        with Folder.at(home) as folder:
            folder.write(path.name, text.encode(), PRIVATE)
    return home


def make_storage(home: Path) -> None:
    """Dagster's own tables of a fresh home: programs that start at once would make them at once, and fail."""
    made = home / "storage.made"
    if made.exists():
        return
    import dagster as dg

    with (home / "storage.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            instance.get_runs(limit=1)
            instance.all_instigator_state()
        made.touch()


def run_job(store: Store, name: str, say: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """Runs one job for all that is due now; what it processed, and whether every step succeeded."""
    from daicho.references import reference_of

    reference_of(store)  # a fresh home gets its tables before any step asks for them
    home = dagster_home(store)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    if name in _TAKING:
        from daicho.drop import wait_for_writers

        wait_for_writers(
            store, say
        )  # who asks by hand expects what was just copied; the sensor comes again anyway
    say(f"{name} を開始します(起動に数秒かかります)")
    import logging

    from assets.in_process import run_in_process
    from assets.run_history import instance_of

    logging.getLogger("dagster").setLevel(logging.WARNING)
    make_storage(home)
    with instance_of(home, store.settings.uses_sqlite) as instance:
        outcome = run_in_process(name, store, instance)
    if not outcome.success:
        say(f"{name} の一部が失敗しました。Dagster の画面で run {outcome.run_id} を確認してください。")
    return {"job": outcome.job, "run_id": outcome.run_id, "processed": outcome.processed}, outcome.success
