"""WIRING: one Dagster asset per stage: read the store, call one pipeline function, write the store; asset checks; jobs.

No rule lives here.
"""
