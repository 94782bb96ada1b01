"""DESK: the Django portal of the interactive procedures and the insurer's own desk.

It reaches the pipeline only through the drop, the desk folder and the published tables, and knows of ``daicho`` only
settings and clock. How it is built and how a page is added stands in README.md beside this file.
"""
