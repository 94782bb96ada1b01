"""The rows of holders."""
