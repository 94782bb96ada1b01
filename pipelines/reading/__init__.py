"""From the bytes of an upload to text cells with their place: what the exporter sees is what is read, or it is told.

``decode`` is the only way in and chooses the version of the reading. ``table`` has what a CSV and a worksheet share:
header, records, findings of the table. ``csv_file`` and ``encoding`` read CSV, ``workbook`` reads .xlsx, ``text`` gives
every text one form. ``first`` is the reading before all that, kept unchanged for the uploads that were read by it.
Whether a cell is written as its column demands is ``pipelines.judge``; files and processes are the application's.
"""
