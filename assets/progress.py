"""What a run says on the terminal: the sentences of the stages, without Dagster's events and stack traces.

Those stand in Dagster's own event log, where operators look at them (run page, "Levels").
"""

import logging
import sys

import dagster as dg


class _Sentences(logging.Handler):
    """Prints the original message of what a stage logged; faults of steps in one line."""

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", None) or {}
        event = meta.get("dagster_event")
        if event is None:
            print(f"  {meta.get('orig_message', record.getMessage())}", file=sys.stderr, flush=True)
        elif event.is_step_failure:
            error = event.step_failure_data.error_display_string.splitlines()
            print(
                f"  {meta.get('step_key')} が失敗しました: {error[0] if error else ''}",
                file=sys.stderr,
                flush=True,
            )


@dg.logger
def progress(context: dg.InitLoggerContext) -> logging.Logger:
    """The only logger of all jobs on a terminal."""
    logger = logging.getLogger("daicho.progress")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [_Sentences()]
    return logger
