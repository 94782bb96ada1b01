"""The pages of feed."""
