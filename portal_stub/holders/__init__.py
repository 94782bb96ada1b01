"""What a holder tells of itself: 口座 and 保険利用者情報, each changed by a procedure (Seed 003 ch. 3 §4-8 to §4-11)."""
