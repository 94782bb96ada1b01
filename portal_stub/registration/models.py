"""The rows of registration."""
