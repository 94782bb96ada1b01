"""PAPER: documents from frames to bytes, and their delivery.

What belongs here: how a document looks (columns, titles, house style), how its bytes are made (CSV, PDF), and
how named bytes reach a folder or an SFTP server. What does not: any rule of insurance (premiums, deadlines,
stages come in as finished values), where documents are stored, and when they are made.

Callers use :mod:`outputs.documents` (one function per kind of document) and :mod:`outputs.delivery`.
"""
