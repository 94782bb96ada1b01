"""The pages of holders."""
