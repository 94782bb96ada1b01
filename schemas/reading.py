"""How uploads are read: the versions of the reading. The rules of each are ``pipelines.reading``."""

FIRST_READING = 1
"""The reading of every upload whose receipt names none."""
CURRENT_READING = 2
"""The reading of new uploads; their receipts name it, and they are read by it for ever."""

# What a workbook may have at most. Beyond it nobody made it by hand, and reading it would keep others waiting.
MOST_PARTS = 5_000
MOST_INFLATED = 640 << 20
"""Bytes of all its parts that are read, together."""
MOST_ROWS = 200_000
"""Rows with data."""
MOST_COLUMNS = 1_000
"""Columns with data."""
MOST_CELLS = 12_000_000
"""Cells with data."""
MOST_STRINGS = 5_000_000
"""Different texts."""
