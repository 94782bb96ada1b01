"""WHEN: the business calendar and acceptance windows as pure functions; the drop sensor and the schedules.

The pure modules import neither Dagster nor the store, so that the rules may use them too.
"""
