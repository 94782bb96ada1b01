"""Holders, their users, sessions, one-time passwords and permissions (chapter 3). Pages around them too."""
