"""Tests of the registration of 保険利用者 and their 管理者."""
