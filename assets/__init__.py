"""WIRING: one Dagster asset per stage, asset checks, jobs.

A stage reads the store, calls one pipeline function and writes the store. No rule lives here.
"""
