"""WHAT: the shapes of everything that moves through daicho.

Layouts of uploads, code lists, reference tables with effective dates, the columns of the ledger, findings and
their texts, and the pandera models that stand at the borders of the stages. Nothing here opens a database, reads
a clock or knows a rule: rules live in ``pipelines``.
"""
