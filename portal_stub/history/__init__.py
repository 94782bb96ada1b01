"""Access history (アクセス履歴): what users did, and the internal log of what has no code."""
