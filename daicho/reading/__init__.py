"""Reading uploads without danger for who asks: a workbook, and where requests are answered a CSV, in a process of its own.

``uploads`` is the one entry: it starts the process, waits, and gives what came of it. ``child`` is what runs in it, and
imports as little as it can. How bytes become records is ``pipelines.reading``.
"""
