"""WHEN: the business calendar, the acceptance windows and the due dates as pure functions, and – in modules of
their own – the Dagster sensor and schedules that act on them.
"""
