"""The engine of all procedures and the Web申込状況一覧."""
