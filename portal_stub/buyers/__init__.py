"""Overseas buyers (海外商社): directory, search, bookmarks and their procedures (Seed 000 ch. 7)."""
