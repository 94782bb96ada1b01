"""The rows of buyers."""
