"""The interface for exporters' programs."""
