"""PAPER: documents from frames to bytes (CSV, XLSX, PDF) and their delivery (folder, SFTP).

No rule lives here: what is on a document was decided before it reached this package.
"""
