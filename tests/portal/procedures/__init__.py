"""The engine of procedures, through the pages of real ones."""
