"""RULES: pure functions, frame in → frame out, in the order in which an upload meets them.

decode → judge → screen → rate → post, then monitor, reconcile and confirm. No function here opens a file, reads a
clock or the environment, or knows an orchestrator; whatever it needs is an argument.
"""
