"""The rows of procedures."""
