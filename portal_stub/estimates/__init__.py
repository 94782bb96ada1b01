"""保険料試算（詳細版）: what a premium would be; nothing is kept."""
