"""DESK: the Django portal of the interactive procedures and the insurer's own desk.

Still empty; it will reach the pipeline only through the drop, the desk folder and the published tables.
"""
