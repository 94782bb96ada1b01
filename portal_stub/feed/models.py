"""The rows of feed."""
