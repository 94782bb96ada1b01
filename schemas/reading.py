"""How uploads are read: the versions of the reading and its bounds. The rules of each version are ``pipelines.reading``."""

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

# What a CSV may have at most.
MOST_LINES = 4_000_000
"""Lines, blank ones too: four times the records that are taken by default."""
MOST_CSV_CELLS = 100_000_000
"""Twice those of a full upload in the widest layout."""
MOST_CHARACTERS = 32_767
"""Characters in a cell: what a spreadsheet program can hold."""
