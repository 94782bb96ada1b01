"""The documentation against the code that it speaks of."""
