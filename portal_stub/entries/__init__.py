"""個別入力 and 通知入力: typed-in applications and notices until they are handed in (Seed 000 ch. 9 §4-3, §5-3)."""
