"""保険料試算（詳細版）: products, what is asked per product, the sheet of 枝, how a premium is shown. Seed 000 ch. 6.

Nothing of it is stored (J-017). Premiums come of ``portal_stub.pipeline.rating`` or of printed tables.
"""
