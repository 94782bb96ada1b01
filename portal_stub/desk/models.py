"""The rows of desk."""
