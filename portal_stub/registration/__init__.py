"""Registration of 保険利用者 and their 管理者 (Seed 000/001 ch. 2): nobody is logged in here yet."""
