"""Typing in what a ledger upload or a notice would say (個別入力・通知入力)."""
