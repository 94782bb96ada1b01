"""RULES: pure functions, frame in and frame out: decode, screen, rate, post, monitor, reconcile, confirm.

Nothing here opens a file, reads a clock or the environment, or knows Dagster or Django: the stages in ``assets``
and the command line read, call one function of this package, and write.
"""
