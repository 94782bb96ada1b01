"""WIRING: the stages of the day over the store, and the Dagster graph around them.

``booking``, ``ledgers``, ``papers`` and ``deliveries`` are plain functions: read the store, call one pipeline function,
write the store. ``graph``, ``checks``, ``jobs``, ``progress``, ``definitions`` and ``in_process`` are the only modules that know Dagster. No rule of
insurance lives here.
"""
