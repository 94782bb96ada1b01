"""The store: archive, journal (lake), event log, reference tables, documents.

Truth lives here. It knows ``schemas``, ``pipelines`` and the pure modules of ``sensors``; never Dagster,
Django, ``assets`` or ``outputs``.
"""
