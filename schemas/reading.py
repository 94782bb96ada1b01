"""How uploads are read: the versions of the reading. The rules of each are ``pipelines.reading``."""

FIRST_READING = 1
"""The reading of every upload whose receipt names none."""
CURRENT_READING = 2
"""The reading of new uploads; their receipts name it, and they are read by it for ever."""
